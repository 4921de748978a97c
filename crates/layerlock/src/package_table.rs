//! Packages under each other, as people read them.

use crate::bytes::Bytes;

/// How a report is laid out for people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TextLayout {
    /// How many columns a line of packages may take up. Without it nothing is cut, and each
    /// package has one line.
    pub width: Option<usize>,
    /// In which order packages are listed; by name unless told. With it they are listed
    /// also where nothing was to be done.
    pub order: Option<PackageOrder>,
}

/// The order of packages in a report for people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PackageOrder {
    /// By name.
    #[default]
    Name,
    /// The largest first.
    Size,
}

/// One package.
pub(crate) struct Row<'r> {
    pub(crate) name: &'r str,
    pub(crate) version: &'r str,
    /// Bytes of its files, where they are known.
    pub(crate) size: Option<u64>,
    pub(crate) file: &'r str,
}

/// The lines of a table, in the layout's order and width.
pub(crate) fn lines(mut rows: Vec<Row<'_>>, layout: TextLayout) -> Vec<String> {
    if layout.order == Some(PackageOrder::Size) {
        rows.sort_by_key(|row| std::cmp::Reverse(row.size));
    }
    let columns = Columns::new(&rows, layout.width);
    rows.iter().flat_map(|row| columns.lines(row)).collect()
}

const INDENT: usize = 2;
const GAP: usize = 2;
const SIZE: usize = 9;

/// Versions with more characters than this get a line of their own in a narrow table.
const LONG_VERSION: usize = 16;

/// The widths of the columns.
struct Columns {
    name: usize,
    version: usize,
    has_sizes: bool,
    /// What is left for files, and whether the part of their names that repeats package and
    /// version is left out for it.
    file: Option<(usize, bool)>,
}

impl Columns {
    fn new(rows: &[Row<'_>], width: Option<usize>) -> Self {
        let has_sizes = rows.iter().any(|row| row.size.is_some());
        let widest = |texts: &dyn Fn(&Row<'_>) -> usize, max: usize| {
            let widths = rows.iter().map(texts).filter(|width| *width <= max);
            widths.max().unwrap_or_default()
        };
        let name = |row: &Row<'_>| row.name.chars().count();
        let version = |row: &Row<'_>| row.version.chars().count();
        let file = |row: &Row<'_>| row.file.chars().count();
        let sizes = if has_sizes { SIZE + GAP } else { 0 };
        let whole = Self {
            name: widest(&name, usize::MAX),
            version: widest(&version, usize::MAX),
            has_sizes,
            file: None,
        };
        let whole_width = whole.name + whole.version + widest(&file, usize::MAX);
        let room = width.map(|width| width.saturating_sub(INDENT + GAP + GAP + sizes));
        let (Some(width), Some(room)) = (width, room.filter(|room| *room < whole_width)) else {
            return whole;
        };
        let version = widest(&version, LONG_VERSION);
        // A quarter of the line is for files.
        let for_names = room.saturating_sub(version + width / 4);
        let name = widest(&name, for_names);
        let room = room.saturating_sub(name + version);
        let is_long = |row: &Row<'_>| file(row) > room;
        Self {
            name,
            version,
            has_sizes,
            file: Some((room, rows.iter().any(is_long))),
        }
    }

    /// A name or version that is too long for its column is not cut, but gets a line for
    /// itself: what is copied out of a report has to be whole.
    fn lines(&self, row: &Row<'_>) -> Vec<String> {
        let Self { name, version, .. } = self;
        let (mut first, mut second) = (row.name, row.version);
        let mut lines = Vec::new();
        if first.chars().count() > *name {
            lines.push(format!("  {first}"));
            first = "";
        }
        if second.chars().count() > *version {
            lines.push(format!("  {first:name$}  {second}"));
            (first, second) = ("", "");
        }
        let size = row.size.map(|size| Bytes(size).to_string());
        let size = size.unwrap_or_default();
        let size = if self.has_sizes {
            format!("  {size:>SIZE$}")
        } else {
            String::new()
        };
        let file = self.file(row.file);
        lines.push(format!("  {first:name$}  {second:version$}{size}  {file}"));
        lines
    }

    fn file(&self, file: &str) -> String {
        match self.file {
            Some((room, true)) => cut(without_package(file), room),
            Some((_, false)) | None => file.to_owned(),
        }
    }
}

/// The tags of a wheel.
fn without_package(file: &str) -> &str {
    let tags = file.strip_suffix(".whl").and_then(|name| {
        let (_, rest) = name.split_once('-')?;
        Some(rest.split_once('-')?.1)
    });
    tags.unwrap_or(file)
}

fn cut(text: &str, room: usize) -> String {
    const DOTS: &str = "...";
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept = room.saturating_sub(DOTS.len());
    text.chars().take(kept).chain(DOTS.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "a-distribution-with-a-name-of-sixty-characters-as-some-have1";

    fn table(width: Option<usize>, order: Option<PackageOrder>) -> String {
        let row = |name, version, size, file| Row {
            name,
            version,
            size: Some(size),
            file,
        };
        let rows = vec![
            row(LONG, "1.0", 1_000, "a_distribution-1.0-py3-none-any.whl"),
            row(
                "numpy",
                "2.1.0",
                60_100_000,
                "numpy-2.1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            ),
            row(
                "torch",
                "2.5.1+cu121.dev20250101",
                700_000,
                "torch-2.5.1+cu121.dev20250101-py3-none-any.whl",
            ),
        ];
        let lines = lines(rows, TextLayout { width, order });
        for line in &lines {
            let length = line.chars().count();
            assert!(
                width.is_none_or(|width| length <= width),
                "{length}: {line}"
            );
        }
        assert_eq!(LONG.len(), 60);
        lines.join("\n")
    }

    const WHOLE: &str = "\
\x20 a-distribution-with-a-name-of-sixty-characters-as-some-have1  1.0                         1.0 kB  a_distribution-1.0-py3-none-any.whl
  numpy                                                         2.1.0                      60.1 MB  numpy-2.1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl
  torch                                                         2.5.1+cu121.dev20250101   700.0 kB  torch-2.5.1+cu121.dev20250101-py3-none-any.whl";
    const LARGEST_FIRST: &str = "\
\x20 numpy                                                         2.1.0                      60.1 MB  numpy-2.1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl
  torch                                                         2.5.1+cu121.dev20250101   700.0 kB  torch-2.5.1+cu121.dev20250101-py3-none-any.whl
  a-distribution-with-a-name-of-sixty-characters-as-some-have1  1.0                         1.0 kB  a_distribution-1.0-py3-none-any.whl";
    const NARROW: &str = "\
\x20 a-distribution-with-a-name-of-sixty-characters-as-some-have1
         1.0       1.0 kB  py3-none-any
  numpy  2.1.0    60.1 MB  cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x8...
  torch  2.5.1+cu121.dev20250101
                 700.0 kB  py3-none-any";
    const NARROWER: &str = "\
\x20 a-distribution-with-a-name-of-sixty-characters-as-some-have1
         1.0       1.0 kB  py3-none-any
  numpy  2.1.0    60.1 MB  cp312-cp312-manylinux_2_17_x86_6...
  torch  2.5.1+cu121.dev20250101
                 700.0 kB  py3-none-any";

    #[test]
    fn each_package_has_a_line_where_there_is_room() {
        assert_eq!(table(None, None), WHOLE);
        assert_eq!(table(Some(200), Some(PackageOrder::Size)), LARGEST_FIRST);
    }

    #[test]
    fn a_narrow_table_cuts_files_and_breaks_after_long_names() {
        assert_eq!(table(Some(80), None), NARROW);
        assert_eq!(table(Some(62), Some(PackageOrder::Name)), NARROWER);
    }

    #[test]
    fn no_width_is_too_small() {
        let row = Row {
            name: "greeter",
            version: "1.2.0",
            size: None,
            file: "greeter-1.2.0-py3-none-any.whl",
        };
        let layout = TextLayout {
            width: Some(1),
            order: None,
        };
        let lines = lines(vec![row], layout);
        assert_eq!(
            lines,
            ["  ", "  greeter", "    1.2.0  ..."].map(str::to_owned)[1..]
        );
    }
}
