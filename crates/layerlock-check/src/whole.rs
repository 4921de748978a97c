//! Everything that can be told of a layer alone.

use layerlock_target::{Language, Provider, Target};

use crate::binaries::check_binaries_beside;
use crate::compiled::{CompiledFiles, check_compiled};
use crate::facts::{Known, examine};
use crate::inventory::Inventory;
use crate::layer::{Layer, ReadError};
use crate::python::{
    Distributions, Elsewhere, bytecode, check_modules, check_path_files, check_requirements,
};
use crate::scope::Scope;
use crate::{Code, Finding, commands, layout, limits, plan, secrets};

/// What a layer is checked for.
#[derive(Debug, Clone, Copy)]
pub enum LayerTarget {
    /// Python functions.
    Python(Target),
    /// Functions of another language, or of any: nothing is checked that depends on it.
    Other(Target),
    /// Functions on a runtime that nobody knows, of this provider.
    Unknown(Provider),
}

impl From<Target> for LayerTarget {
    fn from(target: Target) -> Self {
        match target.runtime.language() {
            Language::Python => Self::Python(target),
            _ => Self::Other(target),
        }
    }
}

/// What functions can have beside the layer.
#[derive(Clone, Copy)]
pub struct Others<'o> {
    /// Where a package comes from that the layer does not have.
    pub packages: Elsewhere<'o>,
    /// What other layers have in the folder of libraries, by the files' names.
    pub libraries: &'o [&'o str],
}

impl Others<'static> {
    /// Nothing.
    pub const NONE: Self = Self {
        packages: &|_| None,
        libraries: &[],
    };
}

impl std::fmt::Debug for Others<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Others").finish_non_exhaustive()
    }
}

/// What was found in a layer.
#[derive(Debug, Clone, Default)]
pub struct Whole {
    /// What the user should know.
    pub findings: Vec<Finding>,
    /// The distributions in it, sorted by name.
    pub packages: Vec<Package>,
    /// What it has for other layers of a function on Python.
    pub inventory: Inventory,
}

/// A package of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The name, normalised.
    pub name: String,
    /// The version.
    pub version: String,
    /// Bytes of the files that are known to be its, unpacked.
    pub unzipped_size: u64,
}

/// Checks a layer: its paths and modes, and what its files hold.
pub fn check_layer(
    mut layer: Layer<'_>,
    target: LayerTarget,
    known: &dyn Known,
    others: &Others<'_>,
) -> Result<Whole, ReadError> {
    let target = match target {
        LayerTarget::Python(target) => target,
        LayerTarget::Other(other) => {
            return check_any(&layer, other.provider(), Some(&other), known, others);
        }
        LayerTarget::Unknown(provider) => {
            return check_any(&layer, provider, None, known, others);
        }
    };
    let distributions = Distributions::read(&layer, &target)?;
    distributions.claim(&mut layer)?;
    let facts = examine(&layer, Some(target.runtime.python().1), known)?;

    let mut findings: Vec<Finding> = plan::runtime(&target).into_iter().collect();
    findings.extend(empty(&layer));
    findings.extend(plan::check_names(&layer, &target));
    findings.extend(limits::check(&layer, target.provider(), target.mount()));
    findings.extend(commands::check_modes(&layer, Some(&target)));
    findings.extend(commands::check_commands(&layer, &facts));
    findings.extend(commands::check_links(&layer, target.mount())?);
    findings.extend(distributions.findings.iter().cloned());
    findings.extend(check_requirements(
        &distributions,
        &target,
        others.packages,
        Scope::Layer,
    ));
    findings.extend(check_modules(&layer, &distributions, &target));
    findings.extend(check_path_files(&layer, &target)?);
    findings.extend(bytecode::check(&layer, &facts, &target));
    findings.extend(syntax(&layer, &facts, &target));
    findings.extend(secrets::check(&layer, &facts, Some(&target)));
    let compiled = CompiledFiles::read(&layer, known)?;
    let libraries = others.libraries.iter().copied();
    findings.extend(check_binaries_beside(compiled.files(), libraries, &target));
    Ok(Whole {
        findings,
        packages: packages(&layer, &distributions),
        inventory: Inventory {
            compiled,
            distributions: distributions.all,
        },
    })
}

/// A layer with who brought each file, as far as the metadata of its packages tells.
pub fn with_owners<'a>(mut layer: Layer<'a>, target: &Target) -> Result<Layer<'a>, ReadError> {
    Distributions::read(&layer, target)?.claim(&mut layer)?;
    Ok(layer)
}

/// Checks of a layer what each build does: its paths and sizes, and its compiled files where
/// `known` is given.
pub fn check_briefly(
    layer: &Layer<'_>,
    target: LayerTarget,
    known: Option<&dyn Known>,
) -> Result<Whole, ReadError> {
    let mut findings: Vec<Finding> = Vec::new();
    match target {
        LayerTarget::Python(target) => {
            findings.extend(plan::runtime(&target));
            findings.extend(empty(layer));
            findings.extend(plan::check_names(layer, &target));
            findings.extend(limits::check(layer, target.provider(), target.mount()));
        }
        LayerTarget::Other(target) => {
            findings.extend(plan::runtime(&target));
            findings.extend(names(layer, target.provider()));
        }
        LayerTarget::Unknown(provider) => findings.extend(names(layer, provider)),
    }
    if let (LayerTarget::Python(target) | LayerTarget::Other(target), Some(known)) = (target, known)
    {
        findings.extend(check_compiled(layer, &target, known, &[])?);
    }
    Ok(Whole {
        findings,
        ..Whole::default()
    })
}

/// What the paths and sizes of a layer tell, whatever language it is for.
fn names(layer: &Layer<'_>, provider: Provider) -> Vec<Finding> {
    let mut findings: Vec<Finding> = empty(layer).into_iter().collect();
    findings.extend(plan::case_collisions(layer));
    findings.extend(layout::check(layer, None));
    findings.extend(limits::check(layer, provider, provider.mount()));
    findings
}

/// Checks a layer that is not known to be for Python.
fn check_any(
    layer: &Layer<'_>,
    provider: Provider,
    target: Option<&Target>,
    known: &dyn Known,
    others: &Others<'_>,
) -> Result<Whole, ReadError> {
    let facts = examine(layer, None, known)?;
    let mut findings: Vec<Finding> = target.and_then(plan::runtime).into_iter().collect();
    findings.extend(names(layer, provider));
    findings.extend(commands::check_modes(layer, None));
    findings.extend(commands::check_commands(layer, &facts));
    findings.extend(commands::check_links(layer, provider.mount())?);
    findings.extend(secrets::check(layer, &facts, None));
    if let Some(target) = target {
        findings.extend(check_compiled(layer, target, known, others.libraries)?);
    }
    Ok(Whole {
        findings,
        ..Whole::default()
    })
}

fn empty(layer: &Layer<'_>) -> Option<Finding> {
    let is_empty = layer.files.is_empty();
    is_empty.then(|| Finding::new(Code::EmptyLayer, "the layer holds no file"))
}

/// Source that does not parse.
fn syntax(layer: &Layer<'_>, facts: &[crate::FileFacts], target: &Target) -> Vec<Finding> {
    let files = layer.files.iter().zip(facts);
    let problems = files.filter_map(|(file, facts)| Some((file, facts.syntax.as_ref()?)));
    let finding =
        |(file, problem): (&crate::FileInLayer<'_>, &crate::file_facts::SourceProblem)| {
            let message = format!(
                "{} does not parse on {}: line {}: {}",
                file.path, target.runtime, problem.line, problem.message
            );
            Finding::new(Code::SyntaxError, message)
                .about(file.package(), Some(&file.path))
                .with_hint("what imports it fails; leave it out if nothing does")
        };
    problems.map(finding).collect()
}

fn packages(layer: &Layer<'_>, distributions: &Distributions) -> Vec<Package> {
    let mut packages: Vec<Package> = distributions
        .all
        .iter()
        .map(|one| Package {
            name: one.name.to_string(),
            version: one.version.clone(),
            unzipped_size: 0,
        })
        .collect();
    for file in &layer.files {
        let Some(owner) = file.owner.as_deref() else {
            continue;
        };
        let (name, version) = owner.split_once(' ').unwrap_or((owner, ""));
        let mut packages = packages.iter_mut();
        if let Some(package) = packages.find(|one| one.name == name && one.version == version) {
            package.unzipped_size += file.size;
        }
    }
    packages
}
