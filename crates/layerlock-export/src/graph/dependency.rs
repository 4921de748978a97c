//! What a project or a locked package asks for, as Poetry's tables write it.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::path::{Path, PathBuf};

use layerlock_lock::{PackageSource, normalize_name as normalize};
use pep508_rs::MarkerEnvironment;

use crate::Error;
use crate::constraint;
use crate::document::{Document, Value, resolve_path};
use crate::git_url;
use crate::marker::{self, Marker, Variable};
use crate::ranges::Ranges;

/// One dependency. Two are equal when the same package is asked for, whatever
/// their markers.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    /// Normalised.
    pub(crate) name: String,
    pub(crate) versions: Ranges,
    /// The versions as they were written.
    pub(crate) text: String,
    /// Where it must come from; any index where there is none.
    pub(crate) origin: Option<Origin>,
    /// Normalised.
    pub(crate) extras: BTreeSet<String>,
    /// As it was written, not simplified.
    pub(crate) marker: Marker,
    /// The short forms of two kinds of marker: `python = "…"`, `platform = "…"`.
    pub(crate) python: Option<Ranges>,
    pub(crate) platform: Option<Marker>,
    /// Whether it is there for an extra only.
    pub(crate) is_optional: bool,
    pub(crate) prereleases: bool,
    /// In the file, also where that is read in parts.
    pub(crate) span: Range<usize>,
}

/// A place that is not an index.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    Git {
        url: String,
        /// `None` where the repository's default branch is asked for.
        reference: Option<String>,
        subdirectory: Option<String>,
    },
    Url {
        url: String,
        subdirectory: Option<String>,
    },
    /// A directory or an archive, resolved.
    Path(PathBuf),
}

impl Dependency {
    /// Reads an entry of a table of dependencies: a text, a table, or several
    /// of them. Paths in it start from `base`.
    pub(crate) fn read(
        document: &Document,
        name: &str,
        value: &Value<'_>,
        base: &Path,
    ) -> Result<Vec<Self>, Error> {
        let alternatives = match value.get_ref().as_array() {
            Some(alternatives) => &alternatives[..],
            None => std::slice::from_ref(value),
        };
        alternatives
            .iter()
            .map(|value| Entry { document, value }.dependency(name, base))
            .collect()
    }

    /// Whether a package of that source is what is asked for.
    pub(crate) fn accepts(&self, source: &PackageSource) -> bool {
        match (&self.origin, source) {
            // An index is not told apart from another by the walk.
            (None, _) => true,
            (
                Some(Origin::Git {
                    url,
                    reference,
                    subdirectory,
                }),
                PackageSource::Git {
                    url: locked_url,
                    reference: locked_reference,
                    commit,
                    subdirectory: locked_subdirectory,
                },
            ) => {
                let either_starts = |locked: &str| {
                    reference.as_deref().is_none_or(|reference| {
                        reference.starts_with(locked) || locked.starts_with(reference)
                    })
                };
                // Poetry 1.0 has the commit in place of the reference.
                let is_reference = match locked_reference.as_deref() {
                    Some(locked) if locked != commit => either_starts(locked),
                    _ => true,
                };
                // A lock may have another spelling of the URL.
                let is_same =
                    url == locked_url || git_url::printed(url) == git_url::printed(locked_url);
                is_same && subdirectory == locked_subdirectory && is_reference
            }
            (
                Some(Origin::Url { url, subdirectory }),
                PackageSource::Url {
                    url: locked_url,
                    subdirectory: locked_subdirectory,
                },
            ) => url == locked_url && subdirectory == locked_subdirectory,
            (
                Some(Origin::Path(path)),
                PackageSource::Directory { path: locked, .. }
                | PackageSource::File { path: locked, .. },
            ) => *path == resolve_path(locked),
            _ => false,
        }
    }

    /// Whether its marker holds, for a package with these extras.
    pub(crate) fn holds_in(&self, target: &MarkerEnvironment, extras: &BTreeSet<String>) -> bool {
        let python = &target.python_full_version().version;
        let holds = |marker: &Marker| marker.evaluate(target, extras);
        holds(&self.marker)
            && self.platform.as_ref().is_none_or(holds)
            && self
                .python
                .as_ref()
                .is_none_or(|allowed| allowed.allows(python))
    }

    /// How an error names it.
    pub(crate) fn describe(&self) -> String {
        let extras: Vec<_> = self.extras.iter().map(String::as_str).collect();
        let name = match &extras[..] {
            [] => self.name.clone(),
            extras => format!("{}[{}]", self.name, extras.join(",")),
        };
        match &self.origin {
            None if self.text == "*" => name,
            None => format!("{name} ({})", self.text),
            Some(Origin::Git { url, .. } | Origin::Url { url, .. }) => format!("{name} @ {url}"),
            Some(Origin::Path(path)) => format!("{name} @ {}", path.display()),
        }
    }

    fn identity(&self) -> (&str, &BTreeSet<String>, Option<&Origin>, Option<&Ranges>) {
        let versions = match self.origin {
            None => Some(&self.versions),
            Some(_) => None,
        };
        (&self.name, &self.extras, self.origin.as_ref(), versions)
    }
}

impl PartialEq for Dependency {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Dependency {}

impl Hash for Dependency {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

/// One alternative of an entry.
struct Entry<'e, 'a> {
    document: &'e Document,
    value: &'e Value<'a>,
}

impl Entry<'_, '_> {
    fn dependency(&self, name: &str, base: &Path) -> Result<Dependency, Error> {
        let (text, versions) = if let Some(text) = self.value.get_ref().as_str() {
            (text, self.constraint(self.value, text)?)
        } else {
            self.document.table(self.value, "a dependency")?;
            match self.text("version")? {
                Some((text, value)) => (text, self.constraint(value, text)?),
                None => ("*", Ranges::any()),
            }
        };
        let marker = match self.text("markers")? {
            Some((text, value)) => self.marker(value, text)?,
            None => Marker::Any,
        };
        let is_behind_extra = marker
            .singles()
            .iter()
            .any(|single| single.variable == Variable::Extra);
        Ok(Dependency {
            name: normalize(name),
            versions,
            text: text.to_owned(),
            origin: self.origin(base)?,
            extras: self.extras()?,
            marker,
            python: match self.text("python")? {
                Some((text, value)) => Some(self.constraint(value, text)?),
                None => None,
            },
            platform: match self.text("platform")? {
                Some((text, value)) => Some(self.marker(value, &platform_marker(text))?),
                None => None,
            },
            is_optional: is_behind_extra || self.flag("optional"),
            prereleases: self.flag("allow-prereleases") || self.flag("allows-prereleases"),
            span: self.document.in_file(self.value.span()),
        })
    }

    fn origin(&self, base: &Path) -> Result<Option<Origin>, Error> {
        let text = |key: &str| Ok::<_, Error>(self.text(key)?.map(|(text, _)| text.to_owned()));
        let subdirectory = text("subdirectory")?;
        if let Some((url, value)) = self.text("git")? {
            if git_url::printed(url).is_none() {
                let message = format!("`{}` is not a git URL", url.escape_debug());
                return Err(self.document.invalid(value.span(), message));
            }
            let mut reference = None;
            for key in ["branch", "tag", "rev"] {
                reference = reference.or(text(key)?);
            }
            return Ok(Some(Origin::Git {
                url: url.to_owned(),
                reference,
                subdirectory,
            }));
        }
        if let Some(path) = text("file")?.or(text("path")?) {
            let path = resolve_path(&base.join(path));
            // The subdirectory of an archive is within it.
            let path = match subdirectory {
                Some(subdirectory) if !path.is_file() => path.join(subdirectory),
                _ => path,
            };
            return Ok(Some(Origin::Path(path)));
        }
        Ok(text("url")?.map(|url| Origin::Url { url, subdirectory }))
    }

    fn extras(&self) -> Result<BTreeSet<String>, Error> {
        let Some(value) = self.get("extras") else {
            return Ok(BTreeSet::new());
        };
        self.document
            .array(value, "`extras`")?
            .iter()
            .map(|extra| Ok(normalize(self.document.string(extra, "an extra")?)))
            .collect()
    }

    fn get(&self, key: &str) -> Option<&Value<'_>> {
        self.value.get_ref().as_table()?.get(key)
    }

    fn text(&self, key: &str) -> Result<Option<(&str, &Value<'_>)>, Error> {
        self.get(key)
            .map(|value| {
                let text = self.document.string(value, &format!("`{key}`"))?;
                Ok((text, value))
            })
            .transpose()
    }

    fn flag(&self, key: &str) -> bool {
        self.get(key).and_then(|value| value.get_ref().as_bool()) == Some(true)
    }

    fn constraint(&self, value: &Value<'_>, text: &str) -> Result<Ranges, Error> {
        constraint::parse(text)
            .map_err(|error| self.document.invalid(value.span(), error.to_string()))
    }

    fn marker(&self, value: &Value<'_>, text: &str) -> Result<Marker, Error> {
        marker::parse(text).map_err(|message| self.document.invalid(value.span(), message))
    }
}

/// `platform = "linux || !=win32"` as the marker that it stands for.
fn platform_marker(text: &str) -> String {
    let comparison = |part: &str| {
        let (operator, value) = match part.strip_prefix("!=") {
            Some(value) => ("!=", value),
            None => ("==", part.trim_start_matches('=')),
        };
        format!("sys_platform {operator} \"{}\"", value.trim())
    };
    let alternatives: Vec<_> = text
        .split('|')
        .filter(|part| !part.trim().is_empty())
        .map(|alternative| {
            let parts: Vec<_> = alternative
                .split(',')
                .map(|part| comparison(part.trim()))
                .collect();
            parts.join(" and ")
        })
        .collect();
    alternatives.join(" or ")
}
