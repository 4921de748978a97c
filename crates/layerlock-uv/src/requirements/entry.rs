//! One requirement of a requirements file.

use std::path::Path;
use std::str::FromStr;

use layerlock_diagnostic::Place;
use layerlock_digest::Digest;
use layerlock_lock::{PackageName, PackageSource, normalize_name};
use pep440_rs::{Operator, Version, VersionSpecifiers};

use crate::document::Document;
use crate::file_url::file_name_of;
use crate::marker::Marker;
use crate::project::UvProject;

/// A requirement.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: PackageName,
    pub(super) extras: Vec<String>,
    /// Which versions it allows.
    pub(super) specifiers: VersionSpecifiers,
    /// Where it lies, unless it is of an index.
    pub(super) source: Option<PackageSource>,
    /// The path as it is written, where nothing is there.
    pub(super) missing: Option<String>,
    pub(super) marker: Option<Marker>,
    pub(super) hashes: Vec<Digest>,
    /// Hashes that prove nothing.
    pub(super) weak_hashes: Vec<String>,
    /// What it was written for, as pip-compile and uv tell.
    pub(super) via: Vec<String>,
    /// As it is written, without its hashes.
    pub(super) text: String,
    pub(super) place: Place,
}

impl Entry {
    /// The one version that it allows.
    pub(super) fn version(&self) -> Option<String> {
        match &self.specifiers[..] {
            [only] if matches!(only.operator(), Operator::Equal | Operator::ExactEqual) => {
                Some(only.version().to_string())
            }
            _ => None,
        }
    }

    /// Reads a requirement. `directory` is where relative paths start.
    pub(super) fn parse(
        text: &str,
        is_editable: bool,
        directory: &Path,
        place: Place,
    ) -> Result<Self, String> {
        let (requirement, options) = split_options(text);
        let (hashes, weak_hashes) = read_hashes(options)?;
        let (body, marker) = split_marker(requirement);
        let marker = marker.map(Marker::parse).transpose()?;
        let parsed = if is_direct(body) || !(is_editable || is_location(body)) {
            named(body, directory)?
        } else {
            located(None, body, is_editable, directory)?
        };
        Ok(Self {
            name: parsed.name,
            extras: parsed.extras,
            specifiers: parsed.specifiers,
            source: parsed.source,
            missing: parsed.missing,
            marker,
            hashes: [hashes, parsed.hashes].concat(),
            weak_hashes: [weak_hashes, parsed.weak_hashes].concat(),
            via: Vec::new(),
            text: layerlock_diagnostic::mask_user_info(requirement.trim()),
            place,
        })
    }
}

struct Parsed {
    name: PackageName,
    extras: Vec<String>,
    specifiers: VersionSpecifiers,
    source: Option<PackageSource>,
    missing: Option<String>,
    /// Those of a URL's fragment, which count as those of options do.
    hashes: Vec<Digest>,
    weak_hashes: Vec<String>,
}

/// The requirement, and its own options behind it.
fn split_options(text: &str) -> (&str, &str) {
    match text.find(" --") {
        Some(at) => (&text[..at], text[at..].trim()),
        None => (text, ""),
    }
}

/// `--hash=sha256:…` or `--hash sha256:…`, as often as one likes.
fn read_hashes(options: &str) -> Result<(Vec<Digest>, Vec<String>), String> {
    let (mut hashes, mut weak) = (Vec::new(), Vec::new());
    let mut words = options.split_whitespace();
    while let Some(word) = words.next() {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (word, words.next()),
        };
        let value = value.unwrap_or_default();
        match option {
            "--hash" if value.is_empty() => return Err("`--hash` without a hash".to_owned()),
            "--hash" => match value.parse() {
                Ok(digest) => hashes.push(digest),
                Err(_) => weak.push(value.to_owned()),
            },
            // What a build would be told.
            "--config-settings" | "--config-setting" | "--global-option" | "--install-option" => {}
            other => return Err(format!("unknown option `{}`", other.escape_debug())),
        }
    }
    Ok((hashes, weak))
}

/// A marker follows a `;`: after a URL, which may have one in it, behind a blank.
fn split_marker(text: &str) -> (&str, Option<&str>) {
    let separator = if text.contains("://") { " ;" } else { ";" };
    match text.split_once(separator) {
        Some((body, marker)) => (body.trim(), Some(marker.trim())),
        None => (text.trim(), None),
    }
}

/// Whether it is `NAME @ LOCATION`, with or without extras and blanks.
fn is_direct(body: &str) -> bool {
    let (name, rest) = split_name(body);
    let rest = rest.trim_start();
    let after_extras = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').map_or("", |(_, rest)| rest),
        None => rest,
    };
    !name.is_empty() && after_extras.trim_start().starts_with('@')
}

/// Whether what is not direct is a path or a URL alone.
fn is_location(body: &str) -> bool {
    body.starts_with('.') || body.contains('/') || is_archive(body)
}

/// What may be a package's name, and what follows it.
fn split_name(body: &str) -> (&str, &str) {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    body.split_at(body.find(|c: char| !is_name(c)).unwrap_or(body.len()))
}

fn is_archive(body: &str) -> bool {
    let path = body.split('[').next().unwrap_or(body);
    [".whl", ".tar.gz", ".zip", ".tar.bz2", ".tar.xz"]
        .iter()
        .any(|ending| path.ends_with(ending))
}

fn named(body: &str, directory: &Path) -> Result<Parsed, String> {
    let (name, rest) = split_name(body);
    if name.is_empty() {
        return Err(format!("no package name before `{}`", body.escape_debug()));
    }
    let name: PackageName = name.parse().map_err(|error| format!("{error}"))?;
    let (extras, rest) = extras(rest.trim_start())?;
    if let Some(location) = rest.strip_prefix('@') {
        let parsed = located(Some(name.clone()), location.trim(), false, directory)?;
        return Ok(Parsed { extras, ..parsed });
    }
    // So setuptools once wrote it.
    let rest = rest.trim();
    let rest = rest
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .unwrap_or(rest);
    let specifiers = VersionSpecifiers::from_str(rest)
        .map_err(|_| format!("`{}` is not a range of versions", rest.escape_debug()))?;
    Ok(Parsed {
        name,
        extras,
        specifiers,
        source: None,
        missing: None,
        hashes: Vec::new(),
        weak_hashes: Vec::new(),
    })
}

/// `[a, b]`, and what follows it.
fn extras(text: &str) -> Result<(Vec<String>, &str), String> {
    let Some(rest) = text.strip_prefix('[') else {
        return Ok((Vec::new(), text));
    };
    let (list, rest) = rest
        .split_once(']')
        .ok_or_else(|| "no end to the extras".to_owned())?;
    let names = list
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let mut names: Vec<String> = names.map(normalize_name).collect();
    names.sort();
    names.dedup();
    Ok((names, rest.trim_start()))
}

/// What a URL or a path is.
fn located(
    name: Option<PackageName>,
    text: &str,
    is_editable: bool,
    directory: &Path,
) -> Result<Parsed, String> {
    let (location, fragment) = match text.split_once('#') {
        Some((location, fragment)) => (location, fragment),
        None => (text, ""),
    };
    let value = |key: &str| {
        let mut pairs = fragment.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == key).map(|(_, value)| value)
    };
    let (location, bracketed) = match location
        .strip_suffix(']')
        .and_then(|it| it.rsplit_once('['))
    {
        Some((location, _)) => (location, extras(&text[location.len()..])?.0),
        None => (location, Vec::new()),
    };
    let (mut hashes, mut weak_hashes) = (Vec::new(), Vec::new());
    for algorithm in HASHES {
        let Some(hex) = value(algorithm) else {
            continue;
        };
        let hash = format!("{algorithm}:{hex}");
        match hash.parse() {
            Ok(digest) => hashes.push(digest),
            Err(_) => weak_hashes.push(hash),
        }
    }
    let subdirectory = value("subdirectory").map(str::to_owned);
    let mut missing = None;
    let source = if let Some(git) = location.strip_prefix("git+") {
        git_source(git, subdirectory)?
    } else if let Some(path) = local_path(location, directory) {
        let is_there = path.exists();
        let is_named = name.is_some() || value("egg").is_some() || is_archive(location);
        if !is_there && !is_named {
            return Err(format!("there is no `{}`", location.escape_debug()));
        }
        // Only who gets it needs it.
        missing = (!is_there).then(|| location.to_owned());
        if path.is_dir() {
            PackageSource::Directory {
                path,
                develop: is_editable,
            }
        } else {
            PackageSource::File { path, subdirectory }
        }
    } else if location.starts_with("http://") || location.starts_with("https://") {
        if file_name_of(location).is_empty() {
            let shown = layerlock_url::shown(location);
            return Err(format!("`{shown}` names no file"));
        }
        PackageSource::Url {
            url: location.to_owned(),
            subdirectory,
        }
    } else {
        let shown = layerlock_url::shown(location);
        return Err(format!(
            "`{shown}` is neither of http, https, git nor on this machine"
        ));
    };
    let name = match (name, value("egg")) {
        (Some(name), _) => name,
        (None, Some(egg)) => {
            let egg = egg.split('[').next().unwrap_or(egg);
            egg.parse().map_err(|error| format!("{error}"))?
        }
        (None, None) => name_of(&source)?,
    };
    Ok(Parsed {
        name,
        extras: bracketed,
        specifiers: VersionSpecifiers::empty(),
        source: Some(source),
        missing,
        hashes,
        weak_hashes,
    })
}

/// The algorithms that a fragment can name a hash of, as pip knows them.
const HASHES: [&str; 6] = ["sha512", "sha384", "sha256", "sha224", "sha1", "md5"];

/// `URL@COMMIT`
fn git_source(text: &str, subdirectory: Option<String>) -> Result<PackageSource, String> {
    let after_host = text.find("://").map_or(0, |at| at + 3);
    let path = text[after_host..]
        .find('/')
        .map_or(text.len(), |at| after_host + at);
    let is_commit = |text: &str| {
        matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    match text[path..].rsplit_once('@') {
        Some((rest, commit)) if is_commit(commit) => Ok(PackageSource::Git {
            url: text[..path + rest.len()].to_owned(),
            reference: None,
            commit: commit.to_owned(),
            subdirectory,
        }),
        _ => Err("a git requirement has to name the whole commit: `git+URL@COMMIT`".to_owned()),
    }
}

/// A path, or the path of a `file:` URL.
fn local_path(location: &str, directory: &Path) -> Option<std::path::PathBuf> {
    let base = || Path::new(".").join(directory);
    if let Some(rest) = location.strip_prefix("file:") {
        if rest.starts_with("///") {
            return url::Url::parse(location).ok()?.to_file_path().ok();
        }
        return Some(base().join(rest));
    }
    (!location.contains("://")).then(|| base().join(location))
}

/// The name of what has none in its requirement.
fn name_of(source: &PackageSource) -> Result<PackageName, String> {
    let name = match source {
        PackageSource::Directory { path, .. } => {
            let project = UvProject::read(path).ok().flatten();
            project.and_then(|project| project.name)
        }
        PackageSource::Url { url, .. } => of_archive(&file_name_of(url)),
        PackageSource::File { path, .. } => {
            let name = path.file_name().and_then(|name| name.to_str());
            name.and_then(of_archive)
        }
        _ => None,
    };
    let name = name
        .ok_or_else(|| "what package this is does not show: write `NAME @` before it".to_owned())?;
    name.parse().map_err(|error| format!("{error}"))
}

/// The name at the start of a wheel's name, or of a source distribution's.
fn of_archive(file: &str) -> Option<String> {
    if let Some(wheel) = file.strip_suffix(".whl") {
        return Some(normalize_name(wheel.split('-').next()?));
    }
    let (name, version) = file.rsplit_once('-')?;
    let is_version = version.starts_with(|c: char| c.is_ascii_digit());
    is_version.then(|| normalize_name(name))
}

/// The comment of pip-compile and uv that says what a requirement is for.
pub(super) fn via(comments: &[String]) -> Vec<String> {
    let mut via = Vec::new();
    let mut is_within = false;
    for comment in comments {
        let names = match comment.strip_prefix("via") {
            Some(rest) if rest.is_empty() || rest.starts_with(' ') => {
                is_within = true;
                rest
            }
            _ => comment,
        };
        if is_within {
            let names = names
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty());
            via.extend(names.map(str::to_owned));
        }
    }
    via
}

/// Whether a version is allowed by another entry's specifiers.
pub(super) fn allows(specifiers: &VersionSpecifiers, version: &str) -> bool {
    Version::from_str(version).is_ok_and(|version| specifiers.contains(&version))
}

/// The place of a line.
pub(super) fn place_of(document: &Document, span: std::ops::Range<usize>) -> Place {
    document.place_in_file(span)
}
