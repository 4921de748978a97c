//! Checks of layers before they are uploaded: the project's, or any zip or directory.

mod configuration;
mod functions;
mod given;
mod imports;
mod kept_facts;
mod project;
mod report;

use std::path::{Path, PathBuf};

use layerlock_check::{Finding, Layer, ReadError, check_compiled};
use layerlock_export::Project;
use layerlock_install::{Cache, Reporter};
use layerlock_layer::LayerPlan;
use layerlock_target::{Architecture, Target};

use crate::report_file::with_report;
use crate::{Error, Settings};

use kept_facts::KeptFacts;

pub(crate) use configuration::{
    CheckConfiguration, CheckTable, FunctionTable, SizeText, parse_size,
};
pub use imports::Imported;
pub use report::{
    CheckReport, CheckedFunction, CheckedLayer, CheckedPackage, CheckedTarget, CheckedZip,
};

/// What to check.
#[derive(Debug, Clone, Default)]
pub struct CheckSettings {
    /// The project, whose layers are planned where none is given. Of given ones only what it
    /// says of checks counts.
    pub settings: Settings,
    /// Layers that anybody made: zips, or directories of a layer's files.
    pub given: Vec<PathBuf>,
    /// The runtimes of given layers, in the provider's names. One that is none of Python is
    /// checked for what depends on no language. Where there are none, a layer's file name
    /// tells, as builds name it, else it is checked for the newest.
    pub runtimes: Vec<String>,
    /// The architectures of given layers.
    pub architectures: Vec<Architecture>,
    /// Whether to import each top-level module, by an interpreter of this machine.
    pub import: bool,
}

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

/// Checks the compiled files of a planned layer, which each build does.
pub(crate) fn compiled(
    plan: &LayerPlan,
    target: &Target,
    cache: &Cache,
) -> Result<Vec<Finding>, Error> {
    let kept = KeptFacts::of_compiled(cache, plan);
    let findings = match check_compiled(&Layer::of_plan(plan), target, &kept) {
        Err(ReadError::Layer(error)) => return Err(error.into()),
        findings => findings.unwrap_or_default(),
    };
    kept.keep();
    Ok(findings)
}

fn configuration_of(directory: &Path) -> Result<CheckConfiguration, Error> {
    if directory.join("pyproject.toml").exists() {
        CheckConfiguration::read(&Project::read(directory)?)
    } else {
        Ok(CheckConfiguration::default())
    }
}
