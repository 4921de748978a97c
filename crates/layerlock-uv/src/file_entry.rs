//! What entries of files have in common in all locks.

use layerlock_lock::is_plain_file_name;
use toml::de::DeTable;

use crate::Error;
use crate::document::{Document, Value};

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
