//! From a project to its layers.

use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXLOWER};
use layerlock_export::{Lock, Project};
use layerlock_install::index::{IndexUrl, Surroundings, default_index};
use layerlock_install::{Cache, Chosen, FetchOptions, Reporter, Wheel};
use layerlock_layer::{LayerPlan, StagingDirectory, ZipSummary, write_zip};
use layerlock_target::Support;

use crate::configuration::{self, Layer};
use crate::report::{Finding, LayerReport, PackageReport, Report, Severity, ZipReport};
use crate::{CacheLocation, Error, Settings};

/// Where `install` stages a layer unless told otherwise, below the project.
const STAGING: &str = "dist/staging";

/// Builds the zip of every layer that the settings ask for, and the staging
/// directories that are configured.
pub fn build(settings: &Settings, reporter: &dyn Reporter) -> Result<Report, Error> {
    let job = Job::read(settings)?;
    let planned = job.plan(reporter)?;
    let write = |planned: Planned| {
        let layer = &planned.layer;
        let file = format!(
            "{}-{}-{}.zip",
            layer.name, layer.target.runtime, layer.target.architecture
        );
        let path = layer.output.join(file);
        let summary = write_zip(&planned.plan, &path)?;
        job.finish(planned, Some((path, summary)))
    };
    let layers = planned.into_iter().map(write).collect::<Result<_, _>>()?;
    Ok(Report { layers })
}

/// Builds the staging directories and no zip. Without a configured one a layer
/// is staged in `dist/staging/NAME` of the project.
pub fn install(settings: &Settings, reporter: &dyn Reporter) -> Result<Report, Error> {
    let mut job = Job::read(settings)?;
    for layer in &mut job.layers {
        let default = || settings.below_project(Path::new(STAGING).join(&layer.name));
        layer.staging.get_or_insert_with(default);
    }
    let planned = job.plan(reporter)?;
    let write = |planned| job.finish(planned, None);
    let layers = planned.into_iter().map(write).collect::<Result<_, _>>()?;
    Ok(Report { layers })
}

/// A project and what is asked of it.
struct Job<'a> {
    settings: &'a Settings,
    project: Project,
    lock: Lock,
    layers: Vec<Layer>,
    cache: Cache,
}

/// A layer of which nothing is left to decide.
struct Planned {
    layer: Layer,
    wheels: Vec<(Chosen, Wheel)>,
    plan: LayerPlan,
    staging: Option<StagingDirectory>,
}

impl<'a> Job<'a> {
    fn read(settings: &'a Settings) -> Result<Self, Error> {
        let project = Project::read(settings.directory())?;
        Ok(Self {
            settings,
            layers: configuration::layers(&project, settings)?,
            lock: Lock::read(&project)?,
            cache: open_cache(&settings.cache)?,
            project,
        })
    }

    /// Plans every layer before any is written, so that trouble with the second
    /// leaves no half of the first.
    fn plan(&self, reporter: &dyn Reporter) -> Result<Vec<Planned>, Error> {
        let plan_one = |layer: Layer| {
            let wheels = self.wheels(&layer, reporter)?;
            let plan = layerlock_install::plan(&wheels, &layer.target)?;
            let staging = match &layer.staging {
                Some(directory) => {
                    let is_ours = layerlock_install::is_installed(directory, &layer.target);
                    Some(StagingDirectory::claim(directory, &plan, is_ours)?)
                }
                None => None,
            };
            Ok(Planned {
                layer,
                wheels,
                plan,
                staging,
            })
        };
        self.layers.iter().cloned().map(plan_one).collect()
    }

    /// Writes the staging directory, where there is one, and reports.
    fn finish(
        &self,
        planned: Planned,
        zip: Option<(PathBuf, ZipSummary)>,
    ) -> Result<LayerReport, Error> {
        let Planned {
            layer,
            wheels,
            plan,
            staging,
        } = planned;
        if let Some(staging) = &staging {
            staging.write(&plan)?;
        }
        let zipped_sizes = zip.as_ref().map(|(_, summary)| &summary.zipped_sizes[..]);
        let packages = packages(&wheels, &plan, zipped_sizes);
        let zip = zip.map(|(path, summary)| zip_report(path, &summary));
        let mut findings = self.project_findings(&layer)?;
        findings.extend(layer_findings(&layer, &plan, zip.as_ref()));
        Ok(LayerReport {
            packages,
            zip,
            staging: staging.map(|staging| staging.path().to_owned()),
            unzipped_size: plan.unzipped_size(),
            file_count: plan.entries().len(),
            findings,
            name: layer.name,
            target: layer.target,
        })
    }

    /// The packages of a layer, each with its wheel in the cache.
    fn wheels(
        &self,
        layer: &Layer,
        reporter: &dyn Reporter,
    ) -> Result<Vec<(Chosen, Wheel)>, Error> {
        let Self {
            settings, cache, ..
        } = self;
        let chosen = choose(&self.project, &self.lock, layer)?;
        let options = FetchOptions {
            cache,
            index: match &settings.index_url {
                Some(address) => {
                    Some(IndexUrl::parse(address).map_err(layerlock_install::Error::from)?)
                }
                None => None,
            },
            default_index: &|| {
                let found =
                    default_index(None, &Surroundings::of_this_process(), Some(cache.root()))?;
                reporter.index_found(&found.url.to_string(), &found.origin.to_string());
                Ok(found.url)
            },
            offline: settings.offline,
        };
        let wheels = layerlock_install::fetch(&chosen, &options, reporter)?;
        Ok(chosen.into_iter().zip(wheels).collect())
    }

    /// What the user should know of the choice and the lock.
    fn project_findings(&self, layer: &Layer) -> Result<Vec<Finding>, Error> {
        let selection = layer.choice.resolve(&self.project)?;
        Ok(self
            .lock
            .warnings()
            .iter()
            .chain(&selection.warnings)
            .map(|warning| finding(Severity::Warning, "project", warning.to_string(), None))
            .collect())
    }
}

/// The packages of a layer, each with the wheel that suits its target best.
fn choose(project: &Project, lock: &Lock, layer: &Layer) -> Result<Vec<Chosen>, Error> {
    let environment = layer.target.marker_environment();
    layerlock_export::select(project, lock, &layer.choice, &environment)?
        .into_iter()
        .map(|package| Ok(layerlock_install::choose(package, &layer.target)?))
        .collect()
}

fn open_cache(location: &CacheLocation) -> Result<Cache, Error> {
    match location {
        CacheLocation::User => Cache::of_user().ok_or(Error::NoCache),
        CacheLocation::At(folder) => Ok(Cache::at(folder)),
        CacheLocation::Nowhere => Ok(Cache::temporary()?),
    }
}

fn zip_report(path: PathBuf, summary: &ZipSummary) -> ZipReport {
    ZipReport {
        path,
        size: summary.size,
        sha256: HEXLOWER.encode(&summary.sha256),
        code_sha256: BASE64.encode(&summary.sha256),
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

fn layer_findings(layer: &Layer, plan: &LayerPlan, zip: Option<&ZipReport>) -> Vec<Finding> {
    let runtime = layer.target.runtime;
    let limits = layer.target.limits();
    let mut findings = Vec::new();
    if layer.runtime_by_default {
        findings.push(finding(
            Severity::Info,
            "default-runtime",
            format!("built for {runtime}, the newest runtime that the project's Python allows"),
            Some("set `runtime` in [tool.layerlock] to your functions' runtime"),
        ));
    }
    match runtime.support() {
        Support::Until(_) => {}
        Support::Retired => findings.push(finding(
            Severity::Warning,
            "runtime-retired",
            format!("{runtime} is deprecated by the provider"),
            Some("build for a newer runtime"),
        )),
        Support::Preview => findings.push(finding(
            Severity::Warning,
            "runtime-preview",
            format!("{runtime} is a preview, and its glibc not yet certain"),
            None,
        )),
    }
    let unzipped = plan.unzipped_size();
    if unzipped > limits.unzipped {
        findings.push(finding(
            Severity::Error,
            "layer-too-large",
            format!(
                "the layer unzips to {unzipped} bytes, the provider accepts {} together with \
                 the function and its other layers",
                limits.unzipped
            ),
            Some("leave out packages or split the layer into several"),
        ));
    }
    if let Some(zip) = zip
        && zip.size > limits.zip_in_request
    {
        findings.push(finding(
            Severity::Warning,
            "zip-too-large-for-request",
            format!(
                "the zip has {} bytes, a request takes {}: it has to be published by way of \
                 object storage",
                zip.size, limits.zip_in_request
            ),
            None,
        ));
    }
    findings
}

fn finding(severity: Severity, code: &'static str, message: String, hint: Option<&str>) -> Finding {
    Finding {
        severity,
        code,
        message,
        package: None,
        path: None,
        hint: hint.map(str::to_owned),
    }
}
