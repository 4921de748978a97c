//! `layerlock export` against the real `poetry export`.

use anyhow::Result;

use super::subject::Subject;
use crate::checks::{Problems, Proof};
use crate::tools::Tools;

/// The flags that both understand.
const FLAGS: &[&[&str]] = &[
    &[],
    &["--without-hashes"],
    &["--without-urls"],
    &["--all-groups"],
];
/// Those for a project with a dev group.
const DEV_FLAGS: &[&[&str]] = &[&["--with", "dev"], &["--only", "dev"]];

/// Both print the same bytes for every set of flags.
pub(crate) fn prove(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let has_dev = subject
        .fixture
        .locked()
        .iter()
        .any(|package| package.groups.contains(&"dev"));
    let dev = if has_dev { DEV_FLAGS } else { &[] };
    let mut problems = Problems::default();
    let mut lines = 0;
    for flags in FLAGS.iter().chain(dev) {
        let arguments: Vec<&str> = ["export"].iter().chain(*flags).copied().collect();
        let theirs = tools
            .poetry()
            .directory(&subject.project)
            .args(&arguments)
            .stdout()?;
        let ours = subject
            .layerlock
            .command(&subject.project, &arguments)
            .stdout()?;
        lines += theirs.lines().count();
        if ours != theirs {
            problems.add(format!(
                "{}: {}",
                arguments.join(" "),
                first_difference(&ours, &theirs)
            ));
        }
    }
    problems.finish()?;
    let exports = FLAGS.len() + dev.len();
    Ok(Proof::Figure(format!("{exports} exports, {lines} lines")))
}

fn first_difference(ours: &str, theirs: &str) -> String {
    let mut ours_lines = ours.lines();
    let mut theirs_lines = theirs.lines();
    for number in 1.. {
        let (our, their) = (ours_lines.next(), theirs_lines.next());
        if our != their {
            return format!("line {number} is {our:?}, and Poetry's is {their:?}");
        }
        if our.is_none() {
            break;
        }
    }
    "the ends of the lines differ".into()
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn names_the_first_line_that_differs() {
        assert_eq!(
            first_difference("a\nb\n", "a\nc\n"),
            r#"line 2 is Some("b"), and Poetry's is Some("c")"#
        );
        assert_eq!(
            first_difference("a\n", "a\nc\n"),
            r#"line 2 is None, and Poetry's is Some("c")"#
        );
        assert_eq!(first_difference("a", "a\n"), "the ends of the lines differ");
    }
}
