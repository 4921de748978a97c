//! Reading files that users name.

use std::error::Error;
use std::io::{self, Read};
use std::iter;
use std::path::Path;

use crate::toml_weight::{HEAVIEST_TOML, check_toml};

/// More bytes no configuration file or lock has, by far. Behind a link there may be a
/// device without an end.
pub const LARGEST_FILE: u64 = 32 << 20;

/// The limits of [`read_file`] and of a [`Document`](crate::Document), for errors.
pub const LARGEST: &str = "32 MiB or 1,000,000 lines";

/// Reads a file, as long as it is not larger than [`LARGEST_FILE`].
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    refuse_pipe(path)?;
    let file = fs_err::File::open(path)?;
    let size = file.metadata()?.len().min(LARGEST_FILE);
    let mut bytes = Vec::with_capacity(usize::try_from(size + 1).unwrap_or_default());
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// The same for text.
pub fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read_file(path)?).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// The same for TOML that is parsed as a whole: no more than fits into some memory.
pub fn read_toml(path: &Path) -> io::Result<String> {
    let text = read_text(path)?;
    check_toml(&text, HEAVIEST_TOML).map_err(|_| io::ErrorKind::FileTooLarge)?;
    Ok(text)
}

/// Whether the system gives no more open files: EMFILE and ENFILE, which have no kind. The
/// system's error may stand in others, as fs-err has it.
pub fn is_out_of_files(error: &io::Error) -> bool {
    let causes = iter::successors(Some(error as &(dyn Error + 'static)), |&it| it.source());
    let mut numbers = causes.filter_map(|it| it.downcast_ref::<io::Error>()?.raw_os_error());
    cfg!(unix) && numbers.any(|number| matches!(number, 23 | 24))
}

/// To open a named pipe waits until somebody writes to it, which may be never. A shell's
/// `<(...)` is one below `/dev` or `/proc`, and has a writer.
#[cfg(unix)]
fn refuse_pipe(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt as _;
    let is_of_shell = path.starts_with("/dev") || path.starts_with("/proc");
    if !is_of_shell && fs_err::metadata(path)?.file_type().is_fifo() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a named pipe",
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_pipe(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Its own number is hidden by what fs-err says of the path.
    #[test]
    fn files_that_are_refused_are_noticed_behind_other_errors() {
        #[derive(Debug)]
        struct Opening(io::Error);
        impl std::fmt::Display for Opening {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("failed to open a.whl")
            }
        }
        impl Error for Opening {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(&self.0)
            }
        }
        for (number, is_it) in [(23, true), (24, true), (2, false)] {
            let bare = io::Error::from_raw_os_error(number);
            assert_eq!(is_out_of_files(&bare), is_it, "{number}");
            let wrapped = io::Error::new(bare.kind(), Opening(bare));
            assert_eq!(is_out_of_files(&wrapped), is_it, "{number}");
        }
    }

    #[test]
    fn what_has_no_end_is_not_read_to_it() {
        let error = read_file(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(read_file(Path::new("/dev/null")).unwrap().is_empty());
        assert!(read_text(Path::new("/dev/null")).unwrap().is_empty());
    }

    /// Nobody ever writes to it: the test would not end.
    #[test]
    fn a_named_pipe_is_not_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("poetry.lock");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        assert_eq!(
            read_file(&path).unwrap_err().kind(),
            io::ErrorKind::InvalidInput
        );
    }

    #[test]
    fn toml_that_would_fill_memory_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("uv.toml");
        let lines = |count| (0..count).map(|number| format!("a{number}.b.c=1\n"));
        fs_err::write(&path, lines(200_000).collect::<String>()).unwrap();
        assert_eq!(
            read_toml(&path).unwrap_err().kind(),
            io::ErrorKind::FileTooLarge
        );
        fs_err::write(&path, lines(2000).collect::<String>()).unwrap();
        assert!(read_toml(&path).unwrap().starts_with("a0.b.c=1\na1"));
    }
}
