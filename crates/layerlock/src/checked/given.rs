//! Layers that anybody made: a zip or a directory.

use std::path::Path;

use layerlock_check::{
    Code, Finding, Layer, LayerFilesError, LayerTarget, LayerZip, Others, ReadError, Whole,
    check_briefly, check_layer, check_zip_size,
};
use layerlock_digest::Digest;
use layerlock_layer::archive::ArchiveProblem;

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

/// What a layer is checked for, with what is to be told of the choice.
pub(crate) type ToldTargets = Vec<(GivenTarget, Vec<Finding>)>;

/// Checks a zip or directory for each of these targets.
pub(crate) fn check_given(
    path: &Path,
    targets: ToldTargets,
    depth: Depth,
    configuration: &CheckConfiguration,
) -> Result<Vec<CheckedLayer>, Error> {
    if path.is_dir() {
        let given = Given {
            path,
            layer: Ok(Layer::of_directory(path)?),
            zip: None,
            depth,
            known: Remembered::default(),
        };
        return given.check_for(targets, configuration);
    }
    if !path.exists() {
        return Err(Error::LayerFiles(LayerFilesError::Missing {
            path: path.to_owned(),
        }));
    }
    let zip = LayerZip::open(path)?;
    let digest = zip.digest()?;
    check_zip((&zip, digest), path, targets, depth, configuration)
}

/// Checks a zip, whose SHA-256 is known, for each of these targets. `path` is where it is as
/// people know it.
pub(crate) fn check_zip(
    (zip, digest): (&LayerZip, Digest),
    path: &Path,
    targets: ToldTargets,
    depth: Depth,
    configuration: &CheckConfiguration,
) -> Result<Vec<CheckedLayer>, Error> {
    let given = Given {
        path,
        layer: zip.layer(),
        zip: Some(CheckedZip::new(path, zip.size(), &digest)),
        depth,
        known: Remembered::default(),
    };
    given.check_for(targets, configuration)
}

/// A layer that is checked, read once for all of its targets.
struct Given<'g> {
    path: &'g Path,
    /// Its files, or why they cannot be read.
    layer: Result<Layer<'g>, ArchiveProblem>,
    zip: Option<CheckedZip>,
    depth: Depth,
    known: Remembered,
}

impl Given<'_> {
    fn check_for(
        &self,
        targets: ToldTargets,
        configuration: &CheckConfiguration,
    ) -> Result<Vec<CheckedLayer>, Error> {
        let checked = targets.into_iter().map(|(target, told)| {
            let mut layer = self.check_one(&target)?;
            layer.findings.splice(0..0, told);
            layer
                .findings
                .extend(configuration.budget(layer.unzipped_size));
            layer.findings = configuration.apply(layer.findings);
            Ok(layer)
        });
        checked.collect()
    }

    fn check_one(&self, target: &GivenTarget) -> Result<CheckedLayer, Error> {
        let (mut whole, imports) = match &self.layer {
            Ok(layer) => self.look(layer, target)?,
            Err(problem) => (bad_archive(self.path, problem), Imports::default()),
        };
        if let LayerTarget::Python(target) | LayerTarget::Other(target) = &target.checked_for
            && let Some(zip) = &self.zip
        {
            whole.findings.extend(check_zip_size(zip.size, target));
        }
        let layer = self.layer.as_ref().ok();
        let mut checked = CheckedLayer {
            zip: self.zip.clone(),
            unzipped_size: layer.map_or(0, Layer::unzipped_size),
            file_count: layer.map_or(0, Layer::file_count),
            ..CheckedLayer::given(self.path, target.shown.clone(), whole)
        };
        checked.take(imports);
        Ok(checked)
    }

    fn look(&self, layer: &Layer<'_>, target: &GivenTarget) -> Result<(Whole, Imports), Error> {
        let imports = self.imports(layer, target)?;
        let whole = match self.check(layer, target.checked_for) {
            Ok(whole) => whole,
            Err(ReadError::Layer(error)) => return Err(error.into()),
            Err(ReadError::Archive(problem)) => bad_archive(self.path, &problem),
        };
        Ok((whole, imports))
    }

    fn check(&self, layer: &Layer<'_>, target: LayerTarget) -> Result<Whole, ReadError> {
        match self.depth {
            Depth::Names => check_briefly(layer, target, None),
            Depth::Brief => check_briefly(layer, target, Some(&self.known)),
            Depth::Whole | Depth::Import => {
                check_layer(layer.clone(), target, &self.known, &Others::NONE)
            }
        }
    }

    /// The modules of a layer for Python, imported where that is asked for.
    fn imports(&self, layer: &Layer<'_>, target: &GivenTarget) -> Result<Imports, Error> {
        match target.checked_for {
            LayerTarget::Python(target) if self.depth == Depth::Import => {
                imports::import(layer, &target, &|_| None)
            }
            _ => Ok(Imports::default()),
        }
    }
}

fn bad_archive(path: &Path, problem: &ArchiveProblem) -> Whole {
    let message = format!("{} {problem}", path.display());
    let finding = Finding::new(Code::BadArchive, message)
        .with_hint("zip the layer's directory anew, for example with `zip -r layer.zip python`");
    Whole {
        findings: vec![finding],
        ..Whole::default()
    }
}
