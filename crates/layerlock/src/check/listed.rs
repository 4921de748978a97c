//! The functions that a project names, with their layers and sizes. The field names are the
//! interface of `--json`.

use std::fmt;

use layerlock_check::{FunctionParts, Inventory, Layer};
use layerlock_install::Reporter;
use layerlock_target::Target;
use serde::Serialize;

use super::functions::{self, Judge, Looking};
use crate::build::plan_and_look;
use crate::bytes::Bytes;
use crate::check_configuration::CheckConfiguration;
use crate::checked::CheckedTarget;
use crate::lock::read_project;
use crate::{Error, Settings};

/// The functions of a project.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FunctionList {
    /// Each function, for each target that it can run on.
    pub functions: Vec<ListedFunction>,
}

/// A function with its layers.
#[derive(Debug, Clone, Serialize)]
pub struct ListedFunction {
    /// Its name.
    pub name: String,
    /// What it runs on.
    pub target: CheckedTarget,
    /// Bytes of its code, where the project says where that is.
    pub code_size: Option<u64>,
    /// Its layers, in their order.
    pub layers: Vec<ListedLayer>,
    /// Bytes of all of it, as far as they are known.
    pub unzipped_size: u64,
    /// What the provider accepts.
    pub limit: u64,
}

/// A layer of a function.
#[derive(Debug, Clone, Serialize)]
pub struct ListedLayer {
    /// Its name in the project, or its ARN.
    pub name: String,
    /// Bytes of its files, where they are known.
    pub unzipped_size: Option<u64>,
    /// Why they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Plans the project's layers, and lists the functions that it names with them.
pub fn list_functions(settings: &Settings, reporter: &dyn Reporter) -> Result<FunctionList, Error> {
    let project = read_project(settings)?;
    let configuration = CheckConfiguration::read(&project)?;
    let functions = functions::read(&project, settings, &configuration)?;
    plan_and_look(settings, reporter, |built, plans, cache| {
        let planned = built.layers.iter().zip(plans);
        let planned: Vec<_> = planned
            .map(|(layer, planned)| functions::PlannedLayer {
                built: layer,
                layer: Layer::of_plan(&planned.plan),
                inventory: Inventory::default(),
                findings: Vec::new(),
            })
            .collect();
        let looking = Looking { settings, cache };
        let judge = Judge::new(&functions, &planned, &configuration, looking)?;
        let mut list = FunctionList::default();
        for function in &functions.all {
            let parts = judge.parts(function)?.into_iter();
            list.functions
                .extend(parts.map(|(target, parts)| listed(target, parts)));
        }
        Ok(list)
    })
}

fn listed(target: Target, parts: FunctionParts) -> ListedFunction {
    let unzipped_size = parts.unzipped_size();
    let layers: Vec<ListedLayer> = parts
        .layers
        .into_iter()
        .map(|part| ListedLayer {
            name: part.name,
            unzipped_size: part.unzipped_size,
            reason: part.reason,
        })
        .collect();
    ListedFunction {
        name: parts.name,
        target: target.into(),
        code_size: parts.code,
        unzipped_size,
        limit: target.limits().unzipped,
        layers,
    }
}

/// One function after the other, with its layers under it.
impl fmt::Display for FunctionList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.functions.is_empty() {
            return f
                .write_str("the project names no function: add `[tool.layerlock.functions.NAME]`");
        }
        let texts: Vec<String> = self.functions.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join("\n\n"))
    }
}

impl fmt::Display for ListedFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} on {}: {} of {} unzipped",
            self.name,
            self.target,
            Bytes(self.unzipped_size),
            Bytes(self.limit)
        )?;
        let code = self
            .code_size
            .map(|size| ("its code", Bytes(size).to_string()));
        let layers = self.layers.iter().map(|layer| {
            let size = match (layer.unzipped_size, &layer.reason) {
                (Some(size), _) => Bytes(size).to_string(),
                (None, Some(reason)) => format!("unknown: {reason}"),
                (None, None) => "unknown".to_owned(),
            };
            (layer.name.as_str(), size)
        });
        let rows: Vec<(&str, String)> = code.into_iter().chain(layers).collect();
        let width = rows.iter().map(|(name, _)| name.chars().count()).max();
        let width = width.unwrap_or_default();
        for (name, size) in rows {
            write!(f, "\n  {name:width$}  {size}")?;
        }
        Ok(())
    }
}
