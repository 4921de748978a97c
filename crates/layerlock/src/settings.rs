use std::path::{Path, PathBuf};

use layerlock_install::FrontendKind;
use layerlock_layer::Compression;
use layerlock_lock::Choice;
use layerlock_target::{Architecture, Provider, Runtime, Target};
use serde::{Deserialize, Serialize};

/// What a caller asks for. What is not set comes from `[tool.layerlock]` in
/// pyproject.toml, then from the defaults.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting")]
pub struct Settings {
    /// The directory of pyproject.toml and the lock.
    pub project: PathBuf,
    /// The lock to read; the configured one, else the first that the project has, where
    /// there is none.
    pub lock: Option<PathBuf>,
    /// The project of a workspace of uv whose packages are chosen; as configured where
    /// there is none.
    pub package: Option<String>,
    /// The layers to make, of those that the project configures; all where there is
    /// none.
    pub layers: Vec<String>,
    /// Whether requirements without a hash are taken as the index has them, with a
    /// warning.
    pub allow_unhashed: bool,
    /// Whether a lock that is older than the project is taken as it is, with a warning.
    pub allow_stale_lock: bool,
    /// Whose functions the layers are for; the configured provider, else AWS Lambda, where
    /// there is none. Of several targets those of this provider are made.
    pub provider: Option<Provider>,
    /// The targets, also of several providers: one layer for each of them, in place of
    /// runtimes and architectures.
    pub targets: Vec<Target>,
    /// The runtimes: one layer for each of them, with each architecture. They are looked up
    /// by their names at the provider that layers are for.
    pub runtimes: Vec<Runtime>,
    /// The architectures.
    pub architectures: Vec<Architecture>,
    /// Groups and extras; the configured ones where there are none.
    pub choice: Option<Choice>,
    /// The names of the packages to exclude; the configured ones where there is
    /// none.
    pub exclude: Option<Vec<String>>,
    /// Patterns of the files to exclude, as in .gitignore: one without `/` is for
    /// names anywhere, one with it for paths in the layer; `*` stops at `/`, `**`
    /// does not; a directory stands for all in it. The configured ones where there
    /// is none.
    pub exclude_files: Option<Vec<String>>,
    /// The names of the packages whose files stay where another package brings the
    /// same paths, the first one before the next; the configured ones where there is
    /// none.
    pub prefer: Option<Vec<String>>,
    /// What becomes of such paths.
    pub conflicts: Option<Conflicts>,
    /// How zips are compressed.
    pub compression: Option<Compression>,
    /// Whether layers hold the project itself, besides its dependencies; as
    /// configured where this is false.
    pub include_project: bool,
    /// What builds packages that have no wheel; the configured or the first found
    /// where there is none.
    pub build_frontend: Option<FrontendKind>,
    /// The names of zips: `{layer}`, `{runtime}` and `{architecture}` in it are
    /// replaced. The configured name, else all three, where there is none.
    pub zip_name: Option<String>,
    /// The directory for zips.
    pub output: Option<PathBuf>,
    /// The staging directory.
    pub staging: Option<PathBuf>,
    /// A file for the report as JSON, beside any output. It is written last, and only
    /// where the job succeeds.
    pub report: Option<PathBuf>,
    /// The URL of an index to take every package from.
    pub index_url: Option<String>,
    /// Directories with wheels, and pages with links to wheels, to look in before
    /// any index.
    pub find_links: Vec<String>,
    /// Whether to do without the network.
    pub offline: bool,
    /// Where verified wheels are kept, and what is known of earlier runs.
    pub cache: CacheLocation,
    /// Whether to do the work even where nothing has changed since an earlier
    /// run.
    pub rebuild: bool,
}

/// What becomes of a path to which two packages bring different files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Conflicts {
    /// A warning, and the file of the package that an installer would install later.
    #[default]
    Warn,
    /// An error.
    Error,
}

/// Where verified wheels are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CacheLocation {
    /// The directory that `LAYERLOCK_CACHE_DIR` names, else the user's cache directory.
    #[default]
    User,
    /// This directory.
    At(PathBuf),
    /// Nowhere: everything is fetched anew.
    Nowhere,
}

impl Settings {
    /// The defaults for a project.
    pub fn for_project(project: impl Into<PathBuf>) -> Self {
        Self {
            project: project.into(),
            ..Self::default()
        }
    }

    /// The name of [`for_project`](Self::for_project) in 0.1, which scripts may have.
    #[deprecated(note = "renamed to `for_project`")]
    pub fn of_project(project: impl Into<PathBuf>) -> Self {
        Self::for_project(project)
    }

    /// The project's directory. The current one is empty, so that paths made from
    /// it have no needless `./`.
    pub(crate) fn directory(&self) -> &Path {
        self.project.strip_prefix(".").unwrap_or(&self.project)
    }

    /// A path in the project.
    pub(crate) fn below_project(&self, path: impl AsRef<Path>) -> PathBuf {
        self.directory().join(path)
    }
}
