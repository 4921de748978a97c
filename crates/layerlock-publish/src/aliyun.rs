/*!
Layers in Alibaba Cloud Function Compute, over its API 2023-03-30.

Requests are signed by hand: each kind of signature is a small module ([`acs3`] for Function
Compute and STS, [`fc_signature`] for the temporary bucket, [`oss4`] for OSS), tested on what
the official SDKs sign. The credentials must allow these actions:

- `fc:ListLayerVersions`, to see what is there;
- `fc:CreateLayerVersion`;
- where they are used, `fc:GetLayerVersion`, `fc:DeleteLayerVersion`, `fc:PutLayerACL` and
  `fc:ListFunctions`. The second also removes a duplicate that two runs made at the same
  time;
- with a bucket, `oss:GetObject` and `oss:PutObject`.

A list has the checksum of each version, so that one request tells whether there is anything
to do. How a version is made once, whatever becomes of the answer, stands in `create`.
*/

mod acs3;
mod api;
mod connect;
mod create;
mod credentials;
mod download;
mod encode;
mod endpoint;
mod failure;
mod fc_signature;
mod headers;
mod http;
mod kept;
mod oss;
mod oss4;
mod settings;
mod storage;
mod sts;
mod temporary_bucket;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
mod zip_body;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use layerlock_digest::Digest;
use layerlock_target::Provider;

use crate::blocking::Blocking;
use crate::model::account_of_arn;
use crate::patience::{Policy, patiently};
use crate::{
    Artifact, Error, FcError, Grant, LayerVersion, Publication, PublishPlan, Publisher,
    StoredObject, Use, plan, rules,
};
use api::{ARCHITECTURE, Api};
use kept::Kept;
use storage::Storage;

pub use settings::AliyunSettings;

const RULES: Provider = Provider::Aliyun;

/// Function Compute in one region.
#[derive(Debug)]
pub struct AliyunFc {
    blocking: Arc<Blocking>,
    api: Api,
    storage: Storage,
    /// The account's number: that of the settings, or of a version that was seen.
    account: Mutex<Option<String>>,
    policy: Policy,
    locks: Option<PathBuf>,
    /// Checksums of zips that were read, by their hashes.
    checksums: Mutex<HashMap<Digest, u64>>,
    /// Zips that had to be downloaded to know their hashes.
    kept: Mutex<Vec<Kept>>,
}

impl AliyunFc {
    /// The artifact as the provider takes it, with its checksum.
    fn prepared(&self, artifact: &Artifact) -> Result<Artifact, Error> {
        let is_other = |name: &String| name != ARCHITECTURE;
        if artifact.architectures.iter().any(is_other) {
            let found = artifact.architectures.join(" and ");
            return Err(FcError::Architecture { found }.into());
        }
        Ok(Artifact {
            // The API has no architectures: there is one.
            architectures: vec![ARCHITECTURE.to_owned()],
            crc64: self.crc64(artifact)?,
            ..artifact.clone()
        })
    }

    /// The checksum of the artifact's zip; `None` as long as there is no zip, as where it is
    /// downloaded only if it is needed.
    fn crc64(&self, artifact: &Artifact) -> Result<Option<u64>, Error> {
        let known = || {
            self.checksums
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if artifact.crc64.is_some() {
            return Ok(artifact.crc64);
        }
        if let Some(crc64) = known().get(&artifact.digest) {
            return Ok(Some(*crc64));
        }
        if !artifact.zip.exists() {
            return Ok(None);
        }
        let crc64 = zip_body::crc64_of(artifact)?;
        known().insert(artifact.digest, crc64);
        Ok(Some(crc64))
    }

    fn remember_account(&self, versions: &[LayerVersion]) {
        let found = versions.iter().find_map(|it| account_of_arn(&it.arn));
        if let Some(found) = found {
            let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
            account.get_or_insert_with(|| found.to_owned());
        }
    }

    /// The layer's versions, newest first, up to the page on which they are enough.
    async fn versions_until(
        &self,
        layer: &str,
        is_enough: impl Fn(&[LayerVersion]) -> bool,
    ) -> Result<Vec<LayerVersion>, Error> {
        let mut versions: Vec<LayerVersion> = Vec::new();
        let mut start = None;
        loop {
            let ask = || self.api.versions(layer, start);
            let (page, next) = patiently(self.policy, ask).await?;
            versions.extend(page.into_iter().map(|one| one.into_version(layer)));
            versions.sort_by_key(|version| std::cmp::Reverse(version.version));
            versions.dedup_by_key(|version| version.version);
            if next.is_none() || next == start || is_enough(&versions) {
                self.remember_account(&versions);
                return Ok(versions);
            }
            start = next;
        }
    }

    async fn survey_async(
        &self,
        layer: &str,
        artifacts: &[Artifact],
    ) -> Result<Vec<LayerVersion>, Error> {
        // Most runs change nothing, and see that on the first page.
        let is_enough = |versions: &[LayerVersion]| {
            let is_newest = |artifact: &Artifact| {
                let mut versions = versions.iter().filter(|it| artifact.has_targets_of(it));
                versions
                    .next()
                    .is_some_and(|newest| plan::is_artifact(newest, artifact))
            };
            artifacts.iter().all(is_newest)
        };
        self.versions_until(layer, is_enough).await
    }

    async fn uses_async(&self) -> Result<Vec<Use>, Error> {
        let mut uses = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let ask = || self.api.uses(token.as_deref());
            let (page, next) = patiently(self.policy, ask).await?;
            uses.extend(page);
            if next.is_none() || next == token {
                return Ok(uses);
            }
            token = next;
        }
    }

    /// Grants are of a layer with all of its versions: everybody, or nobody.
    fn refuse_other_than_public(&self, grant: &Grant) -> Result<(), Error> {
        if *grant == Grant::new("*", None)? {
            return Ok(());
        }
        Err(self.without("grants to accounts and organizations"))
    }

    /// Writes an object of OSS into a file, and tells its checksum, where OSS has one.
    pub fn fetch(&self, object: &StoredObject, to: &Path) -> Result<Option<u64>, Error> {
        self.blocking
            .run(self.storage.fetch(&self.api, self.policy, object, to))
    }
}

impl Publisher for AliyunFc {
    fn provider(&self) -> &'static str {
        RULES.name()
    }

    fn region(&self) -> Option<&str> {
        Some(&self.api.region)
    }

    fn account(&self) -> Option<String> {
        let account = self.account.lock();
        account.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn zip_limit(&self) -> Option<u64> {
        RULES.limits().zip_in_storage
    }

    fn survey(&self, layer: &str, artifacts: &[Artifact]) -> Result<Vec<LayerVersion>, Error> {
        rules::check_name(RULES, layer)?;
        let artifacts = artifacts.iter().map(|artifact| self.prepared(artifact));
        let artifacts: Vec<_> = artifacts.collect::<Result<_, _>>()?;
        self.blocking.run(self.survey_async(layer, &artifacts))
    }

    fn plan(&self, artifact: &Artifact, versions: &[LayerVersion]) -> Result<PublishPlan, Error> {
        let artifact = self.prepared(artifact)?;
        let plan = plan::of(RULES, &artifact, versions, None)?;
        match self.zip_limit() {
            Some(limit) if artifact.size > limit && matches!(plan, PublishPlan::Create { .. }) => {
                let size = artifact.size;
                Err(FcError::TooLarge { size, limit }.into())
            }
            _ => Ok(plan),
        }
    }

    fn carry_out(
        &self,
        artifact: &Artifact,
        plan: &PublishPlan,
        sent: &(dyn Fn(u64) + Sync),
    ) -> Result<Publication, Error> {
        let artifact = self.prepared(artifact)?;
        rules::check(RULES, &artifact)?;
        match plan {
            PublishPlan::Reuse(version) => Ok(Publication::reused(version.clone())),
            PublishPlan::Create { newest, .. } => self.create(&artifact, *newest, sent),
        }
    }

    fn list(&self, layer: &str) -> Result<Vec<LayerVersion>, Error> {
        rules::check_name(RULES, layer)?;
        self.blocking.run(self.versions_until(layer, |_| false))
    }

    fn detail(&self, version: &LayerVersion) -> Result<LayerVersion, Error> {
        self.blocking.run(self.detail_async(version))
    }

    fn download(&self, version: &LayerVersion, to: &Path) -> Result<(), Error> {
        self.blocking.run(self.download_async(version, to))
    }

    fn delete(&self, layer: &str, version: u64) -> Result<(), Error> {
        rules::check_name(RULES, layer)?;
        let ask = || self.api.delete(layer, version);
        self.blocking.run(patiently(self.policy, ask))
    }

    fn grant(&self, layer: &str, _version: u64, grant: &Grant) -> Result<(), Error> {
        rules::check_name(RULES, layer)?;
        self.refuse_other_than_public(grant)?;
        let ask = || self.api.make_public(layer);
        self.blocking.run(patiently(self.policy, ask))
    }

    fn grants(&self, layer: &str, version: u64) -> Result<Vec<Grant>, Error> {
        rules::check_name(RULES, layer)?;
        let ask = || self.api.version(layer, version);
        let found = self.blocking.run(patiently(self.policy, ask))?;
        if found.is_some_and(|version| version.is_public()) {
            return Ok(vec![Grant::new("*", None)?]);
        }
        Ok(Vec::new())
    }

    fn uses(&self) -> Result<Vec<Use>, Error> {
        self.blocking.run(self.uses_async())
    }
}
