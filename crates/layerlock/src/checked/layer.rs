//! A layer that was checked. The field names are the interface of `--json`.

use std::fmt;
use std::path::{Path, PathBuf};

use layerlock_check::{Finding, Severity, Whole};
use layerlock_digest::Digest;
use layerlock_target::{Architecture, Provider, Target};
use serde::{Serialize, Serializer};

use super::imports::{Imported, Imports};
use crate::bytes::Bytes;
use crate::report::{absolute, counted, finding_texts, path_text};

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
    /// The packages that it holds, in the order of its report where it is one of the project,
    /// else sorted by name.
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
    /// The name, as its language has it: of Python normalised (PEP 503).
    pub name: String,
    /// The version.
    pub version: String,
    /// Bytes of its files in the layer, unpacked.
    pub unzipped_size: u64,
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

    /// Whether a finding says that it will not work.
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// The findings that say so.
    pub(crate) fn errors(&self) -> impl Iterator<Item = &Finding> {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.severity == Severity::Error)
    }

    pub(crate) fn take(&mut self, imports: Imports) {
        self.findings.extend(imports.findings);
        self.imports = imports.imported;
    }

    /// Its name, or where it is.
    pub(crate) fn shown(&self) -> String {
        match (&self.name, &self.path) {
            (Some(name), _) => name.clone(),
            (None, Some(path)) => path.display().to_string(),
            (None, None) => String::new(),
        }
    }
}

/// What it is, what was imported and what was found.
impl fmt::Display for CheckedLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} for {}: {} in {}, {} unzipped",
            self.shown(),
            self.target,
            counted(self.file_count, "file"),
            counted(self.packages.len(), "package"),
            Bytes(self.unzipped_size)
        )?;
        write_imports(f, &self.imports)?;
        write_findings(f, &self.findings)
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
pub(crate) fn write_findings(f: &mut fmt::Formatter<'_>, findings: &[Finding]) -> fmt::Result {
    let mut sorted = findings.to_vec();
    sorted.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.code));
    // What to do about many of one kind is told once.
    for at in (1..sorted.len()).rev() {
        let (before, this) = (&sorted[at - 1], &sorted[at]);
        let is_told = before.hint == this.hint && before.code == this.code;
        if is_told && before.severity == this.severity {
            sorted[at].hint = None;
        }
    }
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
    fn what_to_do_is_told_once_of_each_kind() {
        let stale = |what: &str| Finding::new(Code::StalePyc, what).with_hint("leave it out");
        let checked = CheckedLayer {
            findings: vec![
                stale("one"),
                Finding::new(Code::EmptyLayer, "none").with_hint("leave it out"),
                stale("two"),
                stale("three").with_hint("keep it"),
            ],
            ..CheckedLayer::given(
                Path::new("layer.zip"),
                CheckedTarget {
                    provider: Provider::Aws,
                    runtime: "python3.12".to_owned(),
                    architecture: Architecture::Arm64,
                },
                Whole::default(),
            )
        };
        assert_eq!(
            checked.to_string(),
            "layer.zip for python3.12 arm64: 0 files in 0 packages, 0 B unzipped\n\
             error[empty-layer]: none\n  hint: leave it out\n\
             warning[stale-pyc]: one\n  hint: leave it out\n\
             warning[stale-pyc]: two\n\
             warning[stale-pyc]: three\n  hint: keep it\n\
             1 error, 3 warnings"
        );
    }
}
