//! The npm packages of a layer: `npm` and `omit`.

use std::path::PathBuf;

use layerlock_diagnostic::Place;
use layerlock_npm::Omit;

use super::context::Context;
use super::table::LayerTable;
use crate::Error;

/// A lock of npm that a layer has the packages of.
#[derive(Debug, Clone)]
pub(crate) struct NpmLayer {
    /// The folder of package.json.
    pub(crate) directory: PathBuf,
    /// The kinds of dependencies that are left out.
    pub(crate) omit: Vec<Omit>,
    /// Where the folder is named.
    pub(crate) place: Place,
}

impl Context<'_> {
    /// `npm` and `omit` of a layer.
    pub(super) fn npm(self, layer: &LayerTable) -> Result<Option<NpmLayer>, Error> {
        let Some(npm) = &layer.npm else {
            return match &layer.omit {
                None => Ok(None),
                Some(omit) => Err(self.bad(
                    omit,
                    &"`omit` is for the packages of `npm`, which the layer has not",
                )),
            };
        };
        let omit = layer.omit.as_ref().map(|omit| {
            let kinds = omit.get_ref().iter();
            let kinds = kinds.map(|text| {
                let kind: Result<Omit, String> = text.get_ref().parse();
                kind.map_err(|message| self.bad(text, &message))
            });
            kinds.collect::<Result<Vec<_>, Error>>()
        });
        Ok(Some(NpmLayer {
            directory: self.settings.below_project(npm.get_ref()),
            omit: omit.transpose()?.unwrap_or_else(|| vec![Omit::Dev]),
            place: self.project.place(npm.span()),
        }))
    }
}
