/*!
Layers in a directory: `<root>/<layer>/<version>/layer.zip` and `manifest.json`.

A version is immutable and its number is never used again. There is no counter
and no lock to get this from; names alone carry it:

- A version is written as a draft beside the layers (`<root>/.draft-*`), brought
  to disk, and becomes visible by one rename to the next free number. Renaming a
  directory onto one that has files in it fails, so of two publishers that want the
  same number one loses. The loser looks at the newest version again, which may
  now be its own bytes, and else tries the next number. Two publishers of the
  same bytes therefore always end at the same version.
- A deleted version keeps its directory, with an empty file `deleted` in it. That
  file is written first, and what has it is not listed, so a half-done delete is
  a done one.
- A kill leaves a draft, which is never listed. Every publisher holds a shared
  lock on `<root>/.lock`; one that can have it alone knows that all drafts are
  of the dead, and removes them. The lock is for nothing else: where the disk
  has no locks, drafts stay.

The manifest has no time in it: the same publishes make the same directory, and the
file's own time is there for people.
*/

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use fs_err::{self as fs, File};
use layerlock_digest::{Algorithm, Digest, Hasher};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::{Artifact, Error, Grant, LayerVersion, PublishPlan, Published, Publisher, rules};

const PROVIDER: &str = "local";
const ZIP: &str = "layer.zip";
const MANIFEST: &str = "manifest.json";
const DELETED: &str = "deleted";
// No layer's name starts with a dot.
const LOCK: &str = ".lock";
const DRAFT: &str = ".draft-";

/// A directory that keeps layers: needs no account and no network.
#[derive(Debug, Clone)]
pub struct LocalDirectory {
    root: PathBuf,
}

impl LocalDirectory {
    /// Uses the directory `root`; the first publish makes it.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory of one version: its `layer.zip` and `manifest.json`.
    pub fn version_directory(&self, layer: &str, version: u64) -> Result<PathBuf, Error> {
        rules::check_name(layer)?;
        Ok(self.root.join(layer).join(version.to_string()))
    }

    /// The layer's versions, newest first, each read when it is asked for: a
    /// damaged old one is in nobody's way.
    fn versions(
        &self,
        layer: &str,
    ) -> Result<impl Iterator<Item = Result<LayerVersion, Error>>, Error> {
        rules::check_name(layer)?;
        let layer_directory = self.root.join(layer);
        let mut numbers = numbers(&layer_directory)?;
        numbers.sort_unstable_by(|one, other| other.cmp(one));
        Ok(numbers.into_iter().filter_map(move |number| {
            let directory = layer_directory.join(number.to_string());
            let version = read_version(&directory, layer, number);
            // Looked for last: a delete that came in between wrote it first, so
            // whatever it left half there is not an error.
            if directory.join(DELETED).exists() {
                return None;
            }
            version.transpose()
        }))
    }
}

impl Publisher for LocalDirectory {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn region(&self) -> Option<&str> {
        None
    }

    fn plan(&self, artifact: &Artifact) -> Result<PublishPlan, Error> {
        rules::check(artifact)?;
        let newest = self
            .versions(&artifact.layer)?
            .find(|version| match version {
                Ok(version) => artifact.has_targets_of(version),
                Err(_) => true,
            })
            .transpose()?;
        let code_sha256 = artifact.code_sha256();
        match newest {
            Some(version) if version.code_sha256.as_ref() == Some(&code_sha256) => {
                // Reuse promises these very bytes: look at them, not only at
                // what the manifest says.
                let directory = self.version_directory(&artifact.layer, version.version)?;
                let zip = File::open(directory.join(ZIP))?;
                let (_, found) = copy_hashed(zip, io::sink())?;
                if found != artifact.digest {
                    return Err(damaged(&directory, "the zip's hash is not the manifest's"));
                }
                Ok(PublishPlan::Reuse(version))
            }
            newest => Ok(PublishPlan::Create {
                newest: newest.map(|version| version.version),
            }),
        }
    }

    fn publish(&self, artifact: &Artifact) -> Result<Published, Error> {
        // Most runs change nothing, and write nothing.
        if let PublishPlan::Reuse(version) = self.plan(artifact)? {
            return Ok(artifact.reused(PROVIDER, None, version));
        }
        fs::create_dir_all(&self.root)?;
        let _publishing = PublishingLock::enter(&self.root)?;
        let draft = Draft::new(&self.root, artifact)?;
        let layer_directory = self.root.join(&artifact.layer);
        fs::create_dir_all(&layer_directory)?;
        loop {
            let number = next_number(&layer_directory)?;
            // After the number was read: a version that comes later takes it,
            // and the claim below fails.
            if let PublishPlan::Reuse(version) = self.plan(artifact)? {
                return Ok(artifact.reused(PROVIDER, None, version));
            }
            let arn = draft.write_manifest(artifact, number)?;
            if claim(
                draft.directory.path(),
                &layer_directory.join(number.to_string()),
            )? {
                sync_directory(&layer_directory)?;
                sync_directory(&self.root)?;
                // Renamed away: nothing to clean up.
                let _ = draft.directory.keep();
                return Ok(Published {
                    provider: PROVIDER,
                    region: None,
                    layer: artifact.layer.clone(),
                    runtimes: artifact.runtimes.clone(),
                    architectures: artifact.architectures.clone(),
                    arn,
                    version: number,
                    reused: false,
                    code_sha256: artifact.code_sha256(),
                });
            }
        }
    }

    fn list(&self, layer: &str) -> Result<Vec<LayerVersion>, Error> {
        self.versions(layer)?.collect()
    }

    fn delete(&self, layer: &str, version: u64) -> Result<(), Error> {
        let directory = self.version_directory(layer, version)?;
        if !directory.is_dir() {
            return Ok(());
        }
        File::create(directory.join(DELETED))?.sync_all()?;
        sync_directory(&directory)?;
        remove_if_there(&directory.join(MANIFEST))?;
        remove_if_there(&directory.join(ZIP))
    }

    /// Refused: a directory has no accounts, and a grant that is only written
    /// down would look like access control where there is none.
    fn grant(&self, layer: &str, _version: u64, _grant: &Grant) -> Result<(), Error> {
        rules::check_name(layer)?;
        Err(Error::Unsupported {
            provider: PROVIDER,
            what: "grants",
        })
    }
}

/// `manifest.json`: what the version is.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    layer: String,
    version: u64,
    arn: String,
    /// Bytes of the zip.
    size: u64,
    /// Hexadecimal, as `sha256sum` prints it.
    sha256: String,
    /// The same in base64, as AWS prints it.
    code_sha256: String,
    runtimes: Vec<String>,
    architectures: Vec<String>,
    description: Option<String>,
    license: Option<String>,
}

/// A version that is not visible yet; dropping it removes it.
struct Draft {
    directory: TempDir,
}

impl Draft {
    /// Copies the zip, and checks on the way that it is the one that was built.
    fn new(root: &Path, artifact: &Artifact) -> Result<Self, Error> {
        let source = File::open(&artifact.zip)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(DRAFT);
        // Open to whom the umask lets in: the draft becomes the version.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let directory = builder.tempdir_in(root)?;

        let mut zip = File::create(directory.path().join(ZIP))?;
        let (size, found) = copy_hashed(source, &mut zip)?;
        if found != artifact.digest || size != artifact.size {
            return Err(Error::ZipChanged {
                path: artifact.zip.clone(),
                expected: artifact.code_sha256(),
                found: found.base64(),
            });
        }
        zip.sync_all()?;
        Ok(Self { directory })
    }

    fn write_manifest(&self, artifact: &Artifact, version: u64) -> Result<String, Error> {
        let arn = format!("{PROVIDER}:{}:{version}", artifact.layer);
        let manifest = Manifest {
            layer: artifact.layer.clone(),
            version,
            arn: arn.clone(),
            size: artifact.size,
            sha256: artifact.digest.hex(),
            code_sha256: artifact.code_sha256(),
            runtimes: artifact.runtimes.clone(),
            architectures: artifact.architectures.clone(),
            description: artifact.description.clone(),
            license: artifact.license.clone(),
        };
        let mut json = serde_json::to_vec_pretty(&manifest).map_err(io::Error::from)?;
        json.push(b'\n');
        let mut file = File::create(self.directory.path().join(MANIFEST))?;
        file.write_all(&json)?;
        file.sync_all()?;
        sync_directory(self.directory.path())?;
        Ok(arn)
    }
}

/// While it lives, nobody takes this process's drafts for those of the dead.
struct PublishingLock {
    _lock: File,
}

impl PublishingLock {
    fn enter(root: &Path) -> Result<Self, Error> {
        let lock = fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(root.join(LOCK))?;
        if lock.try_lock().is_ok() {
            remove_drafts(root);
            let _ = lock.unlock();
        }
        // A disk without locks has no exclusive ones either, and so nobody who
        // removes drafts.
        let _ = lock.lock_shared();
        Ok(Self { _lock: lock })
    }
}

/// Best effort: a draft that stays is only space lost.
fn remove_drafts(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(DRAFT.as_bytes())
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Makes the draft the version; `false` where another took the number first.
fn claim(draft: &Path, version_directory: &Path) -> Result<bool, Error> {
    match fs::rename(draft, version_directory) {
        Ok(()) => Ok(true),
        // The error for "it is there already" differs between systems.
        Err(_) if version_directory.symlink_metadata().is_ok() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// One more than the highest number ever taken, deleted versions included.
fn next_number(layer_directory: &Path) -> Result<u64, Error> {
    let highest = numbers(layer_directory)?.into_iter().max().unwrap_or(0);
    highest
        .checked_add(1)
        .ok_or_else(|| damaged(layer_directory, "no number is left"))
}

/// The numbers taken, in no order; none where there is no such layer.
fn numbers(layer_directory: &Path) -> Result<Vec<u64>, Error> {
    let entries = match fs::read_dir(layer_directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut numbers = Vec::new();
    for entry in entries {
        numbers.extend(entry?.file_name().to_str().and_then(parse_number));
    }
    Ok(numbers)
}

/// Only the one way in which we write a number: not `007`, not `+7`.
fn parse_number(name: &str) -> Option<u64> {
    let number: u64 = name.parse().ok()?;
    (number > 0 && number.to_string() == name).then_some(number)
}

/// The version in a directory; none where the directory has no manifest, which is
/// none of ours or about to be deleted.
fn read_version(directory: &Path, layer: &str, number: u64) -> Result<Option<LayerVersion>, Error> {
    let json = match fs::read(directory.join(MANIFEST)) {
        Ok(json) => json,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let manifest: Manifest = serde_json::from_slice(&json)
        .map_err(|error| damaged(directory, &format!("{MANIFEST}: {error}")))?;
    // Differs where the disk takes `Web` and `web` for one name.
    if manifest.layer != layer || manifest.version != number {
        let reason = format!(
            "{MANIFEST} is of version {} of layer {:?}",
            manifest.version, manifest.layer
        );
        return Err(damaged(directory, &reason));
    }
    match fs::metadata(directory.join(ZIP)) {
        Ok(zip) if zip.len() == manifest.size => {}
        Ok(zip) => {
            let reason = format!(
                "{ZIP} has {} bytes, {MANIFEST} says {}",
                zip.len(),
                manifest.size
            );
            return Err(damaged(directory, &reason));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(damaged(directory, &format!("{ZIP} is missing")));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Some(LayerVersion {
        layer: manifest.layer,
        version: number,
        arn: manifest.arn,
        code_sha256: Some(manifest.code_sha256),
        size: Some(manifest.size),
        created: None,
        description: manifest.description,
        license: manifest.license,
        runtimes: manifest.runtimes,
        architectures: manifest.architectures,
    }))
}

fn damaged(directory: &Path, reason: &str) -> Error {
    Error::Damaged {
        path: directory.to_owned(),
        reason: reason.to_owned(),
    }
}

/// Copies to the end; returns the bytes' count and SHA-256.
fn copy_hashed(mut from: impl Read, mut to: impl Write) -> io::Result<(u64, Digest)> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; 1 << 17];
    let mut size = 0;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok((size, hasher.finish())),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[..count]);
        to.write_all(&buffer[..count])?;
        size += count as u64;
    }
}

fn remove_if_there(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Brings a directory's names to disk. Only Unix can open a directory for that.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
