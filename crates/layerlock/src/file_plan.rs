//! What the lock alone tells of a project's layers: packages, and the file of each. The
//! field names are the interface of `--json`.

use std::fmt;

use layerlock_check::{Finding, Severity};
use layerlock_digest::Algorithm;
use layerlock_install::{WheelOrSource, source_file};
use layerlock_maven::LockedJar;
use layerlock_npm::{Locked, NpmSource};
use layerlock_target::Target;
use serde::Serialize;

use crate::built::ExcludedPackage;
use crate::package_table::{self, Row, TextLayout};
use crate::report::counted;

/// The layers of a project, planned without a look into any file.
#[derive(Debug, Clone, Serialize)]
pub struct FilePlan {
    /// One for each layer and target.
    pub layers: Vec<LayerFiles>,
}

/// One layer for one target.
#[derive(Debug, Clone, Serialize)]
pub struct LayerFiles {
    /// The layer's name.
    pub name: String,
    /// What it is for.
    pub target: Target,
    /// The packages that it will hold: those of Python and of npm, each sorted by name, then
    /// the jars in Maven's order.
    pub packages: Vec<PackageFile>,
    /// The packages that are excluded, sorted by name.
    pub excluded: Vec<ExcludedPackage>,
    /// What the user should know, as far as the lock tells.
    pub findings: Vec<Finding>,
}

/// A package with the file that is chosen for the target.
#[derive(Debug, Clone, Serialize)]
pub struct PackageFile {
    /// The name, as its language has it: of Python normalised (PEP 503).
    pub name: String,
    /// The locked version.
    pub version: String,
    /// Where it comes from: `registry`, `git`, `url`, `directory`, `file`, `npm` or `maven`.
    pub kind: &'static str,
    /// The wheel, or what is built or taken instead; none where the lock lists no file.
    pub file: Option<String>,
    /// SHA-256 of that file, in hexadecimal, where the lock has it.
    pub sha256: Option<String>,
}

impl FilePlan {
    /// Whether a finding says that a layer will not work.
    pub fn has_errors(&self) -> bool {
        let mut findings = self.layers.iter().flat_map(|layer| &layer.findings);
        findings.any(|finding| finding.severity == Severity::Error)
    }
}

impl PackageFile {
    pub(crate) fn new(chosen: &WheelOrSource) -> Self {
        let (package, file, digest) = match chosen {
            WheelOrSource::Wheel(chosen) => (
                &chosen.package,
                Some(chosen.wheel.to_string()),
                Some(chosen.digest),
            ),
            WheelOrSource::Source(package) => {
                let file = source_file(package);
                let digest = file.and_then(|file| file.digest(Algorithm::Sha256));
                (package, file.map(|file| file.name.clone()), digest)
            }
        };
        Self {
            name: package.name.to_string(),
            version: package.version.clone(),
            kind: package.source.kind(),
            file,
            sha256: digest.map(|digest| digest.hex()),
        }
    }
}

impl PackageFile {
    /// A package of npm: its tarball, or the folder that is copied.
    pub(crate) fn of_npm(locked: &Locked) -> Self {
        let is_tarball = matches!(locked.source, NpmSource::Tarball { .. });
        Self {
            name: locked.name.clone(),
            version: locked.version.clone(),
            kind: if is_tarball { "npm" } else { "directory" },
            file: is_tarball.then(|| locked.file_name()),
            sha256: None,
        }
    }
}

impl PackageFile {
    /// A jar of Maven.
    pub(crate) fn of_jar(jar: &LockedJar) -> Self {
        Self {
            name: jar.name.clone(),
            version: jar.version.clone(),
            kind: "maven",
            file: Some(jar.file_name.clone()),
            sha256: jar.sha256.clone(),
        }
    }
}

impl FilePlan {
    /// The plan for people, laid out for a terminal. Nobody knows sizes: any order is that
    /// by name.
    pub fn text(&self, layout: TextLayout) -> String {
        let layers = self.layers.iter().map(|layer| layer.text(layout));
        layers.collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for FilePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(TextLayout::default()))
    }
}

impl LayerFiles {
    fn text(&self, layout: TextLayout) -> String {
        let Self {
            name,
            target,
            packages,
            ..
        } = self;
        let count = counted(packages.len(), "package");
        let mut lines = vec![format!(
            "{name} for {target}: {count}, as the lock alone tells"
        )];
        let rows = packages.iter().map(|package| Row {
            name: &package.name,
            version: &package.version,
            size: None,
            file: package.file.as_deref().unwrap_or(package.kind),
        });
        lines.extend(package_table::lines(rows.collect(), layout));
        let excluded: Vec<&str> = self.excluded.iter().map(|one| &one.name[..]).collect();
        if !excluded.is_empty() {
            lines.push(format!("excluded: {}", excluded.join(", ")));
        }
        lines.extend(self.findings.iter().map(ToString::to_string));
        lines.join("\n")
    }
}

impl fmt::Display for LayerFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(TextLayout::default()))
    }
}
