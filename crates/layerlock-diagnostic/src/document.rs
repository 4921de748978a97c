//! A text file that can say where each of its parts stands.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::file::read_file;

/// A place in a file that a user can open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The byte span in the file, on character boundaries.
    pub span: Range<usize>,
}

/// `PATH:LINE:COLUMN`
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path.display(), self.line, self.column)
    }
}

/// The text of a file, and where its lines start. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Document {
    path: Arc<Path>,
    text: Arc<String>,
    line_starts: Arc<[usize]>,
}

/// Why a file is no document.
#[derive(Debug)]
pub enum DocumentError {
    /// It could not be read.
    Read(io::Error),
    /// It is larger than any such file.
    TooLarge,
    /// It is not UTF-8 text, from this byte on.
    NotUtf8 {
        /// Offset in bytes.
        offset: usize,
    },
    /// It begins with a byte order mark, which neither TOML nor JSON allows.
    ByteOrderMark(Place),
}

/// A lock of 10,000 packages has about 500,000.
const MOST_LINES: usize = 1_000_000;

impl Document {
    /// Reads a file of UTF-8 text.
    pub fn read(path: &Path) -> Result<Self, DocumentError> {
        let bytes = read_file(path).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => DocumentError::TooLarge,
            _ => DocumentError::Read(error),
        })?;
        Self::new(path, bytes)
    }

    /// The document that an empty file is.
    pub fn empty(path: &Path) -> Self {
        Self {
            path: path.into(),
            text: Arc::default(),
            line_starts: [0].into(),
        }
    }

    /// The document that a file with these bytes is.
    pub fn new(path: &Path, bytes: Vec<u8>) -> Result<Self, DocumentError> {
        let ends = memchr::memchr_iter(b'\n', &bytes).map(|at| at + 1);
        // Each line takes memory, however short.
        let line_starts = std::iter::once(0).chain(ends).take(MOST_LINES + 2);
        let line_starts: Vec<usize> = line_starts.collect();
        if line_starts.len() > MOST_LINES + 1 {
            return Err(DocumentError::TooLarge);
        }
        let text = String::from_utf8(bytes).map_err(|error| DocumentError::NotUtf8 {
            offset: error.utf8_error().valid_up_to(),
        })?;
        let document = Self {
            path: path.into(),
            line_starts: line_starts.into(),
            text: text.into(),
        };
        if document.text.starts_with('\u{feff}') {
            return Err(DocumentError::ByteOrderMark(document.place(0..3)));
        }
        Ok(document)
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The byte offsets at which lines start, ascending.
    pub fn line_starts(&self) -> &[usize] {
        &self.line_starts
    }

    /// Where a byte span is. A span that is out of the file or inside of a
    /// character is moved to the nearest one that is not.
    pub fn place(&self, span: Range<usize>) -> Place {
        let start = self.text.floor_char_boundary(span.start);
        let line = self.line_starts.partition_point(|&at| at <= start).max(1);
        Place {
            path: self.path.to_path_buf(),
            line,
            column: self.text[self.line_starts[line - 1]..start].chars().count() + 1,
            span: start..self.text.ceil_char_boundary(span.end.max(start)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::new(Path::new("poetry.lock"), text.into()).unwrap()
    }

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let document = document("a\nbü = 1\n");
        let place = document.place(6..7);
        assert_eq!(place.to_string(), "poetry.lock:2:4");
        assert_eq!(document.text()[place.span], *"=");
        assert_eq!(document.line_starts(), [0, 2, 10]);
        assert_eq!(document.path(), Path::new("poetry.lock"));
    }

    #[test]
    fn a_span_out_of_the_text_is_moved_into_it() {
        let document = document("ü\n");
        for (span, moved) in [(1..1, 0..2), (9..12, 3..3), (0..9, 0..3)] {
            assert_eq!(document.place(span).span, moved);
        }
        assert_eq!(document.place(9..9).line, 2);
    }

    /// Wherever a span begins, its place is found by counting.
    #[test]
    fn places_are_those_that_counting_gives() {
        for text in ["", "\n", "a", "a\n\nü\r\nb\n", "\u{1f40d}\n\u{1f40d}x"] {
            let document = document(text);
            for (at, _) in text.char_indices().chain([(text.len(), ' ')]) {
                let before = &text[..at];
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
                let place = document.place(at..at);
                assert_eq!((place.line, place.column), (line, column), "{text:?} {at}");
                assert_eq!(place.span, at..at);
            }
        }
    }

    #[test]
    fn a_file_is_read_or_tells_why_not() {
        let missing = Document::read(Path::new("no/such/poetry.lock")).unwrap_err();
        assert!(
            matches!(missing, DocumentError::Read(error) if error.kind() == io::ErrorKind::NotFound)
        );
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let document = Document::read(&here).unwrap();
        assert!(document.text().contains("layerlock-diagnostic"));
        assert_eq!(document.path(), here);
    }

    #[test]
    fn what_is_too_large_is_no_document() {
        let lines = |count| Document::new(Path::new("x"), vec![b'\n'; count]);
        assert!(matches!(
            lines(MOST_LINES + 1),
            Err(DocumentError::TooLarge)
        ));
        assert_eq!(
            lines(MOST_LINES).unwrap().line_starts().len(),
            MOST_LINES + 1
        );
        #[cfg(unix)]
        assert!(matches!(
            Document::read(Path::new("/dev/zero")),
            Err(DocumentError::TooLarge)
        ));
    }

    #[test]
    fn what_is_no_text_is_no_document() {
        let new = |bytes: &[u8]| Document::new(Path::new("x"), bytes.to_vec());
        assert!(matches!(
            new(b"ab\xff"),
            Err(DocumentError::NotUtf8 { offset: 2 })
        ));
        assert!(matches!(
            new(b"\xef\xbb\xbfa"),
            Err(DocumentError::ByteOrderMark(_))
        ));
    }
}
