//! The command that makes a requirements file with exact versions and hashes.

use std::ffi::OsStr;
use std::path::Path;

/// What to run where a file has no versions or no hashes: it is compiled from the file that
/// it was made of, where that lies beside it, else from itself.
pub(crate) fn command(path: &Path) -> String {
    let source = path.with_extension("in");
    let is_source = path.extension() == Some(OsStr::new("in"));
    let (from, to) = if is_source {
        (path.to_owned(), path.with_extension("txt"))
    } else if Path::new(".").join(&source).is_file() {
        (source, path.to_owned())
    } else {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let locked = path.with_file_name(format!("{stem}-locked.txt"));
        (path.to_owned(), locked)
    };
    let command = format!(
        "`uv pip compile --generate-hashes {} -o {}`",
        from.display(),
        to.display()
    );
    if to == path {
        command
    } else {
        format!("{command}, to be named by --lock")
    }
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn a_file_is_compiled_from_what_it_is_made_of() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let shown = |name: &str| {
            let root = format!("{}/", directory.path().display());
            command(&path(name)).replace(&root, "")
        };
        assert_eq!(
            shown("deploy.in"),
            "`uv pip compile --generate-hashes deploy.in -o deploy.txt`, to be named by --lock"
        );
        assert_eq!(
            shown("deploy.txt"),
            "`uv pip compile --generate-hashes deploy.txt -o deploy-locked.txt`, to be named by \
             --lock"
        );
        fs_err::write(path("deploy.in"), "six\n").unwrap();
        assert_eq!(
            shown("deploy.txt"),
            "`uv pip compile --generate-hashes deploy.in -o deploy.txt`"
        );
    }
}
