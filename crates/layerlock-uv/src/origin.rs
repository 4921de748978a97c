//! Where a requirement says that its package comes from: as a project declares it, and as
//! a lock has it.

use std::path::{Component, Path, PathBuf};

use url::{Url, form_urlencoded};

/// Where from. Two requirements ask for the same where these agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An index; the URL of the one that is named.
    Index(Option<String>),
    Git(Git),
    Url(String),
    /// A place on this machine.
    Local(Local),
    /// Any: who asks may be told by a project that nobody looks at here.
    Undeclared,
}

/// A repository, and what of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Git {
    url: String,
    /// Whether it is a branch, a tag or a revision, where that is said, and its name.
    reference: Option<(Option<GitKind>, String)>,
    subdirectory: Option<String>,
}

/// What a reference is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GitKind {
    Revision,
    Tag,
    Branch,
}

impl GitKind {
    /// All, and the keys that say so.
    pub(crate) const ALL: [(&str, Self); 3] = [
        ("rev", Self::Revision),
        ("tag", Self::Tag),
        ("branch", Self::Branch),
    ];
}

/// `REPOSITORY?rev=REVISION&subdirectory=DIRECTORY#COMMIT`, as locks have it. The values are
/// encoded as those of forms are: a blank is a `+`.
pub(crate) struct LockedGit<'t> {
    pub(crate) url: &'t str,
    pub(crate) reference: Option<(GitKind, String)>,
    pub(crate) subdirectory: Option<String>,
    pub(crate) commit: &'t str,
}

impl<'t> LockedGit<'t> {
    pub(crate) fn read(text: &'t str) -> Self {
        let (rest, commit) = text.split_once('#').unwrap_or((text, ""));
        let (url, query) = rest.split_once('?').unwrap_or((rest, ""));
        let value = |wanted: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            let found = pairs.find(|(key, _)| key == wanted);
            found.map(|(_, value)| value.into_owned())
        };
        let mut kinds = GitKind::ALL.into_iter();
        Self {
            url,
            reference: kinds.find_map(|(key, kind)| Some((kind, value(key)?))),
            subdirectory: value("subdirectory"),
            commit,
        }
    }
}

/// A place on this machine, as far as it is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Local {
    path: Option<PathBuf>,
    is_editable: Option<bool>,
}

impl Origin {
    /// A git repository, as a project declares it.
    pub(crate) fn git(
        url: &str,
        reference: Option<(GitKind, &str)>,
        subdirectory: Option<&str>,
    ) -> Self {
        let url = url.strip_prefix("git+").unwrap_or(url);
        Self::Git(Git {
            url: plain(url.split('#').next().unwrap_or(url)),
            reference: reference.map(|(kind, name)| (Some(kind), name.to_owned())),
            subdirectory: subdirectory.map(str::to_owned),
        })
    }

    /// A git repository as a lock has it: all in one URL.
    pub(crate) fn locked_git(text: &str) -> Self {
        let locked = LockedGit::read(text);
        Self::Git(Git {
            url: plain(locked.url),
            reference: locked.reference.map(|(kind, name)| (Some(kind), name)),
            subdirectory: locked.subdirectory,
        })
    }

    /// An archive.
    pub(crate) fn url(text: &str) -> Self {
        Self::Url(plain(text.split('#').next().unwrap_or(text)))
    }

    /// An index by its URL.
    pub(crate) fn index(url: &str) -> Self {
        Self::Index(Some(plain(url)))
    }

    /// A place on this machine, below a directory. Where nobody says so, it may be either.
    pub(crate) fn local(directory: &Path, path: &str, is_editable: Option<bool>) -> Self {
        Self::Local(Local {
            path: Some(lexical(&directory.join(path))),
            is_editable,
        })
    }

    /// Some place on this machine.
    pub(crate) fn somewhere() -> Self {
        Self::Local(Local::default())
    }

    /// What a requirement with a URL of its own (`NAME @ URL`) says.
    pub(crate) fn direct(text: &str) -> Self {
        let (location, fragment) = text.split_once('#').unwrap_or((text, ""));
        if let Some(git) = location.strip_prefix("git+") {
            let pairs = fragment.split('&').filter_map(|pair| pair.split_once('='));
            let mut subdirectories = pairs.filter(|(key, _)| *key == "subdirectory");
            let subdirectory = subdirectories.next().map(|(_, value)| value.to_owned());
            let path = git.find("://").map_or(0, |at| at + 3);
            // What is before the host is a user.
            let split = git.get(path..).and_then(|rest| rest.rsplit_once('@'));
            let split = split.filter(|(rest, _)| rest.contains('/'));
            let (url, reference) = match split {
                Some((rest, name)) => (&git[..path + rest.len()], Some((None, name.to_owned()))),
                None => (git, None),
            };
            return Self::Git(Git {
                url: plain(url),
                reference,
                subdirectory,
            });
        }
        if text.starts_with("file:") || !text.contains("://") {
            return Self::somewhere();
        }
        Self::url(text)
    }

    /// Whether a lock's requirement is of this origin. What is not said may be anything:
    /// old locks do not name the index, and a URL not what its reference is.
    pub(crate) fn is(&self, locked: &Self) -> bool {
        match (self, locked) {
            (Self::Undeclared, _) | (Self::Index(_), Self::Index(None)) => true,
            (Self::Git(git), Self::Git(locked)) => {
                let is_same = match (&git.reference, &locked.reference) {
                    (Some((None, name)), Some((_, locked))) => name == locked,
                    (reference, locked) => reference == locked,
                };
                is_same && git.url == locked.url && git.subdirectory == locked.subdirectory
            }
            (Self::Local(local), Self::Local(locked)) => {
                let is_editable = local.is_editable.zip(locked.is_editable);
                let paths = local.path.as_ref().zip(locked.path.as_ref());
                is_editable.is_none_or(|(one, other)| one == other)
                    && paths.is_none_or(|(one, other)| one == other)
            }
            _ => self == locked,
        }
    }
}

/// A path without `.` and `..`, by its text alone: so uv compares them.
fn lexical(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// A URL as uv writes it into a lock: without credentials, and without a slash at its end.
pub(crate) fn plain(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        return text.trim_end_matches('/').to_owned();
    };
    // A URL that cannot have credentials has none.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url.as_str().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_the_same_however_it_is_written() {
        let url = "https://git.example.com/a.git";
        let tag = Some((GitKind::Tag, "release/1"));
        for (declared, text, is_it) in [
            (Origin::git(url, tag, None), "?tag=release%2F1", true),
            (Origin::git(url, tag, None), "?tag=v2", false),
            (Origin::git(url, tag, None), "?branch=release%2F1", false),
            (
                Origin::git(url, tag, Some("x")),
                "?subdirectory=x&tag=release%2F1",
                true,
            ),
            (Origin::git(url, None, Some("x")), "?subdirectory=y", false),
            (
                Origin::git("https://me:hush@git.example.com/a.git", None, None),
                "#0000000",
                true,
            ),
            (
                Origin::direct("git+https://git.example.com/a.git@release/1#subdirectory=x"),
                "?subdirectory=x&rev=release%2F1",
                true,
            ),
            (
                Origin::direct("git+https://me@git.example.com/a.git"),
                "",
                true,
            ),
            (
                Origin::git(url, None, Some("sub dir+x")),
                "?subdirectory=sub+dir%2Bx",
                true,
            ),
            (Origin::url(url), "", false),
        ] {
            let locked = Origin::locked_git(&format!("{url}{text}"));
            assert_eq!(declared.is(&locked), is_it, "{declared:?} {text}");
        }
    }

    #[test]
    fn what_is_not_said_may_be_anything() {
        let index = Origin::index("https://me@packages.example.com/simple/");
        assert!(index.is(&Origin::Index(None)));
        assert!(index.is(&Origin::index("https://packages.example.com/simple")));
        assert!(!index.is(&Origin::index("https://other.example.com/simple")));
        assert!(!Origin::Index(None).is(&index));
        let root = Path::new("/shop");
        let locked = Origin::local(root, "libs/near", Some(false));
        let member = root.join("app");
        assert!(Origin::local(&member, "../libs/./near", Some(false)).is(&locked));
        assert!(!Origin::local(&member, "../libs/far", Some(false)).is(&locked));
        assert!(!Origin::local(root, "libs/near", Some(true)).is(&locked));
        assert!(Origin::somewhere().is(&locked));
        assert!(Origin::direct("file:///shop/libs/near").is(&locked));
        let url = Origin::url("https://x.example.com/a.whl");
        assert!(Origin::direct("https://x.example.com/a.whl#sha256=0").is(&url));
    }
}
