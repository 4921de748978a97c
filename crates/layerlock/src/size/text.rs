//! The report as people read it: what is large stands first.

use std::fmt;

use super::report::{Duplicate, FileSize, LayerSize, PackageSize, SizeReport, Sizes};
use crate::bytes::Bytes;
use crate::report::counted;

/// What has fewer superfluous bytes than this is no matter, and counted alone.
const WORTH_A_LINE: u64 = 1_000;

/// So many duplicates have lines of their own.
const DUPLICATES: usize = 5;

/// So many paths of one of them.
const PATHS: usize = 3;

/// The columns of sizes: `   60.1 MB   57.7%    16.2 MB  `.
const SIZES: usize = 2 + 9 + 2 + 6 + 2 + 9 + 2;

/// Room for who needs a package, at least; with less, it has no column.
const NEEDED_BY: usize = 12;

impl SizeReport {
    /// The report for people, in lines that are no longer than `width`, but for names and
    /// paths: these stay whole.
    pub fn text(&self, width: Option<usize>) -> String {
        let layers = self
            .layers
            .iter()
            .map(|layer| layer.lines(width).join("\n"));
        let html = self.html.as_ref();
        let html = html.map(|path| format!("html: {}", path.display()));
        layers.chain(html).collect::<Vec<_>>().join("\n\n")
    }
}

impl fmt::Display for SizeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(None))
    }
}

impl LayerSize {
    /// How people name it: `web for python3.12 on x86_64`, or its path.
    pub(super) fn title(&self) -> String {
        title(self.name.as_deref(), self.path.as_deref(), self.target)
    }

    fn lines(&self, width: Option<usize>) -> Vec<String> {
        let mut lines = vec![self.summary()];
        lines.extend(self.package_lines(width));
        if !self.largest_files.is_empty() {
            lines.push("largest files:".to_owned());
            lines.extend(self.largest_files.iter().map(FileSize::line));
        }
        lines.extend(duplicate_lines(&self.duplicates));
        lines
    }

    fn summary(&self) -> String {
        let zipped = self
            .zip_size
            .map(|size| format!(", {} zipped", Bytes(size)));
        format!(
            "{}: {} unzipped{}, {} in {}",
            self.title(),
            Bytes(self.unzipped_size),
            zipped.unwrap_or_default(),
            counted(self.file_count, "file"),
            counted(self.packages.len(), "package"),
        )
    }

    fn package_lines(&self, width: Option<usize>) -> Vec<String> {
        let mut rows: Vec<(String, Sizes, String)> = Vec::new();
        let width_of_names = self.packages.iter().map(|it| it.label().chars().count());
        let names = width_of_names.max().unwrap_or_default();
        let room = width.map(|width| width.saturating_sub(SIZES + names + 2));
        for package in &self.packages {
            let needed_by = package.needed_by_text(room);
            rows.push((package.label(), package.sizes, needed_by));
        }
        if let Some(sizes) = self.without_package {
            rows.push(("(no package)".to_owned(), sizes, String::new()));
        }
        if rows.is_empty() {
            return Vec::new();
        }
        let header = format!(
            "  {:>9}  {:>6}  {:>9}  {:names$}  needed by",
            "unzipped", "share", "zipped", "package"
        );
        let lines = rows.into_iter().map(|(label, sizes, needed_by)| {
            let share = share(sizes.unzipped_size, self.unzipped_size);
            let zipped = sizes.zipped_size.map(|size| Bytes(size).to_string());
            let unzipped = Bytes(sizes.unzipped_size).to_string();
            format!(
                "  {unzipped:>9}  {share:>6}  {:>9}  {label:names$}  {needed_by}",
                zipped.unwrap_or_else(|| "-".to_owned())
            )
        });
        let lines = std::iter::once(header).chain(lines);
        lines.map(|line| line.trim_end().to_owned()).collect()
    }
}

/// `web for python3.12 on x86_64`, or a path.
pub(super) fn title(
    name: Option<&str>,
    path: Option<&std::path::Path>,
    target: Option<layerlock_target::Target>,
) -> String {
    match (name, target, path) {
        (Some(name), Some(target), _) => format!("{name} for {target}"),
        (Some(name), None, _) => name.to_owned(),
        (None, _, path) => path
            .map(|path| path.display().to_string())
            .unwrap_or_default(),
    }
}

impl PackageSize {
    fn label(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.name),
            None => self.name.clone(),
        }
    }

    /// The project first, then packages by name: as many as there is room for.
    fn needed_by_text(&self, room: Option<usize>) -> String {
        let project = (self.requested == Some(true)).then_some("the project");
        let names = project
            .into_iter()
            .chain(self.needed_by.iter().map(String::as_str));
        let names: Vec<&str> = names.collect();
        let whole = names.join(", ");
        let Some(room) = room.filter(|room| whole.chars().count() > *room) else {
            return whole;
        };
        if room < NEEDED_BY {
            return String::new();
        }
        for shown in (1..names.len()).rev() {
            let text = format!(
                "{} and {} more",
                names[..shown].join(", "),
                names.len() - shown
            );
            if text.chars().count() <= room {
                return text;
            }
        }
        match names.len() {
            1 => String::new(),
            count => counted(count, "package"),
        }
    }
}

impl FileSize {
    fn line(&self) -> String {
        let unzipped = Bytes(self.unzipped_size).to_string();
        let zipped = self.zipped_size.map(|size| Bytes(size).to_string());
        let zipped = zipped.unwrap_or_else(|| "-".to_owned());
        format!("  {unzipped:>9}  {zipped:>9}  {}", self.path)
    }
}

fn duplicate_lines(duplicates: &[Duplicate]) -> Vec<String> {
    let superfluous = |some: &[Duplicate]| some.iter().map(|it| it.superfluous_size).sum::<u64>();
    let total = superfluous(duplicates);
    let is_shown = |it: &&Duplicate| it.superfluous_size >= WORTH_A_LINE;
    let shown = duplicates.iter().filter(is_shown).count().min(DUPLICATES);
    if shown == 0 {
        return Vec::new();
    }
    let (shown, rest) = duplicates.split_at(shown);
    let mut lines = vec![format!(
        "the same file more than once: {} unzipped are copies",
        Bytes(total)
    )];
    for duplicate in shown {
        let copies = duplicate.paths.len();
        lines.push(format!(
            "  {:>9}  {copies} times {}",
            Bytes(duplicate.superfluous_size).to_string(),
            Bytes(duplicate.unzipped_size)
        ));
        let paths = duplicate.paths.iter().take(PATHS);
        lines.extend(paths.map(|path| format!("             {path}")));
        if copies > PATHS {
            lines.push(format!("             and {} more", copies - PATHS));
        }
    }
    if !rest.is_empty() {
        let count = counted(rest.len(), "other file");
        lines.push(format!(
            "  {:>9}  {count}",
            Bytes(superfluous(rest)).to_string()
        ));
    }
    lines
}

/// A part in per cent, to a tenth.
fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return String::new();
    }
    // In whole numbers, so that it is the same everywhere.
    let tenths = (u128::from(part) * 1_000 + u128::from(whole) / 2) / u128::from(whole);
    format!("{}.{}%", tenths / 10, tenths % 10)
}
