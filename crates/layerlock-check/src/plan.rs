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
            "the layer is empty: no package of the chosen groups is for this target and not \
             excluded",
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
