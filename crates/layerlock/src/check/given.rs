//! Layers that anybody made: a zip or a directory.

use std::path::Path;

use fs_err as fs;
use layerlock_check::{
    Code, Finding, Layer, LayerFilesError, LayerTarget, NothingKnown, Others, ReadError, Whole,
    check_layer, check_zip_size,
};
use layerlock_layer::PlannedFile;
use layerlock_layer::archive::{self, ArchiveProblem, ArchiveRules, FileReader};
use layerlock_target::{Architecture, Provider, Support, Target};

use super::imports::{self, Imports};
use super::report::{CheckedLayer, CheckedTarget, CheckedZip};
use super::settings::CheckSettings;
use crate::Error;
use crate::check_configuration::CheckConfiguration;

/// Checks a zip or directory for each target that it is for.
pub(super) fn check(
    path: &Path,
    settings: &CheckSettings,
    configuration: &CheckConfiguration,
) -> Result<Vec<CheckedLayer>, Error> {
    let targets = targets(path, settings);
    let mut checked = Vec::new();
    for (target, told) in targets {
        let mut layer = if path.is_dir() {
            of_directory(path, &target, settings.import)?
        } else if path.exists() {
            of_zip(path, &target, settings.import)?
        } else {
            return Err(Error::LayerFiles(LayerFilesError::Missing {
                path: path.to_owned(),
            }));
        };
        layer.findings.splice(0..0, told);
        layer
            .findings
            .extend(configuration.budget(layer.unzipped_size));
        layer.findings = configuration.apply(layer.findings);
        checked.push(layer);
    }
    Ok(checked)
}

/// What a given layer is for.
struct GivenTarget {
    checked_for: LayerTarget,
    shown: CheckedTarget,
}

/// Each runtime with each architecture, and what the user should know of how they were
/// chosen.
fn targets(path: &Path, settings: &CheckSettings) -> Vec<(GivenTarget, Vec<Finding>)> {
    if !settings.settings.targets.is_empty() {
        let targets = settings.settings.targets.iter();
        return targets
            .map(|target| (of_target(*target), Vec::new()))
            .collect();
    }
    let provider = settings.settings.provider.unwrap_or(Provider::Aws);
    let (of_name, architecture_of_name) = named(path, provider);
    let mut told = Vec::new();
    let runtimes = match &settings.runtimes[..] {
        [] => vec![of_name.unwrap_or_else(|| {
            let newest = newest(provider);
            let message = format!("checked for {newest}, the newest runtime");
            told.push(
                Finding::new(Code::DefaultRuntime, message)
                    .with_hint("name the function's runtime with --runtime"),
            );
            newest
        })],
        named => named.to_vec(),
    };
    let architectures = match &settings.architectures[..] {
        [] => vec![architecture_of_name.unwrap_or_else(|| provider.default_architecture())],
        named => named.to_vec(),
    };
    let mut targets = Vec::new();
    for runtime in &runtimes {
        for &architecture in &architectures {
            targets.push((target(provider, runtime, architecture), told.clone()));
        }
    }
    targets
}

fn target(provider: Provider, runtime: &str, architecture: Architecture) -> GivenTarget {
    let known = provider.runtime(runtime).ok();
    let target = known.map(|runtime| Target::new(runtime, architecture));
    GivenTarget {
        checked_for: target.map_or(LayerTarget::Other(provider), LayerTarget::from),
        shown: CheckedTarget {
            provider,
            runtime: runtime.to_owned(),
            architecture,
        },
    }
}

fn of_target(target: Target) -> GivenTarget {
    GivenTarget {
        checked_for: target.into(),
        shown: target.into(),
    }
}

fn newest(provider: Provider) -> String {
    let mut runtimes = provider.runtimes().rev();
    let supported = runtimes.find(|runtime| matches!(runtime.support(), Support::Until(_)));
    supported.map_or_else(String::new, |runtime| runtime.to_string())
}

/// The runtime and the architecture in a file's name: builds name a zip
/// `LAYER-RUNTIME-ARCHITECTURE.zip`.
fn named(path: &Path, provider: Provider) -> (Option<String>, Option<Architecture>) {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let parts = || stem.split('-');
    let is_runtime = |part: &&str| provider.runtime(part).is_ok_and(|it| !it.is_any());
    let runtime = parts().find(is_runtime);
    let architecture = Architecture::ALL
        .into_iter()
        .find(|one| parts().any(|part| part == one.name()));
    (runtime.map(str::to_owned), architecture)
}

fn of_directory(path: &Path, target: &GivenTarget, import: bool) -> Result<CheckedLayer, Error> {
    let layer = Layer::of_directory(path)?;
    let (unzipped_size, file_count) = (layer.unzipped_size(), layer.file_count());
    let imports = import_of(&layer, target, import)?;
    let whole = match check_layer(layer, target.checked_for, &NothingKnown, &Others::NONE) {
        Err(ReadError::Layer(error)) => return Err(error.into()),
        whole => whole.unwrap_or_default(),
    };
    let mut checked = CheckedLayer {
        unzipped_size,
        file_count,
        ..CheckedLayer::given(path, target.shown.clone(), whole)
    };
    checked.take(imports);
    Ok(checked)
}

fn of_zip(path: &Path, target: &GivenTarget, import: bool) -> Result<CheckedLayer, Error> {
    let planned = PlannedFile::read(path)?;
    let file = fs::File::open(path).map_err(layerlock_layer::Error::io("read", path))?;
    let reader = FileReader::from(file.into_file());
    let rules = ArchiveRules {
        max_unpacked: u64::MAX,
        // A layer may have links.
        links_are_files: true,
    };
    let mut sizes = (0, 0);
    let mut imports = Imports::default();
    let whole = match archive::read(&reader, planned.size(), rules) {
        Ok(members) => {
            let layer = Layer::of_members(members);
            sizes = (layer.unzipped_size(), layer.file_count());
            imports = import_of(&layer, target, import)?;
            check_layer(layer, target.checked_for, &NothingKnown, &Others::NONE)
        }
        Err(problem) => Err(ReadError::Archive(problem)),
    };
    let mut whole = match whole {
        Ok(whole) => whole,
        Err(ReadError::Layer(error)) => return Err(error.into()),
        Err(ReadError::Archive(problem)) => Whole {
            findings: vec![bad_archive(path, &problem)],
            ..Whole::default()
        },
    };
    if let LayerTarget::Python(target) = target.checked_for {
        whole
            .findings
            .extend(check_zip_size(planned.size(), &target));
    }
    let mut checked = CheckedLayer {
        zip: Some(CheckedZip::new(path, planned.size(), &planned.digest())),
        unzipped_size: sizes.0,
        file_count: sizes.1,
        ..CheckedLayer::given(path, target.shown.clone(), whole)
    };
    checked.take(imports);
    Ok(checked)
}

/// The modules of a layer for Python, imported where that is asked for.
fn import_of(layer: &Layer<'_>, target: &GivenTarget, import: bool) -> Result<Imports, Error> {
    match target.checked_for {
        LayerTarget::Python(target) if import => imports::run(layer, &target),
        _ => Ok(Imports::default()),
    }
}

fn bad_archive(path: &Path, problem: &ArchiveProblem) -> Finding {
    let message = format!("{} {problem}", path.display());
    Finding::new(Code::BadArchive, message)
        .with_hint("zip the layer's directory anew, for example with `zip -r layer.zip python`")
}
