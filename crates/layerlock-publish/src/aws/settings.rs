/// Where to publish, and as whom. What is not given comes from AWS's usual
/// places: environment, profile, the machine's role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsSettings {
    /// The region, such as `eu-west-1`.
    pub region: Option<String>,
    /// The profile in AWS's configuration files.
    pub profile: Option<String>,
}
