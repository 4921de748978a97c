//! requirements.txt with exact versions and hashes, as pip-compile, uv and pipenv write
//! it.
//!
//! Such a file has no names of files: these come from the index, and the hashes decide
//! which of them may be used. So a lock of this kind is read, its packages are
//! [looked up](RequirementsLock::to_look_up) by whoever can ask an index, and their
//! files [added](RequirementsLock::add_files).

mod entry;
mod files;
mod line;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use layerlock_digest::Digest;
use layerlock_lock::{
    Ask, Choice, LockError, LockReader, LockWarning, LockWarningKind, LockedFile, LockedPackage,
    MAIN_GROUP, Need, PackageName, PackageSource, Selected,
};
use pep508_rs::MarkerEnvironment;

use crate::Error;
use crate::choice::Available;
use crate::compile;
use crate::marker::Active;
use crate::reader::only_wins;
use entry::{Entry, allows};
use files::Files;

pub use files::IndexOptions;

/// A requirements file with all that it includes.
#[derive(Debug)]
pub struct RequirementsLock {
    files: Files,
    allow_unhashed: bool,
    /// The files of packages, by name and version.
    listed: BTreeMap<(PackageName, String), Listed>,
}

/// What an index has of a package.
#[derive(Debug, Clone)]
struct Listed {
    source: PackageSource,
    files: Vec<LockedFile>,
}

/// A package whose files an index has to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToLookUp {
    /// The name.
    pub name: PackageName,
    /// The version.
    pub version: String,
    /// The hashes that its files may have; any where there are none.
    pub hashes: Vec<Digest>,
    /// Its line.
    pub place: layerlock_diagnostic::Place,
}

impl RequirementsLock {
    /// Reads a requirements file, and the files that it includes. `variable` gives the
    /// value of an environment variable. With `allow_unhashed` a requirement may have no
    /// hash.
    pub fn read(
        path: &Path,
        allow_unhashed: bool,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        Ok(Self {
            files: Files::read(path, variable)?,
            allow_unhashed,
            listed: BTreeMap::new(),
        })
    }

    /// Every file that was read.
    pub fn paths(&self) -> &[PathBuf] {
        &self.files.paths
    }

    /// Whether environment variables are part of what it says.
    pub fn has_variables(&self) -> bool {
        self.files.has_variables
    }

    /// Where it says that files come from.
    pub fn index_options(&self) -> &IndexOptions {
        &self.files.options
    }

    /// The packages whose files an index has to be asked for: those of an exact version,
    /// with a hash where one is asked for.
    pub fn to_look_up(&self) -> Vec<ToLookUp> {
        let mut wanted: Vec<ToLookUp> = Vec::new();
        for entry in &self.files.entries {
            for version in self.versions(entry) {
                let hashes = self.all_hashes(entry, &version);
                if self.lacks_hash(entry, &hashes) {
                    // Told where the entry is selected.
                    continue;
                }
                let same = wanted
                    .iter_mut()
                    .find(|other| other.name == entry.name && other.version == version);
                match same {
                    // One of them takes any file.
                    Some(other) if other.hashes.is_empty() || hashes.is_empty() => {
                        other.hashes.clear();
                    }
                    Some(other) => {
                        let new = hashes
                            .into_iter()
                            .filter(|hash| !other.hashes.contains(hash));
                        let new: Vec<_> = new.collect();
                        other.hashes.extend(new);
                    }
                    None => wanted.push(ToLookUp {
                        name: entry.name.clone(),
                        version,
                        hashes,
                        place: entry.place.clone(),
                    }),
                }
            }
        }
        wanted
    }

    /// The versions that a requirement is pinned to by itself or by constraints, for some
    /// targets one and for some another.
    fn versions(&self, entry: &Entry) -> BTreeSet<String> {
        if entry.source.is_some() {
            return BTreeSet::new();
        }
        if let Some(version) = entry.version() {
            return [version].into();
        }
        let pinned = self.constraints(entry).filter_map(Entry::version);
        pinned
            .filter(|version| allows(&entry.specifiers, version))
            .collect()
    }

    /// The constraints of a requirement's package.
    fn constraints(&self, entry: &Entry) -> impl Iterator<Item = &Entry> {
        let name = entry.name.clone();
        let constraints = self.files.constraints.iter();
        constraints.filter(move |one| one.name == name)
    }

    /// The hashes that the files of a version may have for some target: what an index is
    /// asked for.
    fn all_hashes(&self, entry: &Entry, version: &str) -> Vec<Digest> {
        let constraints = self.constraints(entry);
        let of_version = constraints.filter(|one| allows(&one.specifiers, version));
        let mut hashes = Vec::new();
        for hash in std::iter::once(entry)
            .chain(of_version)
            .flat_map(|one| &one.hashes)
        {
            if !hashes.contains(hash) {
                hashes.push(*hash);
            }
        }
        hashes
    }

    /// Whether one is asked for and is not among these.
    fn lacks_hash(&self, entry: &Entry, hashes: &[Digest]) -> bool {
        hashes.is_empty() && (!self.allow_unhashed || !entry.weak_hashes.is_empty())
    }

    /// Adds what an index has of a package.
    pub fn add_files(&mut self, package: &ToLookUp, source: PackageSource, files: Vec<LockedFile>) {
        let key = (package.name.clone(), package.version.clone());
        self.listed.insert(key, Listed { source, files });
    }

    /// The version that a requirement is pinned to for a target, with the help of the
    /// constraints that hold there. Nothing where it lies somewhere.
    fn pinned(
        &self,
        entry: &Entry,
        environment: &MarkerEnvironment,
    ) -> Result<Option<Pinned>, Error> {
        if entry.source.is_some() {
            return Ok(None);
        }
        let active = Active::default();
        let constraints = self.constraints(entry).filter(|one| {
            let marker = one.marker.as_ref();
            marker.is_none_or(|marker| marker.holds(environment, &active))
        });
        let constraints: Vec<&Entry> = constraints.collect();
        if let Some(located) = constraints.iter().find(|one| one.source.is_some()) {
            let message = "a constraint that is a URL or a path is not read: write it into the \
                           requirements";
            return Err(Error::invalid(located.place.clone(), message));
        }
        let of_constraint = constraints.iter().find_map(|one| one.version());
        let Some(version) = entry.version().or(of_constraint) else {
            return Err(Error::NotPinned {
                place: entry.place.clone().into(),
                requirement: entry.text.clone(),
            });
        };
        for constraint in &constraints {
            if !allows(&constraint.specifiers, &version) {
                let message = format!(
                    "the constraint `{}` does not allow {} {version}",
                    constraint.text, entry.name
                );
                return Err(Error::invalid(constraint.place.clone(), message));
            }
        }
        if !allows(&entry.specifiers, &version) {
            let message = format!("`{}` does not allow the constraint's {version}", entry.text);
            return Err(Error::invalid(entry.place.clone(), message));
        }
        let hashes = common_hashes(std::iter::once(entry).chain(constraints));
        match &hashes {
            Some(common) if common.is_empty() => {
                let message = format!("no hash of `{}` is one of its constraint's", entry.text);
                Err(Error::invalid(entry.place.clone(), message))
            }
            None if self.lacks_hash(entry, &[]) => Err(Error::NoHash {
                place: entry.place.clone().into(),
                requirement: entry.text.clone(),
                weak: entry.weak_hashes.clone(),
            }),
            _ => Ok(Some(Pinned { version, hashes })),
        }
    }

    /// The requirements that hold for a target.
    fn entries(
        &self,
        choice: &Choice,
        environment: &MarkerEnvironment,
    ) -> Result<Vec<&Entry>, Error> {
        let chosen = Available::default().resolve(choice)?;
        let active = Active::default();
        let entries = self.files.entries.iter().filter(|entry| {
            let marker = entry.marker.as_ref();
            chosen.main && marker.is_none_or(|marker| marker.holds(environment, &active))
        });
        Ok(entries.collect())
    }

    fn select(&self, choice: &Choice, environment: &MarkerEnvironment) -> Result<Selected, Error> {
        let mut packages: BTreeMap<PackageName, LockedPackage> = BTreeMap::new();
        let mut via: BTreeMap<PackageName, BTreeSet<String>> = BTreeMap::new();
        for entry in self.entries(choice, environment)? {
            let package = self.package(entry, environment)?;
            let of_entry = entry.via.iter().cloned();
            via.entry(entry.name.clone()).or_default().extend(of_entry);
            let Some(other) = packages.get_mut(&entry.name) else {
                packages.insert(entry.name.clone(), package);
                continue;
            };
            if other.version != package.version || other.source != package.source {
                return Err(Error::TwoVersions {
                    name: entry.name.to_string(),
                    first: other.version.clone(),
                    second: package.version,
                    place: package.place.into(),
                });
            }
            other.extras.extend(package.extras);
            other.extras.sort();
            other.extras.dedup();
        }
        let packages = packages.into_values().collect();
        Ok(with_needs(packages, &via, &self.package_names()))
    }

    fn package(
        &self,
        entry: &Entry,
        environment: &MarkerEnvironment,
    ) -> Result<LockedPackage, Error> {
        if let Some(location) = &entry.missing {
            let message = format!("there is no `{}`", location.escape_debug());
            return Err(Error::invalid(entry.place.clone(), message));
        }
        let of_some_index = PackageSource::Registry {
            url: None,
            reference: None,
        };
        let (version, source, files) = if let Some(pinned) = self.pinned(entry, environment)? {
            let key = (entry.name.clone(), pinned.version.clone());
            match self.listed.get(&key).cloned() {
                Some(Listed { source, mut files }) => {
                    files.retain(|file| pinned.allows(file));
                    (pinned.version, source, files)
                }
                None => (pinned.version, of_some_index, Vec::new()),
            }
        } else {
            let source = entry.source.clone().unwrap_or(of_some_index);
            let files = self.located_files(entry, &source)?;
            (String::new(), source, files)
        };
        Ok(LockedPackage {
            name: entry.name.clone(),
            version,
            source,
            extras: entry.extras.clone(),
            groups: vec![MAIN_GROUP.to_owned()],
            files,
            place: entry.place.clone(),
            requires_python: "*".to_owned(),
        })
    }

    /// The hash of a file at a URL. An archive on this machine, a directory and a commit
    /// need none.
    fn located_files(
        &self,
        entry: &Entry,
        source: &PackageSource,
    ) -> Result<Vec<LockedFile>, Error> {
        let name = match source {
            PackageSource::Url { url, .. } => crate::file_url::file_name_of(url),
            PackageSource::File { path, .. } => {
                let name = path.file_name().and_then(|name| name.to_str());
                name.unwrap_or_default().to_owned()
            }
            _ => return Ok(Vec::new()),
        };
        if entry.hashes.is_empty() {
            let is_remote = matches!(source, PackageSource::Url { .. });
            if is_remote && self.lacks_hash(entry, &[]) {
                return Err(Error::NoHash {
                    place: entry.place.clone().into(),
                    requirement: entry.text.clone(),
                    weak: entry.weak_hashes.clone(),
                });
            }
            return Ok(Vec::new());
        }
        let file = |digest: &Digest| LockedFile {
            name: name.clone(),
            url: None,
            size: None,
            digests: vec![*digest],
            weak_hash: None,
        };
        Ok(entry.hashes.iter().map(file).collect())
    }

    /// The requirements that nothing proves.
    fn unhashed(&self) -> Vec<String> {
        let mut names = Vec::new();
        for package in self.to_look_up() {
            let name = package.name.to_string();
            if package.hashes.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// The version that a requirement is pinned to, and the hashes that its file may have: any
/// where none is said.
struct Pinned {
    version: String,
    hashes: Option<Vec<Digest>>,
}

impl Pinned {
    fn allows(&self, file: &LockedFile) -> bool {
        let is_one = |hashes: &Vec<Digest>| file.digests.iter().any(|it| hashes.contains(it));
        self.hashes.as_ref().is_none_or(is_one)
    }
}

/// The hashes that a requirement and its constraints allow: each those that it has, and any
/// where it has none. Nothing where none of them has one. So pip takes them.
fn common_hashes<'e>(entries: impl Iterator<Item = &'e Entry>) -> Option<Vec<Digest>> {
    let with_hashes = entries.filter(|entry| !entry.hashes.is_empty());
    with_hashes.fold(None, |common, entry| match common {
        None => Some(entry.hashes.clone()),
        Some(mut common) => {
            common.retain(|hash| entry.hashes.contains(hash));
            Some(common)
        }
    })
}

/// The packages with what needs them, where comments say so. What no package is said to
/// need is asked for by the project itself.
fn with_needs(
    packages: Vec<LockedPackage>,
    via: &BTreeMap<PackageName, BTreeSet<String>>,
    locked: &[PackageName],
) -> Selected {
    let names: Vec<PackageName> = packages
        .iter()
        .map(|package| package.name.clone())
        .collect();
    let mut needs: BTreeMap<PackageName, Vec<(PackageName, Need)>> = BTreeMap::new();
    let mut requested = Vec::new();
    for name in &names {
        let parents = parents(via.get(name).into_iter().flatten(), locked, &names);
        if parents.contains(&None) {
            requested.push(name.clone());
        }
        for parent in parents.into_iter().flatten() {
            let need = (name.clone(), Need::default());
            needs.entry(parent).or_default().push(need);
        }
    }
    Selected::new(packages, requested, needs)
}

/// The selected packages that comments name; `None` where they name the project or a file,
/// or nothing that is selected. A file of constraints asks for nothing.
fn parents<'c>(
    comments: impl Iterator<Item = &'c String>,
    locked: &[PackageName],
    selected: &[PackageName],
) -> BTreeSet<Option<PackageName>> {
    let asking = comments.filter(|comment| !comment.starts_with("-c "));
    let named = asking.map(|comment| {
        let bare = comment.split(['[', ' ']).next().unwrap_or(comment);
        let parent: Option<PackageName> = bare.parse().ok();
        parent.filter(|parent| locked.contains(parent))
    });
    // What another target gets asks for nothing here.
    let is_here =
        |parent: &Option<PackageName>| parent.as_ref().is_none_or(|it| selected.contains(it));
    let mut parents: BTreeSet<_> = named.filter(is_here).collect();
    if parents.is_empty() {
        parents.insert(None);
    }
    parents
}

/// Who asks for what, as comments say.
fn asks_of(entries: &[&Entry], locked: &[PackageName]) -> Vec<Ask> {
    let names: Vec<PackageName> = entries.iter().map(|entry| entry.name.clone()).collect();
    let mut asks = BTreeSet::new();
    for entry in entries {
        let marker = entry.marker.as_ref();
        let parents = parents(entry.via.iter(), locked, &names);
        asks.extend(parents.into_iter().map(|by| Ask {
            group: by.is_none().then(|| MAIN_GROUP.to_owned()),
            by,
            package: entry.name.clone(),
            behind: Vec::new(),
            extras: entry.extras.clone(),
            versions: None,
            marker: marker.and_then(|marker| marker.without_sets(&Active::default())),
        }));
    }
    asks.into_iter().collect()
}

impl LockReader for RequirementsLock {
    fn warnings(&self, choice: &Choice) -> Result<Vec<LockWarning>, LockError> {
        let chosen = Available::default().resolve(choice)?;
        let mut warnings: Vec<LockWarning> = chosen.only_wins.then(only_wins).into_iter().collect();
        // Without the flag each has one.
        let unhashed = if self.allow_unhashed {
            self.unhashed()
        } else {
            Vec::new()
        };
        if !unhashed.is_empty() {
            warnings.push(LockWarning {
                message: format!(
                    "no hash in {} proves what is taken from the index: {}",
                    self.files.paths[0].display(),
                    unhashed.join(", ")
                ),
                place: None,
                kind: LockWarningKind::Unhashed,
                hint: Some(format!(
                    "make hashes: {}",
                    compile::command(&self.files.paths[0])
                )),
            });
        }
        Ok(warnings)
    }

    fn target_warnings(&self, _: &MarkerEnvironment) -> Vec<LockWarning> {
        Vec::new()
    }

    fn select(
        &self,
        choice: &Choice,
        environment: &MarkerEnvironment,
    ) -> Result<Selected, LockError> {
        Ok(self.select(choice, environment)?)
    }

    fn asks(
        &self,
        choice: &Choice,
        environment: &MarkerEnvironment,
    ) -> Result<Vec<Ask>, LockError> {
        let entries = self.entries(choice, environment)?;
        Ok(asks_of(&entries, &self.package_names()))
    }

    fn tells_needs(&self) -> bool {
        self.files.entries.iter().any(|entry| !entry.via.is_empty())
    }

    fn package_names(&self) -> Vec<PackageName> {
        let entries = self.files.entries.iter();
        entries.map(|entry| entry.name.clone()).collect()
    }
}
