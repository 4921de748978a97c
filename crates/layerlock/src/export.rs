//! The packages of a lock as text, without building anything.

use std::path::PathBuf;

use data_encoding::HEXLOWER;
use layerlock_export::{
    Choice, Lock, PackageSource, Project, RequirementsOptions, constraints, requirements,
};
use layerlock_layer::write_file;
use serde::Serialize;

use crate::build::choose_wheel;
use crate::{Error, Settings, configuration};

/// What to export.
#[derive(Debug, Clone, Default)]
pub struct ExportSettings {
    /// The project and, for JSON, the target.
    pub settings: Settings,
    /// The form.
    pub format: ExportFormat,
    /// A file to write, besides giving the text back.
    pub output: Option<PathBuf>,
    /// Whether to leave out the hashes.
    pub without_hashes: bool,
    /// Whether to leave out the addresses of indexes.
    pub without_urls: bool,
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The text.
    pub text: String,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// The form of an export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ExportFormat {
    /// pip's requirements file, as `poetry export` writes it: for every
    /// platform, with markers.
    #[default]
    Requirements,
    /// pip's constraints file: without extras and editable packages.
    Constraints,
    /// The packages of one target, each with the file that is chosen for it.
    Json,
}

#[derive(Serialize)]
struct JsonExport {
    packages: Vec<JsonPackage>,
}

#[derive(Serialize)]
struct JsonPackage {
    name: String,
    version: String,
    kind: &'static str,
    extras: Vec<String>,
    groups: Vec<String>,
    /// The chosen file; none for a package that comes from no index.
    file: Option<String>,
    sha256: Option<String>,
}

/// Exports the packages of a lock. Needs neither the network nor Python.
pub fn export(export: &ExportSettings) -> Result<Exported, Error> {
    let project = Project::read(export.settings.directory())?;
    let lock = Lock::read(&project)?;
    let choice = export.settings.choice.clone().unwrap_or_default();
    let options = RequirementsOptions {
        without_hashes: export.without_hashes,
        without_urls: export.without_urls,
    };
    let exported = match export.format {
        ExportFormat::Requirements => Exported {
            text: requirements(&project, &lock, &choice, &options)?,
            warnings: warnings(&project, &lock, &choice)?,
        },
        ExportFormat::Constraints => {
            let (text, left_out) = constraints(&project, &lock, &choice, &options)?;
            let mut warnings = warnings(&project, &lock, &choice)?;
            let editable = |name| format!("{name} is editable, which no constraint can be");
            warnings.extend(left_out.into_iter().map(editable));
            Exported { text, warnings }
        }
        ExportFormat::Json => json(&project, &lock, &export.settings)?,
    };
    if let Some(path) = &export.output {
        write_file(path, exported.text.as_bytes())?;
    }
    Ok(exported)
}

fn json(project: &Project, lock: &Lock, settings: &Settings) -> Result<Exported, Error> {
    let layers = configuration::layers(project, settings)?;
    let [layer] = &layers[..] else {
        return Err(Error::WhichLayer {
            known: layers.into_iter().map(|layer| layer.name).collect(),
        });
    };
    let environment = layer.target.marker_environment();
    let mut packages = Vec::new();
    for package in layerlock_export::select(project, lock, &layer.choice, &environment)? {
        let kind = package.source.kind();
        let chosen = match package.source {
            PackageSource::Registry { .. } => {
                Some(choose_wheel(project, package.clone(), &layer.target)?)
            }
            _ => None,
        };
        packages.push(JsonPackage {
            kind,
            file: chosen.as_ref().map(|chosen| chosen.wheel.to_string()),
            sha256: chosen.map(|chosen| HEXLOWER.encode(&chosen.sha256)),
            name: package.name,
            version: package.version,
            extras: package.extras,
            groups: package.groups,
        });
    }
    #[expect(clippy::expect_used, reason = "strings and lists always serialize")]
    let mut text =
        serde_json::to_string_pretty(&JsonExport { packages }).expect("plain data serializes");
    text.push('\n');
    Ok(Exported {
        text,
        warnings: warnings(project, lock, &layer.choice)?,
    })
}

fn warnings(project: &Project, lock: &Lock, choice: &Choice) -> Result<Vec<String>, Error> {
    let selection = choice.resolve(project)?;
    Ok(lock
        .warnings()
        .iter()
        .chain(&selection.warnings)
        .map(ToString::to_string)
        .collect())
}
