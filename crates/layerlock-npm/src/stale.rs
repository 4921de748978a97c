//! Whether a package.json asks for something else than its lock has, as `npm ci` finds out.

use std::collections::BTreeMap;

use node_semver::{Range, Version};

use crate::lock::Entry;
use crate::package_json::{PackageJson, texts};
use crate::tree::resolve;

/// What a package.json asks for under a name.
struct Wanted {
    range: String,
    lacking: Lacking,
}

/// When a lock may lack what is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lacking {
    Never,
    /// Where it was locked like that: it may be for another system, or npm was told to leave
    /// peers alone.
    WhereLocked,
    Always,
}

/// The first thing in which the package.json of a place and what the lock has of it differ:
/// of the project, whose place is empty, or of a workspace.
pub(crate) fn difference(
    manifest: &PackageJson,
    place: &str,
    packages: &BTreeMap<String, Entry>,
) -> Option<String> {
    let file = if place.is_empty() {
        "package.json".to_owned()
    } else {
        format!("{place}/package.json")
    };
    let empty = Entry::default();
    let entry = packages.get(place).unwrap_or(&empty);
    let (wanted, locked) = (wanted(manifest), ranges(entry));
    for (name, Wanted { range, lacking }) in &wanted {
        let found = resolve(packages, place, name).and_then(|place| packages.get(place));
        let locked = locked.get(&**name);
        if locked == Some(&&**range) {
            if found.is_none() && *lacking == Lacking::Never {
                return Some(format!("it lacks {name}, which {file} asks for"));
            }
            continue;
        }
        let fits = match found {
            None => *lacking == Lacking::Always,
            Some(found) => satisfies(found.behind(packages), range),
        };
        if !fits {
            return Some(match locked {
                Some(locked) => {
                    format!("{file} asks for {name} {range}, and it was locked for {locked}")
                }
                None => format!("{file} asks for {name} {range}, which it does not have"),
            });
        }
    }
    // What package.json asks for no more is locked still.
    let locked = [
        &entry.dependencies,
        &entry.dev_dependencies,
        &entry.optional_dependencies,
    ];
    let mut locked = locked.into_iter().flat_map(BTreeMap::keys);
    let gone = locked.find(|it| !wanted.contains_key(*it))?;
    Some(format!("it has {gone}, which {file} asks for no more"))
}

/// What a package.json asks for. Of one name in several kinds npm takes the last.
fn wanted(manifest: &PackageJson) -> BTreeMap<String, Wanted> {
    let optional_peers = optional_peers(manifest);
    let peers = texts(manifest.peer_dependencies.as_ref()).into_iter();
    let peers = peers.map(|(name, range)| {
        let lacking = if optional_peers.contains(&name) {
            Lacking::Always
        } else {
            Lacking::WhereLocked
        };
        (name, Wanted { range, lacking })
    });
    let mut wanted: BTreeMap<String, Wanted> = peers.collect();
    for (kind, lacking) in [
        (&manifest.dependencies, Lacking::Never),
        (&manifest.optional_dependencies, Lacking::WhereLocked),
        (&manifest.dev_dependencies, Lacking::Never),
    ] {
        let kind = texts(kind.as_ref()).into_iter();
        wanted.extend(kind.map(|(name, range)| (name, Wanted { range, lacking })));
    }
    wanted
}

/// The same of what was locked.
fn ranges(entry: &Entry) -> BTreeMap<&str, &str> {
    let kinds = [
        &entry.peer_dependencies,
        &entry.dependencies,
        &entry.optional_dependencies,
        &entry.dev_dependencies,
    ];
    let ranges = kinds.into_iter().flatten();
    ranges.map(|(name, range)| (&**name, &**range)).collect()
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
        check_place(manifest, "", packages)
    }

    fn check_place(manifest: &str, place: &str, packages: &str) -> Result<(), String> {
        let manifest = PackageJson::parse(manifest.as_bytes()).unwrap();
        let packages = serde_json::from_str(packages).unwrap();
        match difference(&manifest, place, &packages) {
            Some(message) => Err(message),
            None => Ok(()),
        }
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

    /// Each as `npm ci` of npm 11 has it, but that what is asked for no more it leaves out.
    #[test]
    fn a_workspace_is_compared_too() {
        const LOCKED: &str = r#"{"": {}, "node_modules/b": {"version": "1.0.0"},
            "node_modules/c": {"version": "2.0.0"}, "node_modules/d": {"version": "1.0.0"},
            "node_modules/w": {"link": true, "resolved": "packages/w"},
            "packages/w": {"version": "1.5.0", "dependencies": {"c": "^1.0.0", "d": "^1.0.0"},
                "devDependencies": {"b": "1.0.0"}, "peerDependencies": {"react": "18"}},
            "packages/w/node_modules/c": {"version": "1.0.0"}}"#;
        let check = |more: &str| {
            let manifest = format!(r#"{{"devDependencies": {{"b": "1.0.0"}}, {more}}}"#);
            check_place(&manifest, "packages/w", LOCKED)
        };
        for fitting in [
            r#""dependencies": {"c": "^1.0.0", "d": "^1.0.0"}, "peerDependencies": {"react": "18"}"#,
            r#""dependencies": {"c": "1.x", "d": "1"}"#,
            r#""optionalDependencies": {"c": "^1.0.0", "d": "^1.0.0"}"#,
            r#""dependencies": {"c": "1", "d": "1"}, "peerDependencies": {"c": "2"}"#,
            r#""dependencies": {"c": "1", "d": "1", "w": "^1.0.0"}"#,
            r#""dependencies": {"c": "1", "d": "1"}, "peerDependencies": {"a": "1"},
                "peerDependenciesMeta": {"a": {"optional": true}}"#,
        ] {
            assert_eq!(check(fitting), Ok(()), "{fitting}");
        }
        for (changed, message) in [
            (
                r#""dependencies": {"c": "^2.0.0", "d": "1"}"#,
                "packages/w/package.json asks for c ^2.0.0, and it was locked for ^1.0.0",
            ),
            (
                r#""dependencies": {"c": "1", "d": "1", "a": "1.0.0"}"#,
                "packages/w/package.json asks for a 1.0.0, which it does not have",
            ),
            (
                r#""dependencies": {"c": "1", "d": "1"}, "peerDependencies": {"a": "1"}"#,
                "asks for a 1, which it does not have",
            ),
            (
                r#""dependencies": {"c": "1", "d": "1"}, "optionalDependencies": {"a": "1"}"#,
                "asks for a 1, which it does not have",
            ),
            (
                r#""dependencies": {"c": "1"}"#,
                "it has d, which packages/w/package.json asks for no more",
            ),
        ] {
            let error = check(changed).unwrap_err();
            assert!(error.contains(message), "{changed}: {error}");
        }
    }
}
