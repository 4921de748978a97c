//! Lists of things, as messages name them.

use layerlock_lock::LockedPackage;
use layerlock_target::{Runtime, Target};

/// What is said where previews alone have the right Python.
pub(crate) fn but_for(previews: &[Runtime]) -> String {
    match previews {
        [] => String::new(),
        [one] => format!(", but for the preview {one}"),
        several => format!(", but for the previews {}", listed(several)),
    }
}

/// Those that functions of a target's provider run on.
pub(crate) fn architectures(target: &Target) -> String {
    let architectures = target.provider().architectures().iter();
    let names: Vec<_> = architectures.map(|it| it.name()).collect();
    names.join(" and ")
}

pub(crate) fn listed(runtimes: &[Runtime]) -> String {
    let names: Vec<_> = runtimes
        .iter()
        .map(|runtime| runtime.identifier())
        .collect();
    names.join(", ")
}

pub(crate) fn names(packages: &[LockedPackage]) -> String {
    let names = packages.iter();
    let names: Vec<_> = names
        .map(|one| format!("{} {}", one.name, one.version))
        .collect();
    names.join(", ")
}
