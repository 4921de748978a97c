//! The layers of one function, judged together with its code.

use std::collections::BTreeMap;

use layerlock_target::{Precedence, Provider};

use crate::layer::{FileInLayer, Layer};
use crate::limits::check_budget;
use crate::{Code, Finding};

/// A part of a function: its code or a layer of it.
#[derive(Debug, Clone)]
pub struct Part {
    /// What it is called: `web`, or an ARN.
    pub name: String,
    /// Its bytes, where they are known.
    pub unzipped_size: Option<u64>,
    /// Why they are not, where anybody knows that.
    pub reason: Option<String>,
}

/// A function's code and its layers, in their order.
#[derive(Debug, Clone)]
pub struct FunctionParts {
    /// The function.
    pub name: String,
    /// The provider that runs it.
    pub provider: Provider,
    /// Bytes of its code, where there is some.
    pub code: Option<u64>,
    /// Its layers.
    pub layers: Vec<Part>,
    /// What the project allows it.
    pub budget: Option<u64>,
}

impl FunctionParts {
    /// Bytes of all of it, as far as they are known.
    pub fn unzipped_size(&self) -> u64 {
        let layers = self.layers.iter().filter_map(|part| part.unzipped_size);
        layers.fold(self.code.unwrap_or_default(), u64::saturating_add)
    }
}

/// Checks the number of a function's layers, and the size of all of it.
pub fn check_function(function: &FunctionParts) -> Vec<Finding> {
    let FunctionParts {
        name,
        provider,
        code,
        layers,
        budget,
    } = function;
    let limits = provider.limits();
    let mut findings = Vec::new();
    if layers.len() > limits.layers_per_function {
        let message = format!(
            "the function {name} has {} layers, the provider accepts {}",
            layers.len(),
            limits.layers_per_function
        );
        findings.push(
            Finding::new(Code::TooManyLayers, message)
                .with_expected(&layers.len(), &limits.layers_per_function)
                .with_hint("put the packages of several layers into one"),
        );
    }
    for part in layers.iter().filter(|part| part.unzipped_size.is_none()) {
        let reason = part.reason.as_deref();
        let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
        let message = format!(
            "the size of the layer {} of the function {name} is not known here{reason}: it is \
             counted as nothing",
            part.name
        );
        let hint = if part.name.contains(':') {
            "state it in pyproject.toml: `layers = [{ arn = \"...\", unzipped = \"30 MB\" }]`"
        } else {
            "check all layers of the project at once"
        };
        findings.push(Finding::new(Code::SizeUnknown, message).with_hint(hint));
    }
    let all = function.unzipped_size();
    if all > limits.unzipped {
        let message = format!(
            "the function {name} unzips to {all} bytes with its layers ({}), the provider accepts \
             {}",
            parts(*code, layers),
            limits.unzipped
        );
        findings.push(
            Finding::new(Code::FunctionTooLarge, message)
                .with_expected(&all, &limits.unzipped)
                .with_hint("attach fewer layers, or leave packages out of them"),
        );
    }
    let of_budget = budget.and_then(|budget| {
        check_budget(&format!("the function {name} with its layers"), all, budget)
    });
    findings.extend(of_budget);
    findings
}

fn parts(code: Option<u64>, layers: &[Part]) -> String {
    let code = code.map(|size| format!("code {size}"));
    let layers = layers.iter().map(|part| match part.unzipped_size {
        Some(size) => format!("{} {size}", part.name),
        None => format!("{} unknown", part.name),
    });
    code.into_iter()
        .chain(layers)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Paths to which several layers of a function bring different files, and which of them the
/// function sees. The layers are in the order in which the function names them.
pub fn check_together(layers: &[(&str, &Layer<'_>)], provider: Provider) -> Vec<Finding> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, (_, layer)) in layers.iter().enumerate() {
        for file in &layer.files {
            places.entry(&file.path).or_default().push(index);
        }
    }
    let mut groups: BTreeMap<(usize, usize), (usize, &str)> = BTreeMap::new();
    for (path, places) in places {
        let ([first, .., last], false) = (&places[..], is_of_one_installation(path)) else {
            continue;
        };
        // What one layer has alone is not read.
        let checksum = |at: &usize| layers[*at].1.find(path).and_then(FileInLayer::checksum);
        let checksums: Vec<_> = places.iter().map(checksum).collect();
        if checksums.windows(2).any(|pair| pair[0] != pair[1]) {
            let pair = match provider.precedence() {
                Precedence::First => (*first, *last),
                Precedence::Last => (*last, *first),
            };
            groups.entry(pair).or_insert((0, path)).0 += 1;
        }
    }
    let finding = |((wins, loses), (count, path)): (_, (usize, &str))| {
        let (wins, loses): (usize, usize) = (wins, loses);
        let what = if count == 1 {
            path.to_owned()
        } else {
            format!("{count} files, such as {path},")
        };
        let rule = match provider.precedence() {
            Precedence::First => "the first layer that has a file wins",
            Precedence::Last => "a later layer hides an earlier one's files",
        };
        let (wins, loses) = (layers[wins].0, layers[loses].0);
        Finding::new(
            Code::LayersDiffer,
            format!(
                "the layers {loses} and {wins} bring different files to {what}: functions see \
                 those of {wins}, since {rule}"
            ),
        )
        .with_path(path)
        .with_hint("give each package to one of the layers, or lock them to one version")
    };
    groups.into_iter().map(finding).collect()
}

/// What each installation writes in its own way, and no function reads by its path.
fn is_of_one_installation(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    matches!(
        name,
        "RECORD" | "INSTALLER" | "REQUESTED" | "direct_url.json"
    )
}
