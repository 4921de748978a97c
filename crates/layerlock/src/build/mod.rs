//! From a project to its layers.

mod choose_alone;
mod inspect;
mod layer_job;
mod maven;
mod npm;
mod other_packages;
mod own_files;
mod wheels;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use layerlock_client::{MachineConfig, Session};
use layerlock_export::Project;
use layerlock_install::index::Index;
use layerlock_install::{Cache, FetchOptions, Reporter, Silent, Sources, WheelOrSource};
use layerlock_layer::{EntryTime, Scratch, parallel, put_in_place};
use layerlock_lock::LockReader;
use layerlock_target::Provider;

use crate::built::Built;
use crate::cache::{open_cache, with_cache};
use crate::configuration::{self, Layer};
use crate::dist::{self, NewDist};
use crate::file_plan::FilePlan;
use crate::last_run::{BuiltDirectories, LastRun, Outcome, PlannedLayer};
use crate::lock::{LazyLock, Locked, read_project};
use crate::report_file::with_report;
use crate::source_date_epoch::time_of_entries;
use crate::sources::{find_default_index, find_links, index_of_option};
use crate::templates::{self, Template};
use crate::{Error, Settings, findings, git, outputs};

pub(crate) use inspect::{SelectedLayer, inspect, with_selections};
use layer_job::{LayerJob, PlannedFiles, settle_libraries};
use wheels::Wheels;

/// The job that builds what is published, in the notes of runs.
const PUBLISH: &str = "publish";

/// Builds the zip of every layer that the settings ask for, and the staging
/// directories that are configured. Where nothing has changed since an earlier
/// run, gives what that built, and does nothing.
pub fn build(settings: &Settings, reporter: &dyn Reporter) -> Result<Built, Error> {
    with_report(settings, || {
        reuse_or_run("build", settings, reporter, |_| {})
    })
}

/// Builds the zips and no staging directory, and leaves the report to another job. With
/// `is_trial` nothing is put in its place, and the project's directory stays as it was.
pub(crate) fn build_for_publish(
    settings: &Settings,
    is_trial: bool,
    reporter: &dyn Reporter,
) -> Result<Built, Error> {
    // What is not tried looks at its own note by itself.
    let jobs: &[&str] = if is_trial {
        &["build", PUBLISH]
    } else {
        &["build"]
    };
    if let Some(mut built) = jobs.iter().find_map(|job| LastRun::reuse(job, settings)) {
        for layer in &mut built.layers {
            layer.staging = None;
        }
        refuse_report(settings, &built)?;
        return Ok(built);
    }
    let zip_alone = |layer: &mut Layer| layer.staging = None;
    if !is_trial {
        return reuse_or_run(PUBLISH, settings, reporter, zip_alone);
    }
    let scratch = Scratch::create()?;
    Ok(run(settings, reporter, &zip_alone, Some(scratch.path()), &[])?.built)
}

/// Builds the staging directories and no zip. Without a configured one a layer
/// is staged in `dist/staging/NAME` of the project.
pub fn install(settings: &Settings, reporter: &dyn Reporter) -> Result<Built, Error> {
    let stage = |layer: &mut Layer| {
        layer.zip = None;
        if layer.staging.is_none() {
            let directory = settings.below_project(Path::new(dist::STAGING).join(&layer.name));
            layer.staging = Some(layer.own_directory(directory));
        }
    };
    with_report(settings, || {
        reuse_or_run("install", settings, reporter, stage)
    })
}

/// Plans every layer that the settings ask for, and writes no output. The packages'
/// wheels are fetched or built into the cache, since sizes, conflicts and findings
/// are read off them; there is no zip, so its size is not known.
pub fn plan(settings: &Settings, reporter: &dyn Reporter) -> Result<Built, Error> {
    with_report(settings, || {
        Ok(run(settings, reporter, &write_nothing, None, &[])?.built)
    })
}

/// Plans as far as the lock alone tells: which packages each layer gets, and which file
/// of each. No index is asked, nothing is fetched or built, and nothing is written.
pub fn plan_files(settings: &Settings) -> Result<FilePlan, Error> {
    with_report(settings, || {
        let job = Job::read(settings)?;
        let chosen = job.choose_alone();
        let mut layers = chosen.map_err(|error| job.error(error))?;
        job.settle_shared_names(&mut layers);
        let templates = job.templates();
        let layers = layers
            .iter()
            .map(|layer| layer.files(&job.project, job.lock.as_ref(), &templates));
        Ok(FilePlan {
            layers: layers.collect::<Result<_, _>>()?,
        })
    })
}

fn reuse_or_run(
    job: &str,
    settings: &Settings,
    reporter: &dyn Reporter,
    change: impl Fn(&mut Layer),
) -> Result<Built, Error> {
    let built = LastRun::reuse_or_run(job, settings, |unchanged| {
        run(settings, reporter, &change, None, unchanged)
    })?;
    if built.unchanged {
        refuse_report(settings, &built)?;
    }
    Ok(built)
}

fn refuse_report(settings: &Settings, built: &Built) -> Result<(), Error> {
    let layers = built.layers.iter();
    let outputs = layers.map(|layer| {
        let zip = layer.zip.as_ref().map(|zip| &zip.path);
        (zip, layer.staging.as_ref())
    });
    outputs::refuse_report(settings.report.as_deref(), outputs)
}

/// Plans every layer as [`plan`] does, and looks at the plans while the cache has what they
/// name.
pub(crate) fn plan_and_look<T>(
    settings: &Settings,
    reporter: &dyn Reporter,
    look: impl Fn(Built, &[PlannedLayer], &Cache) -> Result<T, Error>,
) -> Result<T, Error> {
    let look = |outcome: Outcome, cache: &Cache| look(outcome.built, &outcome.plans, cache);
    run_and(settings, reporter, &write_nothing, (None, &[]), look)
}

fn write_nothing(layer: &mut Layer) {
    layer.zip = None;
    layer.staging = None;
}

/// With a `scratch` directory the outputs are made there and go with it. Staging directories
/// in `unchanged` are as an earlier run left them.
fn run(
    settings: &Settings,
    reporter: &dyn Reporter,
    change: &dyn Fn(&mut Layer),
    scratch: Option<&Path>,
    unchanged: &[PathBuf],
) -> Result<Outcome, Error> {
    run_and(
        settings,
        reporter,
        change,
        (scratch, unchanged),
        |outcome, _| Ok(outcome),
    )
}

fn run_and<T>(
    settings: &Settings,
    reporter: &dyn Reporter,
    change: &dyn Fn(&mut Layer),
    (scratch, unchanged): (Option<&Path>, &[PathBuf]),
    finish: impl Fn(Outcome, &Cache) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut job = Job::read(settings)?;
    job.layers.iter_mut().for_each(change);
    with_cache(&settings.cache, reporter, |cache| {
        let mut forgotten = HashSet::new();
        loop {
            let ran = job.run(cache, reporter, scratch, unchanged);
            match ran.and_then(|outcome| finish(outcome, cache)) {
                // What can be fetched anew is no reason to fail.
                Err(Error::Layer(layerlock_layer::Error::Archive { archive, .. }))
                    // Once each: a disk may damage it again.
                if !job.is_offline()
                    && forgotten.insert(archive.clone())
                    && cache.forget(&archive) =>
                {
                    reporter.warned(&format!(
                        "{} is damaged, and is fetched anew",
                        archive.display()
                    ));
                }
                done => return done.map_err(|error| job.error(error)),
            }
        }
    })
}

/// A layer with a file for each of its packages.
type PickedLayer<'a> = LayerJob<'a, Vec<WheelOrSource>>;

/// A project and what is asked of it.
struct Job<'a> {
    settings: &'a Settings,
    project: Project,
    /// What the packages of layers come from; none where no layer has any.
    lock: Option<Locked>,
    layers: Vec<Layer>,
    /// The time of everything in a zip.
    time: EntryTime,
    session: Session,
}

impl<'a> Job<'a> {
    fn read(settings: &'a Settings) -> Result<Self, Error> {
        let project = read_project(settings)?;
        let lock = LazyLock::new(&project, settings);
        // What is wrong in the configuration is told before what is in the lock.
        let layers = configuration::layers(&project, settings, &lock, &|query| {
            lock.choose_runtime(query)
        });
        let layers = layers.map_err(|error| error.of_lock(lock.tool()))?;
        let of_packages = layers.iter().find(|layer| layer.choice.is_some());
        let lock = match of_packages {
            None => None,
            Some(layer) if lock.lacks_project() => {
                return Err(Error::NoPython {
                    layer: layer.name.clone(),
                    place: project.place(0..0),
                });
            }
            Some(_) => Some(match lock.into_inner() {
                Some(lock) => lock?,
                None => Locked::read(project.clone(), settings)?,
            }),
        };
        Ok(Self {
            settings,
            layers,
            time: time_of_entries()?,
            lock,
            project,
            session: Session::new(
                MachineConfig::from_environment().in_project(settings.directory()),
            ),
        })
    }

    /// An error of this job: hints name what writes the lock.
    fn error(&self, error: Error) -> Error {
        match &self.lock {
            Some(lock) => error.of_lock(lock.tool()),
            None => error,
        }
    }

    /// Plans all layers, then prepares all outputs, then puts them in their places:
    /// an error in the last leaves no half of the first. Layers are worked on side by
    /// side; what they share is fetched and read once.
    fn run(
        &self,
        cache: &Cache,
        reporter: &dyn Reporter,
        scratch: Option<&Path>,
        unchanged: &[PathBuf],
    ) -> Result<Outcome, Error> {
        outputs::refuse_overlaps(&self.layers)?;
        outputs::refuse_remains(&self.layers)?;
        let places = self.layers.iter();
        let places = places.map(|layer| (layer.zip.as_ref(), layer.staging.as_ref()));
        outputs::refuse_report(self.settings.report.as_deref(), places)?;
        let outputs = self.outputs();
        let watched = own_files::make(&self.layers, &outputs, reporter)?;
        // Outputs are prepared in their directories.
        let dist = NewDist::look(self.settings);
        let staging = self.layers.iter().filter_map(Layer::outermost_staging);
        let staging = dist::new_staging(self.settings, staging);
        let index_of_machine = || find_default_index(self.session.machine(), cache, reporter);
        let options = self.fetch_options(cache, &index_of_machine)?;

        let picked = self.pick(&options)?;
        // Looked at before they are read: what changes in between is a change since.
        let directories = picked.iter().flat_map(LayerJob::directories);
        let directories = BuiltDirectories::look(directories, self.outputs());
        // One build after the other: each may use all cores.
        let chosen = picked
            .into_iter()
            .map(|layer| layer.build(self.settings, &options, &self.outputs(), reporter))
            .collect::<Result<Vec<_>, Error>>()?;
        let is_pinned = chosen.iter().all(LayerJob::is_pinned);
        let files = chosen.iter().flat_map(|layer| &layer.step.chosen);
        let wheels = Wheels::fetch(files, &options, reporter)?;
        let offline = self.is_offline();
        let (others, watched) =
            other_packages::fetch(&self.layers, cache, offline, reporter, watched)?;
        let pairs = chosen.into_iter().zip(others).collect();
        let mut planned = parallel::in_order(pairs, |(layer, others)| {
            layer.plan(&wheels, others, &outputs, unchanged)
        })?;
        self.settle_shared_lists(&mut planned);
        settle_libraries(&mut planned, !self.settings.layers.is_empty());
        let prepared = parallel::in_order(planned, |layer| {
            let of_project = (&self.project, self.lock.as_ref());
            layer.prepare(of_project, self.time, &wheels, scratch, cache)
        })?;

        let mut layers = Vec::with_capacity(prepared.len());
        let mut outputs = Vec::new();
        let mut plans = Vec::with_capacity(prepared.len());
        for layer in prepared {
            plans.push(layer.planned);
            layers.push(layer.built);
            outputs.extend(layer.outputs);
        }
        // What was made in a scratch directory has no place.
        outputs.retain(|_| scratch.is_none());
        let written = put_in_place(outputs)?;
        if scratch.is_none() {
            dist.ignore_if_made();
            let notes = staging.iter().filter_map(|it| git::note_on_staging(it));
            notes.for_each(|note| reporter.noted(&note));
        }
        let templates = self.templates();
        for layer in &mut layers {
            let of_templates = findings::templates(&layer.target, &templates);
            layer.findings.extend(of_templates);
        }
        Ok(Outcome {
            built: Built {
                unchanged: false,
                removed: Vec::new(),
                layers,
            },
            plans,
            written,
            templates,
            directories: directories.filter(|_| is_pinned),
            watched,
        })
    }

    /// The templates of the project's functions.
    fn templates(&self) -> Vec<Template> {
        // The only provider whose templates are known.
        templates::find(self.settings.directory(), Provider::Aws, &self.outputs())
    }

    fn pick(&self, options: &FetchOptions<'_>) -> Result<Vec<PickedLayer<'_>>, Error> {
        parallel::in_order(self.layers.iter().collect(), |layer| {
            let reader = self.lock.as_ref().map(|lock| lock as &dyn LockReader);
            LayerJob::select(layer, reader)?.pick(self.lock.as_ref(), options)
        })
    }

    /// Picks the files of all layers without asking anybody, even where an error could
    /// tell more.
    fn choose_alone(&self) -> Result<Vec<PickedLayer<'_>>, Error> {
        let cache = open_cache(&self.settings.cache)?;
        let no_index = || find_default_index(self.session.machine(), &cache, &Silent);
        self.pick(&FetchOptions {
            offline: true,
            ..self.fetch_options(&cache, &no_index)?
        })
    }

    /// Where this run writes: no part of what a directory is built from.
    fn outputs(&self) -> Vec<PathBuf> {
        let layers = self.layers.iter();
        let outputs = layers.flat_map(|layer| {
            let directory = layer.zip.as_deref().and_then(Path::parent);
            [layer.zip.as_deref(), directory, layer.staging.as_deref()]
        });
        let outputs = outputs.flatten().map(Path::to_owned);
        outputs
            .chain([self.settings.below_project(dist::IGNORE_FILE)])
            .collect()
    }

    /// Layers that share a list have use for a part of it each. What another layer
    /// has use for, or one that is not built now may have, is no mistake in it.
    fn settle_shared_lists(&self, layers: &mut [LayerJob<'_, PlannedFiles>]) {
        self.settle_shared_names(layers);
        let are_some_layers_only = !self.settings.layers.is_empty();
        let mut patterns = HashSet::new();
        for layer in &*layers {
            patterns.extend(layer.step.filter.used().map(str::to_owned));
        }
        for layer in layers {
            if layer.layer.shares.exclude_files {
                let filter = &mut layer.step.filter;
                filter.mark_used(|pattern| are_some_layers_only || patterns.contains(pattern));
            }
        }
    }

    fn settle_shared_names<Step>(&self, layers: &mut [LayerJob<'_, Step>]) {
        let are_some_layers_only = !self.settings.layers.is_empty();
        let mut names = HashSet::new();
        let mut preferred = HashSet::new();
        for layer in &*layers {
            let named = layer.excluded.iter().filter(|one| one.is_named);
            names.extend(named.map(|one| one.package.name.clone()));
            let here = layer.layer.prefer.iter();
            let here = here.filter(|name| !layer.not_preferred.contains(name));
            preferred.extend(here.cloned());
        }
        for layer in layers {
            if layer.layer.shares.exclude {
                layer
                    .unknown
                    .retain(|name| !are_some_layers_only && !names.contains(name));
            }
            if layer.layer.shares.prefer {
                layer
                    .not_preferred
                    .retain(|name| !are_some_layers_only && !preferred.contains(name));
            }
        }
    }

    fn fetch_options<'b>(
        &'b self,
        cache: &'b Cache,
        index_of_machine: &'b (dyn Fn() -> Result<Index, layerlock_install::Error> + Sync),
    ) -> Result<FetchOptions<'b>, Error> {
        let indexes = match &self.lock {
            Some(lock) => lock.indexes(),
            None => self.project.sources(),
        };
        let mut sources = Sources::new(indexes, index_of_machine, &self.session);
        sources.option = index_of_option(self.settings)?;
        Ok(FetchOptions {
            cache,
            sources,
            find_links: find_links(self.settings)?,
            offline: self.is_offline(),
        })
    }

    /// Whether packages may not come from the network.
    fn is_offline(&self) -> bool {
        self.settings.offline || self.session.machine().is_offline()
    }
}
