//! The difference as people read it.

use std::fmt;

use super::report::{DiffReport, DiffSide, PackageChange, PackageDiff, PackageState};
use crate::bytes::Bytes;

impl fmt::Display for DiffReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.before.name, self.after.name)?;
        for line in self.totals() {
            write!(f, "\n{line}")?;
        }
        for line in self.rows() {
            write!(f, "\n{line}")?;
        }
        match (self.packages.is_empty(), self.unchanged) {
            (true, _) => f.write_str("\nno package is different"),
            (false, 0) => Ok(()),
            (false, 1) => f.write_str("\n1 package is the same"),
            (false, count) => write!(f, "\n{count} packages are the same"),
        }
    }
}

impl DiffReport {
    /// What both sides have to tell of themselves as a whole.
    fn totals(&self) -> Vec<String> {
        let total = |what: &str, of: fn(&DiffSide) -> Option<u64>| {
            let (before, after) = (of(&self.before)?, of(&self.after)?);
            Some(format!(
                "{what}: {} -> {} ({})",
                Bytes(before),
                Bytes(after),
                difference(Some(before), Some(after))
            ))
        };
        let unzipped = total("unzipped", |side| side.unzipped_size);
        let zip = total("zip", |side| side.zip_size);
        let packages = format!(
            "packages: {} -> {}",
            self.before.package_count, self.after.package_count
        );
        let totals = [unzipped, zip, Some(packages)];
        totals.into_iter().flatten().collect()
    }

    fn rows(&self) -> Vec<String> {
        let rows: Vec<[String; 4]> = self.packages.iter().map(PackageDiff::cells).collect();
        let width = |column: usize| {
            let widths = rows.iter().map(|row| row[column].chars().count());
            widths.max().unwrap_or_default()
        };
        let [name, unzipped, zipped] = [0, 1, 2].map(width);
        let lines = rows.iter().map(|[one, size, packed, versions]| {
            let column = |cell: &str, width: usize| match width {
                // Locks have no bytes, and so no columns of them.
                0 => String::new(),
                width => format!("  {cell:>width$}"),
            };
            let (size, packed) = (column(size, unzipped), column(packed, zipped));
            let line = format!("  {one:name$}{size}{packed}  {versions}");
            line.trim_end().to_owned()
        });
        lines.collect()
    }
}

impl PackageDiff {
    /// Sign and name, unzipped and zipped bytes, versions.
    fn cells(&self) -> [String; 4] {
        let sign = match self.change {
            PackageChange::Added => '+',
            PackageChange::Removed => '-',
            PackageChange::Moved | PackageChange::Resized => '~',
        };
        let name = self.name.as_deref().unwrap_or("(no package)");
        let sizes = |of: fn(&PackageState) -> Option<u64>| {
            let before = self.before.as_ref().and_then(of);
            let after = self.after.as_ref().and_then(of);
            difference(before, after)
        };
        [
            format!("{sign} {name}"),
            sizes(|state| state.unzipped_size),
            sizes(|state| state.zipped_size),
            self.versions(),
        ]
    }

    fn versions(&self) -> String {
        let text = |state: &Option<PackageState>| {
            let versions = state.iter().flat_map(|state| &state.versions);
            versions.cloned().collect::<Vec<_>>().join(" and ")
        };
        let (before, after) = (text(&self.before), text(&self.after));
        let known = |version: String| {
            if version.is_empty() {
                "unknown".to_owned()
            } else {
                version
            }
        };
        match self.change {
            PackageChange::Added | PackageChange::Resized => after,
            PackageChange::Removed => before,
            PackageChange::Moved => format!("{} -> {}", known(before), known(after)),
        }
    }
}

/// `+1.2 MB`, `-33 B`, `0 B`; nothing where neither side has bytes.
fn difference(before: Option<u64>, after: Option<u64>) -> String {
    if before.is_none() && after.is_none() {
        return String::new();
    }
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    let sign = match after.cmp(&before) {
        std::cmp::Ordering::Less => "-",
        std::cmp::Ordering::Equal => "",
        std::cmp::Ordering::Greater => "+",
    };
    format!("{sign}{}", Bytes(after.abs_diff(before)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_has_a_sign() {
        assert_eq!(difference(None, None), "");
        assert_eq!(difference(Some(5), None), "-5 B");
        assert_eq!(difference(None, Some(1_200_000)), "+1.2 MB");
        assert_eq!(difference(Some(7), Some(7)), "0 B");
    }
}
