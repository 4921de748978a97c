//! The runtimes of a project's functions, as its templates name them.
//!
//! A layer for another runtime than its functions' imports nothing, and no deployment
//! tool says so. Templates are read as lines: what they are written in is not worth a
//! parser each, and a runtime's identifier is hard to mistake.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use layerlock_layer::Stamp;
use layerlock_target::{Provider, Runtime};

/// How deep in a project templates are looked for: `infra/stacks/network.tf`.
const DEPTH: usize = 3;

/// No template comes near it, in bytes.
const LARGEST: u64 = 1 << 20;

/// Directories that hold what others wrote or generated.
const OTHERS: [&str; 8] = [
    "build",
    "cdk.out",
    "dist",
    "node_modules",
    "site-packages",
    "target",
    "tests",
    "venv",
];

/// A template that names runtimes of functions.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    /// As the project's directory is given.
    pub(crate) path: PathBuf,
    /// What it looked like when it was read, where that is known.
    pub(crate) stamp: Option<Stamp>,
    pub(crate) runtimes: Vec<NamedRuntime>,
}

/// A runtime and the line that names it, from 1 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NamedRuntime {
    pub(crate) runtime: Runtime,
    pub(crate) line: usize,
}

/// What kind of template a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// SAM, CloudFormation, the Serverless Framework: `Runtime: python3.12`.
    Yaml,
    /// Terraform: `runtime = "python3.12"`.
    Terraform,
    /// The CDK: `Runtime.PYTHON_3_12`.
    Cdk,
}

/// The templates in a project that name runtimes, sorted by path. What cannot be read
/// names none. `outputs` are not looked into.
pub(crate) fn find(project: &Path, provider: Provider, outputs: &[PathBuf]) -> Vec<Template> {
    // The current directory has no name here, and needs one to be read.
    let root = Path::new(".").join(project);
    let is_cdk = has_cdk_app(&root);
    let outputs: Vec<PathBuf> = outputs
        .iter()
        .map(|path| Path::new(".").join(path))
        .collect();
    let walk = WalkBuilder::new(&root)
        .max_depth(Some(DEPTH))
        .require_git(false)
        .filter_entry(move |entry| {
            let is_directory = entry.file_type().is_some_and(|kind| kind.is_dir());
            let name = entry.file_name().to_str().unwrap_or_default();
            !is_directory
                || entry.depth() == 0
                || !(OTHERS.contains(&name) || outputs.iter().any(|path| path == entry.path()))
        })
        .build();
    let files = walk.flatten().filter(|entry| {
        entry.file_type().is_some_and(|kind| kind.is_file())
            && entry
                .metadata()
                .is_ok_and(|metadata| metadata.len() <= LARGEST)
    });
    let mut templates: Vec<Template> = files
        .filter_map(|entry| {
            let kind = kind(entry.path(), is_cdk)?;
            let path = entry.path().strip_prefix(".").unwrap_or(entry.path());
            read(path, kind, provider)
        })
        .collect();
    templates.sort_by(|one, other| one.path.cmp(&other.path));
    templates
}

/// Whether a CDK app lies in a project, or in a directory directly in it.
pub(crate) fn has_cdk_app(project: &Path) -> bool {
    let entries = fs_err::read_dir(project).into_iter().flatten().flatten();
    let below = entries.map(|entry| entry.path());
    std::iter::once(project.to_owned())
        .chain(below)
        .any(|directory| directory.join("cdk.json").is_file())
}

fn kind(path: &Path, is_cdk: bool) -> Option<Kind> {
    let name = path.file_name()?.to_str()?;
    match name.rsplit_once('.')? {
        ("template" | "serverless", "yaml" | "yml") => Some(Kind::Yaml),
        (_, "tf") => Some(Kind::Terraform),
        (_, "py" | "ts" | "js") if is_cdk => Some(Kind::Cdk),
        _ => None,
    }
}

fn read(path: &Path, kind: Kind, provider: Provider) -> Option<Template> {
    let stamp = Stamp::read(path).ok();
    let text = fs_err::read_to_string(path).ok()?;
    let runtimes = runtimes(&text, kind, provider);
    (!runtimes.is_empty()).then(|| Template {
        path: path.to_owned(),
        stamp,
        runtimes,
    })
}

fn runtimes(text: &str, kind: Kind, provider: Provider) -> Vec<NamedRuntime> {
    let lines = text.lines().zip(1..);
    let named = lines.flat_map(|(line, number)| {
        let identifiers = match kind {
            Kind::Yaml => value(line, ':', "#").into_iter().collect(),
            Kind::Terraform => value(line, '=', "#").into_iter().collect(),
            Kind::Cdk => constants(line),
        };
        identifiers.into_iter().filter_map(move |identifier| {
            let runtime = provider.runtime(&identifier).ok();
            let runtime = runtime.filter(|runtime| !runtime.is_any())?;
            Some(NamedRuntime {
                runtime,
                line: number,
            })
        })
    });
    named.collect()
}

/// The value of a line that sets `runtime`. `CompatibleRuntimes` and the like are of
/// layers.
fn value(line: &str, separator: char, comment: &str) -> Option<String> {
    let line = line.split(comment).next()?;
    let (key, value) = line.split_once(separator)?;
    let key = key.trim().trim_matches(['"', '\'']);
    key.eq_ignore_ascii_case("runtime").then(|| {
        let value = value.trim().trim_end_matches(',');
        value.trim_matches(['"', '\'']).to_owned()
    })
}

/// `Runtime.PYTHON_3_12` in a line of code, which is no comment and not about layers.
fn constants(line: &str) -> Vec<String> {
    const START: &str = "Runtime.PYTHON_3_";
    let line = line.trim_start();
    let about_layers = line.to_ascii_lowercase().replace('_', "");
    if line.starts_with(['#', '/', '*']) || about_layers.contains("compatibleruntime") {
        return Vec::new();
    }
    let found = line.match_indices(START).map(|(at, _)| {
        let rest = &line[at + START.len()..];
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        format!("python3.{}", &rest[..end])
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str, kind: Kind) -> Vec<(String, usize)> {
        let named = runtimes(text, kind, Provider::Aws).into_iter();
        named
            .map(|one| (one.runtime.to_string(), one.line))
            .collect()
    }

    #[test]
    fn runtimes_of_functions_are_told_from_those_of_layers() {
        let yaml = "Globals:\n  Function:\n    Runtime: python3.12 # ours\nResources:\n  Layer:\n    \
                    CompatibleRuntimes:\n      - python3.9\n  Node:\n    Runtime: nodejs20.x\n  Q:\n    \
                    runtime: 'python3.13'\n# Runtime: python3.8\n";
        let found = [("python3.12", 3), ("nodejs20.x", 9), ("python3.13", 11)];
        let found = found.map(|(runtime, line)| (runtime.to_owned(), line));
        assert_eq!(named(yaml, Kind::Yaml), found);

        let terraform = "resource \"aws_lambda_function\" \"f\" {\n  runtime = \"python3.11\"\n  \
                         compatible_runtimes = [\"python3.9\"]\n  # runtime = \"python3.8\"\n}\n";
        let found = [("python3.11".to_owned(), 2)];
        assert_eq!(named(terraform, Kind::Terraform), found);

        let cdk = "runtime=_lambda.Runtime.PYTHON_3_12,\n# Runtime.PYTHON_3_8\n\
                   compatible_runtimes=[_lambda.Runtime.PYTHON_3_9],\n\
                   compatibleRuntimes: [Runtime.PYTHON_3_9],\nruntime: Runtime.PYTHON_3_13);\n";
        let found = [("python3.12", 1), ("python3.13", 5)];
        let found = found.map(|(runtime, line)| (runtime.to_owned(), line));
        assert_eq!(named(cdk, Kind::Cdk), found);
    }

    #[test]
    fn files_are_templates_by_their_names() {
        for (name, is_cdk, expected) in [
            ("template.yaml", false, Some(Kind::Yaml)),
            ("serverless.yml", false, Some(Kind::Yaml)),
            ("infra/main.tf", false, Some(Kind::Terraform)),
            ("app.py", true, Some(Kind::Cdk)),
            ("lib/stack.ts", true, Some(Kind::Cdk)),
            ("app.py", false, None),
            ("values.yaml", false, None),
            ("template", false, None),
        ] {
            assert_eq!(kind(Path::new(name), is_cdk), expected, "{name}");
        }
    }
}
