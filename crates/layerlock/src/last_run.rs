//! How a run knows that it has nothing to do.
//!
//! A run that succeeded leaves a note in the cache (never in the layer or beside
//! it): the digest of all that went in, what its outputs look like to `stat`, and
//! its report. The next one with the same settings compares both, opens no wheel
//! and parses neither the project nor the lock.
//!
//! - What goes in is pyproject.toml, poetry.lock, the environment variables that
//!   have a say, and the program itself. Settings and the current folder are in
//!   the note's name. Where locked files come from (index, cache, offline) has no say
//!   in what they are, and credentials have no place in a cache. Links to find may
//!   bring a wheel that no lock lists, so a run with some leaves no note.
//! - Outputs are compared as git compares its working tree, by size, times and
//!   mode. What git calls racy, an edit in the clock tick of the writing, cannot
//!   pass: outputs get a time to the nanosecond, which no other write has. Where
//!   the file system keeps only coarser times, no note is left.
//! - A package that is a folder may change while its lock does not: no note.

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use layerlock_install::Cache;
use layerlock_layer::{Stamp, WrittenOutput, write_file};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::report::Report;
use crate::{CacheLocation, Error, Settings};

/// Grows whenever the form of [`Note`] changes.
const NOTES: &str = "runs-v1";

/// What a job gives.
pub(crate) struct Ran {
    pub(crate) report: Report,
    /// The outputs, in the order of the report: of each layer the zip, then the
    /// staging directory.
    pub(crate) published: Vec<WrittenOutput>,
    /// Whether project and lock settle what is in the layers.
    pub(crate) is_pinned: bool,
}

/// The note of an earlier run, and what this one is about to read.
pub(crate) struct LastRun {
    path: PathBuf,
    inputs: [u8; 32],
    cache: Cache,
}

#[derive(Serialize, Deserialize)]
struct Note {
    inputs: [u8; 32],
    outputs: Vec<(PathBuf, Stamp)>,
    report: Report,
}

impl LastRun {
    /// The report of the last run of this job where nothing has changed since,
    /// else that of `run`.
    pub(crate) fn or(
        job: &str,
        settings: &Settings,
        run: impl FnOnce() -> Result<Ran, Error>,
    ) -> Result<Report, Error> {
        // The inputs are read before the run reads them: what changes in between
        // is a change since the note.
        let Some(last) = Self::of(job, settings) else {
            return Ok(run()?.report);
        };
        if !settings.rebuild
            && let Some(report) = last.unchanged()
        {
            return Ok(report);
        }
        let ran = run()?;
        if ran.is_pinned {
            // Without a note the next run does its work again.
            let _ = last.note(&ran);
        }
        Ok(ran.report)
    }

    fn of(job: &str, settings: &Settings) -> Option<Self> {
        if !settings.find_links.is_empty() {
            return None;
        }
        let cache = match &settings.cache {
            CacheLocation::User => Cache::of_user()?,
            CacheLocation::At(folder) => Cache::at(folder),
            CacheLocation::Nowhere => return None,
        };
        let lasting = Settings {
            index_url: None,
            offline: false,
            rebuild: false,
            cache: CacheLocation::Nowhere,
            ..settings.clone()
        };
        let folder = std::env::current_dir().ok()?;
        let name = digest([
            job.as_bytes(),
            folder.as_os_str().as_encoded_bytes(),
            format!("{lasting:?}").as_bytes(),
        ]);
        Some(Self {
            path: cache.root().join(NOTES).join(HEXLOWER.encode(&name)),
            inputs: inputs(settings.directory())?,
            cache,
        })
    }

    fn unchanged(&self) -> Option<Report> {
        let note: Note = serde_json::from_slice(&fs_err::read(&self.path).ok()?).ok()?;
        let is_as_it_was =
            |(path, stamp): &(PathBuf, Stamp)| Stamp::read(path).is_ok_and(|now| now == *stamp);
        (note.inputs == self.inputs && note.outputs.iter().all(is_as_it_was)).then_some(Report {
            unchanged: true,
            ..note.report
        })
    }

    fn note(&self, ran: &Ran) -> Option<()> {
        let Ran {
            report, published, ..
        } = ran;
        let outputs = report
            .layers
            .iter()
            .flat_map(|layer| layer.zip.iter().map(|zip| &zip.path).chain(&layer.staging))
            .zip(published)
            .map(|(path, output)| {
                // Another run may have put its own there in the meantime.
                let stamp = output.stamp(path).ok()??;
                stamp.is_certain().then(|| (path.clone(), stamp))
            })
            .collect::<Option<_>>()?;
        let note = Note {
            inputs: self.inputs,
            outputs,
            report: report.clone(),
        };
        let bytes = serde_json::to_vec(&note).ok()?;
        self.cache.make().ok()?;
        write_file(&self.path, &bytes).ok()
    }
}

/// Digest of all that settles what a run makes, besides its settings.
fn inputs(project: &Path) -> Option<[u8; 32]> {
    let program = std::env::current_exe().ok()?;
    let program = Stamp::read(&program).ok()?;
    let epoch = std::env::var_os("SOURCE_DATE_EPOCH").unwrap_or_default();
    Some(digest([
        env!("CARGO_PKG_VERSION").as_bytes(),
        format!("{program:?}").as_bytes(),
        epoch.as_encoded_bytes(),
        &fs_err::read(project.join("pyproject.toml")).ok()?,
        &fs_err::read(project.join("poetry.lock")).ok()?,
    ]))
}

/// Each part with its length, so that none runs into the next.
fn digest<const N: usize>(parts: [&[u8]; N]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}
