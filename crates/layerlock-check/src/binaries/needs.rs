//! Whether each file finds the libraries that it needs, in the versions that it needs.

use std::collections::{BTreeMap, HashMap, HashSet};

use layerlock_elf::{Binary, Elf, Kind};
use layerlock_target::{LibraryPresence, Runtime};

use super::files::{Files, split};
use super::fold::Fault;
use super::hints;
use super::loader::{Found, Need, load};
use super::names::{is_library_name, node_package};
use super::role::role;
use crate::{Code, Severity};

/// What a file needs, as it was found first.
struct Known<'a> {
    need: Need<'a>,
    root: &'a str,
    /// Whether a function gets at the file.
    is_reached: bool,
}

/// Checks what each file needs, of those that a loader takes.
pub(super) fn check<'a>(files: &Files<'a>, unfit: &HashSet<&'a str>, faults: &mut Vec<Fault<'a>>) {
    let mut roots: Vec<(&'a str, &'a Elf, bool)> = files
        .binaries()
        .filter_map(|(path, binary)| match binary {
            // Packages of Node look for their libraries themselves.
            Binary::Elf(_) if node_package(path).is_some() => None,
            Binary::Elf(elf) if files.runs(elf) && !unfit.contains(path) => {
                Some((path, &**elf, role(files, path, Some(elf)).is_root()))
            }
            _ => None,
        })
        .collect();
    // Those that a function gets at come first, and then what none of them needs.
    roots.sort_by_key(|(.., is_root)| !is_root);
    let mut reached: HashSet<&'a str> = HashSet::new();
    let mut needs = Needs::default();
    for &(root, _, is_root) in &roots {
        if !is_root && reached.contains(root) {
            continue;
        }
        reached.insert(root);
        for need in load(files, root) {
            if let Found::InLayer(path) = need.found {
                reached.insert(path);
            }
            needs.add(Known {
                need,
                root,
                is_reached: is_root,
            });
        }
    }
    let of_reached: HashSet<&'a str> = needs.reached();
    for known in needs.by_file() {
        faults.extend(missing(files, &known, &of_reached));
    }
    for (path, elf, is_root) in roots {
        let severity = severity(is_root || of_reached.contains(path));
        let found = |library: &str| needs.found(path, library);
        faults.extend(versions(files, path, elf, found).map(|fault| lowered(fault, severity)));
        faults.extend(packed(files, path, elf).map(|fault| lowered(fault, severity)));
    }
}

/// What all files need, each library of a file once: as badly as it was ever found.
#[derive(Default)]
struct Needs<'a> {
    all: Vec<Known<'a>>,
    index: HashMap<(&'a str, &'a str), usize>,
}

impl<'a> Needs<'a> {
    fn add(&mut self, known: Known<'a>) {
        let key = (known.need.file, known.need.library);
        let Some(&index) = self.index.get(&key) else {
            self.index.insert(key, self.all.len());
            self.all.push(known);
            return;
        };
        let earlier = &mut self.all[index];
        let is_missing = |known: &Known<'_>| matches!(known.need.found, Found::Nowhere(_));
        // What only a plugin misses is less than what a module found.
        if is_missing(&known) && !is_missing(earlier) && known.is_reached >= earlier.is_reached {
            *earlier = known;
        }
    }

    fn found(&self, path: &'a str, library: &str) -> Option<Found<'a>> {
        let index = self.index.get(&(path, library))?;
        Some(self.all[*index].need.found)
    }

    /// The needs of each file together, in their order.
    fn by_file(&self) -> Vec<Vec<&Known<'a>>> {
        let mut files: BTreeMap<&'a str, Vec<&Known<'a>>> = BTreeMap::new();
        for known in &self.all {
            files.entry(known.need.file).or_default().push(known);
        }
        files.into_values().collect()
    }

    /// All files that a function gets at.
    fn reached(&self) -> HashSet<&'a str> {
        let reached = self.all.iter().filter(|known| known.is_reached);
        reached
            .flat_map(|known| {
                let library = match known.need.found {
                    Found::InLayer(path) => Some(path),
                    _ => None,
                };
                [Some(known.need.file), library].into_iter().flatten()
            })
            .collect()
    }
}

/// How bad a fault can be of a file that a function gets at, or does not.
fn severity(is_reached: bool) -> Severity {
    if is_reached {
        Severity::Error
    } else {
        Severity::Warning
    }
}

fn lowered(fault: Fault<'_>, most: Severity) -> Fault<'_> {
    let severity = fault.severity.min(most);
    fault.with_severity(severity)
}

/// What is to be said of the libraries that a file needs and that are not where the
/// loader looks, one fault for all that are missing in the same way.
fn missing<'a>(
    files: &Files<'a>,
    known: &[&Known<'a>],
    reached: &HashSet<&'a str>,
) -> Vec<Fault<'a>> {
    let mut groups: Vec<(LibraryPresence, &Known<'a>, Vec<&'a str>)> = Vec::new();
    let mut faults = Vec::new();
    for known in known {
        let Need {
            file,
            library,
            found,
        } = known.need;
        let presence = match found {
            Found::InLayer(_) | Found::OnSystem => continue,
            Found::Likely => LibraryPresence::Likely,
            Found::Nowhere(presence) => presence,
        };
        if presence != LibraryPresence::Likely && files.is_in_other_layer(library) {
            let reason = format!(
                "needs {library}, which is in {}/ of another layer: functions need both",
                files.target.libraries()
            );
            let fault = Fault::new(Code::LibraryOffPath, file, reason);
            faults.push(concerning(known, fault));
            continue;
        }
        let elsewhere = files.named(split(library).1);
        if presence != LibraryPresence::Likely && !elsewhere.is_empty() {
            let fault = off_path(file, library, elsewhere, reached);
            faults.push(concerning(known, fault));
            continue;
        }
        let is_same = |group: &&mut (LibraryPresence, &Known<'a>, Vec<&'a str>)| {
            group.0 == presence && group.1.is_reached == known.is_reached
        };
        match groups.iter_mut().find(is_same) {
            Some((_, _, libraries)) => libraries.push(library),
            None => groups.push((presence, known, vec![library])),
        }
    }
    let groups = groups.into_iter();
    faults.extend(groups.filter_map(|(presence, known, libraries)| {
        let fault = not_there(files, known.need.file, presence, &libraries)?;
        Some(concerning(known, fault))
    }));
    faults
}

/// A fault that is as bad as what gets at its file, which it names.
fn concerning<'a>(known: &Known<'a>, fault: Fault<'a>) -> Fault<'a> {
    let loaded_by = (known.root != fault.path).then_some(known.root);
    let fault = lowered(fault, severity(known.is_reached));
    Fault { loaded_by, ..fault }
}

fn not_there<'a>(
    files: &Files<'a>,
    file: &'a str,
    presence: LibraryPresence,
    libraries: &[&str],
) -> Option<Fault<'a>> {
    let runtime = files.target.runtime;
    let names = hints::listed(libraries);
    let is = if libraries.len() == 1 { "is" } else { "are" };
    let hint = match presence {
        LibraryPresence::ImageOnly => hints::in_image_only(libraries),
        _ => hints::missing(libraries, file),
    };
    let (code, reason) = match presence {
        LibraryPresence::Runtime => return None,
        LibraryPresence::Likely => (
            Code::UncertainLibrary,
            format!("which {runtime} should have for its own Python, and nobody promises"),
        ),
        LibraryPresence::ImageOnly => (
            Code::ImageLibrary,
            format!(
                "which {is} in the container image of {runtime} and not in the managed runtime"
            ),
        ),
        LibraryPresence::Absent => (
            Code::MissingLibrary,
            format!(
                "which {is} neither {} nor in {runtime}",
                files.scope.within()
            ),
        ),
    };
    Some(Fault::new(code, file, format!("needs {names}, {reason}")).with_hint(hint))
}

/// A library that the layer has, where the loader does not look. Packages load theirs
/// by hand before they import what needs it, so it is an error only where nothing else
/// gets at the library.
fn off_path<'a>(
    file: &'a str,
    library: &str,
    elsewhere: &[&'a str],
    reached: &HashSet<&'a str>,
) -> Fault<'a> {
    let is_loaded = |path: &&&'a str| reached.contains(**path);
    if let Some(path) = elsewhere.iter().find(is_loaded) {
        let reason =
            format!("needs {library}, and finds {path} only once that was loaded by others");
        return Fault::new(Code::LibraryOffPath, file, reason);
    }
    let path = elsewhere.first().copied().unwrap_or_default();
    let reason = format!("needs {library}, and the loader does not look for it where {path} is");
    let (_, name) = split(library);
    Fault::new(Code::MissingLibrary, file, reason).with_hint(if is_library_name(name) {
        format!("move it to lib/{name} of a layer")
    } else {
        format!("move it into lib/ of a layer, as {name}")
    })
}

/// The versions of symbols that a file needs and nobody has: of each library the newest.
fn versions<'a>(
    files: &Files<'a>,
    path: &'a str,
    elf: &'a Elf,
    found: impl Fn(&str) -> Option<Found<'a>>,
) -> impl Iterator<Item = Fault<'a>> {
    let mut newest: Vec<(&str, &str, String)> = Vec::new();
    let mut faults = Vec::new();
    for needed in &elf.versions {
        let library = needed.library.as_str();
        let found = found(library).unwrap_or(Found::OnSystem);
        let required = needed
            .versions
            .iter()
            .filter(|version| !needed.weak.contains(version));
        for version in required {
            match found {
                Found::InLayer(other) => {
                    faults.extend(undefined(files, path, other, version));
                }
                Found::OnSystem | Found::Likely => {
                    if let Some(there) = files.platform.newest_below(version) {
                        keep_newest(&mut newest, library, version, there);
                    }
                }
                Found::Nowhere(_) => {}
            }
        }
    }
    let too_new = newest
        .into_iter()
        .map(|(library, version, there)| too_new(files, path, library, version, &there));
    faults.extend(too_new);
    faults.into_iter()
}

/// A library of the layer that lacks a version. One without versions at all is taken.
fn undefined<'a>(
    files: &Files<'a>,
    path: &'a str,
    library: &'a str,
    version: &str,
) -> Option<Fault<'a>> {
    let defined = &files.elf(library)?.defined_versions;
    let is_there = defined.is_empty() || defined.iter().any(|defined| defined == version);
    (!is_there).then(|| {
        let reason = format!("needs {version} of {library}, which does not have it");
        Fault::new(Code::SymbolVersion, path, reason)
            .with_hint("install the package and its libraries in releases that belong together")
    })
}

/// Of versions with the same prefix the greatest is enough to tell.
fn keep_newest<'a>(
    newest: &mut Vec<(&'a str, &'a str, String)>,
    library: &'a str,
    version: &'a str,
    there: String,
) {
    let prefix = |version: &'a str| {
        version
            .rsplit_once('_')
            .map_or(version, |(prefix, _)| prefix)
    };
    match newest
        .iter_mut()
        .find(|(_, known, _)| prefix(known) == prefix(version))
    {
        Some(known) if numbers(version) > numbers(known.1) => *known = (library, version, there),
        Some(_) => {}
        None => newest.push((library, version, there)),
    }
}

/// `[2, 34]` of `GLIBC_2.34`. What is no number is greater than all.
fn numbers(version: &str) -> Vec<u32> {
    let version = version.rsplit('_').next().unwrap_or(version);
    let parts = version.split('.');
    parts.map(|part| part.parse().unwrap_or(u32::MAX)).collect()
}

fn too_new<'a>(
    files: &Files<'a>,
    path: &'a str,
    library: &str,
    version: &str,
    there: &str,
) -> Fault<'a> {
    let runtime = files.target.runtime;
    let reason = format!("needs {version} of {library}, and {runtime} has {there} at most");
    let is_glibc = version.starts_with("GLIBC_");
    let code = if is_glibc {
        Code::GlibcTooNew
    } else {
        Code::SymbolVersion
    };
    let (major, minor) = runtime.glibc();
    let mut hint = if files.is_for_python() {
        format!("take a wheel for manylinux_{major}_{minor} or older")
    } else {
        format!("build it on a system with glibc {major}.{minor} or older")
    };
    if is_glibc && let Some(newer) = runtime_with(runtime, version) {
        hint.push_str(", or a runtime that has it: ");
        hint.push_str(newer.identifier());
    }
    Fault::new(code, path, reason).with_hint(hint)
}

/// The oldest runtime of the same language whose glibc has a version.
fn runtime_with(runtime: Runtime, version: &str) -> Option<Runtime> {
    let needed = numbers(version);
    let has_it = |runtime: &Runtime| {
        let (major, minor) = runtime.glibc();
        vec![u32::from(major), u32::from(minor)] >= needed
    };
    let mut runtimes = runtime.provider().runtimes_of(runtime.language());
    runtimes.find(has_it)
}

/// Packed relative relocations that the loader does not know.
fn packed<'a>(files: &Files<'a>, path: &'a str, elf: &Elf) -> Option<Fault<'a>> {
    let is_static = elf.needed.is_empty() && elf.interpreter.is_none() && elf.soname.is_none();
    let is_program = elf.kind == Kind::Program || is_static && !is_library_name(path);
    if !elf.has_relr || is_program {
        return None;
    }
    match files.platform.newest_below_relr() {
        Some(there) => {
            // One that asks for it is told with its versions.
            let asks = elf.versions.iter().flat_map(|needed| &needed.versions);
            let asks = asks.clone().any(|version| version == "GLIBC_ABI_DT_RELR");
            let runtime = files.target.runtime;
            let reason = format!(
                "has packed relocations (DT_RELR), which need GLIBC_2.36, and {runtime} has \
                 {there} at most"
            );
            (!asks).then(|| {
                Fault::new(Code::GlibcTooNew, path, reason)
                    .with_hint("link it without `-z pack-relative-relocs`")
            })
        }
        None => elf.hides_relr().then(|| {
            let reason = "has packed relocations (DT_RELR) and does not ask for a loader that \
                          knows them, which such a loader refuses";
            Fault::new(Code::UnreadableBinary, path, reason)
                .with_hint("link it without `-z pack-relative-relocs`")
        }),
    }
}
