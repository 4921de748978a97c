//! Projects in the repository, and targets.

use std::path::{Path, PathBuf};

use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder};

/// The projects that real uv locked.
pub(crate) fn fixtures() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/uv");
    let entries = fs_err::read_dir(directory).unwrap();
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
