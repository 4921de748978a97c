//! package-lock.json, as far as a layer needs it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::package_json::OneOrMany;

/// A lock of version 2 or 3.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct LockFile {
    #[serde(rename = "lockfileVersion", default)]
    pub(crate) version: u32,
    /// By its place: `node_modules/a/node_modules/b`; the root has the empty one.
    pub(crate) packages: Option<BTreeMap<String, Entry>>,
}

/// One place of the tree.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "npm has a flag for each")]
pub(crate) struct Entry {
    /// Its real name, where the place has another.
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) resolved: Option<Resolved>,
    pub(crate) integrity: Option<String>,
    pub(crate) link: bool,
    pub(crate) dev: bool,
    pub(crate) optional: bool,
    pub(crate) dev_optional: bool,
    pub(crate) peer: bool,
    pub(crate) extraneous: bool,
    pub(crate) in_bundle: bool,
    pub(crate) has_install_script: bool,
    pub(crate) os: Option<OneOrMany>,
    pub(crate) cpu: Option<OneOrMany>,
    pub(crate) libc: Option<OneOrMany>,
    pub(crate) engines: Option<Engines>,
    pub(crate) dependencies: BTreeMap<String, String>,
    pub(crate) dev_dependencies: BTreeMap<String, String>,
    pub(crate) optional_dependencies: BTreeMap<String, String>,
    pub(crate) peer_dependencies: BTreeMap<String, String>,
    pub(crate) peer_dependencies_meta: BTreeMap<String, PeerMeta>,
    pub(crate) bundle_dependencies: Option<Bundled>,
}

/// The dependencies that a package brings along.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Bundled {
    /// All of them, or none.
    All(bool),
    /// These.
    Named(Vec<String>),
}

/// Where a package comes from; old locks have `false` for what is bundled.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Resolved {
    Text(String),
    Flag(#[expect(dead_code, reason = "that it is a flag is all that there is to know")] bool),
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PeerMeta {
    pub(crate) optional: bool,
}

/// `engines`, which very old packages have as a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Engines {
    Named(BTreeMap<String, serde_json::Value>),
    Other(#[expect(dead_code, reason = "npm reads nothing from it")] serde_json::Value),
}

impl Engines {
    /// The range of Node's versions.
    pub(crate) fn node(&self) -> Option<&str> {
        match self {
            Self::Named(engines) => engines.get("node")?.as_str(),
            Self::Other(_) => None,
        }
    }
}

impl Entry {
    /// Whether it brings a dependency along.
    pub(crate) fn bundles(&self, name: &str) -> bool {
        match &self.bundle_dependencies {
            None => false,
            Some(Bundled::All(all)) => *all,
            Some(Bundled::Named(names)) => names.iter().any(|bundled| bundled == name),
        }
    }

    /// Where it comes from, as the lock has it.
    pub(crate) fn resolved(&self) -> Option<&str> {
        match &self.resolved {
            Some(Resolved::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// What a link leads to, or the entry itself.
    pub(crate) fn behind<'l>(&'l self, packages: &'l BTreeMap<String, Entry>) -> &'l Self {
        let target = self.resolved().filter(|_| self.link);
        target.and_then(|it| packages.get(it)).unwrap_or(self)
    }
}

/// The name of the package in a place, by the place alone.
pub(crate) fn name_of(place: &str) -> &str {
    const FOLDER: &str = "node_modules/";
    match place.rfind(FOLDER) {
        Some(at) => &place[at + FOLDER.len()..],
        None => place,
    }
}

/// The place that holds the `node_modules` of another: `node_modules/a` for
/// `node_modules/a/node_modules/b`, the root for `node_modules/a`.
pub(crate) fn parent(place: &str) -> Option<&str> {
    let at = place.rfind("node_modules/")?;
    Some(place[..at].trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_tells_its_name_and_its_parent() {
        let nested = "node_modules/@a/b/node_modules/c";
        assert_eq!(
            (name_of(nested), parent(nested)),
            ("c", Some("node_modules/@a/b"))
        );
        assert_eq!(name_of("node_modules/@a/b"), "@a/b");
        assert_eq!(parent("node_modules/@a/b"), Some(""));
        assert_eq!(parent("packages/a"), None);
        assert_eq!(parent("packages/a/node_modules/b"), Some("packages/a"));
    }

    #[test]
    fn what_old_packages_have_is_read() {
        let text = r#"{"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": {
            "version": "1.0.0", "resolved": false, "engines": ["node >= 0.6"],
            "os": "linux", "bin": "cli.js", "unknown": 1}}}"#;
        let lock: LockFile = serde_json::from_str(text).unwrap();
        let entry = &lock.packages.unwrap()["node_modules/a"];
        assert_eq!(entry.resolved(), None);
        assert_eq!(entry.engines.as_ref().unwrap().node(), None);
    }
}
