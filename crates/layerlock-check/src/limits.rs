//! What a provider accepts, and what a project allows itself.

use layerlock_target::{Limits, Provider};

use crate::layer::Layer;
use crate::{Code, Finding};

/// What a zip can hold without zip64 (APPNOTE 4.4.1.4).
const ENTRIES: usize = 65_535;
/// `NAME_MAX` of Linux: bytes of one part of a path.
const LONGEST_NAME: usize = 255;
/// `PATH_MAX` of Linux, which counts the NUL at its end.
const LONGEST_PATH: usize = 4096;

/// Checks a layer alone against what the provider accepts of a function.
pub(crate) fn check(layer: &Layer<'_>, provider: Provider, mount: &str) -> Vec<Finding> {
    let mut findings: Vec<Finding> = size(layer.unzipped_size(), provider.limits())
        .into_iter()
        .collect();
    let count = layer.file_count();
    if count > ENTRIES {
        let message = format!(
            "the layer has {count} files, and a zip holds {ENTRIES} without zip64, which not \
             every tool reads"
        );
        findings.push(
            Finding::new(Code::TooManyEntries, message)
                .with_expected(&count, &ENTRIES)
                .with_hint("leave out what functions do not need, such as tests"),
        );
    }
    findings.extend(long_paths(layer, mount));
    findings
}

/// A layer that no function can have.
fn size(unzipped: u64, limits: Limits) -> Option<Finding> {
    let limit = limits.unzipped;
    (unzipped > limit).then(|| {
        Finding::new(
            Code::LayerTooLarge,
            format!(
                "the layer unzips to {unzipped} bytes, the provider accepts {limit} together \
                 with the function and its other layers"
            ),
        )
        .with_hint("exclude packages or split the layer into several")
    })
}

fn long_paths(layer: &Layer<'_>, mount: &str) -> Option<Finding> {
    let length = |path: &str| mount.len() + 1 + path.len() + 1;
    let is_long = |path: &str| {
        path.split('/').any(|part| part.len() > LONGEST_NAME) || length(path) > LONGEST_PATH
    };
    let file = layer.files.iter().find(|file| is_long(&file.path))?;
    let longest = file.path.split('/').map(str::len).max().unwrap_or_default();
    let (seen, limit, what) = if longest > LONGEST_NAME {
        (longest, LONGEST_NAME, "a name in a path")
    } else {
        (length(&file.path) - 1, LONGEST_PATH - 1, "a path")
    };
    Some(
        Finding::new(
            Code::PathTooLong,
            format!("{what} has {seen} bytes, and Linux takes {limit}"),
        )
        .with_path(&file.path)
        .with_expected(&seen, &limit)
        .with_hint("leave the file out, or give it a shorter name"),
    )
}

/// Checks the size of a layer or function against a project's own budget. `what` is which,
/// as in "the layer".
pub fn check_budget(what: &str, unzipped: u64, budget: u64) -> Option<Finding> {
    (unzipped > budget).then(|| {
        Finding::new(
            Code::OverBudget,
            format!("{what} unzips to {unzipped} bytes, and `max-unzipped` allows {budget}"),
        )
        .with_expected(&unzipped, &budget)
        .with_hint("exclude packages, or raise `max-unzipped` in pyproject.toml")
    })
}
