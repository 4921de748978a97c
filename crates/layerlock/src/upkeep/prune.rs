//! Deleting old versions.

use std::fmt;
use std::time::{Duration, SystemTime};

use layerlock_install::Reporter;
use layerlock_publish::LayerVersion;
use serde::Serialize;

use super::UpkeepSettings;
use super::ground::{self, Found, Ground};
use super::removal::{self, Candidate};
use super::report::{VersionOutcome, VersionReport, exit_code, failures};
use crate::Error;
use crate::error_report::ErrorDetails;

/// Which versions to delete.
#[derive(Debug, Clone, Default)]
pub struct PruneSettings {
    /// Of which layers, and where.
    pub upkeep: UpkeepSettings,
    /// How many versions stay for each set of runtimes and architectures; the newest one
    /// stays also with 0.
    pub keep: usize,
    /// Versions stay that are younger than this.
    pub older_than: Option<Duration>,
    /// Whether versions of other projects are treated like this project's.
    pub adopt: bool,
    /// Whether to do it; else it is only planned.
    pub yes: bool,
}

/// What became of each version.
#[derive(Debug, Clone, Serialize)]
pub struct PruneReport {
    /// Each version, by layer and place, newest first.
    pub pruned: Vec<VersionReport>,
    #[serde(skip)]
    is_plan: bool,
}

/// Deletes old versions of the project's layers, or of the layer that is named, or plans it.
///
/// For each layer and place these stay: the newest versions for each set of runtimes and
/// architectures, what any version of a function uses or a configured parameter has, and what
/// another project published.
/// What fails stops no other: the report says so.
pub fn prune(prune: &PruneSettings, reporter: &dyn Reporter) -> Result<PruneReport, Error> {
    let (ground, places) = ground::read(&prune.upkeep, reporter)?;
    let now = SystemTime::now();
    let mut candidates = Vec::new();
    for found in ground.look(&places) {
        candidates.extend(prune.candidates(&ground, found, now));
    }
    removal::spare_named(&mut candidates, &ground)?;
    removal::spare_used(&mut candidates);
    if prune.yes {
        removal::carry_out(&mut candidates, true);
    }
    Ok(PruneReport {
        pruned: candidates.into_iter().map(|one| one.report).collect(),
        is_plan: !prune.yes,
    })
}

impl PruneSettings {
    fn candidates<'p>(
        &self,
        ground: &Ground,
        found: Found<'p>,
        now: SystemTime,
    ) -> Vec<Candidate<'p>> {
        let place = found.place;
        let versions = match found.versions {
            Ok(versions) => versions,
            Err(error) => {
                let mut report =
                    VersionReport::of_layer(place, &found.layer, VersionOutcome::Failed);
                report.fail("failed to list", &error);
                return vec![Candidate { place, report }];
            }
        };
        let is_foreign = |version: &LayerVersion| !self.adopt && ground.is_of_another(version);
        let judged = versions.iter().enumerate().map(|(index, version)| {
            let newer = versions[..index].iter().filter(|newer| {
                !is_foreign(newer) && newer.is_for(&version.runtimes, &version.architectures)
            });
            let reason = if index == 0 {
                Some("newest")
            } else if is_foreign(version) {
                Some("of another project")
            } else {
                self.reason(newer.count(), version, now)
            };
            let outcome = if reason.is_some() {
                VersionOutcome::Kept
            } else {
                VersionOutcome::Planned
            };
            let mut report = VersionReport::of_version(place, version, outcome);
            report.reason = reason.map(str::to_owned);
            Candidate { place, report }
        });
        judged.collect()
    }

    /// Why a version stays that so many newer ones for the same targets come before.
    fn reason(
        &self,
        newer: usize,
        version: &LayerVersion,
        now: SystemTime,
    ) -> Option<&'static str> {
        if newer == 0 {
            return Some("newest");
        }
        if newer < self.keep {
            return Some("kept");
        }
        let least = self.older_than?;
        let Some(created) = version.created_at() else {
            return Some("of unknown age");
        };
        // What was made just now may have a time to come.
        let age = now.duration_since(created).unwrap_or_default();
        (age <= least).then_some("younger")
    }
}

impl PruneReport {
    /// The exit code of the command.
    pub fn exit_code(&self) -> u8 {
        exit_code(&self.pruned)
    }

    /// What failed.
    pub fn failures(&self) -> impl Iterator<Item = &ErrorDetails> {
        failures(&self.pruned)
    }
}

impl fmt::Display for PruneReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&removal::text(&self.pruned, self.is_plan))
    }
}
