/*!
The mark at the end of a published description: `[layerlock shop 0123456789abcdef]`.

It says which project published the version, and the first 64 bits of the SHA-256 of
its zip. So one request for a layer's versions tells both whose the layer is
and which versions have which bytes: AWS's list has the descriptions, and no hashes.

The user's own text comes first. A provider allows a description so many characters
together; where text and mark are more, the text is cut, and compared as it was cut.
*/

use layerlock_digest::Digest;

const BEGIN: &str = "[layerlock ";
const END: char = ']';

/// How many hexadecimal digits of the hash are in a mark.
const DIGITS: usize = 16;

/// How much of a project's name is in a mark.
const PROJECT: usize = 64;

/// What stands where a text was cut.
const CUT: char = '…';

/// Who published which bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The project. `None` where it has no name: then the version is nobody's.
    pub(crate) project: Option<String>,
    /// The start of the zip's SHA-256 in hexadecimal.
    pub(crate) digest: String,
}

impl Mark {
    pub(crate) fn new(project: Option<&str>, digest: &Digest) -> Self {
        Self {
            project: project.map(cut_project),
            digest: digest.hex().chars().take(DIGITS).collect(),
        }
    }

    /// The mark at the end of a description, and the text before it.
    pub(crate) fn split(description: Option<&str>) -> (Option<&str>, Option<Self>) {
        let description = description.filter(|text| !text.is_empty());
        let found = description.and_then(|text| {
            let inside = text.strip_suffix(END)?;
            let at = inside.rfind(BEGIN)?;
            let mark = Self::parse(&inside[at + BEGIN.len()..])?;
            Some((text[..at].trim_end(), mark))
        });
        match found {
            Some((text, mark)) => (Some(text).filter(|text| !text.is_empty()), Some(mark)),
            None => (description, None),
        }
    }

    fn parse(inside: &str) -> Option<Self> {
        let (project, digest) = match inside.split_once(' ') {
            Some((project, digest)) => (Some(project.to_owned()), digest),
            None => (None, inside),
        };
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_digest = digest.len() == DIGITS && digest.bytes().all(is_digit);
        is_digest.then(|| Self {
            project,
            digest: digest.to_owned(),
        })
    }

    /// The text with the mark after it, in at most `limit` characters.
    pub(crate) fn describe(&self, text: Option<&str>, limit: usize) -> String {
        match self.cut(text, limit) {
            Some(text) => format!("{text} {self}"),
            None => self.to_string(),
        }
    }

    /// The text as it stands before this mark.
    pub(crate) fn cut(&self, text: Option<&str>, limit: usize) -> Option<String> {
        let text = text?.trim();
        let room = limit.saturating_sub(self.to_string().chars().count() + 1);
        if text.is_empty() {
            return None;
        }
        if text.chars().count() <= room {
            return Some(text.to_owned());
        }
        let kept: String = text.chars().take(room.saturating_sub(1)).collect();
        Some(format!("{}{CUT}", kept.trim_end()))
    }
}

/// A project's name as marks have it: without what would end one.
pub(crate) fn cut_project(name: &str) -> String {
    let allowed = |c: char| {
        if c == END || c.is_whitespace() {
            '-'
        } else {
            c
        }
    };
    name.chars().map(allowed).take(PROJECT).collect()
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(BEGIN)?;
        if let Some(project) = &self.project {
            write!(f, "{project} ")?;
        }
        write!(f, "{}{END}", self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(project: Option<&str>) -> Mark {
        Mark::new(project, &Digest::sha256_of(b"zip"))
    }

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        for project in [None, Some("shop"), Some("a]b c"), Some(&*"n".repeat(99))] {
            let mark = mark(project);
            for text in [None, Some("Made by us"), Some("ends with [layerlock x]")] {
                let described = mark.describe(text, 256);
                assert!(described.chars().count() <= 256, "{described}");
                assert_eq!(Mark::split(Some(&described)), (text, Some(mark.clone())));
            }
        }
    }

    #[test]
    fn what_is_no_mark_is_text() {
        for text in [
            "Made by us",
            "[layerlock]",
            "[layerlock shop]",
            "[layerlock shop 0123456789abcdeF]",
            "[layerlock shop 0123456789abcdef] and more",
        ] {
            assert_eq!(Mark::split(Some(text)), (Some(text), None));
        }
        assert_eq!(Mark::split(Some("")), (None, None));
        assert_eq!(Mark::split(None), (None, None));
    }

    #[test]
    fn a_long_text_is_cut_and_the_mark_is_whole() {
        let mark = mark(Some("shop"));
        for text in ["é".repeat(256), format!("{} x", "w".repeat(221))] {
            let described = mark.describe(Some(&text), 256);
            assert!(described.chars().count() <= 256);
            let (cut, found) = Mark::split(Some(&described));
            assert_eq!(found.as_ref(), Some(&mark));
            assert_eq!(cut.map(str::to_owned), mark.cut(Some(&text), 256));
            assert!(cut.unwrap().ends_with(CUT));
        }
    }
}
