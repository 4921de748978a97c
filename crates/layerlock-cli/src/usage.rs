//! Mistakes on the command line, where clap alone would tell too little or mislead.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Error, Parser};

use crate::args::Args;

/// The arguments of this process.
pub(crate) fn parse() -> Result<Args, Error> {
    Args::try_parse().map_err(without_far_fetched_tip)
}

/// clap takes `install`, which writes files, for similar to `list`.
fn without_far_fetched_tip(mut error: Error) -> Error {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return error;
    }
    let given = text(error.get(ContextKind::InvalidSubcommand));
    let tips = match error.get(ContextKind::SuggestedSubcommand) {
        Some(ContextValue::Strings(tips)) => tips.clone(),
        tip => text(tip).into_iter().collect(),
    };
    let is_typo = |tip: &String| {
        given
            .as_ref()
            .is_some_and(|given| distance(given, tip) <= 2)
    };
    let tips: Vec<String> = tips.into_iter().filter(is_typo).collect();
    error.remove(ContextKind::SuggestedSubcommand);
    if tips.is_empty() {
        // It is empty, and would leave an empty line.
        error.remove(ContextKind::Suggested);
    } else {
        error.insert(
            ContextKind::SuggestedSubcommand,
            ContextValue::Strings(tips),
        );
    }
    error
}

fn text(value: Option<&ContextValue>) -> Option<String> {
    match value {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    }
}

/// How many characters have to be added, removed or replaced to make one of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, c) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, &d) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(c != d);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn the_distance_counts_what_has_to_change() {
        for (one, other, expected) in [
            ("", "", 0),
            ("build", "build", 0),
            ("", "abc", 3),
            ("biuld", "build", 2),
            ("instal", "install", 1),
            ("list", "install", 5),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(one, other), expected);
            assert_eq!(distance(other, one), expected);
        }
    }
}
