//! The one place that prints.

use std::fmt::Display;
use std::io::Write;

use clap::ColorChoice;
use layerlock::Error;
use serde::Serialize;

use crate::args::OutputArgs;
use crate::diagnostic;

pub(crate) struct Console {
    quiet: bool,
}

impl Console {
    pub(crate) fn new(args: &OutputArgs) -> Self {
        match args.color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        }
        .write_global();
        Self { quiet: args.quiet }
    }

    /// A report: JSON whenever it was asked for, text unless quiet.
    pub(crate) fn report(&self, report: &(impl Display + Serialize), json: bool) {
        if json {
            #[expect(clippy::expect_used, reason = "reports are plain data")]
            let text = serde_json::to_string_pretty(report).expect("plain data serializes");
            self.text(&format!("{text}\n"));
        } else if !self.quiet {
            self.text(&format!("{report}\n"));
        }
    }

    /// Text that was asked for.
    #[expect(clippy::unused_self, reason = "the console is what prints")]
    pub(crate) fn text(&self, text: &str) {
        // Whoever closed the pipe has read enough.
        let mut stdout = anstream::stdout().lock();
        let _ = stdout.write_all(text.as_bytes());
        let _ = stdout.flush();
    }

    pub(crate) fn warning(&self, message: &str) {
        if !self.quiet {
            let _ = writeln!(anstream::stderr(), "{}", diagnostic::warning(message));
        }
    }

    #[expect(clippy::unused_self, reason = "the console is what prints")]
    pub(crate) fn error(&self, error: &Error) {
        let _ = writeln!(anstream::stderr(), "{}", diagnostic::error(error));
    }
}
