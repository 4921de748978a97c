//! Whether a directory that is to be built is for the target's Python at all.
//!
//! What builds it does not ask: pure code is built by whatever Python the machine has.

use std::path::{Path, PathBuf};

use layerlock_diagnostic::{LockTool, Place};
use layerlock_export::{Project, PythonConstraint};
use layerlock_install::WheelOrSource;
use layerlock_lock::{LockedPackage, PackageName, PackageSource};
use layerlock_target::Runtime;

/// A directory whose range of Pythons leaves the target out.
#[derive(Debug)]
pub struct ExcludedPython {
    /// The package.
    pub package: PackageName,
    /// What it was to be built for.
    pub runtime: Runtime,
    /// The range, as it is written.
    pub range: String,
    /// The file that has it.
    pub path: PathBuf,
    /// Where in it, as far as that is known.
    pub place: Option<Place>,
}

impl std::fmt::Display for ExcludedPython {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            package,
            runtime,
            range,
            path,
            ..
        } = self;
        write!(
            f,
            "{package} cannot be built for {runtime}: {} allows Python `{range}`",
            path.display()
        )
    }
}

impl ExcludedPython {
    /// What the user can do about it.
    pub(crate) fn hint(&self, tool: LockTool) -> String {
        format!(
            "build for a runtime that it allows, or allow Python {} there and run {}",
            self.runtime.python_version(),
            tool.lock()
        )
    }
}

/// The first directory that is not for a runtime. Patch releases do not count: the
/// provider chooses them.
pub(crate) fn find(
    picks: &[WheelOrSource],
    runtime: Runtime,
    is_supplied: impl Fn(&LockedPackage) -> bool,
) -> Option<ExcludedPython> {
    let (major, minor) = runtime.python();
    picks.iter().find_map(|pick| {
        let WheelOrSource::Source(package) = pick else {
            return None;
        };
        let PackageSource::Directory { path, .. } = &package.source else {
            return None;
        };
        let (range, path, place) = range_of(path)?;
        let is_refused = !range.allows_minor(major.into(), minor.into()) && !is_supplied(package);
        is_refused.then(|| ExcludedPython {
            package: package.name.clone(),
            runtime,
            range: range.text().to_owned(),
            path,
            place,
        })
    })
}

/// The range that a directory's own files name, whatever the lock has of it: it may have
/// changed since. A file that cannot be read says nothing here; the build will tell.
fn range_of(directory: &Path) -> Option<(PythonConstraint, PathBuf, Option<Place>)> {
    if let Ok(project) = Project::read(directory)
        && !project.python().is_any()
    {
        let place = Some(project.python_place().clone());
        return Some((
            project.python().clone(),
            project.path().to_path_buf(),
            place,
        ));
    }
    ["setup.cfg", "setup.py"].into_iter().find_map(|file| {
        let path = directory.join(file);
        let text = fs_err::read_to_string(&path).ok()?;
        let range = PythonConstraint::parse(python_requires(&text)?).ok()?;
        Some((range, path, None))
    })
}

/// What setuptools is told: `python_requires = >=3.9`, in setup.py between quotes.
fn python_requires(text: &str) -> Option<&str> {
    let lines = text.lines().map(str::trim_start);
    let (_, rest) = lines
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| line.split_once("python_requires"))?;
    let value = rest.trim_start().strip_prefix(['=', ':'])?.trim();
    let quoted = |quote| value.strip_prefix(quote)?.split(quote).next();
    let value = quoted('"').or_else(|| quoted('\'')).unwrap_or(value);
    Some(value).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(file: &str, text: &str) -> Option<String> {
        let directory = tempfile::tempdir().unwrap();
        fs_err::write(directory.path().join(file), text).unwrap();
        let (range, path, _) = range_of(directory.path())?;
        assert_eq!(path, directory.path().join(file));
        Some(range.to_string())
    }

    #[test]
    fn the_range_is_where_each_backend_reads_it() {
        for (file, text, expected) in [
            (
                "pyproject.toml",
                "[project]\nrequires-python = \">=3.12\"\n",
                Some(">=3.12"),
            ),
            (
                "pyproject.toml",
                "[tool.poetry.dependencies]\npython = \"^3.12\"\n",
                Some("^3.12"),
            ),
            ("pyproject.toml", "[project]\nname = \"a\"\n", None),
            (
                "setup.cfg",
                "[options]\npython_requires = >=3.12, <3.13\n",
                Some(">=3.12, <3.13"),
            ),
            (
                "setup.py",
                "setup(name='a', python_requires='>=3.12', packages=[])\n",
                Some(">=3.12"),
            ),
            ("setup.py", "setup(\n    # python_requires='>=9'\n)\n", None),
            ("setup.py", "setup(python_requires=RANGE)\n", None),
        ] {
            assert_eq!(range(file, text).as_deref(), expected, "{text}");
        }
    }
}
