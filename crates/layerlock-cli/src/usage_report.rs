//! What is wrong with the command line itself: told by clap, and as JSON where asked
//! for.

use std::ffi::OsString;

use layerlock::{ErrorKind, ErrorReport};

/// What clap says of the command line: the object for `--json`.
pub(crate) fn error_report(error: &clap::Error) -> ErrorReport {
    let text = error.to_string();
    let mut paragraphs = text.split("\n\n").map(joined);
    let message = paragraphs.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    let tips: Vec<String> = paragraphs
        .filter_map(|paragraph| Some(paragraph.strip_prefix("tip: ")?.to_owned()))
        .collect();
    let hint = if tips.is_empty() {
        "`--help` lists what there is".to_owned()
    } else {
        tips.join("; ")
    };
    ErrorReport::of_message(ErrorKind::Usage, message, Some(&hint))
}

/// A paragraph of lines as one.
fn joined(paragraph: &str) -> String {
    let lines: Vec<&str> = paragraph.lines().map(str::trim).collect();
    lines.join(" ").trim().to_owned()
}

/// Whether `--json`, or what means the same, is among arguments that clap did not accept.
pub(crate) fn asks_for_json(arguments: impl Iterator<Item = OsString>) -> bool {
    let mut is_format = false;
    arguments
        .take_while(|argument| argument != "--")
        .any(|argument| {
            let is_named = is_format && argument == "json";
            is_format = argument == "--output-format";
            is_named || argument == "--json" || argument == "--output-format=json"
        })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Args;

    fn report(arguments: &[&str]) -> (String, Option<String>) {
        let arguments = ["layerlock"].iter().chain(arguments);
        let error = error_report(&Args::try_parse_from(arguments).unwrap_err()).error;
        assert_eq!((error.code, error.kind), (2, "usage"));
        (error.message, error.hint)
    }

    #[test]
    fn clap_is_told_without_its_layout() {
        let (message, hint) = report(&["build", "--ofline"]);
        assert_eq!(message, "unexpected argument '--ofline' found");
        let tip = "a similar argument exists: '--offline'";
        assert_eq!(hint.as_deref(), Some(tip));
        let (message, hint) = report(&["build", "--color", "blue"]);
        assert_eq!(
            message,
            "invalid value 'blue' for '--color <WHEN>' [possible values: auto, always, never]"
        );
        assert_eq!(hint.as_deref(), Some("`--help` lists what there is"));
    }

    #[test]
    fn json_is_asked_for_as_far_as_it_is_an_option() {
        let asks = |arguments: &[&str]| asks_for_json(arguments.iter().map(OsString::from));
        assert!(asks(&["layerlock", "build", "--what", "--json"]));
        assert!(!asks(&["layerlock", "cache", "clean", "--", "--json"]));
        assert!(!asks(&["layerlock", "build"]));
        assert!(asks(&["layerlock", "build", "--output-format", "json"]));
        assert!(asks(&["layerlock", "build", "--output-format=json"]));
        assert!(!asks(&[
            "layerlock",
            "build",
            "--output-format",
            "env",
            "json"
        ]));
    }
}
