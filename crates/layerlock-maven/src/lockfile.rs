//! The lock of [maven-lockfile](https://github.com/chains-project/maven-lockfile).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use fs_err as fs;
use layerlock_diagnostic::LARGEST_FILE;
use layerlock_digest::{Algorithm, Digest, Hasher};
use layerlock_layer::{Error as LayerError, PlannedFile};
use serde::Deserialize;

use crate::Error;
use crate::artifact::Artifact;
use crate::jars::{LockedJar, named};

/// What is called so beside pom.xml.
pub(crate) const NAME: &str = "lockfile.json";

/// The hashes of jars.
pub(crate) struct LockFile {
    path: PathBuf,
    hashes: HashMap<Coordinates, Checksum>,
    /// What functions need when they run.
    runtime: Vec<Artifact>,
}

/// Group, name, version and classifier.
type Coordinates = (String, String, String, Option<String>);

struct Checksum {
    algorithm: String,
    hex: String,
}

#[derive(Deserialize)]
struct Whole {
    dependencies: Vec<Node>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    group_id: String,
    artifact_id: String,
    version: String,
    classifier: Option<String>,
    #[serde(default)]
    checksum_algorithm: String,
    #[serde(default)]
    checksum: String,
    #[serde(default)]
    children: Vec<Node>,
    scope: Option<String>,
    /// Not where Maven took another version of it, or met it before.
    included: Option<bool>,
}

impl Node {
    fn is_needed(&self) -> bool {
        let scope = self.scope.as_deref().unwrap_or("compile");
        self.included.unwrap_or(true) && matches!(scope, "compile" | "runtime")
    }
}

impl LockFile {
    /// Reads the one in a folder; none where there is none.
    pub(crate) fn read(directory: &Path) -> Result<Option<Self>, Error> {
        let path = directory.join(NAME);
        let bytes = match layerlock_diagnostic::read_file(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
                let message = format!("it has more than {} MiB", LARGEST_FILE >> 20);
                return Err(Error::LockInvalid { path, message });
            }
            Err(error) => return Err(LayerError::io("read", path)(error).into()),
        };
        let whole: Whole = serde_json::from_slice(&bytes).map_err(|error| Error::LockInvalid {
            path: path.clone(),
            message: error.to_string(),
        })?;
        let mut lock = Self {
            path,
            hashes: HashMap::new(),
            runtime: Vec::new(),
        };
        let mut rest = whole.dependencies;
        while let Some(node) = rest.pop() {
            let is_needed = node.is_needed();
            rest.extend(node.children);
            let checksum = Checksum {
                algorithm: node.checksum_algorithm,
                hex: node.checksum,
            };
            let classifier = node.classifier.filter(|text| !text.is_empty());
            if is_needed {
                lock.runtime.push(Artifact {
                    group: node.group_id.clone(),
                    name: node.artifact_id.clone(),
                    kind: "jar".to_owned(),
                    classifier: classifier.clone(),
                    version: node.version.clone(),
                    path: None,
                });
            }
            let key = (node.group_id, node.artifact_id, node.version, classifier);
            lock.hashes.insert(key, checksum);
        }
        Ok(Some(lock))
    }

    /// The jars that the lock tells of.
    pub(crate) fn jars(self) -> Vec<LockedJar> {
        let hashes = self.hashes;
        let jars = named(self.runtime)
            .into_iter()
            .map(|(file_name, artifact)| {
                let (name, version) = (artifact.id(), artifact.version.clone());
                let checksum = hashes.get(&coordinates(&artifact));
                let checksum = checksum.filter(|it| it.algorithm() == Some(Algorithm::Sha256));
                LockedJar {
                    name,
                    version,
                    file_name,
                    sha256: checksum.map(|checksum| checksum.hex.to_lowercase()),
                }
            });
        let mut jars: Vec<LockedJar> = jars.collect();
        jars.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
        jars
    }

    /// Compares a jar with what is locked.
    pub(crate) fn verify(&self, artifact: &Artifact, file: &PlannedFile) -> Result<(), Error> {
        let Some(checksum) = self.hashes.get(&coordinates(artifact)) else {
            return Err(Error::NotLocked {
                package: artifact.to_string(),
                lock: self.path.clone(),
            });
        };
        let Some(algorithm) = checksum.algorithm() else {
            return Err(Error::WeakHash {
                package: artifact.to_string(),
                algorithm: checksum.algorithm.clone(),
                lock: self.path.clone(),
            });
        };
        let digest = digest_of(file, algorithm)?;
        if digest.hex().eq_ignore_ascii_case(&checksum.hex) {
            return Ok(());
        }
        Err(Error::Mismatch {
            package: artifact.to_string(),
            file: file.path().to_owned(),
            lock: self.path.clone(),
        })
    }
}

impl Checksum {
    /// None where it is none of those that are strong enough.
    fn algorithm(&self) -> Option<Algorithm> {
        let name = self.algorithm.to_ascii_lowercase().replace('-', "");
        Algorithm::ALL.into_iter().find(|it| it.name() == name)
    }
}

fn coordinates(artifact: &Artifact) -> Coordinates {
    (
        artifact.group.clone(),
        artifact.name.clone(),
        artifact.version.clone(),
        artifact.classifier.clone(),
    )
}

fn digest_of(file: &PlannedFile, algorithm: Algorithm) -> Result<Digest, Error> {
    if algorithm == Algorithm::Sha256 {
        return Ok(file.digest());
    }
    let bytes = fs::read(file.path()).map_err(LayerError::io("read", file.path()))?;
    let mut hasher = Hasher::new(algorithm);
    hasher.update(&bytes);
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It was read whatever its size.
    #[test]
    fn a_lock_that_would_fill_memory_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let lock = fs::File::create(temp.path().join(NAME)).unwrap();
        lock.set_len(LARGEST_FILE + 1).unwrap();
        let error = LockFile::read(temp.path()).err().unwrap().to_string();
        assert!(
            error.ends_with("lockfile.json is invalid: it has more than 32 MiB"),
            "{error}"
        );
    }
}
