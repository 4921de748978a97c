/*!
The bucket through which zips go that no request can carry.

A zip lies at a key that is its SHA-256, so that it is sent once, whoever publishes it, and
in one piece: of an object that is made by one PUT, S3 keeps the SHA-256 of the whole, which
is what Lambda calls `CodeSha256`. Nothing is ever overwritten (`If-None-Match`), and nothing
deleted: Lambda may read an object for as long as a version is used, and what stays makes
the next publish free.
*/

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::endpoint::{Endpoint, Service};
use super::signed::{Answer, Payload, Refused, Request, Signed, xml_text};
use super::timeouts::{READ_TIMEOUT, UPLOAD_TIMEOUT, timeouts};
use super::upload::Content;
use crate::bucket_fault::BucketFault;
use crate::failed::{Class, Failed};
use crate::moving::{Moved, Progress, watch};
use crate::patience::{Patience, Policy, patiently};
use crate::{Artifact, Error, Storage};

const HEAD: &str = "s3:GetObject";
const PUT: &str = "s3:PutObject";
const LIST: &str = "s3:ListBucket";
const VERSIONING: &str = "s3:GetBucketVersioning";

/// How often is gone on to where S3 points.
const REDIRECTS: usize = 3;

/// A bucket, as one publish sees it.
pub(super) struct Bucket<'a> {
    pub(super) name: &'a str,
    storage: Storage,
    signed: &'a Signed,
    policy: Policy,
    /// Where S3 said that it is: the address of a new bucket gets around slowly.
    moved_to: Mutex<Option<String>>,
}

/// A zip in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(super) key: String,
    /// The object's version, where Lambda is to read it there.
    pub(super) version: Option<String>,
}

/// What S3 says of a key.
enum Seen {
    /// The zip is there, in a version if the bucket has versions.
    There(Option<String>),
    NotThere,
    /// It does not tell these credentials.
    Untold,
}

/// One request about the bucket.
#[derive(Clone, Copy, Default)]
struct Asked<'q> {
    method: &'static str,
    /// The IAM action that has to be allowed.
    action: &'static str,
    key: &'q str,
    query: &'static str,
    headers: &'q [(&'static str, String)],
    content: Option<(&'q Content, &'q Arc<Moved>)>,
}

impl<'a> Bucket<'a> {
    pub(super) fn new(name: &'a str, storage: Storage, signed: &'a Signed, policy: Policy) -> Self {
        Self {
            name,
            storage,
            signed,
            policy,
            moved_to: Mutex::new(None),
        }
    }

    /// Checks what can be checked before anything is sent.
    pub(super) async fn check(&self, artifact: &Artifact) -> Result<(), Error> {
        let is_found = self.storage == Storage::Reference;
        if is_found {
            self.check_versions().await?;
        }
        match self.look(artifact).await? {
            // The bucket may be what is not there: an answer to HEAD does not tell.
            Seen::NotThere if !is_found => self.check_exists().await,
            _ => Ok(()),
        }
    }

    /// Puts the zip into the bucket, unless it is there.
    pub(super) async fn store(
        &self,
        artifact: &Artifact,
        progress: &Progress<'_>,
    ) -> Result<Stored, Error> {
        if self.storage == Storage::Reference {
            self.check_versions().await?;
        }
        let mut patience = Patience::new(self.policy);
        loop {
            if let Seen::There(version) = self.look(artifact).await? {
                return self.stored(artifact, version);
            }
            let failed = match self.put(artifact, progress).await {
                Ok(version) => return self.stored(artifact, version),
                Err(refused) if refused.status() == Some(412) => {
                    match self.look(artifact).await? {
                        Seen::There(version) => return self.stored(artifact, version),
                        // S3 found it, and these credentials must not.
                        Seen::Untold => return self.stored(artifact, None),
                        // It was deleted meanwhile.
                        Seen::NotThere => Failed {
                            class: Class::Throttled,
                            ..self.told(&key(artifact), refused)
                        },
                    }
                }
                Err(refused) => self.told(&key(artifact), refused),
            };
            if !patience.wait(&failed).await {
                return Err(failed.error);
            }
        }
    }

    fn stored(&self, artifact: &Artifact, version: Option<String>) -> Result<Stored, Error> {
        let key = key(artifact);
        let version = match (self.storage, version) {
            (Storage::Copy, _) => None,
            (Storage::Reference, Some(version)) => Some(version),
            (Storage::Reference, None) => {
                return Err(Error::Denied {
                    action: HEAD,
                    resource: self.resource(&key),
                    message: "the version of the object that is there is not told".to_owned(),
                });
            }
        };
        Ok(Stored { key, version })
    }

    /// Whether the zip is there.
    async fn look(&self, artifact: &Artifact) -> Result<Seen, Error> {
        let key = key(artifact);
        let headers = [("x-amz-checksum-mode", "ENABLED".to_owned())];
        let ask = || async {
            let asked = Asked {
                method: "HEAD",
                action: HEAD,
                key: &key,
                headers: &headers,
                ..Asked::default()
            };
            match self.ask(asked).await {
                Ok(answer) => self.seen(artifact, &key, &answer).map_err(Failed::finally),
                Err(refused) if self.other_region(&refused).is_some() => {
                    Err(self.told(&key, refused))
                }
                Err(refused) => match refused.status() {
                    Some(404) => Ok(Seen::NotThere),
                    // Without the right to list, S3 says so of each key that is not there.
                    // What else is wrong, the answer to PUT says in words.
                    Some(400 | 403) => Ok(Seen::Untold),
                    _ => Err(self.told(&key, refused)),
                },
            }
        };
        patiently(self.policy, ask).await
    }

    fn seen(&self, artifact: &Artifact, key: &str, answer: &Answer) -> Result<Seen, Error> {
        let other_bytes = |expected: String, found: String| {
            self.fault(BucketFault::OtherBytes {
                key: key.to_owned(),
                expected,
                found,
            })
        };
        // An object that was copied in parts has a checksum of checksums, `...-3`.
        let checksum = answer.header("x-amz-checksum-sha256");
        let checksum = checksum.filter(|checksum| !checksum.contains('-'));
        // Of an answer without a body some proxies say that it has no bytes.
        let size = answer.header("content-length").filter(|size| *size != "0");
        match (checksum, size) {
            (Some(found), _) if *found != artifact.code_sha256() => {
                let expected = format!("sha256 {}", artifact.code_sha256());
                return Err(other_bytes(expected, format!("sha256 {found}")));
            }
            (None, Some(size)) if *size != artifact.size.to_string() => {
                let expected = format!("{} bytes", artifact.size);
                return Err(other_bytes(expected, format!("{size} bytes")));
            }
            // Where neither is told, Lambda's hash will tell.
            _ => {}
        }
        let class = answer.header("x-amz-storage-class");
        let class = class.filter(|class| matches!(*class, "GLACIER" | "DEEP_ARCHIVE"));
        // Intelligent-Tiering has archives of its own.
        let archive = answer.header("x-amz-archive-status").or(class);
        let restored = answer.header("x-amz-restore").unwrap_or_default();
        if let Some(archive) = archive
            && !restored.contains("ongoing-request=\"false\"")
        {
            return Err(self.fault(BucketFault::Archived {
                key: key.to_owned(),
                storage_class: archive.to_owned(),
            }));
        }
        Ok(Seen::There(version_of(answer)))
    }

    /// Sends the zip. Gives the version that it is, if the bucket has versions.
    async fn put(
        &self,
        artifact: &Artifact,
        progress: &Progress<'_>,
    ) -> Result<Option<String>, Refused> {
        let content = Content::zip(artifact);
        let moved = content.moved();
        let headers = [
            ("content-type", "application/zip".to_owned()),
            ("if-none-match", "*".to_owned()),
            ("x-amz-checksum-sha256", artifact.code_sha256()),
            // S3 needs only the checksum; some servers that stand for it keep none without.
            ("x-amz-sdk-checksum-algorithm", "SHA256".to_owned()),
        ];
        let key = key(artifact);
        let asked = self.ask(Asked {
            method: "PUT",
            action: PUT,
            key: &key,
            headers: &headers,
            content: Some((&content, &moved)),
            ..Asked::default()
        });
        let answer = watch(PUT, asked, &moved, self.policy.stall, progress).await;
        let answer = answer.map_err(Refused::from)??;
        Ok(version_of(&answer))
    }

    /// A bucket of which Lambda is to read a certain version must keep it.
    async fn check_versions(&self) -> Result<(), Error> {
        let ask = || async {
            let asked = Asked {
                method: "GET",
                action: VERSIONING,
                query: "?versioning",
                ..Asked::default()
            };
            match self.ask(asked).await {
                Ok(answer) => Ok(xml_text(answer.body(), "Status")),
                Err(refused) => Err(self.told("", refused)),
            }
        };
        match patiently(self.policy, ask).await?.as_deref() {
            Some("Enabled") => Ok(()),
            status => Err(self.fault(BucketFault::Unversioned {
                is_suspended: status.is_some(),
            })),
        }
    }

    async fn check_exists(&self) -> Result<(), Error> {
        let ask = || async {
            let asked = Asked {
                method: "HEAD",
                action: LIST,
                ..Asked::default()
            };
            match self.ask(asked).await {
                Ok(_) => Ok(()),
                Err(refused) if self.other_region(&refused).is_some() => {
                    Err(self.told("", refused))
                }
                Err(refused) => match refused.status() {
                    Some(404) => Err(Failed::finally(self.missing())),
                    Some(400 | 403) => Ok(()),
                    _ => Err(self.told("", refused)),
                },
            }
        };
        patiently(self.policy, ask).await
    }

    /// Asks, and goes to where S3 points as long as that is the same region.
    async fn ask(&self, asked: Asked<'_>) -> Result<Answer, Refused> {
        let (endpoint, path) = self.address()?;
        let target = format!("{path}/{}{}", asked.key, asked.query);
        let mut redirects = 0;
        loop {
            let (payload, wait) = match asked.content {
                None => (Payload::none(), READ_TIMEOUT),
                Some((content, moved)) => (content.payload(moved)?, UPLOAD_TIMEOUT),
            };
            let request = Request {
                service: Service::S3,
                action: asked.action,
                method: asked.method,
                origin: self.moved_to().clone().unwrap_or_else(|| endpoint.origin()),
                target: target.clone(),
                headers: asked.headers.to_vec(),
                payload,
                timeouts: timeouts(wait),
            };
            let refused = match self.signed.send(request).await {
                Ok(answer) => return Ok(answer),
                Err(refused) => refused,
            };
            let next = self.redirect(&endpoint, &target, &refused);
            let Some(next) = next.filter(|_| redirects < REDIRECTS) else {
                return Err(refused);
            };
            redirects += 1;
            *self.moved_to() = Some(next);
        }
    }

    fn moved_to(&self) -> MutexGuard<'_, Option<String>> {
        self.moved_to.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bucket's own endpoint, and the path of the bucket there.
    fn address(&self) -> Result<(Endpoint, String), Error> {
        let Signed { config, region } = self.signed;
        let mut endpoint = Endpoint::of(Service::S3, config, region)?;
        let is_allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        // A certificate for `*.s3...` is for one label, and old names have other letters.
        if !endpoint.is_custom && self.name.bytes().all(is_allowed) {
            endpoint.host = format!("{}.{}", self.name, endpoint.host);
            return Ok((endpoint, String::new()));
        }
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if !self.name.bytes().all(is_name) {
            return Err(Error::Settings {
                reason: format!("{:?} is not the name of a bucket", self.name),
            });
        }
        let path = format!("{}/{}", endpoint.path, self.name);
        Ok((endpoint, path))
    }

    /// Where to ask the same instead. Only a host of S3 itself may get what is signed for S3.
    fn redirect(&self, endpoint: &Endpoint, target: &str, refused: &Refused) -> Option<String> {
        if refused.status() != Some(307) || self.other_region(refused).is_some() {
            return None;
        }
        let location = refused.told.as_ref()?.location.as_deref()?;
        let next = Endpoint::parse(location)?;
        let service = endpoint.host.strip_prefix(&format!("{}.", self.name));
        // `amazonaws.com` of `s3.eu-west-1.amazonaws.com`
        let suffix = service.unwrap_or(&endpoint.host).splitn(3, '.').nth(2);
        let is_s3 = match suffix.filter(|_| !endpoint.is_custom) {
            Some(suffix) => next.host.ends_with(&format!(".{suffix}")),
            None => next.host == endpoint.host,
        };
        let path = target.split('?').next().unwrap_or_default();
        let is_same = next.scheme == endpoint.scheme && next.path == path.trim_end_matches('/');
        (is_s3 && is_same).then(|| next.origin())
    }

    /// The error that the bucket is in another region, where that is what is wrong.
    fn other_region(&self, refused: &Refused) -> Option<Error> {
        let found = refused.told.as_ref()?.region.clone();
        let is_other = match &found {
            Some(found) => *found != self.signed.region,
            None => refused.code() == Some("PermanentRedirect"),
        };
        is_other.then(|| self.in_other_region(found))
    }

    /// What a refusal means.
    fn told(&self, key: &str, refused: Refused) -> Failed {
        if let Some(error) = self.other_region(&refused) {
            return Failed::finally(error);
        }
        if refused.code() == Some("NoSuchBucket") {
            return Failed::finally(self.missing());
        }
        let error = match refused.failed.error {
            Error::AccessDenied { action, message } => Error::Denied {
                action,
                resource: self.resource(key),
                message,
            },
            Error::Refused {
                action,
                code,
                message,
            } => Error::Refused {
                action,
                code,
                message: format!("bucket {}: {message}", self.name),
            },
            other => other,
        };
        Failed {
            error,
            ..refused.failed
        }
    }

    /// What Lambda says of the bucket: `... S3 Error Code: NoSuchKey. S3 Error Message: ...`.
    pub(super) fn told_by_lambda(&self, stored: &Stored, failed: Failed) -> Failed {
        let (Error::Refused { message, .. } | Error::AccessDenied { message, .. }) = &failed.error
        else {
            return failed;
        };
        let after = |mark: &str| message.split_once(mark).map(|(_, rest)| rest);
        let word = |text: &str| {
            let is_end = |letter: char| !letter.is_ascii_alphanumeric() && letter != '-';
            text.trim_start().split(is_end).next().map(str::to_owned)
        };
        let code = after("S3 Error Code:").and_then(word).unwrap_or_default();
        let error = match &*code {
            "NoSuchBucket" => self.missing(),
            "NoSuchKey" | "NoSuchVersion" => self.fault(BucketFault::Unfound {
                key: stored.key.clone(),
                code,
            }),
            "PermanentRedirect" | "AuthorizationHeaderMalformed" => {
                self.in_other_region(after("in this region:").and_then(word))
            }
            "AccessDenied" if self.storage == Storage::Reference => {
                self.fault(BucketFault::Unreadable {
                    key: stored.key.clone(),
                    message: message.clone(),
                })
            }
            "AccessDenied" => Error::Denied {
                action: HEAD,
                resource: self.resource(&stored.key),
                message: message.clone(),
            },
            _ => return failed,
        };
        Failed::finally(error)
    }

    fn missing(&self) -> Error {
        self.fault(BucketFault::Missing {
            region: self.signed.region.clone(),
        })
    }

    fn in_other_region(&self, found: Option<String>) -> Error {
        self.fault(BucketFault::OtherRegion {
            found,
            wanted: self.signed.region.clone(),
        })
    }

    fn fault(&self, fault: BucketFault) -> Error {
        Error::Bucket {
            bucket: self.name.to_owned(),
            fault,
        }
    }

    /// `s3://bucket/key`
    fn resource(&self, key: &str) -> String {
        if key.is_empty() {
            return format!("the bucket {}", self.name);
        }
        format!("s3://{}/{key}", self.name)
    }
}

/// Where a zip lies.
fn key(artifact: &Artifact) -> String {
    format!("layerlock/{}.zip", artifact.digest.hex())
}

fn version_of(answer: &Answer) -> Option<String> {
    answer.header("x-amz-version-id").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_config::SdkConfig;
    use aws_sdk_lambda::error::ErrorMetadata;

    use super::super::signed::Told;
    use super::*;

    const POLICY: Policy = Policy {
        attempts: 1,
        first_wait: Duration::ZERO,
        stall: Duration::ZERO,
    };

    fn signed(endpoint: Option<&str>) -> Signed {
        let mut config = SdkConfig::builder();
        config.set_endpoint_url(endpoint.map(str::to_owned));
        Signed {
            config: config.build(),
            region: "eu-west-1".to_owned(),
        }
    }

    #[test]
    fn a_bucket_is_a_host_where_it_can_be() {
        for (name, endpoint, expected) in [
            ("layers", None, "https://layers.s3.eu-west-1.amazonaws.com"),
            (
                "layers.example",
                None,
                "https://s3.eu-west-1.amazonaws.com/layers.example",
            ),
            (
                "Old_Name",
                None,
                "https://s3.eu-west-1.amazonaws.com/Old_Name",
            ),
            (
                "layers",
                Some("http://127.0.0.1:9000/s3"),
                "http://127.0.0.1:9000/s3/layers",
            ),
        ] {
            let signed = signed(endpoint);
            let bucket = Bucket::new(name, Storage::Copy, &signed, POLICY);
            let (endpoint, path) = bucket.address().unwrap();
            assert_eq!(format!("{}{path}", endpoint.origin()), expected);
        }
        let signed = signed(None);
        for name in ["a/b", "a b", "user@host"] {
            let bucket = Bucket::new(name, Storage::Copy, &signed, POLICY);
            let error = bucket.address().unwrap_err();
            assert!(
                error.to_string().contains("is not the name of a bucket"),
                "{error}"
            );
        }
    }

    #[test]
    fn only_hosts_of_s3_get_what_is_signed_for_it() {
        let signed = signed(None);
        for (name, location, followed) in [
            (
                "layers",
                "https://layers.s3-eu-west-1.amazonaws.com/key",
                true,
            ),
            ("layers", "https://s3.amazonaws.com/key", true),
            (
                "layers.example",
                "https://s3-eu-west-1.amazonaws.com/key",
                true,
            ),
            (
                "layers",
                "http://layers.s3-eu-west-1.amazonaws.com/key",
                false,
            ),
            ("layers", "https://amazonaws.com.example.com/key", false),
            ("layers", "https://exampleamazonaws.com/key", false),
            ("layers", "https://evil.example:x.amazonaws.com/key", false),
            (
                "layers",
                "https://evil.example:443:x.amazonaws.com/key",
                false,
            ),
            ("layers", "https://[::1]x.amazonaws.com/key", false),
            ("layers", "https://s3.amazonaws.com/other", false),
            ("layers", "/key", false),
        ] {
            let bucket = Bucket::new(name, Storage::Copy, &signed, POLICY);
            let (endpoint, _) = bucket.address().unwrap();
            let mut refused = Refused::from(Error::NoRegion);
            refused.told = Some(Told {
                metadata: ErrorMetadata::builder().build(),
                status: 307,
                region: None,
                location: Some(location.to_owned()),
            });
            let next = bucket.redirect(&endpoint, "/key?x", &refused);
            assert_eq!(next.is_some(), followed, "{location}");
        }
    }
}
