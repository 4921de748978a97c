//! Whether a directory is as it was, without reading its files.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use layerlock_digest::{Algorithm, Digest, Hasher};
use layerlock_layer::{FileStat, nanoseconds};

use super::directory::{self, SourceFiles};

/// Files that were changed less than this ago may be changed again in the same tick of
/// the clock that the file system takes its times from, which nothing would tell. The
/// coarsest one ticks every two seconds.
const YOUNG: Duration = Duration::from_secs(2);

/// What the files that a build of a directory may read look like to `stat`: names, sizes,
/// times and modes. Equal stamps mean that nothing was changed, where the first of them
/// was [lasting](lasting_source_stamp). `ignored` is no part of the source.
pub fn source_stamp(directory: &Path, ignored: &[PathBuf]) -> Option<Digest> {
    read(directory, ignored).map(|(digest, _)| digest)
}

/// The stamp of a directory whose files settle what is built of it. None where a build
/// reads more than these, and where one of them was just changed.
pub fn lasting_source_stamp(directory: &Path, ignored: &[PathBuf]) -> Option<Digest> {
    let start = nanoseconds(SystemTime::now());
    if directory::is_more_than_its_files(directory) {
        return None;
    }
    let (digest, newest) = read(directory, ignored)?;
    let young = i128::try_from(YOUNG.as_nanos()).ok()?;
    (newest < start - young).then_some(digest)
}

/// The stamp, and the time of the last change.
fn read(directory: &Path, ignored: &[PathBuf]) -> Option<(Digest, i128)> {
    let SourceFiles { root, files } = directory::files(directory, ignored).ok()??;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut newest = i128::MIN;
    hasher.update(root.as_os_str().as_encoded_bytes());
    for file in files {
        let name = file.strip_prefix(&root).ok()?.as_os_str();
        let name = name.as_encoded_bytes();
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name);
        // Of a link itself, and of what it leads to.
        let own = fs_err::symlink_metadata(&file).ok()?;
        let behind = own.is_symlink().then(|| fs_err::metadata(&file));
        for metadata in std::iter::once(own).chain(behind.transpose().ok()?) {
            let stat = FileStat::of(&metadata);
            stat.add_to(&mut hasher);
            newest = newest.max(stat.last_change());
        }
    }
    Some((hasher.finish(), newest))
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use super::*;

    fn write(directory: &Path, name: &str, text: &str) {
        let path = directory.join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    fn source() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        write(
            directory.path(),
            "pyproject.toml",
            "[project]\nname = \"demo\"\n",
        );
        write(directory.path(), "demo/__init__.py", "x = 1\n");
        write(directory.path(), "demo/other.py", "x = 1\n");
        directory
    }

    /// A tick of the clock that times are taken from.
    const TICK: Duration = Duration::from_millis(50);

    #[test]
    fn every_change_of_a_file_is_seen_and_nothing_else() {
        let directory = source();
        let root = directory.path();
        let output = root.join("out");
        let now = || source_stamp(root, std::slice::from_ref(&output)).unwrap();
        let first = now();
        for noise in [
            ".git/HEAD",
            "demo/__pycache__/x.pyc",
            "dist/demo.whl",
            "demo.egg-info/PKG-INFO",
            "out/python/demo.py",
            ".venv/pyvenv.cfg",
            ".venv/lib/x.py",
            ".cache/CACHEDIR.TAG",
        ] {
            write(root, noise, "noise");
        }
        assert_eq!(now(), first);

        let (one, other) = (root.join("demo/__init__.py"), root.join("demo/other.py"));
        let changes: [(&str, &dyn Fn()); 6] = [
            ("new", &|| write(root, "demo/new.py", "")),
            ("removed", &|| {
                fs_err::remove_file(root.join("demo/new.py")).unwrap();
            }),
            ("changed", &|| write(root, "demo/__init__.py", "x = 2\n")),
            ("replaced", &|| fs_err::rename(&other, &one).unwrap()),
            ("renamed", &|| fs_err::rename(&one, &other).unwrap()),
            ("for others", &|| {
                let mut permissions = fs_err::metadata(&other).unwrap().permissions();
                permissions.set_readonly(true);
                fs_err::set_permissions(&other, permissions).unwrap();
            }),
        ];
        for (what, change) in changes {
            let before = now();
            sleep(TICK);
            change();
            assert_ne!(now(), before, "{what}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_change_whose_time_was_set_back_is_seen() {
        let directory = source();
        let path = directory.path().join("demo/__init__.py");
        let time = SystemTime::now() - Duration::from_hours(1);
        let stamp = |text: &str| {
            fs_err::write(&path, text).unwrap();
            let file = fs_err::OpenOptions::new().append(true).open(&path).unwrap();
            file.file().set_modified(time).unwrap();
            source_stamp(directory.path(), &[]).unwrap()
        };
        let before = stamp("x = 1\n");
        sleep(TICK);
        assert_ne!(stamp("x = 2\n"), before);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_behind_a_link_counts() {
        let (directory, other) = (source(), source());
        let behind = other.path().join("demo/__init__.py");
        std::os::unix::fs::symlink(&behind, directory.path().join("demo/link.py")).unwrap();
        let before = source_stamp(directory.path(), &[]).unwrap();
        sleep(TICK);
        write(other.path(), "demo/__init__.py", "x = 2\n");
        assert_ne!(source_stamp(directory.path(), &[]).unwrap(), before);
    }

    #[test]
    fn what_was_just_changed_or_is_more_than_its_files_does_not_last() {
        let directory = source();
        let lasting = || lasting_source_stamp(directory.path(), &[]);
        assert_eq!(lasting(), None);
        sleep(YOUNG + TICK);
        assert_eq!(lasting(), source_stamp(directory.path(), &[]));
        assert!(lasting().is_some());
        write(
            directory.path(),
            "pyproject.toml",
            "[build-system]\nrequires = [\"setuptools-scm\"]\n",
        );
        sleep(YOUNG + TICK);
        assert_eq!(lasting(), None);
        assert_eq!(source_stamp(&directory.path().join("none"), &[]), None);
    }
}
