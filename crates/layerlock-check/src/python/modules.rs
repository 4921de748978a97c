//! Modules that nobody's metadata tells of, and packages that hide the runtime's.

use std::collections::BTreeSet;

use layerlock_target::Target;

use super::distributions::Distributions;
use crate::layer::Layer;
use crate::names::ending;
use crate::{Code, Finding};

/// The SDK of durable functions, which the runtimes from this Python on bring.
const DURABLE_SDK: (&str, u8) = ("aws-durable-execution-sdk-python", 13);

/// Checks whose the modules of a layer are.
pub(crate) fn check_modules(
    layer: &Layer<'_>,
    distributions: &Distributions,
    target: &Target,
) -> Vec<Finding> {
    let mut findings = hidden_packages(distributions, target);
    findings.extend(unclaimed(layer, target));
    findings
}

fn hidden_packages(distributions: &Distributions, target: &Target) -> Vec<Finding> {
    let (_, minor) = target.runtime.python();
    let is_runtimes =
        |name: &str| target.brings(name) || (name == DURABLE_SDK.0 && minor >= DURABLE_SDK.1);
    let hiding = distributions
        .all
        .iter()
        .filter(|one| is_runtimes(one.name.as_ref()));
    let findings = hiding.map(|one| {
        let message = format!(
            "{} {} hides the one that {} brings: layers come first on sys.path",
            one.name, one.version, target.runtime
        );
        Finding::new(Code::HidesRuntime, message)
            .with_package(&one.name)
            .with_path(&one.path)
    });
    findings.collect()
}

/// Modules that no RECORD lists.
fn unclaimed(layer: &Layer<'_>, target: &Target) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for site in target.module_paths() {
        for file in layer.below(&site) {
            let rest = &file.path[site.len() + 1..];
            let is_module = match rest.split_once('/') {
                Some((directory, name)) => name == "__init__.py" && !directory.contains('.'),
                None => ending(rest) == Some("py"),
            };
            let is_site = site == "python" && rest.starts_with("lib/");
            if file.owner.is_some() || !is_module || is_site || !seen.insert(rest.to_owned()) {
                continue;
            }
            let module = rest.split(['/', '.']).next().unwrap_or(rest);
            let message = format!(
                "no metadata tells which package the module `{module}` is of: importlib.metadata \
                 does not find it"
            );
            findings.push(
                Finding::new(Code::DistInfoMissing, message)
                    .with_path(&file.path)
                    .with_hint(
                        "keep the .dist-info directories of installed packages; code of your own \
                         needs none",
                    ),
            );
        }
    }
    findings
}
