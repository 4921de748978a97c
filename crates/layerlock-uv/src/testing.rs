//! Environments for tests.

use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder};

/// Linux with this Python and machine.
pub(crate) fn environment(python: &str, machine: &str) -> MarkerEnvironment {
    let (minor, _) = python.rsplit_once('.').unwrap();
    MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
        implementation_name: "cpython",
        implementation_version: python,
        os_name: "posix",
        platform_machine: machine,
        platform_python_implementation: "CPython",
        platform_release: "",
        platform_system: "Linux",
        platform_version: "",
        python_full_version: python,
        python_version: minor,
        sys_platform: "linux",
    })
    .unwrap()
}
