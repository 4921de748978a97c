//! Which lock a project has.

use std::path::{Path, PathBuf};

use layerlock_diagnostic::LockTool;
use layerlock_export::Project;
use layerlock_lock::{LockError, LockWarning, LockWarningKind};
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use crate::{Error, Settings};

/// The locks that are looked for where nobody names one, in this order.
const LOOKED_FOR: [(&str, LockKind); 3] = [
    ("poetry.lock", LockKind::Poetry),
    ("uv.lock", LockKind::Uv),
    ("pylock.toml", LockKind::Pylock),
];

/// Locks that are not read, whose they are, and what makes one of them that is.
const UNREAD: [(&str, &str, &str); 2] = [
    (
        "pdm.lock",
        "PDM",
        "pdm export --format pylock --output pylock.toml",
    ),
    (
        "Pipfile.lock",
        "Pipenv",
        "pipenv requirements --hash > requirements.txt",
    ),
];

/// Whose lock it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LockKind {
    Poetry,
    Uv,
    Pylock,
    Requirements,
}

impl LockKind {
    /// What writes such a lock.
    pub(super) const fn tool(self) -> LockTool {
        match self {
            Self::Poetry => LockTool::Poetry,
            Self::Uv => LockTool::Uv,
            Self::Pylock => LockTool::Pylock,
            Self::Requirements => LockTool::Requirements,
        }
    }
}

/// The lock that a project has, or that was named.
#[derive(Debug, Clone)]
pub(crate) struct LockFile {
    pub(crate) kind: LockKind,
    pub(crate) path: PathBuf,
    /// The project of a workspace that is meant where nobody names one: one in a
    /// directory below the lock.
    pub(crate) default_package: Option<String>,
    /// The other locks beside it, where nobody chose.
    pub(crate) others: Vec<&'static str>,
}

/// What of `[tool.layerlock]` names a lock.
#[derive(Debug, Default, Deserialize)]
struct LockTable {
    lock: Option<Spanned<PathBuf>>,
}

impl LockFile {
    /// The lock that is named, else that the project configures, else the first that is
    /// there.
    pub(crate) fn find(project: &Project, settings: &Settings) -> Result<Self, Error> {
        if let Some(path) = &settings.lock {
            return Self::named(path, project).map_err(|reason| Error::LockFile {
                message: format!("--lock {}: {reason}", path.display()),
                place: None,
            });
        }
        let table: LockTable = project.settings()?.unwrap_or_default();
        if let Some(setting) = &table.lock {
            let path = project.directory().join(setting.get_ref());
            return Self::named(&path, project).map_err(|reason| Error::LockFile {
                message: reason,
                place: Some(project.place(setting.span())),
            });
        }
        let there: Vec<_> = LOOKED_FOR
            .into_iter()
            .filter(|(name, _)| is_file(&project.directory().join(name)))
            .collect();
        if let Some((&(name, kind), others)) = there.split_first() {
            return Ok(Self {
                kind,
                path: project.directory().join(name),
                default_package: None,
                others: others.iter().map(|(name, _)| *name).collect(),
            });
        }
        if let Some(lock) = above(project) {
            return Ok(lock);
        }
        for (name, tool, command) in UNREAD {
            let path = project.directory().join(name);
            if is_file(&path) {
                let error = layerlock_uv::Error::Unread {
                    path,
                    tool,
                    command,
                };
                return Err(LockError::from(error).into());
            }
        }
        if is_of_uv(project) {
            let path = project.directory().join("uv.lock");
            return Err(LockError::from(layerlock_uv::Error::NoLock { path }).into());
        }
        // Its reader tells best that there is none.
        Ok(Self::beside(project, "poetry.lock", LockKind::Poetry))
    }

    fn beside(project: &Project, name: &str, kind: LockKind) -> Self {
        Self {
            kind,
            path: project.directory().join(name),
            default_package: None,
            others: Vec::new(),
        }
    }

    /// A lock that somebody named; the error is for people.
    fn named(path: &Path, project: &Project) -> Result<Self, String> {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.unwrap_or_default();
        if let Some((_, tool, command)) = UNREAD.iter().find(|(other, ..)| *other == name) {
            return Err(format!(
                "a lock of {tool} is not read; export it: `{command}`"
            ));
        }
        if !is_file(path) {
            return Err("there is no such file".to_owned());
        }
        let directory = path.parent().unwrap_or(Path::new(""));
        let kind = kind_by_name(name)?;
        let is_beside = is_same_directory(directory, project.directory());
        if kind == LockKind::Poetry && !is_beside {
            return Err(
                "poetry.lock is read beside its pyproject.toml: name the directory by --project"
                    .to_owned(),
            );
        }
        Ok(Self {
            kind,
            path: path.to_owned(),
            default_package: match project.name() {
                Some(name) if !is_beside => Some(name.to_owned()),
                _ => None,
            },
            others: Vec::new(),
        })
    }

    /// What the user should know of the choice.
    pub(super) fn note(&self) -> Option<LockWarning> {
        let others = match &self.others[..] {
            [] => return None,
            [one] => (*one).to_owned(),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
        };
        let name = self.path.file_name().unwrap_or_default().display();
        Some(LockWarning {
            message: format!("{name} is used, and {others} beside it is not"),
            place: None,
            kind: LockWarningKind::General,
            hint: Some(format!(
                "name the one to use: `lock = \"{name}\"` in [tool.layerlock], or --lock {name}"
            )),
        })
    }
}

/// Which lock a file is by its name; the error is for people.
fn kind_by_name(name: &str) -> Result<LockKind, String> {
    match name {
        "poetry.lock" => Ok(LockKind::Poetry),
        _ if name.ends_with("uv.lock") => Ok(LockKind::Uv),
        "pylock.toml" => Ok(LockKind::Pylock),
        _ if is_named_pylock(name) => Ok(LockKind::Pylock),
        _ if is_requirements(name) => Ok(LockKind::Requirements),
        _ => Err(format!(
            "a lock is poetry.lock, uv.lock, pylock.toml, pylock.NAME.toml or a requirements \
             file such as requirements.txt, and {name:?} is none of these"
        )),
    }
}

/// `requirements.txt`, `requirements-prod.txt`, `requirements.lock`, `deploy.txt`
fn is_requirements(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(|it| it.to_str());
    extension == Some("txt") || name.starts_with("requirements")
}

/// `pylock.NAME.toml`
fn is_named_pylock(name: &str) -> bool {
    let middle = name.strip_prefix("pylock.");
    middle.is_some_and(|rest| rest.strip_suffix(".toml").is_some())
}

/// The lock of the workspace that the project is part of.
fn above(project: &Project) -> Option<LockFile> {
    let directory = std::path::absolute(Path::new(".").join(project.directory())).ok()?;
    let mut up = PathBuf::new();
    for above in directory.ancestors().skip(1) {
        up.push("..");
        if is_file(&above.join("uv.lock")) {
            let text = fs_err::read_to_string(above.join("uv.lock")).ok()?;
            let directories = layerlock_uv::project_directories(&text);
            let is_member = directories
                .iter()
                .any(|path| is_same_directory(&above.join(path), &directory));
            return is_member.then(|| LockFile {
                kind: LockKind::Uv,
                path: project.directory().join(up).join("uv.lock"),
                default_package: project.name().map(str::to_owned),
                others: Vec::new(),
            });
        }
    }
    None
}

/// What of pyproject.toml tells whose project it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Signs {
    tool: Tools,
    build_system: BuildSystem,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tools {
    uv: Option<IgnoredAny>,
    poetry: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct BuildSystem {
    requires: Vec<String>,
    build_backend: String,
}

impl BuildSystem {
    fn has(&self, requirement: &str, backend: &str) -> bool {
        let mut requires = self.requires.iter();
        self.build_backend.starts_with(backend) || requires.any(|it| it.starts_with(requirement))
    }
}

/// Whether a project is uv's by what its pyproject.toml says, and not Poetry's.
pub(super) fn is_of_uv(project: &Project) -> bool {
    let Signs { tool, build_system } = toml::from_str(project.text()).unwrap_or_default();
    let is_of_poetry = tool.poetry.is_some() || build_system.has("poetry-core", "poetry.core");
    !is_of_poetry && (tool.uv.is_some() || build_system.has("uv_build", "uv_build"))
}

/// Whether a directory has a lock that needs no pyproject.toml beside it.
fn stands_alone(settings: &Settings) -> bool {
    settings.lock.is_some() || is_file(&settings.below_project("pylock.toml"))
}

/// pyproject.toml. What a lock needs that stands alone is an empty one.
pub(crate) fn read_project(settings: &Settings) -> Result<Project, Error> {
    match Project::read(settings.directory()) {
        Err(layerlock_export::Error::NoProject {
            is_directory: true, ..
        }) if stands_alone(settings) => Ok(Project::without_file(settings.directory())?),
        read => Ok(read?),
    }
}

fn is_file(path: &Path) -> bool {
    Path::new(".").join(path).is_file()
}

/// Whether two paths lead to one directory, which is there.
pub(crate) fn is_same_directory(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs_err::canonicalize(Path::new(".").join(path)).ok();
    let one = real(one);
    one.is_some() && one == real(other)
}
