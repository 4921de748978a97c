//! What can go wrong at Alibaba Cloud.

use layerlock_diagnostic::{Diagnose, ErrorKind};

/// Why Function Compute, OSS or STS did not do what was asked. No text has a credential in
/// it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FcError {
    /// Neither the settings nor the environment nor the profile name a region.
    #[error("no region of Alibaba Cloud is set")]
    NoRegion,

    /// A setting that cannot be used.
    #[error("invalid settings of Alibaba Cloud: {reason}")]
    Settings {
        /// What is wrong.
        reason: String,
    },

    /// There are no credentials, or none that can be used.
    #[error("no usable credentials of Alibaba Cloud: {reason}")]
    Credentials {
        /// What was tried, or what is wrong.
        reason: String,
    },

    /// Credentials of a kind that is not supported.
    #[error("credentials of Alibaba Cloud from {what} are not supported")]
    Unsupported {
        /// Where they would come from.
        what: String,
    },

    /// Alibaba Cloud does not accept the credentials or the signature.
    #[error("Alibaba Cloud does not accept the credentials at {action}: {message} ({code})")]
    Signature {
        /// The action, such as `fc:ListLayerVersions`.
        action: &'static str,
        /// The error's code.
        code: String,
        /// The error's message.
        message: String,
    },

    /// The credentials do not allow the action.
    #[error("Alibaba Cloud denied {action}{}: {message}", on(resource))]
    Denied {
        /// The action, as RAM calls it.
        action: &'static str,
        /// What it is not allowed on; nothing where that is not known.
        resource: String,
        /// The error's message.
        message: String,
    },

    /// A role that the credentials cannot take on.
    #[error("cannot take on the role {role}: {reason}")]
    Role {
        /// The role's ARN.
        role: String,
        /// Why.
        reason: String,
    },

    /// Still too many requests after all retries.
    #[error("Alibaba Cloud throttled {action}: {message}")]
    Throttled {
        /// The action.
        action: &'static str,
        /// The error's message.
        message: String,
    },

    /// There is no such layer.
    #[error("there is no layer {layer} in {region}")]
    NoLayer {
        /// Its name.
        layer: String,
        /// The region.
        region: String,
    },

    /// There is no such version.
    #[error("there is no version {version} of the layer {layer} in {region}")]
    NoVersion {
        /// The layer's name.
        layer: String,
        /// The version.
        version: String,
        /// The region.
        region: String,
    },

    /// Function Compute does not take what it got.
    #[error("Function Compute does not take an argument of {action}: {message}")]
    Argument {
        /// The action.
        action: &'static str,
        /// The error's message.
        message: String,
    },

    /// The request went to another region, or there is none of that name.
    #[error("{action} is not answered in the region {region}: {message} ({code})")]
    Region {
        /// The action.
        action: &'static str,
        /// The region that was asked.
        region: String,
        /// The error's code.
        code: String,
        /// The error's message.
        message: String,
    },

    /// A bucket or object that cannot be used.
    #[error("the bucket {bucket} cannot be used: {reason}")]
    Bucket {
        /// Its name.
        bucket: String,
        /// Why not.
        reason: String,
    },

    /// The account's number is needed, and nobody tells it.
    #[error("the account's number is needed for a temporary bucket: {reason}")]
    NoAccount {
        /// Why STS did not tell it.
        reason: String,
    },

    /// Refused for another reason.
    #[error("Alibaba Cloud refused {action}: {message} ({code})")]
    Refused {
        /// The action.
        action: &'static str,
        /// The error's code.
        code: String,
        /// The error's message.
        message: String,
    },

    /// Failed through no fault of the request.
    #[error("Alibaba Cloud failed at {action}: {message} ({code})")]
    ServerFailed {
        /// The action.
        action: &'static str,
        /// The error's code.
        code: String,
        /// The error's message.
        message: String,
    },

    /// No response, or a part of one.
    #[error("no response to {action}: {reason}")]
    Network {
        /// The action.
        action: &'static str,
        /// Why, as far as it is known.
        reason: String,
    },

    /// A response that is not one of Alibaba Cloud, but for example of a proxy.
    #[error("unexpected response to {action}: {reason}")]
    Answer {
        /// The action.
        action: &'static str,
        /// What is unexpected.
        reason: String,
    },

    /// No layer can have a zip so large.
    #[error("the zip is too large to publish: it has {size} bytes, and a layer at most {limit}")]
    TooLarge {
        /// Bytes of the zip.
        size: u64,
        /// Bytes that there may be.
        limit: u64,
    },

    /// Functions do not run on the architecture.
    #[error("functions of Function Compute run on x86_64 alone, and the layer is for {found}")]
    Architecture {
        /// The artifact's architectures.
        found: String,
    },

    /// The provider reports another checksum than that of the bytes that were sent.
    #[error("{arn} differs from the zip that was sent: expected crc64 {expected}, found {found}")]
    Mismatch {
        /// The new version.
        arn: String,
        /// The artifact's CRC-64.
        expected: String,
        /// The provider's.
        found: String,
    },
}

fn on(resource: &str) -> String {
    match resource {
        "" => String::new(),
        resource => format!(" on {resource}"),
    }
}

impl Diagnose for FcError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoRegion | Self::Settings { .. } => ErrorKind::Usage,
            Self::Architecture { .. } => ErrorKind::Artifact,
            Self::Network { .. } | Self::Answer { .. } | Self::ServerFailed { .. } => {
                ErrorKind::Network
            }
            Self::Mismatch { .. } => ErrorKind::Integrity,
            Self::Credentials { .. }
            | Self::Unsupported { .. }
            | Self::Signature { .. }
            | Self::Denied { .. }
            | Self::Role { .. }
            | Self::Throttled { .. }
            | Self::NoLayer { .. }
            | Self::NoVersion { .. }
            | Self::Argument { .. }
            | Self::Region { .. }
            | Self::Bucket { .. }
            | Self::NoAccount { .. }
            | Self::Refused { .. }
            | Self::TooLarge { .. } => ErrorKind::Provider,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoRegion => {
                "use --region, set `regions` in [tool.layerlock.publish.aliyun] or \
                 ALIBABA_CLOUD_REGION_ID, or set a region in the profile (aliyun configure)"
            }
            Self::Settings { .. } => {
                "check [tool.layerlock.publish.aliyun], LAYERLOCK_FC_ENDPOINT and \
                 LAYERLOCK_OSS_ENDPOINT"
            }
            Self::Credentials { .. } => {
                "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or sign in \
                 (aliyun configure) and choose a profile by --profile or ALIBABA_CLOUD_PROFILE"
            }
            Self::Unsupported { .. } => {
                "use an access key, an STS token, a RAM role or OIDC: from the environment, \
                 ~/.aliyun/config.json or ~/.alibabacloud/credentials"
            }
            Self::Signature { code, .. } => return Some(signature_hint(code).to_owned()),
            Self::Denied { action, .. } => {
                return Some(format!(
                    "allow {action} for these credentials by a RAM policy, or use others"
                ));
            }
            Self::Role { .. } => {
                "check the role's ARN, allow sts:AssumeRole on it for these credentials, and these \
                 credentials in the role's trust policy"
            }
            Self::Throttled { .. } => "wait a minute, then try again",
            Self::NoLayer { .. } => {
                "check the name and the region; `layerlock publish` makes the layer"
            }
            Self::NoVersion { .. } => "`layerlock list` lists the versions that there are",
            Self::Argument { .. } => {
                "check the layer's name, description and license, and the runtimes that the region \
                 has"
            }
            Self::Region { .. } => {
                "check the spelling of the region, whether it has Function Compute, and whether \
                 the bucket is in it"
            }
            Self::Bucket { .. } => {
                "check `bucket` in [tool.layerlock.publish.aliyun] or --bucket: it has to be in \
                 the region of the layer"
            }
            Self::NoAccount { .. } => {
                "set `account` in [tool.layerlock.publish.aliyun] or ALIBABA_CLOUD_ACCOUNT_ID, or \
                 let zips go through a bucket of your own (`bucket`)"
            }
            Self::ServerFailed { .. } => "try again later",
            Self::Network { reason, .. } if reason.contains("certificate") => {
                "if a proxy has its own certificate authority, set SSL_CERT_FILE to its PEM file"
            }
            Self::Network { reason, .. }
                if reason.starts_with("dns error") || reason.contains("lookup address") =>
            {
                "there may be no region of this name, or none with Function Compute: check its \
                 spelling; else check whether this machine resolves names"
            }
            Self::Network { reason, .. } if reason.starts_with("the upload stood still") => {
                "check the network and HTTPS_PROXY, then publish again: what arrived is not sent twice"
            }
            Self::Network { .. } | Self::Answer { .. } => {
                "check the region, the network, HTTPS_PROXY and LAYERLOCK_FC_ENDPOINT"
            }
            Self::TooLarge { .. } => {
                "set `compression = \"best\"` in [tool.layerlock], exclude more, or split the layer"
            }
            Self::Architecture { .. } => "build it for x86_64",
            Self::Mismatch { .. } => "delete this version, then publish again",
            Self::Refused { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

fn signature_hint(code: &str) -> &'static str {
    let code = code.to_ascii_lowercase();
    if code.contains("time") || code.contains("skew") {
        "set this machine's clock: a signature holds for some minutes"
    } else if code.contains("token") {
        "get a new token: it has ended, or is not the one of the access key"
    } else if code.contains("signature") {
        "check the secret of the access key (ALIBABA_CLOUD_ACCESS_KEY_SECRET or the profile)"
    } else {
        "check the access key's ID, and whether it is enabled"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_the_exit_code_of_its_kind() {
        let message = || "m".to_owned();
        let action = "fc:ListLayerVersions";
        for (error, kind) in [
            (FcError::NoRegion, ErrorKind::Usage),
            (
                FcError::Signature {
                    action,
                    code: "SignatureNotMatch".to_owned(),
                    message: message(),
                },
                ErrorKind::Provider,
            ),
            (
                FcError::Denied {
                    action,
                    resource: String::new(),
                    message: message(),
                },
                ErrorKind::Provider,
            ),
            (
                FcError::ServerFailed {
                    action,
                    code: "InternalServerError".to_owned(),
                    message: message(),
                },
                ErrorKind::Network,
            ),
        ] {
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.hint().is_some(), "{error}");
        }
    }

    #[test]
    fn a_refused_signature_says_what_to_look_at() {
        for (code, part) in [
            ("SignatureNotMatch", "secret"),
            ("RequestTimeTooSkewed", "clock"),
            ("SecurityTokenExpired", "token"),
            ("InvalidAccessKeyID", "ID"),
        ] {
            assert!(signature_hint(code).contains(part), "{code}");
        }
    }
}
