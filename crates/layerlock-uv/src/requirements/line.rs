//! The lines of a requirements file, as pip reads them: joined at a backslash, without
//! comments, environment variables replaced.

use std::ops::Range;

/// A line that was put together, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    /// Where in the file, from the first to the last byte.
    pub(super) span: Range<usize>,
    /// The comments on it, and those after it.
    pub(super) comments: Vec<String>,
}

/// The lines of a text. `variable` gives the value of an environment variable.
pub(super) fn lines(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut open: Option<Line> = None;
    // Whether an empty line is between the last one and what comes: a comment there is of
    // something else.
    let mut is_apart = false;
    let mut start = 0;
    for raw in text.split_inclusive('\n') {
        let line = raw.trim_end_matches(['\n', '\r']);
        let end = start + line.len();
        let (content, comment) = without_comment(line);
        let (content, continues) = match content.trim_end().strip_suffix('\\') {
            // A comment ends a line, whatever it ends in.
            Some(content) if comment.is_none() => (content, true),
            _ => (content, false),
        };
        let comment = comment.map(|comment| comment.trim().to_owned());
        match &mut open {
            Some(joined) => {
                joined.text.push(' ');
                joined.text.push_str(content.trim());
                joined.span.end = end;
                joined.comments.extend(comment);
            }
            None if content.trim().is_empty() && !continues => {
                is_apart |= comment.is_none();
                let last = lines.last_mut().filter(|_| !is_apart);
                if let (Some(last), Some(comment)) = (last, comment) {
                    last.comments.push(comment);
                }
            }
            None => {
                is_apart = false;
                let indent = content.len() - content.trim_start().len();
                open = Some(Line {
                    text: content.trim().to_owned(),
                    span: start + indent..end,
                    comments: comment.into_iter().collect(),
                });
            }
        }
        if !continues {
            lines.extend(open.take());
        }
        start += raw.len();
    }
    lines.extend(open);
    for line in &mut lines {
        line.text = with_variables(line.text.trim(), variable);
    }
    lines.retain(|line| !line.text.is_empty());
    lines
}

/// A `#` starts a comment at the start of a line, and after a blank.
fn without_comment(line: &str) -> (&str, Option<&str>) {
    let starts = line.match_indices('#').map(|(at, _)| at);
    let is_start = |at: &usize| *at == 0 || line[..*at].ends_with(char::is_whitespace);
    match starts.into_iter().find(is_start) {
        Some(at) => (&line[..at], Some(&line[at + 1..])),
        None => (line, None),
    }
}

/// `${NAME}` is replaced where NAME is in upper case and set; else it stays, as for pip.
fn with_variables(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, after) = rest.split_at(at);
        replaced.push_str(before);
        let name = after[2..].split('}').next().unwrap_or_default();
        let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let is_whole = after.len() > name.len() + 2;
        let value = Some(name)
            .filter(|name| is_whole && !name.is_empty() && name.chars().all(is_name))
            .and_then(variable);
        if let Some(value) = value {
            replaced.push_str(&value);
            rest = &after[name.len() + 3..];
        } else {
            replaced.push_str("${");
            rest = &after[2..];
        }
    }
    replaced.push_str(rest);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, Vec<String>)> {
        let variable = |name: &str| (name == "TOKEN").then(|| "hush".to_owned());
        let lines = lines(text, &variable).into_iter();
        lines.map(|line| (line.text, line.comments)).collect()
    }

    #[test]
    fn lines_are_joined_and_freed_of_comments() {
        let text = "# top\nsix==1.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n    \
                    # via shop\nidna==3 # via\n    #   requests\n\n# apart\n  toml==1#2\n    # via idna\n\n\
                    # The following are unsafe:\n# setuptools\n";
        let expected = [
            (
                "six==1.0  --hash=sha256:00  --hash=sha256:11",
                vec!["via shop"],
            ),
            ("idna==3", vec!["via", "requests"]),
            ("toml==1#2", vec!["via idna"]),
        ];
        let read = read(text);
        assert_eq!(read.len(), expected.len());
        for ((text, comments), (expected_text, expected_comments)) in read.iter().zip(expected) {
            assert_eq!(
                text.split_whitespace().collect::<Vec<_>>().join(" "),
                expected_text
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ")
            );
            assert_eq!(*comments, expected_comments);
        }
    }

    #[test]
    fn variables_are_replaced_where_they_are_set() {
        for (text, expected) in [
            (
                "--index-url https://u:${TOKEN}@x/",
                "--index-url https://u:hush@x/",
            ),
            ("${TOKEN}${TOKEN}", "hushhush"),
            (
                "${NONE} ${token} $TOKEN ${TOKEN",
                "${NONE} ${token} $TOKEN ${TOKEN",
            ),
            ("${}", "${}"),
        ] {
            assert_eq!(read(text)[0].0, expected, "{text}");
        }
    }

    #[test]
    fn a_line_knows_where_it_stands() {
        let text = "\n  six==1 \\\r\n  --hash=x\r\nidna\n";
        let none = |_: &str| None;
        let spans: Vec<&str> = lines(text, &none)
            .into_iter()
            .map(|line| &text[line.span])
            .collect();
        assert_eq!(spans, ["six==1 \\\r\n  --hash=x", "idna"]);
    }
}
