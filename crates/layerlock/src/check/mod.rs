//! Checks of layers before they are uploaded: the project's, or any zip or directory.

mod functions;
mod listed;
mod project;
mod report;
mod settings;

use layerlock_install::Reporter;

use crate::Error;
use crate::check_configuration::CheckConfiguration;
use crate::checked::{Depth, GivenTargets, check_given};
use crate::report_file::with_report;

pub use listed::{FunctionList, ListedFunction, ListedLayer, list_functions};
pub use report::{CheckReport, CheckedFunction};
pub use settings::CheckSettings;

/// Checks layers, and gives what was found. What is wrong with a layer is in the report, and
/// no error.
pub fn check(check: &CheckSettings, reporter: &dyn Reporter) -> Result<CheckReport, Error> {
    with_report(&check.settings, || {
        if check.given.is_empty() {
            return project::check(check, reporter);
        }
        let configuration = CheckConfiguration::of_directory(check.settings.directory())?;
        let mut report = CheckReport::default();
        let named = GivenTargets {
            whole: check.settings.targets.clone(),
            provider: check.settings.provider,
            runtimes: check.runtimes.clone(),
            architectures: check.architectures.clone(),
        };
        let depth = if check.import {
            Depth::Import
        } else {
            Depth::Whole
        };
        for path in &check.given {
            let targets = named.of_layer(path);
            report
                .layers
                .extend(check_given(path, targets, depth, &configuration)?);
        }
        Ok(report)
    })
}
