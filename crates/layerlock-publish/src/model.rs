//! What is published, and the results.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use layerlock_digest::Digest;
use serde::Serialize;

/// What is published: a finished zip and its facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The layer's name.
    pub layer: String,
    /// The path of the zip.
    pub zip: PathBuf,
    /// Bytes of the zip.
    pub size: u64,
    /// SHA-256 of the zip.
    pub digest: Digest,
    /// Free text, within the provider's [limits](layerlock_target::Limits).
    pub description: Option<String>,
    /// An SPDX identifier, a URL or the license's text, within the limits.
    pub license: Option<String>,
    /// Compatible runtimes, in the provider's names (`python3.12`).
    pub runtimes: Vec<String>,
    /// Compatible architectures, in the provider's names (`x86_64`, `arm64`).
    pub architectures: Vec<String>,
}

impl Artifact {
    /// The zip's SHA-256 in base64: what AWS calls `CodeSha256`.
    pub fn code_sha256(&self) -> String {
        self.digest.base64()
    }

    /// Whether the version declares the same runtimes and architectures, in any order.
    pub(crate) fn has_targets_of(&self, version: &LayerVersion) -> bool {
        let same = |ours: &[String], theirs: &[String]| {
            ours.iter().collect::<BTreeSet<_>>() == theirs.iter().collect()
        };
        same(&self.runtimes, &version.runtimes) && same(&self.architectures, &version.architectures)
    }

    /// The result where `version` already is this artifact.
    pub(crate) fn reused(
        &self,
        provider: &'static str,
        region: Option<&str>,
        version: LayerVersion,
    ) -> Published {
        Published {
            provider,
            region: region.map(str::to_owned),
            layer: self.layer.clone(),
            runtimes: self.runtimes.clone(),
            architectures: self.architectures.clone(),
            arn: version.arn,
            version: version.version,
            reused: true,
            code_sha256: self.code_sha256(),
        }
    }
}

/// One version of a layer, as the provider describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayerVersion {
    /// The layer's name.
    pub layer: String,
    /// The version's number, from 1.
    pub version: u64,
    /// The name that functions use for it.
    pub arn: String,
    /// SHA-256 of the zip in base64. `None` in lists of AWS, which do not contain it.
    pub code_sha256: Option<String>,
    /// Bytes of the zip; `None` like `code_sha256`.
    pub size: Option<u64>,
    /// When it was published (ISO 8601). `None` for local versions.
    pub created: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// An SPDX identifier, a URL or the license's text.
    pub license: Option<String>,
    /// Compatible runtimes.
    pub runtimes: Vec<String>,
    /// Compatible architectures.
    pub architectures: Vec<String>,
}

/// What a publish would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PublishPlan {
    /// Nothing: the newest version for the artifact's targets already is the artifact.
    /// Versions for other runtimes and architectures do not count, since one layer is
    /// often published for several.
    Reuse(LayerVersion),
    /// Make a new version.
    Create {
        /// The number of the newest version for the artifact's targets, if there is
        /// one. The provider chooses the next number.
        newest: Option<u64>,
    },
}

/// The result of publishing: the version that is the artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The provider: `local` or `aws`.
    pub provider: &'static str,
    /// The provider's region, where it has regions.
    pub region: Option<String>,
    /// The layer's name.
    pub layer: String,
    /// Compatible runtimes.
    pub runtimes: Vec<String>,
    /// Compatible architectures.
    pub architectures: Vec<String>,
    /// The name that functions use for this version.
    pub arn: String,
    /// The version's number, from 1.
    pub version: u64,
    /// Whether the version existed already.
    pub reused: bool,
    /// SHA-256 of the zip in base64.
    pub code_sha256: String,
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.reused {
            "unchanged"
        } else {
            "published"
        };
        write!(f, "{verb} {}", self.arn)?;
        // A layer often has versions for several targets, which their numbers do not
        // tell apart.
        let targets = [&self.runtimes[..], &self.architectures].concat();
        if targets.is_empty() {
            return Ok(());
        }
        write!(f, " for {}", targets.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_result_reads_well_and_serializes() {
        let published = Published {
            provider: "local",
            region: None,
            layer: "web".to_owned(),
            runtimes: vec!["python3.12".to_owned()],
            architectures: vec!["arm64".to_owned()],
            arn: "local:web:3".to_owned(),
            version: 3,
            reused: true,
            code_sha256: "c2hh".to_owned(),
        };
        assert_eq!(
            published.to_string(),
            "unchanged local:web:3 for python3.12 arm64"
        );
        assert_eq!(
            serde_json::to_string(&published).unwrap(),
            r#"{"provider":"local","region":null,"layer":"web","runtimes":["python3.12"],"architectures":["arm64"],"arn":"local:web:3","version":3,"reused":true,"code_sha256":"c2hh"}"#
        );
    }
}
