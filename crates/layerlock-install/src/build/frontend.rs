//! The programs that build: `uv build` and `pip wheel`, the user's own.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use layerlock_client::Session;
use layerlock_client::command::output_within;
use layerlock_diagnostic::mask_user_info;
use layerlock_lock::LockedPackage;
use layerlock_target::Runtime;

use super::build_indexes::BuildIndexes;
use super::file_names::is_wheel;
use crate::problem::BuildProblem;
use crate::temporary::TemporaryDirectory;
use crate::{Error, FrontendKind, Reporter};

/// A frontend that answered.
#[derive(Debug, Clone)]
pub(super) struct Frontend {
    kind: FrontendKind,
    command: Vec<OsString>,
    /// Its name, version and Python.
    described: String,
    /// For uv: the Python of the target's version where there is one, else any. Without
    /// one uv takes what the source asks for, and fails where that is not there.
    python: Option<OsString>,
}

/// One build.
pub(super) struct BuildRequest<'a> {
    pub(super) package: &'a LockedPackage,
    /// A directory or an archive.
    pub(super) source: &'a Path,
    /// Whether the source itself says its version, as an archive does. What asks
    /// version control for it is told the locked one.
    pub(super) knows_its_version: bool,
    pub(super) indexes: &'a BuildIndexes,
    /// Knows what must not be told.
    pub(super) session: &'a Session,
    pub(super) offline: bool,
}

impl BuildRequest<'_> {
    /// What a program said, without the passwords of this run and of its own URLs.
    fn without_secrets(&self, text: &str) -> String {
        mask_user_info(&self.session.hide_secrets(&self.indexes.hide_in(text)))
    }
}

/// What a frontend made, as long as this lives.
pub(super) struct MadeWheel {
    pub(super) name: String,
    pub(super) file: fs_err::File,
    pub(super) path: PathBuf,
    _directory: TemporaryDirectory,
}

/// The oldest time that a zip can hold: 1980-01-01. Backends that know the
/// variable put it into the wheel
/// (<https://reproducible-builds.org/specs/source-date-epoch/>).
const SOURCE_DATE_EPOCH: &str = "315532800";

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many lines of a failed build an error carries.
const LINES: usize = 25;

impl Frontend {
    /// The first that answers, of this kind if one is named. pip is taken from
    /// the target's version of Python where it is there: what a package builds
    /// may depend on it.
    pub(super) fn find(kind: Option<FrontendKind>, runtime: Runtime) -> Option<Self> {
        match kind {
            Some(FrontendKind::Uv) => Self::find_uv(runtime),
            Some(FrontendKind::Pip) => Self::find_pip(runtime),
            None => Self::find_uv(runtime).or_else(|| Self::find_pip(runtime)),
        }
    }

    fn find_uv(runtime: Runtime) -> Option<Self> {
        let command = vec![OsString::from("uv")];
        let answer = answer(&command, &["--version"])?;
        let version = answer.split_whitespace().nth(1).unwrap_or_default();
        let wanted = runtime.python_version();
        let find = ["python", "find", "--no-python-downloads", "--no-project"];
        let of_target = self::answer(&command, &[&find[..], &[&wanted]].concat());
        let with = match of_target {
            Some(_) => format!(" with Python {wanted}"),
            None => String::new(),
        };
        // A version is asked for, so that no `.python-version` has a say.
        let any = || self::answer(&command, &[&find[..], &[">=3.8"]].concat());
        let python = of_target.or_else(any);
        Some(Self {
            kind: FrontendKind::Uv,
            described: format!("uv {version}{with}"),
            python: python.map(|path| OsString::from(path.trim())),
            command,
        })
    }

    fn find_pip(runtime: Runtime) -> Option<Self> {
        let wanted = runtime.python_version();
        let own = format!("python{wanted}");
        let by_launcher = format!("-{wanted}");
        let commands = [
            &[&own, "-m", "pip"][..],
            &["py", &by_launcher, "-m", "pip"],
            &["python3", "-m", "pip"],
            &["python", "-m", "pip"],
            &["pip3"],
            &["pip"],
        ];
        commands.into_iter().find_map(|command| {
            let command: Vec<OsString> = command.iter().map(OsString::from).collect();
            // `pip 26.3 from /somewhere (python 3.12)`
            let answer = answer(&command, &["--version"])?;
            let version = answer.split_whitespace().nth(1)?;
            let (_, python) = answer.rsplit_once("(python ")?;
            let python = python.trim().trim_end_matches(')');
            Some(Self {
                kind: FrontendKind::Pip,
                described: format!("pip {version} with Python {python}"),
                command,
                python: None,
            })
        })
    }

    /// Builds a wheel.
    pub(super) fn run(
        &self,
        request: &BuildRequest<'_>,
        reporter: &dyn Reporter,
    ) -> Result<Result<MadeWheel, BuildProblem>, Error> {
        let directory = TemporaryDirectory::new("build")?;
        let output = directory.path().join("wheels");
        for name in ["wheels", "build", "metadata"] {
            let path = directory.path().join(name);
            fs_err::create_dir_all(&path).map_err(Error::io("create", &path))?;
        }
        let expression = self.expression(request, &directory, &output)?;
        // uv and pip wait for all that holds a backend's output, so that a file in the
        // place of this pipe would end no sooner where it leaves a program running.
        let run = || -> std::io::Result<(bool, String)> {
            let reader = expression.stderr_to_stdout().unchecked().reader()?;
            let mut last = VecDeque::with_capacity(LINES);
            let mut lines = BufReader::new(&reader);
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line)? > 0 {
                let text = request.without_secrets(String::from_utf8_lossy(&line).trim_end());
                line.clear();
                reporter.build_output(request.package.name.as_str(), &text);
                if last.len() == LINES {
                    last.pop_front();
                }
                last.push_back(text);
            }
            let succeeded = reader
                .try_wait()?
                .is_some_and(|output| output.status.success());
            Ok((succeeded, last.make_contiguous().join("\n")))
        };
        let (succeeded, said) = run().map_err(Error::io("run", self.program()))?;
        let frontend = self.described.clone();
        if !succeeded {
            let is_pip = self.kind == FrontendKind::Pip;
            let host = request.indexes.host_of_two_users().filter(|_| is_pip);
            return Ok(Err(BuildProblem::Failed {
                frontend,
                output: said,
                host_of_two_users: host.map(str::to_owned),
            }));
        }
        let wheels = wheels_in(&output)?;
        let [wheel] = &wheels[..] else {
            let count = wheels.len();
            return Ok(Err(BuildProblem::NoResult { frontend, count }));
        };
        let name = wheel.file_name().unwrap_or_default().to_string_lossy();
        Ok(Ok(MadeWheel {
            name: name.into_owned(),
            file: fs_err::File::open(wheel).map_err(Error::io("read", wheel))?,
            path: wheel.clone(),
            _directory: directory,
        }))
    }

    fn expression(
        &self,
        request: &BuildRequest<'_>,
        directory: &TemporaryDirectory,
        output: &Path,
    ) -> Result<duct::Expression, Error> {
        let arguments = self.arguments(request, output);

        // setuptools would leave `build` and `*.egg-info` in the source, and the
        // first in the next wheel.
        let settings = directory.path().join("setuptools.cfg");
        let text = format!(
            "[build]\nbuild_base = {}\n[egg_info]\negg_base = {}\n",
            directory.path().join("build").display(),
            directory.path().join("metadata").display()
        );
        fs_err::write(&settings, text).map_err(Error::io("write", &settings))?;

        let mut expression = duct::cmd(self.program(), arguments)
            .stdin_null()
            .env("SOURCE_DATE_EPOCH", SOURCE_DATE_EPOCH)
            .env("PYTHONHASHSEED", "0")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("DIST_EXTRA_CONFIG", &settings)
            .env("NO_COLOR", "1")
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
            .env("PIP_NO_INPUT", "1")
            .env("PIP_REQUIRE_VIRTUALENV", "0");
        // Settings for installing would change or forbid a build, and others build with
        // what happens to be installed.
        for variable in [
            "PIP_TARGET",
            "PIP_PREFIX",
            "PIP_ROOT",
            "PIP_USER",
            "PIP_REQUIRE_HASHES",
            "PIP_ONLY_BINARY",
            "PIP_NO_BUILD_ISOLATION",
            "PIP_USE_PEP517",
            "PIP_NO_USE_PEP517",
            "UV_REQUIRE_HASHES",
            "UV_NO_BUILD",
            "UV_NO_BUILD_ISOLATION",
            "PYTHONPATH",
            "PYTHONHOME",
        ] {
            expression = expression.env_remove(variable);
        }
        if request.offline && self.kind == FrontendKind::Pip {
            expression = expression.env("PIP_NO_INDEX", "1");
        }
        expression = match self.kind {
            FrontendKind::Pip => request.indexes.tell_pip(expression, directory.path())?,
            FrontendKind::Uv => request.indexes.tell_uv(expression),
        };
        if !request.knows_its_version
            && let Some((variable, version)) = pretended_version(request.package)
        {
            expression = expression.env(variable, version);
        }
        Ok(expression)
    }

    /// What the program is called with. The package's range of Pythons is about those
    /// that run it: this machine's only builds it, and the result is held to the target.
    /// uv does not look at that range once a Python is named.
    fn arguments(&self, request: &BuildRequest<'_>, output: &Path) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = self.command[1..].to_vec();
        let mut add = |words: &[&str]| arguments.extend(words.iter().map(OsString::from));
        match self.kind {
            FrontendKind::Uv => {
                add(&["build", "--wheel", "--no-progress", "--out-dir"]);
                arguments.push(output.into());
                if let Some(python) = &self.python {
                    arguments.extend(["--python".into(), python.clone()]);
                }
                if request.offline {
                    arguments.push("--offline".into());
                }
            }
            FrontendKind::Pip => {
                // Before 23.1, pip builds what has no pyproject.toml with the setuptools
                // and wheel that happen to be installed, or not.
                add(&["wheel", "--no-deps", "--use-pep517"]);
                // Its cache of wheels would only fill: what is built is kept here.
                add(&["--ignore-requires-python", "--no-cache-dir"]);
                add(&["--progress-bar", "off", "--wheel-dir"]);
                arguments.push(output.into());
            }
        }
        arguments.push(request.source.into());
        arguments
    }

    /// A word, not a path: it is looked for on PATH.
    fn program(&self) -> OsString {
        self.command.first().cloned().unwrap_or_default()
    }
}

/// The variable that tells setuptools-scm a package's version, where that is known.
pub(super) fn pretended_version(package: &LockedPackage) -> Option<(String, &str)> {
    if package.version.is_empty() {
        return None;
    }
    let name = package.name.as_str().replace('-', "_").to_uppercase();
    let variable = format!("SETUPTOOLS_SCM_PRETEND_VERSION_FOR_{name}");
    Some((variable, &package.version))
}

impl fmt::Display for Frontend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.described)
    }
}

/// What a program says on its standard output, where it is there and willing.
fn answer(command: &[OsString], arguments: &[&str]) -> Option<String> {
    let rest = command[1..].iter().cloned();
    let arguments = rest.chain(arguments.iter().map(OsString::from));
    let question = duct::cmd(&command[0], arguments).env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    String::from_utf8(output_within(PATIENCE, &question)?).ok()
}

/// A link is none, nor a pipe: a backend could lead us to what is not its own.
fn wheels_in(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut wheels = Vec::new();
    for entry in fs_err::read_dir(directory).map_err(Error::io("read", directory))? {
        let entry = entry.map_err(Error::io("read", directory))?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && is_wheel(&entry.path()) {
            wheels.push(entry.path());
        }
    }
    Ok(wheels)
}

#[cfg(test)]
mod tests {
    use layerlock_client::MachineConfig;
    use layerlock_diagnostic::Place;
    use layerlock_lock::PackageSource;

    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_link_is_no_wheel() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name| directory.path().join(name);
        fs_err::write(at("demo-1.0-py3-none-any.whl"), "").unwrap();
        fs_err::os::unix::fs::symlink("/dev/zero", at("zero-1.0-py3-none-any.whl")).unwrap();
        fs_err::create_dir(at("dir-1.0-py3-none-any.whl")).unwrap();
        let wheels = wheels_in(directory.path()).unwrap();
        assert_eq!(wheels, [at("demo-1.0-py3-none-any.whl")]);
    }

    /// Whatever the host's Python is and whatever its pip has installed.
    #[test]
    fn a_build_is_isolated_and_does_not_ask_which_python_runs_the_package() {
        let package = LockedPackage {
            name: "demo".parse().unwrap(),
            version: "1.0".to_owned(),
            source: PackageSource::Registry {
                url: None,
                reference: None,
            },
            extras: Vec::new(),
            groups: Vec::new(),
            files: Vec::new(),
            place: Place {
                path: PathBuf::from("poetry.lock"),
                line: 1,
                column: 1,
                span: 0..0,
            },
            requires_python: "*".to_owned(),
        };
        let request = BuildRequest {
            package: &package,
            source: Path::new("source"),
            knows_its_version: true,
            indexes: &BuildIndexes::default(),
            session: &Session::new(MachineConfig::default()),
            offline: false,
        };
        let arguments = |kind, command: &[&str], python: Option<&str>| {
            let frontend = Frontend {
                kind,
                command: command.iter().map(OsString::from).collect(),
                described: String::new(),
                python: python.map(OsString::from),
            };
            let arguments = frontend.arguments(&request, Path::new("out"));
            let words = arguments.iter().map(|word| word.to_str().unwrap());
            words.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            arguments(FrontendKind::Pip, &["python3", "-m", "pip"], None),
            "-m pip wheel --no-deps --use-pep517 --ignore-requires-python --no-cache-dir \
             --progress-bar off --wheel-dir out source"
        );
        assert_eq!(
            arguments(FrontendKind::Uv, &["uv"], Some("/usr/bin/python3")),
            "build --wheel --no-progress --out-dir out --python /usr/bin/python3 source"
        );
    }
}
