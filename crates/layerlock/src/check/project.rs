//! The layers of a project, each and together.

use layerlock_check::{Finding, Layer, ReadError, check_layer};
use layerlock_export::Project;
use layerlock_install::{Cache, Reporter};
use layerlock_layer::LayerPlan;
use layerlock_lock::normalize_name;
use layerlock_target::Language;

use super::functions::{self, PlannedLayer};
use super::imports;
use super::report::{CheckReport, CheckedLayer, CheckedPackage};
use super::settings::CheckSettings;
use crate::Error;
use crate::build::plan_and_look;
use crate::built::{Built, BuiltLayer};
use crate::check_configuration::CheckConfiguration;
use crate::kept_facts::KeptFacts;

/// Plans the project's layers, and checks them.
pub(super) fn check(check: &CheckSettings, reporter: &dyn Reporter) -> Result<CheckReport, Error> {
    let settings = &check.settings;
    let project = Project::read(settings.directory())?;
    let configuration = CheckConfiguration::read(&project)?;
    let functions = functions::read(&project, settings, &configuration)?;
    plan_and_look(settings, reporter, |built, plans, cache| {
        let mut report = CheckReport::default();
        for (layer, planned) in built.layers.iter().zip(plans) {
            let mut checked = check_one(layer, &planned.plan, &built, &configuration, cache)?;
            let is_python = layer.target.runtime.language() == Language::Python;
            if check.import && is_python {
                let files = Layer::of_plan(&planned.plan);
                let mut imports = imports::run(&files, &layer.target)?;
                imports.findings = configuration.apply(imports.findings);
                checked.take(imports);
            }
            report.layers.push(checked);
        }
        let planned: Vec<PlannedLayer<'_>> = built
            .layers
            .iter()
            .zip(plans)
            .map(|(layer, planned)| PlannedLayer {
                name: &layer.name,
                target: layer.target,
                layer: Layer::of_plan(&planned.plan),
            })
            .collect();
        for function in &functions {
            report
                .functions
                .extend(function.check(&planned, &configuration));
        }
        // Of some layers alone nobody knows what the others need.
        if settings.layers.is_empty() {
            let unused = configuration.unused(&report.findings().collect::<Vec<_>>());
            if let Some(first) = report.layers.first_mut() {
                first.findings.extend(unused);
            }
        }
        Ok(report)
    })
}

fn check_one(
    layer: &BuiltLayer,
    plan: &LayerPlan,
    built: &Built,
    configuration: &CheckConfiguration,
    cache: &Cache,
) -> Result<CheckedLayer, Error> {
    let (_, minor) = layer.target.runtime.python();
    let kept = KeptFacts::of_all(cache, plan, minor);
    let whole = check_layer(Layer::of_plan(plan), layer.target.into(), &kept, &|name| {
        elsewhere(name, layer, built)
    });
    let whole = match whole {
        Err(ReadError::Layer(error)) => return Err(error.into()),
        whole => whole.unwrap_or_default(),
    };
    kept.keep();
    let mut findings = layer.findings.clone();
    for finding in configuration.apply(whole.findings) {
        if !findings.iter().any(|known| is_same(known, &finding)) {
            findings.push(finding);
        }
    }
    Ok(CheckedLayer {
        name: Some(layer.name.clone()),
        path: None,
        target: layer.target.into(),
        packages: layer
            .packages
            .iter()
            .map(|package| CheckedPackage {
                name: package.name.clone(),
                version: package.version.clone(),
                unzipped_size: package.unzipped_size,
            })
            .collect(),
        zip: None,
        unzipped_size: layer.unzipped_size,
        file_count: layer.file_count,
        imports: Vec::new(),
        findings,
    })
}

/// Whether two findings tell the same: what each build checks is checked again.
fn is_same(one: &Finding, other: &Finding) -> bool {
    one.code == other.code && one.path == other.path && one.package == other.package
}

/// Where a package comes from that is not in a layer.
fn elsewhere(name: &str, layer: &BuiltLayer, built: &Built) -> Option<String> {
    let mut others = built
        .layers
        .iter()
        .filter(|other| other.target == layer.target && other.name != layer.name);
    let has = |other: &&BuiltLayer| {
        let mut packages = other.packages.iter();
        packages.any(|package| normalize_name(&package.name) == name)
    };
    if let Some(other) = others.find(has) {
        return Some(format!("the layer {} brings it", other.name));
    }
    let excluded = layer.excluded.iter().find(|one| one.name == name)?;
    Some(if excluded.in_runtime {
        format!("it is excluded, and {} brings it", layer.target.runtime)
    } else {
        "it is excluded".to_owned()
    })
}
