//! The only module that prints, apart from progress.

use std::fmt::Display;
use std::io::{self, Write};

use clap::ColorChoice;
use layerlock::{Error, Report, Severity, Style, render_error, render_message, render_warning};
use serde::Serialize;

use crate::args::OutputArgs;

pub(crate) struct Console {
    quiet: bool,
}

impl Console {
    pub(crate) fn new(args: &OutputArgs) -> Self {
        match args.color {
            _ if args.no_ansi => anstream::ColorChoice::Never,
            _ if args.ansi => anstream::ColorChoice::Always,
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        }
        .write_global();
        Self { quiet: args.quiet }
    }

    /// Prints a report: as JSON where asked for, else as text unless quiet.
    pub(crate) fn report(&self, report: &(impl Display + Serialize), json: bool) -> io::Result<()> {
        if json {
            let text = serde_json::to_string_pretty(report)?;
            self.text(&format!("{text}\n"))
        } else if self.quiet {
            Ok(())
        } else {
            self.text(&format!("{report}\n"))
        }
    }

    /// Prints the errors that checks found, where a quiet run prints no report.
    pub(crate) fn findings(&self, report: &Report, json: bool) {
        if !self.quiet || json {
            return;
        }
        let findings = report.layers.iter().flat_map(|layer| &layer.findings);
        for finding in findings.filter(|finding| finding.severity == Severity::Error) {
            let error = render_message(&finding.message, Style::Ansi);
            let _ = writeln!(anstream::stderr(), "{error}");
        }
    }

    /// Prints text that was asked for. A closed pipe is no error: its reader needs no
    /// more.
    #[expect(clippy::unused_self, reason = "all printing goes through the console")]
    pub(crate) fn text(&self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        let written = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush());
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }

    /// Prints that standard output failed.
    #[expect(clippy::unused_self, reason = "all printing goes through the console")]
    pub(crate) fn stdout_failed(&self, error: &io::Error) {
        let message = format!("failed to write to standard output: {error}");
        let _ = writeln!(
            anstream::stderr(),
            "{}",
            render_message(&message, Style::Ansi)
        );
    }

    pub(crate) fn warning(&self, message: &str) {
        if !self.quiet {
            let _ = writeln!(
                anstream::stderr(),
                "{}",
                render_warning(message, Style::Ansi)
            );
        }
    }

    #[expect(clippy::unused_self, reason = "all printing goes through the console")]
    pub(crate) fn error(&self, error: &Error) {
        let _ = writeln!(anstream::stderr(), "{}", render_error(error, Style::Ansi));
    }
}
