//! Settings of the AWS backend.

use std::path::PathBuf;

/// Where to publish, and with which credentials. Defaults come from where AWS tools
/// look: the environment, the profile, the machine's role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsSettings {
    /// The regions, such as `eu-west-1`; one that is named twice counts once. Without any,
    /// the one that the environment or the profile names.
    pub regions: Vec<String>,
    /// The profile in AWS's configuration files. Where one is named, keys of the
    /// environment do not count, as with the AWS CLI.
    pub profile: Option<String>,
    /// A role to take on.
    pub role: Option<AwsRole>,
    /// The directory for the locks that keep two runs on this machine from publishing the
    /// same at the same time.
    pub locks: Option<PathBuf>,
}

/// A role in this account or another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsRole {
    /// Its ARN, `arn:aws:iam::123456789012:role/layers`.
    pub arn: String,
    /// What its trust policy asks for.
    pub external_id: Option<String>,
}
