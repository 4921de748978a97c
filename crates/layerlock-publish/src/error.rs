use std::io;
use std::path::PathBuf;

use layerlock_diagnostic::{Diagnose, ErrorKind};
use layerlock_target::LayerNames;

use crate::{BucketFault, FcError};

/// Why a version cannot be downloaded, of a server that keeps its name alone.
pub(crate) const NO_URL: &str = "it gives no URL for the zip";

/// What went wrong.
///
/// No variant contains a credential: messages of AWS and the SDK are cut where they
/// could repeat one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Providers do not allow this layer name.
    #[error("invalid layer name {name:?}")]
    LayerName {
        /// The name.
        name: String,
        /// The names that are allowed.
        allowed: LayerNames,
    },

    /// A text or list of the artifact is longer than providers allow.
    #[error("too many {what}: {found}, at most {limit} are allowed")]
    TooMany {
        /// What is counted, in the plural.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },

    /// Providers do not allow this grant.
    #[error("invalid grant: {reason}")]
    Grant {
        /// What is wrong with it.
        reason: String,
    },

    /// The provider does not support the operation.
    #[error("the provider `{provider}` does not support {what}")]
    Unsupported {
        /// The provider.
        provider: &'static str,
        /// The operation, in the plural.
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

    /// The zip does not fit into a request to the provider.
    #[error(
        "the zip is too large to publish: it has {size} bytes, a request to AWS can have at \
         most {limit}"
    )]
    TooLarge {
        /// Bytes of the zip.
        size: u64,
        /// Bytes that fit into a request.
        limit: u64,
    },

    /// The layer's newest version is another project's.
    #[error(
        "the newest version, {version}, was published by the project `{owner}`, and this is {}",
        named(project.as_deref())
    )]
    OtherProject {
        /// The version's ARN.
        version: String,
        /// The project that published it.
        owner: String,
        /// This project, if it has a name.
        project: Option<String>,
    },

    /// A profile of AWS's configuration files that cannot be used.
    #[error("no usable AWS credentials: {reason}")]
    Profile {
        /// What is wrong with it.
        reason: String,
    },

    /// A profile of single sign-on whose session has ended, or was never begun.
    #[error("no usable AWS credentials: the profile `{profile}` is not signed in any more")]
    SignedOut {
        /// The profile.
        profile: String,
    },

    /// An account that cannot be entered.
    #[error("{message}")]
    Unreachable {
        /// Which one, and why.
        message: String,
        /// The kind of what went wrong.
        kind: ErrorKind,
        /// What to do about it.
        hint: Option<String>,
    },

    /// A role that the credentials cannot take on.
    #[error("cannot take on the role {role}: {reason}")]
    Role {
        /// The role's ARN.
        role: String,
        /// Why.
        reason: String,
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
        /// AWS's message.
        message: String,
    },

    /// The credentials do not allow the action on one resource.
    #[error("AWS denied {action} on {resource}: {message}")]
    Denied {
        /// The IAM action, such as `s3:PutObject`.
        action: &'static str,
        /// What it is not allowed on.
        resource: String,
        /// AWS's message.
        message: String,
    },

    /// Zips cannot go through the bucket.
    #[error("the bucket {bucket} {fault}")]
    Bucket {
        /// Its name.
        bucket: String,
        /// What is wrong.
        fault: BucketFault,
    },

    /// The parameter exists, and its type is not the one that a version's ARN has.
    #[error("the parameter {name} is {}, not a String", a_type(found.as_deref()))]
    ParameterType {
        /// Its name.
        name: String,
        /// Its type, if AWS says it.
        found: Option<String>,
    },

    /// Still too many requests after all retries.
    #[error("AWS throttled {action}: {message}")]
    Throttled {
        /// The IAM action.
        action: &'static str,
        /// AWS's message.
        message: String,
    },

    /// The account's code storage is full.
    #[error("the AWS account's code storage is full{}: {message}", of_quota(*used, *limit))]
    CodeStorageExceeded {
        /// AWS's message.
        message: String,
        /// Bytes that are used in the region, where AWS tells.
        used: Option<u64>,
        /// Bytes that there may be, where AWS tells.
        limit: Option<u64>,
    },

    /// The provider refused for another reason.
    #[error("AWS refused {action}: {message} ({code})")]
    Refused {
        /// The IAM action.
        action: &'static str,
        /// AWS's error code, such as `InvalidParameterValueException`.
        code: String,
        /// AWS's message.
        message: String,
    },

    /// The provider failed, through no fault of the request.
    #[error("AWS failed at {action}: {message} ({code})")]
    ServerFailed {
        /// The IAM action.
        action: &'static str,
        /// AWS's error code, such as `ServiceException`.
        code: String,
        /// AWS's message.
        message: String,
    },

    /// The provider did not respond.
    #[error("no response to {action}: {reason}")]
    Network {
        /// The IAM action.
        action: &'static str,
        /// Why, as far as it is known.
        reason: String,
    },

    /// The response is not one of AWS, but for example of a proxy.
    #[error("unexpected response to {action}: {reason}")]
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

    /// The provider reports another hash than that of the bytes that were sent.
    #[error("{arn} differs from the zip that was sent: expected sha256 {expected}, found {found}")]
    Mismatch {
        /// The new version.
        arn: String,
        /// The artifact's SHA-256 in base64.
        expected: String,
        /// The provider's, in base64.
        found: String,
    },

    /// A version that was deleted since it was listed.
    #[error("there is no version {arn} any more")]
    NoVersion {
        /// Its ARN.
        arn: String,
    },

    /// The zip that came is not that of the version.
    #[error(
        "what was downloaded is not the zip of {arn}: expected sha256 {expected}, found {found}"
    )]
    Download {
        /// The version's ARN.
        arn: String,
        /// The provider's SHA-256 of it, in base64.
        expected: String,
        /// That of what came.
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

    /// The file that `AWS_CA_BUNDLE` names has no usable certificates.
    #[error("no usable certificates in {} (AWS_CA_BUNDLE): {reason}", path.display())]
    CaBundle {
        /// The bundle.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// Alibaba Cloud did not do what was asked.
    #[error(transparent)]
    Fc(#[from] FcError),

    /// A file could not be read or written; the error names it.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Diagnose for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable { kind, .. } => *kind,
            Self::Fc(error) => error.kind(),
            Self::LayerName { .. }
            | Self::TooMany { .. }
            | Self::Grant { .. }
            | Self::Unsupported { .. }
            | Self::NoRegion
            | Self::Settings { .. } => ErrorKind::Usage,
            Self::Network { .. } | Self::Answer { .. } | Self::ServerFailed { .. } => {
                ErrorKind::Network
            }
            Self::TooLarge { .. }
            | Self::OtherProject { .. }
            | Self::NoVersion { .. }
            | Self::Profile { .. }
            | Self::Role { .. }
            | Self::SignedOut { .. }
            | Self::Credentials { .. }
            | Self::AccessDenied { .. }
            | Self::Denied { .. }
            | Self::Bucket { .. }
            | Self::ParameterType { .. }
            | Self::Throttled { .. }
            | Self::CodeStorageExceeded { .. }
            | Self::Refused { .. } => ErrorKind::Provider,
            Self::ZipChanged { .. }
            | Self::Mismatch { .. }
            | Self::Download { .. }
            | Self::Damaged { .. } => ErrorKind::Integrity,
            Self::CaBundle { .. } | Self::Io(_) => ErrorKind::Machine,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::LayerName { allowed, .. } => return Some(format!("a layer's name is {allowed}")),
            Self::Fc(error) => return error.hint(),
            Self::Unsupported {
                provider: "aliyun", ..
            } => "Function Compute shares a layer with everybody or nobody, by `public`",
            Self::Unsupported { .. } => {
                "the permissions of its directory decide who can read a local layer"
            }
            Self::NoRegion => "use --region, set AWS_REGION, or set a region in the AWS profile",
            Self::Settings { .. } => "check the region, AWS_ENDPOINT_URL and the AWS profile",
            Self::TooLarge { .. } => {
                "set `compression = \"best\"` in [tool.layerlock], or let zips go through a bucket: \
                 `bucket` in [tool.layerlock.publish.aws], or --bucket"
            }
            Self::Credentials { .. } => {
                "sign in (aws sso login, or aws configure), choose another AWS_PROFILE, or set \
                 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            }
            Self::OtherProject { .. } => {
                "give this project's layers a name of their own, such as `name = \"{project}-{layer}\"` \
                 in [tool.layerlock.publish] (or --name), or take the layer over by --adopt"
            }
            Self::Profile { .. } => {
                "correct AWS's configuration files, or choose another profile by --profile or \
                 AWS_PROFILE; `aws configure list-profiles` lists them"
            }
            Self::Unreachable { hint, .. } => return hint.clone(),
            Self::SignedOut { profile } => {
                return Some(format!("sign in by `aws sso login --profile {profile}`"));
            }
            Self::Role { .. } => {
                "check the role's ARN, allow sts:AssumeRole on it for these credentials, and these \
                 credentials in the role's trust policy (with its external ID, where it asks for \
                 one)"
            }
            Self::ServerFailed { .. } => "try again later",
            Self::Refused { code, .. } if code.starts_with("RequestEntityTooLarge") => {
                "set `compression = \"best\"` in [tool.layerlock], or let zips go through a bucket: \
                 `bucket` in [tool.layerlock.publish.aws], or --bucket"
            }
            Self::AccessDenied { action, .. } => {
                return Some(format!(
                    "allow {action} for these credentials, or use others"
                ));
            }
            Self::Denied {
                action, resource, ..
            } => {
                return Some(format!(
                    "allow {action} on {resource} for these credentials, or use others"
                ));
            }
            Self::Bucket { bucket, fault } => return Some(fault.hint(bucket)),
            Self::ParameterType { .. } => {
                "delete the parameter, or name another one by --ssm-parameter or `ssm-parameter` \
                 in [tool.layerlock.publish.aws]"
            }
            Self::Throttled { .. } => "wait a minute, then try again",
            Self::CodeStorageExceeded { .. } => {
                "delete old versions of layers (`layerlock prune`) and functions, or ask AWS for a \
                 higher quota"
            }
            Self::Network { reason, .. } if reason.contains("certificate") => {
                "if a proxy has its own certificate authority, set AWS_CA_BUNDLE to its PEM file"
            }
            Self::Network { reason, .. } if reason.starts_with("dns error") => {
                "there may be no region of this name: check its spelling; else check whether this \
                 machine resolves names, and AWS_ENDPOINT_URL"
            }
            Self::Network { reason, .. } if reason.starts_with("the upload stood still") => {
                "check the network and HTTPS_PROXY, then publish again: what arrived is not sent twice"
            }
            Self::Answer { reason, .. } if reason == NO_URL => {
                "a server at AWS_ENDPOINT_URL may keep no zips: moto does not"
            }
            Self::Network { .. } | Self::Answer { .. } => {
                "check the region, the network, HTTPS_PROXY and AWS_ENDPOINT_URL"
            }
            Self::ZipChanged { .. } => "build the layer again",
            Self::NoVersion { .. } => "`layerlock list` lists the versions that there are",
            Self::Download { .. } => "try again; a proxy on the way may change what passes",
            Self::Mismatch { .. } => "delete this version, then publish again",
            Self::Damaged { .. } => "delete this version; its number will not be used again",
            Self::CaBundle { .. } => "AWS_CA_BUNDLE must name a file of PEM certificates",
            Self::TooMany { .. } | Self::Grant { .. } | Self::Refused { .. } | Self::Io(_) => {
                return None;
            }
        };
        Some(hint.to_owned())
    }
}

/// How much of a quota is used.
fn of_quota(used: Option<u64>, limit: Option<u64>) -> String {
    match (used, limit) {
        (Some(used), Some(limit)) => format!(" ({used} of {limit} bytes in this region)"),
        _ => String::new(),
    }
}

/// A parameter's type, in words.
fn a_type(found: Option<&str>) -> String {
    match found {
        Some(found) => format!("a {found}"),
        None => "of another type".to_owned(),
    }
}

/// A project, which may have no name.
fn named(project: Option<&str>) -> String {
    match project {
        Some(name) => format!("`{name}`"),
        None => "one without a name".to_owned(),
    }
}
