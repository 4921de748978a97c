//! What upkeep tells of a version. The field names are the interface of `--json`.

use std::fmt;

use layerlock_diagnostic::{Diagnose, EXIT_SUCCESS};
use layerlock_publish::{LayerVersion, Publisher};
use serde::Serialize;

use crate::error_report::{self, ErrorDetails, each_once};
use crate::publish::destination::Place;

/// One version of a layer in one place, and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct VersionReport {
    /// The provider: `local` or `aws`.
    pub provider: &'static str,
    /// The provider's account, as far as it is known.
    pub account: Option<String>,
    /// The provider's region, where it has regions.
    pub region: Option<String>,
    /// The layer's name at the provider.
    pub layer: String,
    /// The same, as `publish` and `status` call it.
    pub name: String,
    /// The version's number, from 1; none where the layer's versions could not be listed.
    pub version: Option<u64>,
    /// The name that functions use for it.
    pub arn: Option<String>,
    /// When it was published (ISO 8601).
    pub created: Option<String>,
    /// Its description, as the provider has it.
    pub description: Option<String>,
    /// Its license.
    pub license: Option<String>,
    /// The runtimes that it is for.
    pub runtimes: Vec<String>,
    /// The architectures that it is for.
    pub architectures: Vec<String>,
    /// The project that published it, as its description says it.
    pub project: Option<String>,
    /// What became of it.
    pub outcome: VersionOutcome,
    /// Why it is kept.
    pub reason: Option<String>,
    /// The ARNs of the functions that use it; none where nobody asked.
    pub used_by: Option<Vec<String>>,
    /// Why it failed.
    pub error: Option<ErrorDetails>,
}

/// What became of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VersionOutcome {
    /// It is there.
    Listed,
    /// It would be deleted.
    Planned,
    /// It was deleted.
    Deleted,
    /// It stays.
    Kept,
    /// There is no such version.
    Missing,
    /// It failed.
    Failed,
}

impl VersionReport {
    /// A layer in a place, of which no more is known.
    pub(super) fn of_layer(place: &Place, layer: &str, outcome: VersionOutcome) -> Self {
        let publisher: &dyn Publisher = place.publisher.as_ref();
        Self {
            provider: publisher.provider(),
            account: publisher.account(),
            region: publisher.region().map(str::to_owned),
            layer: layer.to_owned(),
            name: layer.to_owned(),
            version: None,
            arn: None,
            created: None,
            description: None,
            license: None,
            runtimes: Vec::new(),
            architectures: Vec::new(),
            project: None,
            outcome,
            reason: None,
            used_by: None,
            error: None,
        }
    }

    pub(super) fn of_version(
        place: &Place,
        version: &LayerVersion,
        outcome: VersionOutcome,
    ) -> Self {
        let of_layer = Self::of_layer(place, &version.layer, outcome);
        let not_empty = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Self {
            account: version.account().map(str::to_owned).or(of_layer.account),
            version: Some(version.version),
            arn: Some(version.arn.clone()),
            created: version.created.clone(),
            description: not_empty(&version.description),
            license: not_empty(&version.license),
            runtimes: version.runtimes.clone(),
            architectures: version.architectures.clone(),
            project: version.project(),
            ..of_layer
        }
    }

    /// That it ended in an error: `failed to list` it.
    pub(super) fn fail(&mut self, doing: &str, error: &dyn Diagnose) {
        self.fail_as(&format!("{doing} {}", self.what()), error);
    }

    /// The same, with words of its own.
    pub(super) fn fail_as(&mut self, what: &str, error: &dyn Diagnose) {
        self.outcome = VersionOutcome::Failed;
        self.tell(what, error);
    }

    pub(super) fn tell(&mut self, what: &str, error: &dyn Diagnose) {
        self.error = Some(ErrorDetails::in_context(&what, error));
    }

    /// `version 3 of web at aws in eu-west-1 (account 123456789012)`
    pub(super) fn what(&self) -> String {
        match self.version {
            Some(version) => format!("version {version} of {}", self.layer_and_place()),
            None => self.layer_and_place(),
        }
    }

    /// `web at aws in eu-west-1 (account 123456789012)`
    pub(super) fn layer_and_place(&self) -> String {
        use fmt::Write as _;

        let mut text = format!("{} at {}", self.layer, self.provider);
        if let Some(region) = &self.region {
            let _ = write!(text, " in {region}");
        }
        if let Some(account) = &self.account {
            let _ = write!(text, " (account {account})");
        }
        text
    }

    /// `python3.12 arm64`
    pub(super) fn targets(&self) -> String {
        [&self.runtimes[..], &self.architectures].concat().join(" ")
    }
}

/// The exit code of the command: success, or that of what failed.
pub(super) fn exit_code(versions: &[VersionReport]) -> u8 {
    error_report::exit_code(failures(versions)).unwrap_or(EXIT_SUCCESS)
}

/// What failed, each once.
pub(super) fn failures(versions: &[VersionReport]) -> impl Iterator<Item = &ErrorDetails> {
    each_once(versions.iter().filter_map(|one| one.error.as_ref()))
}
