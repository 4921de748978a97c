//! Packages that the lock has no wheel of, by the real Poetry, uv, pip, git and C
//! compiler: a directory, a repository, and the project itself.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::checks::{Checks, Problems, Proof};
use crate::files::{self, Tree};
use crate::layerlock::{Layer, Layerlock, Report};
use crate::process::Command;
use crate::tools::Tools;

pub(crate) fn prove(checks: &mut Checks, binary: &Path, tools: &Tools) {
    checks.check(
        "uv and pip build the same layer, and Python imports it",
        || {
            let workshop = Workshop::new(binary, tools)?;
            workshop.frontends_agree()
        },
    );
    checks.check("a compiled package is taken where it fits", || {
        let workshop = Workshop::new(binary, tools)?;
        workshop.compiles()
    });
}

/// A project that real Poetry locked, with a package in a directory, one in a directory of
/// a git repository, one in C, and itself.
struct Workshop<'a> {
    directory: TempDir,
    project: PathBuf,
    binary: &'a Path,
    tools: &'a Tools,
}

const BACKEND: &str = "[build-system]\nrequires = [\"setuptools\"]\n\
                       build-backend = \"setuptools.build_meta\"\n\n";

fn package(name: &str, tables: &str) -> String {
    format!("{BACKEND}[project]\nname = \"{name}\"\nversion = \"1.0\"\n{tables}")
}

impl<'a> Workshop<'a> {
    fn new(binary: &'a Path, tools: &'a Tools) -> Result<Self> {
        let directory = TempDir::new()?;
        // A project has a name, not that of a temporary directory: links followed.
        let root = directory.path().canonicalize()?;
        let repository = root.join("repository");
        let project = root.join("shop");
        for (path, text) in [
            (
                repository.join("parts/gitted/pyproject.toml"),
                package("gitted", "[tool.setuptools]\npy-modules = [\"gitted\"]\n"),
            ),
            (
                repository.join("parts/gitted/gitted.py"),
                "VALUE = 'git'\n".to_owned(),
            ),
            (
                project.join("libs/pure/pyproject.toml"),
                package("pure", "[tool.setuptools]\npackages = [\"pure\"]\n"),
            ),
            (
                project.join("libs/pure/pure/__init__.py"),
                "VALUE = 'directory'\n".to_owned(),
            ),
            (
                project.join("libs/compiled/pyproject.toml"),
                package("compiled", "[tool.setuptools]\npackages = [\"compiled\"]\n"),
            ),
            (
                project.join("libs/compiled/compiled/__init__.py"),
                "from compiled import core\n".to_owned(),
            ),
            (project.join("libs/compiled/setup.py"), SETUP.to_owned()),
            (project.join("libs/compiled/core.c"), EXTENSION.to_owned()),
            (project.join("shop/__init__.py"), "import pure\n".to_owned()),
            (
                project.join("pyproject.toml"),
                format!(
                    "{BACKEND}{PROJECT}\ngitted = {{ git = \"file://{}\", subdirectory = \"parts/gitted\" }}\n",
                    repository.display()
                ),
            ),
        ] {
            fs_err::create_dir_all(path.parent().context("no parent directory")?)?;
            fs_err::write(path, text)?;
        }
        let git = |arguments: &[&str]| {
            Command::new("git")
                .args(["-c", "user.name=Nobody"])
                .args(["-c", "user.email=nobody@example.com"])
                .args(arguments)
                .directory(&repository)
                .stdout()
        };
        git(&["init", "--quiet"])?;
        git(&["add", "--all"])?;
        git(&["commit", "--quiet", "--message", "first"])?;
        tools.poetry().directory(&project).arg("lock").stdout()?;
        Ok(Self {
            directory,
            project,
            binary,
            tools,
        })
    }

    fn layerlock(&self, frontend: &str) -> Result<Layerlock> {
        Layerlock::new(self.binary, &self.directory.path().join(frontend))
    }

    /// Builds with this frontend on PATH, beside a Python of the target's version.
    fn build(&self, layerlock: &Layerlock, arguments: &[&str]) -> Result<Layer> {
        let command = layerlock.command(&self.project, arguments);
        let command = command.path_first(&[
            &self.tools.programs_of("uv"),
            &self.tools.programs_of("pip"),
        ]);
        let report = Report::parse(&command.arg("--json"))?;
        let mut layers = report.layers;
        ensure!(layers.len() == 1, "{} layers instead of one", layers.len());
        layers.pop().context("there is one")
    }

    /// The project's files, without what layerlock was told to write.
    fn sources(&self) -> Result<Tree> {
        let mut tree = files::tree(&self.project)?;
        tree.retain(|path, _| !path.starts_with("dist/") && !path.starts_with("staged/"));
        Ok(tree)
    }

    fn frontends_agree(&self) -> Result<Proof> {
        let before = self.sources()?;
        let mut problems = Problems::default();
        let mut zips = Vec::new();
        for frontend in ["uv", "pip"] {
            let layerlock = self.layerlock(frontend)?;
            let build = ["build", "--build-frontend", frontend];
            let layer = self.build(&layerlock, &build)?;
            let names: Vec<_> = layer.packages.iter().map(|one| one.name.as_str()).collect();
            problems.equal("the packages", names, vec!["gitted", "pure", "shop"]);
            let again = ["build", "--rebuild", "--offline"];
            let warm = self.build(&layerlock, &again)?;
            problems.equal("a warm run offline", &warm.zip.sha256, &layer.zip.sha256);
            zips.push(layer.zip.sha256.clone());
        }
        problems.equal("pip's layer and uv's", &zips[1], &zips[0]);
        for difference in files::differences(
            &self.sources()?,
            &before,
            "the project after",
            "the project before",
        ) {
            problems.add(difference);
        }
        self.import("import gitted, pure, shop; assert shop.pure.VALUE == 'directory'")?;
        problems.finish()?;
        Ok(Proof::Full)
    }

    fn compiles(&self) -> Result<Proof> {
        if Command::new("cc").arg("--version").stdout().is_err() {
            return Ok(Proof::Skipped("there is no C compiler".to_owned()));
        }
        let layerlock = self.layerlock("uv")?;
        let native = ["build", "--build-frontend", "uv", "--with", "native"];
        let (own, other) = match std::env::consts::ARCH {
            "x86_64" => ("x86_64", "arm64"),
            _ => ("arm64", "x86_64"),
        };
        if !cfg!(target_os = "linux") {
            return Ok(Proof::Skipped("this machine is no Linux".to_owned()));
        }
        self.build(
            &layerlock,
            &[&native[..], &["--architecture", own]].concat(),
        )?;
        self.import("import compiled; assert compiled.core")?;

        let command = layerlock.command(
            &self.project,
            &[&native[..], &["--architecture", other]].concat(),
        );
        let finished = command
            .path_first(&[
                &self.tools.programs_of("uv"),
                &self.tools.programs_of("pip"),
            ])
            .finish()?;
        let mut problems = Problems::default();
        problems.equal("the exit code", finished.code, Some(4));
        for text in ["compiled 1.0 does not build", "docker run", "--find-links"] {
            problems.hold(finished.stderr.contains(text), || {
                format!("no {text:?} in: {}", finished.stderr)
            });
        }
        problems.finish()?;
        Ok(Proof::Full)
    }

    /// Runs a program on the staged layer alone.
    fn import(&self, program: &str) -> Result<()> {
        let site = self.project.join("staged/python");
        let site = site.to_string_lossy();
        let program = format!("import sys; sys.path.insert(0, {site:?}); {program}");
        self.tools
            .python()
            .args(["-I", "-B", "-c", &program])
            .stdout()
            .map(drop)
    }
}

const PROJECT: &str = r#"[project]
name = "shop"
version = "0.1.0"
requires-python = ">=3.12,<3.13"

[tool.setuptools]
packages = ["shop"]

[tool.layerlock]
staging = "staged"
include-project = true

[tool.poetry]
packages = [{ include = "shop" }]

[tool.poetry.group.native]
optional = true

[tool.poetry.group.native.dependencies]
compiled = { path = "libs/compiled" }

[tool.poetry.dependencies]
pure = { path = "libs/pure", develop = true }"#;

const SETUP: &str = "from setuptools import Extension, setup\n\
                     setup(ext_modules=[Extension(\"compiled.core\", [\"core.c\"])])\n";

const EXTENSION: &str = r#"#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "core", NULL, -1, NULL};
PyMODINIT_FUNC PyInit_core(void) { return PyModule_Create(&module); }
"#;
