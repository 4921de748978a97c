//! A poetry.lock that Poetry did not write.

use toml::de::DeTable;

use crate::Error;
use crate::document::Document;

/// The error where the text alone tells.
pub(super) fn by_text(document: &Document) -> Result<(), Error> {
    let text = document.text().trim_start();
    let mut lines = text.lines().map(str::trim);
    let reason = if lines.all(|line| line.is_empty() || line.starts_with('#')) {
        "it is empty"
    } else if text.starts_with('{') {
        "it is JSON, as Pipfile.lock is"
    } else {
        return Ok(());
    };
    Err(error(document, reason))
}

/// The error where the top of it tells.
pub(super) fn by_tables(document: &Document, root: &DeTable<'_>) -> Result<(), Error> {
    let metadata = root.get("metadata").map(|value| value.get_ref().as_table());
    let reason = match metadata {
        Some(Some(metadata)) if metadata.contains_key("lock_version") => {
            "it is in the format of pdm.lock"
        }
        Some(_) => return Ok(()),
        None if root.contains_key("created-by") || root.contains_key("packages") => {
            "it is in the format of pylock.toml"
        }
        None if root.contains_key("version") => "it is in the format of uv.lock",
        None => "it has no [metadata], in which a lock of Poetry ends",
    };
    Err(error(document, reason))
}

fn error(document: &Document, reason: &'static str) -> Error {
    Error::ForeignLock {
        path: document.path().to_owned(),
        reason,
    }
}
