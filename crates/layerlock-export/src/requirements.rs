//! The text that `poetry export` prints for a lock.
//!
//! With a lock of version 2.1 nothing is resolved: a package is printed when
//! one of its groups is asked for, with the markers of those groups joined by
//! `or`, extras settled, and the Python range of the project and of the package
//! itself put before them. Older locks are walked ([`crate::walk`]), and a
//! package is printed once for each set of extras that it is needed with.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use layerlock_lock::{Choice, PackageSource, Priority};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Error;
use crate::choice::resolve;
use crate::constraint::PythonConstraint;
use crate::credentials::SourceCredentials;
use crate::document::resolve_path;
use crate::git_url;
use crate::lock::{File, Lock, Markers, Package};
use crate::marker::{Algebra, Marker, python_marker};
use crate::project::Project;
use crate::selection::{Selection, in_order};
use crate::tables::DEFAULT_SOURCE;
use crate::walk::walk;

/// What goes into the text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequirementsOptions {
    /// `--without-hashes`: no `--hash` lines.
    pub without_hashes: bool,
    /// `--without-urls`: no lines that name an index.
    pub without_urls: bool,
    /// `--with-credentials`: what to put into the URLs of indexes. The
    /// plugin puts it into `--trusted-host` lines too, where pip does not
    /// recognise the host any more, and doubles what a URL has itself;
    /// neither is done here.
    pub credentials: SourceCredentials,
}

/// The packages that a choice of groups and extras selects, as a
/// requirements.txt for every environment that the project allows. The text is
/// that of `poetry export`, with the paths of local packages made absolute.
pub fn requirements(
    project: &Project,
    lock: &Lock,
    choice: &Choice,
    options: &RequirementsOptions,
) -> Result<String, Error> {
    let selection = resolve(choice, project)?;
    let printed = printed(project, lock, &selection)?;
    Ok(text(project, &printed, options))
}

/// The same packages as a constraints.txt, which knows neither extras nor
/// editable packages. The latter are left out, and named beside the text.
pub fn constraints(
    project: &Project,
    lock: &Lock,
    choice: &Choice,
    options: &RequirementsOptions,
) -> Result<(String, Vec<String>), Error> {
    let selection = resolve(choice, project)?;
    let mut left_out = Vec::new();
    let mut kept = Vec::new();
    for mut printed in printed(project, lock, &selection)? {
        printed.name = printed.package.name.to_string();
        if printed.package.is_editable {
            left_out.push(printed.name);
        } else {
            kept.push(printed);
        }
    }
    Ok((text(project, &kept, options), left_out))
}

fn text(project: &Project, printed: &[Printed<'_>], options: &RequirementsOptions) -> String {
    let mut lines = BTreeSet::new();
    let mut indexes = BTreeSet::new();
    for printed in printed {
        if let PackageSource::Registry { url: Some(url), .. } = &printed.package.source {
            indexes.insert(url.trim_end_matches('/'));
        }
        lines.insert(line(printed, options));
    }
    let mut text = if indexes.is_empty() || options.without_urls {
        String::new()
    } else {
        index_lines(project, &indexes, &options.credentials)
    };
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        text.push_str(line);
    }
    text.push('\n');
    text
}

/// What a line is made of.
struct Printed<'l> {
    package: &'l Package,
    /// The name, with extras where the lock is one that keeps them.
    name: String,
    marker: String,
}

fn printed<'l>(
    project: &Project,
    lock: &'l Lock,
    selection: &Selection,
) -> Result<Vec<Printed<'l>>, Error> {
    let packages = lock.packages();
    if let Some(graph) = lock.graph() {
        let decisions = walk(project, lock, graph, selection, None)?;
        return Ok(decisions
            .into_iter()
            .map(|decision| {
                let package = &packages[decision.package];
                let extras: Vec<_> = decision.extras.into_iter().collect();
                Printed {
                    package,
                    name: match &extras[..] {
                        [] => package.name.to_string(),
                        extras => format!("{}[{}]", package.name, extras.join(",")),
                    },
                    marker: match decision.marker {
                        Marker::Any | Marker::Empty => String::new(),
                        marker => marker.text_of_poetry_1(),
                    },
                }
            })
            .collect());
    }
    let mut markers = MarkerTexts::new(project, selection)?;
    Ok(packages
        .iter()
        .filter_map(|package| {
            Some(Printed {
                package,
                name: package.name.to_string(),
                marker: markers.of(package, selection)?,
            })
        })
        .collect())
}

/// Works out the markers' texts; packages share them, so each is worked out
/// once.
pub(crate) struct MarkerTexts {
    algebra: Algebra,
    groups: Vec<String>,
    project: Marker,
    /// By the marker in the lock and the package's Python range, whose text is
    /// kept in the marker: `<4.0` and `<4.0.0` are the same range.
    known: HashMap<(Marker, String), String>,
}

impl MarkerTexts {
    pub(crate) fn new(project: &Project, selection: &Selection) -> Result<Self, Error> {
        let mut algebra = Algebra::default();
        Ok(Self {
            project: project.python_marker(&mut algebra)?,
            algebra,
            groups: in_order(&selection.groups),
            known: HashMap::new(),
        })
    }

    /// The range of Python that the project allows.
    pub(crate) fn project(&self) -> &Marker {
        &self.project
    }

    /// The marker that the lock has for a package in the selected groups, with
    /// extras settled; `None` where the package is not selected.
    pub(crate) fn settled(&mut self, package: &Package, selection: &Selection) -> Option<Marker> {
        let marker = self.in_groups(package)?;
        let marker = self.algebra.apply_extras(&marker, &selection.extras);
        (marker != Marker::Empty).then_some(marker)
    }

    /// The marker of a package as a text, `None` where the package is not
    /// selected.
    fn of(&mut self, package: &Package, selection: &Selection) -> Option<String> {
        let marker = self.settled(package, selection)?;
        let key = (marker, package.python.text().to_owned());
        if let Some(text) = self.known.get(&key) {
            return Some(text.clone());
        }
        let text = self.text(&key.0, &package.python);
        self.known.insert(key, text.clone());
        Some(text)
    }

    /// The markers of the selected groups joined by `or`, `None` where there
    /// are no such groups.
    fn in_groups(&mut self, package: &Package) -> Option<Marker> {
        let mut joined = None;
        for group in &self.groups {
            if !package.groups.contains(group) {
                continue;
            }
            let marker = match &package.markers {
                Markers::All(marker) => marker,
                Markers::Groups(markers) => markers.get(group).unwrap_or(&Marker::Any),
            };
            let marker = self.algebra.simplify(marker);
            joined = Some(match joined {
                Some(joined) => self.algebra.union(&joined, &marker),
                None => marker,
            });
        }
        joined
    }

    fn text(&mut self, marker: &Marker, python: &PythonConstraint) -> String {
        let mut marker = self.algebra.intersect(&self.project, marker);
        // A range that was read can be written as a marker; if not, the
        // package's own range is left to pip, which knows it as well.
        if !python.is_any()
            && let Ok(own) = python_marker(&mut self.algebra, python.ranges())
        {
            marker = self.algebra.intersect(&marker, &own);
        }
        match self.algebra.rejoin(&marker) {
            // Poetry prints a package that can never be needed without any
            // marker.
            Marker::Any | Marker::Empty => String::new(),
            marker => marker.to_string(),
        }
    }
}

fn line(printed: &Printed<'_>, options: &RequirementsOptions) -> String {
    let mut line = reference(printed.package, &printed.name);
    if !printed.marker.is_empty() {
        line.push_str(" ; ");
        line.push_str(&printed.marker);
    }
    if !options.without_hashes {
        for hash in hashes(&printed.package.files) {
            line.push_str(" \\\n    --hash=");
            line.push_str(&hash);
        }
    }
    line
}

fn reference(package: &Package, name: &str) -> String {
    let fragment = |subdirectory: &Option<String>| match subdirectory {
        Some(subdirectory) => format!("#subdirectory={subdirectory}"),
        None => String::new(),
    };
    match &package.source {
        PackageSource::Registry { .. } => format!("{name}=={}", package.printed_version),
        PackageSource::Git {
            url,
            commit,
            subdirectory,
            ..
        } => {
            let fragment = fragment(subdirectory);
            let url = git_url::printed(url).unwrap_or_else(|| url.clone());
            format!("{name} @ git+{url}@{commit}{fragment}")
        }
        PackageSource::Url { url, subdirectory } => {
            format!("{name} @ {url}{}", fragment(subdirectory))
        }
        PackageSource::Directory { path, .. } | PackageSource::File { path, .. } => {
            let url = file_url(path);
            if package.is_editable {
                format!("-e {url}")
            } else {
                format!("{name} @ {url}")
            }
        }
    }
}

/// The hashes that pip accepts, sorted; a bare digest is one of sha256.
fn hashes(files: &[File]) -> Vec<String> {
    let mut hashes: Vec<_> = files
        .iter()
        .filter_map(|file| match file.hash.split_once(':') {
            None => Some(format!("sha256:{}", file.hash)),
            Some(("sha256" | "sha384" | "sha512", _)) => Some(file.hash.clone()),
            Some(_) => None,
        })
        .collect();
    hashes.sort();
    hashes
}

/// What Python's `Path.as_uri` leaves as it is, besides letters and digits.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

fn file_url(path: &Path) -> String {
    let path = resolve_path(path);
    let text = path.to_string_lossy();
    let text = text.strip_prefix(r"\\?\").unwrap_or(&text);
    // A path with a drive letter has no slash of its own at the start.
    let (mut url, text) = if std::path::MAIN_SEPARATOR == '\\' {
        ("file:///".to_owned(), text.replace('\\', "/"))
    } else {
        ("file://".to_owned(), text.to_owned())
    };
    // A colon is left alone behind a drive letter.
    if std::path::MAIN_SEPARATOR == '\\' && text.as_bytes().get(1) == Some(&b':') {
        url.push_str(&text[..2]);
        url.extend(utf8_percent_encode(&text[2..], PATH));
    } else {
        url.extend(utf8_percent_encode(&text, PATH));
    }
    url
}

/// A line for each source that a printed package comes from, in the order in
/// which they are asked, and an empty one.
fn index_lines(
    project: &Project,
    indexes: &BTreeSet<&str>,
    credentials: &SourceCredentials,
) -> String {
    let sources = project.sources_by_priority();
    // The default index is there unless a primary source takes its place.
    let has_default = sources
        .iter()
        .any(|source| source.name.eq_ignore_ascii_case(DEFAULT_SOURCE))
        || sources
            .iter()
            .all(|source| source.priority > Priority::Primary);
    let mut lines = String::new();
    for (number, source) in sources.iter().enumerate() {
        let Some(url) = source.url.as_deref().filter(|url| indexes.contains(url)) else {
            continue;
        };
        if let Some(rest) = url.strip_prefix("http://") {
            let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
            lines.push_str("--trusted-host ");
            lines.push_str(host);
            lines.push('\n');
        }
        lines.push_str(if number == 0 && !has_default {
            "--index-url "
        } else {
            "--extra-index-url "
        });
        lines.push_str(&credentials.put_into(url, &source.name));
        lines.push('\n');
    }
    lines.push('\n');
    lines
}
