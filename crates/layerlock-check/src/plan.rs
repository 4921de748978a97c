//! What the plan of a layer tells.

use layerlock_layer::{Entry, LayerPlan};
use layerlock_target::{Support, Target};

use crate::{Code, Finding};

/// Checks the plan of a layer against its target.
pub fn check_plan(plan: &LayerPlan, target: &Target) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(runtime(target));
    findings.extend(emptiness(plan));
    findings.extend(case_collisions(plan));
    findings.extend(size(plan, target));
    findings
}

fn runtime(target: &Target) -> Option<Finding> {
    let runtime = target.runtime;
    match runtime.support() {
        Support::Until(_) => None,
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

fn emptiness(plan: &LayerPlan) -> Option<Finding> {
    plan.entries().is_empty().then(|| {
        Finding::new(
            Code::EmptyLayer,
            "the layer is empty: every package of the chosen groups is excluded or for other \
             targets",
        )
        .with_hint("choose other groups or extras, or exclude less")
    })
}

fn case_collisions(plan: &LayerPlan) -> Vec<Finding> {
    let owner = |entry: &Entry| plan.owners()[entry.owner.index()].as_str();
    let collision = |(first, second): (&Entry, &Entry)| {
        let message = format!(
            "{} (from {}) and {} (from {}) differ in case alone: a disk that ignores case can \
             hold one of them",
            first.path,
            owner(first),
            second.path,
            owner(second)
        );
        Finding::new(Code::CaseCollision, message)
            .with_path(&second.path)
            .with_hint("on such a disk, build the zip and no staging directory")
    };
    let pairs = plan.case_collisions();
    pairs.into_iter().map(collision).collect()
}

fn size(plan: &LayerPlan, target: &Target) -> Option<Finding> {
    let (unzipped, limit) = (plan.unzipped_size(), target.limits().unzipped);
    (unzipped > limit).then(|| {
        Finding::new(
            Code::LayerTooLarge,
            format!(
                "the layer unzips to {unzipped} bytes, the provider accepts {limit} together \
                 with the function and its other layers"
            ),
        )
        .with_hint("exclude packages or split the layer into several")
    })
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
