//! The jars of a layer: `maven`.

use std::path::PathBuf;

use layerlock_diagnostic::Place;

use super::context::Context;
use super::table::LayerTable;

/// A Maven project that a layer has the jars of.
#[derive(Debug, Clone)]
pub(crate) struct MavenLayer {
    /// The folder of pom.xml.
    pub(crate) directory: PathBuf,
    /// Where the folder is named.
    pub(crate) place: Place,
}

impl Context<'_> {
    /// `maven` of a layer.
    pub(super) fn maven(self, layer: &LayerTable) -> Option<MavenLayer> {
        let maven = layer.maven.as_ref()?;
        Some(MavenLayer {
            directory: self.folder(maven.get_ref()),
            place: self.project.place(maven.span()),
        })
    }
}
