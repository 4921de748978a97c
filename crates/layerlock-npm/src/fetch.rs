//! Tarballs: from npm's cache, which npm itself fills where something is missing. It knows
//! the registry, its scopes, passwords and proxies.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use fs_err as fs;
use layerlock_digest::Digest;
use layerlock_layer::Error as LayerError;
use layerlock_process::{Ended, run_within};

use crate::select::{Locked, NpmSource};
use crate::{Error, Integrity, cacache};

/// The machine's npm, and where it keeps things.
#[derive(Debug)]
pub struct Npm {
    /// The folder of the lock: the `.npmrc` there has a say.
    directory: PathBuf,
    /// Its caches, as far as they are known without asking it.
    caches: Vec<PathBuf>,
    /// What it says of its cache, once it was asked.
    asked: OnceLock<Option<PathBuf>>,
    program: String,
    /// How long it may take for a batch.
    limit: Duration,
    is_offline: bool,
}

/// Packages that npm gets at once.
const BATCH: usize = 50;

/// A silent registry npm leaves by itself, and tries again: this is for one that hangs.
const LIMIT: Duration = Duration::from_mins(30);

/// The same where it only has to say where its cache is.
const PATIENCE: Duration = Duration::from_mins(1);

/// What it is called: a script, which Windows wants to know.
const PROGRAM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// Larger tarballs are refused, in bytes.
const LARGEST: u64 = 1 << 30;

impl Npm {
    /// The npm of this machine, for the lock in a folder.
    pub fn on_this_machine(directory: impl Into<PathBuf>, is_offline: bool) -> Self {
        let named = ["npm_config_cache", "NPM_CONFIG_CACHE"];
        let named = named.iter().find_map(std::env::var_os).map(PathBuf::from);
        let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".npm"));
        let windows =
            std::env::var_os("LocalAppData").map(|it| PathBuf::from(it).join("npm-cache"));
        Self {
            caches: [named, home, windows].into_iter().flatten().collect(),
            ..Self::new(directory, is_offline)
        }
    }

    /// An npm that is asked for everything.
    fn new(directory: impl Into<PathBuf>, is_offline: bool) -> Self {
        Self {
            directory: directory.into(),
            caches: Vec::new(),
            asked: OnceLock::new(),
            program: PROGRAM.to_owned(),
            limit: LIMIT,
            is_offline,
        }
    }

    /// One with this cache and no program, for tests.
    pub fn with_cache(directory: impl Into<PathBuf>, cache: impl Into<PathBuf>) -> Self {
        Self {
            caches: vec![cache.into()],
            program: "no-such-npm".to_owned(),
            ..Self::new(directory, false)
        }
    }

    /// The tarball of a package, verified, and which of the locked digests it has; none where
    /// it is nowhere on this machine.
    pub(crate) fn find(&self, locked: &Locked) -> Result<Option<(Digest, Vec<u8>)>, Error> {
        let Some(integrity) = locked.integrity() else {
            return Ok(None);
        };
        if let Some(path) = locked.local_tarball(&self.directory) {
            let bytes = read(&path).map_err(LayerError::io("read", &path))?;
            return match integrity.proved(&bytes) {
                Some(digest) => Ok(Some((digest, bytes))),
                None => Err(Error::Mismatch {
                    package: locked.shown(),
                    file: path.display().to_string(),
                }),
            };
        }
        let known = self.caches.iter();
        let asked = self.asked.get().and_then(Option::as_ref);
        for cache in known.chain(asked) {
            for digest in integrity.digests() {
                // What somebody damaged is as good as absent: npm fetches it anew.
                if let Ok(bytes) = read(&cacache::content(cache, digest))
                    && let Some(digest) = integrity.proved(&bytes)
                {
                    return Ok(Some((digest, bytes)));
                }
            }
        }
        Ok(None)
    }

    /// Asks npm for its cache, which `.npmrc` may name. Whether that is another one than those
    /// that are known without asking.
    pub(crate) fn ask_for_cache(&self) -> bool {
        let asked = self.asked.get_or_init(|| {
            let arguments = ["config", "get", "cache"].map(str::to_owned).to_vec();
            let said = self.run(arguments, PATIENCE).ok()??;
            let said = Some(said).filter(|said| said.status.success())?;
            let path = said.output.lines().next()?.trim();
            (!path.is_empty()).then(|| PathBuf::from(path))
        });
        asked
            .as_ref()
            .is_some_and(|asked| !self.caches.contains(asked))
    }

    /// Has npm take packages into its cache.
    pub(crate) fn fetch(&self, packages: &[&Locked]) -> Result<(), Error> {
        if self.is_offline {
            return Err(Error::Offline {
                packages: shown(packages),
            });
        }
        for batch in packages.chunks(BATCH) {
            let mut said = self.add(batch, batch.iter().map(|package| package.spec()))?;
            if said.status.success() {
                continue;
            }
            let mut missing = self.missing(batch);
            if missing.is_empty() {
                continue;
            }
            // A registry that .npmrc names no more, or for another scope: the lock has the
            // address, and npm the password that is for it.
            let urls: Option<Vec<String>> = missing.iter().map(|package| package.url()).collect();
            if let Some(urls) = urls {
                said = self.add(&missing, urls.into_iter())?;
                if said.status.success() {
                    continue;
                }
                missing = self.missing(&missing);
                if missing.is_empty() {
                    continue;
                }
            }
            return Err(Error::Fetch {
                packages: shown(&missing),
                said: layerlock_diagnostic::mask_user_info(last_lines(&said.errors).trim()),
            });
        }
        Ok(())
    }

    fn missing<'l>(&self, packages: &[&'l Locked]) -> Vec<&'l Locked> {
        let packages = packages.iter().copied();
        let is_missing = |package: &&Locked| !matches!(self.find(package), Ok(Some(_)));
        packages.filter(is_missing).collect()
    }

    fn add(
        &self,
        packages: &[&Locked],
        specs: impl Iterator<Item = String>,
    ) -> Result<Ended, Error> {
        // No name is an option, and no package is prepared by its scripts.
        let words = ["cache", "add", "--ignore-scripts", "--"].map(str::to_owned);
        let said = self.run(words.into_iter().chain(specs).collect(), self.limit);
        let said = said.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => Error::NoNpm {
                packages: shown(packages),
            },
            _ => Error::NotStarted { source },
        })?;
        said.ok_or_else(|| Error::TookTooLong {
            packages: shown(packages),
            minutes: self.limit.as_secs() / 60,
        })
    }

    fn run(&self, arguments: Vec<String>, limit: Duration) -> io::Result<Option<Ended>> {
        let npm = duct::cmd(&self.program, arguments);
        run_within(&npm, &self.directory, limit)
    }
}

fn shown(packages: &[&Locked]) -> Vec<String> {
    packages.iter().map(|package| package.shown()).collect()
}

fn last_lines(text: &str) -> String {
    const LINES: usize = 10;
    // Where npm keeps its log says nothing here.
    let lines = text.lines().filter(|line| !line.contains("complete log"));
    let lines: Vec<&str> = lines.collect();
    layerlock_process::last_lines(&lines.join("\n"), LINES)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = fs::File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    file.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Locked {
    /// `name@version`.
    pub fn shown(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// What its tarball is verified by; none of a folder.
    pub(crate) fn integrity(&self) -> Option<&Integrity> {
        match &self.source {
            NpmSource::Tarball { integrity, .. } => Some(integrity),
            NpmSource::Folder(_) => None,
        }
    }

    /// Its tarball where that is a file of the project, whose lock lies in `directory`.
    pub fn local_tarball(&self, directory: &Path) -> Option<PathBuf> {
        match &self.source {
            NpmSource::Tarball { resolved, .. } => {
                let file = resolved.as_deref()?.strip_prefix("file:")?;
                Some(directory.join(file))
            }
            NpmSource::Folder(_) => None,
        }
    }

    /// What registries call its tarball.
    pub fn file_name(&self) -> String {
        let name = self.name.rsplit('/').next().unwrap_or(&self.name);
        format!("{name}-{}.tgz", self.version)
    }

    /// The address of its tarball, where the lock has one.
    fn url(&self) -> Option<String> {
        match &self.source {
            NpmSource::Tarball {
                resolved: Some(url),
                ..
            } if url.starts_with("https:") || url.starts_with("http:") => Some(url.clone()),
            _ => None,
        }
    }

    /// What npm is to fetch: the version of a registry, whose address is npm's affair, or
    /// the URL where it is another's.
    fn spec(&self) -> String {
        match &self.source {
            NpmSource::Tarball {
                resolved: Some(url),
                ..
            } if !is_of_registry(url) => url.clone(),
            _ => self.shown(),
        }
    }
}

/// Registries have all tarballs at such a path.
fn is_of_registry(url: &str) -> bool {
    url.contains("/-/")
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use layerlock_digest::Hasher;

    use super::*;

    /// A package whose tarball is the text `x`.
    fn locked(resolved: Option<&str>) -> Locked {
        let mut hasher = Hasher::new(layerlock_digest::Algorithm::Sha512);
        hasher.update(b"x");
        Locked {
            place: "node_modules/a".to_owned(),
            name: "a".to_owned(),
            version: "1.0.0".to_owned(),
            source: NpmSource::Tarball {
                integrity: Integrity::parse(&format!("sha512-{}", hasher.finish().base64()))
                    .unwrap(),
                resolved: resolved.map(str::to_owned),
            },
            has_install_script: false,
            optional: Vec::new(),
        }
    }

    /// An npm that is a script, and that writes down what it was asked.
    fn npm(directory: &Path, script: &str) -> Npm {
        let program = directory.join("npm");
        fs::write(
            &program,
            format!("#!/bin/sh\necho \"$@\" >> asked\n{script}\n"),
        )
        .unwrap();
        fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Npm {
            program: program.display().to_string(),
            caches: vec![directory.join("cache")],
            ..Npm::new(directory, false)
        }
    }

    /// A registry that .npmrc names no more was an error, although the lock has the address.
    #[test]
    fn what_the_registry_lacks_is_fetched_from_the_locks_address() {
        let temp = tempfile::tempdir().unwrap();
        let url = "https://packages.example.com/a/-/a-1.0.0.tgz";
        let npm = npm(
            temp.path(),
            "case \"$*\" in *https:*) exit 0;; *) exit 1;; esac",
        );
        npm.fetch(&[&locked(Some(url))]).unwrap();
        let asked = fs::read_to_string(temp.path().join("asked")).unwrap();
        let add = "cache add --ignore-scripts --";
        assert_eq!(asked, format!("{add} a@1.0.0\n{add} {url}\n"));
    }

    /// Where the content of the package lies in a cache.
    fn content(cache: &Path) -> PathBuf {
        let locked = locked(None);
        cacache::content(cache, &locked.integrity().unwrap().digests()[0])
    }

    /// npm ends with an error where it cannot write its log, or a prefetched packument fails.
    #[test]
    fn what_came_in_spite_of_an_error_is_enough() {
        let temp = tempfile::tempdir().unwrap();
        let content = content(&temp.path().join("cache"));
        let folder = content.parent().unwrap().display();
        let script = format!(
            "mkdir -p {folder}; printf x > {}; exit 1",
            content.display()
        );
        npm(temp.path(), &script).fetch(&[&locked(None)]).unwrap();
    }

    /// It was asked only where it was about to fetch, and so never with `--offline`.
    #[test]
    fn the_cache_that_npmrc_names_is_looked_into() {
        let temp = tempfile::tempdir().unwrap();
        let other = temp.path().join("other");
        let content = content(&other);
        fs::create_dir_all(content.parent().unwrap()).unwrap();
        fs::write(content, "x").unwrap();
        let script = format!("echo {}", other.display());
        let npm = Npm {
            is_offline: true,
            ..npm(temp.path(), &script)
        };
        assert!(npm.find(&locked(None)).unwrap().is_none());
        assert!(npm.ask_for_cache());
        assert!(npm.find(&locked(None)).unwrap().is_some());
        // Once is enough.
        assert!(npm.ask_for_cache());
        let asked = fs::read_to_string(temp.path().join("asked")).unwrap();
        assert_eq!(asked, "config get cache\n");
    }

    #[test]
    fn an_npm_that_cannot_run_is_not_one_that_is_not_there() {
        let temp = tempfile::tempdir().unwrap();
        let npm = npm(temp.path(), "");
        let mode = std::fs::Permissions::from_mode(0o644);
        fs::set_permissions(temp.path().join("npm"), mode).unwrap();
        let error = npm.fetch(&[&locked(None)]).unwrap_err();
        assert!(matches!(&error, Error::NotStarted { .. }), "{error}");
        let none = Npm::with_cache(temp.path(), temp.path());
        let error = none.fetch(&[&locked(None)]).unwrap_err();
        assert!(matches!(&error, Error::NoNpm { .. }), "{error}");
    }

    /// It was waited for without an end.
    #[test]
    fn one_that_hangs_is_ended() {
        let temp = tempfile::tempdir().unwrap();
        let npm = Npm {
            limit: Duration::from_millis(100),
            ..npm(temp.path(), "exec sleep 60")
        };
        let error = npm.fetch(&[&locked(None)]).unwrap_err();
        assert!(matches!(&error, Error::TookTooLong { .. }), "{error}");
    }

    #[test]
    fn what_npm_said_is_told_without_passwords() {
        let temp = tempfile::tempdir().unwrap();
        let script = "echo 'npm error 404 https://me:secret@packages.example.com/a' >&2; exit 1";
        let npm = npm(temp.path(), script);
        let error = npm.fetch(&[&locked(None)]).unwrap_err().to_string();
        let start = "npm could not fetch a@1.0.0:\n  npm error 404";
        assert!(error.starts_with(start), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}
