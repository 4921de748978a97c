//! A poetry.lock that Poetry did not write.

use toml::de::DeTable;

use crate::Error;
use crate::document::{Document, Value};

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

/// `[metadata]`, which every lock of Poetry has.
pub(super) fn metadata<'t, 'd>(
    document: &Document,
    root: &'t DeTable<'d>,
) -> Result<&'t Value<'d>, Error> {
    let has = |key| root.contains_key(key);
    let reason = match root.get("metadata") {
        Some(metadata) => match metadata.get_ref().as_table() {
            Some(table) if table.contains_key("lock_version") => "it is in the format of pdm.lock",
            _ => return Ok(metadata),
        },
        None if has("created-by") || has("packages") => "it is in the format of pylock.toml",
        None if has("version") => "it is in the format of uv.lock",
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
