//! `[tool.layerlock.functions.NAME]`: a function's code and layers, judged together.

use std::collections::BTreeMap;

use layerlock_check::{Code, Finding, FunctionParts, Layer, Part, check_function, check_together};
use layerlock_export::Project;
use layerlock_target::Target;
use serde::Deserialize;
use toml::Spanned;

use super::report::{CheckedFunction, CheckedTarget};
use crate::check_configuration::{
    CheckConfiguration, ForeignLayer, FunctionLayer, FunctionTable, bad, parse_size,
};
use crate::{Error, Settings};

/// The part of `[tool.layerlock]` that is about functions.
#[derive(Debug, Default, Deserialize)]
struct Table {
    #[serde(default)]
    functions: BTreeMap<String, FunctionTable>,
    #[serde(default)]
    layers: BTreeMap<String, toml::Value>,
}

/// A layer of the project, as it was planned for a target.
pub(super) struct PlannedLayer<'p> {
    pub(super) name: &'p str,
    pub(super) target: Target,
    pub(super) layer: Layer<'p>,
}

/// A function with its sizes.
pub(super) struct Function {
    name: String,
    code: Option<u64>,
    layers: Vec<OneLayer>,
    budget: Option<u64>,
}

/// A layer of a function.
enum OneLayer {
    Own(String),
    Foreign(ForeignLayer, Option<u64>),
}

/// The functions that a project names.
pub(super) fn read(
    project: &Project,
    settings: &Settings,
    configuration: &CheckConfiguration,
) -> Result<Vec<Function>, Error> {
    let table: Table = project.settings()?.unwrap_or_default();
    let functions = table.functions.iter();
    let functions = functions.map(|(name, function)| {
        let code = match &function.path {
            Some(setting) => {
                let path = settings.below_project(setting.get_ref());
                if !path.is_dir() {
                    let message = format!(
                        "`path` of the function {name} is no directory: {}",
                        path.display()
                    );
                    return Err(bad(project, setting, message));
                }
                Some(Layer::of_directory(&path)?.unzipped_size())
            }
            None => None,
        };
        let layers = function.layers.iter();
        let budget = parse_size(project, function.max_unzipped.as_ref())?;
        Ok(Function {
            name: name.clone(),
            code,
            layers: layers
                .map(|layer| one_layer(project, layer, &table.layers))
                .collect::<Result<_, _>>()?,
            budget: budget.or(configuration.max_unzipped),
        })
    });
    functions.collect()
}

fn one_layer(
    project: &Project,
    layer: &Spanned<FunctionLayer>,
    known: &BTreeMap<String, toml::Value>,
) -> Result<OneLayer, Error> {
    match layer.get_ref() {
        FunctionLayer::Name(arn) if arn.contains(':') => Ok(OneLayer::Foreign(
            ForeignLayer {
                arn: arn.clone(),
                unzipped: None,
                architecture: None,
                runtime: None,
            },
            None,
        )),
        FunctionLayer::Name(name) => {
            if !known.is_empty() && !known.contains_key(name) {
                let names: Vec<&str> = known.keys().map(String::as_str).collect();
                let message = format!(
                    "`{name}` is no layer of the project, and no ARN: there are {}",
                    names.join(", ")
                );
                return Err(bad(project, layer, message));
            }
            Ok(OneLayer::Own(name.clone()))
        }
        FunctionLayer::Foreign(foreign) => {
            let size = foreign.unzipped.as_ref().map(|size| {
                let bytes = size.bytes();
                bytes.map_err(|error| bad(project, layer, error))
            });
            Ok(OneLayer::Foreign(foreign.clone(), size.transpose()?))
        }
    }
}

impl Function {
    /// Checks it for each target of which all of its own layers were planned.
    pub(super) fn check(
        &self,
        planned: &[PlannedLayer<'_>],
        configuration: &CheckConfiguration,
    ) -> Vec<CheckedFunction> {
        let mut targets: Vec<Target> = Vec::new();
        for one in planned.iter().filter(|one| self.has(one.name)) {
            if !targets.contains(&one.target) {
                targets.push(one.target);
            }
        }
        let check = |target: &Target| {
            let findings = configuration.apply(self.findings(planned, target));
            let parts = self.parts(planned, target);
            let layers = parts.layers.iter();
            CheckedFunction {
                name: self.name.clone(),
                target: CheckedTarget::from(*target),
                unzipped_size: parts.code.unwrap_or_default()
                    + layers.filter_map(|one| one.unzipped_size).sum::<u64>(),
                layers: parts.layers.into_iter().map(|one| one.name).collect(),
                findings,
            }
        };
        targets.iter().map(check).collect()
    }

    fn has(&self, name: &str) -> bool {
        let is_it = |one: &OneLayer| matches!(one, OneLayer::Own(own) if own == name);
        self.layers.iter().any(is_it)
    }

    fn findings(&self, planned: &[PlannedLayer<'_>], target: &Target) -> Vec<Finding> {
        let mut findings = check_function(&self.parts(planned, target));
        for one in &self.layers {
            if let OneLayer::Foreign(foreign, _) = one {
                findings.extend(self.misfit(foreign, target));
            }
        }
        let own: Vec<(&str, &Layer<'_>)> = self
            .own(planned, target)
            .map(|one| (one.name, &one.layer))
            .collect();
        findings.extend(check_together(&own, target.provider()));
        findings
    }

    fn own<'s, 'p: 's>(
        &'s self,
        planned: &'s [PlannedLayer<'p>],
        target: &'s Target,
    ) -> impl Iterator<Item = &'s PlannedLayer<'p>> {
        self.layers.iter().filter_map(move |one| match one {
            OneLayer::Own(name) => find(planned, name, target),
            OneLayer::Foreign(..) => None,
        })
    }

    fn parts(&self, planned: &[PlannedLayer<'_>], target: &Target) -> FunctionParts {
        let part = |one: &OneLayer| match one {
            OneLayer::Own(name) => Part {
                name: name.clone(),
                unzipped_size: find(planned, name, target).map(|it| it.layer.unzipped_size()),
            },
            OneLayer::Foreign(foreign, size) => Part {
                name: foreign.arn.clone(),
                unzipped_size: *size,
            },
        };
        FunctionParts {
            name: self.name.clone(),
            provider: target.provider(),
            code: self.code,
            layers: self.layers.iter().map(part).collect(),
            budget: self.budget,
        }
    }

    /// A foreign layer that is for another architecture or runtime, as far as that is
    /// stated.
    fn misfit(&self, foreign: &ForeignLayer, target: &Target) -> Option<Finding> {
        let of =
            |stated: &Option<String>, here: &str| stated.clone().filter(|stated| stated != here);
        let other = of(&foreign.architecture, target.architecture.name())
            .or_else(|| of(&foreign.runtime, target.runtime.identifier()))?;
        let message = format!(
            "the layer {} of the function {} is for {other}, and the function runs on {target}",
            foreign.arn, self.name
        );
        Some(
            Finding::new(Code::WrongLayer, message)
                .with_expected(&other, target)
                .with_hint("attach the layer of the function's architecture and runtime"),
        )
    }
}

fn find<'s, 'p>(
    planned: &'s [PlannedLayer<'p>],
    name: &str,
    target: &Target,
) -> Option<&'s PlannedLayer<'p>> {
    planned
        .iter()
        .find(|one| one.name == name && one.target == *target)
}
