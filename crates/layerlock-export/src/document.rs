//! A TOML file that can say where each of its values stands.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::{Error, Place};

/// A parsed value with its byte span in the file.
pub(crate) type Value<'a> = Spanned<DeValue<'a>>;

/// The text of a file and where its lines start.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    path: Arc<Path>,
    text: Arc<str>,
    line_starts: Arc<[usize]>,
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

    pub(crate) fn parse(&self) -> Result<Spanned<DeTable<'_>>, Error> {
        DeTable::parse(&self.text).map_err(|error| self.syntax(&error))
    }

    pub(crate) fn syntax(&self, error: &toml::de::Error) -> Error {
        let end = self.text.len();
        Error::Syntax {
            place: self.place(error.span().unwrap_or(end..end)).into(),
            message: one_line(error.message()),
        }
    }

    /// Where a byte span of this file is. A span that is out of the file or
    /// inside of a character is moved to the nearest one that is not.
    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        let start = self.text.floor_char_boundary(span.start);
        let line = self.line_starts.partition_point(|&at| at <= start).max(1);
        Place {
            path: self.path.to_path_buf(),
            line,
            column: self.text[self.line_starts[line - 1]..start].chars().count() + 1,
            span: start..self.text.ceil_char_boundary(span.end.max(start)),
        }
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
