//! The folder of a package.json and its lock.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use layerlock_diagnostic::LARGEST_FILE;
use layerlock_layer::Error as LayerError;

use crate::Error;
use crate::lock::{Entry, LockFile};
use crate::package_json::PackageJson;
use crate::stale;

/// A package.json and its lock.
#[derive(Debug, Clone)]
pub struct NpmProject {
    directory: PathBuf,
    lock_path: PathBuf,
    pub(crate) packages: BTreeMap<String, Entry>,
    /// What a package.json asks for otherwise than the lock has it.
    stale: Option<String>,
}

/// A kind of dependencies that a layer does without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Omit {
    /// What is needed in development alone.
    Dev,
    /// What a package can do without.
    Optional,
    /// What a package expects beside it.
    Peer,
}

impl Omit {
    /// Every kind, in the order in which errors list them.
    pub const ALL: [Self; 3] = [Self::Dev, Self::Optional, Self::Peer];
}

impl fmt::Display for Omit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dev => "dev",
            Self::Optional => "optional",
            Self::Peer => "peer",
        })
    }
}

impl FromStr for Omit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.to_string() == text);
        found.ok_or_else(|| {
            format!("`{text}` is no kind of dependencies: there are dev, optional and peer")
        })
    }
}

/// The locks that npm looks for, the first one first.
const LOCKS: [&str; 2] = ["npm-shrinkwrap.json", "package-lock.json"];
/// The locks of other tools.
const OTHERS: [&str; 4] = ["yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"];

impl NpmProject {
    /// Reads the lock in a folder, and refuses one that package.json of the project or of one of
    /// its workspaces has left behind.
    pub fn read(directory: &Path) -> Result<Self, Error> {
        let project = Self::read_even_stale(directory)?;
        match project.stale {
            Some(message) => Err(Error::Stale {
                lock: project.lock_path,
                message,
            }),
            None => Ok(project),
        }
    }

    /// The same, where a lock that was left behind is taken as it is.
    pub fn read_even_stale(directory: &Path) -> Result<Self, Error> {
        let read = |name: &str| read(directory.join(name));
        let Some((manifest_path, manifest)) = read("package.json")? else {
            return Err(Error::NoPackageJson {
                directory: directory.to_owned(),
            });
        };
        let lock = LOCKS
            .iter()
            .find_map(|name| read(name).transpose())
            .transpose()?;
        let Some((lock_path, lock)) = lock else {
            let is_there = |name: &&str| directory.join(name).exists();
            return Err(Error::NoLock {
                directory: directory.to_owned(),
                other: OTHERS.into_iter().find(is_there),
            });
        };
        let manifest = parse_manifest(manifest_path, &manifest)?;
        let project = Self {
            packages: parse(&lock, &lock_path)?,
            directory: directory.to_owned(),
            lock_path,
            stale: None,
        };
        let mut stale = stale::difference(&manifest, "", &project.packages);
        for (place, path) in project.workspaces() {
            // That there is none is told where its folder is copied.
            if let Some((path, manifest)) = self::read(path)? {
                let manifest = parse_manifest(path, &manifest)?;
                stale = stale.or_else(|| stale::difference(&manifest, place, &project.packages));
            }
        }
        Ok(Self { stale, ..project })
    }

    /// What a package.json asks for otherwise than the lock has it.
    pub fn stale(&self) -> Option<&str> {
        self.stale.as_deref()
    }

    /// The folders that links lead to, inside of the project, with their package.json. Those
    /// are the user's own, and may have changed since. What folders outside need npm does not
    /// lock.
    fn workspaces(&self) -> impl Iterator<Item = (&str, PathBuf)> {
        let links = self.packages.values().filter(|entry| entry.link);
        let places: BTreeSet<&str> = links.filter_map(Entry::resolved).collect();
        let is_own = |place: &&str| {
            let is_inside = !place.is_empty() && !Path::new(place).starts_with("..");
            is_inside && !place.contains("node_modules/")
        };
        let places = places.into_iter().filter(is_own);
        places.map(|place| (place, self.directory.join(place).join("package.json")))
    }

    /// What its workspaces ask for is read from these, where they are there.
    pub fn manifests(&self) -> impl Iterator<Item = PathBuf> {
        self.workspaces().map(|(_, manifest)| manifest)
    }

    /// Its folder.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Its lock.
    pub fn lock_path(&self) -> &Path {
        &self.lock_path
    }

    /// The files that it is read from, where they are there.
    pub fn files(directory: &Path) -> impl Iterator<Item = PathBuf> {
        let names = ["package.json"].into_iter().chain(LOCKS);
        names.map(|name| directory.join(name))
    }
}

/// A file with its path; none where there is none.
fn read(path: PathBuf) -> Result<Option<(PathBuf, Vec<u8>)>, Error> {
    match layerlock_diagnostic::read_file(&path) {
        Ok(bytes) => Ok(Some((path, bytes))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == ErrorKind::FileTooLarge => Err(Error::Invalid {
            path,
            message: format!("it has more than {} MiB", LARGEST_FILE >> 20),
        }),
        Err(error) => Err(LayerError::io("read", path)(error).into()),
    }
}

/// The largest locks have 30,000 packages, each with some objects. Each takes memory.
const MAX_OBJECTS: usize = 300_000;

fn parse(bytes: &[u8], path: &Path) -> Result<BTreeMap<String, Entry>, Error> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut objects = bytes.split(|byte| *byte == b'{').skip(1);
    if objects.nth(MAX_OBJECTS).is_some() {
        return Err(Error::Invalid {
            path: path.to_owned(),
            message: format!("it has more than {MAX_OBJECTS} objects"),
        });
    }
    let lock: LockFile = serde_json::from_slice(bytes).map_err(|error| Error::Invalid {
        path: path.to_owned(),
        message: if is_in_conflict(bytes) {
            "it has the marks of a merge that is not resolved".to_owned()
        } else {
            error.to_string()
        },
    })?;
    let packages = lock.packages.filter(|_| matches!(lock.version, 2 | 3));
    packages.ok_or_else(|| Error::LockVersion {
        path: path.to_owned(),
        version: lock.version,
    })
}

fn parse_manifest(path: PathBuf, bytes: &[u8]) -> Result<PackageJson, Error> {
    PackageJson::parse(bytes).ok_or_else(|| Error::Invalid {
        path,
        message: "it is not a JSON object".to_owned(),
    })
}

fn is_in_conflict(bytes: &[u8]) -> bool {
    bytes
        .split(|byte| *byte == b'\n')
        .any(|line| line.starts_with(b"<<<<<<<"))
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use super::*;

    fn read(files: &[(&str, &str)]) -> Result<NpmProject, String> {
        let temp = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(temp.path().join(name), text).unwrap();
        }
        NpmProject::read(temp.path()).map_err(|error| {
            error
                .to_string()
                .replace(&*temp.path().display().to_string(), "DIR")
        })
    }

    /// Each object takes some hundred bytes, however short its text is.
    #[test]
    fn a_lock_that_would_fill_memory_is_refused() {
        let packages: Vec<String> = (0..MAX_OBJECTS).map(|n| format!("\"{n}\":{{}}")).collect();
        let lock = format!(
            "{{\"lockfileVersion\": 3, \"packages\": {{{}}}}}",
            packages.join(",")
        );
        let error = read(&[("package.json", "{}"), ("package-lock.json", &lock)]).unwrap_err();
        assert_eq!(
            error,
            "DIR/package-lock.json is invalid: it has more than 300000 objects"
        );
    }

    #[test]
    fn a_lock_that_is_too_large_is_invalid() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("package.json"), "{}").unwrap();
        let lock = fs::File::create(temp.path().join("package-lock.json")).unwrap();
        lock.set_len(LARGEST_FILE + 1).unwrap();
        let error = NpmProject::read(temp.path()).unwrap_err().to_string();
        assert!(
            error.ends_with("package-lock.json is invalid: it has more than 32 MiB"),
            "{error}"
        );
    }

    #[test]
    fn a_lock_that_is_not_there_or_not_npms_is_told() {
        const MANIFEST: (&str, &str) = ("package.json", "{}");
        let lock = |text| ("package-lock.json", text);
        for (files, message) in [
            (&[][..], "there is no package.json in DIR"),
            (&[MANIFEST], "there is no package-lock.json in DIR"),
            (
                &[MANIFEST, ("yarn.lock", "")],
                "there is no package-lock.json in DIR, only yarn.lock",
            ),
            (
                &[MANIFEST, ("pnpm-lock.yaml", "")],
                "there is no package-lock.json in DIR, only pnpm-lock.yaml",
            ),
            (
                &[MANIFEST, lock("{\"lockfileVersion\": 1}")],
                "DIR/package-lock.json has lockfileVersion 1, and layerlock reads 2 and 3",
            ),
            (
                &[MANIFEST, lock("{\"lockfileVersion\": 4, \"packages\": {}}")],
                "DIR/package-lock.json has lockfileVersion 4, and layerlock reads 2 and 3",
            ),
            (
                &[MANIFEST, lock("{}")],
                "DIR/package-lock.json has lockfileVersion 0, and layerlock reads 2 and 3",
            ),
            (
                &[MANIFEST, lock("{\n<<<<<<< HEAD\n")],
                "DIR/package-lock.json is invalid: it has the marks of a merge that is not resolved",
            ),
            (
                &[("package.json", "x"), lock("{}")],
                "DIR/package.json is invalid: it is not a JSON object",
            ),
        ] {
            assert_eq!(read(files).unwrap_err(), message);
        }
    }

    #[test]
    fn what_a_workspace_asks_for_is_locked_too() {
        let read = |range: &str| {
            let temp = tempfile::tempdir().unwrap();
            let folder = temp.path().join("project");
            for name in ["project/w", "shared"] {
                fs::create_dir_all(temp.path().join(name)).unwrap();
            }
            let manifest = format!("{{\"dependencies\": {{\"a\": \"{range}\"}}}}");
            let lock = r#"{"lockfileVersion": 3, "packages": {"": {},
                "node_modules/w": {"link": true, "resolved": "w"},
                "node_modules/none": {"link": true, "resolved": "none"},
                "node_modules/shared": {"link": true, "resolved": "../shared"},
                "../shared": {"devDependencies": {"typescript": "5"}},
                "w": {"dependencies": {"a": "1"}}, "node_modules/a": {"version": "1.0.0"}}}"#;
            for (name, text) in [
                ("package.json", "{}"),
                ("package-lock.json", lock),
                ("w/package.json", &manifest),
                // Outside: npm does not lock what it needs.
                (
                    "../shared/package.json",
                    r#"{"devDependencies": {"typescript": "5"}}"#,
                ),
            ] {
                fs::write(folder.join(name), text).unwrap();
            }
            let project = NpmProject::read(&folder).map_err(|error| error.to_string())?;
            let manifests: Vec<_> = project.manifests().collect();
            let expected = ["none", "w"].map(|it| folder.join(it).join("package.json"));
            assert_eq!(manifests, expected);
            Ok::<_, String>(())
        };
        assert_eq!(read("1"), Ok(()));
        let error = read("2").unwrap_err();
        let message = "is out of date: w/package.json asks for a 2, and it was locked for 1";
        assert!(error.ends_with(message), "{error}");
    }

    #[test]
    fn a_shrinkwrap_goes_before_a_lock() {
        let good = "{\"lockfileVersion\": 3, \"packages\": {}}";
        let project = read(&[
            ("package.json", "{}"),
            ("npm-shrinkwrap.json", good),
            ("package-lock.json", "x"),
        ]);
        assert!(
            project
                .unwrap()
                .lock_path()
                .ends_with("npm-shrinkwrap.json")
        );
    }

    #[test]
    fn kinds_are_read_by_their_names() {
        for kind in Omit::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert!("prod".parse::<Omit>().is_err());
    }
}
