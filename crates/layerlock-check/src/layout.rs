//! Whether the files of a layer lie where the runtime looks for them.

use std::collections::{BTreeMap, BTreeSet};

use layerlock_target::Target;

use crate::layer::{FileInLayer, Layer};
use crate::names::ending;
use crate::{Code, Finding, Severity};

/// Where a runtime looks for something in a layer, of all providers and languages.
const FOLDERS: [&str; 9] = [
    "bin",
    "dotnetcore",
    "extensions",
    "java",
    "lib",
    "nodejs",
    "php",
    "python",
    "ruby",
];

/// Folders of other languages than Python, with a runtime that looks there.
const OTHER_LANGUAGES: [(&str, &str); 4] = [
    ("dotnetcore", "dotnet8"),
    ("java", "java21"),
    ("nodejs", "nodejs22.x"),
    ("ruby", "ruby3.3"),
];

/// What of these a function on Python uses.
const FOLDERS_OF_PYTHON: [&str; 4] = ["bin", "extensions", "lib", "python"];

/// Checks where the files of a layer lie. Without a target it may be for any language.
pub(crate) fn check(layer: &Layer<'_>, target: Option<&Target>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = litter(layer).into_iter().collect();
    let files: Vec<&FileInLayer<'_>> = layer.files.iter().filter(|it| !is_litter(it)).collect();
    if files.is_empty() {
        return findings;
    }
    if let Some(finding) = nested_zip(&files).or_else(|| wrapped(&files)) {
        findings.push(finding);
        return findings;
    }
    let before = findings.len();
    findings.extend(nested_python(layer));
    findings.extend(at_root(&files));
    if let Some(target) = target {
        findings.extend(other_sites(layer, target));
    }
    if findings.len() == before {
        findings.extend(no_folder(&files, target));
    }
    findings
}

/// What file managers leave, and nobody misses.
fn is_litter(file: &FileInLayer<'_>) -> bool {
    matches!(file.name(), ".DS_Store" | "Thumbs.db" | "desktop.ini")
        || file.path.split('/').next() == Some("__MACOSX")
}

fn litter(layer: &Layer<'_>) -> Option<Finding> {
    let mut files = layer.files.iter().filter(|file| is_litter(file));
    let first = files.next()?;
    let count = 1 + files.count();
    let message = match count {
        1 => format!("{} is of a file manager, and of no use", first.path),
        count => format!(
            "{count} files are of a file manager, and of no use, such as {}",
            first.path
        ),
    };
    Some(Finding::new(Code::Litter, message).with_path(&first.path))
}

fn nested_zip(files: &[&FileInLayer<'_>]) -> Option<Finding> {
    let first = files.first()?;
    let is_zip = |file: &&FileInLayer<'_>| {
        let depth = file.path.matches('/').count();
        file.name().to_ascii_lowercase().ends_with(".zip") && depth <= 2
    };
    files.iter().all(is_zip).then(|| {
        let path = &first.path;
        Finding::new(
            Code::NestedZip,
            format!("the layer holds {path} and no files: a runtime does not look into zips"),
        )
        .with_path(path)
        .with_hint("publish that zip itself")
    })
}

/// A directory around everything, in which the layer would be right.
fn wrapped(files: &[&FileInLayer<'_>]) -> Option<Finding> {
    let (wrapper, _) = files.first()?.path.split_once('/')?;
    if FOLDERS.contains(&wrapper) {
        return None;
    }
    let prefix = format!("{wrapper}/");
    let mut is_layer = false;
    for file in files {
        let inner = file.path.strip_prefix(&prefix)?;
        let top = inner.split_once('/').map(|(top, _)| top);
        is_layer |= top.is_some_and(|top| top == "python" || top == "nodejs")
            || inner.starts_with("java/lib/")
            || inner.starts_with("ruby/gems/");
    }
    is_layer.then(|| {
        Finding::new(
            Code::WrappedLayer,
            format!("everything lies in the directory {prefix}: no runtime looks for it there"),
        )
        .with_path(&files[0].path)
        .with_expected(&prefix, "python/ and others at the root of the layer")
        .with_hint(format!(
            "zip what is in {prefix}, and not the directory itself"
        ))
    })
}

fn nested_python(layer: &Layer<'_>) -> Option<Finding> {
    let nested = layer.below("python/python");
    // There are packages of this name.
    if layer.has("python/python/__init__.py") {
        return None;
    }
    let first = nested.first()?;
    Some(
        Finding::new(
            Code::NestedPython,
            format!(
                "{} files lie in python/python/, where Python does not look for modules",
                nested.len()
            ),
        )
        .with_path(&first.path)
        .with_expected("python/python/", "python/")
        .with_hint("move them up into python/"),
    )
}

/// Modules and metadata of packages that lie beside `python/` or in its place.
fn at_root(files: &[&FileInLayer<'_>]) -> Option<Finding> {
    let is_package = |file: &&&FileInLayer<'_>| match file.path.split_once('/') {
        Some((top, _)) if FOLDERS.contains(&top) => false,
        Some((top, rest)) => {
            rest == "__init__.py"
                || ((top.ends_with(".dist-info") || top.ends_with(".egg-info"))
                    && !rest.contains('/'))
        }
        None => matches!(ending(file.name()), Some("py" | "so")),
    };
    let found: Vec<_> = files.iter().filter(is_package).collect();
    let first = found.first()?;
    let tops: BTreeSet<&str> = found
        .iter()
        .filter_map(|file| file.path.split('/').next())
        .filter(|top| !top.contains(".dist-info") && !top.contains(".egg-info"))
        .collect();
    let names = tops.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    let such = if names.is_empty() {
        String::new()
    } else {
        format!(" ({names})")
    };
    Some(
        Finding::new(
            Code::PackagesAtRoot,
            format!("packages lie at the root of the layer{such}, where Python does not find them"),
        )
        .with_path(&first.path)
        .with_expected("the root of the layer", "python/")
        .with_hint("put them into a folder `python`, and zip that"),
    )
}

/// Packages in a `site-packages` that is not the runtime's.
fn other_sites(layer: &Layer<'_>, target: &Target) -> Vec<Finding> {
    let right: Vec<String> = target.module_paths();
    let mut sites: BTreeMap<&str, &FileInLayer<'_>> = BTreeMap::new();
    for file in &layer.files {
        let Some((before, _)) = file.path.split_once("site-packages/") else {
            continue;
        };
        let site = &file.path[..before.len() + "site-packages".len()];
        if before.ends_with('/') && !right.iter().any(|one| one == site) && is_install(layer, site)
        {
            sites.entry(site).or_insert(file);
        }
    }
    let has_right = right.iter().any(|site| is_install(layer, site));
    let finding = |(site, file): (&str, &FileInLayer<'_>)| of_site(site, file, target, has_right);
    sites.into_iter().map(finding).collect()
}

/// Whether an installer put something there, so that it is no folder of a package.
fn is_install(layer: &Layer<'_>, site: &str) -> bool {
    layer.below(site).iter().any(|file| {
        let rest = &file.path[site.len() + 1..];
        let (top, inner) = rest.split_once('/').unwrap_or((rest, ""));
        top.ends_with(".dist-info") || inner == "__init__.py" || ending(top) == Some("py")
    })
}

fn of_site(site: &str, file: &FileInLayer<'_>, target: &Target, has_right: bool) -> Finding {
    let expected = target.module_paths().join(" or ");
    let minor = site
        .strip_prefix("python/lib/python3.")
        .and_then(|rest| rest.strip_suffix("/site-packages"));
    let (code, message) = match minor {
        Some(minor) => (
            Code::OtherPython,
            format!(
                "{site} is for Python 3.{minor}: {} does not look there",
                target.runtime
            ),
        ),
        None => (
            Code::UnreachablePackages,
            format!(
                "packages lie in {site}: {} does not look there",
                target.runtime
            ),
        ),
    };
    let finding = Finding::new(code, message)
        .with_path(&file.path)
        .with_expected(site, &expected)
        .with_hint(format!("put the packages into {}", target.site_packages()));
    // A layer for several runtimes has a directory for each.
    if has_right && code == Code::OtherPython {
        finding.with_severity(Severity::Info)
    } else {
        finding
    }
}

fn no_folder(files: &[&FileInLayer<'_>], target: Option<&Target>) -> Option<Finding> {
    let looked_for: &[&str] = match target {
        Some(_) => &FOLDERS_OF_PYTHON,
        None => &FOLDERS,
    };
    let is_found = |file: &&FileInLayer<'_>| {
        let top = file.path.split_once('/').map(|(top, _)| top);
        top.is_some_and(|top| looked_for.contains(&top))
    };
    if files.iter().any(is_found) {
        return None;
    }
    let who = target.map_or("a runtime".to_owned(), |target| target.runtime.to_string());
    let mut tops = files.iter().filter_map(|file| file.path.split_once('/'));
    let other = tops.find_map(|(top, _)| OTHER_LANGUAGES.iter().find(|(folder, _)| *folder == top));
    if let Some((folder, runtime)) = other {
        let message =
            format!("the layer is one for another language: {who} does not look into {folder}/");
        return Some(
            Finding::new(Code::NoRuntimeFolder, message)
                .with_path(&files[0].path)
                .with_hint(format!(
                    "name the runtime of its functions, such as `--runtime {runtime}`"
                )),
        );
    }
    Some(
        Finding::new(
            Code::NoRuntimeFolder,
            format!(
                "the layer has none of the folders in which {who} looks for files: {}",
                looked_for.join(", ")
            ),
        )
        .with_path(&files[0].path)
        .with_hint("put the files into the folder of their language, such as python/"),
    )
}
