//! A TOML file that can say where each of its values stands.

use std::ops::Range;
use std::path::Path;

use layerlock_diagnostic::{
    DocumentError, HEAVIEST_LOCK, HEAVIEST_TOML, LARGEST, Place, check_toml,
};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::Error;

/// A parsed value with its byte span in the file.
pub(crate) type Value<'a> = Spanned<DeValue<'a>>;

/// A text file, or a part of one.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    file: layerlock_diagnostic::Document,
    /// The part that this is: spans of its values count from the part's start.
    part: Range<usize>,
}

impl Document {
    /// Reads a UTF-8 file.
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

    pub(crate) fn text(&self) -> &str {
        self.file.text()
    }

    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Cuts a file that is a head and then nothing but an array of tables, `[[name]]`,
    /// into the head and these tables. To parse small parts one by one takes less time
    /// than the whole would, and can be shared among threads.
    ///
    /// Nothing where the file is not of this order. A line inside of a value may look
    /// like a header: then the part before it is no TOML.
    pub(crate) fn cut(&self, name: &str) -> Option<(Self, Vec<Self>)> {
        let (table, subtable) = (format!("[[{name}]]"), format!("[{name}."));
        let mut starts = Vec::new();
        for &start in self.file.line_starts() {
            let line = &self.text()[start..];
            if line.starts_with(&table) {
                starts.push(start);
            } else if !starts.is_empty() && line.starts_with('[') && !line.starts_with(&subtable) {
                return None;
            }
        }
        let first = *starts.first()?;
        let ends = starts.iter().copied().skip(1).chain([self.text().len()]);
        let parts = starts.iter().zip(ends);
        let parts = parts.map(|(&start, end)| self.part(start..end)).collect();
        Some((self.part(0..first), parts))
    }

    fn part(&self, part: Range<usize>) -> Self {
        Self {
            part,
            ..self.clone()
        }
    }

    pub(crate) fn parse(&self) -> Result<Spanned<DeTable<'_>>, Error> {
        let text = &self.text()[self.part.clone()];
        // A package stands behind the head. Several are parsed at once.
        let is_package = self.part.start > 0;
        let heaviest = if is_package {
            HEAVIEST_TOML
        } else {
            HEAVIEST_LOCK
        };
        check_toml(text, heaviest).map_err(|most| Error::TooLarge {
            path: self.path().to_owned(),
            most,
        })?;
        DeTable::parse(text).map_err(|error| self.syntax(&error))
    }

    fn syntax(&self, error: &toml::de::Error) -> Error {
        let end = self.part.len();
        if let Some(marker) = self.conflict_marker() {
            return Error::MergeConflict {
                place: self.file.place(marker).into(),
            };
        }
        Error::Syntax {
            place: self.place(error.span().unwrap_or(end..end)).into(),
            message: error.message().trim_end().replace('\n', ", "),
        }
    }

    /// The first line that git puts around the two sides of a merge conflict.
    pub(crate) fn conflict_marker(&self) -> Option<Range<usize>> {
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

    /// Where a byte span of the whole file is.
    pub(crate) fn place_in_file(&self, span: Range<usize>) -> Place {
        self.file.place(span)
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

    fn mistyped(&self, value: &Value<'_>, what: &str, wanted: &str) -> Error {
        let message = format!(
            "{what} is of type {}, not {wanted}",
            value.get_ref().type_str()
        );
        self.invalid(value.span(), message)
    }

    /// The string that `value` must be; `what` names it in the error.
    pub(crate) fn string<'v>(&self, value: &'v Value<'_>, what: &str) -> Result<&'v str, Error> {
        let text = value.get_ref().as_str();
        text.ok_or_else(|| self.mistyped(value, what, "a string"))
    }

    /// The table that `value` must be.
    pub(crate) fn table<'v, 'a>(
        &self,
        value: &'v Value<'a>,
        what: &str,
    ) -> Result<&'v DeTable<'a>, Error> {
        let table = value.get_ref().as_table();
        table.ok_or_else(|| self.mistyped(value, what, "a table"))
    }

    /// The items of the array that `value` must be.
    pub(crate) fn array<'v, 'a>(
        &self,
        value: &'v Value<'a>,
        what: &str,
    ) -> Result<&'v [Value<'a>], Error> {
        let array = value.get_ref().as_array();
        let items = array.map(|array| &array[..]);
        items.ok_or_else(|| self.mistyped(value, what, "an array"))
    }

    /// The value of a key that `what`, which is `parent`, has to have.
    pub(crate) fn required<'v, 'a>(
        &self,
        parent: &'v Value<'a>,
        key: &str,
        what: &str,
    ) -> Result<&'v Value<'a>, Error> {
        let table = self.table(parent, what)?;
        table
            .get(key)
            .ok_or_else(|| self.invalid(parent.span(), format!("{what} without `{key}`")))
    }

    /// The string at a key, where there is one.
    pub(crate) fn text_at<'v>(
        &self,
        table: &'v DeTable<'_>,
        key: &str,
    ) -> Result<Option<&'v str>, Error> {
        let value = table.get(key);
        let text = value.map(|value| self.string(value, &format!("`{key}`")));
        text.transpose()
    }

    /// The table at a key, where there is one.
    pub(crate) fn table_at<'v, 'a>(
        &self,
        table: &'v DeTable<'a>,
        key: &str,
    ) -> Result<Option<&'v DeTable<'a>>, Error> {
        let value = table.get(key);
        let table = value.map(|value| self.table(value, &format!("`{key}`")));
        table.transpose()
    }

    /// The items of the array at a key: none where there is no such key.
    pub(crate) fn array_at<'v, 'a>(
        &self,
        table: &'v DeTable<'a>,
        key: &str,
    ) -> Result<&'v [Value<'a>], Error> {
        match table.get(key) {
            Some(value) => self.array(value, &format!("`{key}`")),
            None => Ok(&[]),
        }
    }

    /// The strings of the array at a key.
    pub(crate) fn texts_at<'v>(
        &self,
        table: &'v DeTable<'_>,
        key: &str,
    ) -> Result<Vec<&'v str>, Error> {
        let items = self.array_at(table, key)?.iter();
        items
            .map(|item| self.string(item, &format!("an item of `{key}`")))
            .collect()
    }
}
