//! Compiled files of packages, and packages that would be compiled.

use std::collections::{HashMap, HashSet};

use layerlock_elf::LoadError;
use layerlock_layer::{Entry, EntryReader, EntrySource, LayerPlan, Mode, PlanBuilder};
use layerlock_target::Target;

use crate::Error;
use crate::select::Locked;
use crate::store::{NpmPackage, NpmPackages};

/// Something that a user should know of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NpmNote {
    /// The package, `name@version`.
    pub package: String,
    /// What there is to say.
    pub message: String,
}

/// Packages whose scripts generate code of a schema.
const GENERATE: [&str; 2] = ["@prisma/client", "prisma"];

/// Judges the compiled files of packages as the target's loader would, and refuses what would
/// not work without a script that is not run.
pub fn check_native(
    packages: &[Locked],
    store: &NpmPackages,
    target: &Target,
) -> Result<Vec<NpmNote>, Error> {
    let mut notes = Vec::new();
    let mut fitting: HashMap<&str, bool> = HashMap::new();
    for locked in packages {
        let Some(package) = store.of(locked) else {
            continue;
        };
        let fits = judge(locked, package, target)?;
        fitting.insert(&locked.place, fits);
    }
    for locked in packages {
        let Some(package) = store.of(locked) else {
            continue;
        };
        if GENERATE.contains(&&*locked.name) && locked.has_install_script {
            notes.push(NpmNote {
                package: locked.shown(),
                message: format!(
                    "{} generates code by a script when it is installed, and no script is run: \
                     generate it into the functions' own code",
                    locked.shown()
                ),
            });
        }
        let contents = &package.contents;
        if !contents.has_binding_gyp {
            continue;
        }
        let is_fitting = |place: &str| fitting.get(place).copied().unwrap_or(false);
        let has_platform_package = locked.optional.iter().any(|place| is_fitting(place));
        if !is_fitting(&locked.place) && !has_platform_package {
            let script = contents.install_script.clone();
            return Err(Error::Compiled {
                package: locked.shown(),
                script: script.unwrap_or_else(|| "node-gyp rebuild".to_owned()),
                target: *target,
            });
        }
    }
    Ok(notes)
}

/// Whether a package has a compiled file that the target can load. Of several for one
/// architecture, as for two C libraries, one has to do.
fn judge(locked: &Locked, package: &NpmPackage, target: &Target) -> Result<bool, Error> {
    if package.contents.elf_files.is_empty() {
        return Ok(false);
    }
    let mut refused = None;
    let plan = elf_files(locked, package)?;
    let mut reader = EntryReader::new(&plan);
    for entry in plan.entries() {
        let bytes = reader.read(entry)?;
        // A library of the package may lie where only the program knows.
        let is_beside = |name: &str| !name.starts_with(MUSL);
        match layerlock_elf::check(&bytes, &target.platform(), is_beside) {
            Ok(()) => return Ok(true),
            // What is for others says nothing of this target.
            Err(LoadError::Architecture) => {}
            Err(LoadError::Library(name)) if name.starts_with(MUSL) => {}
            Err(error) => {
                refused = refused.or(Some((entry.path.to_string(), error.to_string())));
            }
        }
    }
    match refused {
        None => Ok(false),
        Some((file, reason)) => Err(Error::Native {
            package: locked.shown(),
            file,
            reason,
            target: *target,
        }),
    }
}

/// How the C library of Alpine is called, in files that need it.
const MUSL: &str = "libc.musl";

/// The compiled files, but for those that say by their names that they are for musl.
fn elf_files(locked: &Locked, package: &NpmPackage) -> Result<LayerPlan, Error> {
    let contents = &package.contents;
    let mut builder = PlanBuilder::default();
    let owner = builder.owner(locked.shown());
    let archive = builder.archive(&package.path);
    let names: HashSet<&str> = contents.elf_files.iter().map(String::as_str).collect();
    let members = contents.members.iter();
    for member in members.filter(|it| names.contains(&*it.name) && !it.name.contains("musl")) {
        builder.push(Entry {
            path: member.path()?,
            mode: Mode::Regular,
            owner,
            source: EntrySource::Member(archive, member.data),
        });
    }
    Ok(builder.finish()?)
}
