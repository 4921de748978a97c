/*!
Layers in a directory: `<root>/<layer>/<version>/layer.zip` and `manifest.json`.

A version is immutable and its number is never used again. No counter or lock
file ensures this, only the names of directories:

- A version is first written as a draft beside the layers (`<root>/.draft-*`) and
  synced to disk. One rename to the next free number makes it visible. A directory
  cannot be renamed onto one that has files, so if two publishers want the same
  number, one of them fails. It looks at the versions again, uses one that is
  the artifact, and else tries the next number. Two publishers of the same
  bytes therefore always end with the same version.
- A deleted version keeps its directory, with an empty file `deleted` in it. This
  file is written first and hides the version, so a delete that is interrupted has
  deleted it too.
- A publisher that is killed leaves its draft, which is never listed. Every
  publisher holds a shared lock on `<root>/.lock`. One that gets the lock
  exclusively knows that no other publisher runs, and removes all drafts. The lock
  has no other purpose: on file systems without locks, drafts stay.

The manifest contains no time, so that the same publishes make the same directory.
The file's own time shows when a version was published.
*/

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use fs_err::{self as fs, File};
use layerlock_digest::{Algorithm, Digest, Hasher};
use layerlock_layer::Temporary;
use layerlock_target::Provider;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::{
    Artifact, Error, Grant, LayerVersion, Publication, PublishPlan, Publisher, Use, plan, rules,
    time,
};

const PROVIDER: &str = "local";
/// What can be published to a local directory can be published there too.
const RULES: Provider = Provider::Aws;
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
        rules::check_name(RULES, layer)?;
        Ok(self.root.join(layer).join(version.to_string()))
    }

    /// A run that writes removes them when it enters; this is for one that does not.
    fn remove_drafts_of_the_dead(&self) {
        if drafts(&self.root).next().is_some() {
            let _ = PublishingLock::enter(&self.root);
        }
    }

    /// The layer's versions, newest first. Each is read when the iterator reaches it.
    fn versions(
        &self,
        layer: &str,
    ) -> Result<impl Iterator<Item = Result<LayerVersion, Error>>, Error> {
        rules::check_name(RULES, layer)?;
        let layer_directory = self.root.join(layer);
        let mut numbers = numbers(&layer_directory)?;
        numbers.sort_unstable_by(|one, other| other.cmp(one));
        Ok(numbers.into_iter().filter_map(move |number| {
            let directory = layer_directory.join(number.to_string());
            let version = read_version(&directory, layer, number);
            // Checked last: a delete that runs meanwhile has written this file first,
            // so that a version without its other files is not an error.
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

    fn directory(&self, layer: &str, version: u64) -> Option<PathBuf> {
        self.version_directory(layer, version).ok()
    }

    fn survey(&self, layer: &str, artifacts: &[Artifact]) -> Result<Vec<LayerVersion>, Error> {
        let mut found: Vec<LayerVersion> = Vec::new();
        for version in self.versions(layer)? {
            match version {
                Ok(version) => found.push(version),
                // A damaged old version does not prevent publishing.
                Err(error) => {
                    let has_newest = |artifact: &Artifact| {
                        found.iter().any(|version| artifact.has_targets_of(version))
                    };
                    if !artifacts.iter().all(has_newest) {
                        return Err(error);
                    }
                }
            }
        }
        Ok(found)
    }

    fn plan(&self, artifact: &Artifact, versions: &[LayerVersion]) -> Result<PublishPlan, Error> {
        rules::check(RULES, artifact)?;
        let plan = plan::decide(versions, artifact)?;
        if let PublishPlan::Reuse(version) = &plan {
            // Reuse promises these bytes, so the zip itself is hashed.
            let directory = self.version_directory(&artifact.layer, version.version)?;
            let zip = File::open(directory.join(ZIP))?;
            let (_, found) = copy_hashed(zip, io::sink())?;
            if found != artifact.digest {
                return Err(damaged(
                    &directory,
                    "the zip's hash differs from the manifest's",
                ));
            }
        }
        Ok(plan)
    }

    fn carry_out(
        &self,
        artifact: &Artifact,
        plan: &PublishPlan,
        sent: &(dyn Fn(u64) + Sync),
    ) -> Result<Publication, Error> {
        // Most runs change nothing, and write nothing.
        if let PublishPlan::Reuse(version) = plan {
            self.remove_drafts_of_the_dead();
            return Ok(Publication::reused(version.clone()));
        }
        fs::create_dir_all(&self.root)?;
        let _publishing = PublishingLock::enter(&self.root)?;
        let draft = Draft::new(&self.root, artifact)?;
        sent(artifact.size);
        let layer_directory = self.root.join(&artifact.layer);
        fs::create_dir_all(&layer_directory)?;
        loop {
            let number = next_number(&layer_directory)?;
            // After the number was read: a version that is published from now on
            // takes it, and the claim below fails.
            let versions = self.survey(&artifact.layer, std::slice::from_ref(artifact))?;
            if let PublishPlan::Reuse(version) = self.plan(artifact, &versions)? {
                return Ok(Publication::reused(version));
            }
            let arn = draft.write_manifest(artifact, number)?;
            if claim(
                draft.directory.path(),
                &layer_directory.join(number.to_string()),
            )? {
                sync_directory(&layer_directory)?;
                sync_directory(&self.root)?;
                // The directory was renamed: nothing to remove.
                let _ = draft.directory.keep();
                return Ok(Publication {
                    arn,
                    version: number,
                    reused: false,
                    duplicate: None,
                });
            }
        }
    }

    fn list(&self, layer: &str) -> Result<Vec<LayerVersion>, Error> {
        self.versions(layer)?.collect()
    }

    fn download(&self, version: &LayerVersion, to: &Path) -> Result<(), Error> {
        let directory = self.version_directory(&version.layer, version.version)?;
        let zip = File::open(directory.join(ZIP))?;
        let (_, found) = copy_hashed(zip, File::create(to)?)?;
        if version.code_sha256 == Some(found.base64()) {
            return Ok(());
        }
        Err(damaged(
            &directory,
            "the zip's hash differs from the manifest's",
        ))
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

    /// Always refused: a directory knows no accounts, and a stored grant would look
    /// like access control.
    fn grant(&self, layer: &str, _version: u64, _grant: &Grant) -> Result<(), Error> {
        rules::check_name(RULES, layer)?;
        Err(Error::Unsupported {
            provider: PROVIDER,
            what: "grants",
        })
    }

    /// None: a directory knows no accounts.
    fn grants(&self, layer: &str, _version: u64) -> Result<Vec<Grant>, Error> {
        rules::check_name(RULES, layer)?;
        Ok(Vec::new())
    }

    /// None: nothing runs in a directory.
    fn uses(&self) -> Result<Vec<Use>, Error> {
        Ok(Vec::new())
    }
}

/// `manifest.json`, which describes a version.
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

/// A version that is not visible yet; dropping it removes it, and so does an interruption.
struct Draft {
    directory: TempDir,
    _existing: Temporary,
}

impl Draft {
    /// Copies the zip, and checks that it is the one that was built.
    fn new(root: &Path, artifact: &Artifact) -> Result<Self, Error> {
        let source = File::open(&artifact.zip)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(DRAFT);
        // The mode that the umask gives, not 0700: the draft becomes the version.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let (directory, existing) = Temporary::create(|| builder.tempdir_in(root))?;

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
        Ok(Self {
            directory,
            _existing: existing,
        })
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
            description: Some(artifact.marked_description()),
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

/// While it exists, no other publisher removes this process's drafts.
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
        // Where the file system has no locks, no publisher gets an exclusive one, and
        // so none removes drafts.
        let _ = lock.lock_shared();
        Ok(Self { _lock: lock })
    }
}

/// Ignores errors: a draft that stays only takes space.
fn remove_drafts(root: &Path) {
    for draft in drafts(root) {
        let _ = fs::remove_dir_all(draft);
    }
}

fn drafts(root: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let is_draft = |name: &OsStr| name.as_encoded_bytes().starts_with(DRAFT.as_bytes());
    entries
        .filter(move |entry| is_draft(&entry.file_name()))
        .map(|entry| entry.path())
}

/// Renames the draft to the version; `false` where the number is taken.
fn claim(draft: &Path, version_directory: &Path) -> Result<bool, Error> {
    match fs::rename(draft, version_directory) {
        Ok(()) => Ok(true),
        // Which error means "exists already" differs between systems.
        Err(_) if version_directory.symlink_metadata().is_ok() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The highest number ever used plus one, deleted versions included.
fn next_number(layer_directory: &Path) -> Result<u64, Error> {
    let highest = numbers(layer_directory)?.into_iter().max().unwrap_or(0);
    highest
        .checked_add(1)
        .ok_or_else(|| damaged(layer_directory, "no version number is left"))
}

/// The used numbers, unordered; none for a layer that does not exist.
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

/// Only numbers as this module writes them: not `007`, not `+7`.
fn parse_number(name: &str) -> Option<u64> {
    let number: u64 = name.parse().ok()?;
    (number > 0 && number.to_string() == name).then_some(number)
}

/// The version in a directory; `None` without a manifest: the directory is not a
/// version, or is being deleted.
fn read_version(directory: &Path, layer: &str, number: u64) -> Result<Option<LayerVersion>, Error> {
    let read = fs::read(directory.join(MANIFEST)).and_then(|json| {
        let written = fs::metadata(directory.join(MANIFEST))?.modified();
        Ok((json, written.ok().map(time::format)))
    });
    let (json, created) = match read {
        Ok(read) => read,
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
    // Differs where the file system treats `Web` and `web` as one name.
    if manifest.layer != layer || manifest.version != number {
        let reason = format!(
            "{MANIFEST} describes version {} of layer {:?}",
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
        crc64: None,
        layer: manifest.layer,
        version: number,
        arn: manifest.arn,
        code_sha256: Some(manifest.code_sha256),
        size: Some(manifest.size),
        created,
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

/// Copies all bytes; returns their number and SHA-256.
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

/// Syncs a directory's entries to disk. Only Unix can open a directory for this.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
