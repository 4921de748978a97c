//! A TOML file that can say where each of its values stands.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::{Error, Place};

/// A parsed value with its byte span in the file.
pub(crate) type Value<'a> = Spanned<DeValue<'a>>;

/// The text of a file, or of a part of one, and where the lines start.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    path: Arc<Path>,
    /// The whole file's.
    text: Arc<str>,
    line_starts: Arc<[usize]>,
    /// The part that this is: spans of its values count from the part's start.
    part: Range<usize>,
}

impl Document {
    /// Reads a UTF-8 file; a byte order mark is refused, as Poetry refuses it.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let bytes = fs_err::read(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::new(path, bytes)
    }

    pub(crate) fn new(path: &Path, bytes: Vec<u8>) -> Result<Self, Error> {
        let text = String::from_utf8(bytes).map_err(|error| Error::NotUtf8 {
            path: path.to_owned(),
            offset: error.utf8_error().valid_up_to(),
        })?;
        let document = Self {
            path: path.into(),
            part: 0..text.len(),
            line_starts: std::iter::once(0)
                .chain(text.match_indices('\n').map(|(at, _)| at + 1))
                .collect(),
            text: text.into(),
        };
        if document.text.starts_with('\u{feff}') {
            return Err(Error::ByteOrderMark {
                place: document.place(0..3).into(),
            });
        }
        Ok(document)
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
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
        let (mut starts, mut rest) = (Vec::new(), self.text.len());
        for &start in &*self.line_starts {
            let line = &self.text[start..];
            if line.starts_with(&table) {
                starts.push(start);
            } else if line.starts_with('[') && !line.starts_with(&subtable) {
                rest = start;
                break;
            }
        }
        let first = *starts.first()?;
        let is_comment = |line: &str| line.trim().is_empty() || line.starts_with('#');
        if !self.text[..first].lines().all(is_comment) {
            return None;
        }
        let ends = starts.iter().skip(1).chain([&rest]);
        let parts = starts
            .iter()
            .zip(ends)
            .map(|(&start, &end)| self.part(start..end));
        Some((parts.collect(), self.part(rest..self.text.len())))
    }

    fn part(&self, part: Range<usize>) -> Self {
        Self {
            part,
            ..self.clone()
        }
    }

    pub(crate) fn parse(&self) -> Result<Spanned<DeTable<'_>>, Error> {
        DeTable::parse(&self.text[self.part.clone()]).map_err(|error| self.syntax(&error))
    }

    pub(crate) fn syntax(&self, error: &toml::de::Error) -> Error {
        let end = self.part.len();
        Error::Syntax {
            place: self.place(error.span().unwrap_or(end..end)).into(),
            message: one_line(error.message()),
        }
    }

    /// Where a byte span of this part is in the file. A span that is out of the
    /// file or inside of a character is moved to the nearest one that is not.
    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        let span = self.in_file(span);
        let start = self.text.floor_char_boundary(span.start);
        let line = self.line_starts.partition_point(|&at| at <= start).max(1);
        Place {
            path: self.path.to_path_buf(),
            line,
            column: self.text[self.line_starts[line - 1]..start].chars().count() + 1,
            span: start..self.text.ceil_char_boundary(span.end.max(start)),
        }
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
pub(crate) fn resolve(path: &Path) -> PathBuf {
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
