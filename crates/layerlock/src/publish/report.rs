//! What publishing gives back. The field names are the interface of `--json`.

use std::fmt;
use std::path::PathBuf;

use layerlock_check::{Finding, Severity};
use layerlock_diagnostic::{Diagnose, EXIT_CHECK_FAILED, EXIT_SUCCESS};
use layerlock_publish::{Change, Publisher};
use serde::{Serialize, Serializer};

use crate::checked::CheckedLayer;
use crate::error_report::{ErrorDetails, exit_code};
use crate::report::{LayerReport, Report, finding_texts, maybe_path_text, path_texts};

/// What `publish` did, besides building. In JSON, `layers` are those that were built, or
/// that was checked.
#[derive(Debug, Clone)]
pub struct PublishReport {
    /// What was built.
    pub report: Report,
    /// The layer that was not built here, for each of its targets.
    pub checked: Vec<CheckedLayer>,
    /// What became of each layer for each target in each place.
    pub published: Vec<Published>,
}

/// What became of one layer for one target in one place.
#[derive(Debug, Clone, Serialize)]
pub struct Published {
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
    /// What became of it.
    pub outcome: Outcome,
    /// Why there is or would be a new version: what differs from the newest one for the
    /// same targets.
    pub changed: Vec<Change>,
    /// The name that functions use for the version.
    pub arn: Option<String>,
    /// The version's number, from 1.
    pub version: Option<u64>,
    /// Where the version lies, of the local provider.
    #[serde(serialize_with = "maybe_path_text")]
    pub directory: Option<PathBuf>,
    /// Whether the version was there already.
    pub reused: bool,
    /// SHA-256 of the zip in base64: what AWS calls `CodeSha256`.
    pub code_sha256: String,
    /// The ARN of another version of the same bytes that this run made, as where another
    /// run published at the same time, and that could not be deleted.
    pub duplicate: Option<String>,
    /// Why it failed.
    pub error: Option<ErrorDetails>,
}

/// What became of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// There is a new version.
    Published,
    /// There was a version already.
    Unchanged,
    /// There would be a new version.
    Planned,
    /// It failed.
    Failed,
}

#[derive(Serialize)]
struct Fields<'r> {
    unchanged: bool,
    layers: Layers<'r>,
    #[serde(serialize_with = "path_texts")]
    removed: &'r [PathBuf],
    published: &'r [Published],
}

#[derive(Serialize)]
#[serde(untagged)]
enum Layers<'r> {
    Built(&'r [LayerReport]),
    Checked(&'r [CheckedLayer]),
}

impl Serialize for PublishReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = Fields {
            unchanged: self.report.unchanged,
            layers: if self.checked.is_empty() {
                Layers::Built(&self.report.layers)
            } else {
                Layers::Checked(&self.checked)
            },
            removed: &self.report.removed,
            published: &self.published,
        };
        fields.serialize(serializer)
    }
}

impl PublishReport {
    /// All that was found.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        let built = self.report.layers.iter().flat_map(|layer| &layer.findings);
        built.chain(self.checked.iter().flat_map(|layer| &layer.findings))
    }

    fn has_errors(&self) -> bool {
        self.findings()
            .any(|finding| finding.severity == Severity::Error)
    }

    /// The exit code of the command: that of a refusal by the provider before others, and
    /// that of the network after all others.
    pub fn exit_code(&self) -> u8 {
        exit_code(self.failures()).unwrap_or(if self.has_errors() {
            EXIT_CHECK_FAILED
        } else {
            EXIT_SUCCESS
        })
    }

    /// The layers that could not be published.
    pub fn failures(&self) -> impl Iterator<Item = &ErrorDetails> {
        self.published.iter().filter_map(|one| one.error.as_ref())
    }
}

/// All but the failures, which are errors.
impl fmt::Display for PublishReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The packages are `build`'s to tell.
        let mut lines = Vec::new();
        for layer in &self.report.layers {
            lines.push(layer.summary());
            lines.extend(finding_texts(&layer.findings));
        }
        for layer in self.checked.iter().filter(|it| !it.findings.is_empty()) {
            lines.push(format!("{} for {}", layer.shown(), layer.target));
            lines.extend(finding_texts(&layer.findings));
        }
        lines.extend(self.report.removed_texts());
        let done = self.published.iter().filter(|one| one.error.is_none());
        lines.extend(done.map(ToString::to_string));
        f.write_str(&lines.join("\n"))
    }
}

impl Published {
    /// What is known of a layer that is in no place yet.
    pub(crate) fn not_yet(publisher: &dyn Publisher, layer: &str) -> Self {
        Self {
            provider: publisher.provider(),
            account: publisher.account(),
            region: publisher.region().map(str::to_owned),
            layer: layer.to_owned(),
            name: layer.to_owned(),
            runtimes: Vec::new(),
            architectures: Vec::new(),
            outcome: Outcome::Failed,
            changed: Vec::new(),
            arn: None,
            version: None,
            directory: None,
            reused: false,
            code_sha256: String::new(),
            duplicate: None,
            error: None,
        }
    }

    /// The same, as it ended in an error.
    pub(super) fn failed(self, error: &dyn Diagnose) -> Self {
        let failed = Self {
            outcome: Outcome::Failed,
            ..self
        };
        Self {
            error: Some(ErrorDetails::in_context(&failed, error)),
            ..failed
        }
    }
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arn = self.arn.as_deref().unwrap_or_default();
        match self.outcome {
            Outcome::Published => write!(f, "published {arn}")?,
            Outcome::Unchanged => write!(f, "unchanged {arn}")?,
            Outcome::Planned if self.reused => write!(f, "would complete {arn}")?,
            Outcome::Planned => write!(f, "would publish a new version of {}", self.name)?,
            Outcome::Failed if self.arn.is_some() => write!(f, "failed to complete {arn}")?,
            Outcome::Failed => write!(f, "failed to publish {}", self.name)?,
        }
        // A layer often has versions for several targets, which their numbers do not
        // tell apart.
        let targets = [&self.runtimes[..], &self.architectures].concat();
        if !targets.is_empty() {
            write!(f, " for {}", targets.join(" "))?;
        }
        if let Some(directory) = &self.directory {
            write!(f, " in {}", directory.display())?;
        }
        if matches!(self.outcome, Outcome::Planned | Outcome::Failed) && self.arn.is_none() {
            write!(f, " to {}", self.provider)?;
            if let Some(region) = &self.region {
                write!(f, " in {region}")?;
            }
            if let Some(account) = &self.account {
                write!(f, " (account {account})")?;
            }
        }
        if self.outcome != Outcome::Failed
            && !self.changed.is_empty()
            && self.changed != [Change::New]
        {
            let changed = self.changed.iter().map(ToString::to_string);
            let changed = changed.collect::<Vec<_>>().join(", ");
            match (self.outcome, self.reused) {
                (Outcome::Unchanged, _) => write!(f, ", now with its {changed}")?,
                (Outcome::Planned, true) => write!(f, ", which lacks its {changed}")?,
                _ => write!(f, ": changed {changed}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use layerlock_diagnostic::ErrorKind;

    use super::*;
    use crate::ErrorReport;

    fn published(outcome: Outcome, changed: &[Change]) -> Published {
        Published {
            provider: "aws",
            account: Some("123456789012".to_owned()),
            region: Some("eu-west-1".to_owned()),
            layer: "web".to_owned(),
            name: "shop-web".to_owned(),
            runtimes: vec!["python3.12".to_owned()],
            architectures: vec!["arm64".to_owned()],
            outcome,
            changed: changed.to_vec(),
            arn: (!matches!(outcome, Outcome::Planned | Outcome::Failed))
                .then(|| "arn:1".to_owned()),
            version: Some(1),
            directory: None,
            reused: false,
            code_sha256: "c2hh".to_owned(),
            duplicate: None,
            error: None,
        }
    }

    #[test]
    fn one_value_reads_well_and_serializes() {
        let both = [Change::Bytes, Change::License];
        for (outcome, changed, text) in [
            (
                Outcome::Published,
                &[Change::New][..],
                "published arn:1 for python3.12 arm64",
            ),
            (
                Outcome::Published,
                &both,
                "published arn:1 for python3.12 arm64: changed bytes, license",
            ),
            (
                Outcome::Unchanged,
                &[],
                "unchanged arn:1 for python3.12 arm64",
            ),
            (
                Outcome::Planned,
                &both,
                "would publish a new version of shop-web for python3.12 arm64 to aws in eu-west-1 \
                 (account 123456789012): changed bytes, license",
            ),
            (
                Outcome::Failed,
                &both,
                "failed to publish shop-web for python3.12 arm64 to aws in eu-west-1 (account \
                 123456789012)",
            ),
        ] {
            assert_eq!(published(outcome, changed).to_string(), text);
        }
        let local = Published {
            directory: Some("dist/published/shop-web/1".into()),
            ..published(Outcome::Published, &both)
        };
        assert_eq!(
            local.to_string(),
            "published arn:1 for python3.12 arm64 in dist/published/shop-web/1: changed bytes, \
             license"
        );
        let shared = Published {
            arn: Some("arn:1".to_owned()),
            ..published(Outcome::Failed, &both)
        };
        assert_eq!(
            shared.to_string(),
            "failed to complete arn:1 for python3.12 arm64"
        );
        assert_eq!(
            serde_json::to_string(&published(Outcome::Published, &both)).unwrap(),
            r#"{"provider":"aws","account":"123456789012","region":"eu-west-1","layer":"web","name":"shop-web","runtimes":["python3.12"],"architectures":["arm64"],"outcome":"published","changed":["bytes","license"],"arn":"arn:1","version":1,"directory":null,"reused":false,"code_sha256":"c2hh","duplicate":null,"error":null}"#
        );
    }

    #[test]
    fn the_exit_code_is_that_of_the_refusal() {
        let report = |kinds: &[ErrorKind]| PublishReport {
            report: Report {
                unchanged: false,
                removed: Vec::new(),
                layers: Vec::new(),
            },
            checked: Vec::new(),
            published: kinds
                .iter()
                .map(|kind| Published {
                    error: Some(ErrorReport::of_message(*kind, kind.name(), None).error),
                    ..published(Outcome::Failed, &[])
                })
                .collect(),
        };
        for (kinds, code) in [
            (&[][..], 0),
            (&[ErrorKind::Network], 5),
            (&[ErrorKind::Network, ErrorKind::Provider], 6),
            (&[ErrorKind::Network, ErrorKind::Integrity], 7),
            (&[ErrorKind::Integrity, ErrorKind::Provider], 6),
        ] {
            assert_eq!(report(kinds).exit_code(), code, "{kinds:?}");
        }
    }
}
