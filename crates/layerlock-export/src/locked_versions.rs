//! The packages of a lock and their versions, without the project that it belongs to.

use std::path::Path;

use layerlock_lock::PackageName;

use crate::Error;
use crate::document::Document;

/// The names and versions in a lock, in its order: poetry.lock, pylock.toml, and whatever
/// else lists its packages in `[[package]]`. Whether it is up to date nobody asks. A package
/// without a version has an empty one.
pub fn locked_versions(path: &Path) -> Result<Vec<(PackageName, String)>, Error> {
    let document = Document::read(path)?;
    let root = document.parse_lock()?;
    let root = root.get_ref();
    let Some(packages) = root.get("package").or_else(|| root.get("packages")) else {
        // A lock without packages still has a table that tells what it is.
        if root.contains_key("metadata") || root.contains_key("lock-version") {
            return Ok(Vec::new());
        }
        return Err(document.invalid(0..0, "it lists no packages: it is no lock"));
    };
    let mut versions = Vec::new();
    for value in document.array(packages, "`package`")? {
        let table = document.table(value, "a package")?;
        let Some(name) = table.get("name") else {
            return Err(document.invalid(value.span(), "a package without `name`"));
        };
        let text = document.string(name, "`name`")?;
        let parsed = text.parse::<PackageName>();
        let parsed = parsed.map_err(|error| document.invalid(name.span(), error.to_string()))?;
        let version = match table.get("version") {
            Some(version) => document.string(version, "`version`")?.to_owned(),
            None => String::new(),
        };
        versions.push((parsed, version));
    }
    Ok(versions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, String> {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("poetry.lock");
        fs_err::write(&path, text).unwrap();
        let versions = locked_versions(&path).map_err(|error| error.to_string())?;
        let versions = versions.into_iter();
        Ok(versions
            .map(|(name, version)| (name.to_string(), version))
            .collect())
    }

    #[test]
    fn packages_are_read_whatever_the_version_of_the_lock() {
        let six = vec![("six-pack".to_owned(), "1.0".to_owned())];
        for text in [
            "[[package]]\nname = \"Six_Pack\"\nversion = \"1.0\"\n[metadata]\nlock-version = \"1.0\"\n",
            "lock-version = \"1.0\"\n[[packages]]\nname = \"six-pack\"\nversion = \"1.0\"\n",
        ] {
            assert_eq!(read(text).unwrap(), six);
        }
        assert_eq!(read("[metadata]\n").unwrap(), []);
        let without = read("[[package]]\nname = \"own\"\n").unwrap();
        assert_eq!(without, [("own".to_owned(), String::new())]);
    }

    #[test]
    fn what_is_no_lock_is_told() {
        for (text, told) in [
            ("[tool.poetry]\n", "it lists no packages"),
            ("package = 1\n", "`package`"),
            ("[[package]]\nversion = \"1\"\n", "without `name`"),
            (
                "[[package]]\nname = \"a b\"\n",
                "`a b` is not a package name",
            ),
            ("[[package]\n", ""),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }
}
