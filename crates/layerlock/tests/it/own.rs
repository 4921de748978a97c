//! A directory with a project's own files.

use std::os::unix::fs::symlink;

use layerlock::{Built, CacheLocation, Error, Settings, Silent, build};
use layerlock_testkit::{ProjectBuilder, WheelBuilder, shared_library};
use tempfile::TempDir;

use crate::helpers::{Shop, files, unzipped};

/// The numbers of processors in compiled files.
pub(crate) const X86_64: u16 = 62;
pub(crate) const AARCH64: u16 = 183;

/// A directory with files, and a cache.
pub(crate) struct Own {
    pub(crate) root: TempDir,
    pub(crate) cache: TempDir,
}

impl Own {
    /// With this layerlock.toml.
    pub(crate) fn new(toml: &str) -> Self {
        let own = Self {
            root: TempDir::new().unwrap(),
            cache: TempDir::new().unwrap(),
        };
        own.write("layerlock.toml", toml);
        own
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.root.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    /// Makes a compiled file for a processor.
    pub(crate) fn compile(&self, name: &str, machine: u16) {
        let bytes = shared_library(machine, &["libc.so.6"], &[]);
        self.write(name, "");
        fs_err::write(self.root.path().join(name), bytes).unwrap();
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            cache: CacheLocation::At(self.cache.path().to_owned()),
            offline: true,
            ..Settings::for_project(self.root.path())
        }
    }

    pub(crate) fn build(&self) -> Built {
        build(&self.settings(), &Silent).unwrap()
    }

    pub(crate) fn fails(&self) -> Error {
        let before = files(self.root.path());
        let error = build(&self.settings(), &Silent).unwrap_err();
        assert_eq!(files(self.root.path()), before);
        error
    }
}

/// The files of the one zip, with their modes in octal.
pub(crate) fn listing(built: &Built) -> Vec<String> {
    let [layer] = &built.layers[..] else {
        panic!("{built}");
    };
    let members = unzipped(&layer.zip.as_ref().unwrap().path);
    let lines = members
        .iter()
        .map(|(name, (_, mode))| format!("{mode:o} {name}"));
    lines.collect()
}

pub(crate) const TOOLS: &str = "[layers.tools.folders]\nbin = \"build/bin\"\nlib = \"build/lib\"\n";

pub(crate) fn tools(toml: &str) -> Own {
    let own = Own::new(toml);
    own.write("build/bin/tool", "text");
    own.compile("build/lib/libz.so.1.3", X86_64);
    symlink("libz.so.1.3", own.root.path().join("build/lib/libz.so.1")).unwrap();
    symlink("libz.so.1", own.root.path().join("build/lib/libz.so")).unwrap();
    own
}

/// A project with a package, and this table of a layer `web`.
pub(crate) fn overlay(table: &str) -> Shop {
    let wheel = WheelBuilder::new("pure", "1.0")
        .file("pure/__init__.py", "VALUE = 1\n")
        .file("pure/data.txt", "theirs")
        .build();
    let toml = format!(
        "[tool.layerlock]\nruntime = \"python3.12\"\n[tool.layerlock.layers.web]\n{table}\n"
    );
    let project = ProjectBuilder::new("shop")
        .requires_python(">=3.8")
        .pyproject(&toml);
    let shop = Shop::new(&project.package(&wheel), [&wheel]);
    for (name, text) in [
        ("src/shared/a.py", "A = 1\n"),
        ("src/pure/data.txt", "ours"),
    ] {
        let path = shop.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    shop
}
