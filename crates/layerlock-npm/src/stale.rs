//! Whether package.json asks for something else than its lock has, as `npm ci` finds out.

use std::collections::BTreeMap;
use std::path::Path;

use node_semver::{Range, Version};

use crate::Error;
use crate::lock::Entry;
use crate::package_json::{PackageJson, texts};

pub(crate) fn check(
    manifest: &PackageJson,
    packages: &BTreeMap<String, Entry>,
    lock: &Path,
) -> Result<(), Error> {
    let empty = Entry::default();
    let root = packages.get("").unwrap_or(&empty);
    let kinds = [
        (&manifest.dependencies, &root.dependencies, true),
        (&manifest.dev_dependencies, &root.dev_dependencies, true),
        (
            &manifest.optional_dependencies,
            &root.optional_dependencies,
            false,
        ),
        (&manifest.peer_dependencies, &root.peer_dependencies, true),
    ];
    let stale = |message: String| {
        Err(Error::Stale {
            lock: lock.to_owned(),
            message,
        })
    };
    let may_lack: Vec<String> = optional_peers(manifest);
    for (wanted, locked, is_needed) in kinds {
        for (name, range) in texts(wanted.as_ref()) {
            let entry = packages.get(&format!("node_modules/{name}"));
            if locked.get(&name) == Some(&range) {
                let is_needed = is_needed && !may_lack.contains(&name);
                if entry.is_none() && is_needed {
                    return stale(format!("it lacks {name}, which package.json asks for"));
                }
                continue;
            }
            let fits = entry.is_some_and(|entry| satisfies(entry, &range));
            if !fits {
                let message = match locked.get(&name) {
                    Some(locked) => format!(
                        "package.json asks for {name} {range}, and it was locked for {locked}"
                    ),
                    None => format!("package.json asks for {name} {range}, which it does not have"),
                };
                return stale(message);
            }
        }
    }
    // What package.json asks for no more is locked still.
    let wanted: Vec<_> = [
        &manifest.dependencies,
        &manifest.dev_dependencies,
        &manifest.optional_dependencies,
        &manifest.peer_dependencies,
    ]
    .into_iter()
    .flat_map(|kind| texts(kind.as_ref()).into_keys())
    .collect();
    let locked = [
        &root.dependencies,
        &root.dev_dependencies,
        &root.optional_dependencies,
    ];
    match locked
        .into_iter()
        .flat_map(BTreeMap::keys)
        .find(|it| !wanted.contains(it))
    {
        Some(name) => stale(format!(
            "it has {name}, which package.json asks for no more"
        )),
        None => Ok(()),
    }
}

fn optional_peers(manifest: &PackageJson) -> Vec<String> {
    let meta = manifest.peer_dependencies_meta.as_ref();
    let meta = meta.and_then(serde_json::Value::as_object);
    let optional = meta.into_iter().flatten().filter(|(_, meta)| {
        meta.get("optional").and_then(serde_json::Value::as_bool) == Some(true)
    });
    optional.map(|(name, _)| name.clone()).collect()
}

/// Whether a locked version is in a range; what is no range (a URL, a tag) is not.
fn satisfies(entry: &Entry, range: &str) -> bool {
    let version = entry
        .version
        .as_deref()
        .and_then(|text| Version::parse(text).ok());
    let (Some(version), Ok(range)) = (version, Range::parse(range)) else {
        return false;
    };
    range.satisfies(&version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_texts(manifest: &str, packages: &str) -> Result<(), String> {
        let manifest = PackageJson::parse(manifest.as_bytes()).unwrap();
        let packages = serde_json::from_str(packages).unwrap();
        check(&manifest, &packages, Path::new("package-lock.json")).map_err(|it| it.to_string())
    }

    const LOCKED: &str =
        r#"{"": {"dependencies": {"a": "^1.0.0"}}, "node_modules/a": {"version": "1.2.0"}}"#;

    #[test]
    fn a_lock_that_still_fits_is_not_stale() {
        for manifest in [
            r#"{"dependencies": {"a": "^1.0.0"}}"#,
            r#"{"dependencies": {"a": "1.2.x"}}"#,
            r#"{"dependencies": {"a": "^1.0.0"}, "scripts": {"x": "y"}}"#,
        ] {
            assert_eq!(check_texts(manifest, LOCKED), Ok(()), "{manifest}");
        }
        let any = r#"{"dependencies": {"a": "github:x/y"}}"#;
        let locked = r#"{"": {"dependencies": {"a": "github:x/y"}}, "node_modules/a": {}}"#;
        assert_eq!(check_texts(any, locked), Ok(()));
        let peer = r#"{"peerDependencies": {"p": "1"}, "peerDependenciesMeta": {"p": {"optional": true}}}"#;
        let locked = r#"{"": {"peerDependencies": {"p": "1"}}}"#;
        assert_eq!(check_texts(peer, locked), Ok(()));
    }

    #[test]
    fn what_was_changed_since_is_named() {
        for (manifest, message) in [
            (
                r#"{"dependencies": {"a": "^2.0.0"}}"#,
                "package.json asks for a ^2.0.0, and it was locked for ^1.0.0",
            ),
            (
                r#"{"dependencies": {"a": "^1.0.0", "b": "1"}}"#,
                "package.json asks for b 1, which it does not have",
            ),
            (
                r#"{"devDependencies": {"c": "1"}, "dependencies": {"a": "1"}}"#,
                "package.json asks for c 1",
            ),
            (r"{}", "it has a, which package.json asks for no more"),
        ] {
            let error = check_texts(manifest, LOCKED).unwrap_err();
            assert!(error.contains(message), "{manifest}: {error}");
        }
        let gone = r#"{"": {"dependencies": {"a": "^1.0.0"}}}"#;
        let error = check_texts(r#"{"dependencies": {"a": "^1.0.0"}}"#, gone).unwrap_err();
        assert!(
            error.contains("it lacks a, which package.json asks for"),
            "{error}"
        );
    }
}
