//! The compiled files of a layer, as the checks on binaries get them.

use layerlock_target::Target;

use crate::Finding;
use crate::binaries::{BinaryContent, BinaryFile, check_binaries};
use crate::facts::{Known, examine_compiled};
use crate::layer::{Layer, ReadError};

/// Checks whether the compiled files of a layer run on its target: each build does that.
pub fn check_compiled(
    layer: &Layer<'_>,
    target: &Target,
    known: &dyn Known,
) -> Result<Vec<Finding>, ReadError> {
    let facts = examine_compiled(layer, known)?;
    let mut reader = layer.reader();
    let mut links = Vec::with_capacity(layer.files.len());
    for file in &layer.files {
        links.push(if file.is_link {
            Some(reader.text(file)?)
        } else {
            None
        });
    }
    let files = layer.files.iter().zip(&facts).zip(&links);
    let files = files.map(|((file, facts), link)| BinaryFile {
        path: &file.path,
        package: file.package(),
        content: match (link, &facts.binary) {
            (Some(link), _) => BinaryContent::Link(link),
            (None, Some(binary)) => BinaryContent::Binary(binary),
            (None, None) => BinaryContent::Other,
        },
    });
    Ok(check_binaries(files, target))
}
