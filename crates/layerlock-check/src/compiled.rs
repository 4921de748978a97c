//! The compiled files of a layer, as the checks on binaries get them.

use layerlock_elf::Binary;
use layerlock_target::Target;
use serde::{Deserialize, Serialize};

use crate::Finding;
use crate::binaries::{BinaryContent, BinaryFile, check_binaries_beside};
use crate::facts::{Known, examine_compiled};
use crate::layer::{Layer, ReadError, package_in};

/// The files of a layer, as far as compiled ones are judged by them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct CompiledFiles(Vec<CompiledFile>);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct CompiledFile {
    path: String,
    owner: Option<String>,
    content: Content,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Content {
    Binary(Binary),
    Link(String),
    Other,
}

impl CompiledFiles {
    pub(crate) fn read(layer: &Layer<'_>, known: &dyn Known) -> Result<Self, ReadError> {
        let facts = examine_compiled(layer, known)?;
        let mut reader = layer.reader();
        let mut files = Vec::with_capacity(layer.files.len());
        for (file, facts) in layer.files.iter().zip(facts) {
            let content = match facts.binary {
                _ if file.is_link => Content::Link(reader.text(file)?),
                Some(binary) => Content::Binary(binary),
                None => Content::Other,
            };
            files.push(CompiledFile {
                path: file.path.to_string(),
                owner: file.owner.as_deref().map(str::to_owned),
                content,
            });
        }
        Ok(Self(files))
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = BinaryFile<'_>> {
        self.0.iter().map(|file| BinaryFile {
            path: &file.path,
            package: file.owner.as_deref().and_then(package_in),
            content: match &file.content {
                Content::Binary(binary) => BinaryContent::Binary(binary),
                Content::Link(target) => BinaryContent::Link(target),
                Content::Other => BinaryContent::Other,
            },
        })
    }
}

/// Checks whether the compiled files of a layer run on its target: each build does that.
/// `libraries` are the names of those that functions can have from other layers.
pub fn check_compiled(
    layer: &Layer<'_>,
    target: &Target,
    known: &dyn Known,
    libraries: &[&str],
) -> Result<Vec<Finding>, ReadError> {
    let compiled = CompiledFiles::read(layer, known)?;
    let libraries = libraries.iter().copied();
    Ok(check_binaries_beside(compiled.files(), libraries, target))
}
