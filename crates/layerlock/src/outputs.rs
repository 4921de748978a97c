//! Outputs must not lie in each other: not those of one run, nor in those of an
//! earlier one.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use layerlock_export::SETTINGS_FILE;
use layerlock_target::Target;

use crate::configuration::Layer;
use crate::{Error, Settings};

/// A staging directory is replaced as a whole: an output of the same run that is
/// in it would be lost, and reported all the same.
pub(crate) fn refuse_overlaps(layers: &[Layer]) -> Result<(), Error> {
    refuse_shared_staging(layers)?;
    refuse_shared_zip(layers)?;
    let mut outputs = Vec::new();
    for layer in layers {
        let zip = layer.zip.iter().map(|path| (path, false));
        let staging = layer.staging.iter().map(|path| (path, true));
        outputs.extend(
            zip.chain(staging)
                .map(|(path, replaced)| (path, resolved(path), replaced)),
        );
    }
    for (index, (outer, outer_resolved, replaced)) in outputs.iter().enumerate() {
        for (other, (inner, inner_resolved, _)) in outputs.iter().enumerate() {
            if *replaced && other != index && inner_resolved.starts_with(outer_resolved) {
                return Err(Error::Overlap {
                    inner: (*inner).clone(),
                    outer: (*outer).clone(),
                });
            }
        }
    }
    Ok(())
}

/// A report is neither part of a layer nor in the place of one. `outputs` are zips and
/// staging directories.
pub(crate) fn refuse_report<'o>(
    report: Option<&Path>,
    outputs: impl Iterator<Item = (Option<&'o PathBuf>, Option<&'o PathBuf>)>,
) -> Result<(), Error> {
    let Some(report) = report else {
        return Ok(());
    };
    let place = resolved(report);
    for (zip, staging) in outputs {
        if let Some(outer) = staging.filter(|staging| place.starts_with(resolved(staging))) {
            return Err(Error::Overlap {
                inner: report.to_owned(),
                outer: outer.clone(),
            });
        }
        if let Some(zip) = zip.filter(|zip| place == resolved(zip)) {
            return Err(Error::ReportReplaces { path: zip.clone() });
        }
    }
    Ok(())
}

/// A report that would take the place of what the layers are made from.
pub(crate) fn refuse_report_on_inputs(report: &Path, settings: &Settings) -> Result<(), Error> {
    let place = resolved(report);
    let inputs = [
        "pyproject.toml",
        SETTINGS_FILE,
        "poetry.lock",
        "uv.lock",
        "pylock.toml",
    ];
    let inputs = inputs.map(|file| settings.below_project(file));
    let inputs = inputs.into_iter().chain(settings.lock.clone());
    match inputs.into_iter().find(|input| place == resolved(input)) {
        Some(path) => Err(Error::ReportReplaces { path }),
        None => Ok(()),
    }
}

/// Two layers with one staging directory: told by their names, since it is one mistake in
/// the configuration.
fn refuse_shared_staging(layers: &[Layer]) -> Result<(), Error> {
    let mut seen: HashMap<PathBuf, &Layer> = HashMap::new();
    for layer in layers {
        let Some(directory) = &layer.staging else {
            continue;
        };
        if let Some(first) = seen.insert(resolved(directory), layer) {
            return Err(Error::SharedStaging {
                first: first.name.clone(),
                second: layer.name.clone(),
                directory: directory.clone(),
            });
        }
    }
    Ok(())
}

/// Two layers with one zip, also where names ignore case.
fn refuse_shared_zip(layers: &[Layer]) -> Result<(), Error> {
    let mut seen: HashMap<String, &Layer> = HashMap::new();
    for layer in layers {
        let Some(zip) = &layer.zip else {
            continue;
        };
        let place = resolved(zip).display().to_string().to_lowercase();
        if let Some(first) = seen.insert(place, layer) {
            let of = |layer: &Layer| format!("{} for {}", layer.name, layer.target);
            return Err(Error::SharedZip {
                first: of(first),
                second: of(layer),
                path: zip.clone(),
            });
        }
    }
    Ok(())
}

/// Where a directory is for several layers, each has a directory of its own in it. An
/// earlier layer that is the whole directory, from when it was the only one, would
/// stay around them, and be deployed with them.
pub(crate) fn refuse_remains(layers: &[Layer]) -> Result<(), Error> {
    for layer in layers {
        for directory in layer.shared_directories() {
            if holds_a_layer(directory, &layer.target) {
                return Err(Error::Remains {
                    directory: directory.to_owned(),
                });
            }
        }
    }
    Ok(())
}

fn holds_a_layer(directory: &Path, target: &Target) -> bool {
    let Ok(packages) = fs_err::read_dir(directory.join(target.site_packages())) else {
        return false;
    };
    let is_metadata = |entry: fs_err::DirEntry| {
        Path::new(&entry.file_name())
            .extension()
            .is_some_and(|extension| extension == "dist-info")
    };
    packages.flatten().any(is_metadata)
}

/// The path with its links followed, as far as it exists.
pub(crate) fn resolved(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for directory in absolute.ancestors() {
        if let Ok(real) = directory.canonicalize() {
            return match absolute.strip_prefix(directory) {
                Ok(rest) if rest.as_os_str().is_empty() => real,
                Ok(rest) => real.join(rest),
                Err(_) => real,
            };
        }
    }
    absolute
}
