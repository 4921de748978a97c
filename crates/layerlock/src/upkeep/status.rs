//! Whether what is published is what the lock gives.

use std::fmt;

use layerlock_diagnostic::{EXIT_CHECK_FAILED, EXIT_SUCCESS};
use layerlock_publish::Change;
use serde::Serialize;

use crate::Error;
use crate::error_report::{ErrorDetails, exit_code};
use crate::publish::{
    Outcome, PublishReport, PublishReporter, PublishSettings, Published, publish_as,
};
use crate::report::{Report, finding_texts};

/// How the layers of a project stand to what is published.
#[derive(Debug, Clone, Serialize)]
pub struct StatusReport {
    /// What the lock gives.
    #[serde(flatten)]
    pub report: Report,
    /// Each layer for each target in each place.
    pub status: Vec<LayerStatus>,
}

/// How one layer for one target stands in one place.
#[derive(Debug, Clone, Serialize)]
pub struct LayerStatus {
    /// The provider: `local` or `aws`.
    pub provider: &'static str,
    /// The provider's account, as far as it is known.
    pub account: Option<String>,
    /// The provider's region, where it has regions.
    pub region: Option<String>,
    /// The layer's name in the project.
    pub layer: String,
    /// Its name at the provider.
    pub name: String,
    /// The runtimes that it is for.
    pub runtimes: Vec<String>,
    /// The architectures that it is for.
    pub architectures: Vec<String>,
    /// Whether it is published as the lock gives it.
    pub outcome: StatusOutcome,
    /// What a publish would change.
    pub changed: Vec<Change>,
    /// The name that functions use for the version of these bytes.
    pub arn: Option<String>,
    /// The version's number, from 1.
    pub version: Option<u64>,
    /// SHA-256 of what the lock gives in base64: what AWS calls `CodeSha256`.
    pub code_sha256: String,
    /// Why it is not known.
    pub error: Option<ErrorDetails>,
}

/// How a layer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusOutcome {
    /// What the lock gives is published.
    Current,
    /// It is not, or not as it is configured.
    Drift,
    /// Nobody knows.
    Failed,
}

/// Compares what is published with what the lock gives, and changes nothing. What the last
/// run made is not made again. `adopt` and `dry_run` of the settings have no say.
pub fn status(
    publish: &PublishSettings,
    reporter: &dyn PublishReporter,
) -> Result<StatusReport, Error> {
    let publish = PublishSettings {
        dry_run: true,
        // A newest version of another project is a difference, and no error.
        adopt: true,
        ..publish.clone()
    };
    publish_as("looked for in", &publish, reporter, StatusReport::of)
}

impl StatusReport {
    fn of(planned: PublishReport) -> Self {
        let PublishReport {
            report, published, ..
        } = planned;
        Self {
            report,
            status: published.into_iter().map(LayerStatus::of).collect(),
        }
    }

    /// The exit code of the command: that of what failed, else that of a check where
    /// anything differs.
    pub fn exit_code(&self) -> u8 {
        let has_drift = || {
            let mut status = self.status.iter();
            status.any(|one| one.outcome != StatusOutcome::Current)
        };
        match exit_code(self.failures()) {
            Some(code) => code,
            // A layer with errors is not published, and not compared.
            None if self.report.has_errors() || has_drift() => EXIT_CHECK_FAILED,
            None => EXIT_SUCCESS,
        }
    }

    /// What could not be compared.
    pub fn failures(&self) -> impl Iterator<Item = &ErrorDetails> {
        self.status.iter().filter_map(|one| one.error.as_ref())
    }
}

impl LayerStatus {
    fn of(planned: Published) -> Self {
        let error = planned.error.map(|error| ErrorDetails {
            // Nothing was to be published here.
            message: error
                .message
                .replacen("failed to publish", "failed to compare", 1),
            ..error
        });
        Self {
            provider: planned.provider,
            account: planned.account,
            region: planned.region,
            layer: planned.layer,
            name: planned.name,
            runtimes: planned.runtimes,
            architectures: planned.architectures,
            outcome: match planned.outcome {
                Outcome::Failed => StatusOutcome::Failed,
                Outcome::Planned => StatusOutcome::Drift,
                Outcome::Unchanged | Outcome::Published => StatusOutcome::Current,
            },
            changed: planned.changed,
            arn: planned.arn,
            version: planned.version,
            code_sha256: planned.code_sha256,
            error,
        }
    }
}

/// All but the failures, which are errors.
impl fmt::Display for StatusReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        for layer in &self.report.layers {
            lines.extend(finding_texts(&layer.findings));
        }
        let known = self.status.iter().filter(|one| one.error.is_none());
        lines.extend(known.map(ToString::to_string));
        f.write_str(&lines.join("\n"))
    }
}

impl fmt::Display for LayerStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let targets = [&self.runtimes[..], &self.architectures].concat().join(" ");
        let changed = self.changed.iter().map(ToString::to_string);
        let changed = changed.collect::<Vec<_>>().join(", ");
        match (self.outcome, &self.arn) {
            (StatusOutcome::Current, Some(arn)) => write!(f, "current {arn} for {targets}"),
            (_, Some(arn)) => write!(f, "drift {arn} for {targets} lacks its {changed}"),
            (_, None) => {
                write!(f, "drift {} for {targets} at {}", self.name, self.provider)?;
                if let Some(region) = &self.region {
                    write!(f, " in {region}")?;
                }
                if let Some(account) = &self.account {
                    write!(f, " (account {account})")?;
                }
                if self.changed == [Change::New] {
                    f.write_str(": none is published")
                } else {
                    write!(f, ": changed {changed}")
                }
            }
        }
    }
}
