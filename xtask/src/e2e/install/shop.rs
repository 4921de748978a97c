//! A small project on an index of its own: what the tools are run on.

use std::path::Path;

use anyhow::Result;
use layerlock_testkit::{LockedPackage, LoopbackIndex, ProjectBuilder, Wheel, WheelBuilder};

use crate::process::Command;

/// The project's index, with two versions of each of its packages.
pub(super) struct Shop {
    pub(super) index: LoopbackIndex,
    runtime: [Wheel; 2],
    dev: [Wheel; 2],
}

/// Which versions a lock names: the first or the second.
#[derive(Clone, Copy, Default)]
pub(super) struct Versions {
    pub(super) runtime: usize,
    pub(super) dev: usize,
}

impl Shop {
    pub(super) fn open() -> Self {
        let versions = |name: &str| {
            ["1.0", "2.0"].map(|version| {
                let module = format!("version = {version:?}\n");
                let wheel = WheelBuilder::new(name, version);
                wheel.file(&format!("{name}.py"), module).build()
            })
        };
        let (runtime, dev) = (versions("cart"), versions("tester"));
        let index = LoopbackIndex::with_wheels(runtime.iter().chain(&dev));
        Self {
            index,
            runtime,
            dev,
        }
    }

    /// The wheel of the layer's package that the first lock names.
    pub(super) fn wheel(&self) -> &Wheel {
        &self.runtime[0]
    }

    /// Writes pyproject.toml and poetry.lock.
    pub(super) fn write(&self, directory: &Path, versions: Versions) {
        let dev = LockedPackage::from(&self.dev[versions.dev]).groups(&["dev"]);
        ProjectBuilder::new("shop")
            .package(&self.runtime[versions.runtime])
            .package(dev)
            .pyproject("[tool.layerlock]\nruntime = \"python3.12\"\n")
            .write_to(directory);
    }

    /// The command with the project's index as that of pip.
    pub(super) fn index_of(&self, command: Command) -> Command {
        command
            .without_env(&["PIP_", "UV_"])
            .env("PIP_INDEX_URL", self.index.url())
    }
}

/// Makes the lock older than pyproject.toml.
pub(super) fn make_stale(project: &Path) -> Result<()> {
    let path = project.join("pyproject.toml");
    let text = fs_err::read_to_string(&path)?;
    let edited = text.replace("cart", "cart-and-more");
    anyhow::ensure!(edited != text, "the edit of pyproject.toml changed nothing");
    Ok(fs_err::write(path, edited)?)
}

/// What layerlock says of such a lock.
pub(super) const STALE: &str = "pyproject.toml changed since poetry.lock was written";
