//! The real tools that layers are proved on, under `target/xtask/`.
//!
//! Every version is pinned in `requirements/` and `npm/`; what the CDK app of a
//! fixture needs is pinned by the fixture's own lock. Each tool has a directory of its
//! own, since their pins differ, with a stamp that says what it was made from: a
//! second run finds the stamp and does nothing. Installs go through the machine's
//! ordinary pip and npm configuration.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use layerlock_fixtures::SHARED_LAYER;

use crate::files;
use crate::machine_index::machine_index;
use crate::process::Command;
use crate::repository;

/// The minor version of Python that tools and Lambda functions run on here.
pub(crate) const PYTHON: &str = "3.12";

/// What Poetry 1.1 runs on: the newest that it knows.
const PYTHON_OF_POETRY_1_1: &str = "3.10";

/// One tool, or a set that is installed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tool {
    Poetry,
    /// The model for locks of Poetry 1.0 to 1.8.
    Poetry18,
    /// Only where [`has_poetry_1_1`].
    Poetry11,
    /// aws-cdk-lib and what else the app of `shared-layer` needs.
    CdkLibrary,
    /// The CDK's command line.
    CdkCli,
    Moto,
    /// The second server of AWS's API.
    MiniStack,
    AwsCli,
    /// The official SDKs of Alibaba Cloud.
    Alibaba,
    /// Lambda's runtime client, as a directory of packages.
    RuntimeClient,
    Uv,
    /// What packs wheels of the command.
    Maturin,
    /// What links and judges wheels of a release.
    Release,
    /// Runs the hooks of other repositories.
    PreCommit,
    /// Has the schemas of GitHub's files.
    CheckJsonschema,
    /// Lambda's runtime client for Node, which is compiled on this machine: only where
    /// [`node_client_lacks`] nothing.
    NodeClient,
}

/// What the build of Lambda's runtime client for Node needs.
const NODE_CLIENT_NEEDS: [&str; 6] = ["cmake", "autoconf", "automake", "libtoolize", "make", "g++"];

/// The tools that are ready to use.
pub(crate) struct Tools {
    python: PathBuf,
    /// Where all the others are.
    root: PathBuf,
}

impl Tools {
    /// Installs those of the tools that are not there yet; one that is named twice, once.
    pub(crate) fn prepare(wanted: &[Tool]) -> Result<Self> {
        let python = find_python(PYTHON)?;
        let root = repository::target("xtask");
        let tools = Self { python, root };
        fs_err::create_dir_all(&tools.root)?;
        // Two runs in one checkout must not install over each other.
        let lock = fs_err::File::create(tools.root.join("lock"))?;
        lock.lock()?;

        let pins = include_str!("../requirements/pip.txt");
        tools.install("pip", pins, &tools.python, |directory| {
            Command::new(&tools.python)
                .args(["-m", "venv"])
                .arg(directory)
                .stdout()?;
            Command::new(program(directory, "python"))
                .args(["-m", "pip", "install", "--quiet", "--no-compile"])
                .args(["--requirement".as_ref(), requirements("pip").as_os_str()])
                .stdout()
        })?;
        let wanted: BTreeSet<Tool> = wanted.iter().copied().collect();
        // The CDK's library is installed from an export of the fixture's lock.
        if wanted.contains(&Tool::Poetry) || wanted.contains(&Tool::CdkLibrary) {
            tools.install_tool(Tool::Poetry)?;
        }
        let rest = wanted.iter().filter(|tool| **tool != Tool::Poetry);
        let results: Vec<Result<()>> = std::thread::scope(|scope| {
            let installs: Vec<_> = rest
                .map(|tool| scope.spawn(|| tools.install_tool(*tool)))
                .collect();
            installs
                .into_iter()
                .map(|install| {
                    install
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect()
        });
        results.into_iter().collect::<Result<()>>()?;
        Ok(tools)
    }

    /// The machine's own Python that everything here runs on.
    pub(crate) fn python(&self) -> Command {
        Command::new(&self.python)
    }

    /// The pinned pip.
    pub(crate) fn pip(&self) -> Command {
        self.pip_python().args(["-m", "pip"])
    }

    /// The Python that has it.
    pub(crate) fn pip_python(&self) -> Command {
        Command::new(program(&self.directory("pip"), "python"))
    }

    /// Poetry, apart from the configuration and the caches of its user.
    pub(crate) fn poetry(&self) -> Command {
        self.apart(Command::new(program(&self.directory("poetry"), "poetry")))
    }

    /// The Python that has a version of Poetry, in the same environment.
    pub(crate) fn poetry_python(&self, poetry: Tool) -> Command {
        let directory = match poetry {
            Tool::Poetry18 => "poetry-1.8",
            Tool::Poetry11 => "poetry-1.1",
            _ => "poetry",
        };
        self.apart(Command::new(program(&self.directory(directory), "python")))
    }

    /// A new environment with the same packages as that of a Poetry, to put more into.
    pub(crate) fn copy_of_poetry(&self, poetry: Tool, venv: &Path) -> Result<()> {
        create_venv(&self.python, venv)?;
        let packages = "import sysconfig; print(sysconfig.get_path('purelib'))";
        let packages = ["-c", packages];
        let from = self.poetry_python(poetry).args(packages).stdout()?;
        let to = python_of(venv).args(packages).stdout()?;
        files::copy(Path::new(from.trim()), Path::new(to.trim()))
    }

    /// The Poetry of such an environment.
    pub(crate) fn poetry_in(&self, venv: &Path) -> Command {
        self.apart(python_of(venv)).args(["-m", "poetry"])
    }

    /// The pinned pip, installing into a virtual environment, without dependencies.
    pub(crate) fn pip_install_into(&self, venv: &Path) -> Command {
        self.pip_into(venv)
    }

    /// The Python that has pre-commit.
    pub(crate) fn pre_commit(&self) -> Command {
        Command::new(program(&self.directory("pre-commit"), "python")).args(["-m", "pre_commit"])
    }

    /// The Python that has check-jsonschema and a reader of YAML.
    pub(crate) fn check_jsonschema_python(&self) -> Command {
        Command::new(program(&self.directory("check-jsonschema"), "python"))
    }

    /// The Python that has the CDK's library.
    pub(crate) fn cdk_python(&self) -> Command {
        Command::new(program(&self.directory("cdk-library"), "python"))
            .env("HOME", self.directory("cdk-home"))
            .env("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")
            .env("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "1")
    }

    fn apart(&self, command: Command) -> Command {
        let own = self.directory("poetry-home");
        command
            .without_env(&["POETRY_"])
            .env("POETRY_CONFIG_DIR", own.join("config"))
            .env("POETRY_DATA_DIR", own.join("data"))
            .env("POETRY_CACHE_DIR", own.join("cache"))
            .env("POETRY_VIRTUALENVS_CREATE", "false")
    }

    /// The CDK's command line, apart from the settings and the caches of its user. Its
    /// app finds its `python` first on PATH.
    pub(crate) fn cdk(&self) -> Command {
        let library = self.directory("cdk-library");
        let programs = program(&library, "python");
        Command::new(self.directory("cdk-cli").join("node_modules/.bin/cdk"))
            .path_first(&[programs.parent().unwrap_or(&library)])
            // The command line, aws-cdk-lib and jsii each keep caches under the home.
            .env("HOME", self.directory("cdk-home"))
            .env("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")
    }

    /// The Python that has moto and boto3.
    pub(crate) fn moto_python(&self) -> Command {
        Command::new(program(&self.directory("moto"), "python"))
    }

    /// The Python of the second server.
    pub(crate) fn ministack_python(&self) -> Command {
        Command::new(program(&self.directory("ministack"), "python"))
    }

    /// The AWS CLI.
    pub(crate) fn aws_cli(&self) -> Command {
        Command::new(program(&self.directory("aws-cli"), "python")).args(["-m", "awscli"])
    }

    /// The Python that has the official SDKs of Alibaba Cloud.
    pub(crate) fn alibaba_python(&self) -> Command {
        Command::new(program(&self.directory("alibaba"), "python"))
    }

    /// The directory that holds the package `awslambdaric`.
    pub(crate) fn runtime_client(&self) -> PathBuf {
        self.directory("runtime-client")
    }

    /// The directory of programs of a tool that is a virtual environment.
    pub(crate) fn programs_of(&self, tool: &str) -> PathBuf {
        let python = program(&self.directory(tool), "python");
        python.parent().map(Path::to_owned).unwrap_or_default()
    }

    /// The directory whose `node_modules` has Lambda's runtime client for Node.
    pub(crate) fn node_client(&self) -> PathBuf {
        self.directory("node-client")
    }

    pub(crate) fn uv(&self) -> Command {
        Command::new(program(&self.directory("uv"), "uv"))
    }

    /// uv, apart from the settings, the cache and the Pythons of its user. It asks the index
    /// that this machine is told of.
    pub(crate) fn uv_apart(&self, cache: &Path) -> Command {
        let uv = self
            .uv()
            .without_env(&["UV_"])
            .env("UV_CACHE_DIR", cache)
            .env("UV_PYTHON", &self.python)
            .env("UV_PYTHON_DOWNLOADS", "never");
        match machine_index(self.pip()) {
            Some(url) => uv.env("UV_DEFAULT_INDEX", url),
            None => uv,
        }
    }

    /// What packs wheels of the command.
    pub(crate) fn maturin(&self) -> Command {
        Command::new(program(&self.directory("maturin"), "maturin"))
    }

    /// The Python that has auditwheel and zig.
    pub(crate) fn release_python(&self) -> Command {
        Command::new(program(&self.directory("release"), "python"))
    }

    fn install_tool(&self, tool: Tool) -> Result<()> {
        match tool {
            Tool::Poetry => self.install_venv("poetry", include_str!("../requirements/poetry.txt")),
            Tool::Poetry18 => {
                self.install_venv("poetry-1.8", include_str!("../requirements/poetry-1.8.txt"))
            }
            Tool::Poetry11 => self.install_venv_of(
                "poetry-1.1",
                include_str!("../requirements/poetry-1.1.txt"),
                &find_python(PYTHON_OF_POETRY_1_1)?,
            ),
            Tool::Moto => self.install_venv("moto", include_str!("../requirements/moto.txt")),
            Tool::MiniStack => {
                self.install_venv("ministack", include_str!("../requirements/ministack.txt"))
            }
            Tool::AwsCli => {
                self.install_venv("aws-cli", include_str!("../requirements/aws-cli.txt"))
            }
            Tool::Alibaba => {
                self.install_venv("alibaba", include_str!("../requirements/alibaba.txt"))
            }
            Tool::Uv => self.install_venv("uv", include_str!("../requirements/uv.txt")),
            Tool::Maturin => {
                self.install_venv("maturin", include_str!("../requirements/maturin.txt"))
            }
            Tool::Release => {
                self.install_venv("release", include_str!("../requirements/release.txt"))
            }
            Tool::PreCommit => {
                self.install_venv("pre-commit", include_str!("../requirements/pre-commit.txt"))
            }
            Tool::CheckJsonschema => self.install_venv(
                "check-jsonschema",
                include_str!("../requirements/check-jsonschema.txt"),
            ),
            Tool::RuntimeClient => {
                let pins = include_str!("../requirements/runtime.txt");
                self.install("runtime-client", pins, &self.python, |directory| {
                    self.pip_install()
                        .args(["--target".as_ref(), directory.as_os_str()])
                        .args([
                            "--requirement".as_ref(),
                            requirements("runtime").as_os_str(),
                        ])
                        .stdout()
                })
            }
            Tool::CdkLibrary => self.install(
                "cdk-library",
                SHARED_LAYER.lock,
                &self.python,
                |directory| {
                    create_venv(&self.python, directory)?;
                    let exported = directory.join("requirements.txt");
                    self.poetry()
                        .directory(SHARED_LAYER.project())
                        .args(["export", "--only", "dev", "--output"])
                        .arg(&exported)
                        .stdout()?;
                    self.pip_into(directory)
                        .args(["--require-hashes", "--requirement"])
                        .arg(&exported)
                        .stdout()
                },
            ),
            Tool::CdkCli => {
                let pins = include_str!("../npm/package-lock.json");
                self.install("cdk-cli", pins, &self.python, |directory| {
                    npm_ci(directory, include_str!("../npm/package.json"), pins)
                })
            }
            Tool::NodeClient => {
                let pins = include_str!("../npm/lambda-ric/package-lock.json");
                self.install("node-client", pins, &self.python, |directory| {
                    let manifest = include_str!("../npm/lambda-ric/package.json");
                    npm_ci(directory, manifest, pins)
                })
            }
        }
    }

    /// A virtual environment with what a file in `requirements/` pins.
    fn install_venv(&self, name: &str, pins: &str) -> Result<()> {
        self.install_venv_of(name, pins, &self.python)
    }

    /// The same with this Python.
    fn install_venv_of(&self, name: &str, pins: &str, python: &Path) -> Result<()> {
        self.install(name, pins, python, |directory| {
            create_venv(python, directory)?;
            self.pip_into(directory)
                .args(["--requirement".as_ref(), requirements(name).as_os_str()])
                .stdout()
        })
    }

    /// Runs an install into an empty directory, unless the directory's stamp says that the
    /// same pins were installed by the same Python.
    fn install(
        &self,
        name: &str,
        pins: &str,
        python: &Path,
        install: impl FnOnce(&Path) -> Result<String>,
    ) -> Result<()> {
        let directory = self.directory(name);
        let stamp = directory.join("stamp");
        let made_from = files::sha256(format!("{}\n{pins}", python.display()).as_bytes());
        if fs_err::read_to_string(&stamp).is_ok_and(|text| text == made_from) {
            return Ok(());
        }
        println!("installing {name} (once)");
        if directory.exists() {
            fs_err::remove_dir_all(&directory)?;
        }
        install(&directory).with_context(|| format!("failed to install {name}"))?;
        Ok(fs_err::write(stamp, made_from)?)
    }

    fn directory(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn pip_install(&self) -> Command {
        // Modules are compiled when they are first used: most never are.
        self.pip()
            .args(["install", "--quiet", "--no-deps", "--no-compile"])
    }

    fn pip_into(&self, venv: &Path) -> Command {
        self.pip()
            .arg("--python")
            .arg(program(venv, "python"))
            .args(["install", "--quiet", "--no-deps", "--no-compile"])
    }
}

/// Installs what a lock of npm pins.
fn npm_ci(directory: &Path, manifest: &str, lock: &str) -> Result<String> {
    fs_err::create_dir_all(directory)?;
    fs_err::write(directory.join("package.json"), manifest)?;
    fs_err::write(directory.join("package-lock.json"), lock)?;
    let mut npm = Command::new("npm").args(["ci", "--no-audit", "--no-fund"]);
    // Where Node's headers are here, they need not be fetched.
    if Path::new("/usr/include/node/node.h").exists() {
        npm = npm.env("npm_config_nodedir", "/usr");
    }
    npm.directory(directory)
        .stdout()
        .context("this needs Node.js and its npm")
}

/// Whether this machine has a Python that Poetry 1.1 runs on.
pub(crate) fn has_poetry_1_1() -> bool {
    find_python(PYTHON_OF_POETRY_1_1).is_ok()
}

/// Whether this machine has Node.js with its npm, which the CDK runs on.
pub(crate) fn has_node() -> bool {
    has_program("node") && has_program("npm")
}

/// What this machine lacks to build Lambda's runtime client for Node.
pub(crate) fn node_client_lacks() -> Option<String> {
    if !has_node() {
        return Some("no Node.js with npm here".to_owned());
    }
    let program = NODE_CLIENT_NEEDS
        .iter()
        .find(|program| !has_program(program))?;
    Some(format!(
        "aws-lambda-ric cannot be built without {program} (Debian: apt-get install cmake autoconf \
         automake libtool make g++)"
    ))
}

/// Whether this machine has a program.
pub(crate) fn has_program(name: &str) -> bool {
    Command::new(name).arg("--version").stdout().is_ok()
}

/// The Python of a virtual environment.
pub(crate) fn python_of(venv: &Path) -> Command {
    Command::new(program(venv, "python"))
}

fn create_venv(python: &Path, directory: &Path) -> Result<()> {
    let create = Command::new(python).args(["-m", "venv", "--without-pip"]);
    create.arg(directory).stdout().map(drop)
}

fn requirements(name: &str) -> PathBuf {
    let directory = repository::root().join("xtask/requirements");
    directory.join(format!("{name}.txt"))
}

/// A program of a virtual environment.
fn program(venv: &Path, name: &str) -> PathBuf {
    if cfg!(windows) {
        venv.join("Scripts").join(name).with_extension("exe")
    } else {
        venv.join("bin").join(name)
    }
}

/// The Python of a minor version: on PATH, or among pyenv's versions.
///
/// Each candidate is run and asked, since pyenv puts shims on PATH that fail for a
/// version that is installed but not selected.
pub(crate) fn find_python(wanted: &str) -> Result<PathBuf> {
    let name = format!("python{wanted}");
    let mut candidates = vec![PathBuf::from(&name)];
    candidates.extend(pyenv_versions(wanted));
    candidates.extend(["python3".into(), "python".into()]);
    let ask =
        "import os, sys; print('%d.%d' % sys.version_info[:2], os.path.abspath(sys.executable))";
    for candidate in candidates {
        let Ok(answer) = Command::new(&candidate).args(["-c", ask]).stdout() else {
            continue;
        };
        if let Some((version, path)) = answer.trim().split_once(' ')
            && version == wanted
        {
            return Ok(PathBuf::from(path));
        }
    }
    bail!(
        "no Python {wanted} found: neither {name}, python3 nor python on PATH is one, \
         nor is one under pyenv's versions directory"
    );
}

fn pyenv_versions(wanted: &str) -> Vec<PathBuf> {
    let root = std::env::var_os("PYENV_ROOT")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".pyenv")));
    let Some(versions) = root.and_then(|root| fs_err::read_dir(root.join("versions")).ok()) else {
        return Vec::new();
    };
    let mut directories: Vec<PathBuf> = versions
        .filter_map(|version| Some(version.ok()?.path()))
        .filter(|directory| {
            let name = directory
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            name.is_some_and(|name| name.starts_with(&format!("{wanted}.")))
        })
        .collect();
    directories.sort();
    directories
        .into_iter()
        .map(|directory| directory.join("bin").join(format!("python{wanted}")))
        .collect()
}
