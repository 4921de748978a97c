//! What a layer takes from the project's own files: `folders`, `run` and `inputs`.

use std::path::PathBuf;

use layerlock_diagnostic::Place;
use layerlock_folders::{Folder, Input, RunCommand};
use toml::Spanned;

use super::context::Context;
use super::table::LayerTable;
use crate::Error;

/// The project's own files in a layer, and what makes them.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnFiles {
    /// Each with the line that names it, and the path as it is written there.
    pub(crate) folders: Vec<OwnFolder>,
    /// What makes them, to be run before they are read.
    pub(crate) run: Option<(RunCommand, Place)>,
    /// What that makes them of, where it is known.
    pub(crate) inputs: Option<Vec<Input>>,
}

/// A folder or file of the project.
#[derive(Debug, Clone)]
pub(crate) struct OwnFolder {
    pub(crate) folder: Folder,
    /// The path as it is written.
    pub(crate) name: String,
    pub(crate) place: Place,
}

impl OwnFiles {
    pub(crate) const fn is_empty(&self) -> bool {
        self.folders.is_empty()
    }
}

impl Context<'_> {
    /// `folders`, `run` and `inputs` of a layer.
    pub(super) fn own_files(self, layer: &LayerTable) -> Result<OwnFiles, Error> {
        let Some(folders) = &layer.folders else {
            return self.refuse_without_folders(layer);
        };
        if folders.get_ref().is_empty() {
            let message = "an empty table leaves nothing for the layer: name folders, such as \
                           `folders = { \"python\" = \"src\" }`, or remove this line";
            return Err(self.bad(folders, &message));
        }
        let entries = folders.get_ref().iter();
        Ok(OwnFiles {
            folders: entries
                .map(|(to, from)| self.own_folder(to, from))
                .collect::<Result<_, _>>()?,
            run: self.run(layer)?,
            inputs: self.inputs(layer)?,
        })
    }

    fn refuse_without_folders(self, layer: &LayerTable) -> Result<OwnFiles, Error> {
        let message = "what `run` makes is named by `folders`, and the layer has none";
        match &layer.run {
            Some(run) => Err(self.bad(run, &message)),
            None => self.inputs(layer).map(|_| OwnFiles::default()),
        }
    }

    fn own_folder(self, to: &Spanned<String>, from: &Spanned<PathBuf>) -> Result<OwnFolder, Error> {
        let path = self.settings.below_project(from.get_ref());
        let folder = Folder::new(to.get_ref(), path).map_err(|error| {
            let message = format!(
                "{:?} is no place in a layer: it {error}; write a path such as `python` or \
                 `bin`, or `.` for all of the layer",
                to.get_ref()
            );
            self.bad(to, &message)
        })?;
        Ok(OwnFolder {
            folder,
            name: from.get_ref().display().to_string(),
            place: self.project.place(from.span()),
        })
    }

    fn run(self, layer: &LayerTable) -> Result<Option<(RunCommand, Place)>, Error> {
        let Some(run) = &layer.run else {
            return Ok(None);
        };
        let command = RunCommand::new(run.get_ref().clone(), self.settings.directory());
        if let Some(command) = command {
            return Ok(Some((command, self.project.place(run.span()))));
        }
        let message = "it names no program: write the words of a command, such as `run = \
                       [\"make\", \"layer\"]`";
        Err(self.bad(run, &message))
    }

    fn inputs(self, layer: &LayerTable) -> Result<Option<Vec<Input>>, Error> {
        let Some(inputs) = &layer.inputs else {
            return Ok(None);
        };
        if layer.run.is_none() {
            let message = "`inputs` are what `run` makes the folders of, and there is no `run`";
            return Err(self.bad(inputs, &message));
        }
        let parsed = inputs.get_ref().iter().map(|text| {
            match Input::parse(text.get_ref(), self.settings.directory()) {
                Ok(input) if input.exists() => Ok(input),
                Ok(_) => Err(layerlock_folders::Error::NoInput {
                    pattern: text.get_ref().clone(),
                }),
                Err(error) => Err(error),
            }
            .map_err(|error| Error::OwnFiles {
                error,
                place: Some(self.project.place(text.span())),
            })
        });
        parsed.collect::<Result<_, _>>().map(Some)
    }
}
