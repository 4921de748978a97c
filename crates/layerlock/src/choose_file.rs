//! The file of each package that suits a target.

use layerlock_export::Project;
use layerlock_install::{NoWheel, WheelOrSource};
use layerlock_lock::{LockReader, LockedPackage, PackageSource};
use layerlock_target::{Runtime, Target};

use crate::Error;
use crate::misfits::{Misfits, suitable_runtimes, suits};
use crate::runtime_fit::LayerQuery;

/// What the files of a layer are chosen for.
pub(crate) struct FileChoice<'c> {
    pub(crate) project: &'c Project,
    pub(crate) lock: &'c dyn LockReader,
    pub(crate) layer: LayerQuery<'c>,
    pub(crate) target: &'c Target,
}

/// Some releases of Poetry 1.1 and 1.2 wrote locks without the files of packages.
fn refuse_without_files(
    packages: &[LockedPackage],
    is_supplied: impl Fn(&LockedPackage) -> bool,
) -> Result<(), Error> {
    let lacks_files = |package: &&LockedPackage| {
        let is_of_index = matches!(package.source, PackageSource::Registry { .. });
        is_of_index && package.files.is_empty() && !is_supplied(package)
    };
    let lacking: Vec<LockedPackage> = packages.iter().filter(lacks_files).cloned().collect();
    if lacking.is_empty() {
        Ok(())
    } else {
        Err(Error::NoFiles(lacking))
    }
}

impl FileChoice<'_> {
    /// The wheel of each package that suits the target best, or its source to be built.
    /// All packages without a file are told at once, unless one is supplied that no
    /// lock lists. Only what works for every package is recommended.
    pub(crate) fn choose(&self, packages: Vec<LockedPackage>) -> Result<Vec<WheelOrSource>, Error> {
        let is_supplied = |package: &LockedPackage| self.layer.is_supplied(package, self.target);
        refuse_without_files(&packages, is_supplied)?;
        let mut chosen = Vec::with_capacity(packages.len());
        let mut misfits: Vec<NoWheel> = Vec::new();
        for package in packages {
            match layerlock_install::choose(package, self.target) {
                Err(layerlock_install::Error::NoWheel(misfit)) => {
                    if is_supplied(&misfit.package) {
                        chosen.push(WheelOrSource::Source(misfit.package));
                    } else {
                        misfits.push(*misfit);
                    }
                }
                file => chosen.push(file?),
            }
        }
        if misfits.is_empty() {
            return Ok(chosen);
        }
        let Self {
            project,
            lock,
            layer,
            target,
        } = self;
        let suitable = suitable_runtimes(project, *lock, layer, target);
        // Where it alone is in the way of some runtime, its own words are enough.
        if let [only] = &misfits[..]
            && (only.runtimes.is_empty() || !suitable.is_empty())
        {
            return Err(self.only_misfit(misfits.remove(0), &suitable).into());
        }
        let misfits = Misfits::new(misfits, suitable, project, *lock, layer, target);
        Err(Error::Misfits(Box::new(misfits)))
    }

    fn only_misfit(&self, mut misfit: NoWheel, suitable: &[Runtime]) -> layerlock_install::Error {
        misfit.runtimes.retain(|runtime| suitable.contains(runtime));
        misfit.architectures.retain(|&architecture| {
            let target = Target::new(self.target.runtime, architecture);
            suits(self.lock, &self.layer, &target)
        });
        layerlock_install::Error::NoWheel(Box::new(misfit))
    }
}
