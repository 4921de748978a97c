//! A project, an index and the command, for the tests of the command line.

use assert_cmd::Command;
use layerlock_testkit::{
    LockedPackage, LoopbackIndex, ProjectBuilder, TestProject, Wheel, WheelBuilder,
};
use tempfile::TempDir;

/// A command, with nothing of this machine's configuration, in a project whose
/// wheels are on a loopback index.
pub(crate) struct Sandbox {
    pub(crate) project: TestProject,
    pub(crate) index: LoopbackIndex,
    cache: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self::from_project(ProjectBuilder::new("shop"))
    }

    /// A project with one more package than the builder has: `greeter`.
    pub(crate) fn from_project(builder: ProjectBuilder) -> Self {
        let wheel = greeter();
        Self {
            index: LoopbackIndex::with_wheels([&wheel]),
            project: builder.package(&wheel).write(),
            cache: TempDir::new().unwrap(),
        }
    }

    /// A project whose package is locked from a source.
    pub(crate) fn with_source(name: &str, url: &str) -> Self {
        let wheel = greeter();
        let project = ProjectBuilder::new("shop").source(name, url, "primary");
        Self {
            index: LoopbackIndex::with_wheels([&wheel]),
            project: project
                .package(LockedPackage::from(&wheel).source(name))
                .write(),
            cache: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn layerlock(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_layerlock"));
        command
            .env_clear()
            .env("LAYERLOCK_CACHE_DIR", self.cache.path())
            .env("PIP_INDEX_URL", self.index.url())
            .current_dir(self.project.path())
            .args(arguments);
        command
    }

    /// Every file of the project's directory.
    pub(crate) fn files(&self) -> Vec<String> {
        layerlock_layer::files_in(self.project.path()).unwrap()
    }
}

pub(crate) fn greeter() -> Wheel {
    WheelBuilder::new("greeter", "1.2.0")
        .file("greeter/__init__.py", b"def main():\n    print('hello')\n")
        .entry_point("console_scripts", "greet", "greeter:main")
        .build()
}

/// What a command printed, as JSON.
pub(crate) fn json(output: &[u8]) -> serde_json::Value {
    serde_json::from_slice(output).expect("one JSON object and nothing else")
}
