//! The packages of a lock as text, without building anything.

use std::path::{Path, PathBuf};

use layerlock_client::{MachineConfig, SafeUrl, Session};
use layerlock_export::{
    IndexedFile, Listing, Project, RequirementsOptions, SourceCredentials, constraints, pylock,
    requirements,
};
use layerlock_install::Sources;
use layerlock_install::{ListedPackage, Reporter, WheelOrSource};
use layerlock_layer::{write_file, write_private_file};
use layerlock_lock::{Choice, LockReader, LockedPackage, PackageName};
use serde::Serialize;

use crate::cache::open_cache;
use crate::export_locked::{chosen, export_locked, only_layer};
use crate::export_settings::{ExportFormat, ExportSettings};
use crate::lock::{Locked, read_project};
use crate::sources::{find_default_index, index_of_option};
use crate::{Error, Settings, export_locked, poetry_credentials};

/// The group that Poetry 1 made of `[tool.poetry.dev-dependencies]`.
const DEV_GROUP: &str = "dev";

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The text.
    pub text: String,
    /// What the user should know.
    pub warnings: Vec<String>,
}

#[derive(Serialize)]
struct JsonExport {
    packages: Vec<JsonPackage>,
}

#[derive(Serialize)]
struct JsonPackage {
    name: PackageName,
    version: String,
    kind: &'static str,
    extras: Vec<String>,
    groups: Vec<String>,
    /// The chosen wheel; none for a package that has none, or is on no index.
    file: Option<String>,
    sha256: Option<String>,
}

impl JsonPackage {
    fn new(chosen: WheelOrSource) -> Self {
        let (package, file) = match chosen {
            WheelOrSource::Wheel(chosen) => (chosen.package, Some((chosen.wheel, chosen.digest))),
            WheelOrSource::Source(package) => (package, None),
        };
        Self {
            kind: package.source.kind(),
            file: file.as_ref().map(|(wheel, _)| wheel.to_string()),
            sha256: file.map(|(_, digest)| digest.hex()),
            name: package.name,
            version: package.version,
            extras: package.extras,
            groups: package.groups,
        }
    }
}

/// Exports the packages of a lock. Needs no Python, and the network for
/// pylock.toml alone.
pub fn export(export: &ExportSettings, reporter: &dyn Reporter) -> Result<Exported, Error> {
    if !export.settings.find_links.is_empty() {
        return Err(Error::ExportFindLinks);
    }
    let is_pylock = export.format == ExportFormat::Pylock;
    if let Some(path) = &export.output
        && is_pylock
        && !is_pylock_name(path)
    {
        return Err(Error::PylockName { path: path.clone() });
    }
    let project = read_project(&export.settings)?;
    let settings = &with_group_dev(export, &project);
    let locked = Locked::read(project, settings)?;
    let Some(poetry) = locked.poetry() else {
        let exported = if export.format == ExportFormat::Json {
            json(&locked, settings)?
        } else {
            let (text, warnings) = export_locked(export, &locked, settings, reporter)?;
            Exported { text, warnings }
        };
        return write(export, exported);
    };
    refuse_target(export)?;
    let (project, lock) = (poetry.project(), poetry.lock());
    let choice = settings.choice.clone().unwrap_or_default();
    let options = RequirementsOptions {
        without_hashes: export.without_hashes,
        without_urls: export.without_urls,
        credentials: if export.with_credentials {
            let machine = MachineConfig::from_environment().in_project(project.directory());
            poetry_credentials::for_sources(project, &machine)
        } else {
            SourceCredentials::default()
        },
    };
    let exported = match export.format {
        ExportFormat::Requirements => Exported {
            text: requirements(project, lock, &choice, &options)?,
            warnings: warnings(&locked, &choice)?,
        },
        ExportFormat::Constraints => {
            let (text, left_out) = constraints(project, lock, &choice, &options)?;
            let mut warnings = warnings(&locked, &choice)?;
            let editable = |name| format!("{name} is editable, which no constraint can be");
            warnings.extend(left_out.into_iter().map(editable));
            Exported { text, warnings }
        }
        ExportFormat::Pylock => {
            let directory = output_directory(export.output.as_deref())?;
            Exported {
                text: pylock(project, lock, &choice, &directory, |packages| {
                    look_up(packages, project, settings, reporter)
                })?,
                warnings: warnings(&locked, &choice)?,
            }
        }
        ExportFormat::Json => json(&locked, settings)?,
    };
    write(export, exported)
}

/// An export of Poetry's lock is for every target, but for JSON.
fn refuse_target(export: &ExportSettings) -> Result<(), Error> {
    let settings = &export.settings;
    let given = [
        ("--layer", !settings.layers.is_empty()),
        ("--runtime", !settings.runtimes.is_empty()),
        ("--architecture", !settings.architectures.is_empty()),
        ("--target", !settings.targets.is_empty()),
        ("--provider", settings.provider.is_some()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((flag, _)) if export.format != ExportFormat::Json => Err(Error::ExportTarget { flag }),
        _ => Ok(()),
    }
}

/// Writes what was exported to a file, where one is named.
fn write(export: &ExportSettings, mut exported: Exported) -> Result<Exported, Error> {
    if export.dev {
        let warning = "--dev is deprecated: use --with dev instead";
        exported.warnings.insert(0, warning.to_owned());
    }
    if let Some(path) = &export.output {
        let text = exported.text.as_bytes();
        if has_credentials(&exported.text) {
            write_private_file(path, text)?;
            exported.warnings.push(format!(
                "{} has credentials in it, and only you may read it: keep it out of version \
                 control",
                path.display()
            ));
        } else {
            write_file(path, text)?;
        }
    }
    Ok(exported)
}

/// The settings, with the group `dev` where `--dev` asks for it. As in Poetry 1 a project
/// without one needs none.
fn with_group_dev(export: &ExportSettings, project: &Project) -> Settings {
    let mut settings = export.settings.clone();
    let has_dev = project.groups().iter().any(|group| group == DEV_GROUP);
    if export.dev && has_dev {
        let groups = &mut settings.choice.get_or_insert_default().groups;
        // It is in all of them anyway.
        if !groups.all {
            groups.with.push(DEV_GROUP.to_owned());
        }
    }
    settings
}

/// `pylock.toml`, or `pylock.NAME.toml` with a name that has no dot (PEP 751).
fn is_pylock_name(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    let middle = name
        .strip_prefix("pylock.")
        .and_then(|rest| rest.strip_suffix(".toml"));
    name == "pylock.toml" || middle.is_some_and(|name| !name.is_empty() && !name.contains('.'))
}

/// The directory that paths in the export are seen from: the output's, else the
/// current one.
fn output_directory(output: Option<&Path>) -> Result<PathBuf, Error> {
    let current = std::env::current_dir().map_err(layerlock_layer::Error::io(
        "find the current directory",
        ".",
    ))?;
    let directory = output.and_then(Path::parent).unwrap_or(Path::new(""));
    // Without `.` in it, but with what `..` leads to left alone.
    Ok(current.join(directory).components().collect())
}

/// Whether a URL in the text has a password in it, from the project or by
/// `--with-credentials`. For http a user name alone may be a token.
fn has_credentials(text: &str) -> bool {
    let urls = text.split_whitespace().filter(|word| word.contains("://"));
    urls.filter_map(|url| SafeUrl::parse(url.trim_start_matches("git+")).ok())
        .any(|url| {
            let is_http = matches!(url.url().scheme(), "http" | "https");
            url.credentials()
                .is_some_and(|credentials| is_http || credentials.password.is_some())
        })
}

/// Asks the indexes for the files of packages.
fn look_up(
    packages: &[LockedPackage],
    project: &Project,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<Vec<Listing>, Error> {
    if packages.is_empty() {
        return Ok(Vec::new());
    }
    let cache = &open_cache(&settings.cache)?;
    let machine = MachineConfig::from_environment().in_project(project.directory());
    let session = &Session::new(machine);
    let default_index = || find_default_index(session.machine(), cache, reporter);
    let mut sources = Sources::new(project.sources(), &default_index, session);
    sources.option = index_of_option(settings)?;
    let offline = settings.offline || session.machine().is_offline();
    let listed = layerlock_install::look_up(packages, &sources, offline)?;
    Ok(listed.into_iter().map(listing).collect())
}

fn listing(listed: ListedPackage) -> Listing {
    let files = listed.files.into_iter().map(|file| IndexedFile {
        url: file.url.url().to_string(),
        size: file.size,
        upload_time: file.upload_time,
    });
    Listing {
        index: listed.index.url().as_str().trim_end_matches('/').to_owned(),
        files: files.collect(),
    }
}

fn json(locked: &Locked, settings: &Settings) -> Result<Exported, Error> {
    let layer = only_layer(locked, settings)?;
    let chosen = chosen(locked, &layer)?;
    let packages = chosen.into_iter().map(JsonPackage::new).collect();
    #[expect(clippy::expect_used, reason = "strings and lists always serialize")]
    let mut text =
        serde_json::to_string_pretty(&JsonExport { packages }).expect("plain data serializes");
    text.push('\n');
    Ok(Exported {
        text,
        warnings: export_locked::warnings(locked, &layer)?,
    })
}

fn warnings(lock: &dyn LockReader, choice: &Choice) -> Result<Vec<String>, Error> {
    let warnings = lock.warnings(choice)?.into_iter();
    Ok(warnings.map(|warning| warning.message).collect())
}
