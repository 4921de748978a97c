use std::fmt::Display;
use std::path::{Path, PathBuf};

use layerlock_export::Project;
use toml::Spanned;

use crate::{Error, Settings};

/// Where the settings of a layer are read, for what a module of its own reads.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) project: &'a Project,
    pub(super) settings: &'a Settings,
}

impl Context<'_> {
    /// A folder of the project; the project's own where it is `.`.
    pub(super) fn folder(self, named: &Path) -> PathBuf {
        self.settings.below_project(named).components().collect()
    }

    /// The error that points at a setting.
    pub(super) fn bad<T>(self, setting: &Spanned<T>, error: &dyn Display) -> Error {
        Error::Configuration {
            message: error.to_string(),
            place: self.project.place(setting.span()),
        }
    }
}
