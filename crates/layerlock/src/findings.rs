//! What the user should know, read off the project, the plan and the zip.

use layerlock_install::{BuildNote, Yanked};
use layerlock_layer::{Entry, LayerPlan};
use layerlock_lock::{Choice, LockReader, LockWarning, PackageName};
use layerlock_target::Support;

use crate::Error;
use crate::configuration::Layer;
use crate::patterns::LeftOutFiles;
use crate::report::{ExcludedPackage, Finding, Severity, ZipReport};

/// What the user should know of the choice and the lock.
pub(crate) fn of_lock(lock: &dyn LockReader, choice: &Choice) -> Result<Vec<Finding>, Error> {
    let warnings = lock.warnings(choice)?.into_iter();
    let finding =
        |warning: LockWarning| finding(Severity::Warning, "project", warning.message, None);
    Ok(warnings.map(finding).collect())
}

/// What the user should know of packages that the lock has no wheel of.
pub(crate) fn of_builds(notes: &[BuildNote]) -> Vec<Finding> {
    let findings = notes.iter().map(|note| {
        let (severity, code) = match note {
            BuildNote::Built { .. } => (Severity::Info, "built"),
            BuildNote::Supplied { .. } => (Severity::Info, "supplied"),
            BuildNote::Unverified { .. } => (Severity::Warning, "unverified"),
        };
        Finding {
            package: Some(note.package().to_string()),
            ..finding(severity, code, note.to_string(), None)
        }
    });
    findings.collect()
}

/// What the user should know of a layer.
pub(crate) fn of_layer(layer: &Layer, plan: &LayerPlan, zip: Option<&ZipReport>) -> Vec<Finding> {
    let runtime = layer.target.runtime;
    let limits = layer.target.limits();
    let mut findings = Vec::new();
    if layer.runtime_by_default {
        findings.push(finding(
            Severity::Info,
            "default-runtime",
            format!("built for {runtime}, the newest runtime that the project's Python allows"),
            Some("set `runtime` in [tool.layerlock] to your functions' runtime"),
        ));
    }
    match runtime.support() {
        Support::Until(_) => {}
        Support::Retired => findings.push(finding(
            Severity::Warning,
            "runtime-retired",
            format!("{runtime} is deprecated by the provider"),
            Some("build for a newer runtime"),
        )),
        Support::Preview => findings.push(finding(
            Severity::Warning,
            "runtime-preview",
            format!("{runtime} is a preview, and its glibc not yet certain"),
            None,
        )),
    }
    if plan.entries().is_empty() {
        findings.push(finding(
            Severity::Error,
            "empty-layer",
            "the layer holds nothing: the chosen groups have no package for this target that is \
             not excluded"
                .to_owned(),
            Some("choose other groups or extras, or leave out less"),
        ));
    }
    let owner = |entry: &Entry| plan.owners()[entry.owner.index()].as_str();
    for (first, second) in plan.case_collisions() {
        findings.push(Finding {
            path: Some(second.path.to_string()),
            ..finding(
                Severity::Warning,
                "case-collision",
                format!(
                    "{} (from {}) and {} (from {}) differ in case alone: a disk that ignores \
                     case can hold one of them",
                    first.path,
                    owner(first),
                    second.path,
                    owner(second)
                ),
                Some("on such a disk, build the zip and no staging directory"),
            )
        });
    }
    let unzipped = plan.unzipped_size();
    if unzipped > limits.unzipped {
        findings.push(finding(
            Severity::Error,
            "layer-too-large",
            format!(
                "the layer unzips to {unzipped} bytes, the provider accepts {} together with \
                 the function and its other layers",
                limits.unzipped
            ),
            Some("leave out packages or split the layer into several"),
        ));
    }
    if let Some(zip) = zip
        && zip.size > limits.zip_in_request
    {
        findings.push(finding(
            Severity::Warning,
            "zip-too-large-for-request",
            format!(
                "the zip has {} bytes, a request takes {}: it has to be published by way of \
                 object storage",
                zip.size, limits.zip_in_request
            ),
            None,
        ));
    }
    findings
}

/// A file that its index has yanked since it was locked.
pub(crate) fn of_yanked(yanked: &Yanked) -> Finding {
    let Yanked {
        package,
        file,
        reason,
    } = yanked;
    let because = if reason.is_empty() {
        String::new()
    } else {
        format!(": {reason}")
    };
    Finding {
        package: Some(package.to_string()),
        ..finding(
            Severity::Warning,
            "yanked",
            format!("{file} has been yanked from its index{because}"),
            Some("lock another version with `poetry update`"),
        )
    }
}

/// What leaving out packages ties the functions to.
pub(crate) fn of_excluded(
    layer: &Layer,
    excluded: &[ExcludedPackage],
    unknown: &[PackageName],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in unknown {
        findings.push(Finding {
            package: Some(name.to_string()),
            ..finding(
                Severity::Warning,
                "exclude-unknown",
                format!("`{name}` was to be left out, and is no package of this layer"),
                Some("correct its name in `exclude`, or take it out of there"),
            )
        });
    }
    let runtime = layer.target.runtime;
    for one in excluded.iter().filter(|one| one.named) {
        let ExcludedPackage { name, version, .. } = one;
        let needed = if one.needed_by.is_empty() {
            String::new()
        } else {
            format!(", and so does {}", one.needed_by.join(", "))
        };
        let finding = if one.in_runtime {
            finding(
                Severity::Info,
                "exclude-from-runtime",
                format!(
                    "functions get {name} from {runtime}{needed}: not the locked {version}, but \
                     whichever version the provider has there, which its updates change"
                ),
                None,
            )
        } else {
            finding(
                Severity::Warning,
                "exclude-missing",
                format!(
                    "{name} is left out and {runtime} does not bring it: functions have to get \
                     it from elsewhere{needed}"
                ),
                Some("attach another layer that has it, or take it out of `exclude`"),
            )
        };
        findings.push(Finding {
            package: Some(name.clone()),
            ..finding
        });
    }
    findings
}

/// What leaving out files may break.
pub(crate) fn of_files_left_out(left_out: &LeftOutFiles) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pattern in left_out.unused() {
        findings.push(finding(
            Severity::Warning,
            "exclude-unused",
            format!("the pattern `{pattern}` in exclude-files fits no file of this layer"),
            Some("a pattern with a / starts at the top of the layer: `python/NAME/...`"),
        ));
    }
    if let Some((path, count)) = left_out.code() {
        findings.push(Finding {
            path: Some(path.to_owned()),
            ..finding(
                Severity::Warning,
                "exclude-code",
                format!(
                    "{count} of the files that are left out can be imported, such as {path}: \
                     what imports them fails in the function"
                ),
                Some(
                    "test what you keep: numpy.testing and scipy, for example, import \
                     numpy's tests",
                ),
            )
        });
    }
    if let Some(path) = left_out.metadata() {
        findings.push(Finding {
            path: Some(path.to_owned()),
            ..finding(
                Severity::Info,
                "exclude-metadata",
                format!("{path} and other metadata stays: importlib.metadata reads it"),
                None,
            )
        });
    }
    findings
}

fn finding(severity: Severity, code: &'static str, message: String, hint: Option<&str>) -> Finding {
    Finding {
        severity,
        code: code.into(),
        message,
        package: None,
        path: None,
        hint: hint.map(str::to_owned),
    }
}
