//! What checks give back. The field names are the interface of `--json`.

use std::fmt;
use std::path::{Path, PathBuf};

use layerlock_check::{Finding, Severity, Whole};
use layerlock_diagnostic::{EXIT_CHECK_FAILED, EXIT_SUCCESS};
use layerlock_digest::Digest;
use layerlock_target::{Architecture, Provider, Target};
use serde::{Serialize, Serializer};

use super::imports::{Imported, Imports};
use crate::bytes::Bytes;
use crate::report::{absolute, counted, finding_texts, path_text};

/// What was found in layers and functions.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CheckReport {
    /// One for each layer and target.
    pub layers: Vec<CheckedLayer>,
    /// One for each function that the project names.
    pub functions: Vec<CheckedFunction>,
}

/// A layer that was checked.
#[derive(Debug, Clone, Serialize)]
pub struct CheckedLayer {
    /// The layer's name, where it is one of the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it is, where it was given.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe_path")]
    pub path: Option<PathBuf>,
    /// What it was checked for.
    pub target: CheckedTarget,
    /// What it holds, sorted by name.
    pub packages: Vec<CheckedPackage>,
    /// The zip, where it is one.
    pub zip: Option<CheckedZip>,
    /// Bytes of all files, unpacked.
    pub unzipped_size: u64,
    /// How many files.
    pub file_count: usize,
    /// The modules that were imported, sorted by name, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<Imported>,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// What a layer was checked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedTarget {
    /// The provider.
    pub provider: Provider,
    /// The runtime, in the provider's names.
    pub runtime: String,
    /// The architecture.
    pub architecture: Architecture,
}

/// The zip of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedZip {
    /// Where it is.
    #[serde(serialize_with = "path_text")]
    pub path: PathBuf,
    /// The same, wherever one is.
    #[serde(serialize_with = "path_text")]
    pub absolute_path: PathBuf,
    /// Its bytes.
    pub size: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Its SHA-256 in base64: what AWS calls `CodeSha256`.
    pub code_sha256: String,
}

impl CheckedZip {
    pub(super) fn new(path: &Path, size: u64, digest: &Digest) -> Self {
        Self {
            path: path.to_owned(),
            absolute_path: absolute(path),
            size,
            sha256: digest.hex(),
            code_sha256: digest.base64(),
        }
    }
}

/// A package of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedPackage {
    /// The name, normalised (PEP 503).
    pub name: String,
    /// The version.
    pub version: String,
    /// Bytes of its files in the layer, unpacked.
    pub unzipped_size: u64,
}

/// A function with all of its layers.
#[derive(Debug, Clone, Serialize)]
pub struct CheckedFunction {
    /// Its name.
    pub name: String,
    /// What it runs on.
    pub target: CheckedTarget,
    /// Its layers, in their order.
    pub layers: Vec<String>,
    /// Bytes of its code and layers, as far as they are known.
    pub unzipped_size: u64,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl From<Target> for CheckedTarget {
    fn from(target: Target) -> Self {
        Self {
            provider: target.provider(),
            runtime: target.runtime.to_string(),
            architecture: target.architecture,
        }
    }
}

impl fmt::Display for CheckedTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.runtime, self.architecture)
    }
}

impl CheckedLayer {
    pub(super) fn given(path: &Path, target: CheckedTarget, whole: Whole) -> Self {
        let packages = whole.packages.into_iter();
        Self {
            name: None,
            path: Some(path.to_owned()),
            target,
            packages: packages
                .map(|one| CheckedPackage {
                    name: one.name,
                    version: one.version,
                    unzipped_size: one.unzipped_size,
                })
                .collect(),
            zip: None,
            unzipped_size: 0,
            file_count: 0,
            imports: Vec::new(),
            findings: whole.findings,
        }
    }

    pub(super) fn take(&mut self, imports: Imports) {
        self.findings.extend(imports.findings);
        self.imports = imports.imported;
    }

    /// Its name, or where it is.
    fn shown(&self) -> String {
        match (&self.name, &self.path) {
            (Some(name), _) => name.clone(),
            (None, Some(path)) => path.display().to_string(),
            (None, None) => String::new(),
        }
    }
}

impl CheckReport {
    /// Whether a finding says that a layer or function will not work.
    pub fn has_errors(&self) -> bool {
        self.findings()
            .any(|finding| finding.severity == Severity::Error)
    }

    /// The exit code of the command.
    pub fn exit_code(&self) -> u8 {
        if self.has_errors() {
            EXIT_CHECK_FAILED
        } else {
            EXIT_SUCCESS
        }
    }

    /// All that was found.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        let layers = self.layers.iter().flat_map(|layer| &layer.findings);
        layers.chain(self.functions.iter().flat_map(|one| &one.findings))
    }

    /// One line for each finding, as GitHub reads annotations of a workflow's log.
    pub fn github(&self) -> String {
        let mut text = String::new();
        for layer in &self.layers {
            let of = format!("{} for {}", layer.shown(), layer.target);
            text.extend(
                layer
                    .findings
                    .iter()
                    .map(|finding| annotation(&of, finding)),
            );
        }
        for function in &self.functions {
            let of = format!("function {}", function.name);
            let findings = function.findings.iter();
            text.extend(findings.map(|finding| annotation(&of, finding)));
        }
        text
    }
}

/// `::error title=TITLE::MESSAGE`, with what the workflow commands' syntax needs escaped.
fn annotation(of: &str, finding: &Finding) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let title = format!("{} in {of}", finding.code);
    let mut message = finding.message.clone();
    if let Some(hint) = &finding.hint {
        message = format!("{message}\nhint: {hint}");
    }
    let escaped = |text: &str| {
        text.replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A")
    };
    let title = escaped(&title).replace(':', "%3A").replace(',', "%2C");
    format!("::{command} title={title}::{}\n", escaped(&message))
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for layer in &self.layers {
            write!(
                f,
                "{separator}{} for {}: {} in {}, {} unzipped",
                layer.shown(),
                layer.target,
                counted(layer.file_count, "file"),
                counted(layer.packages.len(), "package"),
                Bytes(layer.unzipped_size)
            )?;
            write_imports(f, &layer.imports)?;
            write_findings(f, &layer.findings)?;
            separator = "\n\n";
        }
        for function in &self.functions {
            write!(
                f,
                "{separator}function {} with {}: {} unzipped",
                function.name,
                counted(function.layers.len(), "layer"),
                Bytes(function.unzipped_size)
            )?;
            write_findings(f, &function.findings)?;
            separator = "\n\n";
        }
        Ok(())
    }
}

fn write_imports(f: &mut fmt::Formatter<'_>, imports: &[Imported]) -> fmt::Result {
    const SHOWN: usize = 10;
    if imports.is_empty() {
        return Ok(());
    }
    write!(f, "\nimported: {}", counted(imports.len(), "module"))?;
    let mut slowest: Vec<&Imported> = imports.iter().collect();
    slowest.sort_by_key(|one| std::cmp::Reverse(one.milliseconds));
    for one in slowest.into_iter().take(SHOWN) {
        write!(f, "\n  {:>6} ms  {}", one.milliseconds, one.module)?;
    }
    Ok(())
}

/// The worst first, and how many there are.
fn write_findings(f: &mut fmt::Formatter<'_>, findings: &[Finding]) -> fmt::Result {
    let mut sorted = findings.to_vec();
    sorted.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.code));
    for finding in finding_texts(&sorted) {
        write!(f, "\n{finding}")?;
    }
    let count = |severity| {
        let found = findings.iter().filter(|one| one.severity == severity);
        found.count()
    };
    let counts = [
        (count(Severity::Error), "error"),
        (count(Severity::Warning), "warning"),
        (count(Severity::Info), "note"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| counted(count, what))
        .collect();
    match &counts[..] {
        [] => f.write_str("\nok: nothing found"),
        counts => write!(f, "\n{}", counts.join(", ")),
    }
}

#[expect(clippy::ref_option, reason = "what serde calls it with")]
fn maybe_path<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => serializer.collect_str(&path.display()),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use layerlock_check::Code;

    use super::*;

    #[test]
    fn an_annotation_is_one_line() {
        let finding = Finding::new(Code::Litter, "100% a\nb").with_hint("do: this, or that");
        assert_eq!(
            annotation("a,b:c", &finding),
            "::notice title=litter in a%2Cb%3Ac::100%25 a%0Ab%0Ahint: do: this, or that\n"
        );
    }
}
