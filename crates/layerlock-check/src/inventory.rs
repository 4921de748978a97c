//! What a layer has for others of the same function, and all of them judged together.

use std::collections::BTreeMap;

use layerlock_target::{Precedence, Target};
use serde::{Deserialize, Serialize};

use crate::binaries::check_binaries_together;
use crate::compiled::CompiledFiles;
use crate::facts::Known;
use crate::layer::{Layer, ReadError};
use crate::python::{Distribution, Distributions, Elsewhere, check_requirements};
use crate::scope::Scope;
use crate::{Code, Finding};

/// What a layer has for others of the same function: its compiled files and its
/// distributions.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Inventory {
    pub(crate) compiled: CompiledFiles,
    pub(crate) distributions: Vec<Distribution>,
}

/// A layer's name, with what it has.
pub type NamedInventory<'i> = (&'i str, &'i Inventory);

impl Inventory {
    /// Reads what a layer has for Python functions on a target.
    pub fn read(layer: &Layer<'_>, target: &Target, known: &dyn Known) -> Result<Self, ReadError> {
        Ok(Self {
            distributions: Distributions::read(layer, target)?.all,
            compiled: CompiledFiles::read(layer, known)?,
        })
    }

    /// Reads what a function's own code has: its packages lie at its root, and libraries
    /// there or in `lib/`.
    pub fn of_code(
        code: &Layer<'_>,
        target: &Target,
        known: &dyn Known,
    ) -> Result<Self, ReadError> {
        Self::read(&code.as_code(target), target, known)
    }
}

/// Checks all layers of a function together, in the order in which it names them, with its
/// `code`, which comes before all of them.
pub fn check_inventories(
    layers: &[NamedInventory<'_>],
    code: Option<&Inventory>,
    target: &Target,
    elsewhere: Elsewhere<'_>,
) -> Vec<Finding> {
    let mut parts: Vec<NamedInventory<'_>> = layers.to_vec();
    if target.provider().precedence() == Precedence::First {
        parts.reverse();
    }
    // The code has no name among layers.
    parts.extend(code.map(|code| ("", code)));
    // Of what several bring the last one counts.
    let compiled = parts.iter().flat_map(|(_, part)| part.compiled.files());
    let mut findings = check_binaries_together(compiled, target);
    findings.retain(|finding| !code.is_some_and(|code| code.is_of(finding)));
    let (distributions, doubled) = together(&parts);
    findings.extend(doubled);
    findings.extend(check_requirements(
        &distributions,
        target,
        elsewhere,
        Scope::Function,
    ));
    findings
}

impl Inventory {
    /// Whether it has a file at a path.
    pub fn has_file(&self, path: &str) -> bool {
        self.compiled.files().any(|file| file.path == path)
    }

    fn is_of(&self, finding: &Finding) -> bool {
        let path = finding.path.as_deref();
        path.is_some_and(|path| self.has_file(path))
    }
}

/// The distributions of all parts, each name once, and what is said of names that two
/// layers have in different versions.
fn together(parts: &[NamedInventory<'_>]) -> (Distributions, Vec<Finding>) {
    let mut all: BTreeMap<&str, (&str, &Distribution)> = BTreeMap::new();
    let mut findings = Vec::new();
    for (layer, part) in parts {
        for one in &part.distributions {
            let earlier = all.insert(one.name.as_ref(), (layer, one));
            findings.extend(earlier.and_then(|earlier| two_versions(earlier, (layer, one))));
        }
    }
    let all = all.into_values().map(|(_, one)| one.clone()).collect();
    (Distributions::of(all), findings)
}

fn two_versions(
    (hidden_in, hidden): (&str, &Distribution),
    (seen_in, seen): (&str, &Distribution),
) -> Option<Finding> {
    let is_of_one_layer = hidden_in == seen_in || seen_in.is_empty();
    if is_of_one_layer || hidden.version == seen.version {
        return None;
    }
    let name = &seen.name;
    let message = format!(
        "{name} is there in two versions, {} in the layer {hidden_in} and {} in the layer \
         {seen_in}: functions see files of both, and of one path those of {seen_in}",
        hidden.version, seen.version
    );
    Some(
        Finding::new(Code::TwoVersions, message)
            .with_package(name)
            .with_path(&seen.path)
            .with_expected(
                &format!("{} and {}", hidden.version, seen.version),
                "one of them",
            )
            .with_hint("give the package to one of the layers, or lock it to one version"),
    )
}
