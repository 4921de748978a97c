//! What the packages of a layer require, and whether it is there.

use std::collections::{BTreeMap, BTreeSet};

use layerlock_target::Target;
use pep440_rs::VersionSpecifiers;
use pep508_rs::{ExtraName, MarkerEnvironment, PackageName, Requirement, VersionOrUrl};

use super::distributions::{Distribution, Distributions};
use crate::scope::Scope;
use crate::{Code, Finding};

/// Says where a package comes from that is not in the layer, where anybody knows: as in
/// "the layer `core` brings it".
pub type Elsewhere<'e> = &'e dyn Fn(&str) -> Option<String>;

/// Checks for each package that what it requires for the target is there, in a version that
/// it allows.
pub(crate) fn check_requirements(
    distributions: &Distributions,
    target: &Target,
    elsewhere: Elsewhere<'_>,
    scope: Scope,
) -> Vec<Finding> {
    let environment = target.marker_environment();
    let extras = extras_in_use(distributions, &environment);
    let mut findings = Vec::new();
    for one in &distributions.all {
        findings.extend(requires_python(one, target, &environment));
        for requirement in required(one, &extras, &environment) {
            let found = distributions.find(&requirement.name);
            findings.extend(match found {
                Some(found) => out_of_range(one, requirement, found, scope),
                None => Some(missing(one, requirement, target, elsewhere, scope)),
            });
        }
    }
    findings
}

type Extras = BTreeMap<PackageName, BTreeSet<ExtraName>>;

/// The extras of each package that others of the layer ask for, directly or by an extra of
/// their own.
fn extras_in_use(distributions: &Distributions, environment: &MarkerEnvironment) -> Extras {
    let mut extras = Extras::new();
    loop {
        let mut is_new = false;
        for one in &distributions.all {
            let asked: Vec<_> = required(one, &extras, environment)
                .filter(|requirement| !requirement.extras.is_empty())
                .map(|requirement| (requirement.name.clone(), requirement.extras.clone()))
                .collect();
            for (name, names) in asked {
                let known = extras.entry(name).or_default();
                for extra in names {
                    is_new |= known.insert(extra);
                }
            }
        }
        if !is_new {
            return extras;
        }
    }
}

/// What a distribution requires for the target, with the extras that are in use.
fn required<'d>(
    one: &'d Distribution,
    extras: &Extras,
    environment: &'d MarkerEnvironment,
) -> impl Iterator<Item = &'d Requirement> + use<'d> {
    let extras: Vec<ExtraName> = extras
        .get(&one.name)
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    one.requires
        .iter()
        .filter(move |requirement| requirement.evaluate_markers(environment, &extras))
}

fn specifiers(requirement: &Requirement) -> Option<&VersionSpecifiers> {
    match &requirement.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(specifiers)) if !specifiers.is_empty() => {
            Some(specifiers)
        }
        _ => None,
    }
}

/// `urllib3 >=1.26,<3`
fn shown(requirement: &Requirement) -> String {
    let name = &requirement.name;
    match specifiers(requirement) {
        Some(specifiers) => format!("{name} {}", specifiers.to_string().replace(", ", ",")),
        None => name.to_string(),
    }
}

fn out_of_range(
    one: &Distribution,
    requirement: &Requirement,
    found: &Distribution,
    scope: Scope,
) -> Option<Finding> {
    let range = specifiers(requirement)?;
    if range.contains(&found.parsed_version()?) {
        return None;
    }
    let wanted = shown(requirement);
    let message = format!(
        "{} {} requires {wanted}, and {} {} {}",
        one.name,
        one.version,
        scope.has(),
        found.name,
        found.version
    );
    Some(
        Finding::new(Code::RequirementVersion, message)
            .with_package(&found.name)
            .with_path(&found.path)
            .with_expected(&found.version, &wanted)
            .with_hint(format!(
                "install {} and {} together, so that their versions fit",
                one.name, found.name
            )),
    )
}

fn missing(
    one: &Distribution,
    requirement: &Requirement,
    target: &Target,
    elsewhere: Elsewhere<'_>,
    scope: Scope,
) -> Finding {
    let name = requirement.name.as_ref();
    let wanted = shown(requirement);
    let needs = format!(
        "{} {} requires {wanted}, which {}",
        one.name,
        one.version,
        scope.lacks_it()
    );
    let place = elsewhere(name).or_else(|| {
        target.brings(name).then(|| {
            format!(
                "{} brings it, in a version of the provider's",
                target.runtime
            )
        })
    });
    let finding = match place {
        Some(place) => Finding::new(Code::RequirementElsewhere, format!("{needs}: {place}")),
        None => Finding::new(Code::RequirementMissing, needs)
            .with_expected("nothing", &wanted)
            .with_hint(match scope {
                Scope::Layer => {
                    format!("add {name} to the layer, or attach one that has it to the function")
                }
                Scope::Function => {
                    format!("attach a layer that has {name}, or add it to one of the function's")
                }
            }),
    };
    finding.with_package(name).with_path(&one.path)
}

fn requires_python(
    one: &Distribution,
    target: &Target,
    environment: &MarkerEnvironment,
) -> Option<Finding> {
    let range = one.requires_python.as_ref()?;
    let python = &environment.python_full_version().version;
    if range.contains(python) {
        return None;
    }
    let message = format!(
        "{} {} requires Python {range}, and {} has {python}",
        one.name, one.version, target.runtime
    );
    Some(
        Finding::new(Code::RequiresPython, message)
            .with_package(&one.name)
            .with_path(&one.path)
            .with_expected(python, range)
            .with_hint("choose another runtime, or another version of the package"),
    )
}
