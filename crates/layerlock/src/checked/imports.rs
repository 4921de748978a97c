//! `--import`: each top-level module of a layer is imported, by an interpreter of the
//! runtime's minor version that sees only the layer and the standard library.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use duct::Expression;
use fs_err as fs;
use layerlock_check::{Code, Finding, Layer, Severity, top_level_module, unpack, with_owners};
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

/// Imports a module, after those that are to be there before it, and prints how long it
/// took, or the last line of the error, with the module that it lacks. `from package import
/// module` is another error where the package is a namespace: that has no location. The
/// layer's directories are added as the runtimes do it, `.pth` files and all.
const SCRIPT: &str = r#"
import sys
module, before, *directories = sys.argv[1:]
import importlib, os, site, time
standard = list(sys.path)
sys.path[:] = []
for directory in directories:
    if os.path.isdir(directory):
        site.addsitedir(directory)
sys.path.extend(standard)
output = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
sys.stdout = sys.stderr
for name in filter(None, before.split(",")):
    try:
        importlib.import_module(name)
    except BaseException:
        pass
start = time.perf_counter()
try:
    importlib.import_module(module)
except BaseException as error:
    import traceback
    line = traceback.format_exception_only(type(error), error)[-1].strip().splitlines()[-1]
    kind, name = "failed", ""
    if isinstance(error, ModuleNotFoundError):
        kind, name = "missing", error.name or ""
    elif type(error) is ImportError:
        words = str(error).split("'")
        if words[0] == "cannot import name " and words[-1] == " (unknown location)":
            name = (error.name or "") + "." + words[1]
    output.write(kind + "\n" + name + "\n" + line + "\n")
else:
    output.write("imported\n%d\n" % round((time.perf_counter() - start) * 1000))
output.flush()
os._exit(0)
"#;

/// Says where a module comes from, by its dotted name, that is not in the layer, where anybody
/// knows.
pub(crate) type ModuleElsewhere<'e> = &'e dyn Fn(&str) -> Option<String>;

/// Imports the modules of a layer. Where that cannot be done here, a note says why.
pub(crate) fn import(
    layer: &Layer<'_>,
    target: &Target,
    elsewhere: ModuleElsewhere<'_>,
) -> Result<Imports, Error> {
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
    // What cannot be read was told already.
    let layer = with_owners(layer.clone(), target).unwrap_or_else(|_| layer.clone());
    let modules = modules(&layer, target);
    let directories = target.module_paths().into_iter();
    let interpreter = Interpreter {
        directories: directories.map(|it| scratch.path().join(it)).collect(),
        libraries: scratch.path().join(target.libraries()),
        python,
    };
    let mut imports = Imports::default();
    let names: Vec<String> = modules.keys().cloned().collect();
    let mut failed = Vec::new();
    for (module, output) in interpreter.import_each(names, "")? {
        failed.extend(imports.take(module, output.as_deref(), target, elsewhere));
    }
    // Some have to be imported after others, which import them.
    let before: Vec<&str> = imports.imported.iter().map(|one| &*one.module).collect();
    let before = before.join(",");
    let (mut failed, again): (Vec<Failed>, Vec<Failed>) =
        failed.into_iter().partition(|failed| failed.is_missing);
    let again = again.into_iter().map(|failed| failed.module).collect();
    for (module, output) in interpreter.import_each(again, &before)? {
        failed.extend(imports.take(module, output.as_deref(), target, elsewhere));
    }
    imports
        .imported
        .sort_by(|one, other| one.module.cmp(&other.module));
    failed.sort_by(|one, other| one.module.cmp(&other.module));
    let works = |package: &str| {
        let mut imported = imports.imported.iter();
        imported.any(|one| modules[&one.module].as_deref() == Some(package))
    };
    let failed = failed.into_iter().map(|failed| {
        let package = modules[&failed.module].as_deref();
        failed.finding(package.filter(|package| works(package)))
    });
    imports.findings.extend(failed.collect::<Vec<_>>());
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

/// What imports modules, and where it finds those of a layer.
struct Interpreter {
    python: PathBuf,
    directories: Vec<PathBuf>,
    libraries: PathBuf,
}

impl Interpreter {
    /// Imports modules, each in a process of its own, after those `before` it. Gives what is
    /// printed, in their order.
    fn import_each(
        &self,
        modules: Vec<String>,
        before: &str,
    ) -> Result<Vec<(String, Option<String>)>, Error> {
        parallel::in_order(modules, |module| {
            let output = output_within(PATIENCE, &self.command(&module, before));
            let text = output.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            Ok((module, text))
        })
    }

    fn command(&self, module: &str, before: &str) -> Expression {
        let mut arguments: Vec<&OsStr> = ["-I", "-S", "-B", "-c", SCRIPT, module, before]
            .iter()
            .map(|text| OsStr::new(*text))
            .collect();
        arguments.extend(self.directories.iter().map(|it| it.as_os_str()));
        // Nothing of this machine: what is read from the environment is the runtime's.
        let environment = [
            ("PATH", OsStr::new("/usr/bin:/bin")),
            ("LANG", OsStr::new("C.UTF-8")),
            ("HOME", OsStr::new("/nonexistent")),
            ("LD_LIBRARY_PATH", self.libraries.as_os_str()),
        ];
        duct::cmd(&self.python, arguments)
            .full_env(environment)
            .dir("/")
    }
}

/// A module that cannot be imported.
struct Failed {
    module: String,
    /// The last line of the error.
    line: String,
    /// Whether it is that a module is not there.
    is_missing: bool,
}

impl Failed {
    /// `package` is whose the module is, where another module of that can be imported.
    fn finding(self, package: Option<&str>) -> Finding {
        let Self {
            module,
            line,
            is_missing,
        } = self;
        let message = format!("the module {module} cannot be imported: {line}");
        match package {
            // It is for who has that package too, as an adapter is: else its own package
            // would require it.
            Some(package) if is_missing => {
                let message = format!("{message}; {package} does without it");
                Finding::new(Code::ImportFailed, message)
                    .with_package(package)
                    .with_severity(Severity::Info)
            }
            _ => Finding::new(Code::ImportFailed, message)
                .with_hint("what it needs has to be in the layer, and for this runtime"),
        }
    }
}

impl Imports {
    /// Takes what the script printed.
    fn take(
        &mut self,
        module: String,
        output: Option<&str>,
        target: &Target,
        elsewhere: ModuleElsewhere<'_>,
    ) -> Option<Failed> {
        let mut lines = output.unwrap_or_default().lines();
        let (kind, name, line) = match (lines.next(), lines.next(), lines.next()) {
            (Some("imported"), Some(time), _) => {
                self.imported.push(Imported {
                    milliseconds: time.parse().unwrap_or_default(),
                    module,
                });
                return None;
            }
            (Some(kind @ ("failed" | "missing")), Some(name), Some(line)) => (kind, name, line),
            _ => (
                "failed",
                "",
                "the interpreter crashed, or took more than a minute",
            ),
        };
        let top = name.split('.').next().unwrap_or_default();
        let place = if name.is_empty() {
            None
        } else if is_of_runtime(top, target) {
            Some("the runtime brings it".to_owned())
        } else {
            elsewhere(name)
        };
        let Some(place) = place else {
            return Some(Failed {
                is_missing: kind == "missing" && !top.is_empty() && top != module,
                line: line.to_owned(),
                module,
            });
        };
        let message = format!("the module {module} needs {name}: {place}");
        self.findings
            .push(Finding::new(Code::ImportSkipped, message));
        None
    }
}

/// Whether a module is of a package that the runtime brings.
fn is_of_runtime(module: &str, target: &Target) -> bool {
    target.brings(module) || (module == "dateutil" && target.brings("python-dateutil"))
}

/// The modules at the top of a layer with whose they are, without those that are somebody's
/// own affair. Of a namespace (PEP 420) the packages in it are at the top.
fn modules(layer: &Layer<'_>, target: &Target) -> BTreeMap<String, Option<String>> {
    let mut found = BTreeMap::new();
    for site in target.module_paths() {
        let prefix = format!("{site}/");
        let below = layer.files().iter().filter_map(|file| {
            let path = file.path().strip_prefix(&prefix)?;
            Some((path, file))
        });
        let packages: BTreeSet<&str> = below
            .clone()
            .filter_map(|(path, _)| path.strip_suffix("/__init__.py"))
            .collect();
        for (path, file) in below {
            let module = match path.strip_suffix("/__init__.py") {
                Some(package) if is_in_package(package, &packages) => continue,
                Some(package) => package,
                None => match top_level_module(path) {
                    Some(module) => module,
                    None => continue,
                },
            };
            let mut names = module.split('/');
            if names.all(is_name) && !module.starts_with("__") {
                let package = file.package().map(str::to_owned);
                found.insert(module.replace('/', "."), package);
            }
        }
    }
    found
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    let is_start = letters
        .next()
        .is_some_and(|c| c.is_alphabetic() || c == '_');
    is_start && letters.all(|c| c.is_alphanumeric() || c == '_')
}

/// Whether a folder above a package is one too.
fn is_in_package(package: &str, packages: &BTreeSet<&str>) -> bool {
    let mut above = package.match_indices('/');
    above.any(|(at, _)| packages.contains(&package[..at]))
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
