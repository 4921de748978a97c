//! Which output has colors.

use crate::support::Sandbox;

const ESCAPE: char = '\u{1b}';

fn has_colors(arguments: &[&str], variables: &[(&str, &str)]) -> bool {
    let sandbox = Sandbox::new();
    let mut command = sandbox.layerlock(arguments);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(!text.is_empty());
    text.contains(ESCAPE)
}

/// An error of the job, one of the command line, and help.
const COMMANDS: [&[&str]; 3] = [&["build", "--with", "x"], &["build", "--what"], &["--help"]];

#[test]
fn an_option_wins_over_the_environment_over_the_terminal() {
    for command in COMMANDS {
        for (options, variables, expected) in [
            (&[][..], &[][..], false),
            (&[], &[("FORCE_COLOR", "1")], true),
            (&[], &[("FORCE_COLOR", "1"), ("TERM", "dumb")], true),
            (&[], &[("FORCE_COLOR", "0")], false),
            (&[], &[("FORCE_COLOR", "")], false),
            (&[], &[("CLICOLOR_FORCE", "1")], true),
            (&[], &[("CLICOLOR_FORCE", "0")], false),
            (&[], &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], false),
            (&[], &[("NO_COLOR", ""), ("FORCE_COLOR", "1")], true),
            (&["--color", "always"], &[("NO_COLOR", "1")], true),
            (&["--color=never"], &[("FORCE_COLOR", "1")], false),
            (&["--color=auto"], &[("CLICOLOR_FORCE", "1")], true),
            (&["--no-ansi"], &[("FORCE_COLOR", "1")], false),
        ] {
            let arguments = [options, command].concat();
            let told = format!("{arguments:?} {variables:?}");
            assert_eq!(has_colors(&arguments, variables), expected, "{told}");
        }
    }
}
