//! No program that layerlock runs has a secret in its arguments, which everybody on the
//! machine may read, and nothing that is printed or left has one: for each place that a
//! secret may be in, whatever the index answers, with uv and with pip.

mod watch;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use layerlock_testkit::{
    Fault, LockedPackage, LoopbackIndex, ProjectBuilder, ServedFile, SourceTree, Wheel,
    WheelBuilder, sha256_hex,
};
use tempfile::TempDir;

use crate::checks::{Checks, Problems, Proof};
use crate::files;
use crate::layerlock::Layerlock;
use crate::process::{Command, Finished};
use crate::tools::Tools;
use watch::Watch;

const USER: &str = "me";
const SECRET: &str = "hush-4711";

/// Where the secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    UrlInVariable,
    UrlInPipFile,
    UrlInProject,
    VariablesOfPoetry,
    VariablesOfUv,
    AuthFile,
    Netrc,
    Keyring,
    TokenAsUser,
}

const PLACES: &[Place] = &[
    Place::UrlInVariable,
    Place::UrlInPipFile,
    Place::UrlInProject,
    Place::VariablesOfPoetry,
    Place::VariablesOfUv,
    Place::AuthFile,
    Place::Netrc,
    Place::Keyring,
    Place::TokenAsUser,
];

/// What the index answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Accepted,
    Refused,
    /// Accepted, but what the build needs is not there.
    Missing,
}

const STATUSES: &[Status] = &[Status::Accepted, Status::Refused, Status::Missing];

pub(crate) fn prove(checks: &mut Checks, tools: &Tools, binary: &Path) {
    if !Path::new("/proc/self/cmdline").exists() {
        checks.check("no secret in arguments", || {
            Ok(Proof::Skipped("no /proc here that shows them".into()))
        });
        return;
    }
    for frontend in ["uv", "pip"] {
        let name = format!("no secret in the arguments of {frontend} and keyring, nor left");
        checks.check(&name, || table(tools, binary, frontend));
    }
    checks.check("no secret in the arguments of git", || {
        let case = Case::new(tools, binary)?;
        let project = case.project_of_git();
        let watch = Watch::start(SECRET);
        let finished = case.command(&project, "uv").finish()?;
        let seen = watch.finish();
        let mut problems = Problems::default();
        problems.hold(seen.programs.contains("git"), || {
            format!("git was not seen: {:?}", seen.programs)
        });
        problems.hold(finished.code != Some(0), || "it is no repository".into());
        case.look(&finished, &seen.with_secret, &mut problems)?;
        problems.finish().with_context(|| finished.describe())?;
        Ok(Proof::Full)
    });
}

/// Every place with every status.
fn table(tools: &Tools, binary: &Path, frontend: &str) -> Result<Proof> {
    let mut problems = Problems::default();
    let mut programs = BTreeSet::new();
    for &place in PLACES {
        for &status in STATUSES {
            let case = Case::new(tools, binary)?;
            case.answer(place, status);
            let command = case.with_secret(place, frontend)?;
            let watch = Watch::start(SECRET);
            let finished = command.finish()?;
            let seen = watch.finish();
            programs.extend(seen.programs);
            let mut of_case = Problems::default();
            of_case.hold(
                (finished.code == Some(0)) == (status == Status::Accepted),
                || format!("exit code {:?}", finished.code),
            );
            case.look(&finished, &seen.with_secret, &mut of_case)?;
            if let Err(error) = of_case.finish() {
                let said = finished.describe();
                problems.add(format!("{place:?}, {status:?}: {error:#}\n{said}"));
            }
        }
    }
    for program in [frontend, "keyring"] {
        problems.hold(programs.contains(program), || {
            format!("{program} was not seen among {programs:?}")
        });
    }
    problems.finish()?;
    let count = PLACES.len() * STATUSES.len();
    Ok(Proof::Figure(format!("{count} cases")))
}

/// An index that wants a secret, with a source distribution whose build needs a wheel.
struct Case<'a> {
    tools: &'a Tools,
    layerlock: Layerlock,
    index: LoopbackIndex,
    /// The machine's, which has nothing.
    other: LoopbackIndex,
    source: ServedFile,
    helper: Wheel,
    work: TempDir,
}

impl<'a> Case<'a> {
    fn new(tools: &'a Tools, binary: &Path) -> Result<Self> {
        let work = TempDir::new()?;
        let helper = WheelBuilder::new("helper", "1.0")
            .file("helper.py", "")
            .build();
        let pyproject = "[build-system]\nrequires = [\"helper\"]\nbuild-backend = \"backend\"\n\
                         backend-path = [\"backend\"]\n\n\
                         [project]\nname = \"made\"\nversion = \"1.0\"\n";
        let source = SourceTree::new("made", "1.0")
            .file("pyproject.toml", pyproject)
            .sdist();
        let index = LoopbackIndex::with_wheels([&helper]);
        index.add(source.clone());
        fs_err::create_dir_all(work.path().join("home"))?;
        Ok(Self {
            tools,
            layerlock: Layerlock::new(binary, work.path())?,
            index,
            other: LoopbackIndex::start(),
            source,
            helper,
            work,
        })
    }

    fn answer(&self, place: Place, status: Status) {
        let (user, password) = match (status, place) {
            (Status::Refused, _) => ("somebody", "else"),
            (_, Place::TokenAsUser) => (SECRET, ""),
            _ => (USER, SECRET),
        };
        self.index.require_basic_auth(user, password);
        if status == Status::Missing {
            let page = self.index.page_path(&self.helper.name);
            self.index.fault(&page, Fault::Status(404));
        }
    }

    /// The command that builds the project's layer, on a machine whose index has nothing.
    fn command(&self, project: &Path, frontend: &str) -> Command {
        let home = self.path("home");
        self.layerlock
            .command(
                project,
                &["build", "--verbose", "--build-frontend", frontend],
            )
            .without_env(&["PIP_", "UV_", "POETRY_", "NETRC", "XDG_"])
            .env("HOME", &home)
            .env("PIP_INDEX_URL", self.other.url())
            .env("POETRY_CONFIG_DIR", &home)
            .env("PIP_CONFIG_FILE", "/dev/null")
            .env("UV_NO_CONFIG", "1")
            .env("UV_CACHE_DIR", self.path("uv-cache"))
            .env("PIP_CACHE_DIR", self.path("pip-cache"))
            .path_first(&[
                &self.path("programs"),
                &self.tools.programs_of("uv"),
                &self.tools.programs_of("pip"),
            ])
    }

    fn with_secret(&self, place: Place, frontend: &str) -> Result<Command> {
        let plain = self.index.url();
        let with = self.index.url_with_credentials(USER, SECRET);
        let of_user = plain.replacen("http://", &format!("http://{USER}@"), 1);
        let of_token = plain.replacen("http://", &format!("http://{SECRET}@"), 1);
        let project = self.project(if place == Place::UrlInProject {
            &with
        } else {
            &plain
        });
        // Of the machine, where no project's source has a part in it.
        let of_machine = matches!(place, Place::UrlInVariable | Place::UrlInPipFile);
        let project = if of_machine || matches!(place, Place::Keyring | Place::TokenAsUser) {
            self.project_of_machine()
        } else {
            project
        };
        let command = self.command(&project, frontend);
        Ok(match place {
            Place::UrlInProject => command,
            Place::UrlInVariable => command.env("PIP_INDEX_URL", with),
            Place::TokenAsUser => command.env("PIP_INDEX_URL", of_token),
            Place::UrlInPipFile => {
                let file =
                    self.write("home/pip.conf", &format!("[global]\nindex-url = {with}\n"))?;
                command
                    .without_env(&["PIP_INDEX_URL"])
                    .env("PIP_CONFIG_FILE", file)
            }
            Place::VariablesOfPoetry => command
                .env("POETRY_HTTP_BASIC_COMPANY_USERNAME", USER)
                .env("POETRY_HTTP_BASIC_COMPANY_PASSWORD", SECRET),
            Place::VariablesOfUv => command
                .env("UV_INDEX_COMPANY_USERNAME", USER)
                .env("UV_INDEX_COMPANY_PASSWORD", SECRET),
            Place::AuthFile => {
                let table = format!(
                    "[http-basic.company]\nusername = \"{USER}\"\npassword = \"{SECRET}\"\n"
                );
                self.write("home/auth.toml", &table)?;
                command
            }
            Place::Netrc => {
                let line = format!("machine 127.0.0.1 login {USER} password {SECRET}\n");
                self.write("home/.netrc", &line)?;
                command
            }
            Place::Keyring => {
                // It takes a while, as real ones do, so that it is seen.
                let script = format!("#!/bin/sh\nsleep 0.1\necho {SECRET}\n");
                let program = self.write("programs/keyring", &script)?;
                make_executable(&program)?;
                command.env("PIP_INDEX_URL", of_user)
            }
        })
    }

    /// A project that locks the source distribution from its own source.
    fn project(&self, url: &str) -> PathBuf {
        let project = ProjectBuilder::new("shop").source("company", url, "primary");
        self.written(project.package(self.locked().source("company")))
    }

    /// The same from the machine's index.
    fn project_of_machine(&self) -> PathBuf {
        self.written(ProjectBuilder::new("shop").package(self.locked()))
    }

    /// A package in a repository on the index, which has none.
    fn project_of_git(&self) -> PathBuf {
        let url = self.index.url_with_credentials(USER, SECRET);
        let commit = "0123456789".repeat(4);
        self.written(ProjectBuilder::new("shop").lock_packages(&format!(
            "[[package]]\nname = \"gitted\"\nversion = \"1.0\"\ndescription = \"\"\n\
             optional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = []\n\
             develop = false\n\n[package.source]\ntype = \"git\"\n\
             url = \"{url}gitted.git\"\nreference = \"HEAD\"\nresolved_reference = \"{commit}\"\n"
        )))
    }

    fn locked(&self) -> LockedPackage {
        let sha256 = sha256_hex(&self.source.bytes);
        LockedPackage::new("made", "1.0").file(&self.source.file_name, &sha256)
    }

    fn written(&self, project: ProjectBuilder) -> PathBuf {
        let directory = self.path("shop");
        project
            .pyproject("[tool.layerlock]\nruntime = \"python3.12\"\n")
            .write_to(&directory);
        directory
    }

    fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().context("no parent directory")?)?;
        fs_err::write(&path, text)?;
        Ok(path)
    }

    /// The secret is nowhere but where it was put.
    fn look(&self, finished: &Finished, seen: &[String], problems: &mut Problems) -> Result<()> {
        for arguments in seen {
            problems.add(format!("a secret is in the arguments {arguments:?}"));
        }
        for (what, text) in [("stdout", &finished.stdout), ("stderr", &finished.stderr)] {
            problems.hold(!text.contains(SECRET), || format!("a secret is in {what}"));
        }
        // Not of uv's and pip's own: they keep what they like.
        for left in [
            &self.path("shop/dist"),
            &self.layerlock.cache,
            &self.layerlock.temporary,
        ] {
            for path in files::tree(left)?.into_keys() {
                let bytes = fs_err::read(left.join(&path))?;
                let text = String::from_utf8_lossy(&bytes);
                problems.hold(!text.contains(SECRET), || format!("a secret is in {path}"));
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn make_executable(program: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o755);
    Ok(fs_err::set_permissions(program, mode)?)
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<()> {
    Ok(())
}
