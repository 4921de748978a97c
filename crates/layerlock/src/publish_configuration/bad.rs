//! What is wrong with a setting, with its place in pyproject.toml.

use layerlock_export::Project;
use toml::Spanned;

use crate::Error;

pub(super) fn bad<T>(project: &Project, setting: &Spanned<T>, message: String) -> Error {
    Error::Configuration {
        message,
        place: project.place(setting.span()),
    }
}
