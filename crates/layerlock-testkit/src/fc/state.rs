//! What the server keeps.

use std::collections::{BTreeMap, BTreeSet};

use super::account::FcAccount;

/// All of it.
#[derive(Debug)]
pub(super) struct State {
    pub(super) account: FcAccount,
    /// The address that clients use.
    pub(super) host: String,
    pub(super) layers: BTreeMap<String, Layer>,
    pub(super) functions: Vec<FcFunction>,
    /// By bucket and key.
    pub(super) objects: BTreeMap<(String, String), Vec<u8>>,
    pub(super) nonces: BTreeSet<String>,
    pub(super) requests: Vec<(String, String, u16)>,
    /// How many tokens of temporary buckets and roles were given.
    pub(super) tokens: usize,
}

/// A layer.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) is_public: bool,
    /// The newest number ever: none is used again.
    pub(super) last: u64,
    pub(super) versions: BTreeMap<u64, FcVersion>,
}

/// A version of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FcVersion {
    /// Its number.
    pub version: u64,
    /// Its ARN.
    pub arn: String,
    /// Its description.
    pub description: String,
    /// Its license.
    pub license: String,
    /// What it is for.
    pub runtimes: Vec<String>,
    /// Its zip.
    pub zip: Vec<u8>,
    /// The zip's CRC-64/XZ.
    pub crc64: u64,
}

/// A function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FcFunction {
    /// Its name.
    pub name: String,
    /// The ARNs of its layers.
    pub layers: Vec<String>,
}

impl State {
    pub(super) fn new(account: FcAccount, host: String) -> Self {
        Self {
            account,
            host,
            layers: BTreeMap::new(),
            functions: Vec::new(),
            objects: BTreeMap::new(),
            nonces: BTreeSet::new(),
            requests: Vec::new(),
            tokens: 0,
        }
    }

    pub(super) fn versions(&self, layer: &str) -> Vec<FcVersion> {
        let layer = self.layers.get(layer);
        let versions = layer.into_iter().flat_map(|layer| layer.versions.values());
        versions.cloned().collect()
    }

    pub(super) fn is_public(&self, layer: &str) -> bool {
        self.layers.get(layer).is_some_and(|layer| layer.is_public)
    }

    pub(super) fn objects_of(&self, bucket: &str) -> Vec<(String, usize)> {
        let objects = self.objects.iter();
        let of_bucket = objects.filter(|((found, _), _)| found == bucket);
        of_bucket
            .map(|((_, key), bytes)| (key.clone(), bytes.len()))
            .collect()
    }

    pub(super) fn is_denied(&self, action: &str) -> bool {
        self.account.denied.iter().any(|denied| denied == action)
    }
}
