//! Exports of locks that are not Poetry's: what one target gets.

use layerlock_client::{MachineConfig, Session};
use layerlock_install::{Reporter, Sources, WheelOrSource};
use layerlock_lock::{Choice, LockReader, LockedFile, LockedPackage, PackageSource};
use layerlock_uv::{
    ExportTarget, ExportedPackage, RequirementsFormat, pylock_text, requirements_text,
};

use crate::cache::open_cache;
use crate::choose_file::FileChoice;
use crate::configuration::{self, Layer};
use crate::lock::{LazyLock, Locked};
use crate::runtime_fit::LayerQuery;
use crate::sources::{find_default_index, index_of_option};
use crate::{Error, ExportFormat, ExportSettings, Settings, default_runtime};

/// A layer that has packages of the lock.
pub(crate) struct PackageLayer {
    pub(crate) layer: Layer,
    choice: Choice,
}

/// The one layer that an export is of.
pub(crate) fn only_layer(locked: &Locked, settings: &Settings) -> Result<PackageLayer, Error> {
    let lock = LazyLock::new(locked.project(), settings);
    let layers = configuration::layers(locked.project(), settings, &lock, &|query| {
        default_runtime::choose(locked.project(), locked, query)
    })?;
    // Only packages are exported.
    let of_packages = layers.into_iter().filter_map(|layer| {
        let choice = layer.choice.clone()?;
        Some(PackageLayer { layer, choice })
    });
    let mut layers: Vec<PackageLayer> = of_packages.collect();
    if layers.len() == 1 {
        return Ok(layers.remove(0));
    }
    let known = layers.iter().map(|one| &one.layer);
    Err(Error::WhichLayer {
        known: known
            .map(|layer| format!("{} for {}", layer.name, layer.target))
            .collect(),
    })
}

/// What is installed for a layer, each package with its file.
pub(crate) fn chosen(locked: &Locked, of: &PackageLayer) -> Result<Vec<WheelOrSource>, Error> {
    let PackageLayer {
        layer,
        choice: chosen,
    } = of;
    let environment = layer.target.marker_environment();
    let selected = locked.select(chosen, &environment)?;
    let choice = FileChoice {
        project: locked.project(),
        lock: locked,
        layer: LayerQuery {
            choice: chosen,
            exclude: &[],
            find_links: &[],
        },
        target: &layer.target,
    };
    choice.choose(selected.into_packages())
}

/// The text of requirements.txt or pylock.toml, and what the user should know.
pub(crate) fn export_locked(
    export: &ExportSettings,
    locked: &Locked,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<(String, Vec<String>), Error> {
    if export.format == ExportFormat::Constraints || export.with_credentials {
        return Err(Error::ExportOfPoetry);
    }
    let layer = only_layer(locked, settings)?;
    let chosen = chosen(locked, &layer)?;
    let mut packages: Vec<ExportedPackage> = chosen.into_iter().map(exported).collect();
    let target = ExportTarget {
        python: layer.layer.target.runtime.python_version(),
        machine: layer.layer.target.architecture.machine().to_owned(),
    };
    let text = if export.format == ExportFormat::Pylock {
        add_urls(&mut packages, locked, settings, reporter)?;
        pylock_text(&packages, &target)
    } else {
        let format = RequirementsFormat {
            without_hashes: export.without_hashes,
            without_urls: export.without_urls,
        };
        requirements_text(&packages, &target, format)
    };
    Ok((text, warnings(locked, &layer)?))
}

/// What the user should know of a lock and of a layer's target.
pub(crate) fn warnings(locked: &Locked, of: &PackageLayer) -> Result<Vec<String>, Error> {
    let PackageLayer { layer, choice } = of;
    let environment = layer.target.marker_environment();
    let mut warnings = locked.warnings(choice)?;
    warnings.extend(locked.target_warnings(&environment));
    Ok(warnings
        .into_iter()
        .map(|warning| warning.message)
        .collect())
}

fn exported(chosen: WheelOrSource) -> ExportedPackage {
    match chosen {
        WheelOrSource::Wheel(chosen) => {
            let mut files = chosen.package.files.iter();
            let file = files.find(|file| file.name == chosen.wheel.as_str());
            ExportedPackage {
                file: file.cloned(),
                package: chosen.package,
            }
        }
        WheelOrSource::Source(package) => ExportedPackage {
            file: layerlock_install::source_file(&package).cloned(),
            package,
        },
    }
}

/// Asks the indexes for the URLs that the lock has not.
fn add_urls(
    packages: &mut [ExportedPackage],
    locked: &Locked,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<(), Error> {
    let lacks_url = |exported: &ExportedPackage| {
        let is_of_index = matches!(exported.package.source, PackageSource::Registry { .. });
        let file = exported.file.as_ref();
        is_of_index && file.is_some_and(|file| file.url.is_none())
    };
    let lacking: Vec<LockedPackage> = packages
        .iter()
        .filter(|one| lacks_url(one))
        .map(|one| LockedPackage {
            files: one.file.iter().cloned().collect::<Vec<LockedFile>>(),
            ..one.package.clone()
        })
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let cache = &open_cache(&settings.cache)?;
    let machine = MachineConfig::from_environment().in_project(settings.directory());
    let session = &Session::new(machine);
    let default_index = || find_default_index(session.machine(), cache, reporter);
    let mut sources = Sources::new(locked.indexes(), &default_index, session);
    sources.option = index_of_option(settings)?;
    let offline = settings.offline || session.machine().is_offline();
    let listed = layerlock_install::look_up(&lacking, &sources, offline)?;
    let with_url = packages.iter_mut().filter(|one| lacks_url(one));
    for (exported, listed) in with_url.zip(listed) {
        if let (Some(file), Some(found)) = (&mut exported.file, listed.files.first()) {
            file.url = Some(found.url.url().to_string());
            file.size = file.size.or(found.size);
        }
    }
    Ok(())
}
