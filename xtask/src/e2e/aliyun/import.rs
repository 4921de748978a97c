//! A layer for a runtime of Function Compute, imported by its Python in a root that has the
//! layer in /opt.

use std::path::Path;

use anyhow::{Context, Result};
use layerlock_testkit::{LockedPackage, ProjectBuilder, TestProject};
use serde_json::Value;

use crate::checks::{Problems, Proof};
use crate::e2e::archive;
use crate::e2e::namespace::{Mounts, Namespace};
use crate::e2e::subject::Subject;
use crate::layerlock::{NOTHING_FITS, Report};
use crate::process::Command;
use crate::tools::{Tools, find_python};

const PYTHON: &str = "3.10";
/// The glibc of python3.10, and so the newest that a file may need.
const GLIBC: (u16, u16) = (2, 28);
const PACKAGES: [&str; 3] = ["requests", "numpy", "pandas"];
const IMPORT: &str = "import requests, numpy, pandas; print(pandas.DataFrame({'a': [1, 2]}).a.sum(), \
                      numpy.__file__.startswith('/opt/python/'))";

/// requests, numpy and pandas: they import, and need no newer glibc than there is.
pub(super) fn prove(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let directory = subject.new_directory("aliyun-import")?;
    let project = project(&packages(tools, &directory)?);
    let arguments = ["build", "--runtime", "python3.10"];
    let command = subject.layerlock.command(project.path(), &arguments);
    let report = Report::parse(&command.arg("--json"))?;
    let layer = directory.join("layer");
    archive::extract(&report.layer()?.zip.path, &layer)?;
    let mut problems = Problems::default();
    let (files, newest) = newest_glibc(&layer)?;
    problems.hold(files > 0 && newest <= GLIBC, || {
        format!("{files} libraries need glibc {newest:?}")
    });
    refused(subject, &mut problems)?;
    let Some(namespace) = Namespace::find() else {
        return Ok(Proof::Partial("no mount namespace for /opt".to_owned()));
    };
    let Ok(python) = find_python(PYTHON) else {
        return Ok(Proof::Partial(format!("no Python {PYTHON} here")));
    };
    let prefix = Command::new(python).args(["-c", "import sys; print(sys.base_prefix)"]);
    let prefix = prefix.stdout()?;
    let [root, task, runtime] = ["root", "task", "runtime"].map(|name| directory.join(name));
    for empty in [&root, &task, &runtime] {
        fs_err::create_dir(empty)?;
    }
    let mounts = Mounts {
        root: &root,
        lang: Path::new(prefix.trim()),
        opt: &layer,
        task: &task,
        runtime: &runtime,
    };
    let said = namespace
        .command(&mounts)
        .args([
            "PYTHONPATH=/opt/python",
            "LD_LIBRARY_PATH=/var/lang/lib:/opt/lib",
        ])
        .args([
            "PYTHONDONTWRITEBYTECODE=1",
            "/var/lang/bin/python3.10",
            "-c",
            IMPORT,
        ])
        .finish()?
        .success()?
        .stdout;
    problems.equal("what it prints", said.trim(), "3 True");
    problems.finish()?;
    Ok(Proof::Figure(format!(
        "{files} libraries, of which none needs more than glibc {}.{}",
        newest.0, newest.1
    )))
}

/// What pip would install on Debian 10, with the hash of each file.
fn packages(tools: &Tools, directory: &Path) -> Result<Vec<LockedPackage>> {
    let mut pip = tools
        .pip()
        .args(["install", "--quiet", "--dry-run", "--ignore-installed"])
        .args([
            "--report",
            "-",
            "--only-binary=:all:",
            "--python-version",
            PYTHON,
        ])
        .arg("--target")
        .arg(directory.join("nowhere"));
    for platform in ["manylinux_2_28", "manylinux_2_17", "manylinux2014"] {
        pip = pip.args(["--platform", &format!("{platform}_x86_64")]);
    }
    let report: Value = serde_json::from_str(&pip.args(PACKAGES).stdout()?)?;
    let installs = report["install"]
        .as_array()
        .context("pip reports nothing")?;
    let packages = installs.iter().map(|one| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = text(&one["metadata"]["name"]);
        let version = text(&one["metadata"]["version"]);
        let url = text(&one["download_info"]["url"]);
        let file = url.rsplit('/').next().unwrap_or_default();
        let hash = text(&one["download_info"]["archive_info"]["hashes"]["sha256"]);
        LockedPackage::new(&name.to_lowercase(), &version).file(file, &hash)
    });
    Ok(packages.collect())
}

fn project(packages: &[LockedPackage]) -> TestProject {
    let project = ProjectBuilder::new("science")
        .requires_python(">=3.10,<3.11")
        .pyproject("[tool.layerlock]\nprovider = \"aliyun\"\n");
    packages
        .iter()
        .fold(project, ProjectBuilder::package)
        .write()
}

/// A wheel for a newer glibc fits no runtime that has an older one, and both are named.
fn refused(subject: &Subject, problems: &mut Problems) -> Result<()> {
    let file = "newer-1.0-cp310-cp310-manylinux_2_34_x86_64.whl";
    let package = LockedPackage::new("newer", "1.0").file(file, &"0".repeat(64));
    let project = project(&[package]);
    let arguments = ["build", "--runtime", "python3.10"];
    let finished = subject
        .layerlock
        .command(project.path(), &arguments)
        .finish()?;
    problems.equal(
        "the exit code of a newer glibc",
        finished.code,
        Some(NOTHING_FITS),
    );
    let stderr = &finished.stderr;
    problems.hold(stderr.contains("2.34") && stderr.contains("2.28"), || {
        format!("the error does not name both: {stderr}")
    });
    Ok(())
}

/// How many libraries there are, and the newest glibc of which one names a symbol.
fn newest_glibc(layer: &Path) -> Result<(usize, (u16, u16))> {
    let mut newest = (0, 0);
    let mut count = 0;
    for path in walk(layer)? {
        let bytes = fs_err::read(path)?;
        if !bytes.starts_with(b"\x7fELF") {
            continue;
        }
        count += 1;
        for at in bytes
            .windows(6)
            .enumerate()
            .filter(|(_, it)| it == b"GLIBC_")
        {
            let rest = &bytes[at.0 + 6..];
            let end = rest.iter().position(|b| !b.is_ascii_digit() && *b != b'.');
            let text = String::from_utf8_lossy(&rest[..end.unwrap_or(0)]).into_owned();
            let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
            let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
            newest = newest.max(version);
        }
    }
    Ok((count, newest))
}

fn walk(directory: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut files = Vec::new();
    for entry in fs_err::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(walk(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}
