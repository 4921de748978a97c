//! The layers of a project, each and together.

use layerlock_check::{Finding, Inventory, Layer, Others, ReadError, check_layer, is_in_module};
use layerlock_install::{Cache, Reporter};
use layerlock_layer::LayerPlan;
use layerlock_lock::normalize_name;
use layerlock_target::Language;

use super::functions::{self, Judge, Looking};
use super::report::CheckReport;
use super::settings::CheckSettings;
use crate::Error;
use crate::build::plan_and_look;
use crate::built::{Built, BuiltLayer};
use crate::check_configuration::CheckConfiguration;
use crate::checked::{CheckedLayer, CheckedPackage, import};
use crate::findings::{self, OTHER_LAYER};
use crate::kept_facts::{self, KeptFacts};
use crate::last_run::PlannedLayer;
use crate::lock::read_project;

/// Plans the project's layers, and checks them.
pub(super) fn check(check: &CheckSettings, reporter: &dyn Reporter) -> Result<CheckReport, Error> {
    let settings = &check.settings;
    let project = read_project(settings)?;
    let configuration = CheckConfiguration::read(&project)?;
    let functions = functions::read(&project, settings, &configuration)?;
    plan_and_look(settings, reporter, |built, plans, cache| {
        let mut report = CheckReport::default();
        let mut looked_at = Vec::new();
        for (layer, planned) in built.layers.iter().zip(plans) {
            let others = layers_beside(layer, &built, plans);
            let libraries: Vec<&str> = others
                .iter()
                .flat_map(|(_, plan)| kept_facts::libraries(plan, &layer.target))
                .collect();
            let beside = Beside {
                built: &built,
                libraries: &libraries,
                is_part: !settings.layers.is_empty(),
            };
            let (mut checked, inventory) =
                check_one(layer, &planned.plan, &beside, &configuration, cache)?;
            let is_python = layer.target.runtime.language() == Language::Python;
            if check.import && is_python {
                let files = Layer::of_plan(&planned.plan);
                let mut imports = import(&files, &layer.target, &|module| {
                    module_elsewhere(module, layer, &others)
                })?;
                imports.findings = configuration.apply(imports.findings);
                checked.take(imports);
            }
            looked_at.push(functions::PlannedLayer {
                built: layer,
                layer: Layer::of_plan(&planned.plan),
                inventory,
                findings: checked.findings.clone(),
            });
            report.layers.push(checked);
        }
        let looking = Looking { settings, cache };
        let judge = Judge::new(&functions, &looked_at, &configuration, looking)?;
        for function in &functions.all {
            report.functions.extend(judge.check(function)?);
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

/// The other layers for the same target.
fn layers_beside<'p>(
    layer: &BuiltLayer,
    built: &'p Built,
    plans: &'p [PlannedLayer],
) -> Vec<(&'p str, &'p LayerPlan)> {
    let others = built.layers.iter().zip(plans);
    let others = others.filter(|(other, _)| is_beside(other, layer));
    others
        .map(|(other, planned)| (other.name.as_str(), &planned.plan))
        .collect()
}

/// Where a module comes from that is not in a layer. All layers of a function lie in one
/// folder, and so a namespace may have files of several.
fn module_elsewhere(
    module: &str,
    layer: &BuiltLayer,
    others: &[(&str, &LayerPlan)],
) -> Option<String> {
    let sites = layer.target.module_paths();
    let is_module = |path: &str| {
        let below = |site: &String| path.strip_prefix(site)?.strip_prefix('/');
        let mut below = sites.iter().filter_map(below);
        below.any(|rest| is_in_module(rest, module))
    };
    let has = |plan: &LayerPlan| plan.entries().iter().any(|it| is_module(it.path.as_str()));
    if let Some((other, _)) = others.iter().find(|(_, plan)| has(plan)) {
        return Some(format!("the layer {other} brings it"));
    }
    let mut excluded = layer.excluded.iter();
    let package = normalize_name(module.split('.').next().unwrap_or(module));
    let excluded = excluded.find(|one| one.name == package);
    excluded.map(|one| one.whence(layer.target.runtime))
}

/// Whether functions can have another layer beside this one.
fn is_beside(other: &BuiltLayer, layer: &BuiltLayer) -> bool {
    other.target == layer.target && other.name != layer.name
}

fn check_one(
    layer: &BuiltLayer,
    plan: &LayerPlan,
    beside: &Beside<'_>,
    configuration: &CheckConfiguration,
    cache: &Cache,
) -> Result<(CheckedLayer, Inventory), Error> {
    let (_, minor) = layer.target.runtime.python();
    let kept = KeptFacts::of_all(cache, plan, minor);
    let others = Others {
        packages: &|name| beside.elsewhere(name, layer),
        libraries: beside.libraries,
    };
    let whole = check_layer(Layer::of_plan(plan), layer.target.into(), &kept, &others);
    let whole = match whole {
        Err(ReadError::Layer(error)) => return Err(error.into()),
        whole => whole.unwrap_or_default(),
    };
    kept.keep();
    let mut findings = layer.findings.clone();
    let found = whole.findings.into_iter().map(|it| beside.doubted(it));
    for finding in configuration.apply(found.collect()) {
        if !findings.iter().any(|known| is_same(known, &finding)) {
            findings.push(finding);
        }
    }
    let packages = layer.packages.iter();
    let packages = packages.map(|package| CheckedPackage {
        name: package.name.clone(),
        version: package.version.clone(),
        unzipped_size: package.unzipped_size,
    });
    let checked = CheckedLayer {
        name: Some(layer.name.clone()),
        path: None,
        target: layer.target.into(),
        packages: packages.collect(),
        zip: None,
        unzipped_size: layer.unzipped_size,
        file_count: layer.file_count,
        imports: Vec::new(),
        findings,
    };
    Ok((checked, whole.inventory))
}

/// Whether two findings tell the same: what each build checks is checked again.
fn is_same(one: &Finding, other: &Finding) -> bool {
    one.code == other.code && one.path == other.path && one.package == other.package
}

/// What functions can have beside a layer.
struct Beside<'b> {
    built: &'b Built,
    libraries: &'b [&'b str],
    /// Whether the project has layers that were not planned.
    is_part: bool,
}

impl Beside<'_> {
    /// Where a package comes from that is not in a layer.
    fn elsewhere(&self, name: &str, layer: &BuiltLayer) -> Option<String> {
        let others = self.built.layers.iter();
        let mut others = others.filter(|other| is_beside(other, layer));
        let has = |other: &&BuiltLayer| {
            let mut packages = other.packages.iter();
            packages.any(|package| normalize_name(&package.name) == name)
        };
        if let Some(other) = others.find(has) {
            return Some(format!("the layer {} brings it", other.name));
        }
        match layer.excluded.iter().find(|one| one.name == name) {
            Some(excluded) => Some(excluded.whence(layer.target.runtime)),
            None => self.is_part.then(|| format!("{OTHER_LAYER} may bring it")),
        }
    }

    fn doubted(&self, finding: Finding) -> Finding {
        if self.is_part {
            findings::doubted(finding, OTHER_LAYER)
        } else {
            finding
        }
    }
}
