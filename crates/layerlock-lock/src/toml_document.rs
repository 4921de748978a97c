//! A TOML file that can say where each of its values stands.

use std::marker::PhantomData;
use std::ops::Range;
use std::path::Path;

use layerlock_diagnostic::{
    Document, DocumentError, HEAVIEST_LOCK, HEAVIEST_TOML, LARGEST, Place, check_toml,
};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::FileError;

/// A parsed value with its byte span in the file.
pub type TomlValue<'a> = Spanned<DeValue<'a>>;

/// A text file, or a part of one, that is read as TOML. `E` is the error of who reads it.
#[derive(Debug)]
pub struct TomlDocument<E> {
    file: Document,
    /// The part that this is: spans of its values count from the part's start.
    part: Range<usize>,
    error: PhantomData<fn() -> E>,
}

impl<E> Clone for TomlDocument<E> {
    fn clone(&self) -> Self {
        self.part(self.part.clone())
    }
}

/// A file in parts, each a document.
#[derive(Debug)]
pub struct TomlParts<E> {
    /// What stands before the tables.
    pub head: TomlDocument<E>,
    /// Each table with its subtables.
    pub tables: Vec<TomlDocument<E>>,
    /// What follows: from another table on.
    pub rest: TomlDocument<E>,
}

impl<E> TomlDocument<E> {
    /// The document that an empty file is.
    pub fn empty(path: &Path) -> Self {
        Self::whole(Document::empty(path))
    }

    fn whole(file: Document) -> Self {
        let part = 0..file.text().len();
        Self {
            file,
            part,
            error: PhantomData,
        }
    }

    /// The text of the whole file.
    pub fn text(&self) -> &str {
        self.file.text()
    }

    /// The text of this part.
    pub fn part_text(&self) -> &str {
        &self.text()[self.part.clone()]
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Cuts a file that is little else than an array of tables, `[[name]]`, into these. To
    /// parse small parts one by one takes a quarter less time than the whole would, since
    /// memory is used again, and can be shared among threads.
    ///
    /// Nothing where there is no such table. A line inside of a value may look like a
    /// header: then the part before it ends in the middle of that value, which is an error
    /// when it is parsed.
    pub fn cut(&self, name: &str) -> Option<TomlParts<E>> {
        let (table, subtable) = (format!("[[{name}]]"), format!("[{name}."));
        let (mut starts, mut rest) = (Vec::new(), self.text().len());
        for &start in self.file.line_starts() {
            let line = &self.text()[start..];
            if line.starts_with(&table) {
                starts.push(start);
            } else if !starts.is_empty() && line.starts_with('[') && !line.starts_with(&subtable) {
                rest = start;
                break;
            }
        }
        let first = *starts.first()?;
        let ends = starts.iter().skip(1).chain([&rest]);
        let tables = starts.iter().zip(ends);
        Some(TomlParts {
            head: self.part(0..first),
            tables: tables.map(|(&start, &end)| self.part(start..end)).collect(),
            rest: self.part(rest..self.text().len()),
        })
    }

    /// The first `length` bytes of this part.
    #[must_use]
    pub fn until(&self, length: usize) -> Self {
        let end = self.part.start.saturating_add(length).min(self.part.end);
        self.part(self.part.start..end)
    }

    fn part(&self, part: Range<usize>) -> Self {
        Self {
            file: self.file.clone(),
            part,
            error: PhantomData,
        }
    }

    /// The first line that git puts around the two sides of a merge conflict.
    pub fn conflict_marker(&self) -> Option<Range<usize>> {
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
    pub fn place(&self, span: Range<usize>) -> Place {
        self.file.place(self.in_file(span))
    }

    /// Where a byte span of the whole file is.
    pub fn place_in_file(&self, span: Range<usize>) -> Place {
        self.file.place(span)
    }

    /// The byte span in the file that a span of this part is.
    pub fn in_file(&self, span: Range<usize>) -> Range<usize> {
        self.part.start.saturating_add(span.start)..self.part.start.saturating_add(span.end)
    }
}

impl<E: From<FileError>> TomlDocument<E> {
    /// Reads a UTF-8 file. One with a byte order mark is refused, as TOML has it.
    pub fn read(path: &Path) -> Result<Self, E> {
        let file = Document::read(path).map_err(|error| match error {
            DocumentError::Read(source) => FileError::Read {
                path: path.to_owned(),
                source,
            },
            DocumentError::TooLarge => FileError::TooLarge {
                path: path.to_owned(),
                most: LARGEST.to_owned(),
            },
            DocumentError::NotUtf8 { offset } => FileError::NotUtf8 {
                path: path.to_owned(),
                offset,
            },
            DocumentError::ByteOrderMark(place) => FileError::ByteOrderMark {
                place: place.into(),
            },
        })?;
        Ok(Self::whole(file))
    }

    /// Parses a file of settings, or a package of a lock.
    pub fn parse(&self) -> Result<Spanned<DeTable<'_>>, E> {
        self.parse_within(HEAVIEST_TOML)
    }

    /// Parses a lock, or what it has besides its packages.
    pub fn parse_lock(&self) -> Result<Spanned<DeTable<'_>>, E> {
        self.parse_within(HEAVIEST_LOCK)
    }

    fn parse_within(&self, heaviest: usize) -> Result<Spanned<DeTable<'_>>, E> {
        let text = self.part_text();
        check_toml(text, heaviest).map_err(|most| FileError::TooLarge {
            path: self.path().to_owned(),
            most,
        })?;
        DeTable::parse(text).map_err(|error| self.syntax(&error))
    }

    /// What the parser said, or that git left a conflict there.
    pub fn syntax(&self, error: &toml::de::Error) -> E {
        let end = self.part.len();
        E::from(match self.conflict_marker() {
            Some(marker) => FileError::MergeConflict {
                place: self.file.place(marker).into(),
            },
            None => FileError::Syntax {
                place: self.place(error.span().unwrap_or(end..end)).into(),
                message: one_line(error.message()),
            },
        })
    }

    /// The error of a value that is not as it has to be.
    pub fn invalid(&self, span: Range<usize>, message: impl Into<String>) -> E {
        E::from(FileError::invalid(self.place(span), message))
    }

    fn mistyped(&self, value: &TomlValue<'_>, what: &str, wanted: &str) -> E {
        let message = format!(
            "{what} is of type {}, not {wanted}",
            value.get_ref().type_str()
        );
        self.invalid(value.span(), message)
    }

    /// The string that `value` must be; `what` names it in the error.
    pub fn string<'v>(&self, value: &'v TomlValue<'_>, what: &str) -> Result<&'v str, E> {
        let text = value.get_ref().as_str();
        text.ok_or_else(|| self.mistyped(value, what, "a string"))
    }

    /// The table that `value` must be.
    pub fn table<'v, 'a>(
        &self,
        value: &'v TomlValue<'a>,
        what: &str,
    ) -> Result<&'v DeTable<'a>, E> {
        let table = value.get_ref().as_table();
        table.ok_or_else(|| self.mistyped(value, what, "a table"))
    }

    /// The items of the array that `value` must be.
    pub fn array<'v, 'a>(
        &self,
        value: &'v TomlValue<'a>,
        what: &str,
    ) -> Result<&'v [TomlValue<'a>], E> {
        let array = value.get_ref().as_array();
        let items = array.map(|array| &array[..]);
        items.ok_or_else(|| self.mistyped(value, what, "an array"))
    }

    /// The value of a key that `what`, which is `parent`, has to have.
    pub fn required<'v, 'a>(
        &self,
        parent: &'v TomlValue<'a>,
        key: &str,
        what: &str,
    ) -> Result<&'v TomlValue<'a>, E> {
        let table = self.table(parent, what)?;
        table
            .get(key)
            .ok_or_else(|| self.invalid(parent.span(), format!("{what} without `{key}`")))
    }

    /// The string at a key, where there is one.
    pub fn text_at<'v>(&self, table: &'v DeTable<'_>, key: &str) -> Result<Option<&'v str>, E> {
        let Some(value) = table.get(key) else {
            return Ok(None);
        };
        match value.get_ref().as_str() {
            Some(text) => Ok(Some(text)),
            None => Err(self.mistyped(value, &format!("`{key}`"), "a string")),
        }
    }

    /// The table at a key, where there is one.
    pub fn table_at<'v, 'a>(
        &self,
        table: &'v DeTable<'a>,
        key: &str,
    ) -> Result<Option<&'v DeTable<'a>>, E> {
        let value = table.get(key);
        let table = value.map(|value| self.table(value, &format!("`{key}`")));
        table.transpose()
    }

    /// The items of the array at a key: none where there is no such key.
    pub fn array_at<'v, 'a>(
        &self,
        table: &'v DeTable<'a>,
        key: &str,
    ) -> Result<&'v [TomlValue<'a>], E> {
        match table.get(key) {
            Some(value) => self.array(value, &format!("`{key}`")),
            None => Ok(&[]),
        }
    }

    /// The strings of the array at a key.
    pub fn texts_at<'v>(&self, table: &'v DeTable<'_>, key: &str) -> Result<Vec<&'v str>, E> {
        let items = self.array_at(table, key)?.iter();
        items
            .map(|item| self.string(item, &format!("an item of `{key}`")))
            .collect()
    }
}

/// What a file says that was read in parts, or as a whole where that failed: the whole says
/// best what is wrong, unless it is too large for a look at it.
pub fn in_parts_or_whole<T, E>(
    in_parts: Result<T, E>,
    whole: impl FnOnce() -> Result<T, E>,
    is_too_large: impl Fn(&E) -> bool,
) -> Result<T, E> {
    let of_part = match in_parts {
        Ok(read) => return Ok(read),
        Err(of_part) => of_part,
    };
    match whole() {
        Err(of_whole) if is_too_large(&of_whole) && !is_too_large(&of_part) => Err(of_part),
        whole => whole,
    }
}

/// A message of the TOML parser on one line.
pub fn one_line(message: &str) -> String {
    message.trim_end().replace('\n', ", ")
}
