//! `cargo xtask diff-uv`: what layerlock selects from locks of uv, against the real
//! `uv export --frozen`.
//!
//! `fixtures/uv` has projects that uv locked once, so that nothing is resolved anew; of
//! each, `exports.txt` has what uv printed for each choice of extras, groups and
//! projects. Here uv prints it again, and its markers are evaluated for every Python and
//! processor by pip's own reader of markers (`evaluate.py`). What layerlock selects has
//! to be the same packages in the same versions, and the file of each the one that pip
//! takes from the pylock.toml that uv exports (`choose.py`).

mod files;
mod random;
mod stale;
mod targets;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use crate::layerlock::{Export, Layerlock, NOTHING_FITS};
use crate::process::Finished;
use crate::repository::{self, Profile};
use crate::tools::{Tool, Tools};
use targets::targets;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Projects: names of directories under fixtures/uv [default: all]
    projects: Vec<String>,
    /// Instead of the fixtures, this many random projects
    #[arg(long, value_name = "N", conflicts_with = "projects")]
    random: Option<u64>,
    /// Where the random projects start
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Instead, whether locks are out of date after changes of their projects
    #[arg(long, conflicts_with_all = ["projects", "random"])]
    stale: bool,
    /// Compare this binary instead of building one
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
}

impl Arguments {
    /// The changes of fixtures, by a binary of this tree.
    pub(crate) fn stale() -> Self {
        Self {
            stale: true,
            ..Self::everything()
        }
    }

    /// So many random projects, by a binary of this tree.
    pub(crate) fn random(count: u64) -> Self {
        Self {
            random: Some(count),
            ..Self::everything()
        }
    }

    /// All fixtures, by a binary of this tree.
    pub(crate) fn everything() -> Self {
        Self {
            projects: Vec::new(),
            random: None,
            stale: false,
            seed: 1,
            binary: None,
        }
    }
}

/// A choice of extras, groups and a project, in the flags of both.
struct Choice {
    directory: PathBuf,
    ours: Vec<String>,
    theirs: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let binary = match &arguments.binary {
        Some(binary) => fs_err::canonicalize(binary)?,
        None => repository::build_layerlock(Profile::Dev)?,
    };
    let tools = Tools::prepare(&[Tool::Uv])?;
    let work = tempfile::Builder::new()
        .prefix("layerlock-diff-uv-")
        .tempdir()?;
    let layerlock = Layerlock::new(&binary, work.path())?;
    if arguments.stale {
        return stale::run(&tools, &layerlock, work.path());
    }
    let mut tally = Tally::default();
    let projects = match arguments.random {
        Some(count) => random::projects(count, arguments.seed, work.path())?,
        None => projects(&arguments.projects)?,
    };
    for directory in projects {
        for choice in choices(&directory)? {
            let theirs = choice.exported_by_uv(&tools, work.path())?;
            let evaluated = evaluated(&theirs, &tools, work.path())?;
            let chosen = choice.chosen_by_pip(&tools, work.path())?;
            for ((target, expected), chosen) in targets().zip(evaluated).zip(chosen) {
                let (python, (architecture, _)) = target;
                let ours = choice.exported_by_layerlock(&layerlock, python, architecture)?;
                let what = format!("{} {python} {architecture}", choice.describe());
                tally.add(
                    &what,
                    choice.verdict(&ours, &theirs, &expected, chosen.as_ref())?,
                );
            }
        }
    }
    println!("{tally}");
    tally.finish()
}

/// What was compared so far.
#[derive(Default)]
struct Tally {
    /// Selections with the same packages, and so many of them with the same files.
    same: usize,
    with_files: usize,
    files: usize,
    refused: usize,
    elsewhere: usize,
    differing: usize,
}

impl Tally {
    fn add(&mut self, what: &str, verdict: Verdict) {
        match verdict {
            Verdict::Same { files } => {
                self.same += 1;
                self.with_files += usize::from(files.is_some());
                self.files += files.unwrap_or_default();
            }
            Verdict::Refused => self.refused += 1,
            Verdict::Elsewhere => self.elsewhere += 1,
            Verdict::Differs(how) => {
                self.differing += 1;
                println!("DIFFERS: {what}\n    {how}");
            }
        }
    }

    /// Fails where something differs, and where nothing was compared.
    fn finish(&self) -> Result<()> {
        ensure!(self.differing == 0, "{} selections differ", self.differing);
        ensure!(self.same > 0, "no selection was compared");
        ensure!(
            self.with_files > 0,
            "no file was compared: uv exports no pylock.toml"
        );
        Ok(())
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            same,
            with_files,
            files,
            refused,
            elsewhere,
            differing,
        } = self;
        write!(
            f,
            "{same} selections have the same packages, {with_files} of them also the same {files} \
             files, {refused} are refused by both, {elsewhere} are for targets without a file, \
             outside of the lock, or without a hash, {differing} differ"
        )
    }
}

fn projects(named: &[String]) -> Result<Vec<PathBuf>> {
    let all = repository::root().join("fixtures/uv");
    let mut found = Vec::new();
    for entry in fs_err::read_dir(&all)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let is_named = named.is_empty() || named.iter().any(|one| Some(&**one) == name);
        if path.is_dir() && is_named {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The choices that `exports.txt` of a project has.
fn choices(directory: &Path) -> Result<Vec<Choice>> {
    let text = fs_err::read_to_string(directory.join("exports.txt"))?;
    let lines = text.lines().filter_map(|line| line.strip_prefix("$ "));
    lines
        .map(|flags| {
            let ours: Vec<String> = flags.split_whitespace().map(str::to_owned).collect();
            let package = ours.iter().skip_while(|flag| *flag != "--package").nth(1);
            let pyproject = project_of(directory, package.map(String::as_str))?;
            let mut theirs: Vec<String> = ours.iter().map(|flag| of_uv(flag)).collect();
            let is_narrow = ours
                .iter()
                .any(|flag| flag == "--only" || flag == "--all-groups");
            // uv's implicit group `dev` is no part of a layer.
            if !is_narrow && !pyproject.contains("default-groups") {
                theirs.push("--no-default-groups".to_owned());
            }
            Ok(Choice {
                directory: directory.to_owned(),
                ours,
                theirs,
            })
        })
        .collect()
}

/// The flag of uv that is one of layerlock's.
fn of_uv(flag: &str) -> String {
    match flag {
        "--extras" => "--extra",
        "--only" => "--only-group",
        "--with" => "--group",
        other => other,
    }
    .to_owned()
}

/// The text of a project's pyproject.toml: of the workspace's root without a name.
fn project_of(directory: &Path, package: Option<&str>) -> Result<String> {
    let text = |directory: &Path| fs_err::read_to_string(directory.join("pyproject.toml"));
    let Some(package) = package else {
        return Ok(text(directory)?);
    };
    let nested = fs_err::read_dir(directory.join("packages"))
        .into_iter()
        .flatten();
    let top = fs_err::read_dir(directory)?;
    let wanted = format!("name = \"{package}\"");
    for entry in top.chain(nested) {
        let path = entry?.path();
        if let Ok(text) = text(&path)
            && text.contains(&wanted)
        {
            return Ok(text);
        }
    }
    bail!("{} has no project {package}", directory.display())
}

enum Verdict {
    Same {
        /// So many files; none where uv exports no pylock.toml to compare with.
        files: Option<usize>,
    },
    Refused,
    Elsewhere,
    Differs(String),
}

impl Choice {
    fn describe(&self) -> String {
        let name = self.directory.file_name().unwrap_or_default();
        format!("{} {}", name.display(), self.ours.join(" "))
    }

    /// What pip takes of uv's export; nothing for any target where uv exports nothing.
    fn chosen_by_pip(&self, tools: &Tools, work: &Path) -> Result<Vec<Option<files::Answer>>> {
        let pylock = self.uv_export(tools, work, &["--format", "pylock.toml"])?;
        if pylock.code != Some(0) {
            return Ok(targets().map(|_| None).collect());
        }
        let answers = files::chosen(&pylock, tools, work)?;
        Ok(answers.into_iter().map(Some).collect())
    }

    fn exported_by_uv(&self, tools: &Tools, work: &Path) -> Result<Finished> {
        self.uv_export(tools, work, &["--no-hashes", "--no-annotate"])
    }

    fn uv_export(&self, tools: &Tools, work: &Path, format: &[&str]) -> Result<Finished> {
        tools
            .uv_apart(&work.join("uv-cache"))
            .args(["export", "--frozen", "--offline", "--no-header"])
            .args(format)
            .args(&self.theirs)
            .directory(&self.directory)
            .finish()
    }

    fn exported_by_layerlock(
        &self,
        layerlock: &Layerlock,
        python: &str,
        architecture: &str,
    ) -> Result<Finished> {
        let export = layerlock.export(&self.directory, python, architecture);
        export.args(&self.ours).finish()
    }

    fn verdict(
        &self,
        ours: &Finished,
        theirs: &Finished,
        expected: &Lines,
        chosen: Option<&files::Answer>,
    ) -> Result<Verdict> {
        match (ours.code, theirs.code) {
            (Some(0), Some(0)) => {}
            (Some(1..=7), Some(1..)) => return Ok(Verdict::Refused),
            (Some(NOTHING_FITS), Some(0)) => {
                let message = format!("pip has a wheel of each, and {}", ours.describe());
                return Ok(match chosen {
                    Some(chosen) if chosen.has_wheels_alone() => Verdict::Differs(message),
                    _ => Verdict::Elsewhere,
                });
            }
            // uv takes files without a hash, from a directory for example.
            (Some(7), Some(0)) if ours.stderr.contains("the lock has `no hash`") => {
                return Ok(Verdict::Elsewhere);
            }
            (Some(3), Some(0)) if is_for_another_target(&ours.stderr) => {
                return Ok(Verdict::Elsewhere);
            }
            _ => return Ok(Verdict::Differs(ours.describe())),
        }
        let export = Export::of(ours)?;
        let packages = export.packages.iter();
        let ours: BTreeSet<(String, String)> = packages
            .map(|package| (package.name.clone(), package.version.clone()))
            .collect();
        let names: BTreeSet<&str> = ours.iter().map(|(name, _)| &**name).collect();
        let mut found = BTreeSet::new();
        for (name, version) in expected {
            let has_location = version.contains(['/', ':']) || version == ".";
            let name = match name.as_str() {
                "" => self.name_in(version)?,
                name => name.to_owned(),
            };
            match ours.iter().find(|(other, _)| *other == name) {
                // Its own code is no part of a layer.
                None if has_location && !names.contains(&*name) => {}
                Some(one) if has_location || one.1 == *version => {
                    found.insert(one.clone());
                }
                other => {
                    let message = format!("uv has {name} {version}, layerlock {other:?}");
                    return Ok(Verdict::Differs(message));
                }
            }
        }
        match ours.difference(&found).next() {
            None => Ok(of_files(&export, chosen)),
            Some(more) => Ok(Verdict::Differs(format!("layerlock has {more:?} besides"))),
        }
    }

    /// The name of what uv prints as a path alone: a project, or a wheel.
    fn name_in(&self, path: &str) -> Result<String> {
        if let Some(wheel) = path
            .rsplit('/')
            .next()
            .and_then(|name| name.strip_suffix(".whl"))
        {
            let name = wheel.split('-').next().unwrap_or(wheel);
            return Ok(name.replace('_', "-"));
        }
        let text = fs_err::read_to_string(self.directory.join(path).join("pyproject.toml"))?;
        let project: toml::Table = text.parse()?;
        let name = project
            .get("project")
            .and_then(|project| project.get("name"));
        let name = name.and_then(toml::Value::as_str);
        name.map(str::to_owned).context("a project without a name")
    }
}

/// The verdict where the packages are the same.
fn of_files(ours: &Export, chosen: Option<&files::Answer>) -> Verdict {
    match chosen.map(|chosen| chosen.compare(ours)) {
        Some(Ok(files)) => Verdict::Same { files: Some(files) },
        Some(Err(how)) => Verdict::Differs(how),
        None => Verdict::Same { files: None },
    }
}

fn is_for_another_target(stderr: &str) -> bool {
    stderr.contains("is outside of the lock's") || stderr.contains("for other environments")
}

/// Names and versions or locations.
type Lines = Vec<(String, String)>;

/// What uv printed, for each target.
fn evaluated(theirs: &Finished, tools: &Tools, work: &Path) -> Result<Vec<Lines>> {
    let jobs: Vec<_> = targets()
        .map(|(python, (_, machine))| {
            json!({"text": theirs.stdout, "python": format!("{python}.0"), "machine": machine})
        })
        .collect();
    let (script, file) = (work.join("evaluate.py"), work.join("jobs.json"));
    fs_err::write(&script, include_str!("evaluate.py"))?;
    fs_err::write(&file, serde_json::to_vec(&jobs)?)?;
    let answers = tools.python().arg(script).arg(file).stdout()?;
    Ok(serde_json::from_str(&answers)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finish(verdicts: impl IntoIterator<Item = Verdict>) -> Result<(), String> {
        let mut tally = Tally::default();
        for verdict in verdicts {
            tally.add("a selection", verdict);
        }
        tally.finish().map_err(|error| error.to_string())
    }

    #[test]
    fn a_comparison_of_nothing_fails() {
        let same = |files| Verdict::Same { files };
        assert_eq!(finish([same(Some(2)), same(None)]), Ok(()));
        // A project may have directories alone.
        assert_eq!(finish([same(Some(0))]), Ok(()));
        let fails = |verdicts: Vec<Verdict>, why: &str| {
            assert!(finish(verdicts).unwrap_err().contains(why), "{why}");
        };
        fails(vec![same(None), Verdict::Refused], "no file was compared");
        fails(vec![Verdict::Elsewhere], "no selection was compared");
        let differs = Verdict::Differs("a 1 and a 2".into());
        fails(vec![same(Some(2)), differs], "1 selections differ");
    }
}
