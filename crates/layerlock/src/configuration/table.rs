//! `[tool.layerlock]` as it stands in pyproject.toml.

use std::collections::BTreeMap;
use std::path::PathBuf;

use layerlock_layer::Compression;
use serde::Deserialize;
use toml::Spanned;

use crate::Conflicts;
use crate::check_configuration::{CheckTable, FunctionTable, SizeText};
use crate::publish_configuration::{ProviderName, PublishTable};

/// `[tool.layerlock]`: the defaults of every layer.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Table {
    /// Which lock is read: looked at where that is done.
    #[serde(rename = "lock")]
    pub(super) _lock: Option<PathBuf>,
    pub(super) package: Option<String>,
    pub(super) targets: Option<Spanned<OneOrSeveral>>,
    pub(super) runtime: Option<Spanned<OneOrSeveral>>,
    pub(super) architecture: Option<Spanned<OneOrSeveral>>,
    pub(super) groups: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) extras: Option<Vec<Spanned<String>>>,
    pub(super) exclude: Option<Vec<Spanned<String>>>,
    pub(super) exclude_files: Option<Vec<Spanned<String>>>,
    pub(super) prefer: Option<Vec<Spanned<String>>>,
    pub(super) conflicts: Option<Conflicts>,
    pub(super) zip_name: Option<Spanned<String>>,
    pub(super) compression: Option<CompressionName>,
    pub(super) staging: Option<PathBuf>,
    pub(super) output: Option<PathBuf>,
    pub(super) include_project: Option<Spanned<bool>>,
    pub(super) build_frontend: Option<Spanned<String>>,
    /// Whose functions the layers are for, and where they are published.
    pub(super) provider: Option<ProviderName>,
    pub(super) publish: Option<PublishTable>,
    pub(super) check: Option<CheckTable>,
    /// Looked at by checks.
    #[serde(default, rename = "functions")]
    pub(super) _functions: BTreeMap<String, FunctionTable>,
    #[serde(default)]
    pub(super) layers: BTreeMap<Spanned<String>, LayerTable>,
}

/// `[tool.layerlock.layers.NAME]`: one layer.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub(super) struct LayerTable {
    pub(super) targets: Option<Spanned<OneOrSeveral>>,
    pub(super) package: Option<String>,
    pub(super) runtime: Option<Spanned<OneOrSeveral>>,
    pub(super) architecture: Option<Spanned<OneOrSeveral>>,
    pub(super) groups: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) extras: Option<Vec<Spanned<String>>>,
    pub(super) exclude: Option<Vec<Spanned<String>>>,
    pub(super) exclude_files: Option<Vec<Spanned<String>>>,
    pub(super) prefer: Option<Vec<Spanned<String>>>,
    pub(super) conflicts: Option<Conflicts>,
    pub(super) zip_name: Option<Spanned<String>>,
    pub(super) compression: Option<CompressionName>,
    pub(super) staging: Option<PathBuf>,
    pub(super) include_project: Option<Spanned<bool>>,
    pub(super) max_unzipped: Option<Spanned<SizeText>>,
    pub(super) npm: Option<Spanned<PathBuf>>,
    pub(super) maven: Option<Spanned<PathBuf>>,
    pub(super) per_node_version: Option<Spanned<bool>>,
    pub(super) omit: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) folders: Option<FoldersTable>,
    pub(super) run: Option<Spanned<Vec<String>>>,
    pub(super) inputs: Option<Spanned<Vec<Spanned<String>>>>,
}

impl LayerTable {
    /// Whether the layer has Python packages: one that has files of its own, packages of npm
    /// or jars names their groups, if it is to have any.
    pub(super) const fn has_packages(&self) -> bool {
        (self.folders.is_none() && self.npm.is_none() && self.maven.is_none())
            || self.groups.is_some()
            || self.extras.is_some()
            || self.include_project.is_some()
    }
}

/// `folders`: each place in the layer with what goes there.
pub(super) type FoldersTable = Spanned<BTreeMap<Spanned<String>, Spanned<PathBuf>>>;

/// A text, or a list of such: `"arm64"` or `["x86_64", "arm64"]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected a string, or a list of strings")]
pub(super) enum OneOrSeveral {
    One(String),
    Several(Vec<String>),
}

impl OneOrSeveral {
    pub(super) fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(texts) => texts,
        }
    }
}

/// [`Compression`] as it is written in a setting.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CompressionName {
    Copy,
    Best,
    Store,
}

impl From<CompressionName> for Compression {
    fn from(name: CompressionName) -> Self {
        match name {
            CompressionName::Copy => Self::Copy,
            CompressionName::Best => Self::Best,
            CompressionName::Store => Self::Store,
        }
    }
}
