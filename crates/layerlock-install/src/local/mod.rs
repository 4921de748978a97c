//! Files that are on this machine already: directories that the user names, and what
//! Poetry downloaded when it installed the project.
//!
//! Either is only a hint. A file counts when it has the locked hash; else it is
//! passed over, and so is one that cannot be read.

mod poetry;

use std::collections::{HashMap, HashSet};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use layerlock_client::MachineConfig;
use layerlock_diagnostic::is_out_of_files;
use layerlock_digest::{Digest, Hasher};
use tempfile::NamedTempFile;

use crate::wheel::MAX_UNPACKED;
use crate::{Cache, Error, FindLinks};

/// Where files of the names that were asked for lie.
#[derive(Debug, Default)]
pub(crate) struct LocalFiles(HashMap<String, Vec<PathBuf>>);

impl LocalFiles {
    /// Looks for files by name: in the directories, in their order, then in Poetry's
    /// cache, which takes a walk through it, where a directory does not have them.
    pub(crate) fn search<'a>(
        names: impl IntoIterator<Item = &'a str>,
        find_links: &[FindLinks],
        poetry: Option<&MachineConfig>,
    ) -> Self {
        let mut found: HashMap<String, Vec<PathBuf>> = HashMap::new();
        let mut missing = HashSet::new();
        for name in names {
            let directories = find_links.iter().filter_map(FindLinks::directory);
            let paths: Vec<PathBuf> = directories
                .map(|directory| directory.join(name))
                .filter(|path| path.is_file())
                .collect();
            if paths.is_empty() {
                missing.insert(name);
            } else {
                found.insert(name.to_owned(), paths);
            }
        }
        if let Some(directory) = poetry.and_then(poetry::artifacts)
            && !missing.is_empty()
        {
            for path in poetry::files_named(&directory, &missing) {
                if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
                    found.entry(name.to_owned()).or_default().push(path.clone());
                }
            }
        }
        Self(found)
    }

    /// Where a file of this name lies.
    pub(crate) fn named(&self, name: &str) -> &[PathBuf] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Copies a file into the cache's directory for unfinished things, if it has this
/// hash. Errors are those of the cache.
pub(crate) fn take(
    path: &Path,
    digest: &Digest,
    cache: &Cache,
) -> Result<Option<NamedTempFile>, Error> {
    let mut source = match fs_err::File::open(path) {
        Ok(source) => source,
        // It is there, and can be read once there are fewer.
        Err(error) if is_out_of_files(&error) => return Err(Error::io("open", path)(error)),
        Err(_) => return Ok(None),
    };
    // No more than what is downloaded either: it would fill the disk before its hash is known.
    if source
        .metadata()
        .is_ok_and(|file| file.len() > MAX_UNPACKED)
    {
        return Ok(None);
    }
    let mut target = cache.temporary_file()?;
    let mut hasher = Hasher::new(digest.algorithm());
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return Ok(None),
        };
        hasher.update(&buffer[..count]);
        target
            .write_all(&buffer[..count])
            .map_err(Error::io("write", target.path()))?;
    }
    Ok((hasher.finish() == *digest).then_some(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It was copied into the cache, whatever its size, to know its hash.
    #[test]
    fn a_file_larger_than_any_wheel_is_passed_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("demo-1.0-py3-none-any.whl");
        let cache = Cache::at(directory.path().join("cache"));
        let take = || take(&path, &Digest::sha256_of(b""), &cache).unwrap();
        let file = fs_err::File::create(&path).unwrap();
        assert!(take().is_some());
        file.set_len(MAX_UNPACKED + 1).unwrap();
        assert!(take().is_none());
    }
}
