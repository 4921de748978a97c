//! What a build made: the one value that reports, publishing and the note of the
//! last run are made from.

use std::path::PathBuf;

use layerlock_check::{Finding, Severity};
use layerlock_digest::Digest;
use layerlock_target::{Runtime, Target};
use serde::{Deserialize, Serialize};

/// The layers of a project, built or planned. Displays and serializes as its
/// [report](crate::Report).
#[derive(Debug, Clone)]
pub struct Built {
    /// Whether there was nothing to do: the outputs are those of an earlier run.
    pub unchanged: bool,
    /// One for each layer and target.
    pub layers: Vec<BuiltLayer>,
    /// The zips that an earlier run made, and that were removed since none is made there
    /// any more.
    pub removed: Vec<PathBuf>,
}

/// One layer for one target.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BuiltLayer {
    /// The layer's name.
    pub name: String,
    /// What it was built for.
    pub target: Target,
    /// The packages that it holds: those of Python and of npm, each sorted by name, then the
    /// jars in Maven's order.
    pub packages: Vec<BuiltPackage>,
    /// The project's own files in it, by their place in the layer.
    pub folders: Vec<BuiltFolder>,
    /// The packages that were excluded, sorted by name.
    pub excluded: Vec<ExcludedPackage>,
    /// The files of the other packages that were excluded.
    pub excluded_files: ExcludedFiles,
    /// The zip, where one was written.
    pub zip: Option<BuiltZip>,
    /// The staging directory, where one was written.
    pub staging: Option<PathBuf>,
    /// Bytes of all files, unpacked.
    pub unzipped_size: u64,
    /// How many files.
    pub file_count: usize,
    /// What the user should know.
    pub findings: Vec<Finding>,
}

/// One package of a layer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BuiltPackage {
    /// The name, as its language has it: of Python normalised (PEP 503).
    pub name: String,
    /// The locked version.
    pub version: String,
    /// The file that was chosen for the target.
    pub file: String,
    /// The digest of that file.
    pub digest: Digest,
    /// Bytes of its files in the layer, unpacked.
    pub unzipped_size: u64,
    /// Bytes that they take up in the zip, without headers.
    pub zipped_size: Option<u64>,
}

/// A folder or file of the project in a layer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BuiltFolder {
    /// Where it is, as the project names it.
    pub from: String,
    /// Where it lies in the layer, `.` for the top.
    pub to: String,
    /// How many files it brings.
    pub file_count: usize,
    /// Their bytes, unpacked.
    pub unzipped_size: u64,
    /// Bytes that they take up in the zip, without headers.
    pub zipped_size: Option<u64>,
}

/// A package that was excluded from a layer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExcludedPackage {
    /// The name, normalised.
    pub name: String,
    /// The locked version.
    pub version: String,
    /// Whether it was named; if not, only excluded packages needed it.
    pub named: bool,
    /// Whether the runtime brings a version of its own.
    pub in_runtime: bool,
    /// The packages of the layer that need it.
    pub needed_by: Vec<String>,
}

impl ExcludedPackage {
    /// Why it is not in the layer, and whether it is there all the same.
    pub(crate) fn whence(&self, runtime: Runtime) -> String {
        if self.in_runtime {
            format!("it is excluded, and {runtime} brings it")
        } else {
            "it is excluded".to_owned()
        }
    }
}

/// The files that patterns excluded from a layer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ExcludedFiles {
    /// How many.
    pub file_count: usize,
    /// Their bytes, unpacked.
    pub unzipped_size: u64,
}

/// The zip of a layer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BuiltZip {
    /// Where it is.
    pub path: PathBuf,
    /// Its bytes.
    pub size: u64,
    /// Its SHA-256.
    pub digest: Digest,
    /// Its CRC-64/XZ, which Alibaba's services compare by.
    pub crc64: u64,
}

impl Built {
    /// Whether a finding says that a layer will not work.
    pub fn has_errors(&self) -> bool {
        let mut findings = self.layers.iter().flat_map(|layer| &layer.findings);
        findings.any(|finding| finding.severity == Severity::Error)
    }
}
