//! What the plan of a layer tells.

use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;

use layerlock_layer::LayerPlan;
use layerlock_target::{Language, Support, Target};

use crate::layer::{FileInLayer, Layer};
use crate::module_paths::top_level_module;
use crate::{Code, Finding, layout, limits, standard_library};

/// Checks the plan of a layer against its target: what costs next to nothing, so that each
/// build does it.
pub fn check_plan(plan: &LayerPlan, target: &Target) -> Vec<Finding> {
    let layer = Layer::of_plan(plan);
    let mut findings: Vec<Finding> = runtime(target).into_iter().collect();
    findings.extend(emptiness(&layer));
    findings.extend(check_names(&layer, target));
    findings.extend(limits::check(&layer, target.provider(), target.mount()));
    findings
}

/// Checks the paths of a layer for a target.
pub(crate) fn check_names(layer: &Layer<'_>, target: &Target) -> Vec<Finding> {
    let mut findings = case_collisions(layer);
    let is_python = target.runtime.language() == Language::Python;
    findings.extend(layout::check(layer, Some(target).filter(|_| is_python)));
    if is_python {
        findings.extend(hidden_modules(layer, target));
        findings.extend(split_sdk(layer, target));
    }
    findings
}

/// Modules with the name of one of the standard library: layers come before it on
/// `sys.path`, where a virtual environment's packages come after it.
fn hidden_modules(layer: &Layer<'_>, target: &Target) -> Vec<Finding> {
    let (_, minor) = target.runtime.python();
    let sites = target.module_paths();
    let mut findings = Vec::new();
    for file in &layer.files {
        let path = &*file.path;
        let below = |site: &String| path.strip_prefix(site)?.strip_prefix('/');
        let module = sites.iter().filter_map(below).find_map(top_level_module);
        let Some(module) = module.filter(|module| standard_library::has(module, minor)) else {
            continue;
        };
        let from = file.owner.as_deref();
        let owner = from.map_or_else(String::new, |owner| format!(" (from {owner})"));
        let message = format!(
            "{path}{owner} hides the module `{module}` of Python's standard library: layers come \
             first on sys.path"
        );
        let hint = match file.package() {
            Some(package) => format!(
                "exclude {package} if it is a backport that this Python needs no more, or the file \
                 by exclude-files"
            ),
            None => "leave it out, or give it another name".to_owned(),
        };
        findings.push(
            Finding::new(Code::HidesStandardLibrary, message)
                .about(file.package(), Some(path))
                .with_hint(hint),
        );
    }
    findings
}

/// boto3 is made for the botocore that it was released with. Where only one of them is
/// in the layer, the other one is the runtime's, of another version.
fn split_sdk(layer: &Layer<'_>, target: &Target) -> Option<Finding> {
    let sites = target.module_paths();
    let is_in = |package: &str| {
        let mut sites = sites.iter();
        sites.any(|site| layer.has(&format!("{site}/{package}/__init__.py")))
    };
    let (here, runtimes) = match (is_in("botocore"), is_in("boto3")) {
        (true, false) => ("botocore", "boto3"),
        (false, true) => ("boto3", "botocore"),
        _ => return None,
    };
    if !target.brings(runtimes) {
        return None;
    }
    let message = format!(
        "the layer has {here} without {runtimes}: the one of {} is of another version, and may \
         not work with it",
        target.runtime
    );
    Some(
        Finding::new(Code::SplitSdk, message)
            .with_package(here)
            .with_hint(format!(
                "add {runtimes} to the project's dependencies, or exclude {here} as well"
            )),
    )
}

pub(crate) fn runtime(target: &Target) -> Option<Finding> {
    let runtime = target.runtime;
    match runtime.support() {
        Support::Until(_) | Support::Current | Support::Custom => None,
        Support::Retired => Some(
            Finding::new(
                Code::RuntimeRetired,
                format!("{runtime} is deprecated by the provider"),
            )
            .with_hint("build for a newer runtime"),
        ),
        Support::Preview => Some(Finding::new(
            Code::RuntimePreview,
            format!("{runtime} is a preview, and its glibc not yet certain"),
        )),
    }
}

fn emptiness(layer: &Layer<'_>) -> Option<Finding> {
    layer.files.is_empty().then(|| {
        Finding::new(
            Code::EmptyLayer,
            "the layer is empty: every package of the chosen groups is excluded or for other \
             targets",
        )
        .with_hint("choose other groups or extras, or exclude less")
    })
}

pub(crate) fn case_collisions(layer: &Layer<'_>) -> Vec<Finding> {
    let mut first: HashMap<String, &FileInLayer<'_>> = HashMap::with_capacity(layer.files.len());
    let mut findings = Vec::new();
    for file in &layer.files {
        match first.entry(file.path.to_lowercase()) {
            MapEntry::Vacant(vacant) => {
                vacant.insert(file);
            }
            MapEntry::Occupied(occupied) => findings.push(collision(occupied.get(), file)),
        }
    }
    findings
}

fn collision(first: &FileInLayer<'_>, second: &FileInLayer<'_>) -> Finding {
    let shown = |file: &FileInLayer<'_>| match &file.owner {
        Some(owner) => format!("{} (from {owner})", file.path),
        None => file.path.to_string(),
    };
    let message = format!(
        "{} and {} differ in case alone: a disk that ignores case can hold one of them",
        shown(first),
        shown(second)
    );
    Finding::new(Code::CaseCollision, message)
        .with_path(&second.path)
        .with_hint("on such a disk, build the zip and no staging directory")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{plan, target};

    const FILE: (&str, &str, u64) = ("python/six.py", "six", 1);

    fn found(plan: &LayerPlan, runtime: &str) -> Vec<String> {
        let findings = check_plan(plan, &target(runtime));
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_small_layer_for_a_current_runtime_is_without_findings() {
        assert_eq!(found(&plan(&[FILE]), "python3.12"), [""; 0]);
    }

    #[test]
    fn a_module_that_hides_the_standard_librarys_is_told() {
        let plan = plan(&[
            ("python/asyncore/__init__.py", "pyasyncore 1.0", 1),
            ("python/enum/__init__.py", "enum34 1.1.10", 1),
            ("python/json/other.py", "namespace 1", 1),
            ("python/math.cpython-312-x86_64-linux-gnu.so", "fast 1", 1),
            ("python/six.py", "six 1.17.0", 1),
            ("python/types.pyi", "stubs 1", 1),
            ("python/uuid.py", "uuid 1.30", 1),
            ("python/sub/typing.py", "sub 1", 1),
        ]);
        let own = crate::testing::plan(&[("python/uuid.py", "folder src", 1)]);
        assert!(found(&own, "python3.12")[0].ends_with("leave it out, or give it another name"));
        let modules = |runtime| -> Vec<_> {
            let findings = check_plan(&plan, &target(runtime)).into_iter();
            findings
                .filter(|one| one.code == Code::HidesStandardLibrary)
                .map(|one| one.package.unwrap())
                .collect()
        };
        assert_eq!(modules("python3.12"), ["enum34", "fast", "uuid"]);
        assert_eq!(
            modules("python3.11"),
            ["pyasyncore", "enum34", "fast", "uuid"]
        );
        let text = found(&plan, "python3.12").pop().unwrap();
        assert_eq!(
            text,
            "warning[hides-standard-library]: python/uuid.py (from uuid 1.30) hides the module \
             `uuid` of Python's standard library: layers come first on sys.path\n  hint: exclude \
             uuid if it is a backport that this Python needs no more, or the file by exclude-files"
        );
    }

    #[test]
    fn one_half_of_the_sdk_is_told() {
        let file = |package: &str| format!("python/{package}/__init__.py");
        let (boto3, botocore) = (file("boto3"), file("botocore"));
        let (boto3, botocore) = (
            (boto3.as_str(), "boto3 1.43", 1),
            (botocore.as_str(), "botocore 1.43", 1),
        );
        assert_eq!(found(&plan(&[boto3, botocore]), "python3.12"), [""; 0]);
        for (half, other, here) in [
            (boto3, "botocore", "boto3"),
            (botocore, "boto3", "botocore"),
        ] {
            assert_eq!(
                found(&plan(&[half]), "python3.12"),
                [format!(
                    "warning[split-sdk]: the layer has {here} without {other}: the one of \
                     python3.12 is of another version, and may not work with it\n  hint: add \
                     {other} to the project's dependencies, or exclude {here} as well"
                )]
            );
        }
    }

    #[test]
    fn a_runtime_at_either_end_of_its_life_is_told() {
        let plan = plan(&[FILE]);
        assert_eq!(
            found(&plan, "python3.9"),
            [
                "warning[runtime-retired]: python3.9 is deprecated by the provider\n  \
              hint: build for a newer runtime"
            ]
        );
        assert_eq!(
            found(&plan, "python3.15"),
            ["warning[runtime-preview]: python3.15 is a preview, and its glibc not yet certain"]
        );
    }

    #[test]
    fn a_layer_without_files_is_an_error() {
        let empty = found(&plan(&[]), "python3.12");
        assert_eq!(empty.len(), 1);
        assert!(
            empty[0].starts_with("error[empty-layer]: the layer is empty"),
            "{empty:?}"
        );
        assert!(empty[0].contains("hint: choose other groups"), "{empty:?}");
    }

    #[test]
    fn paths_that_differ_in_case_alone_are_told_with_their_owners() {
        let plan = plan(&[FILE, ("python/SIX.py", "shout", 1), ("python/a.py", "a", 0)]);
        let findings = check_plan(&plan, &target("python3.12"));
        let [finding] = &findings[..] else {
            panic!("{findings:?}");
        };
        assert_eq!(finding.code, Code::CaseCollision);
        assert_eq!(
            finding.message,
            "python/SIX.py (from shout) and python/six.py (from six) differ in case alone: a \
             disk that ignores case can hold one of them"
        );
        assert_eq!(finding.path.as_deref(), Some("python/six.py"));
        assert!(finding.hint.is_some());
    }

    /// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>: 250 MB
    /// for a function and all its layers.
    #[test]
    fn what_the_provider_just_accepts_is_no_finding() {
        let (most, over) = (("python/a", "a", 250 << 20), ("python/b", "b", 1));
        assert_eq!(found(&plan(&[most]), "python3.12"), [""; 0]);
        let findings = check_plan(&plan(&[most, over]), &target("python3.12"));
        let [finding] = &findings[..] else {
            panic!("{findings:?}");
        };
        assert_eq!(finding.code, Code::LayerTooLarge);
        assert_eq!(
            finding.message,
            "the layer unzips to 262144001 bytes, the provider accepts 262144000 together with \
             the function and its other layers"
        );
        assert!(finding.hint.is_some());
    }
}
