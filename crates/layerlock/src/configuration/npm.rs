//! The npm packages of a layer: `npm` and `omit`.

use std::path::PathBuf;

use layerlock_diagnostic::Place;
use layerlock_npm::Omit;
use layerlock_target::{Language, Provider, Target};

use super::context::Context;
use super::table::LayerTable;
use crate::Error;

/// A lock of npm that a layer has the packages of.
#[derive(Debug, Clone)]
pub(crate) struct NpmLayer {
    /// The folder of package.json.
    pub(crate) directory: PathBuf,
    /// Where `node_modules` lies in the layer.
    pub(crate) folder: String,
    /// The kinds of dependencies that are left out.
    pub(crate) omit: Vec<Omit>,
    /// Whether a lock that is out of date is taken as it is.
    pub(crate) allow_stale_lock: bool,
    /// Where the folder is named.
    pub(crate) place: Place,
}

impl Context<'_> {
    /// `npm`, `omit` and `per-node-version` of a layer for a target.
    pub(super) fn npm(
        self,
        layer: &LayerTable,
        target: &Target,
    ) -> Result<Option<NpmLayer>, Error> {
        const WITHOUT: &str = "is for the packages of `npm`, which the layer has not";
        let Some(npm) = &layer.npm else {
            return match (&layer.omit, &layer.per_node_version) {
                (None, None) => Ok(None),
                (Some(omit), _) => Err(self.bad(omit, &format!("`omit` {WITHOUT}"))),
                (None, Some(setting)) => {
                    Err(self.bad(setting, &format!("`per-node-version` {WITHOUT}")))
                }
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
            directory: self.folder(npm.get_ref()),
            folder: self.node_folder(layer, target)?,
            omit: omit.transpose()?.unwrap_or_else(|| vec![Omit::Dev]),
            allow_stale_lock: self.settings.allow_stale_lock,
            place: self.project.place(npm.span()),
        }))
    }

    /// Where a function of the target looks for `node_modules`.
    fn node_folder(self, layer: &LayerTable, target: &Target) -> Result<String, Error> {
        const FOLDER: &str = "nodejs";
        let setting = layer.per_node_version.as_ref();
        let Some(setting) = setting.filter(|setting| *setting.get_ref()) else {
            return Ok(FOLDER.to_owned());
        };
        let runtime = target.runtime;
        if target.provider() != Provider::Aws {
            let message = format!(
                "{} has no folder for each version of Node: remove `per-node-version`",
                target.provider().title()
            );
            return Err(self.bad(setting, &message));
        }
        match runtime
            .major()
            .filter(|_| runtime.language() == Language::Node)
        {
            Some(major) => Ok(format!("{FOLDER}/node{major}")),
            None => Err(self.bad(
                setting,
                &"`per-node-version` needs a `runtime` of Node, such as `nodejs22`",
            )),
        }
    }
}
