//! One run after the other: what keeps two runs on this machine from publishing the same
//! at the same time.

use std::path::Path;

use fs_err as fs;
use layerlock_digest::Digest;

/// A lock that lasts until it is dropped, or its process ends.
#[derive(Debug)]
pub(crate) struct PublishLock {
    _file: fs::File,
}

impl PublishLock {
    /// Waits for the lock of a layer in an account and region. `None` where files cannot be
    /// locked here: then what two runs publish at once is put right afterwards.
    pub(crate) fn enter(
        directory: &Path,
        account: &str,
        region: &str,
        layer: &str,
    ) -> Option<Self> {
        fs::create_dir_all(directory).ok()?;
        // Hashed: an access key's ID is nobody's to read here.
        let key = Digest::sha256_of(format!("{account}\n{region}\n{layer}").as_bytes());
        let file = fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(directory.join(key.hex()))
            .ok()?;
        file.lock().ok()?;
        Some(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_layer_in_one_region_is_locked_once() {
        let directory = tempfile::tempdir().unwrap();
        let enter = |layer: &str| PublishLock::enter(directory.path(), "AKID", "eu-west-1", layer);
        let first = enter("web").unwrap();
        let _other = enter("data").unwrap();
        let (told, entered) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _second = enter("web").unwrap();
                told.send(()).unwrap();
            });
            let wait = Duration::from_millis(100);
            entered.recv_timeout(wait).unwrap_err();
            drop(first);
            entered.recv_timeout(Duration::from_secs(20)).unwrap();
        });
        // No account, key or name is in what it leaves.
        for entry in fs::read_dir(directory.path()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(!name.contains("AKID") && !name.contains("web"), "{name}");
        }
    }

    #[test]
    fn where_files_cannot_be_locked_it_goes_without() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(PublishLock::enter(file.path(), "AKID", "eu-west-1", "web").is_none());
    }
}
