//! Deleting versions by their numbers.

use std::fmt;

use layerlock_diagnostic::{Diagnose as _, ErrorKind};
use layerlock_install::Reporter;
use serde::Serialize;

use super::UpkeepSettings;
use super::ground::{self, Found};
use super::removal::{self, Candidate};
use super::report::{VersionOutcome, VersionReport, exit_code, failures};
use crate::Error;
use crate::error_report::ErrorDetails;

/// Which versions to delete.
#[derive(Debug, Clone, Default)]
pub struct DeleteSettings {
    /// Of which layer, and where.
    pub upkeep: UpkeepSettings,
    /// The numbers of the versions.
    pub versions: Vec<u64>,
    /// Whether all versions are deleted, and so the layer.
    pub all: bool,
    /// Whether also what functions use is deleted.
    pub force: bool,
    /// Whether to do it; else it is only planned.
    pub yes: bool,
}

/// What became of each version.
#[derive(Debug, Clone, Serialize)]
pub struct DeleteReport {
    /// Each version that was named, in each place.
    pub deleted: Vec<VersionReport>,
    #[serde(skip)]
    is_plan: bool,
}

/// Deletes versions of one layer, or plans it. What functions use, or a configured parameter
/// has, is refused.
pub fn delete(delete: &DeleteSettings, reporter: &dyn Reporter) -> Result<DeleteReport, Error> {
    let (ground, places) = ground::read(&delete.upkeep, reporter)?;
    let names = ground.names();
    if names.len() > 1 {
        return Err(Error::WhichLayer { known: names });
    }
    let mut candidates = Vec::new();
    for found in ground.look(&places) {
        candidates.extend(delete.candidates(&found));
    }
    for report in candidates.iter().map(|one| &one.report) {
        if let Some(project) = ground.other_project(report.project.as_deref()) {
            reporter.warned(&format!(
                "{} was published by the project `{project}`",
                report.what()
            ));
        }
    }
    if !delete.force {
        removal::spare_named(&mut candidates, &ground)?;
        removal::spare_used(&mut candidates);
    }
    if delete.yes {
        removal::carry_out(&mut candidates, !delete.force);
    }
    let mut deleted: Vec<_> = candidates.into_iter().map(|one| one.report).collect();
    if delete.yes {
        deleted.iter_mut().for_each(refuse);
    }
    Ok(DeleteReport {
        deleted,
        is_plan: !delete.yes,
    })
}

/// A version that was to go and stays is an error.
fn refuse(version: &mut VersionReport) {
    if let (VersionOutcome::Kept, Some(reason)) = (version.outcome, version.reason.clone()) {
        let what = format!("kept {}", version.what());
        version.tell(&what, &Error::InUse { reason });
    }
}

impl DeleteSettings {
    fn candidates<'p>(&self, found: &Found<'p>) -> Vec<Candidate<'p>> {
        let place = found.place;
        if let (true, Err(error)) = (self.all, &found.versions) {
            let mut report = VersionReport::of_layer(place, &found.layer, VersionOutcome::Failed);
            report.fail("failed to list", error);
            return vec![Candidate { place, report }];
        }
        let mut numbers = self.versions.clone();
        if let (true, Ok(versions)) = (self.all, &found.versions) {
            numbers.extend(versions.iter().map(|version| version.version));
        }
        numbers.sort_unstable_by(|one, other| other.cmp(one));
        numbers.dedup();
        let candidate = |number: u64| {
            let mut report = VersionReport::of_layer(place, &found.layer, VersionOutcome::Missing);
            report.version = Some(number);
            match &found.versions {
                Ok(versions) => {
                    if let Some(version) = versions.iter().find(|one| one.version == number) {
                        let planned = VersionOutcome::Planned;
                        report = VersionReport::of_version(place, version, planned);
                    }
                }
                // A damaged version in a directory: its error says to delete it.
                Err(error) if error.kind() == ErrorKind::Integrity => {
                    report.outcome = VersionOutcome::Planned;
                }
                Err(error) => report.fail("failed to look for", error),
            }
            Candidate { place, report }
        };
        numbers.into_iter().map(candidate).collect()
    }
}

impl DeleteReport {
    /// The exit code of the command.
    pub fn exit_code(&self) -> u8 {
        exit_code(&self.deleted)
    }

    /// What failed or was refused.
    pub fn failures(&self) -> impl Iterator<Item = &ErrorDetails> {
        failures(&self.deleted)
    }
}

impl fmt::Display for DeleteReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&removal::text(&self.deleted, self.is_plan))
    }
}
