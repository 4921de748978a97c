//! `.pyc` files: a layer is mounted read-only and its files have other times than where they
//! were compiled, so most of them are never used.

use layerlock_target::Target;

use crate::file_facts::{FileFacts, Header};
use crate::groups::Groups;
use crate::layer::{FileInLayer, Layer};
use crate::{Code, Finding};

/// Bytecode that the runtime does not use.
pub(crate) fn check(layer: &Layer<'_>, facts: &[FileFacts], target: &Target) -> Vec<Finding> {
    let (_, minor) = target.runtime.python();
    let mut foreign = Groups::default();
    let mut stale = Groups::default();
    for (file, facts) in layer.files.iter().zip(facts) {
        let Some((stem, tag)) = names(file) else {
            continue;
        };
        let compiled_for = facts.pyc.and_then(Header::minor);
        let is_foreign = compiled_for.map_or(
            tag.is_some_and(|tag| !tag.starts_with(&format!("cpython-3{minor}"))),
            |compiled_for| compiled_for != minor,
        );
        if is_foreign {
            foreign.add(file, Some(target));
        } else if facts.pyc.is_some_and(|header| !header.is_hash_based)
            && (tag.is_some() || layer.has(&format!("{stem}.py")))
        {
            // Without its source beside it, one outside of `__pycache__` is used as it is.
            stale.add(file, Some(target));
        }
    }
    let foreign = foreign.into_iter().map(|group| {
        let message = format!(
            "bytecode of another Python than {}: {}",
            target.runtime,
            group.files()
        );
        Finding::new(Code::ForeignPyc, message)
            .about(group.package(), Some(group.first()))
            .with_hint("leave .pyc files out: the runtime does not read these")
    });
    let stale = stale.into_iter().map(|group| {
        let message = format!(
            "bytecode that goes by the times of the sources, which are others in a function, so \
             that it is never used: {}",
            group.files()
        );
        Finding::new(Code::StalePyc, message)
            .about(group.package(), Some(group.first()))
            .with_hint(
                "leave .pyc files out, or compile with `python -m compileall \
                 --invalidation-mode unchecked-hash`",
            )
    });
    foreign.chain(stale).collect()
}

/// The path of the source without its ending, and the tag of the interpreter.
fn names<'f>(file: &'f FileInLayer<'_>) -> Option<(String, Option<&'f str>)> {
    let stem = file.path.strip_suffix(".pyc")?;
    let Some((folder, name)) = stem.rsplit_once("__pycache__/") else {
        return Some((stem.to_owned(), None));
    };
    let (module, tag) = name.split_once('.').unwrap_or((name, ""));
    Some((format!("{folder}{module}"), Some(tag)))
}
