//! Whether output has colors: what options say, else the environment, else the terminal.

use std::ffi::OsString;
use std::io::IsTerminal as _;

use anstream::ColorChoice;

/// Sets it for the whole process, by arguments that clap may not have read yet: its help
/// and its errors have colors too.
pub(crate) fn set(arguments: impl Iterator<Item = OsString>) {
    let environment = |name: &str| std::env::var_os(name);
    match asked_by_arguments(arguments).or_else(|| asked_by_environment(environment)) {
        Some(choice) => choice,
        None if is_not_forced(environment("CLICOLOR_FORCE")) => without_force(),
        None => ColorChoice::Auto,
    }
    .write_global();
}

/// What the last of the options says that choose. `auto` leaves it to the environment.
fn asked_by_arguments(arguments: impl Iterator<Item = OsString>) -> Option<ColorChoice> {
    let mut asked = None;
    let mut is_value = false;
    for argument in arguments.skip(1).take_while(|argument| argument != "--") {
        let argument = argument.to_string_lossy();
        let value = match argument.strip_prefix("--color=") {
            Some(value) => Some(value),
            None => is_value.then_some(argument.as_ref()),
        };
        is_value = argument == "--color";
        asked = match (value, argument.as_ref()) {
            (Some("always"), _) | (None, "--ansi") => Some(ColorChoice::Always),
            (Some("never"), _) | (None, "--no-ansi") => Some(ColorChoice::Never),
            (Some("auto"), _) => None,
            _ => asked,
        };
    }
    asked
}

/// What is set to nothing counts as not set, as each of these variables has it. anstream
/// knows no `FORCE_COLOR`, and takes `CLICOLOR_FORCE=0` for a yes.
fn asked_by_environment(environment: impl Fn(&str) -> Option<OsString>) -> Option<ColorChoice> {
    let set = |name| environment(name).filter(|value| !value.is_empty());
    if set("NO_COLOR").is_some() {
        return Some(ColorChoice::Never);
    }
    if let Some(force) = set("FORCE_COLOR") {
        let is_off = force == "0" || force == "false";
        return Some(if is_off {
            ColorChoice::Never
        } else {
            ColorChoice::Always
        });
    }
    let force = set("CLICOLOR_FORCE").filter(|value| value != "0");
    force.map(|_| ColorChoice::Always)
}

fn is_not_forced(clicolor_force: Option<OsString>) -> bool {
    clicolor_force.is_some_and(|value| value == "0")
}

/// What anstream would choose without `CLICOLOR_FORCE`, for both streams.
fn without_force() -> ColorChoice {
    let has = |name, value: &str| std::env::var_os(name).is_some_and(|it| it == value);
    let are_terminals = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
    if are_terminals && !has("TERM", "dumb") && !has("CLICOLOR", "0") {
        ColorChoice::Always
    } else {
        ColorChoice::Never
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_option_wins() {
        let asked = |arguments: &[&str]| {
            let arguments = ["layerlock"].iter().chain(arguments);
            asked_by_arguments(arguments.map(OsString::from))
        };
        for (arguments, expected) in [
            (&["build"][..], None),
            (&["build", "--color", "always"], Some(ColorChoice::Always)),
            (&["--color=never", "build"], Some(ColorChoice::Never)),
            (&["--color=never", "--color", "auto"], None),
            (&["--no-ansi", "build"], Some(ColorChoice::Never)),
            (&["build", "--ansi"], Some(ColorChoice::Always)),
            (&["build", "--color"], None),
            (&["build", "--color", "blue"], None),
            (&["cache", "clean", "--", "--no-ansi"], None),
        ] {
            assert_eq!(asked(arguments), expected, "{arguments:?}");
        }
    }

    #[test]
    fn each_variable_is_honoured() {
        for (variables, expected) in [
            (&[][..], None),
            (&[("NO_COLOR", "1")], Some(ColorChoice::Never)),
            (&[("NO_COLOR", "")], None),
            (&[("FORCE_COLOR", "1")], Some(ColorChoice::Always)),
            (&[("FORCE_COLOR", "true")], Some(ColorChoice::Always)),
            (&[("FORCE_COLOR", "0")], Some(ColorChoice::Never)),
            (&[("FORCE_COLOR", "")], None),
            (&[("CLICOLOR_FORCE", "1")], Some(ColorChoice::Always)),
            (&[("CLICOLOR_FORCE", "0")], None),
            (
                &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")],
                Some(ColorChoice::Never),
            ),
        ] {
            let environment = |name: &str| {
                let set = variables.iter().find(|(variable, _)| *variable == name);
                set.map(|(_, value)| OsString::from(value))
            };
            assert_eq!(asked_by_environment(environment), expected, "{variables:?}");
        }
    }
}
