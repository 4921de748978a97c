//! What is published, and the results.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::time::SystemTime;

use layerlock_digest::Digest;
use layerlock_target::Provider;
use serde::Serialize;

use crate::mark::{Mark, cut_project};
use crate::time;

/// What is published: a finished zip and its facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The layer's name at the provider.
    pub layer: String,
    /// The path of the zip.
    pub zip: PathBuf,
    /// Bytes of the zip.
    pub size: u64,
    /// SHA-256 of the zip.
    pub digest: Digest,
    /// The project that the layer is of, by its name. Layers of a project without a name
    /// are nobody's.
    pub project: Option<String>,
    /// Whether a layer of another project is taken over.
    pub adopt: bool,
    /// Free text, within the provider's [limits](layerlock_target::Limits).
    pub description: Option<String>,
    /// An SPDX identifier, a URL or the license's text, within the limits.
    pub license: Option<String>,
    /// Compatible runtimes, in the provider's names (`python3.12`).
    pub runtimes: Vec<String>,
    /// Compatible architectures, in the provider's names (`x86_64`, `arm64`).
    pub architectures: Vec<String>,
    /// CRC-64/XZ of the zip, for a provider that tells of versions no other hash. Its
    /// backend reads the zip for it where there is none.
    pub crc64: Option<u64>,
    /// Where the zip is in the provider's storage, if it need not be sent.
    pub object: Option<StoredObject>,
}

/// An object in a provider's storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
}

impl Artifact {
    /// The zip's SHA-256 in base64: what AWS calls `CodeSha256`.
    pub fn code_sha256(&self) -> String {
        self.digest.base64()
    }

    /// Its runtimes and architectures.
    pub fn targets(&self) -> (&[String], &[String]) {
        (&self.runtimes, &self.architectures)
    }

    /// The description as it is published: the user's text, and after it a mark of this
    /// project and these bytes.
    pub fn marked_description(&self) -> String {
        self.mark().describe(self.description.as_deref(), limit())
    }

    /// How many characters of the description are published, where it does not fit beside the
    /// mark as a whole.
    pub fn kept_of_description(&self) -> Option<usize> {
        let given = self.description.as_deref()?.trim();
        let kept = self.text().unwrap_or_default();
        // The last of them says that it was cut.
        (kept != given).then(|| kept.chars().count().saturating_sub(1))
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark::new(self.project.as_deref(), &self.digest)
    }

    /// The user's text as it is published.
    pub(crate) fn text(&self) -> Option<String> {
        self.mark().cut(self.description.as_deref(), limit())
    }

    /// Whether the version declares the same runtimes and architectures, in any order.
    pub(crate) fn has_targets_of(&self, version: &LayerVersion) -> bool {
        version.is_for(&self.runtimes, &self.architectures)
    }
}

fn limit() -> usize {
    Provider::Aws.limits().description
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
    /// CRC-64/XZ of the zip: what Alibaba Function Compute tells in place of the SHA-256.
    pub crc64: Option<u64>,
    /// Bytes of the zip; `None` like `code_sha256`.
    pub size: Option<u64>,
    /// When it was published (ISO 8601).
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

impl LayerVersion {
    /// The account that it is in, as its ARN says it.
    pub fn account(&self) -> Option<&str> {
        account_of_arn(&self.arn)
    }

    /// When it was published, as far as its text is a time.
    pub fn created_at(&self) -> Option<SystemTime> {
        time::parse(self.created.as_deref()?)
    }

    /// The project that published it, as a mark in the description says it.
    pub fn project(&self) -> Option<String> {
        self.mark()?.project
    }

    /// Whether a mark in the description says that another project published it.
    pub fn is_of_another_than(&self, project: Option<&str>) -> bool {
        let ours = project.map(cut_project);
        self.project().is_some_and(|owner| ours != Some(owner))
    }

    /// The description without a mark.
    pub fn text(&self) -> Option<&str> {
        Mark::split(self.description.as_deref()).0
    }

    /// Whether it declares these runtimes and architectures, in any order, and no others.
    pub fn is_for(&self, runtimes: &[String], architectures: &[String]) -> bool {
        let same = |ours: &[String], theirs: &[String]| {
            ours.iter().collect::<BTreeSet<_>>() == theirs.iter().collect()
        };
        same(&self.runtimes, runtimes) && same(&self.architectures, architectures)
    }

    pub(crate) fn mark(&self) -> Option<Mark> {
        Mark::split(self.description.as_deref()).1
    }
}

/// How a provider keeps a zip that is in a bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Storage {
    /// It copies the zip.
    #[default]
    Copy,
    /// It reads the zip where it is, which must stay there.
    Reference,
}

/// A function, or a version of one, that uses a version of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The layer version's ARN.
    pub layer: String,
    /// The function's ARN, which ends in its version.
    pub function: String,
}

/// The account in an ARN of any partition: `arn:aws-cn:lambda:REGION:ACCOUNT:layer:...`, or
/// of Alibaba Cloud: `acs:fc:REGION:ACCOUNT:layers/...`.
pub(crate) fn account_of_arn(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    let (account, is_right_length) = match parts.next()? {
        "arn" => {
            let account = parts.nth(3)?;
            (account, account.len() == 12)
        }
        "acs" => {
            let account = parts.nth(2)?;
            (account, !account.is_empty())
        }
        _ => return None,
    };
    let is_account = is_right_length && account.bytes().all(|byte| byte.is_ascii_digit());
    is_account.then_some(account)
}

/// What a new version differs in from the newest one for the same targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// There is no version for these targets.
    New,
    /// The zip.
    Bytes,
    /// The user's description.
    Description,
    /// The license.
    License,
    /// The project that it is of.
    Project,
    /// Who may use it; needs no new version.
    Share,
    /// The parameter that has its ARN; needs no new version.
    SsmParameter,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "new",
            Self::Bytes => "bytes",
            Self::Description => "description",
            Self::License => "license",
            Self::Project => "project",
            Self::Share => "share",
            Self::SsmParameter => "ssm-parameter",
        })
    }
}

/// What a publish would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PublishPlan {
    /// Nothing: a version for the artifact's targets already is the artifact. Versions for
    /// other runtimes and architectures do not count, since one layer is often published
    /// for several.
    Reuse(LayerVersion),
    /// Make a new version.
    Create {
        /// Why.
        changed: Vec<Change>,
        /// The number of the layer's newest version, whatever its targets, if there is
        /// one. The provider chooses the next number.
        newest: Option<u64>,
    },
}

/// The result of publishing: the version that is the artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Publication {
    /// The name that functions use for it.
    pub arn: String,
    /// The version's number, from 1.
    pub version: u64,
    /// Whether somebody else had made it.
    pub reused: bool,
    /// The ARN of another version of the same bytes that this run made, as where another
    /// run published at the same time, and that could not be deleted.
    pub duplicate: Option<String>,
}

impl Publication {
    /// The account that it is in, as its ARN says it.
    pub fn account(&self) -> Option<&str> {
        account_of_arn(&self.arn)
    }

    pub(crate) fn reused(version: LayerVersion) -> Self {
        version.into()
    }
}

/// A version that was there.
impl From<LayerVersion> for Publication {
    fn from(version: LayerVersion) -> Self {
        Self {
            arn: version.arn,
            version: version.version,
            reused: true,
            duplicate: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_off_the_arns_of_all_partitions() {
        for (arn, account) in [
            (
                "arn:aws:lambda:eu-west-1:123456789012:layer:web:1",
                Some("123456789012"),
            ),
            (
                "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:layer:web:1",
                Some("123456789012"),
            ),
            ("local:web:1", None),
            ("arn:aws:lambda:eu-west-1:me:layer:web:1", None),
        ] {
            assert_eq!(account_of_arn(arn), account, "{arn}");
        }
    }
}
