//! The only module that prints, apart from progress.
//!
//! Standard output is for what another program reads: one JSON object, an export, the
//! names of published versions, the cache's directory. Reports for people go to
//! standard error, with warnings and errors: in `layerlock build && python app.py` they
//! are no part of what the app prints.

use std::fmt::Display;
use std::io::{self, Write};

use layerlock::{
    CheckReport, Error, ErrorDetails, ErrorReport, Finding, HandedOver, Initialised, PublishReport,
    Published, Severity, Style, mask_user_info, render_error, render_finding, render_message,
    render_warning, render_with_hint,
};
use serde::Serialize;

use crate::args::OutputArgs;
use crate::terminal;

pub(crate) struct Console {
    quiet: bool,
    json: bool,
}

impl Console {
    /// With `json`, standard output is for one object.
    pub(crate) fn new(args: &OutputArgs, json: bool) -> Self {
        Self {
            quiet: args.quiet,
            json,
        }
    }

    /// Tells what was built: as JSON where asked for, else as text unless quiet. What
    /// will not work is told in any case.
    pub(crate) fn built<'f>(
        &self,
        report: &(impl Display + Serialize),
        findings: impl Iterator<Item = &'f Finding>,
    ) -> io::Result<()> {
        self.told(report, |_| report.to_string(), findings)
    }

    /// The same, with a text that knows how many columns there are.
    pub(crate) fn told<'f>(
        &self,
        report: &impl Serialize,
        text: impl FnOnce(Option<usize>) -> String,
        findings: impl Iterator<Item = &'f Finding>,
    ) -> io::Result<()> {
        if self.quiet || self.json {
            for finding in findings.filter(|finding| finding.severity == Severity::Error) {
                eprint_line(&render_finding(finding, Style::Ansi));
            }
        }
        if self.json {
            return json(report);
        }
        if !self.quiet {
            let width = terminal::stderr_width();
            let text = text(width);
            if !text.is_empty() {
                eprint_line(&terminal::fit(&text, width));
            }
        }
        Ok(())
    }

    /// Tells what was built and published. What could not be published is told in any case.
    pub(crate) fn published(&self, report: &PublishReport) -> io::Result<()> {
        let built = self.built(report, report.findings());
        self.failures(report.failures());
        built
    }

    /// Tells what failed of several.
    #[expect(clippy::unused_self, reason = "all printing goes through the console")]
    pub(crate) fn failures<'e>(&self, failures: impl Iterator<Item = &'e ErrorDetails>) {
        for error in failures {
            let hint = error.hint.as_deref();
            eprint_line(&render_with_hint(&error.message, hint, Style::Ansi));
        }
    }

    /// Prints a list that was asked for: also where quiet, since it is no report.
    pub(crate) fn listed(&self, list: &(impl Display + Serialize)) -> io::Result<()> {
        if self.json {
            return json(list);
        }
        let text = list.to_string();
        if text.is_empty() {
            return Ok(());
        }
        let text = terminal::fit(&text, terminal::stdout_width());
        print(&format!("{text}\n"))
    }

    /// The same, with a text that knows how many columns there are.
    pub(crate) fn shown(
        &self,
        report: &impl Serialize,
        text: impl FnOnce(Option<usize>) -> String,
    ) -> io::Result<()> {
        if self.json {
            return json(report);
        }
        let width = terminal::stdout_width();
        let text = terminal::fit(&text(width), width);
        print(&format!("{text}\n"))
    }

    /// Prints what checks found: where quiet, what will not work alone.
    pub(crate) fn checked(&self, report: &CheckReport) -> io::Result<()> {
        if !self.quiet {
            return self.listed(report);
        }
        self.built(report, report.findings())
    }

    /// Tells what was done, where that is all that was asked for.
    pub(crate) fn done(&self, report: &(impl Display + Serialize)) -> io::Result<()> {
        if self.json {
            json(report)
        } else if self.quiet {
            Ok(())
        } else {
            let text = terminal::fit(&report.to_string(), terminal::stdout_width());
            print(&format!("{text}\n"))
        }
    }

    /// Prints a result that other programs read, where no JSON has it in it.
    pub(crate) fn result(&self, text: &str) -> io::Result<()> {
        if self.json { Ok(()) } else { print(text) }
    }

    /// Tells what `init` did: the diff where it was only planned, else what was added.
    pub(crate) fn initialised(&self, initialised: &Initialised) -> io::Result<()> {
        if self.json {
            return json(initialised);
        }
        if let Some(diff) = &initialised.diff
            && !initialised.written
        {
            let path = initialised.path.display();
            print(&format!("--- {path}\n+++ {path}\n{diff}"))?;
        }
        if !self.quiet {
            let text = initialised.to_string();
            eprint_line(&terminal::fit(&text, terminal::stderr_width()));
        }
        Ok(())
    }

    /// Prints an export.
    #[expect(clippy::unused_self, reason = "all printing goes through the console")]
    pub(crate) fn export(&self, text: &str) -> io::Result<()> {
        print(text)
    }

    pub(crate) fn warning(&self, message: &str) {
        if !self.quiet {
            eprint_line(&render_warning(message, Style::Ansi));
        }
    }

    /// Tells why the job failed.
    pub(crate) fn error(&self, error: &Error) {
        eprint_line(&render_error(error, Style::Ansi));
        if self.json {
            error_report(&ErrorReport::new(error));
        }
    }

    /// Tells which file the next step gets, or prints what it reads.
    pub(crate) fn handed_over(&self, handed_over: &HandedOver) -> io::Result<()> {
        if let HandedOver::Text(text) = handed_over {
            return self.result(text);
        }
        let told = handed_over.to_string();
        if !self.quiet && !told.is_empty() {
            eprint_line(&told);
        }
        Ok(())
    }

    /// The console for a report that may be in a file: people get it as text then.
    pub(crate) fn beside(&self, handed_over: Option<&HandedOver>) -> Self {
        let is_in_file = matches!(
            handed_over,
            Some(HandedOver::Written(_) | HandedOver::Unchanged(_))
        );
        Self {
            quiet: self.quiet,
            json: self.json && !is_in_file,
        }
    }
}

/// Tells what clap says of the command line, in which there may be a URL.
pub(crate) fn usage_error(error: &clap::Error) {
    let text = error.render().ansi().to_string();
    let _ = write!(anstream::stderr(), "{}", mask_user_info(&text));
}

/// Tells that standard output failed.
pub(crate) fn stdout_failed(error: &io::Error) {
    failed(&format!("failed to write to standard output: {error}"));
}

/// Tells what failed.
pub(crate) fn failed(message: &str) {
    eprint_line(&render_message(message, Style::Ansi));
}

/// Prints an error as JSON. The exit code stays the error's own where that fails.
pub(crate) fn error_report(report: &ErrorReport) {
    if let Err(error) = json(report) {
        stdout_failed(&error);
    }
}

fn json(report: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(report)?;
    print(&format!("{text}\n"))
}

/// Prints text that was asked for. A closed pipe is no error: its reader needs no more.
fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn eprint_line(text: &(impl Display + ?Sized)) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// What functions name the published versions by, one a line.
pub(crate) fn arns(published: &[Published]) -> String {
    let arns = published.iter().filter_map(|one| one.arn.as_ref());
    arns.flat_map(|arn| [arn.as_str(), "\n"]).collect()
}
