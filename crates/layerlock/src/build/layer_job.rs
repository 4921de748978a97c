//! One layer on its way: selected, picked, chosen, planned, prepared.

use std::path::{Path, PathBuf};

use layerlock_check::{Finding, check_plan, check_zip_size};
use layerlock_export::Project;
use layerlock_install::{
    BuildNote, BuildOptions, Cache, ChosenWheel, FetchOptions, Reporter, WheelOrSource, rank_at,
};
use layerlock_layer::{
    Entry, EntryTime, LayerPlan, PlanBuilder, Prepared, StagingDirectory, ZipOptions, ZipSummary,
    prepare_zip,
};
use layerlock_lock::{
    Choice, Excluded, LockReader, LockedPackage, PackageName, PackageSource, Remaining, Selected,
};

use super::other_packages::{OtherOwner, OtherPackages};
use super::own_files;
use super::wheels::Wheels;
use crate::built::{BuiltFolder, BuiltLayer, BuiltPackage, BuiltZip, ExcludedPackage};
use crate::choose_file::FileChoice;
use crate::configuration::Layer;
use crate::exclude_files::FileFilter;
use crate::file_conflict::FileConflict;
use crate::kept_facts;
use crate::last_run::PlannedLayer;
use crate::lock::Locked;
use crate::publish_configuration::PublishConfiguration;
use crate::{Conflicts, Error, Settings, excluded_python, findings};

/// A layer with what one step after the other makes of it.
pub(super) struct LayerJob<'a, Step> {
    pub(super) layer: &'a Layer,
    pub(super) excluded: Vec<Excluded>,
    /// Names in `exclude` that no package has.
    pub(super) unknown: Vec<PackageName>,
    /// The packages from the first to the last that an installer would install: of
    /// two files for one path, the later one's stays.
    order: Vec<PackageName>,
    /// Names in `prefer` that no package has.
    pub(super) not_preferred: Vec<PackageName>,
    pub(super) step: Step,
}

/// A wheel for each package.
pub(super) struct ChosenFiles {
    pub(super) chosen: Vec<ChosenWheel>,
    /// What the user should know of those that the lock has no wheel of.
    notes: Vec<BuildNote>,
}

/// All files of the layer: nothing is left to decide.
pub(super) struct PlannedFiles {
    files: ChosenFiles,
    pub(super) filter: FileFilter,
    plan: LayerPlan,
    /// Its packages of other languages, and the owners of their files.
    others: OtherPackages,
    other_owners: Vec<OtherOwner>,
    /// The paths to which packages bring different files.
    conflicts: Vec<FileConflict>,
    staging: Option<StagingDirectory>,
    /// What functions can have from other layers.
    beside: Beside,
}

/// The libraries of other layers for the same target, where the loader looks.
#[derive(Default)]
struct Beside {
    libraries: Vec<String>,
    /// Whether there may be more, in layers that this run leaves out.
    is_part: bool,
}

/// Tells each layer which libraries functions can have from the others. Where `is_part`,
/// the run leaves out some layers of the project.
pub(super) fn settle_libraries(layers: &mut [LayerJob<'_, PlannedFiles>], is_part: bool) {
    let all: Vec<_> = layers
        .iter()
        .map(|job| {
            let libraries = kept_facts::libraries(&job.step.plan, &job.layer.target);
            let libraries: Vec<String> = libraries.into_iter().map(str::to_owned).collect();
            (job.layer.target, libraries)
        })
        .collect();
    for (index, job) in layers.iter_mut().enumerate() {
        let others = all.iter().enumerate();
        let others =
            others.filter(|(other, (target, _))| *other != index && *target == job.layer.target);
        job.step.beside = Beside {
            libraries: others.flat_map(|(_, (_, names))| names.clone()).collect(),
            is_part,
        };
    }
}

/// A layer whose outputs only have to be put in their places.
pub(super) struct PreparedLayer {
    pub(super) built: BuiltLayer,
    pub(super) outputs: Vec<Prepared>,
    pub(super) planned: PlannedLayer,
}

impl<'a, Step> LayerJob<'a, Step> {
    fn next<Next>(
        self,
        work: impl FnOnce(&'a Layer, Step) -> Result<Next, Error>,
    ) -> Result<LayerJob<'a, Next>, Error> {
        Ok(LayerJob {
            layer: self.layer,
            excluded: self.excluded,
            unknown: self.unknown,
            order: self.order,
            not_preferred: self.not_preferred,
            step: work(self.layer, self.step)?,
        })
    }
}

impl<Step> LayerJob<'_, Step> {
    pub(super) fn excluded_packages(&self) -> Vec<ExcludedPackage> {
        let excluded = self.excluded.iter().map(|one| ExcludedPackage {
            name: one.package.name.to_string(),
            version: one.package.version.clone(),
            named: one.is_named,
            in_runtime: self.layer.target.brings(one.package.name.as_str()),
            needed_by: one.needed_by.iter().map(ToString::to_string).collect(),
        });
        excluded.collect()
    }
}

impl<'a> LayerJob<'a, Vec<LockedPackage>> {
    /// The packages of a layer, and those that are excluded from it.
    pub(super) fn select(layer: &'a Layer, lock: Option<&dyn LockReader>) -> Result<Self, Error> {
        let (Some(lock), Some(choice)) = (lock, &layer.choice) else {
            return Ok(Self {
                layer,
                excluded: Vec::new(),
                unknown: Vec::new(),
                order: Vec::new(),
                not_preferred: Vec::new(),
                step: Vec::new(),
            });
        };
        let Remaining {
            selected,
            excluded,
            unknown,
        } = remaining(layer, lock, choice)?;
        let (order, not_preferred) = installation_order(&selected, &layer.prefer);
        Ok(Self {
            layer,
            excluded,
            unknown,
            order,
            not_preferred,
            step: selected.into_packages(),
        })
    }

    /// Picks for each package the wheel that suits the target best, or its source to
    /// be built. An index is asked only what to recommend where there is neither.
    pub(super) fn pick(
        self,
        lock: Option<&Locked>,
        options: &FetchOptions<'_>,
    ) -> Result<LayerJob<'a, Vec<WheelOrSource>>, Error> {
        self.next(|layer, packages| {
            let query = layer.query(&options.find_links);
            let (Some(lock), Some(query)) = (lock, query) else {
                return Ok(Vec::new());
            };
            let choice = FileChoice {
                project: lock.project(),
                lock,
                layer: query,
                target: &layer.target,
            };
            choice
                .choose(packages)
                .map_err(|error| advised(error, options))
        })
    }
}

/// What a layer gets of a lock, and what is excluded.
pub(super) fn remaining(
    layer: &Layer,
    lock: &dyn LockReader,
    choice: &Choice,
) -> Result<Remaining, Error> {
    let selected = lock.select(choice, &layer.target.marker_environment())?;
    let mut remaining = selected.exclude(&layer.exclude);
    if let Some(own) = &layer.own_package {
        remaining.selected.insert_project(own.clone());
    }
    Ok(remaining)
}

/// The order of installation, with those that are preferred at its end; and the names
/// among these that no package has.
fn installation_order(
    selected: &Selected,
    prefer: &[PackageName],
) -> (Vec<PackageName>, Vec<PackageName>) {
    let is_there = |name: &PackageName| selected.contains(name);
    let (preferred, unknown): (Vec<_>, Vec<_>) = prefer.iter().cloned().partition(is_there);
    let mut order = selected.installation_order();
    order.retain(|name| !preferred.contains(name));
    order.extend(preferred.into_iter().rev());
    (order, unknown)
}

fn advised(mut error: Error, options: &FetchOptions<'_>) -> Error {
    match &mut error {
        Error::Install(error) => layerlock_install::advise(error, options),
        Error::Misfits(misfits) => layerlock_install::advise_all(&mut misfits.packages, options),
        _ => {}
    }
    error
}

impl<'a> LayerJob<'a, Vec<WheelOrSource>> {
    /// The directories that packages are built from.
    pub(super) fn directories(&self) -> impl Iterator<Item = &Path> {
        self.step.iter().filter_map(|pick| match pick {
            WheelOrSource::Source(LockedPackage {
                source: PackageSource::Directory { path, .. },
                ..
            }) => Some(&**path),
            _ => None,
        })
    }

    /// Brings every package to a wheel. The `outputs` of this run are no part of what
    /// a directory is built from.
    pub(super) fn build(
        self,
        settings: &Settings,
        options: &FetchOptions<'_>,
        outputs: &[PathBuf],
        reporter: &dyn Reporter,
    ) -> Result<LayerJob<'a, ChosenFiles>, Error> {
        let fetch = options;
        self.next(|layer, picks| {
            let target = &layer.target;
            let is_supplied = |package: &LockedPackage| {
                layerlock_install::is_supplied(package, target, &options.find_links)
            };
            if let Some(excluded) = excluded_python::find(&picks, target.runtime, is_supplied) {
                return Err(Error::ExcludedPython(Box::new(excluded)));
            }
            let options = BuildOptions {
                fetch: options,
                frontend: layer.frontend,
                index_url: settings.index_url.as_deref(),
                ignored: outputs,
            };
            let built = layerlock_install::build(picks, target, &options, reporter)
                .map_err(|error| advised(error.into(), fetch))?;
            Ok(ChosenFiles {
                chosen: built.chosen,
                notes: built.notes,
            })
        })
    }
}

impl<'a> LayerJob<'a, ChosenFiles> {
    /// Whether project, lock and the directories of packages settle what is in it: what
    /// no lock lists may change while these stay as they are.
    pub(super) fn is_pinned(&self) -> bool {
        let is_built = |note: &BuildNote| matches!(note, BuildNote::Built { .. });
        self.step.notes.iter().all(is_built)
    }

    /// Plans the layer from its wheels and the project's own files, and looks at the staging
    /// directory that is to be replaced. What is one of `unchanged` is as an earlier run
    /// left it, and no part of the project, as none of the `outputs` is.
    pub(super) fn plan(
        self,
        wheels: &Wheels,
        others: OtherPackages,
        outputs: &[PathBuf],
        unchanged: &[PathBuf],
    ) -> Result<LayerJob<'a, PlannedFiles>, Error> {
        let order = self.order.clone();
        let preferred = self.layer.prefer.len() - self.not_preferred.len();
        self.next(|layer, files| {
            let pairs: Vec<_> = files
                .chosen
                .iter()
                .map(|one| (one, wheels.get(one)))
                .collect();
            let mut filter = FileFilter::new(&layer.exclude_files)?;
            let mut keep = |entry: &Entry| filter.keeps(entry);
            let mut builder = PlanBuilder::default();
            layerlock_install::push_wheels(&pairs, &order, &layer.target, &mut keep, &mut builder)?;
            // Over all packages but those that are preferred, which are the last.
            let rank = rank_at(order.len().saturating_sub(preferred)) - 1;
            let other_owners = others.push(layer, outputs, rank, &mut keep, &mut builder)?;
            own_files::push(layer, outputs, rank, &mut keep, &mut builder)?;
            let plan = builder.finish()?;
            let conflicts = FileConflict::unsettled(&plan, &layer.prefer);
            if layer.conflicts == Conflicts::Error && !conflicts.is_empty() {
                return Err(Error::FileConflicts(conflicts));
            }
            Ok(PlannedFiles {
                staging: claim_staging(layer, &plan, unchanged)?,
                files,
                filter,
                plan,
                others,
                other_owners,
                conflicts,
                beside: Beside::default(),
            })
        })
    }
}

fn claim_staging(
    layer: &Layer,
    plan: &LayerPlan,
    unchanged: &[PathBuf],
) -> Result<Option<StagingDirectory>, Error> {
    let Some(directory) = &layer.staging else {
        return Ok(None);
    };
    let is_installed = layerlock_install::is_installed(directory, &layer.target);
    let is_of_earlier_run = unchanged.contains(directory);
    let staging = StagingDirectory::claim(directory, plan, |file| {
        is_of_earlier_run || is_installed(file) || is_litter(file)
    })?;
    Ok(Some(staging))
}

/// What file managers leave in the directories that they show, and nobody misses.
fn is_litter(file: &str) -> bool {
    let name = file.rsplit('/').next();
    matches!(name, Some(".DS_Store" | "Thumbs.db" | "desktop.ini"))
}

impl LayerJob<'_, PlannedFiles> {
    /// Prepares the outputs beside their places; a zip in the `scratch` directory, where
    /// there is one.
    pub(super) fn prepare(
        self,
        of_project: (&Project, Option<&Locked>),
        time: EntryTime,
        wheels: &Wheels,
        scratch: Option<&Path>,
        cache: &Cache,
    ) -> Result<PreparedLayer, Error> {
        let (layer, plan) = (self.layer, &self.step.plan);
        let mut outputs = Vec::new();
        let mut zip = None;
        let mut zipped_sizes = None;
        let mut entry_sizes = None;
        if let Some(path) = &layer.zip {
            let options = ZipOptions {
                compression: layer.compression,
                time,
            };
            let name = path.file_name().unwrap_or_default();
            let place = scratch.map(|directory| directory.join(name));
            let (summary, output) = prepare_zip(plan, place.as_deref().unwrap_or(path), options)?;
            outputs.push(output);
            zip = Some(built_zip(path, &summary));
            zipped_sizes = Some(summary.zipped_sizes);
            entry_sizes = Some(summary.entry_sizes);
        }
        if let Some(staging) = &self.step.staging {
            outputs.push(staging.prepare(plan, wheels.keep_unpacked)?);
        }
        let excluded = self.excluded_packages();
        let built = BuiltLayer {
            name: layer.name.clone(),
            target: layer.target,
            packages: self.packages(zipped_sizes.as_deref()),
            folders: self.folders(zipped_sizes.as_deref()),
            findings: self.findings(of_project, zip.as_ref(), &excluded, wheels, cache)?,
            excluded,
            excluded_files: self.step.filter.total(),
            zip,
            staging: layer.staging.clone(),
            unzipped_size: plan.unzipped_size(),
            file_count: plan.entries().len(),
        };
        Ok(PreparedLayer {
            built,
            outputs,
            planned: PlannedLayer {
                plan: self.step.plan,
                zipped_sizes: entry_sizes,
            },
        })
    }

    fn findings(
        &self,
        (project, lock): (&Project, Option<&Locked>),
        zip: Option<&BuiltZip>,
        excluded: &[ExcludedPackage],
        wheels: &Wheels,
        cache: &Cache,
    ) -> Result<Vec<Finding>, Error> {
        let Self { layer, step, .. } = self;
        let chosen = &step.files.chosen;
        let is_here = |file: &str| chosen.iter().any(|one| one.wheel.as_str() == file);
        let yanked = wheels.yanked.iter().filter(|one| is_here(&one.file));

        let tool = lock.map(Locked::tool).unwrap_or_default();
        let lock = lock.map(|lock| lock as &dyn LockReader);
        let mut findings = findings::lock(lock, layer)?;
        findings.extend(findings::builds(&step.files.notes));
        findings.extend(findings::default_runtime(layer));
        let wheels_of_layer = chosen.iter().map(|one| (&one.package.name, &one.wheel));
        findings.extend(findings::default_architecture(layer, wheels_of_layer));
        let checked = check_plan(&step.plan, &layer.target);
        findings.extend(findings::on_project(checked, project, layer));
        findings.extend(findings::file_conflicts(&step.conflicts));
        findings.extend(findings::not_preferred(&self.not_preferred));
        let zip_size = zip.and_then(|zip| check_zip_size(zip.size, &layer.target));
        findings.extend(zip_size.filter(|_| !has_bucket(project)));
        findings.extend(yanked.map(|one| findings::yanked(one, tool)));
        findings.extend(chosen.iter().filter_map(|one| {
            let flaws = wheels.get(one).contents.record_flaws()?;
            Some(findings::record(one, flaws))
        }));
        findings.extend(step.others.findings(layer));
        findings.extend(findings::excluded_packages(layer, excluded, &self.unknown));
        findings.extend(findings::excluded_files(&step.filter));
        findings.extend(self.compiled(cache)?);
        findings.extend(layer.check.budget(step.plan.unzipped_size()));
        Ok(layer.check.apply(findings))
    }

    fn compiled(&self, cache: &Cache) -> Result<Vec<Finding>, Error> {
        let Beside { libraries, is_part } = &self.step.beside;
        let libraries: Vec<&str> = libraries.iter().map(String::as_str).collect();
        let (plan, target) = (&self.step.plan, &self.layer.target);
        let found = kept_facts::compiled(plan, target, &libraries, cache)?;
        if !is_part {
            return Ok(found);
        }
        let doubted = |finding| findings::doubted(finding, findings::OTHER_LAYER);
        Ok(found.into_iter().map(doubted).collect())
    }

    fn packages(&self, zipped_sizes: Option<&[u64]>) -> Vec<BuiltPackage> {
        // The first owners of the plan are the Python packages, in this order.
        let unzipped_sizes = self.step.plan.unzipped_sizes();
        let zipped_size = |owner: usize| zipped_sizes.map(|sizes| sizes[owner]);
        let chosen = self.step.files.chosen.iter().enumerate();
        let mut packages: Vec<_> = chosen
            .map(|(owner, chosen)| BuiltPackage {
                name: chosen.package.name.to_string(),
                version: chosen.package.version.clone(),
                file: chosen.wheel.to_string(),
                digest: chosen.digest,
                unzipped_size: unzipped_sizes[owner],
                zipped_size: zipped_size(owner),
            })
            .collect();
        packages.extend(self.step.other_owners.iter().filter_map(|other| {
            let owner = other.owner.index();
            Some(BuiltPackage {
                name: other.name.clone(),
                version: other.version.clone(),
                file: other.file.clone(),
                digest: other.digest?,
                unzipped_size: unzipped_sizes[owner],
                zipped_size: zipped_size(owner),
            })
        }));
        packages
    }

    fn folders(&self, zipped_sizes: Option<&[u64]>) -> Vec<BuiltFolder> {
        // The owners of the plan after all packages, in this order.
        let packages = self.step.files.chosen.len() + self.step.other_owners.len();
        let own = self.layer.own_files.folders.iter().enumerate();
        let own = own.map(|(index, own)| {
            (
                packages + index,
                own.name.clone(),
                own.folder.to().to_owned(),
            )
        });
        // What a lock links to is copied.
        let owners = self.step.other_owners.iter();
        let linked = owners.filter(|other| other.digest.is_none());
        let linked =
            linked.map(|other| (other.owner.index(), other.file.clone(), other.place.clone()));
        let unzipped_sizes = self.step.plan.unzipped_sizes();
        let folders = linked.chain(own).map(|(owner, from, to)| {
            let entries = self.step.plan.entries().iter();
            BuiltFolder {
                from,
                to,
                file_count: entries.filter(|it| it.owner.index() == owner).count(),
                unzipped_size: unzipped_sizes[owner],
                zipped_size: zipped_sizes.map(|sizes| sizes[owner]),
            }
        });
        folders.collect()
    }
}

/// Whether zips of any size can be published: by way of a bucket, to each account.
fn has_bucket(project: &Project) -> bool {
    PublishConfiguration::read(project)
        .is_ok_and(|it| it.aws.accounts.iter().all(|it| it.bucket.is_some()))
}

fn built_zip(path: &Path, summary: &ZipSummary) -> BuiltZip {
    BuiltZip {
        path: path.to_owned(),
        size: summary.size,
        digest: summary.digest,
        crc64: summary.crc64,
    }
}
