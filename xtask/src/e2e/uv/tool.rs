//! The real uv, apart from the caches and the Pythons of its user.

use std::path::Path;

use crate::process::Command;
use crate::tools::Tools;

/// uv in a directory, with its cache at a path.
pub(super) fn uv(tools: &Tools, cache: &Path, directory: &Path) -> Command {
    let uv = tools
        .uv()
        .directory(directory)
        .env("UV_CACHE_DIR", cache)
        .env("UV_PYTHON", tools.python().program())
        .env("UV_PYTHON_DOWNLOADS", "never");
    // It does not read what pip is told of the machine's index.
    match index_of_pip(tools) {
        Some(url) => uv.env("UV_DEFAULT_INDEX", url),
        None => uv,
    }
}

/// The index that pip is configured for, where it is another than its own.
fn index_of_pip(tools: &Tools) -> Option<String> {
    ["global.index-url", ":env:.index-url"]
        .into_iter()
        .find_map(|key| {
            let told = tools.pip().args(["config", "get", key]).finish().ok()?;
            let url = told.stdout.trim();
            (told.code == Some(0) && !url.is_empty()).then(|| url.to_owned())
        })
}
