//! What cannot be right ends with the promised exit code and message, and changes nothing.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use layerlock_fixtures::SHARED_LAYER;
use tempfile::TempDir;

use super::namespace::Namespace;
use crate::checks::{Checks, Problems, Proof};
use crate::files::{self, Tree};
use crate::layerlock::{Layer, Layerlock};

/// The exit codes that the command documents.
mod exit {
    pub(super) const USAGE: i32 = 2;
    pub(super) const PROJECT: i32 = 3;
    pub(super) const ARTIFACT: i32 = 4;
    pub(super) const NETWORK: i32 = 5;
    pub(super) const INTEGRITY: i32 = 7;
    pub(super) const MACHINE: i32 = 8;
}

pub(crate) fn prove(checks: &mut Checks, binary: &Path) {
    checks.check("no lock", || {
        let case = Case::new(binary)?;
        fs_err::remove_file(case.project.join("poetry.lock"))?;
        case.fails(&["build"], exit::PROJECT, &["poetry.lock", "poetry lock"])
    });
    checks.check("stale lock", || {
        let case = Case::new(binary)?;
        case.edit("pyproject.toml", |text| {
            text.replace(">=2.32,<3.0", ">=2.30,<3.0")
        })?;
        case.fails(&["build"], exit::PROJECT, &["poetry.lock", "poetry lock"])
    });
    checks.check("unknown runtime", || {
        let case = Case::new(binary)?;
        let arguments = ["build", "--runtime", "python2.4"];
        case.fails(&arguments, exit::USAGE, &["python2.4", "python3.12"])
    });
    checks.check("unknown group", || {
        let case = Case::new(binary)?;
        case.fails(
            &["build", "--with", "nosuch"],
            exit::USAGE,
            &["nosuch", "dev"],
        )
    });
    checks.check("no wheel for the target", || {
        let case = Case::new(binary)?;
        // A package of one wheel, for Windows.
        case.edit("poetry.lock", |text| {
            let other = |line: &&str| {
                !line.contains("\"charset_normalizer-") || line.contains("-cp312-cp312-win_amd64.")
            };
            text.lines().filter(other).collect::<Vec<_>>().join("\n") + "\n"
        })?;
        let says = ["charset-normalizer", "python3.12", "win_amd64"];
        case.fails(&["build"], exit::ARTIFACT, &says)
    });
    checks.check("wrong hash", || {
        let mut case = Case::new(binary)?;
        let locked = case.layer.package("idna")?.sha256.clone();
        let wrong = "0123456789abcdef".repeat(4);
        case.edit("poetry.lock", |text| text.replace(&locked, &wrong))?;
        case.empty_cache();
        case.fails(&["build"], exit::INTEGRITY, &["idna", &locked, &wrong])
    });
    checks.check("index down", || {
        let mut case = Case::new(binary)?;
        let host_and_port = closed_port()?;
        case.empty_cache();
        let index = format!("http://{host_and_port}/simple/");
        case.fails(
            &["build", "--index-url", &index],
            exit::NETWORK,
            &[&host_and_port],
        )
    });
    checks.check("output directory is a file", || {
        let case = Case::new(binary)?;
        let occupied = case.project.join("occupied");
        fs_err::write(&occupied, "text")?;
        let occupied = occupied.display().to_string();
        let arguments = ["build", "--output", &occupied];
        case.fails(&arguments, exit::MACHINE, &[&occupied])
    });
    checks.check("disk full", || disk_full(&Case::new(binary)?));
}

/// A project with the outputs of an earlier, good build.
struct Case {
    _work: TempDir,
    layerlock: Layerlock,
    project: PathBuf,
    layer: Layer,
}

impl Case {
    fn new(binary: &Path) -> Result<Self> {
        let work = tempfile::Builder::new()
            .prefix("layerlock-e2e-")
            .tempdir()?;
        let layerlock = Layerlock::new(binary, work.path())?;
        let project = work.path().join("project");
        files::copy(&SHARED_LAYER.project(), &project)?;
        let mut report = layerlock.report(&project, &["build"])?;
        let layer = report.layers.pop().context("no layer was reported")?;
        Ok(Self {
            _work: work,
            layerlock,
            project,
            layer,
        })
    }

    fn edit(&self, file: &str, edit: impl FnOnce(String) -> String) -> Result<()> {
        let path = self.project.join(file);
        let old = fs_err::read_to_string(&path)?;
        let new = edit(old.clone());
        anyhow::ensure!(new != old, "the edit of {file} changed nothing");
        Ok(fs_err::write(path, new)?)
    }

    fn empty_cache(&mut self) {
        self.layerlock.cache.set_extension("empty");
    }

    /// Runs it; checks the exit code, what the error says, and that nothing changed.
    fn fails(&self, arguments: &[&str], code: i32, says: &[&str]) -> Result<Proof> {
        let before = files::tree(&self.project)?;
        let finished = self.layerlock.command(&self.project, arguments).finish()?;
        let mut problems = Problems::default();
        problems.equal("the exit code", finished.code, Some(code));
        for text in says {
            problems.hold(finished.stderr.contains(text), || {
                format!("the error does not say {text}")
            });
        }
        problems.equal("stdout", finished.stdout.as_str(), "");
        let line = finished
            .stderr
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        self.is_unchanged(&before, &mut problems)?;
        problems.finish().with_context(|| finished.describe())?;
        Ok(Proof::Figure(line))
    }

    fn is_unchanged(&self, before: &Tree, problems: &mut Problems) -> Result<()> {
        let after = files::tree(&self.project)?;
        for difference in files::differences(before, &after, "before", "after") {
            problems.add(difference);
        }
        for directory in [&self.layerlock.cache, &self.layerlock.temporary] {
            for file in files::temporary_files(directory)? {
                problems.add(format!("{file} is left in {}", directory.display()));
            }
        }
        let left = files::tree(&self.layerlock.temporary)?;
        problems.equal("the number of temporary files", left.len(), 0);
        Ok(())
    }
}

/// Builds onto a disk with room for a tenth of the zip, where an older zip is.
fn disk_full(case: &Case) -> Result<Proof> {
    // Mounts, builds, then says what is on the disk: it is gone with the namespace.
    const SCRIPT: &str = r#"
        disk=$1 zip=$2; shift 2
        mount -t tmpfs -o size=64k tmpfs "$disk" || exit 125
        echo older > "$disk/$zip"
        code=0; "$@" || code=$?
        echo; ls -A "$disk"; head -c 80 "$disk/$zip"
        exit $code
    "#;
    let Some(namespace) = Namespace::find() else {
        return Ok(Proof::Skipped(
            "no mount namespace here to make a small disk in".into(),
        ));
    };
    let disk = case.project.with_file_name("disk");
    fs_err::create_dir(&disk)?;
    let zip = files::name(&case.layer.zip.path);
    let before = files::tree(&case.project)?;
    let command = namespace
        .shell(SCRIPT)
        .arg(&disk)
        .arg(&zip)
        .arg(&case.layerlock.binary)
        .args(["build", "--output"])
        .arg(&disk)
        .arg("--project")
        .arg(&case.project);
    let finished = case.layerlock.environment(command).finish()?;
    let mut problems = Problems::default();
    problems.equal("the exit code", finished.code, Some(exit::MACHINE));
    problems.hold(finished.stderr.contains(&zip), || {
        format!("the error does not name {zip}")
    });
    problems.equal(
        "what is on the disk",
        finished.stdout.trim(),
        format!("{zip}\nolder").as_str(),
    );
    case.is_unchanged(&before, &mut problems)?;
    problems.finish().with_context(|| finished.describe())?;
    let line = finished.stderr.lines().next().unwrap_or_default();
    Ok(Proof::Figure(line.to_owned()))
}

/// A host and port that refuse connections: the port was free a moment ago.
fn closed_port() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}
