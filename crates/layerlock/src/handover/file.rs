//! Files that the next step reads.

use std::io::Write;
use std::path::{Component, Path, PathBuf};

use fs_err as fs;
use layerlock_diagnostic::{Document, DocumentError, read_file};
use layerlock_layer::{Error as FileError, can_write_file, rewrite_file, write_file};

use crate::Error;
use crate::handover_error::HandoverError;

/// What is at a path, as text without a byte order mark; `None` where no file is.
pub(super) fn read(path: &Path) -> Result<Option<Document>, Error> {
    if !fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return Ok(None);
    }
    let bytes = read_file(path).map_err(FileError::io("read", path))?;
    let bytes = bytes.strip_prefix(MARK).unwrap_or(&bytes).to_owned();
    match Document::new(path, bytes) {
        Ok(document) => Ok(Some(document)),
        Err(DocumentError::Read(error)) => Err(FileError::io("read", path)(error).into()),
        Err(
            DocumentError::TooLarge
            | DocumentError::NotUtf8 { .. }
            | DocumentError::ByteOrderMark(_),
        ) => Err(HandoverError::Unusable {
            path: path.to_owned(),
            message: "is no UTF-8 text".to_owned(),
            place: None,
        }
        .into()),
    }
}

/// The byte order mark of UTF-8, which some editors write.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Writes a file, unless it has this text already: `false` then. A byte order mark that it
/// has stays.
pub(super) fn replace(path: &Path, text: &str) -> Result<bool, Error> {
    if !fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        write_file(path, text.as_bytes())?;
        return Ok(true);
    }
    let old = fs::read(path).map_err(FileError::io("read", path))?;
    let mark = if old.starts_with(MARK) { MARK } else { b"" };
    let new = [mark, text.as_bytes()].concat();
    if old == new {
        return Ok(false);
    }
    rewrite_file(path, &new)?;
    Ok(true)
}

/// Adds to the end of a file, by one write: other steps may add to it too.
pub(super) fn append(path: &Path, text: &str) -> Result<(), Error> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(FileError::io("create", directory))?;
    }
    let mut options = fs::OpenOptions::new();
    let file = options.append(true).create(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    Ok(written.map_err(FileError::io("write", path))?)
}

/// Whether [`append`] can add to a file, as far as is known before.
pub(super) fn can_append(path: &Path) -> Result<(), Error> {
    if fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        let opened = fs::OpenOptions::new().append(true).open(path);
        opened.map_err(FileError::io("write", path))?;
        return Ok(());
    }
    Ok(can_write_file(path)?)
}

/// A path as seen from a directory, with `/` between its parts. Both are real: neither has
/// a link in it, behind which `..` would lead elsewhere. `None` where no path leads there, or
/// it is no UTF-8 text.
pub(super) fn relative(directory: &Path, path: &Path) -> Option<String> {
    let from: Vec<Component<'_>> = directory.components().collect();
    let to: Vec<Component<'_>> = path.components().collect();
    let common = from.iter().zip(&to).take_while(|(one, other)| one == other);
    let common = common.count();
    if common == 0 {
        return None;
    }
    let up = from[common..].iter().map(|_| "..");
    let down = to[common..].iter().map(|part| part.as_os_str().to_str());
    let parts: Option<Vec<&str>> = up.map(Some).chain(down).collect();
    Some(parts?.join("/"))
}

/// The directory of a file that is to be written.
pub(super) fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_as_seen_from_a_directory() {
        for (directory, path, expected) in [
            ("/a/infra", "/a/dist/l.zip", "../dist/l.zip"),
            ("/a", "/a/dist/l.zip", "dist/l.zip"),
            ("/", "/l.zip", "l.zip"),
            ("/a/b/c", "/d/l.zip", "../../../d/l.zip"),
        ] {
            let found = relative(Path::new(directory), Path::new(path));
            assert_eq!(found.as_deref(), Some(expected));
        }
        assert_eq!(relative(Path::new("a"), Path::new("/l.zip")), None);
    }

    #[test]
    fn a_file_is_written_where_its_text_is_another() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("new/file");
        assert!(replace(&path, "a\n").unwrap());
        assert!(!replace(&path, "a\n").unwrap());
        assert!(replace(&path, "b\n").unwrap());
        fs::write(&path, "\u{feff}a\n").unwrap();
        assert_eq!(read(&path).unwrap().unwrap().text(), "a\n");
        assert!(!replace(&path, "a\n").unwrap());
        assert!(replace(&path, "b\n").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "\u{feff}b\n");
    }

    #[test]
    fn a_file_is_added_to() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("new/file");
        can_append(&path).unwrap();
        assert!(!path.exists());
        append(&path, "a\n").unwrap();
        can_append(&path).unwrap();
        append(&path, "b\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "a\nb\n");
        can_append(temp.path()).unwrap_err();
    }

    #[test]
    fn what_is_no_text_is_an_error_and_what_is_no_file_is_none() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("file");
        assert!(read(&path).unwrap().is_none());
        assert!(read(temp.path()).unwrap().is_none());
        fs::write(&path, b"{\xff}").unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.ends_with("file is no UTF-8 text"), "{error}");
    }
}
