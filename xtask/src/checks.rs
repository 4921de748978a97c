//! Runs checks one after the other and reports every failure together at the end.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::{Result, bail};

/// What a check that did not fail has shown.
pub(crate) enum Proof {
    /// Everything it is for.
    Full,
    /// Everything, with a figure worth reading.
    Figure(String),
    /// Less than it is for, because of this machine.
    Partial(String),
    /// Nothing, because of this machine or of what is checked.
    Skipped(String),
}

/// The checks so far.
#[derive(Default)]
pub(crate) struct Checks {
    /// Only checks whose name holds this text run.
    only: Option<String>,
    proved: usize,
    partial: Vec<String>,
    failures: Vec<String>,
}

/// What one check found wrong; a check goes on after the first.
#[derive(Default)]
pub(crate) struct Problems(Vec<String>);

impl Checks {
    pub(crate) fn only(text: Option<String>) -> Self {
        Self {
            only: text,
            ..Self::default()
        }
    }

    /// Whether a check of that name runs.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|text| name.contains(text))
    }

    /// Runs one check and prints how it went.
    pub(crate) fn check(&mut self, name: &str, check: impl FnOnce() -> Result<Proof>) {
        if !self.wants(name) {
            return;
        }
        let started = Instant::now();
        let result = check();
        let seconds = started.elapsed().as_secs_f32();
        match result {
            Ok(Proof::Full) => {
                self.proved += 1;
                println!("  ok    {name} ({seconds:.1} s)");
            }
            Ok(Proof::Figure(figure)) => {
                self.proved += 1;
                println!("  ok    {name}: {figure} ({seconds:.1} s)");
            }
            Ok(Proof::Partial(why)) => {
                println!("  part  {name}: {why} ({seconds:.1} s)");
                self.partial.push(format!("{name}: {why}"));
            }
            Ok(Proof::Skipped(why)) => {
                println!("  skip  {name}: {why}");
                self.partial.push(format!("{name}: {why}"));
            }
            Err(error) => {
                println!("  FAIL  {name} ({seconds:.1} s)");
                self.failures.push(format!("{name}\n{}", indent(&error)));
            }
        }
    }

    /// Adds the failure of what checks need, whichever checks run.
    pub(crate) fn fail(&mut self, name: &str, error: &anyhow::Error) {
        println!("  FAIL  {name}");
        self.failures.push(format!("{name}\n{}", indent(error)));
    }

    /// Prints the whole, and fails where a check did.
    pub(crate) fn report(self) -> Result<()> {
        if !self.partial.is_empty() {
            println!("\nnot proved, or not wholly:");
            for partial in &self.partial {
                println!("  {partial}");
            }
        }
        if self.failures.is_empty() {
            println!("\n{} checks proved, none failed", self.proved);
            return Ok(());
        }
        println!("\nfailures:");
        for failure in &self.failures {
            println!("\n{failure}");
        }
        bail!(
            "{} checks failed, {} proved",
            self.failures.len(),
            self.proved
        );
    }
}

impl Problems {
    pub(crate) fn add(&mut self, problem: impl Into<String>) {
        self.0.push(problem.into());
    }

    /// Adds a problem where the two differ.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "so that calls read as they would in assert_eq"
    )]
    pub(crate) fn equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, is: T, must: T) {
        if is != must {
            let (is, must) = (shorten(&is), shorten(&must));
            self.add(format!("{what} is {is}, and must be {must}"));
        }
    }

    /// Adds the problem where the condition does not hold.
    pub(crate) fn hold(&mut self, condition: bool, problem: impl FnOnce() -> String) {
        if !condition {
            self.add(problem());
        }
    }

    /// An error where there is a problem.
    pub(crate) fn finish(self) -> Result<()> {
        const SHOWN: usize = 20;
        if self.0.is_empty() {
            return Ok(());
        }
        let mut text = self.0[..self.0.len().min(SHOWN)].join("\n");
        if self.0.len() > SHOWN {
            write!(text, "\n... and {} more", self.0.len() - SHOWN)?;
        }
        bail!(text);
    }
}

/// A value for a message; of a long one, its start.
fn shorten(value: &impl std::fmt::Debug) -> String {
    const SHOWN: usize = 1000;
    let text = format!("{value:?}");
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

fn indent(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_fails_the_report_and_stops_nothing() {
        let mut checks = Checks::default();
        let mut ran = Vec::new();
        checks.check("first", || bail!("broken"));
        checks.check("second", || {
            ran.push("second");
            Ok(Proof::Full)
        });
        assert_eq!(ran, ["second"]);
        let error = checks.report().unwrap_err().to_string();
        assert_eq!(error, "1 checks failed, 1 proved");
    }

    #[test]
    fn only_the_named_checks_run() {
        let mut checks = Checks::only(Some("zip".into()));
        checks.check("staging", || bail!("must not run"));
        checks.check("zip", || Ok(Proof::Full));
        assert!(checks.report().is_ok());
    }

    #[test]
    fn what_fails_before_the_checks_is_told_whichever_run() {
        let mut checks = Checks::only(Some("zip".into()));
        checks.fail("build", &anyhow::anyhow!("broken"));
        assert!(checks.report().is_err());
    }

    #[test]
    fn problems_are_collected() {
        let mut problems = Problems::default();
        problems.equal("size", 1, 2);
        problems.equal("count", 3, 3);
        problems.hold(false, || "no file".into());
        let text = problems.finish().unwrap_err().to_string();
        assert_eq!(text, "size is 1, and must be 2\nno file");
    }
}
