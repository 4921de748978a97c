//! Poetry's cache of what it downloaded: `artifacts/05/59/ad/b3ef…/NAME`, in
//! directories named after a hash of each file's URL. The URL is not known
//! without the index, so the files are found by name.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use layerlock_client::MachineConfig;
use serde::Deserialize;

/// The directory of artifacts, where Poetry has one on this machine:
/// `POETRY_CACHE_DIR`, else `cache-dir` in Poetry's config.toml, else the usual.
pub(super) fn artifacts(machine: &MachineConfig) -> Option<PathBuf> {
    let is_named = machine.variables.get("POETRY_CACHE_DIR").is_some();
    let configured = (!is_named).then(|| configured_cache(machine)).flatten();
    let cache = configured.or_else(|| machine.poetry_cache.clone())?;
    let directory = cache.join("artifacts");
    directory.is_dir().then_some(directory)
}

fn configured_cache(machine: &MachineConfig) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Config {
        #[serde(rename = "cache-dir")]
        cache: Option<String>,
    }
    let path = machine.poetry_configuration.as_ref()?.join("config.toml");
    let text = layerlock_diagnostic::read_toml(&path).ok()?;
    let cache = toml::from_str::<Config>(&text).ok()?.cache?;
    match (cache.strip_prefix("~/"), &machine.home) {
        (Some(below), Some(home)) => Some(home.join(below)),
        _ => Some(PathBuf::from(cache)),
    }
}

/// Every file of these names, four directories deep. What cannot be read is not
/// there.
pub(super) fn files_named(artifacts: &Path, names: &HashSet<&str>) -> Vec<PathBuf> {
    let mut directories = vec![artifacts.to_owned()];
    for _ in 0..4 {
        directories = directories
            .iter()
            .flat_map(|directory| entries(directory))
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .map(|entry| entry.path())
            .collect();
    }
    let mut files: Vec<PathBuf> = directories
        .iter()
        .flat_map(|directory| entries(directory))
        .filter(|entry| {
            entry
                .file_name()
                .to_str()
                .is_some_and(|name| names.contains(name))
        })
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

fn entries(directory: &Path) -> impl Iterator<Item = fs_err::DirEntry> {
    fs_err::read_dir(directory).into_iter().flatten().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_at_their_depth_alone() {
        let directory = tempfile::tempdir().unwrap();
        let write = |path: &str| {
            let path = directory.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(&path, "").unwrap();
            path
        };
        let found = [
            write("05/59/ad/b3ef/demo-1.0-py3-none-any.whl"),
            write("ff/00/11/2233/demo-1.0-py3-none-any.whl"),
        ];
        write("05/59/ad/b3ef/other-1.0-py3-none-any.whl");
        write("05/59/demo-1.0-py3-none-any.whl");
        write("05/59/ad/b3ef/deeper/demo-1.0-py3-none-any.whl");
        let names = HashSet::from(["demo-1.0-py3-none-any.whl"]);
        assert_eq!(files_named(directory.path(), &names), found);
        assert!(files_named(&directory.path().join("none"), &names).is_empty());
    }

    #[test]
    fn the_directory_is_named_by_variable_then_by_configuration() {
        let directory = tempfile::tempdir().unwrap();
        let made = |name: &str| {
            let path = directory.path().join(name).join("artifacts");
            fs_err::create_dir_all(&path).unwrap();
            path
        };
        let [usual, configured] = ["usual", "configured"].map(made);
        let mut machine = MachineConfig {
            home: Some(directory.path().to_owned()),
            poetry_cache: Some(directory.path().join("usual")),
            poetry_configuration: Some(directory.path().to_owned()),
            ..MachineConfig::default()
        };
        assert_eq!(artifacts(&machine), Some(usual.clone()));
        fs_err::write(
            directory.path().join("config.toml"),
            "cache-dir = \"~/configured\"\n",
        )
        .unwrap();
        assert_eq!(artifacts(&machine), Some(configured));
        // The directory that the variable names is the usual one then.
        machine.variables.insert("POETRY_CACHE_DIR", "set");
        assert_eq!(artifacts(&machine), Some(usual));
        machine.poetry_cache = Some(directory.path().join("none"));
        assert_eq!(artifacts(&machine), None);
        assert_eq!(artifacts(&MachineConfig::default()), None);
    }
}
