//! Layers that anybody made: a zip or a directory.

use std::path::Path;

use fs_err as fs;
use layerlock_check::{
    Code, Finding, Layer, LayerFilesError, LayerTarget, Others, ReadError, Whole, check_briefly,
    check_layer, check_zip_size,
};
use layerlock_layer::PlannedFile;
use layerlock_layer::archive::{self, ArchiveProblem, ArchiveRules, FileReader};

use super::imports::{self, Imports};
use super::layer::{CheckedLayer, CheckedZip};
use super::remembered::Remembered;
use super::targets::GivenTarget;
use crate::Error;
use crate::check_configuration::CheckConfiguration;

/// How much is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// What each build checks.
    Brief,
    /// The same without compiled files: nobody knows for which processor they are.
    Names,
    /// Everything.
    Whole,
    /// The same, and each module is imported.
    Import,
}

/// Checks a zip or directory for each of these targets.
pub(crate) fn check_given(
    path: &Path,
    targets: Vec<(GivenTarget, Vec<Finding>)>,
    depth: Depth,
    configuration: &CheckConfiguration,
) -> Result<Vec<CheckedLayer>, Error> {
    if !path.is_dir() && !path.exists() {
        return Err(Error::LayerFiles(LayerFilesError::Missing {
            path: path.to_owned(),
        }));
    }
    let known = Remembered::default();
    let mut checked = Vec::new();
    for (target, told) in targets {
        let given = Given {
            path,
            target,
            depth,
            known: &known,
        };
        let mut layer = if path.is_dir() {
            given.of_directory()?
        } else {
            given.of_zip()?
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

/// A layer that is checked for a target.
struct Given<'g> {
    path: &'g Path,
    target: GivenTarget,
    depth: Depth,
    known: &'g Remembered,
}

impl Given<'_> {
    fn of_directory(&self) -> Result<CheckedLayer, Error> {
        let layer = Layer::of_directory(self.path)?;
        let (unzipped_size, file_count) = (layer.unzipped_size(), layer.file_count());
        let imports = self.imports(&layer)?;
        let whole = match self.check(layer) {
            Err(ReadError::Layer(error)) => return Err(error.into()),
            whole => whole.unwrap_or_default(),
        };
        let mut checked = CheckedLayer {
            unzipped_size,
            file_count,
            ..CheckedLayer::given(self.path, self.target.shown.clone(), whole)
        };
        checked.take(imports);
        Ok(checked)
    }

    fn of_zip(&self) -> Result<CheckedLayer, Error> {
        let path = self.path;
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
                imports = self.imports(&layer)?;
                self.check(layer)
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
        if let LayerTarget::Python(target) | LayerTarget::Other(target) = self.target.checked_for {
            let zip_size = check_zip_size(planned.size(), &target);
            whole.findings.extend(zip_size);
        }
        let mut checked = CheckedLayer {
            zip: Some(CheckedZip::new(path, planned.size(), &planned.digest())),
            unzipped_size: sizes.0,
            file_count: sizes.1,
            ..CheckedLayer::given(path, self.target.shown.clone(), whole)
        };
        checked.take(imports);
        Ok(checked)
    }

    fn check(&self, layer: Layer<'_>) -> Result<Whole, ReadError> {
        let target = self.target.checked_for;
        match self.depth {
            Depth::Names => check_briefly(&layer, target, None),
            Depth::Brief => check_briefly(&layer, target, Some(self.known)),
            Depth::Whole | Depth::Import => check_layer(layer, target, self.known, &Others::NONE),
        }
    }

    /// The modules of a layer for Python, imported where that is asked for.
    fn imports(&self, layer: &Layer<'_>) -> Result<Imports, Error> {
        match self.target.checked_for {
            LayerTarget::Python(target) if self.depth == Depth::Import => {
                imports::import(layer, &target, &|_| None)
            }
            _ => Ok(Imports::default()),
        }
    }
}

fn bad_archive(path: &Path, problem: &ArchiveProblem) -> Finding {
    let message = format!("{} {problem}", path.display());
    Finding::new(Code::BadArchive, message)
        .with_hint("zip the layer's directory anew, for example with `zip -r layer.zip python`")
}
