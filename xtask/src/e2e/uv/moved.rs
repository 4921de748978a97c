//! The CDK project of the fixture `shared-layer`, set up again by uv as somebody does who
//! moves from Poetry: the versions that Poetry locked are constraints of uv's.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use layerlock_fixtures::{Fixture, SHARED_LAYER, Target};
use tempfile::TempDir;

use crate::checks::{Checks, Problems, Proof};
use crate::e2e::subject::Subject;
use crate::e2e::{cdk, function};
use crate::files;
use crate::layerlock::{Layerlock, Report};
use crate::process::Command;
use crate::tools::Tools;

const FIXTURE: &Fixture = &SHARED_LAYER;

/// What goes with the project, and no lock knows of.
const CODE: [&str; 3] = ["lambda", "app.py", "cdk.json"];

const REQUIREMENT: &str = "requests>=2.32,<3.0";

pub(super) fn prove(checks: &mut Checks, tools: &Tools, binary: &Path) {
    let moved = match Moved::new(tools, binary) {
        Ok(moved) => moved,
        Err(error) => return checks.fail("uv init, uv add, layerlock build", &error),
    };
    checks.check(
        "uv init, uv add: the layer has the bytes of Poetry's",
        || moved.has_the_bytes_of_poetry(),
    );
    for function in FIXTURE.functions {
        let name = function.directory;
        checks.check(&format!("{name} runs on the layer of uv"), || {
            function::prove(&moved.subject, function, tools)
        });
        checks.check(&format!("{name} fails without the layer of uv"), || {
            function::prove_needs_layer(&moved.subject, function, tools)
        });
    }
    checks.check("cdk synth in the project of uv", || {
        let Some(app) = &FIXTURE.cdk else {
            return Ok(Proof::Skipped("the fixture has no app".into()));
        };
        cdk::prove(&moved.subject, app, tools)
    });
    for (name, lock, write) in [
        (
            "pylock.toml of uv export: the same bytes",
            "pylock.toml",
            uv_export as Write,
        ),
        (
            "requirements.txt of uv pip compile: the same bytes",
            "requirements.txt",
            uv_pip_compile,
        ),
        (
            "requirements.txt of uv export: the same bytes",
            "requirements-uv.txt",
            uv_export,
        ),
        (
            "pylock.toml of pip lock: the same bytes",
            "pylock.pip.toml",
            pip_lock,
        ),
    ] {
        checks.check(name, || {
            let file = moved.path(lock);
            write(&moved, &file).stdout()?;
            moved.stands_alone(&file)
        });
    }
}

/// Writes a lock of the project to a file.
type Write = fn(&Moved<'_>, &Path) -> Command;

/// The format follows the name of the file.
fn uv_export(moved: &Moved<'_>, file: &Path) -> Command {
    let export = moved.uv().args(["export", "--frozen", "--no-dev"]);
    export.arg("--output-file").arg(file)
}

fn uv_pip_compile(moved: &Moved<'_>, file: &Path) -> Command {
    let compile = moved.uv().args(["pip", "compile", "--generate-hashes"]);
    compile.args(["pyproject.toml", "--output-file"]).arg(file)
}

/// The lock is for the Python and the machine that pip runs on.
fn pip_lock(moved: &Moved<'_>, file: &Path) -> Command {
    let pins = FIXTURE.packages.iter().filter_map(|name| {
        let version = FIXTURE.version(name)?;
        Some(format!("{name}=={version}"))
    });
    let lock = moved.tools.pip().args(["lock", "--quiet"]).args(pins);
    lock.arg("--output").arg(file)
}

struct Moved<'t> {
    tools: &'t Tools,
    binary: PathBuf,
    work: TempDir,
    /// The project that uv made.
    project: PathBuf,
    /// The fixture as Poetry locked it.
    poetry: Subject,
    /// The same functions and app on uv's lock.
    subject: Subject,
}

impl<'t> Moved<'t> {
    fn new(tools: &'t Tools, binary: &Path) -> Result<Self> {
        let target = *FIXTURE.targets.first().context("a fixture has a target")?;
        let work = tempfile::Builder::new().prefix("layerlock-uv-").tempdir()?;
        let project = work.path().join(FIXTURE.name);
        let uv = |directory: &Path| {
            let uv = tools.uv_apart(&work.path().join("uv-cache"));
            uv.directory(directory)
        };
        uv(work.path())
            .args(["init", "--bare", "--name", FIXTURE.name])
            .arg(&project)
            .stdout()?;
        append(&project.join("pyproject.toml"), &tables(target)?)?;
        for requirements in [
            &[REQUIREMENT][..],
            &["--dev", "aws-cdk-lib>=2.275,<3", "constructs>=10.4,<11"],
        ] {
            // Nothing has to be installed here.
            uv(&project)
                .args(["add", "--no-sync"])
                .args(requirements)
                .stdout()?;
        }
        for code in CODE {
            let from = FIXTURE.project().join(code);
            if from.is_dir() {
                files::copy(&from, &project.join(code))?;
            } else {
                fs_err::copy(&from, project.join(code))?;
            }
        }
        ensure!(
            !project.join("poetry.lock").exists(),
            "uv wrote poetry.lock"
        );
        Ok(Self {
            poetry: Subject::build(FIXTURE, target, binary)?,
            subject: Subject::of_project(FIXTURE, target, binary, &project)?,
            binary: binary.to_owned(),
            tools,
            project,
            work,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    fn has_the_bytes_of_poetry(&self) -> Result<Proof> {
        self.subject.holds_the_packages()?;
        let (uv, poetry) = (self.subject.layer()?, self.poetry.layer()?);
        let mut problems = Problems::default();
        problems.equal("the zip", &uv.zip.sha256, &poetry.zip.sha256);
        problems.finish()?;
        let count = uv.packages.len();
        Ok(Proof::Figure(format!("{count} packages")))
    }

    fn uv(&self) -> Command {
        let uv = self.tools.uv_apart(&self.path("uv-cache"));
        uv.directory(&self.project)
    }

    /// Builds from the lock alone, in a directory without a project.
    fn stands_alone(&self, lock: &Path) -> Result<Proof> {
        let directory = self.path(&format!("{}-alone", files::name(lock)));
        let project = directory.join(FIXTURE.name);
        fs_err::create_dir_all(&project)?;
        let layerlock = Layerlock::new(&self.binary, &directory)?;
        let lock = fs_err::canonicalize(lock)?;
        let target = self.subject.target;
        let command = layerlock
            .command(&project, &["build"])
            .arg("--lock")
            .arg(lock)
            .args(["--runtime", target.runtime])
            .args(["--architecture", target.architecture]);
        let report = Report::parse(&command.arg("--json"))?;
        let mut problems = Problems::default();
        problems.equal(
            "the zip",
            &report.layer()?.zip.sha256,
            &self.poetry.layer()?.zip.sha256,
        );
        problems.finish()?;
        Ok(Proof::Full)
    }
}

/// The layer's settings, and what keeps uv to the versions that Poetry locked.
fn tables(target: Target) -> Result<String> {
    let mut text = format!(
        "\n[tool.layerlock]\nruntime = \"{}\"\narchitecture = \"{}\"\n",
        target.runtime, target.architecture
    );
    if let Some(staging) = FIXTURE.staging {
        writeln!(text, "staging = \"{staging}\"")?;
    }
    text.push_str("\n[tool.uv]\nconstraint-dependencies = [\n");
    for name in FIXTURE.packages {
        let version = FIXTURE.version(name).context("the lock has no version")?;
        writeln!(text, "    \"{name}=={version}\",")?;
    }
    text.push_str("]\n");
    Ok(text)
}

fn append(file: &Path, text: &str) -> Result<()> {
    let old = fs_err::read_to_string(file)?;
    Ok(fs_err::write(file, old + text)?)
}
