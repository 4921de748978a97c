//! The figures, as text for the terminal and for BENCHMARKS.md.

use std::fmt;
use std::time::Duration;

/// What one measurement gave.
pub(crate) struct Table {
    pub(crate) title: &'static str,
    /// What was done, for somebody who wants to do it again.
    pub(crate) about: String,
    pub(crate) rows: Vec<Row>,
}

/// One goal and how far it is met.
pub(crate) struct Row {
    pub(crate) measure: String,
    pub(crate) ours: String,
    pub(crate) theirs: String,
    pub(crate) goal: String,
    /// How the two compare, and whether that is what it should be.
    pub(crate) result: String,
    pub(crate) met: bool,
}

impl Row {
    /// Another tool that should take at least so many times as long.
    pub(crate) fn faster(
        measure: impl Into<String>,
        ours: Duration,
        theirs: Duration,
        times: f64,
    ) -> Self {
        let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
        Self {
            measure: measure.into(),
            ours: milliseconds(ours),
            theirs: milliseconds(theirs),
            goal: match times {
                1.0 => "no slower".to_owned(),
                _ => format!("{times} times as fast"),
            },
            result: format!("{ratio:.1} times as fast"),
            met: ratio >= times,
        }
    }

    /// A figure of our own that should not be over a limit.
    pub(crate) fn within(
        measure: impl Into<String>,
        figure: f64,
        limit: f64,
        unit: &'static str,
    ) -> Self {
        Self {
            measure: measure.into(),
            ours: format!("{figure:.1} {unit}"),
            theirs: String::new(),
            goal: format!("{limit} {unit} or less"),
            result: String::new(),
            met: figure <= limit,
        }
    }
}

pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## {}\n\n{}\n", self.title, self.about)?;
        writeln!(
            f,
            "| measure | layerlock | other tool | result | goal | met |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for row in &self.rows {
            let Row {
                measure,
                ours,
                theirs,
                goal,
                result,
                met,
            } = row;
            let met = if *met { "yes" } else { "**no**" };
            writeln!(
                f,
                "| {measure} | {ours} | {theirs} | {result} | {goal} | {met} |"
            )?;
        }
        Ok(())
    }
}

/// The whole of BENCHMARKS.md.
pub(crate) fn page(machine: &[(&str, String)], runs: usize, tables: &[Table]) -> String {
    let mut page = format!(
        "# Benchmarks\n\n`cargo xtask bench` wrote this page in one run. A time is the wall-clock time \
         of a whole process: the median of {runs} runs, or of a third as many for tools that \
         take seconds. The runs of the tools alternate. Unless a measure says otherwise, the \
         project is fixtures/data-layer (requests, pandas and numpy), the target is python3.12 \
         on x86_64, and every cache is warm.\n\
         \n| machine | |\n|---|---|\n"
    );
    for (name, fact) in machine {
        page += &["| ", name, " | ", fact, " |\n"].concat();
    }
    for table in tables {
        page.push('\n');
        page += &table.to_string();
    }
    page
}
