//! Why zips cannot go through a bucket.

use std::fmt;

/// What is wrong with a bucket, or with an object in it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BucketFault {
    /// There is no such bucket.
    Missing {
        /// Where it was looked for.
        region: String,
    },
    /// It is in another region than Lambda, which takes zips from its own alone.
    OtherRegion {
        /// The bucket's region, if S3 says it.
        found: Option<String>,
        /// Lambda's.
        wanted: String,
    },
    /// It keeps no versions of its objects, which Lambda needs where it copies none.
    Unversioned {
        /// Whether it did so once.
        is_suspended: bool,
    },
    /// An object with the zip's name is not the zip.
    OtherBytes {
        /// The object's key.
        key: String,
        /// The zip's SHA-256 in base64, or its size.
        expected: String,
        /// What S3 says of the object.
        found: String,
    },
    /// The object is in an archive, where Lambda cannot read it.
    Archived {
        /// The object's key.
        key: String,
        /// The archive.
        storage_class: String,
    },
    /// Lambda may not read the object in its place.
    Unreadable {
        /// The object's key.
        key: String,
        /// Lambda's message.
        message: String,
    },
    /// Lambda did not find the object.
    Unfound {
        /// The object's key.
        key: String,
        /// S3's error code.
        code: String,
    },
}

/// Goes after the bucket's name.
impl fmt::Display for BucketFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { .. } => f.write_str("does not exist"),
            Self::OtherRegion { found, wanted } => {
                let found = found.as_deref().unwrap_or("another region");
                write!(
                    f,
                    "is in {found}, and Lambda in {wanted} takes zips only from buckets in {wanted}"
                )
            }
            Self::Unversioned { is_suspended } => write!(
                f,
                "{} versions of its objects, which `storage = \"reference\"` needs",
                if *is_suspended {
                    "no longer keeps"
                } else {
                    "keeps no"
                }
            ),
            Self::OtherBytes {
                key,
                expected,
                found,
            } => write!(
                f,
                "has other bytes at {key} than the zip: expected {expected}, found {found}"
            ),
            Self::Archived { key, storage_class } => write!(
                f,
                "has {key} in the archive {storage_class}, where Lambda cannot read it"
            ),
            Self::Unreadable { key, message } => {
                write!(f, "does not let Lambda read {key}: {message}")
            }
            Self::Unfound { key, code } => {
                write!(f, "had no object {key} when Lambda read it ({code})")
            }
        }
    }
}

impl BucketFault {
    pub(crate) fn hint(&self, bucket: &str) -> String {
        match self {
            Self::Missing { region } => format!(
                "create it in {region}, or name another one by --bucket or `bucket` in \
                 [tool.layerlock.publish.aws]"
            ),
            Self::OtherRegion { .. } => {
                "name one bucket in each region, such as `bucket = \"layers-{region}\"` in \
                 [tool.layerlock.publish.aws]"
                    .to_owned()
            }
            Self::Unversioned { .. } => format!(
                "enable versioning (aws s3api put-bucket-versioning --bucket {bucket} \
                 --versioning-configuration Status=Enabled), or set `storage = \"copy\"`"
            ),
            Self::OtherBytes { key, .. } => {
                format!("find out who wrote s3://{bucket}/{key}, and delete it")
            }
            Self::Archived { key, .. } => format!(
                "restore s3://{bucket}/{key} (aws s3api restore-object), or delete it and publish \
                 again"
            ),
            Self::Unreadable { .. } => {
                "allow s3:GetObject and s3:GetObjectVersion to lambda.amazonaws.com in the \
                 bucket's policy, or set `storage = \"copy\"`"
                    .to_owned()
            }
            Self::Unfound { .. } => {
                "publish again; if it happens again, look for what deletes objects in this bucket"
                    .to_owned()
            }
        }
    }
}
