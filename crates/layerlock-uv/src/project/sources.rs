//! `[tool.uv.sources]`: where the packages of requirements come from.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr as _;

use layerlock_lock::normalize_name;
use pep508_rs::MarkerTree;
use toml::de::DeTable;

use crate::Error;
use crate::document::{Document, Value};
use crate::origin::{GitKind, Origin};

/// One of the sources of a package.
#[derive(Debug, Clone)]
pub(crate) struct DeclaredSource {
    pub(crate) origin: DeclaredOrigin,
    /// Where it counts. `None` where the marker is none that can be read.
    pub(crate) marker: Option<MarkerTree>,
    /// The extra, or the group, that it is for alone.
    pub(crate) extra: Option<String>,
    pub(crate) group: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum DeclaredOrigin {
    /// An index of this name.
    Named(String),
    Known(Origin),
}

/// The sources by the name of the package.
pub(super) fn read(
    document: &Document,
    directory: &Path,
    uv: &DeTable<'_>,
) -> Result<BTreeMap<String, Vec<DeclaredSource>>, Error> {
    let sources = document.table_at(uv, "sources")?.into_iter().flatten();
    let sources = sources.map(|(name, value)| {
        let each = match value.get_ref().as_array() {
            Some(several) => several
                .iter()
                .map(|one| source(document, directory, one))
                .collect(),
            None => source(document, directory, value).map(|one| vec![one]),
        };
        Ok((normalize_name(name.get_ref()), each?))
    });
    sources.collect()
}

fn source(
    document: &Document,
    directory: &Path,
    value: &Value<'_>,
) -> Result<DeclaredSource, Error> {
    let table = document.table(value, "a source")?;
    let text = |key: &str| document.text_at(table, key);
    let origin = if let Some(index) = text("index")? {
        DeclaredOrigin::Named(index.to_owned())
    } else if let Some(git) = text("git")? {
        let mut reference = None;
        for (key, kind) in GitKind::ALL {
            reference = reference.or(text(key)?.map(|name| (kind, name)));
        }
        DeclaredOrigin::Known(Origin::git(git, reference, text("subdirectory")?))
    } else if let Some(url) = text("url")? {
        DeclaredOrigin::Known(Origin::url(url))
    } else if let Some(path) = text("path")? {
        let is_editable = table.get("editable").and_then(|it| it.get_ref().as_bool());
        let is_editable = Some(is_editable.unwrap_or(false));
        DeclaredOrigin::Known(Origin::local(directory, path, is_editable))
    } else {
        DeclaredOrigin::Known(Origin::somewhere())
    };
    let marker = text("marker")?;
    let marker = marker.map_or(Ok(MarkerTree::TRUE), MarkerTree::from_str);
    Ok(DeclaredSource {
        origin,
        marker: marker.ok(),
        extra: text("extra")?.map(normalize_name),
        group: text("group")?.map(normalize_name),
    })
}
