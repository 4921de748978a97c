//! Settings of the AWS backend.

/// Where to publish, and with which credentials. Defaults come from where AWS tools
/// look: the environment, the profile, the machine's role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsSettings {
    /// The region, such as `eu-west-1`.
    pub region: Option<String>,
    /// The profile in AWS's configuration files.
    pub profile: Option<String>,
}
