//! `poetry layer`, in copies of the environments of real Poetrys that pip puts the wheel into.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::package::Package;
use super::shop::{STALE, Shop, Versions, make_stale};
use crate::checks::{Checks, Problems, Proof};
use crate::process::{Command, Finished};
use crate::tools::{Tool, Tools, python_of};

/// What the import of the plugin may cost each start of Poetry.
const IMPORT_LIMIT: Duration = Duration::from_millis(20);

pub(super) fn prove(checks: &mut Checks, tools: &Tools, package: &Package) {
    for (tool, name) in [(Tool::Poetry, "Poetry 2"), (Tool::Poetry18, "Poetry 1.8")] {
        let mut made = None;
        let mut check = |what: &str, check: &dyn Fn(&Case) -> Result<Proof>| {
            checks.check(&format!("plugin of {name}: {what}"), || {
                if made.is_none() {
                    made = Some(Case::new(tools, tool, package)?);
                }
                made.as_ref().map_or(Ok(Proof::Full), check)
            });
        };
        check("`poetry layer` is layerlock", &same_as_layerlock);
        check("options before `layer` count", &options_of_poetry);
        check("exit codes and errors pass", &errors);
        check("signals reach layerlock", &signals);
        check("`poetry list` has the command", &is_listed);
        check("Poetry starts as fast", &import_is_fast);
        check("a missing binary is told", &missing_binary);
        check("its own tests", &|case| {
            let python = python_of(&case.venv);
            let count = case.package.run_tests(python, &["test_poetry_plugin"])?;
            Ok(Proof::Figure(count))
        });
    }
}

/// A Poetry that has the plugin, and a project.
struct Case<'a> {
    tools: &'a Tools,
    package: &'a Package,
    venv: PathBuf,
    shop: Shop,
    project: PathBuf,
}

impl<'a> Case<'a> {
    fn new(tools: &'a Tools, tool: Tool, package: &'a Package) -> Result<Self> {
        let directory = package.new_directory(&format!("plugin-{tool:?}"))?;
        let venv = directory.join("poetry");
        tools.copy_of_poetry(tool, &venv)?;
        tools.pip_install_into(&venv).arg(&package.wheel).stdout()?;
        let shop = Shop::open();
        let project = directory.join("shop");
        shop.write(&project, Versions::default());
        Ok(Self {
            tools,
            package,
            venv,
            shop,
            project,
        })
    }

    /// Poetry in a directory.
    fn poetry(&self, directory: &Path, arguments: &[&str]) -> Command {
        let poetry = self.tools.poetry_in(&self.venv);
        let poetry = self.shop.index_of(self.package.environment(poetry));
        poetry.directory(directory).args(arguments)
    }

    /// layerlock by itself.
    fn layerlock(&self, directory: &Path, arguments: &[&str]) -> Command {
        let layerlock = Command::new(&self.package.layerlock.binary);
        let layerlock = self.shop.index_of(self.package.environment(layerlock));
        layerlock.directory(directory).args(arguments)
    }

    /// Runs both, and compares how they end and what they write.
    fn compare(
        &self,
        directory: &Path,
        poetry: &[&str],
        layerlock: &[&str],
        problems: &mut Problems,
    ) -> Result<Finished> {
        let alone = self.layerlock(directory, layerlock).finish()?;
        let through = self.poetry(directory, poetry).finish()?;
        let what = format!("of `poetry {}`", poetry.join(" "));
        problems.equal(&format!("the exit code {what}"), through.code, alone.code);
        problems.equal(
            &format!("stdout {what}"),
            through.stdout.as_str(),
            alone.stdout.as_str(),
        );
        problems.equal(
            &format!("stderr {what}"),
            through.stderr.as_str(),
            alone.stderr.as_str(),
        );
        Ok(through)
    }
}

fn same_as_layerlock(case: &Case) -> Result<Proof> {
    let mut problems = Problems::default();
    // Twice, so that each run below finds what the one before has left.
    for _ in 0..2 {
        case.layerlock(&case.project, &["publish"]).stdout()?;
    }
    let commands: &[&[&str]] = &[
        &["build", "--rebuild"],
        &["build", "--rebuild", "--json"],
        &["build", "--rebuild", "-q"],
        &["build", "--with", "dev", "--dry-run", "--json"],
        &["install", "--to", "files"],
        &["export", "--format", "requirements.txt"],
        &["publish"],
        &["status"],
        &["list", "--json"],
        &["prune", "--keep", "1"],
        &["cache", "dir"],
        &["--help"],
        &["build", "-h"],
        &["help", "publish"],
        &["-V"],
        &[],
    ];
    for command in commands {
        let through: Vec<&str> = [&["layer"], *command].concat();
        case.compare(&case.project, &through, command, &mut problems)?;
    }
    let help = ["help", "layer", "build"];
    case.compare(&case.project, &help, &["build", "--help"], &mut problems)?;
    problems.finish()?;
    Ok(Proof::Figure(format!("{} commands", commands.len() + 1)))
}

fn options_of_poetry(case: &Case) -> Result<Proof> {
    let mut problems = Problems::default();
    let above = case.project.parent().context("no parent directory")?;
    let build = ["build", "--rebuild", "--json"];
    let there = [&["-C", "shop"][..], &build].concat();
    for option in [&["-C", "shop"][..], &["--directory=shop"]] {
        let before = [option, &["layer"], &build].concat();
        let after = [&["layer"], &build[..], option].concat();
        for words in [before, after] {
            case.compare(above, &words, &there, &mut problems)?;
        }
    }
    let project = [&["-P", "shop"][..], &build].concat();
    for words in [
        [&["-P", "shop", "layer"][..], &build].concat(),
        [&["layer"][..], &project].concat(),
    ] {
        case.compare(above, &words, &project, &mut problems)?;
    }
    let build = ["build", "--rebuild"];
    for (option, translated) in [
        (&["-q"][..], &["--quiet"][..]),
        (&["-v"], &["--verbose"]),
        (&["-n"], &[]),
        (&["--no-ansi"], &["--color=never"]),
        (&["--ansi"], &["--color=always"]),
    ] {
        let words = [option, &["layer"], &build].concat();
        let translated = [translated, &build].concat();
        case.compare(&case.project, &words, &translated, &mut problems)?;
    }
    problems.finish()?;
    Ok(Proof::Full)
}

fn errors(case: &Case) -> Result<Proof> {
    let mut problems = Problems::default();
    for (code, command) in [
        (2, &["nosuch"][..]),
        (2, &["build", "--nosuch"]),
        (2, &["build", "--runtime", "python2.4"]),
        (2, &["build", "--layer", "nosuch", "--json"]),
    ] {
        let through = [&["layer"], command].concat();
        let finished = case.compare(&case.project, &through, command, &mut problems)?;
        problems.equal("the exit code", finished.code, Some(code));
    }
    let stale = case.project.with_file_name("stale");
    case.shop.write(&stale, Versions::default());
    make_stale(&stale)?;
    let finished = case.compare(&stale, &["layer", "build"], &["build"], &mut problems)?;
    problems.equal("the exit code", finished.code, Some(3));
    problems.hold(finished.stderr.contains(STALE), || {
        format!("stderr does not say {STALE}")
    });
    problems.finish()?;
    Ok(Proof::Full)
}

/// The process is layerlock, so that whoever waits for Poetry or ends it waits for that.
fn signals(case: &Case) -> Result<Proof> {
    if !cfg!(unix) {
        return Ok(Proof::Skipped("no signals here".into()));
    }
    let file = case.shop.index.file_path(case.shop.wheel());
    let pause = Duration::from_mins(1);
    case.shop
        .index
        .fault(&file, layerlock_testkit::Fault::Slow { after: 1, pause });
    let log = case.project.with_file_name("log");
    let arguments = ["build", "--no-cache", "--rebuild"];
    let interrupted = |command: Command| -> Result<Option<i32>> {
        let before = case.shop.index.request_count(&file);
        let running = command.start(&log)?;
        let started = Instant::now();
        while case.shop.index.request_count(&file) == before {
            anyhow::ensure!(
                running.is_alive() && started.elapsed() < pause,
                "no download began: {}",
                fs_err::read_to_string(&log)?
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        let id = running.id()?.to_string();
        Command::new("kill").args(["-INT", &id]).stdout()?;
        running.wait()
    };
    let alone = interrupted(case.layerlock(&case.project, &arguments));
    let through = [&["layer"], &arguments[..]].concat();
    let through = interrupted(case.poetry(&case.project, &through));
    case.shop.index.heal(&file);
    let mut problems = Problems::default();
    problems.equal("what SIGINT ends with", through?, alone?);
    problems.finish()?;
    Ok(Proof::Full)
}

fn is_listed(case: &Case) -> Result<Proof> {
    let list = case.poetry(&case.project, &["list"]).stdout()?;
    let line = list
        .lines()
        .find(|line| line.trim_start().starts_with("layer "));
    let line = line.context("`poetry list` does not list `layer`")?;
    anyhow::ensure!(line.contains("layers"), "it is described as {line:?}");
    Ok(Proof::Full)
}

/// Of three imports the fastest, in a Poetry that has loaded what it always loads.
fn import_is_fast(case: &Case) -> Result<Proof> {
    const SCRIPT: &str = "
import time
import poetry.console.application, poetry.plugins.application_plugin
started = time.perf_counter()
import layerlock.poetry_plugin
print(time.perf_counter() - started)
";
    let mut fastest = f64::INFINITY;
    for _ in 0..3 {
        let python = case.package.environment(python_of(&case.venv));
        let seconds: f64 = python.args(["-c", SCRIPT]).stdout()?.trim().parse()?;
        fastest = fastest.min(seconds);
    }
    anyhow::ensure!(
        fastest < IMPORT_LIMIT.as_secs_f64(),
        "the import takes {:.1} ms",
        fastest * 1000.0
    );
    Ok(Proof::Figure(format!("{:.1} ms more", fastest * 1000.0)))
}

fn missing_binary(case: &Case) -> Result<Proof> {
    let binary = case.venv.join("bin/layerlock");
    let aside = binary.with_extension("aside");
    fs_err::rename(&binary, &aside)?;
    let finished = case.poetry(&case.project, &["layer", "build"]).finish();
    let list = case.poetry(&case.project, &["list"]).finish();
    fs_err::rename(&aside, &binary)?;
    let (finished, list) = (finished?, list?);
    let mut problems = Problems::default();
    problems.equal("the exit code", finished.code, Some(1));
    for text in [
        "the binary of layerlock is not where",
        "poetry self add layerlock",
    ] {
        problems.hold(finished.stderr.contains(text), || {
            format!("stderr does not say {text}")
        });
    }
    problems.hold(!finished.stderr.contains("Traceback"), || {
        "stderr has a traceback".into()
    });
    problems.equal("the exit code of `poetry list`", list.code, Some(0));
    problems.finish().with_context(|| finished.describe())?;
    Ok(Proof::Full)
}
