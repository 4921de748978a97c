//! What the user should know of the project, its packages and what is excluded. What
//! can be read off any layer is in layerlock-check.

use layerlock_check::{Code, Finding, Severity};
use layerlock_diagnostic::LockTool;
use layerlock_export::Project;
use layerlock_install::{BuildNote, ChosenWheel, RecordFlaws, Yanked};
use layerlock_lock::{LockReader, LockWarning, LockWarningKind, PackageName};
use layerlock_target::{Provider, Runtime, Target, WheelName};

use crate::Error;
use crate::built::ExcludedPackage;
use crate::configuration::Layer;
use crate::exclude_files::FileFilter;
use crate::file_conflict::FileConflict;
use crate::templates::Template;

/// Findings on the choice, the lock, and what it has for the target.
pub(crate) fn lock(lock: Option<&dyn LockReader>, layer: &Layer) -> Result<Vec<Finding>, Error> {
    let (Some(lock), Some(choice)) = (lock, &layer.choice) else {
        return Ok(Vec::new());
    };
    let mut warnings = lock.warnings(choice)?;
    warnings.extend(lock.target_warnings(&layer.target.marker_environment()));
    let finding = |warning: LockWarning| {
        let code = match warning.kind {
            LockWarningKind::General => Code::Project,
            LockWarningKind::Stale => Code::StaleLock,
            LockWarningKind::PatchRelease => Code::PatchRelease,
            LockWarningKind::Unhashed => Code::Unverified,
        };
        Finding {
            hint: warning.hint,
            ..Finding::new(code, warning.message)
        }
    };
    Ok(warnings.into_iter().map(finding).collect())
}

/// The findings of checks on a layer, with what the project has where one is empty.
pub(crate) fn on_project(findings: Vec<Finding>, project: &Project, layer: &Layer) -> Vec<Finding> {
    let list = |what: &str, names: &[String]| match names {
        [] => String::new(),
        names => format!("; the project's {what} are {}", names.join(", ")),
    };
    let hint = |finding: Finding| match finding.code {
        Code::EmptyLayer if layer.choice.is_none() => empty(finding, layer),
        Code::EmptyLayer => finding.with_hint(format!(
            "choose other groups or extras, or exclude less{}{}",
            list("groups", project.groups()),
            list("extras", project.extras())
        )),
        _ => finding,
    };
    findings.into_iter().map(hint).collect()
}

/// The same of a layer without packages of Python.
fn empty(finding: Finding, layer: &Layer) -> Finding {
    let parts = [
        (
            !layer.own_files.is_empty(),
            "its folders have no files",
            "name other folders",
        ),
        (
            layer.npm.is_some(),
            "its lock of npm has no packages for it",
            "omit less",
        ),
        (layer.maven.is_some(), "Maven names no jars for it", ""),
    ];
    let parts = parts.into_iter().filter(|(is_there, ..)| *is_there);
    let reasons: Vec<&str> = parts.clone().map(|(_, reason, _)| reason).collect();
    let hints = parts.map(|(.., hint)| hint).filter(|hint| !hint.is_empty());
    let hints: Vec<&str> = hints.collect();
    Finding {
        message: format!(
            "the layer is empty: {}, or all are excluded",
            reasons.join(", ")
        ),
        hint: Some(match &hints[..] {
            [] => "exclude less".to_owned(),
            hints => format!("{}, or exclude less", hints.join(", ")),
        }),
        ..finding
    }
}

/// What a run that leaves out layers knows of those.
pub(crate) const OTHER_LAYER: &str = "another layer of the project, which this run leaves out,";

/// A library that is missing as far as is known is no error where a layer may have it of
/// which nobody knows here what it holds.
pub(crate) fn doubted(finding: Finding, unknown: &str) -> Finding {
    if !matches!(finding.code, Code::MissingLibrary | Code::ImageLibrary) {
        return finding;
    }
    Finding {
        message: format!("{}; {unknown} may have it", finding.message),
        severity: finding.severity.min(Severity::Warning),
        ..finding
    }
}

/// Findings on packages that the lock has no wheel of.
pub(crate) fn builds(notes: &[BuildNote]) -> Vec<Finding> {
    let findings = notes.iter().map(|note| {
        let code = match note {
            BuildNote::Built { .. } => Code::Built,
            BuildNote::Supplied { .. } => Code::Supplied,
            BuildNote::Unverified { .. } => Code::Unverified,
        };
        Finding::new(code, note.to_string()).with_package(note.package())
    });
    findings.collect()
}

/// A finding where nobody named the runtime.
pub(crate) fn default_runtime(layer: &Layer) -> Option<Finding> {
    layer.default_runtime.as_ref().map(|chosen| {
        Finding::new(Code::DefaultRuntime, chosen.to_string())
            .with_hint("set `runtime` in [tool.layerlock] to your functions' runtime")
    })
}

/// A finding where nobody named the architecture, and a wheel is compiled for it. Pure
/// packages fit every architecture.
pub(crate) fn default_architecture<'w>(
    layer: &Layer,
    mut wheels: impl Iterator<Item = (&'w PackageName, &'w WheelName)>,
) -> Option<Finding> {
    if !layer.is_default_architecture {
        return None;
    }
    let (package, _) = wheels.find(|(_, wheel)| wheel.is_for_linux())?;
    let architecture = layer.target.architecture;
    let message = format!(
        "built for {architecture}, the provider's default architecture: {package} is compiled for \
         it"
    );
    Some(
        Finding::new(Code::DefaultArchitecture, message)
            .with_hint("set `architecture` in [tool.layerlock] to your functions' architecture"),
    )
}

/// A finding where templates name runtimes of functions, and not the layer's.
pub(crate) fn templates(target: &Target, templates: &[Template]) -> Option<Finding> {
    const SHOWN: usize = 3;
    let named: Vec<_> = templates
        .iter()
        // They are templates of one provider's functions.
        .filter(|_| target.provider() == Provider::Aws)
        .flat_map(|template| template.runtimes.iter().map(|one| (&template.path, one)))
        // Functions of another language have no use for the layer.
        .filter(|(_, one)| one.runtime.language() == target.runtime.language())
        .collect();
    let (_, first) = named.first()?;
    if named.iter().any(|(_, one)| one.runtime == target.runtime) {
        return None;
    }
    let shown = named
        .iter()
        .take(SHOWN)
        .map(|(path, one)| format!("{} ({}:{})", one.runtime, path.display(), one.line));
    let shown: Vec<_> = shown.collect();
    let more = match named.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "the layer is for {}, and the project's functions run on {}{more}",
        target.runtime,
        shown.join(", ")
    );
    Some(Finding::new(Code::OtherRuntime, message).with_hint(format!(
        "set `runtime = \"{}\"` in [tool.layerlock], or the functions' runtime to {}",
        first.runtime, target.runtime
    )))
}

/// A finding on a file that its index has yanked since it was locked.
pub(crate) fn yanked(yanked: &Yanked, tool: LockTool) -> Finding {
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
    Finding::new(
        Code::Yanked,
        format!("{file} has been yanked from its index{because}"),
    )
    .with_package(package)
    .with_hint(format!(
        "lock another version with {}",
        tool.upgrade(package.as_str())
    ))
}

/// A finding on a wheel whose RECORD has flaws.
pub(crate) fn record(chosen: &ChosenWheel, flaws: &RecordFlaws) -> Finding {
    Finding::new(
        Code::WheelRecord,
        format!(
            "RECORD in {} {flaws}: pip, uv and Poetry pass over it too",
            chosen.wheel
        ),
    )
    .with_package(&chosen.package.name)
    .with_hint("the file has the locked hash, so the layer is what was locked: tell its authors")
}

/// Findings on what excluded packages tie the functions to.
pub(crate) fn excluded_packages(
    layer: &Layer,
    excluded: &[ExcludedPackage],
    unknown: &[PackageName],
) -> Vec<Finding> {
    let unknown = unknown.iter().map(|name| {
        let message = format!("excluded package `{name}` is not in this layer anyway");
        Finding::new(Code::ExcludeUnknown, message)
            .with_package(name)
            .with_hint("correct its name in `exclude`, or remove it there")
    });
    let runtime = layer.target.runtime;
    let named = excluded.iter().filter(|one| one.named);
    unknown
        .chain(named.map(|one| excluded_package(one, runtime)))
        .collect()
}

fn excluded_package(excluded: &ExcludedPackage, runtime: Runtime) -> Finding {
    let ExcludedPackage {
        name,
        version,
        needed_by,
        ..
    } = excluded;
    let needed = if needed_by.is_empty() {
        String::new()
    } else {
        format!("; {} will use it", needed_by.join(", "))
    };
    let finding = if excluded.in_runtime {
        let message = format!(
            "functions get {name} from {runtime}, in the provider's version and not the locked \
             {version}{needed}"
        );
        Finding::new(Code::ExcludeFromRuntime, message)
    } else {
        let message = format!(
            "{name} is excluded, and {runtime} does not have it: functions need it from \
             elsewhere{needed}"
        );
        Finding::new(Code::ExcludeMissing, message)
            .with_hint("attach another layer that has it, or remove it from `exclude`")
    };
    finding.with_package(name)
}

/// A finding for each path to which two packages bring different files.
pub(crate) fn file_conflicts(conflicts: &[FileConflict]) -> Vec<Finding> {
    let findings = conflicts.iter().map(|conflict| {
        let FileConflict { path, kept, .. } = conflict;
        let because = if conflict.is_kept_of_folder() {
            "since own files lie over those of others"
        } else {
            "as pip would install it"
        };
        let message =
            format!("{conflict}, with different bytes: the layer has the one of {kept}, {because}");
        let exclude = format!("`exclude-files = [{}]`", pattern(path));
        let hint = match conflict.preference() {
            Some(preference) => format!(
                "set `{preference}` in [tool.layerlock] to have the other one, or exclude both \
                 with {exclude}"
            ),
            None => format!("remove one of them, or exclude both with {exclude}"),
        };
        Finding::new(Code::FileConflict, message)
            .about(conflict.hidden_package(), Some(path))
            .with_hint(hint)
    });
    findings.collect()
}

/// The pattern for one file alone, as it is written in pyproject.toml.
fn pattern(path: &str) -> toml_edit::Value {
    let mut pattern = "/".to_owned();
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.into()
}

/// Findings on names in `prefer` that no package has.
pub(crate) fn not_preferred(names: &[PackageName]) -> Vec<Finding> {
    let findings = names.iter().map(|name| {
        let message = format!("preferred package `{name}` is not in this layer");
        Finding::new(Code::PreferUnknown, message)
            .with_package(name)
            .with_hint("correct its name in `prefer`, or remove it there")
    });
    findings.collect()
}

/// Findings on what excluded files may break.
pub(crate) fn excluded_files(filter: &FileFilter) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pattern in filter.unused() {
        let message = format!("the pattern `{pattern}` in exclude-files matches no file");
        findings.push(
            Finding::new(Code::ExcludeUnused, message)
                .with_hint("a pattern with a / starts at the top of the layer: `python/NAME/...`"),
        );
    }
    if let Some((path, count)) = filter.code() {
        let message = format!(
            "{count} of the excluded files can be imported, such as {path}: what imports them \
             fails in the function"
        );
        findings.push(
            Finding::new(Code::ExcludeCode, message)
                .with_path(path)
                .with_hint(
                    "test what you keep: numpy.testing and scipy, for example, import numpy's \
                     tests",
                ),
        );
    }
    if let Some(path) = filter.metadata() {
        let message = format!("{path} and other metadata stays: importlib.metadata reads it");
        findings.push(Finding::new(Code::ExcludeMetadata, message).with_path(path));
    }
    findings
}
