//! A project in a temporary directory, with a lock that is fresh.

use std::path::Path;

use layerlock_export::{Error, Lock, Project};
use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder};

/// Writes a project and its lock, whose `packages` are the text before
/// `[metadata]`.
pub(crate) fn project(pyproject: &str, packages: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs_err::write(directory.path().join("pyproject.toml"), pyproject).unwrap();
    write_lock(directory.path(), packages, "2.1", "0");
    let project = Project::read(directory.path()).unwrap();
    // The reader says which hash it wants; what it says is checked against
    // Poetry in agreement.rs.
    if let Err(Error::Stale { expected, .. }) = Lock::read(&project) {
        write_lock(directory.path(), packages, "2.1", &expected);
    }
    directory
}

pub(crate) fn write_lock(directory: &Path, packages: &str, version: &str, hash: &str) {
    let text = format!(
        "{packages}\n[metadata]\nlock-version = \"{version}\"\n\
         python-versions = \"*\"\ncontent-hash = \"{hash}\"\n"
    );
    fs_err::write(directory.join("poetry.lock"), text).unwrap();
}

/// A locked package of the main group with one file and more lines.
pub(crate) fn package(name: &str, version: &str, more: &str) -> String {
    let groups = if more.contains("groups = ") {
        ""
    } else {
        "groups = [\"main\"]\n"
    };
    let files = if more.contains("files = ") {
        String::new()
    } else {
        let hash = "a".repeat(64);
        format!("files = [{{file = \"{name}-{version}.tar.gz\", hash = \"sha256:{hash}\"}}]\n")
    };
    format!(
        "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\noptional = false\n\
         python-versions = \"*\"\n{groups}{files}{more}\n\n"
    )
}

/// CPython on Linux.
pub(crate) fn linux(python: &str, machine: &str) -> MarkerEnvironment {
    let full = format!("{python}.0");
    MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
        implementation_name: "cpython",
        implementation_version: &full,
        os_name: "posix",
        platform_machine: machine,
        platform_python_implementation: "CPython",
        platform_release: "",
        platform_system: "Linux",
        platform_version: "",
        python_full_version: &full,
        python_version: python,
        sys_platform: "linux",
    })
    .unwrap()
}
