//! Where a package of uv.lock comes from.

use std::path::{Path, PathBuf};

use layerlock_lock::{PackageSource, ProjectIndex};

use crate::Error;
use crate::document::{Document, Value};
use crate::origin::{LockedGit, plain};

/// A source, as it is written: two packages are the same where these are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// An index, by its URL, or a directory of files.
    Registry(String),
    Git(String),
    Url {
        url: String,
        subdirectory: Option<String>,
    },
    /// An archive on this machine.
    Path(String),
    Directory(String),
    Editable(String),
    /// A project that is no package: only what it depends on is installed.
    Virtual(String),
}

impl Source {
    pub(super) fn read(document: &Document, value: &Value<'_>) -> Result<Self, Error> {
        let table = document.table(value, "`source`")?;
        let text = |key| document.text_at(table, key);
        let source = if let Some(registry) = text("registry")? {
            Self::Registry(registry.to_owned())
        } else if let Some(git) = text("git")? {
            check_git(git).map_err(|message| document.invalid(value.span(), message))?;
            Self::Git(git.to_owned())
        } else if let Some(url) = text("url")? {
            Self::Url {
                url: url.to_owned(),
                subdirectory: text("subdirectory")?.map(str::to_owned),
            }
        } else if let Some(path) = text("path")? {
            Self::Path(path.to_owned())
        } else if let Some(path) = text("directory")? {
            Self::Directory(path.to_owned())
        } else if let Some(path) = text("editable")? {
            Self::Editable(path.to_owned())
        } else if let Some(path) = text("virtual")? {
            Self::Virtual(path.to_owned())
        } else {
            let keys: Vec<&str> = table.keys().map(|key| &**key.get_ref()).collect();
            let message = match &keys[..] {
                [] => "`source` says nothing".to_owned(),
                keys => format!("unknown kind of source: {}", keys.join(", ")),
            };
            return Err(document.invalid(value.span(), message));
        };
        Ok(source)
    }

    /// The directory of a project of the workspace, or of a dependency.
    pub(crate) fn directory(&self) -> Option<&str> {
        match self {
            Self::Directory(path) | Self::Editable(path) | Self::Virtual(path) => Some(path),
            _ => None,
        }
    }

    /// Where the one file is that it is.
    pub(super) fn location(&self) -> Option<&str> {
        match self {
            Self::Url { url, .. } => Some(url),
            Self::Path(path) => Some(path),
            _ => None,
        }
    }

    /// A file of a registry that is a directory.
    pub(super) fn file(&self, base: &Path, path: &str) -> PathBuf {
        match self {
            Self::Registry(registry) if !registry.contains("://") => base.join(registry).join(path),
            _ => base.join(path),
        }
    }

    /// For errors.
    pub(crate) fn shown(&self) -> String {
        let text = match self {
            Self::Registry(text)
            | Self::Git(text)
            | Self::Url { url: text, .. }
            | Self::Path(text)
            | Self::Directory(text)
            | Self::Editable(text)
            | Self::Virtual(text) => text,
        };
        layerlock_url::shown(text)
    }

    /// The source in the words of all locks. A registry's name is the one that the
    /// project has for its URL.
    pub(crate) fn to_package_source(
        &self,
        directory: &Path,
        indexes: &[ProjectIndex],
    ) -> PackageSource {
        // The current directory has no name here, and needs one to be read.
        let path = |path: &str| Path::new(".").join(directory).join(path);
        match self {
            Self::Registry(url) if url.contains("://") => PackageSource::Registry {
                reference: named(url, indexes),
                url: Some(url.clone()),
            },
            Self::Registry(_) => PackageSource::Registry {
                url: None,
                reference: None,
            },
            Self::Git(git) => git_source(git),
            Self::Url { url, subdirectory } => PackageSource::Url {
                url: url.clone(),
                subdirectory: subdirectory.clone(),
            },
            Self::Path(file) => PackageSource::File {
                path: path(file),
                subdirectory: None,
            },
            Self::Directory(directory) | Self::Virtual(directory) => PackageSource::Directory {
                path: path(directory),
                develop: false,
            },
            Self::Editable(directory) => PackageSource::Directory {
                path: path(directory),
                develop: true,
            },
        }
    }
}

fn named(url: &str, indexes: &[ProjectIndex]) -> Option<String> {
    let url = plain(url);
    let is_it = |index: &&ProjectIndex| index.url.as_deref().is_some_and(|it| plain(it) == url);
    indexes.iter().find(is_it).map(|index| index.name.clone())
}

/// A lock names the commit ([`LockedGit`]).
fn check_git(text: &str) -> Result<(), String> {
    let is_commit = |commit: &str| {
        (7..=64).contains(&commit.len()) && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    match text.split_once('#') {
        Some((url, commit)) if !url.is_empty() && is_commit(commit) => Ok(()),
        _ => Err("a git source without the commit".to_owned()),
    }
}

fn git_source(text: &str) -> PackageSource {
    let git = LockedGit::read(text);
    PackageSource::Git {
        url: git.url.strip_prefix("git+").unwrap_or(git.url).to_owned(),
        reference: git.reference.map(|(_, name)| name),
        commit: git.commit.to_owned(),
        subdirectory: git.subdirectory,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_git_source_has_all_in_one_url() {
        let commit = "0".repeat(40);
        let text = format!("https://git.example.com/a.git?subdirectory=x%2Fy&tag=v1.0#{commit}");
        assert!(check_git(&text).is_ok());
        assert_eq!(
            git_source(&text),
            PackageSource::Git {
                url: "https://git.example.com/a.git".to_owned(),
                reference: Some("v1.0".to_owned()),
                commit,
                subdirectory: Some("x/y".to_owned()),
            }
        );
        for bad in ["https://git.example.com/a.git", "x#", "x#main", "#0000000"] {
            assert!(check_git(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_index_goes_by_the_name_that_the_project_has_for_its_url() {
        let index = |name: &str, url: &str| ProjectIndex {
            name: name.to_owned(),
            url: Some(url.to_owned()),
            priority: layerlock_lock::Priority::Explicit,
        };
        let indexes = [
            index("one", "https://one.example.com/simple"),
            index("two", "https://user:secret@two.example.com/simple/"),
        ];
        for (url, name) in [
            ("https://one.example.com/simple/", Some("one")),
            ("https://two.example.com/simple", Some("two")),
            ("https://three.example.com/simple", None),
        ] {
            assert_eq!(named(url, &indexes).as_deref(), name, "{url}");
        }
    }
}
