//! `--import`: each top-level module of a layer is imported, by an interpreter of the
//! runtime's minor version that sees only the layer and the standard library.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use duct::Expression;
use fs_err as fs;
use layerlock_check::{Code, Finding, Layer, unpack};
use layerlock_client::command::output_within;
use layerlock_layer::{Scratch, parallel};
use layerlock_target::{Architecture, Target};
use serde::Serialize;

use crate::Error;

/// A module that was imported, and how long that took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The module.
    pub module: String,
    /// Thousandths of a second, without the start of the interpreter. They are another
    /// number each time, and so no part of JSON.
    #[serde(skip)]
    pub milliseconds: u64,
}

/// What became of the imports.
#[derive(Default)]
pub(crate) struct Imports {
    pub(crate) findings: Vec<Finding>,
    /// Sorted by name.
    pub(super) imported: Vec<Imported>,
}

/// As long as a function may take to start is long enough.
const PATIENCE: Duration = Duration::from_mins(1);

/// Imports a module and prints how long it took, or prints the last line of the error. The
/// layer's directories are added as the runtimes do it, `.pth` files and all.
const SCRIPT: &str = r#"
import sys
module, *directories = sys.argv[1:]
import importlib, os, site, time
before = list(sys.path)
sys.path[:] = []
for directory in directories:
    if os.path.isdir(directory):
        site.addsitedir(directory)
sys.path.extend(before)
output, sys.stdout = sys.stdout, sys.stderr
start = time.perf_counter()
try:
    importlib.import_module(module)
except BaseException as error:
    import traceback
    line = traceback.format_exception_only(type(error), error)[-1].strip().splitlines()[-1]
    name = getattr(error, "name", None) or "" if isinstance(error, ModuleNotFoundError) else ""
    output.write("failed\n" + name + "\n" + line + "\n")
else:
    output.write("imported\n%d\n" % round((time.perf_counter() - start) * 1000))
output.flush()
os._exit(0)
"#;

/// Imports the modules of a layer. Where that cannot be done here, a note says why.
pub(crate) fn import(layer: &Layer<'_>, target: &Target) -> Result<Imports, Error> {
    if let Some(reason) = other_machine(target) {
        return Ok(skipped(&reason));
    }
    let (_, minor) = target.runtime.python();
    let Some(python) = interpreter(minor) else {
        let reason =
            format!("no Python 3.{minor} was found on PATH, nor among the ones of pyenv and uv");
        return Ok(skipped(&reason));
    };
    let scratch = Scratch::create()?;
    match unpack(layer, scratch.path()) {
        Err(layerlock_check::ReadError::Layer(error)) => return Err(error.into()),
        // What cannot be read was told already.
        Err(layerlock_check::ReadError::Archive(_)) => return Ok(Imports::default()),
        Ok(()) => {}
    }
    let modules: Vec<String> = modules(layer, target).into_iter().collect();
    let directories = target.module_paths();
    let directories: Vec<PathBuf> = directories
        .iter()
        .map(|directory| scratch.path().join(directory))
        .collect();
    let libraries = scratch.path().join(target.libraries());
    let ended = parallel::in_order(modules, |module| {
        let command = command(&python, &module, &directories, &libraries);
        let output = output_within(PATIENCE, &command);
        Ok::<_, Error>((module, output))
    })?;
    let mut imports = Imports::default();
    for (module, output) in ended {
        let text = output.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        imports.take(module, text.as_deref(), target);
    }
    Ok(imports)
}

fn skipped(reason: &str) -> Imports {
    Imports {
        findings: vec![Finding::new(
            Code::ImportSkipped,
            format!("no module was imported: {reason}"),
        )],
        imported: Vec::new(),
    }
}

/// Why a layer's compiled files cannot run here.
fn other_machine(target: &Target) -> Option<String> {
    let here = match std::env::consts::ARCH {
        "x86_64" => Some(Architecture::X86_64),
        "aarch64" => Some(Architecture::Arm64),
        _ => None,
    };
    let is_linux = cfg!(target_os = "linux");
    (!is_linux || here != Some(target.architecture)).then(|| {
        format!(
            "this machine runs {} on {}, and the layer is for Linux on {}",
            std::env::consts::OS,
            std::env::consts::ARCH,
            target.architecture
        )
    })
}

fn command(python: &Path, module: &str, directories: &[PathBuf], libraries: &Path) -> Expression {
    let mut arguments: Vec<&std::ffi::OsStr> = ["-I", "-S", "-B", "-c", SCRIPT, module]
        .iter()
        .map(|text| std::ffi::OsStr::new(*text))
        .collect();
    arguments.extend(directories.iter().map(|directory| directory.as_os_str()));
    // Nothing of this machine: what is read from the environment is the runtime's.
    let environment = [
        ("PATH", std::ffi::OsStr::new("/usr/bin:/bin")),
        ("LANG", std::ffi::OsStr::new("C.UTF-8")),
        ("HOME", std::ffi::OsStr::new("/nonexistent")),
        ("LD_LIBRARY_PATH", libraries.as_os_str()),
    ];
    duct::cmd(python, arguments).full_env(environment).dir("/")
}

impl Imports {
    /// Takes what the script printed.
    fn take(&mut self, module: String, output: Option<&str>, target: &Target) {
        let mut lines = output.unwrap_or_default().lines();
        let failed = |line: &str| {
            let message = format!("the module {module} cannot be imported: {line}");
            Finding::new(Code::ImportFailed, message)
                .with_hint("what it needs has to be in the layer, and for this runtime")
        };
        match (lines.next(), lines.next(), lines.next()) {
            (Some("imported"), Some(time), _) => self.imported.push(Imported {
                milliseconds: time.parse().unwrap_or_default(),
                module,
            }),
            (Some("failed"), Some(name), Some(line)) => {
                let name = name.split('.').next().unwrap_or_default();
                self.findings.push(if is_of_runtime(name, target) {
                    let message =
                        format!("the module {module} needs {name}, which the runtime brings");
                    Finding::new(Code::ImportSkipped, message)
                } else {
                    failed(line)
                });
            }
            _ => self.findings.push(failed(
                "the interpreter crashed, or took more than a minute",
            )),
        }
    }
}

/// Whether a module is of a package that the runtime brings.
fn is_of_runtime(module: &str, target: &Target) -> bool {
    target.brings(module) || (module == "dateutil" && target.brings("python-dateutil"))
}

/// The modules at the top of a layer, without those that are somebody's own affair.
fn modules(layer: &Layer<'_>, target: &Target) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for site in target.module_paths() {
        let prefix = format!("{site}/");
        for file in layer.files() {
            let Some(rest) = file.path().strip_prefix(&prefix) else {
                continue;
            };
            let module = match rest.split_once('/') {
                Some((package, "__init__.py")) => package,
                Some(_) => continue,
                None => match rest.split_once('.') {
                    Some((module, "py")) => module,
                    Some((module, ending)) if ending.rsplit('.').next() == Some("so") => module,
                    _ => continue,
                },
            };
            let is_name = module.chars().all(|c| c.is_alphanumeric() || c == '_');
            if is_name && !module.starts_with("__") {
                found.insert(module.to_owned());
            }
        }
    }
    found
}

/// An interpreter of a minor version: on PATH, of pyenv, of uv.
fn interpreter(minor: u8) -> Option<PathBuf> {
    let name = format!("python3.{minor}");
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&on_path)
        .map(|directory| directory.join(&name))
        .collect();
    let home = std::env::home_dir();
    let of_pyenv = std::env::var_os("PYENV_ROOT")
        .map(PathBuf::from)
        .or_else(|| Some(home.as_ref()?.join(".pyenv")))
        .map(|root| root.join("versions"));
    let of_uv = std::env::var_os("UV_PYTHON_INSTALL_DIR")
        .map(PathBuf::from)
        .or_else(|| Some(home.as_ref()?.join(".local/share/uv/python")));
    let installed = [of_pyenv, of_uv].into_iter().flatten();
    let installed = installed.flat_map(|root| versions_in(&root, minor, &name));
    on_path
        .into_iter()
        .chain(installed)
        .find(|python| python.is_file() && is_of(python, minor))
}

/// The interpreters in a directory that has one for each version: `3.12.1`, or
/// `cpython-3.12.1-linux-x86_64-gnu`.
fn versions_in(root: &Path, minor: u8, name: &str) -> Vec<PathBuf> {
    let version = format!("3.{minor}");
    let mut found = Vec::new();
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let directory = entry.file_name().to_string_lossy().into_owned();
        let text = directory.strip_prefix("cpython-").unwrap_or(&directory);
        let rest = text.strip_prefix(&version);
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-'])) {
            found.push(entry.path().join("bin").join(name));
        }
    }
    found.sort();
    found
}

/// Whether an interpreter starts, and is of this version: a shim may lead nowhere.
fn is_of(python: &Path, minor: u8) -> bool {
    const ASK: &str = "import sys; print(*sys.version_info[:2])";
    let command = duct::cmd(python, ["-I", "-S", "-c", ASK]);
    let answer = output_within(Duration::from_secs(10), &command);
    answer.is_some_and(|answer| answer.trim_ascii() == format!("3 {minor}").as_bytes())
}
