//! Directories as data: what is in them, copied or compared.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// Every file of a directory, by its path with `/` between the parts.
pub(crate) type Tree = BTreeMap<String, Entry>;

/// One file: enough of it to tell whether it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its permission bits; 0644 for each file where the machine has none.
    pub(crate) mode: u32,
    pub(crate) size: u64,
    /// In lower-case hexadecimal.
    pub(crate) sha256: String,
}

impl Entry {
    pub(crate) fn new(mode: u32, bytes: &[u8]) -> Self {
        Self {
            mode,
            size: bytes.len() as u64,
            sha256: sha256(bytes),
        }
    }
}

/// The SHA-256 of bytes, in lower-case hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// The last part of a path, for messages.
pub(crate) fn name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Reads every file under a directory; links are followed. A missing directory is empty.
pub(crate) fn tree(directory: &Path) -> Result<Tree> {
    let mut tree = Tree::new();
    if directory.exists() {
        walk(directory, "", &mut |path, file| {
            let bytes = fs_err::read(file)?;
            tree.insert(path.to_owned(), Entry::new(mode(file)?, &bytes));
            Ok(())
        })?;
    }
    Ok(tree)
}

/// Copies a directory's files, without what builds and interpreters left there.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    const LEFT_OVER: &[&str] = &["dist", "lambda_dependencies", "cdk.out", "__pycache__"];
    walk(from, "", &mut |path, file| {
        if path.split('/').any(|part| LEFT_OVER.contains(&part)) {
            return Ok(());
        }
        let copy = to.join(path);
        fs_err::create_dir_all(copy.parent().context("no parent directory")?)?;
        fs_err::copy(file, copy)?;
        Ok(())
    })
}

/// How two trees differ, one line a file.
pub(crate) fn differences(
    left: &Tree,
    right: &Tree,
    left_name: &str,
    right_name: &str,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, entry) in left {
        match right.get(path) {
            None => lines.push(format!("{path}: in {left_name} only")),
            Some(other) if other.sha256 != entry.sha256 => {
                lines.push(format!(
                    "{path}: content differs in {left_name} and {right_name}"
                ));
            }
            Some(other) if other.mode != entry.mode => lines.push(format!(
                "{path}: mode {:o} in {left_name}, {:o} in {right_name}",
                entry.mode, other.mode
            )),
            Some(_) => {}
        }
    }
    for path in right.keys().filter(|path| !left.contains_key(*path)) {
        lines.push(format!("{path}: in {right_name} only"));
    }
    lines
}

/// Names that unfinished writes use and finished runs must not leave.
pub(crate) fn temporary_files(directory: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    if directory.exists() {
        walk(directory, "", &mut |path, _| {
            let is_temporary = |part: &str| {
                part.starts_with(".tmp")
                    || matches!(part.rsplit('.').next(), Some("tmp" | "part" | "partial"))
            };
            if path.split('/').any(is_temporary) {
                found.push(path.to_owned());
            }
            Ok(())
        })?;
    }
    Ok(found)
}

fn walk(
    directory: &Path,
    prefix: &str,
    visit: &mut dyn FnMut(&str, &Path) -> Result<()>,
) -> Result<()> {
    for entry in fs_err::read_dir(directory)? {
        let file = entry?.path();
        let name = file
            .file_name()
            .context("a directory entry without a name")?;
        let path = format!("{prefix}{}", name.to_string_lossy());
        if file.is_dir() {
            walk(&file, &format!("{path}/"), visit)?;
        } else {
            visit(&path, &file)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn mode(file: &Path) -> Result<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs_err::metadata(file)?.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode(_: &Path) -> Result<u32> {
    Ok(0o644)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_name_what_changed() {
        let left = Tree::from([
            ("same".into(), Entry::new(0o644, b"1")),
            ("text".into(), Entry::new(0o644, b"1")),
            ("mode".into(), Entry::new(0o644, b"1")),
            ("left".into(), Entry::new(0o644, b"1")),
        ]);
        let right = Tree::from([
            ("same".into(), Entry::new(0o644, b"1")),
            ("text".into(), Entry::new(0o644, b"2")),
            ("mode".into(), Entry::new(0o755, b"1")),
            ("right".into(), Entry::new(0o644, b"1")),
        ]);
        assert_eq!(
            differences(&left, &right, "a", "b"),
            [
                "left: in a only",
                "mode: mode 644 in a, 755 in b",
                "text: content differs in a and b",
                "right: in b only",
            ]
        );
    }

    #[test]
    fn a_copy_leaves_build_outputs_behind() {
        let from = tempfile::tempdir().unwrap();
        let to = tempfile::tempdir().unwrap();
        for file in ["pyproject.toml", "lambda/main.py", "dist/layers/a.zip"] {
            let file = from.path().join(file);
            fs_err::create_dir_all(file.parent().unwrap()).unwrap();
            fs_err::write(file, "x").unwrap();
        }
        copy(from.path(), to.path()).unwrap();
        let copied: Vec<String> = tree(to.path()).unwrap().into_keys().collect();
        assert_eq!(copied, ["lambda/main.py", "pyproject.toml"]);
    }
}
