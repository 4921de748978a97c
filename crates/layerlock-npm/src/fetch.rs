//! Tarballs: from npm's cache, which npm itself fills where something is missing. It knows
//! the registry, its scopes, passwords and proxies.

use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use fs_err as fs;
use layerlock_digest::Hasher;
use layerlock_layer::Error as LayerError;

use crate::select::{Locked, NpmSource};
use crate::{Error, cacache};

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
    is_offline: bool,
}

/// Packages that npm gets at once.
const BATCH: usize = 50;

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
            program: "npm".to_owned(),
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

    /// The tarball of a package, verified; none where it is nowhere on this machine.
    pub(crate) fn find(&self, locked: &Locked) -> Result<Option<Vec<u8>>, Error> {
        let NpmSource::Tarball {
            integrity,
            resolved,
        } = &locked.source
        else {
            return Ok(None);
        };
        if let Some(file) = resolved.as_deref().and_then(|it| it.strip_prefix("file:")) {
            let path = self.directory.join(file);
            let bytes = read(&path).map_err(LayerError::io("read", &path))?;
            if is_right(&bytes, integrity) {
                return Ok(Some(bytes));
            }
            return Err(Error::Mismatch {
                package: locked.shown(),
                file: path.display().to_string(),
            });
        }
        let known = self.caches.iter();
        let asked = self.asked.get().and_then(Option::as_ref);
        for cache in known.chain(asked) {
            for digest in integrity.digests() {
                // What somebody damaged is as good as absent: npm fetches it anew.
                if let Ok(bytes) = read(&cacache::content(cache, digest))
                    && is_right(&bytes, integrity)
                {
                    return Ok(Some(bytes));
                }
            }
        }
        Ok(None)
    }

    /// Has npm take packages into its cache.
    pub(crate) fn fetch(&self, packages: &[&Locked]) -> Result<(), Error> {
        let names = || packages.iter().map(|package| package.shown()).collect();
        if self.is_offline {
            return Err(Error::Offline { packages: names() });
        }
        self.asked.get_or_init(|| self.ask_for_cache());
        for batch in packages.chunks(BATCH) {
            let specs = batch.iter().map(|package| package.spec());
            let arguments = ["cache".to_owned(), "add".to_owned()]
                .into_iter()
                .chain(specs);
            let said = self
                .run(arguments.collect())
                .map_err(|_| Error::NoNpm { packages: names() })?;
            if !said.succeeded {
                return Err(Error::Fetch {
                    packages: batch.iter().map(|package| package.shown()).collect(),
                    said: layerlock_diagnostic::mask_user_info(last_lines(&said.errors).trim()),
                });
            }
        }
        Ok(())
    }

    fn ask_for_cache(&self) -> Option<PathBuf> {
        let arguments = ["config", "get", "cache"].map(str::to_owned).to_vec();
        let said = self.run(arguments).ok().filter(|said| said.succeeded)?;
        let path = said.output.lines().next()?.trim();
        (!path.is_empty()).then(|| PathBuf::from(path))
    }

    /// What it says goes to files: it may leave programs behind.
    fn run(&self, arguments: Vec<String>) -> io::Result<Said> {
        let mut output = tempfile::tempfile()?;
        let mut errors = tempfile::tempfile()?;
        let directory = if self.directory.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &self.directory
        };
        let ended = duct::cmd(&self.program, arguments)
            .dir(directory)
            .stdin_null()
            .stdout_file(output.try_clone()?)
            .stderr_file(errors.try_clone()?)
            .unchecked()
            .run()?;
        Ok(Said {
            succeeded: ended.status.success(),
            output: text(&mut output)?,
            errors: text(&mut errors)?,
        })
    }
}

struct Said {
    succeeded: bool,
    output: String,
    errors: String,
}

fn text(file: &mut (impl Read + Seek)) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn last_lines(text: &str) -> String {
    const LINES: usize = 10;
    // Where npm keeps its log says nothing here.
    let lines = text.lines().filter(|line| !line.contains("complete log"));
    let lines: Vec<&str> = lines.collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
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

fn is_right(bytes: &[u8], integrity: &crate::Integrity) -> bool {
    let mut hasher = Hasher::new(integrity.algorithm());
    hasher.update(bytes);
    integrity.digests().contains(&hasher.finish())
}

impl Locked {
    /// `name@version`.
    pub fn shown(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// What registries call its tarball.
    pub fn file_name(&self) -> String {
        let name = self.name.rsplit('/').next().unwrap_or(&self.name);
        format!("{name}-{}.tgz", self.version)
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
