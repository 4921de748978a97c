//! How wide reports may be.

use std::io::IsTerminal as _;
#[cfg(unix)]
use std::os::fd::AsFd;
#[cfg(windows)]
use std::os::windows::io::AsHandle as AsFd;

/// Lines that are longer are no easier to read.
const WIDEST: usize = 120;

/// What a terminal has that does not say.
const USUAL: usize = 80;

/// Below this, tables have no columns any more.
const NARROWEST: usize = 40;

/// How many columns a line of a report may take up, on standard error. None where it goes
/// to a log or a file, unless `COLUMNS` asks for it: there, lines are broken for nobody.
pub(crate) fn stderr_width() -> Option<usize> {
    let stderr = std::io::stderr();
    let terminal = stderr.is_terminal().then(|| terminal_size_of(stderr));
    width(columns(), terminal.map(Option::unwrap_or_default))
}

/// The same for standard output, which other programs may read: `COLUMNS` breaks no line for
/// these.
pub(crate) fn stdout_width() -> Option<usize> {
    let stdout = std::io::stdout();
    let terminal = stdout.is_terminal().then(|| terminal_size_of(stdout))?;
    width(columns(), Some(terminal.unwrap_or_default()))
}

fn terminal_size_of(stream: impl AsFd) -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(stream)?;
    Some(usize::from(width.0))
}

fn columns() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok()
}

/// `columns` are those that somebody asks for, `terminal` those of a terminal. Of one that
/// does not know, it is 0.
fn width(columns: Option<usize>, terminal: Option<usize>) -> Option<usize> {
    let terminal = terminal.map(|width| if width == 0 { USUAL } else { width });
    let columns = columns.filter(|columns| *columns > 0).or(terminal)?;
    Some(columns.clamp(NARROWEST, WIDEST))
}

/// Breaks lines that are longer: text between words, and the rows of a table before their
/// last column. Words, such as names and paths, stay whole.
pub(crate) fn fit(text: &str, width: Option<usize>) -> String {
    let Some(width) = width else {
        return text.to_owned();
    };
    let lines: Vec<String> = text.split('\n').map(|line| fit_line(line, width)).collect();
    lines.join("\n")
}

fn fit_line(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    let text = line.trim_start();
    let indent = &line[..line.len() - text.len()];
    match text.rsplit_once("  ") {
        Some((row, last)) => format!("{indent}{}\n{indent}    {last}", row.trim_end()),
        None => wrap(text, indent, width),
    }
}

fn wrap(text: &str, indent: &str, width: usize) -> String {
    let mut wrapped = indent.to_owned();
    let mut length = indent.len();
    for (at, word) in text.split(' ').enumerate() {
        let word_length = word.chars().count();
        if at > 0 && length + 1 + word_length > width {
            wrapped.extend(["\n", indent, "  "]);
            length = indent.len() + 2;
        } else if at > 0 {
            wrapped.push(' ');
            length += 1;
        }
        wrapped.push_str(word);
        length += word_length;
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_those_that_are_asked_for_else_of_the_terminal() {
        for (columns, terminal, expected) in [
            (None, None, None),
            (Some(60), None, Some(60)),
            (Some(60), Some(100), Some(60)),
            (Some(0), Some(100), Some(100)),
            (None, Some(0), Some(80)),
            (None, Some(300), Some(120)),
            (None, Some(3), Some(40)),
        ] {
            assert_eq!(
                width(columns, terminal),
                expected,
                "{columns:?} {terminal:?}"
            );
        }
    }

    #[test]
    fn text_is_broken_between_words() {
        let text = "note[default-runtime]: built for python3.14\n  hint: set `runtime` in a table";
        assert_eq!(fit(text, None), text);
        assert_eq!(fit(text, Some(80)), text);
        assert_eq!(
            fit(text, Some(25)),
            "note[default-runtime]:\n  built for python3.14\n  hint: set `runtime` in\n    a table"
        );
        let path = "zip: dist/layers/shop-python3.12-x86_64.zip (1.6 kB)";
        assert_eq!(
            fit(path, Some(20)),
            "zip:\n  dist/layers/shop-python3.12-x86_64.zip\n  (1.6 kB)"
        );
    }

    #[test]
    fn a_row_is_broken_before_its_last_column() {
        let row =
            "  1  2026-11-20 10:00  python3.12  shop  arn:aws:lambda:eu-west-1:1:layer:shop:1";
        assert_eq!(
            fit(row, Some(60)),
            "  1  2026-11-20 10:00  python3.12  shop\n      arn:aws:lambda:eu-west-1:1:layer:shop:1"
        );
    }
}
