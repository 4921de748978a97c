//! What a caller decides.

use std::path::PathBuf;

/// Where in Alibaba Cloud, and as whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AliyunSettings {
    /// The regions, in each of which there will be a version; that of
    /// `ALIBABA_CLOUD_REGION_ID`, else of the profile, where there is none.
    pub regions: Vec<String>,
    /// The profile of `~/.aliyun/config.json` or `~/.alibabacloud/credentials`. Who names one
    /// means it, whatever the environment has.
    pub profile: Option<String>,
    /// The ARN of a RAM role to take on.
    pub role_arn: Option<String>,
    /// The account's number, for a temporary bucket.
    pub account: Option<String>,
    /// The bucket through which zips go; `{region}` in it stands for the region.
    pub bucket: Option<String>,
    /// The endpoint of Function Compute; `{region}` in it stands for the region.
    pub endpoint: Option<String>,
    /// The endpoint of OSS; `{region}` in it stands for the region.
    pub oss_endpoint: Option<String>,
    /// A directory for locks, where two runs on this machine are kept apart.
    pub locks: Option<PathBuf>,
}
