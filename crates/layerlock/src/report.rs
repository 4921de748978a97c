//! What the jobs give back. The field names are the interface of `--json`.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use layerlock_check::{Finding, Severity};
use layerlock_target::Target;
use serde::{Serialize, Serializer};

use crate::built::{
    Built, BuiltFolder, BuiltLayer, BuiltPackage, BuiltZip, ExcludedFiles, ExcludedPackage,
};
use crate::bytes::Bytes;
use crate::package_table::{self, Row, TextLayout};

/// What `build` and `install` did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Whether there was nothing to do: the outputs are those of an earlier run.
    pub unchanged: bool,
    /// One for each layer.
    pub layers: Vec<LayerReport>,
    /// The zips of an earlier run that were removed, since none is made there any more.
    #[serde(serialize_with = "path_texts")]
    pub removed: Vec<PathBuf>,
}

/// One layer.
#[derive(Debug, Clone, Serialize)]
pub struct LayerReport {
    /// The layer's name.
    pub name: String,
    /// What it was built for.
    pub target: Target,
    /// The packages that it holds: those of Python and of npm, each sorted by name, then the
    /// jars in Maven's order.
    pub packages: Vec<PackageReport>,
    /// The project's own files in it, by their place in the layer.
    pub folders: Vec<BuiltFolder>,
    /// The packages that were excluded, sorted by name.
    pub excluded: Vec<ExcludedPackage>,
    /// The files of the other packages that were excluded.
    pub excluded_files: ExcludedFiles,
    /// The zip, where one was written.
    pub zip: Option<ZipReport>,
    /// The staging directory, where one was written.
    #[serde(serialize_with = "maybe_path_text")]
    pub staging: Option<PathBuf>,
    /// The same, wherever one is.
    #[serde(serialize_with = "maybe_path_text")]
    pub staging_absolute_path: Option<PathBuf>,
    /// Bytes of all files, unpacked.
    pub unzipped_size: u64,
    /// How many files.
    pub file_count: usize,
    /// What the user should know.
    pub findings: Vec<Finding>,
}

/// One package of a layer.
#[derive(Debug, Clone, Serialize)]
pub struct PackageReport {
    /// The name, as its language has it: of Python normalised (PEP 503).
    pub name: String,
    /// The locked version.
    pub version: String,
    /// The file that was chosen for the target.
    pub file: String,
    /// SHA-256 of that file, in hexadecimal.
    pub sha256: String,
    /// Bytes of its files in the layer, unpacked.
    pub unzipped_size: u64,
    /// Bytes that they take up in the zip, without headers.
    pub zipped_size: Option<u64>,
}

/// The zip of a layer.
#[derive(Debug, Clone, Serialize)]
pub struct ZipReport {
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
    /// Its CRC-64/XZ as a decimal number, which is how Alibaba's services have it.
    pub crc64: String,
}

impl Built {
    /// What people and programs are told of it.
    pub fn report(&self) -> Report {
        Report {
            unchanged: self.unchanged,
            layers: self.layers.iter().map(LayerReport::new).collect(),
            removed: self.removed.clone(),
        }
    }
}

impl Serialize for Built {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.report().serialize(serializer)
    }
}

impl fmt::Display for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.report().fmt(f)
    }
}

impl fmt::Display for BuiltLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        LayerReport::new(self).fmt(f)
    }
}

impl Report {
    /// Whether a finding says that a layer will not work.
    pub fn has_errors(&self) -> bool {
        self.layers
            .iter()
            .flat_map(|layer| &layer.findings)
            .any(|finding| finding.severity == Severity::Error)
    }
}

impl LayerReport {
    fn new(layer: &BuiltLayer) -> Self {
        Self {
            name: layer.name.clone(),
            target: layer.target,
            packages: layer.packages.iter().map(PackageReport::new).collect(),
            folders: layer.folders.clone(),
            excluded: layer.excluded.clone(),
            excluded_files: layer.excluded_files.clone(),
            zip: layer.zip.as_ref().map(ZipReport::new),
            staging: layer.staging.clone(),
            staging_absolute_path: layer.staging.as_deref().map(absolute),
            unzipped_size: layer.unzipped_size,
            file_count: layer.file_count,
            findings: layer.findings.clone(),
        }
    }
}

impl PackageReport {
    fn new(package: &BuiltPackage) -> Self {
        Self {
            name: package.name.clone(),
            version: package.version.clone(),
            file: package.file.clone(),
            sha256: package.digest.hex(),
            unzipped_size: package.unzipped_size,
            zipped_size: package.zipped_size,
        }
    }
}

impl ZipReport {
    fn new(zip: &BuiltZip) -> Self {
        Self {
            path: zip.path.clone(),
            absolute_path: absolute(&zip.path),
            size: zip.size,
            sha256: zip.digest.hex(),
            code_sha256: zip.digest.base64(),
            crc64: zip.crc64.to_string(),
        }
    }
}

impl LayerReport {
    pub(crate) fn summary(&self) -> String {
        let packages = counted(self.packages.len(), "package");
        let folders = counted(self.folders.len(), "folder");
        let parts = match (self.packages.len(), self.folders.len()) {
            (_, 0) => packages,
            (0, _) => folders,
            _ => format!("{packages} and {folders}"),
        };
        format!(
            "{} for {}: {} in {parts}, {} unzipped",
            self.name,
            self.target,
            counted(self.file_count, "file"),
            Bytes(self.unzipped_size)
        )
    }
}

impl Report {
    /// What is said of the zips that were removed.
    pub(crate) fn removed_texts(&self) -> impl Iterator<Item = String> {
        let told = |path: &PathBuf| {
            let path = path.display();
            format!("removed: {path}, which no layer is built as any more")
        };
        self.removed.iter().map(told)
    }
}

impl Report {
    /// The report for people, laid out for a terminal.
    pub fn text(&self, layout: TextLayout) -> String {
        LaidOut(self, layout).to_string()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        LaidOut(self, TextLayout::default()).fmt(f)
    }
}

impl fmt::Display for LayerReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        LaidOut(self, TextLayout::default()).fmt(f)
    }
}

/// Something in a layout.
struct LaidOut<'r, R>(&'r R, TextLayout);

impl fmt::Display for LaidOut<'_, Report> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(report, layout) = *self;
        for (index, layer) in report.layers.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            // Of packages that were told before, only who asks for an order is told again.
            if report.unchanged && layout.order.is_none() {
                write!(f, "{separator}{}", layer.summary())?;
                layer.write_results(f)?;
            } else {
                write!(f, "{separator}{}", LaidOut(layer, layout))?;
            }
        }
        for removed in report.removed_texts() {
            write!(f, "\n{removed}")?;
        }
        if report.unchanged {
            f.write_str("\nunchanged: project, lock and outputs are as the last run left them")?;
        }
        Ok(())
    }
}

impl fmt::Display for LaidOut<'_, LayerReport> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(layer, layout) = *self;
        f.write_str(&layer.summary())?;
        let rows = layer.packages.iter().map(|package| Row {
            name: &package.name,
            version: &package.version,
            size: Some(package.unzipped_size),
            file: &package.file,
        });
        let folders = layer.folders.iter().map(|folder| Row {
            name: &folder.to,
            version: "folder",
            size: Some(folder.unzipped_size),
            file: &folder.from,
        });
        for line in package_table::lines(rows.chain(folders).collect(), layout) {
            write!(f, "\n{line}")?;
        }
        layer.write_results(f)
    }
}

impl LayerReport {
    /// All but the packages.
    fn write_results(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let excluded = |named: bool| -> Vec<&str> {
            let excluded = self.excluded.iter().filter(|one| one.named == named);
            excluded.map(|one| one.name.as_str()).collect()
        };
        if !self.excluded.is_empty() {
            write!(f, "\nexcluded: {}", excluded(true).join(", "))?;
            let with_them = excluded(false);
            if !with_them.is_empty() {
                write!(f, "; needed by these alone: {}", with_them.join(", "))?;
            }
        }
        let files = &self.excluded_files;
        if files.file_count > 0 {
            let count = counted(files.file_count, "file");
            write!(
                f,
                "\nexcluded files: {count}, {}",
                Bytes(files.unzipped_size)
            )?;
        }
        if let Some(zip) = &self.zip {
            write!(f, "\nzip: {} ({})", zip.path.display(), Bytes(zip.size))?;
            write!(f, "\nsha256: {}", zip.sha256)?;
        }
        if let Some(staging) = &self.staging {
            write!(f, "\nstaging: {}", staging.display())?;
        }
        for finding in finding_texts(&self.findings) {
            write!(f, "\n{finding}")?;
        }
        Ok(())
    }
}

/// Findings as people read them: of many of one kind a few, and the number of the rest.
pub(crate) fn finding_texts(findings: &[Finding]) -> Vec<String> {
    const MANY: usize = 10;
    const SHOWN: usize = 5;
    let mut texts = Vec::new();
    for group in findings.chunk_by(|one, other| one.code == other.code) {
        let shown = if group.len() > MANY {
            SHOWN
        } else {
            group.len()
        };
        texts.extend(group[..shown].iter().map(ToString::to_string));
        if let [last, ..] = &group[shown..] {
            let rest = Finding {
                message: format!(
                    "and {} more of this kind: --json lists all",
                    group.len() - shown
                ),
                hint: None,
                ..last.clone()
            };
            texts.push(rest.to_string());
        }
    }
    texts
}

/// A path as JSON can have it: what is no UTF-8 in it is replaced, as in the text,
/// since the work is done by now.
pub(crate) fn path_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// A path from the root on. What leads up from the current directory is followed, so
/// that programs that compare paths as text need not.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    let Ok(mut directory) = std::env::current_dir() else {
        return path.to_owned();
    };
    let mut rest = path.components();
    loop {
        match rest.clone().next() {
            // The current directory's own path has no links in it.
            Some(Component::ParentDir) => drop(directory.pop()),
            Some(Component::CurDir) => {}
            _ => return directory.join(rest.as_path()),
        }
        rest.next();
    }
}

pub(crate) fn path_texts<S: Serializer>(
    paths: &[PathBuf],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|path| path.display().to_string()))
}

#[expect(clippy::ref_option, reason = "what serde calls it with")]
pub(crate) fn maybe_path_text<S: Serializer>(
    path: &Option<PathBuf>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => serializer.serialize_some(&path.display().to_string()),
        None => serializer.serialize_none(),
    }
}

pub(crate) fn counted(count: impl fmt::Display, thing: &str) -> String {
    let count = count.to_string();
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

#[cfg(test)]
mod tests {
    use layerlock_check::Code;

    use super::*;

    #[test]
    fn of_many_findings_of_one_kind_a_few_are_shown() {
        let findings = |count: usize| {
            let many = (0..count).map(|at| Finding::new(Code::FileConflict, at.to_string()));
            let mut findings = vec![Finding::new(Code::Built, "it is")];
            findings.extend(many);
            finding_texts(&findings)
        };
        assert_eq!(findings(10).len(), 11);
        let shown = findings(12);
        assert_eq!(shown.len(), 7);
        assert_eq!(shown[5], "warning[file-conflict]: 4");
        assert_eq!(
            shown[6],
            "warning[file-conflict]: and 7 more of this kind: --json lists all"
        );
    }

    #[test]
    fn a_path_from_the_root_has_nothing_that_leads_up_from_here() {
        let here = std::env::current_dir().unwrap();
        let above = here.parent().unwrap();
        for (path, expected) in [
            ("dist/a.zip", here.join("dist/a.zip")),
            ("./dist/a.zip", here.join("dist/a.zip")),
            ("../a.zip", above.join("a.zip")),
            ("../x/../a.zip", above.join("x/../a.zip")),
            ("/srv/../a.zip", PathBuf::from("/srv/../a.zip")),
            (".", here.clone()),
        ] {
            assert_eq!(absolute(Path::new(path)), expected, "{path}");
        }
    }
}
