//! How a run knows that it has nothing to do.
//!
//! A run that succeeded leaves a note in the cache (never in the layer or beside
//! it): the digest of all that went in, what its outputs look like to `stat`, and
//! what it built. The next one with the same settings compares both, opens no wheel
//! and parses neither the project nor the lock.
//!
//! - What goes in is pyproject.toml, the lock, the environment variables that
//!   have a say, and the program itself. What was asked for is in the note's name
//!   ([`RunKey`]). Where locked files come from (index, cache, offline) has no say in
//!   what they are, and credentials have no place in a cache. Wheels of `--find-links` may be
//!   a wheel that no lock lists, so a run with some leaves no note.
//! - The templates that name runtimes are in the note too, as they looked: findings are
//!   made of them.
//! - Outputs are compared as git compares its working tree, by size, times and
//!   mode. What git calls racy, an edit in the clock tick of the writing, cannot
//!   pass: outputs get a time to the nanosecond, which no other write has. Where
//!   the file system keeps only coarser times, no note is left.
//! - A package that is a directory may change while its lock does not: what the files
//!   look like that its build may read is in the note too. They have no such times, so
//!   there is no note while one of them is as young as a coarse clock's tick; nor where
//!   a build reads more than these files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use layerlock_diagnostic::read_file;
use layerlock_digest::{Algorithm, Digest, Hasher, seal, unseal};
use layerlock_export::SETTINGS_FILE;
use layerlock_folders::Watched;
use layerlock_install::{Cache, FrontendKind, lasting_source_stamp, source_stamp};
use layerlock_layer::{Compression, LayerPlan, Stamp, WrittenOutput, remove_abandoned, write_file};
use layerlock_lock::Choice;
use layerlock_target::{Architecture, Provider, Runtime, Target};
use serde::{Deserialize, Serialize};

use crate::built::{Built, BuiltLayer};
use crate::cache::lasting_cache;
use crate::dist;
use crate::source_date_epoch::SOURCE_DATE_EPOCH;
use crate::templates::Template;
use crate::{Conflicts, Error, Settings, lock};

/// What a job gives.
pub(crate) struct Outcome {
    pub(crate) built: Built,
    /// What was planned for each layer, file by file.
    pub(crate) plans: Vec<PlannedLayer>,
    /// The outputs, in the order of the layers: of each the zip, then the
    /// staging directory.
    pub(crate) written: Vec<WrittenOutput>,
    /// The directories that packages were built from; none where these, project and lock
    /// do not settle what is in the layers.
    pub(crate) directories: Option<BuiltDirectories>,
    /// The templates that name runtimes: findings are made of them.
    pub(crate) templates: Vec<Template>,
    /// The project's own files in the layers; none where they may change without being seen.
    pub(crate) watched: Option<Watched>,
}

/// What is in a layer.
pub(crate) struct PlannedLayer {
    pub(crate) plan: LayerPlan,
    /// Bytes that each entry takes up in the zip; none where there is no zip.
    pub(crate) zipped_sizes: Option<Vec<u64>>,
}

/// Directories that packages are built from, as they were before that.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct BuiltDirectories {
    stamps: Vec<(PathBuf, Digest)>,
    /// What is no part of them: the outputs of the run.
    ignored: Vec<PathBuf>,
}

impl BuiltDirectories {
    /// Looks at directories. Nothing where a change of one would not be seen.
    pub(crate) fn look<'p>(
        directories: impl Iterator<Item = &'p Path>,
        ignored: Vec<PathBuf>,
    ) -> Option<Self> {
        // Layers and targets share them.
        let directories: BTreeSet<&Path> = directories.collect();
        let stamps = directories.into_iter().map(|directory| {
            let stamp = lasting_source_stamp(directory, &ignored)?;
            Some((directory.to_owned(), stamp))
        });
        let stamps = stamps.collect::<Option<_>>()?;
        Some(Self { stamps, ignored })
    }

    fn are_as_they_were(&self) -> bool {
        self.stamps.iter().all(|(directory, stamp)| {
            source_stamp(directory, &self.ignored).is_some_and(|now| now == *stamp)
        })
    }
}

/// The note of an earlier run, and what this one is about to read.
pub(crate) struct LastRun {
    path: PathBuf,
    inputs: Digest,
    cache: Cache,
}

/// Its form is told by the name of [`Cache::runs`].
#[derive(Serialize, Deserialize)]
struct Note {
    inputs: Digest,
    outputs: Vec<(PathBuf, Stamp)>,
    directories: BuiltDirectories,
    /// Without it nothing tells that there is nothing to do.
    watched: Option<Watched>,
    templates: Vec<(PathBuf, Stamp)>,
    layers: Vec<BuiltLayer>,
}

/// What was asked for: two runs with equal keys make the same of the same inputs.
#[derive(Serialize)]
struct RunKey<'s> {
    job: &'s str,
    /// Relative paths start from here.
    current_directory: &'s [u8],
    project: &'s [u8],
    lock: Option<&'s [u8]>,
    package: Option<&'s str>,
    allow_unhashed: bool,
    allow_stale_lock: bool,
    layers: &'s [String],
    provider: Option<Provider>,
    targets: &'s [Target],
    runtimes: &'s [Runtime],
    architectures: &'s [Architecture],
    choice: Option<&'s Choice>,
    exclude: Option<&'s [String]>,
    exclude_files: Option<&'s [String]>,
    prefer: Option<&'s [String]>,
    conflicts: Option<Conflicts>,
    compression: Option<Compression>,
    include_project: bool,
    build_frontend: Option<FrontendKind>,
    zip_name: Option<&'s str>,
    output: Option<&'s [u8]>,
    staging: Option<&'s [u8]>,
}

impl<'s> RunKey<'s> {
    fn new(job: &'s str, current_directory: &'s Path, settings: &'s Settings) -> Self {
        // A new setting has to be decided on here.
        let Settings {
            project,
            lock,
            package,
            allow_unhashed,
            allow_stale_lock,
            layers,
            provider,
            targets,
            runtimes,
            architectures,
            choice,
            exclude,
            exclude_files,
            prefer,
            conflicts,
            compression,
            include_project,
            build_frontend,
            zip_name,
            output,
            staging,
            // It is written anyway.
            report: _,
            // They have no say in what is made; with --find-links there is no note.
            index_url: _,
            find_links: _,
            offline: _,
            cache: _,
            rebuild: _,
        } = settings;
        Self {
            job,
            current_directory: bytes(current_directory),
            project: bytes(project),
            lock: lock.as_deref().map(bytes),
            package: package.as_deref(),
            allow_unhashed: *allow_unhashed,
            allow_stale_lock: *allow_stale_lock,
            layers,
            provider: *provider,
            targets,
            runtimes,
            architectures,
            choice: choice.as_ref(),
            exclude: exclude.as_deref(),
            exclude_files: exclude_files.as_deref(),
            prefer: prefer.as_deref(),
            conflicts: *conflicts,
            compression: *compression,
            include_project: *include_project,
            build_frontend: *build_frontend,
            zip_name: zip_name.as_deref(),
            output: output.as_deref().map(bytes),
            staging: staging.as_deref().map(bytes),
        }
    }

    fn digest(&self) -> Option<Digest> {
        Some(Digest::sha256_of(&serde_json::to_vec(self).ok()?))
    }
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

impl LastRun {
    /// What the last run of this job built where nothing has changed since.
    pub(crate) fn reuse(job: &str, settings: &Settings) -> Option<Built> {
        if settings.rebuild {
            return None;
        }
        Self::find(job, settings)?.unchanged(settings)
    }

    /// What the last run of this job built where nothing has changed since, else what
    /// `run` builds.
    pub(crate) fn reuse_or_run(
        job: &str,
        settings: &Settings,
        run: impl FnOnce(&[PathBuf]) -> Result<Outcome, Error>,
    ) -> Result<Built, Error> {
        // The inputs are read before the run reads them: what changes in between
        // is a change since the note.
        let Some(last) = Self::find(job, settings) else {
            return Ok(run(&[])?.built);
        };
        if !settings.rebuild
            && let Some(built) = last.unchanged(settings)
        {
            return Ok(built);
        }
        let earlier = last.earlier();
        let unchanged = earlier.as_ref().map(unchanged_staging);
        let mut ran = run(&unchanged.unwrap_or_default())?;
        if let Some(earlier) = earlier {
            ran.built.removed = remove_stale_zips(&earlier, &ran.built);
        }
        if let Some(directories) = ran.directories.take() {
            // Without a note the next run does its work again.
            let _ = last.note(&ran, directories);
        }
        Ok(ran.built)
    }

    fn find(job: &str, settings: &Settings) -> Option<Self> {
        if !settings.find_links.is_empty() {
            return None;
        }
        let cache = lasting_cache(&settings.cache)?;
        let current_directory = std::env::current_dir().ok()?;
        let key = RunKey::new(job, &current_directory, settings).digest()?;
        Some(Self {
            path: cache.runs().join(key.hex()),
            inputs: inputs(settings)?,
            cache,
        })
    }

    /// What tells its note from others.
    fn about(&self) -> &[u8] {
        self.path.file_name().unwrap_or_default().as_encoded_bytes()
    }

    /// The note, where it is as it was written.
    fn earlier(&self) -> Option<Note> {
        let sealed = fs_err::read(&self.path).ok()?;
        serde_json::from_slice(unseal(&sealed, self.about())?).ok()
    }

    fn unchanged(&self, settings: &Settings) -> Option<Built> {
        let note = self.earlier()?;
        let is_as_it_was =
            |(path, stamp): &(PathBuf, Stamp)| Stamp::read(path).is_ok_and(|now| now == *stamp);
        let is_unchanged = note.inputs == self.inputs
            && note.outputs.iter().all(is_as_it_was)
            && note.templates.iter().all(is_as_it_was)
            && note.directories.are_as_they_were()
            && note.watched.as_ref().is_some_and(Watched::is_as_it_was);
        if is_unchanged {
            remove_remains(&note);
            dist::remove_remains(settings);
        }
        is_unchanged.then_some(Built {
            unchanged: true,
            removed: Vec::new(),
            layers: note.layers,
        })
    }

    fn note(&self, ran: &Outcome, directories: BuiltDirectories) -> Option<()> {
        let Outcome {
            built,
            written,
            templates,
            watched,
            ..
        } = ran;
        let outputs = built
            .layers
            .iter()
            .flat_map(|layer| layer.zip.iter().map(|zip| &zip.path).chain(&layer.staging))
            .zip(written)
            .map(|(path, output)| {
                // Another run may have put its own there in the meantime.
                let stamp = output.stamp(path).ok()??;
                stamp.is_certain().then(|| (path.clone(), stamp))
            })
            .collect::<Option<_>>()?;
        let note = Note {
            inputs: self.inputs,
            outputs,
            directories,
            watched: watched.clone(),
            templates: templates
                .iter()
                .map(|template| Some((template.path.clone(), template.stamp.clone()?)))
                .collect::<Option<_>>()?,
            layers: built.layers.clone(),
        };
        let bytes = serde_json::to_vec(&note).ok()?;
        self.cache.make().ok()?;
        write_file(&self.path, &seal(bytes, self.about())).ok()
    }
}

/// The staging directories that are as an earlier run left them. Nobody else's files are
/// there, and no RECORD lists those of folders, of npm and of Maven.
fn unchanged_staging(note: &Note) -> Vec<PathBuf> {
    let staging = note.layers.iter().filter_map(|layer| layer.staging.clone());
    let is_unchanged = |directory: &PathBuf| {
        let mut outputs = note.outputs.iter();
        let output = outputs.find(|(path, _)| path == directory);
        output.is_some_and(|(path, stamp)| Stamp::read(path).is_ok_and(|now| now == *stamp))
    };
    staging.filter(is_unchanged).collect()
}

/// Removes what killed runs left beside the outputs: who writes would, and this run does not.
fn remove_remains(note: &Note) {
    let directories: BTreeSet<&Path> = note
        .outputs
        .iter()
        .filter_map(|(path, _)| path.parent())
        .collect();
    for directory in directories {
        let here = directory.as_os_str().is_empty();
        remove_abandoned(if here { Path::new(".") } else { directory });
    }
}

/// Removes the zips that an earlier run of the same command made, and that this one does
/// not make any more: a template that still names one would go on deploying it. What
/// somebody changed or replaced since stays.
fn remove_stale_zips(earlier: &Note, built: &Built) -> Vec<PathBuf> {
    let zips = |layers: &[BuiltLayer]| -> Vec<PathBuf> {
        let zips = layers.iter().filter_map(|layer| layer.zip.as_ref());
        zips.map(|zip| zip.path.clone()).collect()
    };
    let (old, new) = (zips(&earlier.layers), zips(&built.layers));
    let is_stale = |(path, stamp): &&(PathBuf, Stamp)| {
        old.contains(path)
            && !new.contains(path)
            && Stamp::read(path).is_ok_and(|now| now == *stamp)
    };
    let stale = earlier.outputs.iter().filter(is_stale);
    stale
        .filter(|(path, _)| fs_err::remove_file(path).is_ok())
        .map(|(path, _)| path.clone())
        .collect()
}

/// Digest of all that settles what a run makes, besides what was asked for.
fn inputs(settings: &Settings) -> Option<Digest> {
    let program = std::env::current_exe().ok()?;
    let program = Stamp::read(&program).ok()?;
    let epoch = std::env::var_os(SOURCE_DATE_EPOCH).unwrap_or_default();
    let mut hasher = Hasher::new(Algorithm::Sha256);
    for part in [
        env!("CARGO_PKG_VERSION").as_bytes(),
        format!("{program:?}").as_bytes(),
        epoch.as_encoded_bytes(),
        &read(&settings.below_project("pyproject.toml"))?,
        &read(&settings.below_project(SETTINGS_FILE))?,
    ] {
        add_part(&mut hasher, part);
    }
    for path in lock::input_files(settings)? {
        add_part(&mut hasher, bytes(&path));
        // Layers of the project's own files alone need no lock.
        add_part(&mut hasher, &read(&path)?);
    }
    Some(hasher.finish())
}

/// Adds a part with its length, so that none runs into the next.
fn add_part(hasher: &mut Hasher, part: &[u8]) {
    hasher.update(&(part.len() as u64).to_le_bytes());
    hasher.update(part);
}

/// A file that may not be there, which is another thing than one without a byte.
fn read(path: &Path) -> Option<Vec<u8>> {
    match read_file(path) {
        Ok(bytes) => Some([&b"file"[..], &bytes].concat()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(Vec::new()),
        Err(_) => None,
    }
}
