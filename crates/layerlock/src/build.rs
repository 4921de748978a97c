//! From a project to its layers.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use layerlock_client::{MachineConfig, Session};
use layerlock_export::{PoetryLock, Project};
use layerlock_install::index::{Index, IndexUrl, Sources, default_index};
use layerlock_install::{
    BuildNote, BuildOptions, Built, Cache, Chosen, FetchOptions, Fetched, FindLinks, Pick,
    Reporter, Wheel, Yanked,
};
use layerlock_layer::{
    EntryTime, LayerPlan, Prepared, StagingDirectory, ZipOptions, ZipSummary, parallel, prepare_zip,
};
use layerlock_lock::{Excluded, LockReader, LockedPackage, PackageName, PackageSource, Remaining};
use layerlock_target::{Runtime, Target};

use crate::cache::{about_cache, open_cache};
use crate::configuration::{self, Layer};
use crate::last_run::{LastRun, Ran};
use crate::patterns::LeftOutFiles;
use crate::report::{ExcludedPackage, LayerReport, PackageReport, Report, ZipReport};
use crate::{Error, Settings, findings, outputs};

/// Where `install` stages a layer unless told otherwise, below the project.
const STAGING: &str = "dist/staging";

/// Builds the zip of every layer that the settings ask for, and the staging
/// directories that are configured. Where nothing has changed since an earlier
/// run, gives the report of that, and does nothing.
pub fn build(settings: &Settings, reporter: &dyn Reporter) -> Result<Report, Error> {
    LastRun::or("build", settings, || Job::read(settings)?.run(reporter))
        .map_err(|error| about_cache(error, &settings.cache))
}

/// Builds the staging directories and no zip. Without a configured one a layer
/// is staged in `dist/staging/NAME` of the project.
pub fn install(settings: &Settings, reporter: &dyn Reporter) -> Result<Report, Error> {
    LastRun::or("install", settings, || {
        let mut job = Job::read(settings)?;
        for layer in &mut job.layers {
            layer.zip = None;
            if layer.staging.is_none() {
                let folder = settings.below_project(Path::new(STAGING).join(&layer.name));
                layer.staging = Some(layer.own_folder(folder));
            }
        }
        job.run(reporter)
    })
    .map_err(|error| about_cache(error, &settings.cache))
}

/// A project and what is asked of it.
struct Job<'a> {
    settings: &'a Settings,
    lock: PoetryLock,
    layers: Vec<Layer>,
    /// The time of everything in a zip.
    time: EntryTime,
    cache: Cache,
    session: Session,
}

/// A layer whose packages have a wheel each, or are to be built.
struct PickedLayer<'a> {
    layer: &'a Layer,
    picks: Vec<Pick>,
    excluded: Vec<Excluded>,
    unknown: Vec<PackageName>,
}

/// A layer whose packages are chosen.
struct ChosenLayer<'a> {
    layer: &'a Layer,
    chosen: Vec<Chosen>,
    /// What the user should know of those that the lock has no wheel of.
    notes: Vec<BuildNote>,
    excluded: Vec<Excluded>,
    unknown: Vec<PackageName>,
}

/// The wheels of all layers, by the SHA-256 of their archives: layers that share
/// packages share their wheels.
struct Wheels {
    by_sha256: HashMap<[u8; 32], Wheel>,
    /// Whether to keep what is unpacked of them. Not at the first time: a machine of
    /// CI, which saves its cache after it, would carry every large file twice.
    keep_unpacked: bool,
    yanked: Vec<Yanked>,
}

/// A layer of which nothing is left to decide.
struct PlannedLayer<'a> {
    chosen: ChosenLayer<'a>,
    left_out_files: LeftOutFiles,
    plan: LayerPlan,
    staging: Option<StagingDirectory>,
}

/// A layer that only has to be published.
struct PreparedLayer {
    report: LayerReport,
    outputs: Vec<Prepared>,
}

impl<'a> Job<'a> {
    fn read(settings: &'a Settings) -> Result<Self, Error> {
        let project = Project::read(settings.directory())?;
        Ok(Self {
            settings,
            layers: configuration::layers(&project, settings)?,
            time: time_of_environment()?,
            lock: PoetryLock::of(project)?,
            cache: open_cache(&settings.cache)?,
            session: Session::new(MachineConfig::from_environment()),
        })
    }

    /// Plans all layers, then prepares all outputs, then publishes them: trouble
    /// with the last leaves no half of the first. Layers are worked on side by
    /// side; what they share is fetched and read once.
    fn run(&self, reporter: &dyn Reporter) -> Result<Ran, Error> {
        outputs::refuse_overlaps(&self.layers)?;
        outputs::refuse_remains(&self.layers)?;
        let index_of_machine = || find_default_index(self.session.machine(), &self.cache, reporter);
        let options = self.fetch_options(&index_of_machine)?;
        let layers = self.layers.iter().collect();
        let picked = parallel::in_order(layers, |layer| self.pick(layer, &options))?;
        // One build after the other: each may use all cores.
        let chosen = picked
            .into_iter()
            .map(|layer| self.build(layer, &options, reporter))
            .collect::<Result<Vec<_>, Error>>()?;
        let is_pinned = chosen.iter().all(ChosenLayer::is_pinned);
        let wheels = fetch(&chosen, &options, reporter)?;
        let mut planned = parallel::in_order(chosen, |layer| Self::plan(layer, &wheels))?;
        self.forgive_shared(&mut planned);
        let prepared = parallel::in_order(planned, |layer| self.prepare(layer, &wheels))?;
        let mut layers = Vec::with_capacity(prepared.len());
        let mut published = Vec::new();
        for PreparedLayer { report, outputs } in prepared {
            for output in outputs {
                published.push(output.publish()?);
            }
            layers.push(report);
        }
        Ok(Ran {
            report: Report {
                unchanged: false,
                layers,
            },
            published,
            is_pinned,
        })
    }

    /// The packages of a layer, each with the wheel that suits its target best or
    /// to be built. An index is asked only what to recommend where there is
    /// neither.
    fn pick<'b>(
        &self,
        layer: &'b Layer,
        options: &FetchOptions<'_>,
    ) -> Result<PickedLayer<'b>, Error> {
        let Remaining {
            selected,
            excluded,
            unknown,
        } = select(&self.lock, layer)?;
        let picks = selected
            .into_packages()
            .into_iter()
            .map(|package| {
                match choose_wheel(self.lock.project(), package, &layer.target) {
                    Err(layerlock_install::Error::NoWheel(mut no_wheel)) => {
                        // The user may have made one.
                        let target = &layer.target;
                        if layerlock_install::is_supplied(&no_wheel.package, target, options) {
                            return Ok(Pick::Source(no_wheel.package));
                        }
                        layerlock_install::advise(&mut no_wheel, options);
                        Err(layerlock_install::Error::NoWheel(no_wheel))
                    }
                    pick => pick,
                }
            })
            .collect::<Result<_, _>>()?;
        Ok(PickedLayer {
            layer,
            picks,
            excluded,
            unknown,
        })
    }

    /// Brings every package of a layer to a wheel.
    fn build<'b>(
        &self,
        picked: PickedLayer<'b>,
        options: &FetchOptions<'_>,
        reporter: &dyn Reporter,
    ) -> Result<ChosenLayer<'b>, Error> {
        let PickedLayer {
            layer,
            picks,
            excluded,
            unknown,
        } = picked;
        let options = BuildOptions {
            fetch: options,
            frontend: layer.frontend,
            index_url: self.settings.index_url.as_deref(),
            ignored: &self.outputs(),
        };
        let Built { chosen, notes } =
            layerlock_install::build(picks, &layer.target, &options, reporter)?;
        Ok(ChosenLayer {
            layer,
            chosen,
            notes,
            excluded,
            unknown,
        })
    }

    /// Where this run writes: no part of what a folder is built from.
    fn outputs(&self) -> Vec<PathBuf> {
        let layers = self.layers.iter();
        let outputs = layers.flat_map(|layer| {
            let folder = layer.zip.as_deref().and_then(Path::parent);
            [layer.zip.as_deref(), folder, layer.staging.as_deref()]
        });
        outputs.flatten().map(Path::to_owned).collect()
    }

    fn plan<'b>(chosen: ChosenLayer<'b>, wheels: &Wheels) -> Result<PlannedLayer<'b>, Error> {
        let layer = chosen.layer;
        let pairs: Vec<_> = chosen
            .chosen
            .iter()
            // Each has been fetched.
            .map(|one| (one, &wheels.by_sha256[&one.sha256]))
            .collect();
        let mut left_out_files = LeftOutFiles::of(&layer.exclude_files);
        let plan = layerlock_install::plan_filtered(&pairs, &layer.target, &mut |entry| {
            left_out_files.keeps(entry)
        })?;
        let staging = match &layer.staging {
            Some(directory) => {
                let is_ours = layerlock_install::is_installed(directory, &layer.target);
                Some(StagingDirectory::claim(directory, &plan, |file| {
                    is_ours(file) || is_litter(file)
                })?)
            }
            None => None,
        };
        Ok(PlannedLayer {
            chosen,
            left_out_files,
            plan,
            staging,
        })
    }

    /// Layers that share a list have use for a part of it each. What another layer
    /// has use for, or one that is not built now may have, is no mistake in it.
    fn forgive_shared(&self, layers: &mut [PlannedLayer<'_>]) {
        let is_part = self.settings.layer.is_some();
        let mut names = HashSet::new();
        let mut patterns = HashSet::new();
        for layer in &*layers {
            let named = layer.chosen.excluded.iter().filter(|one| one.is_named);
            names.extend(named.map(|one| one.package.name.clone()));
            patterns.extend(layer.left_out_files.used().map(str::to_owned));
        }
        for layer in layers {
            let PlannedLayer {
                chosen,
                left_out_files,
                ..
            } = layer;
            if chosen.layer.shares.exclude {
                chosen
                    .unknown
                    .retain(|name| !is_part && !names.contains(name));
            }
            if chosen.layer.shares.exclude_files {
                left_out_files.forgive(|pattern| is_part || patterns.contains(pattern));
            }
        }
    }

    fn prepare(&self, planned: PlannedLayer<'_>, wheels: &Wheels) -> Result<PreparedLayer, Error> {
        let PlannedLayer {
            chosen:
                ChosenLayer {
                    layer,
                    chosen,
                    notes,
                    excluded,
                    unknown,
                },
            left_out_files,
            plan,
            staging,
        } = planned;
        let mut outputs = Vec::new();
        let mut zip = None;
        let mut zipped_sizes = None;
        if let Some(path) = &layer.zip {
            let (summary, output) = prepare_zip(&plan, path, zip_options(layer, self.time))?;
            outputs.push(output);
            zip = Some(zip_report(path, &summary));
            zipped_sizes = Some(summary.zipped_sizes);
        }
        if let Some(staging) = &staging {
            outputs.push(staging.prepare(&plan, wheels.keep_unpacked)?);
        }
        let mut findings = findings::of_lock(&self.lock, &layer.choice)?;
        findings.extend(findings::of_builds(&notes));
        findings.extend(findings::of_layer(layer, &plan, zip.as_ref()));
        let is_here = |yanked: &&Yanked| chosen.iter().any(|one| one.wheel.as_str() == yanked.file);
        let yanked = wheels.yanked.iter().filter(is_here);
        findings.extend(yanked.map(findings::of_yanked));
        let excluded = excluded_packages(&excluded, layer);
        findings.extend(findings::of_excluded(layer, &excluded, &unknown));
        findings.extend(findings::of_files_left_out(&left_out_files));
        let report = LayerReport {
            name: layer.name.clone(),
            target: layer.target,
            packages: packages(&chosen, &plan, zipped_sizes.as_deref()),
            excluded,
            excluded_files: left_out_files.total(),
            zip,
            staging: layer.staging.clone(),
            unzipped_size: plan.unzipped_size(),
            file_count: plan.entries().len(),
            findings,
        };
        Ok(PreparedLayer { report, outputs })
    }

    fn fetch_options<'b>(
        &'b self,
        index_of_machine: &'b (dyn Fn() -> Result<Index, layerlock_install::Error> + Sync),
    ) -> Result<FetchOptions<'b>, Error> {
        let supplied = find_links(self.settings)?;
        let of_machine = FindLinks::from_machine(self.session.machine());
        Ok(FetchOptions {
            cache: &self.cache,
            sources: Sources {
                option: index_of_option(self.settings)?,
                project: self.lock.project().sources(),
                default_index: index_of_machine,
                session: &self.session,
            },
            find_links: supplied.iter().cloned().chain(of_machine).collect(),
            supplied,
            offline: self.settings.offline,
        })
    }
}

impl ChosenLayer<'_> {
    /// Whether project and lock settle what is in it: a folder's files may change
    /// while the lock stays as it is, and so may what no lock lists.
    fn is_pinned(&self) -> bool {
        let is_folder =
            |one: &Chosen| matches!(one.package.source, PackageSource::Directory { .. });
        !self.chosen.iter().any(is_folder)
            && self
                .notes
                .iter()
                .all(|note| matches!(note, BuildNote::Built { .. }))
    }
}

/// What file managers leave in the folders that they show, and nobody misses.
fn is_litter(file: &str) -> bool {
    let name = file.rsplit('/').next();
    matches!(name, Some(".DS_Store" | "Thumbs.db" | "desktop.ini"))
}

/// The wheels of all layers in the cache.
fn fetch(
    layers: &[ChosenLayer<'_>],
    options: &FetchOptions<'_>,
    reporter: &dyn Reporter,
) -> Result<Wheels, Error> {
    let mut seen = HashSet::new();
    let wanted: Vec<Chosen> = layers
        .iter()
        .flat_map(|layer| &layer.chosen)
        .filter(|one| seen.insert(one.sha256))
        .cloned()
        .collect();
    let Fetched {
        wheels,
        were_cached,
        yanked,
    } = layerlock_install::fetch(&wanted, options, reporter)?;
    let digests = wanted.into_iter().map(|one| one.sha256);
    Ok(Wheels {
        by_sha256: digests.zip(wheels).collect(),
        keep_unpacked: were_cached,
        yanked,
    })
}

pub(crate) fn index_of_option(settings: &Settings) -> Result<Option<IndexUrl>, Error> {
    let index = settings
        .index_url
        .as_deref()
        .map(IndexUrl::parse)
        .transpose();
    Ok(index.map_err(layerlock_install::Error::from)?)
}

fn find_links(settings: &Settings) -> Result<Vec<FindLinks>, Error> {
    let places = settings
        .find_links
        .iter()
        .map(|text| FindLinks::parse(text))
        .collect::<Result<_, _>>();
    Ok(places.map_err(layerlock_install::Error::from)?)
}

/// The packages of a layer, and those that are excluded from it.
fn select(lock: &dyn LockReader, layer: &Layer) -> Result<Remaining, Error> {
    let selected = lock.select(&layer.choice, &layer.target.marker_environment())?;
    let mut remaining = selected.exclude(&layer.exclude);
    if let Some(own) = &layer.own_package {
        remaining.selected.insert_project(own.clone());
    }
    Ok(remaining)
}

fn excluded_packages(excluded: &[Excluded], layer: &Layer) -> Vec<ExcludedPackage> {
    excluded
        .iter()
        .map(|one| ExcludedPackage {
            name: one.package.name.to_string(),
            version: one.package.version.clone(),
            named: one.is_named,
            in_runtime: layer.target.brings(one.package.name.as_str()),
            needed_by: one.needed_by.iter().map(ToString::to_string).collect(),
        })
        .collect()
}

/// The wheel that suits the target best. The error recommends no runtime that
/// the project does not allow.
pub(crate) fn choose_wheel(
    project: &Project,
    package: LockedPackage,
    target: &Target,
) -> Result<Pick, layerlock_install::Error> {
    layerlock_install::choose(package, target).map_err(|mut error| {
        if let layerlock_install::Error::NoWheel(no_wheel) = &mut error {
            let is_allowed = |runtime: &Runtime| {
                let (major, minor) = runtime.python();
                project.python().allows_minor(major.into(), minor.into())
            };
            no_wheel.runtimes.retain(is_allowed);
        }
        error
    })
}

/// The index for packages that the lock gives no source for.
pub(crate) fn find_default_index(
    machine: &MachineConfig,
    cache: &Cache,
    reporter: &dyn Reporter,
) -> Result<Index, layerlock_install::Error> {
    let found = default_index(machine, Some(cache.root()))?;
    reporter.index_found(&found.index.url.to_string(), &found.origin.to_string());
    Ok(found.index)
}

/// What `SOURCE_DATE_EPOCH` says (<https://reproducible-builds.org/specs/source-date-epoch/>),
/// else the first time that a zip knows.
fn time_of_environment() -> Result<EntryTime, Error> {
    let Some(value) = std::env::var_os(SOURCE_DATE_EPOCH).filter(|value| !value.is_empty()) else {
        return Ok(EntryTime::default());
    };
    let seconds = value.to_str().and_then(|text| text.parse().ok());
    seconds
        .map(EntryTime::from_unix)
        .ok_or_else(|| Error::SourceDateEpoch {
            value: value.to_string_lossy().into_owned(),
        })
}

/// The variable that gives the time of what is built, in seconds from 1970 on.
const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";

fn zip_options(layer: &Layer, time: EntryTime) -> ZipOptions {
    ZipOptions {
        compression: layer.compression,
        time,
    }
}

fn zip_report(path: &Path, summary: &ZipSummary) -> ZipReport {
    ZipReport {
        path: path.to_owned(),
        size: summary.size,
        sha256: summary.digest.hex(),
        code_sha256: summary.digest.base64(),
        crc64: summary.crc64.to_string(),
    }
}

fn packages(
    chosen: &[Chosen],
    plan: &LayerPlan,
    zipped_sizes: Option<&[u64]>,
) -> Vec<PackageReport> {
    // The owners of the plan are the packages, in this order.
    let unzipped_sizes = plan.unzipped_sizes();
    chosen
        .iter()
        .zip(unzipped_sizes)
        .enumerate()
        .map(|(index, (chosen, unzipped_size))| PackageReport {
            name: chosen.package.name.to_string(),
            version: chosen.package.version.clone(),
            file: chosen.wheel.to_string(),
            sha256: HEXLOWER.encode(&chosen.sha256),
            unzipped_size,
            zipped_size: zipped_sizes.map(|sizes| sizes[index]),
        })
        .collect()
}
