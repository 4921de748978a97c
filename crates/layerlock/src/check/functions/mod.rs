//! `[tool.layerlock.functions.NAME]`: a function's code and layers, judged together.

mod asked;
mod foreign;
mod judge;

use std::collections::BTreeMap;
use std::path::PathBuf;

use layerlock_check::{Finding, Inventory, Layer};
use layerlock_export::Project;
use layerlock_install::Cache;
use layerlock_target::Target;
use serde::Deserialize;
use toml::Spanned;

use crate::built::BuiltLayer;
use crate::check_configuration::{
    CheckConfiguration, FunctionLayer, FunctionTable, bad, parse_size,
};
use crate::publish_configuration::PublishConfiguration;
use crate::{Error, Settings};
use asked::{Asked, Asker};
use foreign::Foreign;

pub(super) use judge::Judge;

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
    pub(super) built: &'p BuiltLayer,
    pub(super) layer: Layer<'p>,
    pub(super) inventory: Inventory,
    /// What was told of it alone.
    pub(super) findings: Vec<Finding>,
}

impl PlannedLayer<'_> {
    fn name(&self) -> &str {
        &self.built.name
    }

    fn target(&self) -> Target {
        self.built.target
    }
}

/// What layers were planned for, each target once.
fn targets_of(planned: &[PlannedLayer<'_>]) -> Vec<Target> {
    let mut targets = Vec::new();
    for target in planned.iter().map(PlannedLayer::target) {
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    targets
}

/// A function, as the project describes it.
pub(super) struct Function {
    name: String,
    code: Option<PathBuf>,
    layers: Vec<OneLayer>,
    budget: Option<u64>,
}

impl Function {
    fn own(&self) -> impl Iterator<Item = &OwnLayer> {
        self.layers.iter().filter_map(|one| match one {
            OneLayer::Own(own) => Some(own),
            OneLayer::Foreign(_) => None,
        })
    }

    fn foreign(&self) -> impl Iterator<Item = &Foreign> {
        self.layers.iter().filter_map(|one| match one {
            OneLayer::Foreign(foreign) => Some(foreign),
            OneLayer::Own(_) => None,
        })
    }
}

/// A layer of a function.
enum OneLayer {
    Own(OwnLayer),
    Foreign(Foreign),
}

/// One that is called by a name, as those of the project are.
struct OwnLayer {
    name: String,
    /// Where the project names it.
    place: String,
}

/// The functions that a project names, and the layers that it configures by name.
pub(super) struct Functions {
    pub(super) all: Vec<Function>,
    configured: Vec<String>,
}

impl Functions {
    /// Asks the provider for what the project does not say of others' layers.
    fn ask(&self, planned: &[PlannedLayer<'_>], looking: Looking<'_>) -> Result<Asked, Error> {
        let foreign = self.all.iter().flat_map(Function::foreign);
        let arns = foreign.filter(|one| one.is_to_be_asked());
        let arns: Vec<&str> = arns.map(|one| one.arn.as_str()).collect();
        if arns.is_empty() {
            return Ok(Asked::new());
        }
        let settings = looking.settings;
        let directory = settings.directory();
        let asker = Asker {
            configuration: &PublishConfiguration::of_directory(directory)?,
            settings,
            cache: looking.cache,
        };
        Ok(asker.ask(arns.into_iter(), &targets_of(planned)))
    }
}

/// What it takes to ask for others' layers.
#[derive(Clone, Copy)]
pub(super) struct Looking<'l> {
    pub(super) settings: &'l Settings,
    pub(super) cache: &'l Cache,
}

/// Reads them.
pub(super) fn read(
    project: &Project,
    settings: &Settings,
    configuration: &CheckConfiguration,
) -> Result<Functions, Error> {
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
                Some(path)
            }
            None => None,
        };
        let layers = function.layers.iter();
        let budget = parse_size(project, function.max_unzipped.as_ref())?;
        Ok(Function {
            name: name.clone(),
            code,
            layers: layers
                .map(|layer| one_layer(project, layer))
                .collect::<Result<_, _>>()?,
            budget: budget.or(configuration.max_unzipped),
        })
    });
    Ok(Functions {
        all: functions.collect::<Result<_, _>>()?,
        configured: table.layers.into_keys().collect(),
    })
}

fn one_layer(project: &Project, layer: &Spanned<FunctionLayer>) -> Result<OneLayer, Error> {
    Ok(match layer.get_ref() {
        FunctionLayer::Name(arn) if arn.contains(':') => OneLayer::Foreign(Foreign {
            arn: arn.clone(),
            unzipped: None,
            architectures: Vec::new(),
            runtimes: Vec::new(),
        }),
        FunctionLayer::Name(name) => {
            let place = project.place(layer.span());
            let file = place.path.file_name().unwrap_or_default();
            OneLayer::Own(OwnLayer {
                name: name.clone(),
                place: format!("{}:{}", file.to_string_lossy(), place.line),
            })
        }
        FunctionLayer::Foreign(foreign) => {
            let size = foreign.unzipped.as_ref().map(|size| {
                let bytes = size.bytes();
                bytes.map_err(|error| bad(project, layer, error))
            });
            OneLayer::Foreign(Foreign {
                arn: foreign.arn.clone(),
                unzipped: size.transpose()?,
                architectures: foreign.architecture.iter().cloned().collect(),
                runtimes: foreign.runtime.iter().cloned().collect(),
            })
        }
    })
}
