//! Listing versions.

use std::fmt;

use layerlock_install::Reporter;
use serde::Serialize;

use super::report::{VersionOutcome, VersionReport, exit_code, failures};
use super::{UpkeepSettings, ground};
use crate::Error;
use crate::error_report::ErrorDetails;

/// The versions of layers.
#[derive(Debug, Clone, Serialize)]
pub struct ListReport {
    /// Each version, by layer and place, newest first; or why a layer's could not be listed.
    pub versions: Vec<VersionReport>,
    /// What has no version.
    #[serde(skip)]
    without: Vec<String>,
}

/// Lists the versions of the project's layers, or of the layer that is named. What fails
/// stops no other: the report says so.
pub fn list(upkeep: &UpkeepSettings, reporter: &dyn Reporter) -> Result<ListReport, Error> {
    let (ground, places) = ground::read(upkeep, reporter)?;
    let mut report = ListReport {
        versions: Vec::new(),
        without: Vec::new(),
    };
    for found in ground.look(&places) {
        let mut layer = VersionReport::of_layer(found.place, &found.layer, VersionOutcome::Listed);
        match found.versions {
            Ok(versions) if versions.is_empty() => report.without.push(layer.layer_and_place()),
            Ok(versions) => report.versions.extend(versions.iter().map(|version| {
                VersionReport::of_version(found.place, version, VersionOutcome::Listed)
            })),
            Err(error) => {
                layer.fail("failed to list", &error);
                report.versions.push(layer);
            }
        }
    }
    Ok(report)
}

impl ListReport {
    /// The exit code of the command.
    pub fn exit_code(&self) -> u8 {
        exit_code(&self.versions)
    }

    /// What could not be listed.
    pub fn failures(&self) -> impl Iterator<Item = &ErrorDetails> {
        failures(&self.versions)
    }
}

/// One table for each layer and place. Failures are errors, and not in it.
impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        let is_listed = |one: &&VersionReport| one.outcome == VersionOutcome::Listed;
        let versions: Vec<_> = self.versions.iter().filter(is_listed).collect();
        for table in versions.chunk_by(|one, next| one.layer_and_place() == next.layer_and_place())
        {
            lines.extend(table.first().map(|first| first.layer_and_place()));
            lines.extend(rows(table));
        }
        let without = self.without.iter();
        lines.extend(without.map(|layer| format!("{layer}: no versions")));
        f.write_str(&lines.join("\n"))
    }
}

/// Version, time, targets, project and ARN, under each other.
fn rows(versions: &[&VersionReport]) -> Vec<String> {
    let cells = |version: &&VersionReport| {
        let number = version.version.map(|number| number.to_string());
        // To the minute: `2026-11-20 10:00`.
        let created = version.created.as_deref().unwrap_or("-");
        let created: String = created.chars().take(16).collect();
        [
            number.unwrap_or_default(),
            created.replacen('T', " ", 1),
            or_dash(&version.targets()),
            or_dash(version.project.as_deref().unwrap_or_default()),
            version.arn.clone().unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = versions.iter().map(cells).collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let [number, created, targets, project] = [0, 1, 2, 3].map(width);
    let line = |row: &[String; 5]| {
        format!(
            "  {:>number$}  {:created$}  {:targets$}  {:project$}  {}",
            row[0], row[1], row[2], row[3], row[4]
        )
    };
    rows.iter().map(line).collect()
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-" } else { text }.to_owned()
}
