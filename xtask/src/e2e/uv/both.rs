//! One pyproject.toml that real Poetry and real uv lock, on an index of its own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use layerlock_testkit::{LoopbackIndex, Wheel, WheelBuilder};
use tempfile::TempDir;

use crate::checks::{Problems, Proof};
use crate::layerlock::{Layerlock, Report};
use crate::tools::Tools;

/// The choices that both have names for.
const CHOICES: [&[&str]; 4] = [
    &[],
    &["--with", "web"],
    &["--only", "web"],
    &["--all-extras"],
];

/// The layers of both locks, for each choice, have the same bytes.
pub(super) fn prove(tools: &Tools, binary: &Path) -> Result<Proof> {
    let shop = Shop::new(tools, binary)?;
    let mut problems = Problems::default();
    let mut sums = Vec::new();
    for choice in CHOICES {
        let [poetry, uv] = [
            shop.layer("poetry.lock", choice)?,
            shop.layer("uv.lock", choice)?,
        ];
        problems.equal(&format!("the layer of uv {choice:?}"), &uv, &poetry);
        sums.push(poetry);
    }
    let pylock = shop.layer("pylock.toml", &[])?;
    problems.equal("the layer of pylock.toml", &pylock, &sums[0]);
    let requirements = shop.layer("requirements.txt", &[])?;
    problems.equal("the layer of requirements.txt", &requirements, &sums[0]);
    sums.sort();
    sums.dedup();
    // A choice that changes nothing proves nothing.
    problems.equal("layers that differ", sums.len(), CHOICES.len());
    problems.finish()?;
    Ok(Proof::Figure(format!("{} choices", CHOICES.len())))
}

struct Shop {
    binary: PathBuf,
    work: TempDir,
    project: PathBuf,
    _index: LoopbackIndex,
}

impl Shop {
    fn new(tools: &Tools, binary: &Path) -> Result<Self> {
        let work = TempDir::new()?;
        let index = LoopbackIndex::with_wheels(&wheels());
        let project = work.path().join("both");
        fs_err::create_dir(&project)?;
        let source = format!(
            "\n[[tool.poetry.source]]\nname = \"loop\"\nurl = \"{}\"\npriority = \"primary\"\n",
            index.url()
        );
        fs_err::write(
            project.join("pyproject.toml"),
            PYPROJECT.to_owned() + &source,
        )?;
        tools.poetry().directory(&project).arg("lock").stdout()?;
        let uv = || {
            let uv = tools.uv_apart(&work.path().join("uv-cache"));
            uv.directory(&project).env("UV_DEFAULT_INDEX", index.url())
        };
        uv().arg("lock").stdout()?;
        uv().args([
            "export",
            "--frozen",
            "--no-dev",
            "--output-file",
            "pylock.toml",
        ])
        .stdout()?;
        uv().args(["pip", "compile", "--generate-hashes", "--emit-index-url"])
            .args(["pyproject.toml", "--output-file", "requirements.txt"])
            .stdout()?;
        Ok(Self {
            binary: binary.to_owned(),
            work,
            project,
            _index: index,
        })
    }

    /// The hash of the layer's zip from one lock, by a run that shares nothing with others.
    fn layer(&self, lock: &str, choice: &[&str]) -> Result<String> {
        let name = format!("{lock}{}", choice.concat());
        let directory = self.work.path().join(name);
        let project = directory.join("both");
        fs_err::create_dir_all(&project)?;
        for file in ["pyproject.toml", lock] {
            fs_err::copy(self.project.join(file), project.join(file))?;
        }
        let layerlock = Layerlock::new(&self.binary, &directory)?;
        let lock = project.join(lock);
        let lock = lock.to_str().context("a path in UTF-8")?;
        let mut arguments = vec!["build", "--lock", lock, "--runtime", "python3.12"];
        arguments.extend(choice);
        let report: Report = layerlock.report(&project, &arguments)?;
        Ok(report.layer()?.zip.sha256.clone())
    }
}

/// Extras, markers and a package that two others need.
fn wheels() -> Vec<Wheel> {
    let wheel = |name: &str| {
        let module = format!("name = {name:?}\n");
        WheelBuilder::new(name, "1.0").file(&format!("{name}.py"), module)
    };
    vec![
        wheel("cart")
            .requires("shared>=1")
            .requires("ribbon; extra == 'gift'")
            .requires("winonly; sys_platform == 'win32'")
            .build(),
        wheel("shared").build(),
        wheel("ribbon").build(),
        wheel("winonly").build(),
        wheel("web").requires("shared").build(),
        wheel("fast")
            .tag("cp312-cp312-manylinux_2_17_x86_64")
            .build(),
        wheel("tester").build(),
    ]
}

const PYPROJECT: &str = r#"[project]
name = "both"
version = "1.0"
requires-python = ">=3.12,<3.14"
dependencies = ["cart[gift]>=1,<2"]

[project.optional-dependencies]
speed = ["fast>=1; platform_machine == 'x86_64'"]

[dependency-groups]
web = ["web>=1"]
dev = ["tester>=1"]

[tool.poetry]
package-mode = false

[tool.poetry.group.dev]
optional = true

[tool.uv]
package = false
"#;
