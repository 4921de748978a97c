//! Projects in the repository, and targets.

use std::path::{Path, PathBuf};

use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder};

/// Where the projects are that real uv locked.
pub(crate) fn fixtures_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/uv")
}

/// Copies a directory with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs_err::create_dir_all(to).unwrap();
    for entry in fs_err::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs_err::copy(&path, &target).unwrap();
        }
    }
}

/// The projects that real uv locked.
pub(crate) fn fixtures() -> Vec<PathBuf> {
    let entries = fs_err::read_dir(fixtures_root()).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut projects: Vec<PathBuf> = paths.filter(|path| path.is_dir()).collect();
    projects.sort();
    projects
}

/// Linux with a Python and a processor.
pub(crate) fn environment(minor: &str, machine: &str) -> MarkerEnvironment {
    let full = format!("{minor}.0");
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
        python_version: minor,
        sys_platform: "linux",
    })
    .unwrap()
}

/// The targets that everything is compared for.
pub(crate) fn environments() -> Vec<(String, MarkerEnvironment)> {
    let mut all = Vec::new();
    for minor in ["3.10", "3.11", "3.12", "3.13", "3.14"] {
        for machine in ["x86_64", "aarch64"] {
            all.push((format!("{minor} {machine}"), environment(minor, machine)));
        }
    }
    all
}
