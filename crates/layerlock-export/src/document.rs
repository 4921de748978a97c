//! A TOML file that can say where each of its values stands.

use std::ops::Range;
use std::path::{Path, PathBuf};

use layerlock_diagnostic::{
    DocumentError, HEAVIEST_LOCK, HEAVIEST_TOML, LARGEST, Place, check_toml,
};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::Error;

/// A parsed value with its byte span in the file.
pub(crate) type Value<'a> = Spanned<DeValue<'a>>;

/// A TOML file, or a part of one.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    file: layerlock_diagnostic::Document,
    /// The part that this is: spans of its values count from the part's start.
    part: Range<usize>,
}

impl Document {
    /// Reads a UTF-8 file; a byte order mark is refused, as Poetry refuses it.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let file = layerlock_diagnostic::Document::read(path).map_err(|error| match error {
            DocumentError::Read(source) => Error::Read {
                path: path.to_owned(),
                source,
            },
            DocumentError::TooLarge => Error::TooLarge {
                path: path.to_owned(),
                most: LARGEST.to_owned(),
            },
            DocumentError::NotUtf8 { offset } => Error::NotUtf8 {
                path: path.to_owned(),
                offset,
            },
            DocumentError::ByteOrderMark(place) => Error::ByteOrderMark {
                place: place.into(),
            },
        })?;
        let part = 0..file.text().len();
        Ok(Self { file, part })
    }

    /// The document that an empty file is.
    pub(crate) fn empty(path: &Path) -> Self {
        Self {
            file: layerlock_diagnostic::Document::empty(path),
            part: 0..0,
        }
    }

    pub(crate) fn text(&self) -> &str {
        self.file.text()
    }

    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Cuts a file that is little else than an array of tables, `[[name]]`, into
    /// these, each a document, and the rest. To parse small parts one by one takes
    /// a quarter less time than the whole would: memory is used again.
    ///
    /// Nothing where the file is not of this order: comments, the tables with
    /// their subtables, the rest. A line inside of a value may look like a header:
    /// then the part before it ends in the middle of that value, which is an
    /// error when it is parsed.
    pub(crate) fn cut(&self, name: &str) -> Option<(Vec<Self>, Self)> {
        let (table, subtable) = (format!("[[{name}]]"), format!("[{name}."));
        let (mut starts, mut rest) = (Vec::new(), self.text().len());
        for &start in self.file.line_starts() {
            let line = &self.text()[start..];
            if line.starts_with(&table) {
                starts.push(start);
            } else if line.starts_with('[') && !line.starts_with(&subtable) {
                rest = start;
                break;
            }
        }
        let first = *starts.first()?;
        let is_comment = |line: &str| line.trim().is_empty() || line.starts_with('#');
        if !self.text()[..first].lines().all(is_comment) {
            return None;
        }
        let ends = starts.iter().skip(1).chain([&rest]);
        let parts = starts
            .iter()
            .zip(ends)
            .map(|(&start, &end)| self.part(start..end));
        Some((parts.collect(), self.part(rest..self.text().len())))
    }

    fn part(&self, part: Range<usize>) -> Self {
        Self {
            part,
            ..self.clone()
        }
    }

    /// Parses a file of settings, or a package of a lock.
    pub(crate) fn parse(&self) -> Result<Spanned<DeTable<'_>>, Error> {
        self.parse_within(HEAVIEST_TOML)
    }

    /// Parses a lock, or what it has besides its packages.
    pub(crate) fn parse_lock(&self) -> Result<Spanned<DeTable<'_>>, Error> {
        self.parse_within(HEAVIEST_LOCK)
    }

    fn parse_within(&self, heaviest: usize) -> Result<Spanned<DeTable<'_>>, Error> {
        let text = &self.text()[self.part.clone()];
        check_toml(text, heaviest).map_err(|most| Error::TooLarge {
            path: self.path().to_owned(),
            most,
        })?;
        DeTable::parse(text).map_err(|error| self.syntax(&error))
    }

    pub(crate) fn syntax(&self, error: &toml::de::Error) -> Error {
        let end = self.part.len();
        if let Some(marker) = self.conflict_marker() {
            return Error::MergeConflict {
                place: self.file.place(marker).into(),
            };
        }
        Error::Syntax {
            place: self.place(error.span().unwrap_or(end..end)).into(),
            message: one_line(error.message()),
        }
    }

    /// The first line that git puts around the two sides of a merge conflict.
    fn conflict_marker(&self) -> Option<Range<usize>> {
        let mut start = 0;
        for line in self.text().split_inclusive('\n') {
            let span = start..start + line.trim_end().len();
            start += line.len();
            let marker = ["<<<<<<<", "|||||||", ">>>>>>>"]
                .iter()
                .find_map(|marker| line.strip_prefix(marker));
            if marker.is_some_and(|rest| rest.trim_end().is_empty() || rest.starts_with(' ')) {
                return Some(span);
            }
        }
        None
    }

    /// Where a byte span of this part is in the file.
    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        self.file.place(self.in_file(span))
    }

    /// The byte span in the file that a span of this part is.
    pub(crate) fn in_file(&self, span: Range<usize>) -> Range<usize> {
        self.part.start.saturating_add(span.start)..self.part.start.saturating_add(span.end)
    }

    pub(crate) fn invalid(&self, span: Range<usize>, message: impl Into<String>) -> Error {
        Error::Invalid {
            place: self.place(span).into(),
            message: message.into(),
        }
    }

    /// The string that `value` must be; `what` names it in the error.
    pub(crate) fn string<'v>(&self, value: &'v Value<'_>, what: &str) -> Result<&'v str, Error> {
        value.get_ref().as_str().ok_or_else(|| {
            self.invalid(
                value.span(),
                format!(
                    "{what} is of type {}, not a string",
                    value.get_ref().type_str()
                ),
            )
        })
    }

    /// The table that `value` must be.
    pub(crate) fn table<'v, 'a>(
        &self,
        value: &'v Value<'a>,
        what: &str,
    ) -> Result<&'v DeTable<'a>, Error> {
        value.get_ref().as_table().ok_or_else(|| {
            self.invalid(
                value.span(),
                format!(
                    "{what} is of type {}, not a table",
                    value.get_ref().type_str()
                ),
            )
        })
    }

    /// The items of the array that `value` must be.
    pub(crate) fn array<'v, 'a>(
        &self,
        value: &'v Value<'a>,
        what: &str,
    ) -> Result<&'v [Value<'a>], Error> {
        value
            .get_ref()
            .as_array()
            .map(|array| &array[..])
            .ok_or_else(|| {
                self.invalid(
                    value.span(),
                    format!(
                        "{what} is of type {}, not an array",
                        value.get_ref().type_str()
                    ),
                )
            })
    }
}

/// `path` made absolute and with links resolved as far as it exists, as
/// Python's `Path.resolve` does.
pub(crate) fn resolve_path(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut missing = Vec::new();
    let mut existing = absolute.as_path();
    loop {
        if let Ok(real) = fs_err::canonicalize(existing) {
            let mut resolved = real;
            for part in missing.iter().rev() {
                match part {
                    std::path::Component::ParentDir => {
                        resolved.pop();
                    }
                    part => resolved.push(part),
                }
            }
            return resolved;
        }
        let mut parts = existing.components();
        match parts.next_back() {
            Some(part) if parts.as_path() != existing => {
                missing.push(part);
                existing = parts.as_path();
            }
            _ => return absolute,
        }
    }
}

/// A message of the TOML parser on one line.
pub(crate) fn one_line(message: &str) -> String {
    message.trim_end().replace('\n', ", ")
}
