//! Checks of layers before they are uploaded: the project's, or any zip or directory.

mod functions;
mod given;
mod imports;
mod project;
mod report;
mod settings;

use std::path::Path;

use layerlock_export::Project;
use layerlock_install::Reporter;

use crate::Error;
use crate::report_file::with_report;

use crate::check_configuration::CheckConfiguration;

pub use imports::Imported;
pub use report::{
    CheckReport, CheckedFunction, CheckedLayer, CheckedPackage, CheckedTarget, CheckedZip,
};
pub use settings::CheckSettings;

/// Checks layers, and gives what was found. What is wrong with a layer is in the report, and
/// no error.
pub fn check(check: &CheckSettings, reporter: &dyn Reporter) -> Result<CheckReport, Error> {
    with_report(&check.settings, || {
        if check.given.is_empty() {
            return project::check(check, reporter);
        }
        let configuration = configuration_of(check.settings.directory())?;
        let mut report = CheckReport::default();
        for path in &check.given {
            report
                .layers
                .extend(given::check(path, check, &configuration)?);
        }
        Ok(report)
    })
}

fn configuration_of(directory: &Path) -> Result<CheckConfiguration, Error> {
    if directory.join("pyproject.toml").exists() {
        CheckConfiguration::read(&Project::read(directory)?)
    } else {
        Ok(CheckConfiguration::default())
    }
}
