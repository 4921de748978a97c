//! From a project to its layers.

use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};
use layerlock_export::{LeftOut, Lock, LockedPackage, PackageSource, Project, Remaining};
use layerlock_install::index::{IndexUrl, Sources, default_index};
use layerlock_install::{
    Cache, Chosen, FetchOptions, Fetched, FindLinks, Reporter, Surroundings, Wheel, Yanked,
};
use layerlock_layer::{
    EntryTime, LayerPlan, Prepared, StagingDirectory, ZipOptions, ZipSummary, prepare_zip,
};
use layerlock_target::{Runtime, Target};

use crate::cache::open_cache;
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
}

/// Builds the staging directories and no zip. Without a configured one a layer
/// is staged in `dist/staging/NAME` of the project.
pub fn install(settings: &Settings, reporter: &dyn Reporter) -> Result<Report, Error> {
    LastRun::or("install", settings, || {
        let mut job = Job::read(settings)?;
        for layer in &mut job.layers {
            layer.zip = None;
            let default = || settings.below_project(Path::new(STAGING).join(&layer.name));
            layer.staging.get_or_insert_with(default);
        }
        job.run(reporter)
    })
}

/// A project and what is asked of it.
struct Job<'a> {
    settings: &'a Settings,
    project: Project,
    lock: Lock,
    layers: Vec<Layer>,
    /// The time of everything in a zip.
    time: EntryTime,
    cache: Cache,
    surroundings: Surroundings,
}

/// A layer of which nothing is left to decide.
struct PlannedLayer<'a> {
    layer: &'a Layer,
    wheels: Vec<(Chosen, Wheel)>,
    yanked: Vec<Yanked>,
    left_out: Vec<LeftOut>,
    left_out_files: LeftOutFiles,
    unknown: Vec<String>,
    plan: LayerPlan,
    staging: Option<StagingDirectory>,
}

impl<'a> Job<'a> {
    fn read(settings: &'a Settings) -> Result<Self, Error> {
        let project = Project::read(settings.directory())?;
        Ok(Self {
            settings,
            layers: configuration::layers(&project, settings)?,
            time: time_of_environment()?,
            lock: Lock::read(&project)?,
            cache: open_cache(&settings.cache)?,
            surroundings: Surroundings::of_this_process(),
            project,
        })
    }

    /// Plans all layers, then prepares all outputs, then publishes them: trouble
    /// with the last leaves no half of the first.
    fn run(&self, reporter: &dyn Reporter) -> Result<Ran, Error> {
        outputs::refuse_overlaps(&self.layers)?;
        let mut planned = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            planned.push(self.plan(layer, reporter)?);
        }
        let is_pinned = planned
            .iter()
            .flat_map(|layer| &layer.wheels)
            .all(|(chosen, _)| is_pinned(&chosen.package));
        let mut outputs = Vec::new();
        let mut layers = Vec::with_capacity(planned.len());
        for layer in planned {
            layers.push(self.prepare(layer, &mut outputs)?);
        }
        for output in outputs {
            output.publish()?;
        }
        Ok(Ran {
            report: Report {
                unchanged: false,
                layers,
            },
            is_pinned,
        })
    }

    fn plan<'b>(
        &self,
        layer: &'b Layer,
        reporter: &dyn Reporter,
    ) -> Result<PlannedLayer<'b>, Error> {
        let Remaining {
            packages,
            left_out,
            unknown,
        } = select(&self.project, &self.lock, layer)?;
        let (chosen, fetched) = self.fetch(layer, packages, reporter)?;
        let wheels: Vec<_> = chosen.into_iter().zip(fetched.wheels).collect();
        let mut left_out_files = LeftOutFiles::of(&layer.exclude_files);
        let plan = layerlock_install::plan_filtered(&wheels, &layer.target, &mut |entry| {
            left_out_files.keeps(entry)
        })?;
        let staging = match &layer.staging {
            Some(directory) => {
                let is_ours = layerlock_install::is_installed(directory, &layer.target);
                Some(StagingDirectory::claim(directory, &plan, is_ours)?)
            }
            None => None,
        };
        Ok(PlannedLayer {
            layer,
            wheels,
            yanked: fetched.yanked,
            left_out,
            left_out_files,
            unknown,
            plan,
            staging,
        })
    }

    fn prepare(
        &self,
        planned: PlannedLayer<'_>,
        outputs: &mut Vec<Prepared>,
    ) -> Result<LayerReport, Error> {
        let PlannedLayer {
            layer,
            wheels,
            yanked,
            left_out,
            left_out_files,
            unknown,
            plan,
            staging,
        } = planned;
        let mut zip = None;
        let mut zipped_sizes = None;
        if let Some(path) = &layer.zip {
            let (summary, output) = prepare_zip(&plan, path, zip_options(layer, self.time))?;
            outputs.push(output);
            zip = Some(zip_report(path, &summary));
            zipped_sizes = Some(summary.zipped_sizes);
        }
        if let Some(staging) = &staging {
            outputs.push(staging.prepare(&plan)?);
        }
        let mut findings = findings::of_project(&self.project, &self.lock, &layer.choice)?;
        findings.extend(findings::of_layer(layer, &plan, zip.as_ref()));
        findings.extend(yanked.iter().map(findings::of_yanked));
        let excluded = excluded(&left_out, layer);
        findings.extend(findings::of_excluded(layer, &excluded, &unknown));
        findings.extend(findings::of_files_left_out(&left_out_files));
        Ok(LayerReport {
            name: layer.name.clone(),
            target: layer.target,
            packages: packages(&wheels, &plan, zipped_sizes.as_deref()),
            excluded,
            excluded_files: left_out_files.total(),
            zip,
            staging: layer.staging.clone(),
            unzipped_size: plan.unzipped_size(),
            file_count: plan.entries().len(),
            findings,
        })
    }

    /// The packages, each with its wheel in the cache.
    fn fetch(
        &self,
        layer: &Layer,
        packages: Vec<LockedPackage>,
        reporter: &dyn Reporter,
    ) -> Result<(Vec<Chosen>, Fetched), Error> {
        let Self {
            settings,
            cache,
            surroundings,
            ..
        } = self;
        let chosen = packages
            .into_iter()
            .map(|package| choose_wheel(&self.project, package, &layer.target))
            .collect::<Result<Vec<_>, _>>()?;
        let options = FetchOptions {
            cache,
            sources: Sources {
                option: index_of_option(settings)?,
                project: self.project.sources(),
                default_index: &|| {
                    let found = default_index(None, surroundings, Some(cache.root()))?;
                    reporter.index_found(&found.index.url.to_string(), &found.origin.to_string());
                    Ok(found.index)
                },
                surroundings,
            },
            find_links: find_links(settings, surroundings)?,
            offline: settings.offline,
        };
        let fetched = layerlock_install::fetch(&chosen, &options, reporter)?;
        Ok((chosen, fetched))
    }
}

fn index_of_option(settings: &Settings) -> Result<Option<IndexUrl>, Error> {
    let index = settings
        .index_url
        .as_deref()
        .map(IndexUrl::parse)
        .transpose();
    Ok(index.map_err(layerlock_install::Error::from)?)
}

/// Those of the settings, then those of the machine.
fn find_links(settings: &Settings, surroundings: &Surroundings) -> Result<Vec<FindLinks>, Error> {
    let asked_for = settings
        .find_links
        .iter()
        .map(|text| FindLinks::parse(text));
    let mut places: Vec<FindLinks> = asked_for
        .collect::<Result<_, _>>()
        .map_err(layerlock_install::Error::from)?;
    places.extend(FindLinks::of_machine(surroundings));
    Ok(places)
}

/// Whether the lock settles what a package holds: a folder's files may change
/// while the lock stays as it is.
fn is_pinned(package: &LockedPackage) -> bool {
    !matches!(package.source, PackageSource::Directory { .. })
}

/// The packages of a layer, and those that are left out of it.
fn select(project: &Project, lock: &Lock, layer: &Layer) -> Result<Remaining, Error> {
    let environment = layer.target.marker_environment();
    let Layer {
        choice, exclude, ..
    } = layer;
    let packages = layerlock_export::select(project, lock, choice, &environment)?;
    Ok(layerlock_export::exclude(
        project,
        lock,
        choice,
        &environment,
        packages,
        exclude,
    )?)
}

fn excluded(left_out: &[LeftOut], layer: &Layer) -> Vec<ExcludedPackage> {
    left_out
        .iter()
        .map(|one| ExcludedPackage {
            name: one.package.name.clone(),
            version: one.package.version.clone(),
            named: one.is_named,
            in_runtime: layer.target.brings(&one.package.name),
            needed_by: one.needed_by.clone(),
        })
        .collect()
}

/// The wheel that suits the target best. The error recommends no runtime that
/// the project does not allow.
pub(crate) fn choose_wheel(
    project: &Project,
    package: LockedPackage,
    target: &Target,
) -> Result<Chosen, layerlock_install::Error> {
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
        sha256: HEXLOWER.encode(&summary.sha256),
        code_sha256: BASE64.encode(&summary.sha256),
        crc64: summary.crc64.to_string(),
    }
}

fn packages(
    wheels: &[(Chosen, Wheel)],
    plan: &LayerPlan,
    zipped_sizes: Option<&[u64]>,
) -> Vec<PackageReport> {
    // The owners of the plan are the packages, in this order.
    let unzipped_sizes = plan.unzipped_sizes();
    wheels
        .iter()
        .zip(unzipped_sizes)
        .enumerate()
        .map(|(index, ((chosen, _), unzipped_size))| PackageReport {
            name: chosen.package.name.clone(),
            version: chosen.package.version.clone(),
            file: chosen.wheel.to_string(),
            sha256: HEXLOWER.encode(&chosen.sha256),
            unzipped_size,
            zipped_size: zipped_sizes.map(|sizes| sizes[index]),
        })
        .collect()
}
