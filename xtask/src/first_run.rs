//! `cargo xtask first-run`: how the first command ends in many projects.
//!
//! Plans every project below a folder from its lock alone, as somebody does who types
//! `layerlock build` for the first time, and counts how many end where. No index is
//! asked, so hundreds of locks take seconds.
//!
//! What must not be: a project that ends in "no file fits" though some runtime that it
//! allows fits. So for those that do, each runtime is tried by its name. One that is
//! retired or a preview does not count, since nobody gets it without naming it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fmt, thread};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::layerlock::{Layerlock, NOTHING_FITS};
use crate::process::Finished;
use crate::repository::{self, Profile};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Folder of projects: every one below it that has a poetry.lock beside a pyproject.toml
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// List the projects of each line too
    #[arg(long, short)]
    verbose: bool,
    /// Run the release build
    #[arg(long)]
    release: bool,
    /// Run this binary instead of building one
    #[arg(long, value_name = "PATH", conflicts_with = "release")]
    binary: Option<PathBuf>,
}

/// How many commands run at a time.
const AT_ONCE: usize = 2;

const DRY_RUN: [&str; 4] = ["build", "--offline", "--dry-run", "--json"];

/// Directories that hold no projects of anybody's own.
const SKIPPED: [&str; 4] = [".git", ".venv", "node_modules", "target"];

/// How the command ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct End {
    /// None where a signal ended it.
    code: Option<i32>,
    /// The kind of the error, or the codes of the findings that are errors.
    kind: String,
    /// The first line of the error.
    message: String,
}

/// A project where no file fits by default, and the runtimes that do by name.
#[derive(Debug, PartialEq, Eq)]
struct Missed {
    project: PathBuf,
    fitting: Vec<String>,
}

#[derive(Debug, Default)]
struct Census {
    ends: BTreeMap<End, Vec<PathBuf>>,
    missed: Vec<Missed>,
    /// Projects that only runtimes fit which have to be named.
    only_named: Vec<Missed>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let projects = projects_below(&arguments.directory)?;
    let directory = arguments.directory.display();
    ensure!(
        !projects.is_empty(),
        "there is no project below {directory}"
    );
    let binary = match &arguments.binary {
        Some(binary) => fs_err::canonicalize(binary)?,
        None if arguments.release => repository::build_layerlock(Profile::Release)?,
        None => repository::build_layerlock(Profile::Dev)?,
    };
    let census = Census::take(&binary, &projects)?;
    census.print(arguments.verbose);
    census.judge()
}

/// The projects, sorted. Links are not followed.
fn projects_below(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        let has = |name: &str| directory.join(name).is_file();
        if has("pyproject.toml") && has("poetry.lock") {
            found.push(directory.clone());
        }
        for entry in fs_err::read_dir(&directory)? {
            let entry = entry?;
            let is_skipped = SKIPPED.iter().any(|name| entry.file_name() == *name);
            if entry.file_type()?.is_dir() && !is_skipped {
                directories.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

impl Census {
    fn take(binary: &Path, projects: &[PathBuf]) -> Result<Self> {
        let work = tempfile::Builder::new()
            .prefix("layerlock-first-run-")
            .tempdir()?;
        let layerlock = Layerlock::new(binary, work.path())?;
        let runtimes = runtimes(&layerlock)?;
        let next = AtomicUsize::new(0);
        let census = Mutex::new(Self::default());
        let worker = || -> Result<()> {
            while let Some(project) = projects.get(next.fetch_add(1, Ordering::Relaxed)) {
                let end = End::of(&layerlock.command(project, &DRY_RUN).finish()?, project);
                let fitting = if end.code == Some(NOTHING_FITS) {
                    fitting_runtimes(&layerlock, project, &runtimes)?
                } else {
                    Vec::new()
                };
                if let Ok(mut census) = census.lock() {
                    census.add(project, end, fitting);
                }
            }
            Ok(())
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(worker)).collect();
            workers
                .into_iter()
                .try_for_each(|worker| worker.join().map_err(|_| anyhow::anyhow!("panicked"))?)
        })?;
        let mut census = census.into_inner().context("a worker panicked")?;
        census
            .ends
            .values_mut()
            .for_each(|projects| projects.sort());
        census
            .missed
            .sort_by(|one, other| one.project.cmp(&other.project));
        Ok(census)
    }

    fn add(&mut self, project: &Path, end: End, fitting: Vec<Fitting>) {
        self.ends.entry(end).or_default().push(project.to_owned());
        let missed = |fitting: Vec<Fitting>| Missed {
            project: project.to_owned(),
            fitting: fitting.into_iter().map(|one| one.runtime).collect(),
        };
        if fitting.is_empty() {
            return;
        }
        let (current, named): (Vec<_>, Vec<_>) =
            fitting.into_iter().partition(|one| one.is_current);
        if current.is_empty() {
            self.only_named.push(missed(named));
        } else {
            self.missed.push(missed(current));
        }
    }

    fn print(&self, verbose: bool) {
        let count: usize = self.ends.values().map(Vec::len).sum();
        println!("\n{count} projects");
        let mut last = None;
        for (end, projects) in &self.ends {
            let title = end.title();
            if last.as_ref() != Some(&title) {
                let same = self.ends.iter().filter(|(other, _)| other.title() == title);
                let sum: usize = same.map(|(_, projects)| projects.len()).sum();
                println!("{sum:>6}  {title}");
                last = Some(title);
            }
            if !end.message.is_empty() {
                println!("{:>14}  {}", projects.len(), end.message);
            }
            if verbose {
                for project in projects {
                    println!("{:>14}  {}", "", project.display());
                }
            }
        }
        if !self.only_named.is_empty() {
            println!("\nonly runtimes that have to be named fit:");
            self.only_named.iter().for_each(|one| println!("  {one}"));
        }
    }

    /// Fails where the first command should have done better.
    fn judge(&self) -> Result<()> {
        let is_crash = |end: &&End| !matches!(end.code, Some(0..=8)) || end.kind.is_empty();
        if let Some(end) = self.ends.keys().find(is_crash) {
            bail!("{}: {}", end.title(), end.message);
        }
        if self.missed.is_empty() {
            return Ok(());
        }
        println!("\nno file fits, though one would for another runtime:");
        self.missed.iter().for_each(|one| println!("  {one}"));
        bail!("{} projects should have got a layer", self.missed.len());
    }
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.project.display(), self.fitting.join(", "))
    }
}

impl End {
    fn of(finished: &Finished, project: &Path) -> Self {
        let report: Value = serde_json::from_str(&finished.stdout).unwrap_or_default();
        let error = &report["error"];
        let kind = match (report["layers"].as_array(), error["kind"].as_str()) {
            (Some(_), _) => fatal_findings(&report),
            (None, Some(kind)) => kind.to_owned(),
            // Not what `--json` promises.
            (None, None) => String::new(),
        };
        let message = match error["message"].as_str() {
            Some(message) => message,
            None if kind.is_empty() => finished.stderr.trim(),
            None => "",
        };
        let first = message.lines().next().unwrap_or_default();
        Self {
            code: finished.code,
            kind,
            message: first.replace(&*project.to_string_lossy(), "[project]"),
        }
    }

    fn title(&self) -> String {
        match self.code {
            Some(code) if self.kind.is_empty() => format!("exit {code}, without a report"),
            Some(code) => format!("exit {code} ({})", self.kind),
            None => "ended by a signal".to_owned(),
        }
    }
}

/// The codes of findings that are errors, or that there is a plan.
fn fatal_findings(report: &Value) -> String {
    let mut codes: Vec<&str> = findings(report)
        .filter(|finding| finding["severity"] == "error")
        .filter_map(|finding| finding["code"].as_str())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    if codes.is_empty() {
        "planned".to_owned()
    } else {
        codes.join(", ")
    }
}

fn findings(report: &Value) -> impl Iterator<Item = &Value> {
    let layers = report["layers"].as_array().into_iter().flatten();
    layers.flat_map(|layer| layer["findings"].as_array().into_iter().flatten())
}

/// A runtime that the locked files of a project fit.
struct Fitting {
    runtime: String,
    /// Whether it is neither retired nor a preview.
    is_current: bool,
}

fn fitting_runtimes(
    layerlock: &Layerlock,
    project: &Path,
    runtimes: &[String],
) -> Result<Vec<Fitting>> {
    let mut fitting = Vec::new();
    for runtime in runtimes {
        // One that the project does not allow is an error of its own.
        let finished = layerlock
            .command(project, &DRY_RUN)
            .args(["--runtime", runtime])
            .finish()?;
        if finished.code != Some(0) {
            continue;
        }
        let report: Value = serde_json::from_str(&finished.stdout)?;
        let has_to_be_named = |finding: &Value| {
            matches!(
                finding["code"].as_str(),
                Some("runtime-retired" | "runtime-preview")
            )
        };
        fitting.push(Fitting {
            runtime: runtime.clone(),
            is_current: !findings(&report).any(has_to_be_named),
        });
    }
    Ok(fitting)
}

/// The runtimes that there are, as the command lists them where one is unknown.
fn runtimes(layerlock: &Layerlock) -> Result<Vec<String>> {
    let finished = layerlock
        .command(Path::new("."), &DRY_RUN)
        .args(["--runtime", "none"])
        .finish()?;
    let report: Value = serde_json::from_str(&finished.stdout).unwrap_or_default();
    let message = report["error"]["message"].as_str().unwrap_or_default();
    let is_separator = |c: char| !c.is_ascii_alphanumeric() && c != '.';
    let words = message.split(is_separator);
    let runtimes: Vec<String> = words
        .filter(|word| word.starts_with("python3."))
        .map(str::to_owned)
        .collect();
    ensure!(!runtimes.is_empty(), "{}", finished.describe());
    Ok(runtimes)
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// In place of the command: what it prints and ends with is in the project.
    const COMMAND: &str = r#"#!/bin/sh
for project; do :; done
runtime=default
previous=
for argument; do
    [ "$previous" = --runtime ] && runtime=$argument
    previous=$argument
done
if [ "$runtime" = none ]; then
    echo '{"error": {"code": 2, "kind": "usage", "message": "there are python3.9, python3.12"}}'
    exit 2
fi
# The runtime comes after the project.
[ "$runtime" = default ] || project=$(echo "$*" | sed 's/.*--project \([^ ]*\).*/\1/')
cat "$project/$runtime.json" 2>/dev/null || cat "$project/default.json"
exit "$(cat "$project/$runtime.code" 2>/dev/null || cat "$project/default.code")"
"#;

    const PLANNED: &str = r#"{"layers": [{"findings": []}]}"#;
    const RETIRED: &str =
        r#"{"layers": [{"findings": [{"code": "runtime-retired", "severity": "warning"}]}]}"#;
    const EMPTY: &str =
        r#"{"layers": [{"findings": [{"code": "empty-layer", "severity": "error"}]}]}"#;
    const NO_WHEEL: &str =
        r#"{"error": {"code": 4, "kind": "artifact", "message": "no wheel\nfor it"}}"#;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            let folder = Self(tempfile::tempdir().unwrap());
            folder.write("layerlock", COMMAND);
            let mode = std::fs::Permissions::from_mode(0o755);
            fs_err::set_permissions(folder.0.path().join("layerlock"), mode).unwrap();
            folder
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.0.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }

        /// A project, and how the command ends in it with each runtime.
        fn project(&self, path: &str, ends: &[(&str, i32, &str)]) {
            for file in ["pyproject.toml", "poetry.lock"] {
                self.write(&format!("projects/{path}/{file}"), "");
            }
            for (runtime, code, report) in ends {
                self.write(
                    &format!("projects/{path}/{runtime}.code"),
                    &code.to_string(),
                );
                self.write(&format!("projects/{path}/{runtime}.json"), report);
            }
        }

        fn census(&self) -> Census {
            let projects = projects_below(&self.0.path().join("projects")).unwrap();
            Census::take(&self.0.path().join("layerlock"), &projects).unwrap()
        }
    }

    #[test]
    fn projects_are_found_at_any_depth() {
        let folder = Folder::new();
        folder.project("b/services/shop", &[]);
        folder.project("a", &[]);
        folder.project("a/.venv/lib", &[]);
        folder.write("projects/c/pyproject.toml", "");
        let root = folder.0.path().join("projects");
        let found = projects_below(&root).unwrap();
        assert_eq!(found, [root.join("a"), root.join("b/services/shop")]);
    }

    #[test]
    fn ends_are_counted_by_code_and_message() {
        let folder = Folder::new();
        folder.project("one", &[("default", 0, PLANNED)]);
        folder.project("two", &[("default", 0, PLANNED)]);
        folder.project("empty", &[("default", 1, EMPTY)]);
        folder.project("four", &[("default", 4, NO_WHEEL)]);
        let census = folder.census();
        let counted: Vec<_> = census
            .ends
            .iter()
            .map(|(end, projects)| (end.title(), &end.message[..], projects.len()))
            .collect();
        assert_eq!(
            counted,
            [
                ("exit 0 (planned)".to_owned(), "", 2),
                ("exit 1 (empty-layer)".to_owned(), "", 1),
                ("exit 4 (artifact)".to_owned(), "no wheel", 1),
            ]
        );
        census.print(true);
        census.judge().unwrap();
    }

    #[test]
    fn a_project_that_a_current_runtime_fits_is_a_failure() {
        let folder = Folder::new();
        let default = ("default", 4, NO_WHEEL);
        folder.project("retired", &[default, ("python3.9", 0, RETIRED)]);
        folder.census().judge().unwrap();
        assert_eq!(folder.census().only_named[0].fitting, ["python3.9"]);
        folder.project(
            "current",
            &[
                default,
                ("python3.9", 0, RETIRED),
                ("python3.12", 0, PLANNED),
            ],
        );
        let census = folder.census();
        let project = folder.0.path().join("projects/current");
        let fitting = vec!["python3.12".to_owned()];
        assert_eq!(census.missed, [Missed { project, fitting }]);
        census.judge().unwrap_err();
    }

    #[test]
    fn a_crash_is_a_failure() {
        let folder = Folder::new();
        folder.project("crash", &[("default", 101, "")]);
        folder.census().judge().unwrap_err();
        let folder = Folder::new();
        folder.project("mute", &[("default", 3, "")]);
        folder.census().judge().unwrap_err();
    }
}
