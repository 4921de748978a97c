use std::io;
use std::path::PathBuf;

use layerlock_diagnostic::{Diagnose, ErrorKind};
use layerlock_target::LayerNames;

/// What went wrong.
///
/// No variant carries a credential: what AWS and the SDK say is cut where it
/// could repeat one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The layer's name is not one that providers take.
    #[error("invalid layer name {name:?}")]
    LayerName {
        /// The name.
        name: String,
        /// The names that there can be.
        allowed: LayerNames,
    },

    /// A text or list of the artifact is longer than providers take.
    #[error("{found} {what}, at most {limit} are allowed")]
    TooMany {
        /// What is counted, in the plural.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },

    /// Not a grant that providers know.
    #[error("invalid grant: {reason}")]
    Grant {
        /// What is wrong with it.
        reason: String,
    },

    /// The provider has no such thing.
    #[error("{provider} layers have no {what}")]
    Unsupported {
        /// The provider.
        provider: &'static str,
        /// What was asked for.
        what: &'static str,
    },

    /// Neither the settings nor the environment nor the profile name a region.
    #[error("no AWS region is set")]
    NoRegion,

    /// The SDK refused to make the request, as with an impossible region.
    #[error("invalid AWS settings: {reason}")]
    Settings {
        /// The SDK's reason.
        reason: String,
    },

    /// The zip is larger than a request can carry (bytes).
    #[error(
        "the zip has {size} bytes, a request to AWS carries at most {limit}; \
         publishing larger ones through S3 is not supported yet"
    )]
    TooLarge {
        /// Bytes of the zip.
        size: u64,
        /// Bytes that a request carries.
        limit: u64,
    },

    /// There are no credentials, or they could not be loaded, or AWS does not
    /// accept them.
    #[error("no usable AWS credentials: {reason}")]
    Credentials {
        /// What was tried.
        reason: String,
    },

    /// The credentials do not allow the action.
    #[error("AWS denied {action}: {message}")]
    AccessDenied {
        /// The IAM action, such as `lambda:PublishLayerVersion`.
        action: &'static str,
        /// AWS's words.
        message: String,
    },

    /// Still too many requests after the SDK's retries.
    #[error("AWS throttled {action}: {message}")]
    Throttled {
        /// The IAM action.
        action: &'static str,
        /// AWS's words.
        message: String,
    },

    /// The account's storage for code is full.
    #[error("the AWS account's storage for code is full: {message}")]
    CodeStorageExceeded {
        /// AWS's words.
        message: String,
    },

    /// The provider refused for another reason.
    #[error("AWS refused {action}: {message} ({code})")]
    Refused {
        /// The IAM action.
        action: &'static str,
        /// AWS's error code, such as `InvalidParameterValueException`.
        code: String,
        /// AWS's words.
        message: String,
    },

    /// No answer came.
    #[error("no answer to {action}: {reason}")]
    Network {
        /// The IAM action.
        action: &'static str,
        /// Why, as far as it is known.
        reason: String,
    },

    /// An answer came that is not AWS's, as from a proxy in between.
    #[error("unexpected answer to {action}: {reason}")]
    Answer {
        /// The IAM action.
        action: &'static str,
        /// What is unexpected.
        reason: String,
    },

    /// The zip is not the one that was built.
    #[error(
        "{} changed after it was built: expected sha256 {expected}, found {found}",
        path.display()
    )]
    ZipChanged {
        /// The zip.
        path: PathBuf,
        /// The artifact's SHA-256 in base64.
        expected: String,
        /// The file's SHA-256 in base64.
        found: String,
    },

    /// The provider says that it keeps other bytes than were sent.
    #[error("{arn} holds other bytes than were sent: expected sha256 {expected}, found {found}")]
    Mismatch {
        /// The new version.
        arn: String,
        /// The artifact's SHA-256 in base64.
        expected: String,
        /// The provider's, in base64.
        found: String,
    },

    /// A version in the local directory is not as it was published.
    #[error("damaged version {}: {reason}", path.display())]
    Damaged {
        /// The version's directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// `AWS_CA_BUNDLE` cannot be used.
    #[error("no certificates in {} (AWS_CA_BUNDLE): {reason}", path.display())]
    CaBundle {
        /// The bundle.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// A file could not be read or written; the error names it.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Diagnose for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::LayerName { .. }
            | Self::TooMany { .. }
            | Self::Grant { .. }
            | Self::Unsupported { .. }
            | Self::NoRegion
            | Self::Settings { .. } => ErrorKind::Usage,
            Self::Network { .. } | Self::Answer { .. } => ErrorKind::Network,
            Self::TooLarge { .. }
            | Self::Credentials { .. }
            | Self::AccessDenied { .. }
            | Self::Throttled { .. }
            | Self::CodeStorageExceeded { .. }
            | Self::Refused { .. } => ErrorKind::Provider,
            Self::ZipChanged { .. } | Self::Mismatch { .. } | Self::Damaged { .. } => {
                ErrorKind::Integrity
            }
            Self::CaBundle { .. } | Self::Io(_) => ErrorKind::Machine,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::LayerName { allowed, .. } => return Some(format!("a layer's name is {allowed}")),
            Self::Unsupported { .. } => "the directory's own permissions say who may read it",
            Self::NoRegion => "give --region, set AWS_REGION, or name a region in the AWS profile",
            Self::Settings { .. } => "check the region, AWS_ENDPOINT_URL and the AWS profile",
            Self::TooLarge { .. } => {
                "split the layer into several, or take packages out of its groups"
            }
            Self::Credentials { .. } => {
                "sign in (aws sso login, or aws configure), choose another AWS_PROFILE, or set \
                 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            }
            Self::AccessDenied { action, .. } => {
                return Some(format!(
                    "allow {action} for these credentials, or use others"
                ));
            }
            Self::Throttled { .. } => "wait a minute, then try again",
            Self::CodeStorageExceeded { .. } => {
                "delete old versions of functions and layers, or ask AWS for a higher quota"
            }
            Self::Network { reason, .. } if reason.contains("certificate") => {
                "where a proxy has its own certificate authority, name its PEM file in AWS_CA_BUNDLE"
            }
            Self::Network { .. } | Self::Answer { .. } => {
                "check the region, the network, HTTPS_PROXY and AWS_ENDPOINT_URL"
            }
            Self::ZipChanged { .. } => "build the layer again",
            Self::Mismatch { .. } => "delete that version, then publish again",
            Self::Damaged { .. } => "delete that version; its number will not be used again",
            Self::CaBundle { .. } => "it must be a file of PEM certificates",
            Self::TooMany { .. } | Self::Grant { .. } | Self::Refused { .. } | Self::Io(_) => {
                return None;
            }
        };
        Some(hint.to_owned())
    }
}
