//! A directory that is built: how, and by what its wheel is kept.

use std::path::{Path, PathBuf};

use layerlock_digest::{Algorithm, Hasher};
use layerlock_layer::PlannedFile;
use toml::{Table, Value};

use super::built_wheel::Key;
use crate::Error;
use crate::problem::BuildProblem;

/// The files that say how a directory is built.
const BUILD_FILES: [&str; 3] = ["pyproject.toml", "setup.cfg", "setup.py"];

/// What a build of this directory is kept by: every file that may take part. None
/// where it [is more than its files](is_more_than_its_files), or has a link to a
/// directory: such a directory is built each time.
pub(super) fn key(directory: &Path, ignored: &[PathBuf]) -> Result<Option<Key>, Error> {
    if is_more_than_its_files(directory) {
        return Ok(None);
    }
    let Some(SourceFiles { root, files }) = files(directory, ignored)? else {
        return Ok(None);
    };
    let mut contents = Hasher::new(Algorithm::Sha256);
    for file in files {
        let name = file.strip_prefix(&root).unwrap_or(&file);
        // A model or a database may lie there: piece by piece.
        let planned = PlannedFile::read(&file)?;
        let name = name.to_string_lossy().replace('\\', "/");
        let (size, digest) = (planned.size(), planned.digest());
        let header = format!("{}\0{name}\0{size}\0{digest}\0", is_executable(&file));
        contents.update(header.as_bytes());
    }
    Ok(Some(Key::for_directory(&contents.finish())))
}

/// Whether a build reaches out of the directory, as with `force-include` of hatch in a
/// monorepo, or gets its version from version control.
pub(super) fn is_more_than_its_files(directory: &Path) -> bool {
    asks_version_control(directory) || reaches_out(directory)
}

/// The files of a directory that may take part in its build.
pub(super) struct SourceFiles {
    /// The directory, without links.
    pub(super) root: PathBuf,
    /// The files in it, sorted.
    pub(super) files: Vec<PathBuf>,
}

/// Every file that may take part in a build; none of them where a link leads to a
/// directory, which may hold anything.
pub(super) fn files(directory: &Path, ignored: &[PathBuf]) -> Result<Option<SourceFiles>, Error> {
    let root = directory
        .canonicalize()
        .map_err(Error::io("read", directory))?;
    let ignored: Vec<PathBuf> = ignored
        .iter()
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    let mut files = Vec::new();
    if !list(&root, &ignored, true, &mut files)? {
        return Ok(None);
    }
    files.sort();
    Ok(Some(SourceFiles { root, files }))
}

/// Refuses what Poetry would build and other frontends give to setuptools, which
/// makes something else of it: without `[build-system]`, PEP 517 has them do so.
pub(super) fn check_backend(directory: &Path) -> Result<(), BuildProblem> {
    let path = directory.join("pyproject.toml");
    let text = layerlock_diagnostic::read_toml(&path).unwrap_or_default();
    let project: Table = toml::from_str(&text).unwrap_or_default();
    let poetry = project.get("tool").and_then(|tool| tool.get("poetry"));
    let is_for_poetry = ["name", "packages", "include", "exclude"]
        .iter()
        .any(|key| poetry.is_some_and(|poetry| poetry.get(key).is_some()));
    if is_for_poetry
        && !project.contains_key("build-system")
        && !directory.join("setup.py").exists()
    {
        return Err(BuildProblem::NoBackend(path));
    }
    Ok(())
}

/// Whether the version of what a directory builds comes from its version control.
pub(super) fn asks_version_control(directory: &Path) -> bool {
    BUILD_FILES.iter().any(|file| {
        let text = layerlock_diagnostic::read_text(&directory.join(file)).unwrap_or_default();
        ["scm", "vcs", "dynamic-versioning", "versioneer"]
            .iter()
            .any(|sign| text.contains(sign))
    })
}

/// Whether a build may read files beside the directory.
fn reaches_out(directory: &Path) -> bool {
    let read = |file| layerlock_diagnostic::read_text(&directory.join(file)).unwrap_or_default();
    let [project, ..] = BUILD_FILES;
    let text = layerlock_diagnostic::read_toml(&directory.join(project));
    let in_project = match text.map(|text| toml::from_str(&text)) {
        Ok(Ok(table)) => has_path_out(&Value::Table(table), ""),
        _ => read(project).contains(".."),
    };
    in_project
        || BUILD_FILES[1..]
            .iter()
            .any(|file| read(file).contains(".."))
}

/// Tables of pyproject.toml that no build takes files by: what a project depends on
/// often lies beside it, and the settings of its tools are often shared.
const NOT_FOR_BUILDS: [&str; 13] = [
    ".dependency-groups",
    ".project.dependencies",
    ".project.optional-dependencies",
    ".tool.coverage",
    ".tool.layerlock",
    ".tool.mypy",
    ".tool.poetry.dependencies",
    ".tool.poetry.dev-dependencies",
    ".tool.poetry.group",
    ".tool.pyright",
    ".tool.pytest",
    ".tool.ruff",
    ".tool.uv",
];

/// Whether something in a table is a path that leads up, be it a key, as with
/// `force-include` of hatch.
fn has_path_out(value: &Value, table: &str) -> bool {
    let leads_up = |text: &str| text.split(['/', '\\']).any(|part| part == "..");
    match value {
        Value::String(text) => leads_up(text),
        Value::Array(values) => values.iter().any(|value| has_path_out(value, table)),
        Value::Table(values) => values.iter().any(|(key, value)| {
            let table = format!("{table}.{key}");
            !NOT_FOR_BUILDS.contains(&&*table) && (leads_up(key) || has_path_out(value, &table))
        }),
        _ => false,
    }
}

/// Lists the files of a directory and those below. A link to a file counts as the
/// file; with one to a directory, which may lead anywhere, the list is not whole and
/// the answer is false.
fn list(
    directory: &Path,
    ignored: &[PathBuf],
    at_the_top: bool,
    files: &mut Vec<PathBuf>,
) -> Result<bool, Error> {
    let failed = || Error::io("read", directory);
    for entry in fs_err::read_dir(directory).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let path = entry.path();
        let kind = entry.file_type().map_err(failed())?;
        if ignored.contains(&path) {
            continue;
        }
        if kind.is_dir() {
            if !is_no_source(&path, at_the_top) && !list(&path, ignored, false, files)? {
                return Ok(false);
            }
        } else if kind.is_file() {
            if is_source(&path) {
                files.push(path);
            }
        } else if path.is_dir() {
            let target = path.canonicalize().map_err(failed())?;
            if !is_no_source(&path, at_the_top) && !ignored.contains(&target) {
                return Ok(false);
            }
        } else if path.is_file() && is_source(&path) {
            files.push(path);
        }
    }
    Ok(true)
}

fn is_source(file: &Path) -> bool {
    file.extension().is_none_or(|ending| ending != "pyc")
}

/// Directories that no build reads: of version control, caches, environments, and
/// what earlier builds and tools of deployment left behind.
fn is_no_source(directory: &Path, at_the_top: bool) -> bool {
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    matches!(
        &*name,
        ".git"
            | ".hg"
            | ".svn"
            | "__pycache__"
            | "node_modules"
            | ".tox"
            | ".nox"
            | "cdk.out"
            | ".aws-sam"
            | ".serverless"
            | ".terraform"
    ) || name.ends_with(".egg-info")
        || (at_the_top
            && matches!(&*name, "dist" | "build")
            && !directory.join("__init__.py").exists())
        || directory.join("pyvenv.cfg").exists()
        || directory.join("CACHEDIR.TAG").exists()
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs_err::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        directory
    }

    const SOURCE: &[(&str, &str)] = &[
        ("pyproject.toml", "[project]\nname = \"demo\"\n"),
        ("demo/__init__.py", "x = 1\n"),
        ("demo/build/__init__.py", ""),
    ];

    #[test]
    fn what_no_build_reads_does_not_count_and_everything_else_does() {
        let directory = written(SOURCE);
        let output = directory.path().join("out");
        let now = || {
            key(directory.path(), std::slice::from_ref(&output))
                .unwrap()
                .unwrap()
        };
        let first = now();
        let elsewhere = written(SOURCE);
        assert_eq!(key(elsewhere.path(), &[]).unwrap(), Some(first.clone()));

        for noise in [
            ".git/HEAD",
            "demo/__pycache__/x.pyc",
            "build/lib/demo.py",
            "dist/demo.whl",
            "demo.egg-info/PKG-INFO",
            "out/python/demo.py",
            "venv/pyvenv.cfg",
            "venv/lib/x.py",
            ".cache/CACHEDIR.TAG",
            "cdk.out/tree.json",
        ] {
            let path = directory.path().join(noise);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "noise").unwrap();
        }
        assert_eq!(now(), first);

        for change in ["demo/__init__.py", "demo/build/x.py", "data.txt"] {
            let before = now();
            fs_err::write(directory.path().join(change), "changed").unwrap();
            assert_ne!(now(), before, "{change}");
        }
    }

    #[test]
    fn a_file_that_moves_to_another_name_counts() {
        let one = written(&[("a", "x"), ("b", "")]);
        let other = written(&[("a", ""), ("b", "x")]);
        assert_ne!(
            key(one.path(), &[]).unwrap(),
            key(other.path(), &[]).unwrap()
        );
    }

    /// A backend may pack what is behind it.
    #[cfg(unix)]
    #[test]
    fn a_directory_with_a_link_to_a_directory_is_not_kept() {
        let directory = written(SOURCE);
        let other = written(&[("x.py", "")]);
        let environment = written(&[("pyvenv.cfg", "")]);
        let link = |to: &tempfile::TempDir, name: &str| {
            std::os::unix::fs::symlink(to.path(), directory.path().join(name)).unwrap();
        };
        // No build reads an environment, nor what this run writes.
        link(&environment, ".venv");
        link(&other, "staged");
        let outputs = [other.path().to_owned()];
        assert!(key(directory.path(), &outputs).unwrap().is_some());
        assert_eq!(key(directory.path(), &[]).unwrap(), None);
    }

    #[test]
    fn a_directory_that_is_more_than_its_files_is_not_kept() {
        for text in [
            "packages = [{ include = \"shared\", from = \"../libs\" }]",
            "[tool.hatch.build.targets.wheel.force-include]\n\"../libs/x\" = \"x\"",
            "no = toml ../x",
            "requires = [\"setuptools-scm\"]",
            "requires = [\"hatch-vcs\"]",
            "[tool.poetry-dynamic-versioning]",
        ] {
            let directory = written(&[("pyproject.toml", text)]);
            assert_eq!(key(directory.path(), &[]).unwrap(), None, "{text}");
        }
    }

    /// A monorepo's packages name each other, and are built from their own files.
    #[test]
    fn a_directory_that_only_depends_on_others_is_kept() {
        for text in [
            "[tool.poetry.dependencies]\nshared = { path = \"../shared\" }",
            "[tool.poetry.group.dev.dependencies]\nshared = { path = \"../shared\" }",
            "[project]\ndependencies = [\"shared @ file:///../shared\"]",
            "[project]\ndescription = \"This and that...\"",
            "[tool.ruff]\nextend = \"../ruff.toml\"",
        ] {
            let directory = written(&[("pyproject.toml", text)]);
            assert!(key(directory.path(), &[]).unwrap().is_some(), "{text}");
        }
    }
}
