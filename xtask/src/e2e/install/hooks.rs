//! `.pre-commit-hooks.yaml`, run by the real pre-commit from a clone of a git repository.
//!
//! The repository has the two files of this one that pre-commit reads, and pip finds the
//! wheel in a directory: that the wheel is on an index is not proved.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::package::Package;
use super::shop::{STALE, Shop, Versions, make_stale};
use crate::checks::{Checks, Problems, Proof};
use crate::process::{Command, Finished};
use crate::repository;
use crate::tools::{Tools, has_program};

const HOOKS: &str = ".pre-commit-hooks.yaml";

pub(super) fn prove(checks: &mut Checks, tools: &Tools, package: &Package) {
    checks.check("hooks: their file is valid", || {
        let manifest = repository::root().join(HOOKS);
        let validate = tools.pre_commit().arg("validate-manifest").arg(&manifest);
        validate.stdout()?;
        Ok(Proof::Full)
    });
    checks.check("hooks: what pre-commit installs has this version", || {
        same_version(package)
    });
    for (hook, has_binary) in [
        ("layerlock-check-lock", false),
        ("layerlock-check-lock-system", true),
    ] {
        checks.check(&format!("hooks: {hook} in real pre-commit"), || {
            if !has_program("git") {
                return Ok(Proof::Skipped("no git here".into()));
            }
            Case::new(tools, package, hook)?.prove(has_binary)
        });
    }
}

/// The version of the package that the repository's pyproject.toml requires.
fn same_version(package: &Package) -> Result<Proof> {
    let binary = Command::new(&package.layerlock.binary);
    let version = binary.arg("--version").stdout()?;
    let version = version.trim().rsplit(' ').next().unwrap_or_default();
    let text = fs_err::read_to_string(repository::root().join("pyproject.toml"))?;
    let mut problems = Problems::default();
    for line in [
        format!("version = \"{version}\""),
        format!("dependencies = [\"layerlock=={version}\"]"),
    ] {
        problems.hold(text.lines().any(|other| other == line), || {
            format!("pyproject.toml has no line `{line}`")
        });
    }
    problems.finish()?;
    Ok(Proof::Full)
}

/// A git repository with a project, whose pre-commit has one hook of another repository.
struct Case<'a> {
    tools: &'a Tools,
    package: &'a Package,
    hook: &'a str,
    home: PathBuf,
    project: PathBuf,
}

impl<'a> Case<'a> {
    fn new(tools: &'a Tools, package: &'a Package, hook: &'a str) -> Result<Self> {
        let work = package.new_directory(hook)?;
        let case = Self {
            tools,
            package,
            hook,
            home: work.join("home"),
            project: work.join("shop"),
        };
        let hooks = work.join("layerlock");
        for directory in [&case.home, &hooks] {
            fs_err::create_dir(directory)?;
        }
        for file in [HOOKS, "pyproject.toml"] {
            fs_err::copy(repository::root().join(file), hooks.join(file))?;
        }
        let revision = case.commit(&hooks)?;

        Shop::open().write(&case.project, Versions::default());
        let configuration = format!(
            "repos:\n  - repo: {}\n    rev: {revision}\n    hooks:\n      - id: {hook}\n",
            hooks.display()
        );
        fs_err::write(case.project.join(".pre-commit-config.yaml"), configuration)?;
        fs_err::write(case.project.join("main.py"), "")?;
        case.commit(&case.project)?;
        Ok(case)
    }

    fn environment(&self, command: Command) -> Command {
        self.package
            .environment(command)
            .without_env(&["GIT_"])
            .env("HOME", &self.home)
            .env("PRE_COMMIT_HOME", self.home.join("pre-commit"))
            // In a home of its own, so that the machine's configuration of pip is named.
            .env("PIP_FIND_LINKS", self.package.wheel.with_file_name(""))
    }

    fn git(&self, directory: &Path, arguments: &[&str]) -> Result<String> {
        self.environment(Command::new("git"))
            .directory(directory)
            .args(["-c", "user.name=e2e", "-c", "user.email=e2e@example.com"])
            .args(arguments)
            .stdout()
    }

    /// Makes a repository of a directory; its revision.
    fn commit(&self, directory: &Path) -> Result<String> {
        self.git(directory, &["init", "--quiet"])?;
        self.git(directory, &["add", "--all"])?;
        self.git(directory, &["commit", "--quiet", "--message", "all"])?;
        Ok(self
            .git(directory, &["rev-parse", "HEAD"])?
            .trim()
            .to_owned())
    }

    /// Runs the hooks on what is staged.
    fn run(&self, has_binary: bool) -> Result<Finished> {
        self.git(&self.project, &["add", "--all"])?;
        let command = self.environment(self.tools.pre_commit());
        let bin = self.package.layerlock.binary.parent();
        let command = match bin {
            Some(bin) if has_binary => command.path_first(&[bin]),
            _ => command,
        };
        command
            .directory(&self.project)
            .args(["run", "--color", "never", self.hook])
            .finish()
    }

    fn prove(&self, has_binary: bool) -> Result<Proof> {
        let mut problems = Problems::default();
        let mut run = |what: &str, code: i32, says: &[&str]| -> Result<()> {
            let finished = self.run(has_binary)?;
            let mut found = Problems::default();
            found.equal(&format!("the exit code {what}"), finished.code, Some(code));
            for text in says {
                found.hold(finished.stdout.contains(text), || {
                    format!("{what} it does not say {text}")
                });
            }
            if let Err(error) = found.finish().with_context(|| finished.describe()) {
                problems.add(format!("{error:#}"));
            }
            Ok(())
        };
        let edit = |file: &str, line: &str| -> Result<()> {
            let path = self.project.join(file);
            let text = fs_err::read_to_string(&path)?;
            Ok(fs_err::write(path, format!("{text}{line}\n"))?)
        };
        edit("main.py", "x = 1")?;
        run("after other changes", 0, &["Skipped"])?;
        fs_err::create_dir(self.project.join("web"))?;
        fs_err::write(self.project.join("web/package-lock.json"), "{}")?;
        run("after a change of a lock of npm", 0, &["Passed"])?;
        edit("pyproject.toml", "# a comment")?;
        run("on a good project", 0, &["Passed"])?;
        make_stale(&self.project)?;
        run(
            "on a stale lock",
            1,
            &["Failed", "exit code: 3", STALE, "hint: run `poetry lock`"],
        )?;
        problems.finish()?;
        let dist = self.project.join("dist");
        anyhow::ensure!(!dist.exists(), "the hook wrote {}", dist.display());
        Ok(Proof::Full)
    }
}
