//! Packages that bring the same paths, installed together: whose file stays.
//!
//! Each line of `together.txt` is resolved by pip, locked with what pip says that each
//! package needs, and installed by both. The directories have to be equal, whatever
//! order layerlock works out: it never sees pip's.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, ensure};
use layerlock_testkit::ProjectBuilder;

use crate::checks::Problems;
use crate::layerlock::Layerlock;
use crate::pip_report::{Installed, Metadata, PipReport};
use crate::tools::Tools;
use crate::{files, installed};

/// The requirements of each set.
pub(super) fn sets() -> impl Iterator<Item = Vec<&'static str>> {
    let lines = include_str!("together.txt").lines();
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_whitespace().collect())
}

/// Installs a set for a target by both and compares; gives the number of files, and of those that
/// two packages bring.
pub(super) fn compare(
    set: &[&str],
    (python, architecture): (&str, &str),
    layerlock: &Layerlock,
    tools: &Tools,
    directory: &Path,
) -> Result<(usize, usize)> {
    let (project, ours, theirs) = (
        directory.join("project"),
        directory.join("ours"),
        directory.join("theirs"),
    );
    let report = directory.join("report.json");
    fs_err::create_dir_all(&project)?;
    installed::with_dependencies(tools.pip(), python, architecture)
        .args(set)
        .arg("--target")
        .arg(&theirs)
        .arg("--report")
        .arg(&report)
        .stdout()?;
    write_project(set, &PipReport::read(&report)?.install, &project)?;
    let mut finished = layerlock
        .command(&project, &["install", "--json"])
        .args(["--runtime", &format!("python{python}")])
        .args(["--architecture", architecture, "--to"])
        .arg(&ours)
        .finish()?;
    // Some sets are larger than what the provider accepts, which is a finding.
    if finished.code != Some(1) {
        finished = finished.success()?;
    }
    let report: serde_json::Value = serde_json::from_str(&finished.stdout)?;
    let findings = report["layers"][0]["findings"].as_array();
    let is_conflict = |finding: &&serde_json::Value| finding["code"] == "file-conflict";
    let conflicts = findings.into_iter().flatten().filter(is_conflict).count();
    ensure!(conflicts > 0, "no path of it comes from two packages");

    let mut problems = Problems::default();
    let (our_tree, their_tree) = (files::tree(&ours)?, files::tree(&theirs)?);
    for script in their_tree.keys().filter(|path| path.starts_with("bin/")) {
        let module = imported(&ours.join(script));
        problems.equal(script, module, imported(&theirs.join(script)));
    }
    let count = installed::compare(&our_tree, their_tree, &mut problems);
    problems.finish()?;
    Ok((count, conflicts))
}

/// The module that a script imports its function from: the rest is the installer's.
fn imported(script: &Path) -> Option<String> {
    let text = fs_err::read_to_string(script).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("from "))?;
    line.split_once(" import ")
        .map(|(module, _)| module.to_owned())
}

/// Locks what pip installed, as Poetry 2 would: one file each, and its dependencies with
/// extras and markers.
fn write_project(set: &[&str], packages: &[Installed], directory: &Path) -> Result<()> {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut lock = String::new();
    for package in packages {
        let (metadata, sha256) = (&package.metadata, package.sha256()?);
        write!(
            lock,
            "[[package]]\nname = {}\nversion = {}\ndescription = \"\"\noptional = false\n\
             python-versions = \"*\"\ngroups = [\"main\"]\nfiles = [{{file = {}, hash = \
             \"sha256:{sha256}\"}}]\n",
            quoted(&metadata.name.to_lowercase()),
            quoted(&metadata.version),
            quoted(package.file()),
        )?;
        lock.push_str("[package.dependencies]\n");
        for (name, alternatives) in dependencies_of(metadata) {
            let tables: Vec<_> = alternatives
                .iter()
                .map(|(extras, marker)| {
                    let extras: Vec<_> = extras.iter().map(|extra| quoted(extra)).collect();
                    format!(
                        "{{version = \"*\", extras = [{}], markers = {}}}",
                        extras.join(", "),
                        quoted(marker)
                    )
                })
                .collect();
            writeln!(lock, "{} = [{}]", quoted(name), tables.join(", "))?;
        }
    }
    let project = ProjectBuilder::new("together").requires_python(">=3.8");
    let project = set.iter().fold(project, |project, requirement| {
        project.dependency(requirement)
    });
    project.lock_packages(&lock).write_to(directory);
    Ok(())
}

/// By name, the extras and markers with which a package requires another one.
type Dependencies<'m> = std::collections::BTreeMap<&'m str, Vec<(Vec<&'m str>, &'m str)>>;

fn dependencies_of(metadata: &Metadata) -> Dependencies<'_> {
    let mut dependencies = Dependencies::new();
    for requirement in &metadata.requires_dist {
        let (requirement, marker) = requirement.split_once(';').unwrap_or((requirement, ""));
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let end = requirement
            .find(|c| !is_name(c))
            .unwrap_or(requirement.len());
        let (name, rest) = requirement.split_at(end);
        let extras = rest
            .trim_start()
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
            .map(|(extras, _)| extras.split(',').map(str::trim).collect())
            .unwrap_or_default();
        let marker = match marker.trim() {
            "" => "python_version >= \"3\"",
            marker => marker,
        };
        dependencies.entry(name).or_default().push((extras, marker));
    }
    dependencies
}
