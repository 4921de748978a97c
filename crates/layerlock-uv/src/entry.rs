//! What entries of packages and files have in common in all locks.

use layerlock_lock::{NameError, PackageName, is_plain_file_name};
use pep440_rs::Version;
use toml::de::DeTable;

use crate::Error;
use crate::document::{Document, Value};

/// A package name becomes part of paths and URLs, so it must be one.
pub(crate) fn package_name(document: &Document, value: &Value<'_>) -> Result<PackageName, Error> {
    let name = document.string(value, "`name`")?;
    name.parse()
        .map_err(|error: NameError| document.invalid(value.span(), error.to_string()))
}

/// The version, normalised, where there is one.
pub(crate) fn version(document: &Document, table: &DeTable<'_>) -> Result<Option<String>, Error> {
    let Some(value) = table.get("version") else {
        return Ok(None);
    };
    let text = document.string(value, "`version`")?;
    let version: Result<Version, _> = text.parse();
    version
        .map(|version| Some(version.to_string()))
        .map_err(|_| {
            let message = format!("`{}` is not a version", text.escape_debug());
            document.invalid(value.span(), message)
        })
}

/// A file's name becomes part of paths, so it must be no more than a name.
pub(crate) fn plain_name(
    document: &Document,
    entry: &Value<'_>,
    name: String,
) -> Result<String, Error> {
    if is_plain_file_name(&name) {
        return Ok(name);
    }
    let message = format!("`{}` is not a plain file name", name.escape_debug());
    Err(document.invalid(entry.span(), message))
}

/// Its size in bytes, where that is said.
pub(crate) fn size(document: &Document, table: &DeTable<'_>) -> Result<Option<u64>, Error> {
    let size = table.get("size").map(|value| {
        let size = value.get_ref().as_integer();
        let size = size.and_then(|size| size.to_string().parse().ok());
        size.ok_or_else(|| document.invalid(value.span(), "`size` is not a number of bytes"))
    });
    size.transpose()
}
