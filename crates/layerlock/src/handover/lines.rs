//! Formats of lines: one `NAME=value` each.

use super::keys::Style;

/// A name and its value.
pub(super) type Line = (String, String);

/// The lines as a text.
pub(super) fn text(lines: &[Line]) -> String {
    let lines = lines
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"));
    lines.collect()
}

/// One line of `Name=value`, as `sam deploy --parameter-overrides` takes it.
pub(super) fn one_line(lines: &[Line]) -> String {
    let lines: Vec<_> = lines
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("{}\n", lines.join(" "))
}

/// A value as a format has it; `None` where it cannot have it. An ARN is one everywhere.
pub(super) fn value(style: Style, value: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-:+=@,%~".contains(c);
    match style {
        Style::Map => Some(value.to_owned()),
        Style::GitHub => (!value.contains(['\n', '\r'])).then(|| value.to_owned()),
        _ if value.chars().all(is_plain) && !value.starts_with('~') => Some(value.to_owned()),
        // What shells and the readers of such files agree on.
        Style::Env if !value.contains(['\'', '\\', '$', '\n', '\r']) => Some(format!("'{value}'")),
        _ => None,
    }
}

/// The text of a file of variables with these lines. Each takes the place of the line that
/// set its variable; a line that sets another is kept where `is_kept` says so of its name.
pub(super) fn merged(old: &str, lines: &[Line], is_kept: impl Fn(&str) -> bool) -> String {
    let mut missing: Vec<&Line> = lines.iter().collect();
    let mut merged = String::new();
    for line in old.split_inclusive('\n') {
        let name = variable(line);
        let set = |name: &str| lines.iter().find(|(other, _)| other == name);
        match name.map(|name| (name, set(name))) {
            Some((name, Some((_, value)))) => {
                let is_first = missing.iter().any(|(other, _)| other == name);
                missing.retain(|(other, _)| other != name);
                if is_first {
                    let before = &line[..line.find('=').map_or(0, |at| at + 1)];
                    let end = &line[line.trim_end_matches(['\r', '\n']).len()..];
                    merged.extend([before, value, end]);
                }
            }
            Some((name, None)) if !is_kept(name) => {}
            _ => merged.push_str(line),
        }
    }
    for (name, value) in missing {
        if !merged.is_empty() && !merged.ends_with('\n') {
            merged.push('\n');
        }
        merged.extend([name, "=", value, "\n"]);
    }
    merged
}

/// The variable that a line sets.
fn variable(line: &str) -> Option<&str> {
    let (name, _) = line.split_once('=')?;
    let name = name.trim_start();
    let name = name.strip_prefix("export ").unwrap_or(name);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

/// What has to be added to the outputs of a step: nothing where they have all of it.
pub(super) fn addition(old: &str, lines: &[Line]) -> String {
    let outputs = outputs(old);
    let is_there = |(name, value): &Line| {
        let last = outputs.iter().rev().find(|(other, _)| other == name);
        last.is_some_and(|(_, other)| other.as_deref() == Some(value))
    };
    if lines.iter().all(is_there) {
        return String::new();
    }
    let end = if old.is_empty() || old.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{end}{}", text(lines))
}

/// The outputs that a file sets; without the values that have several lines.
fn outputs(text: &str) -> Vec<(&str, Option<&str>)> {
    let mut outputs = Vec::new();
    let mut end: Option<&str> = None;
    for line in text.lines() {
        if let Some(delimiter) = end {
            end = end.filter(|_| line != delimiter);
            continue;
        }
        let equals = line.find('=');
        match line.find("<<") {
            Some(at) if equals.is_none_or(|equals| at < equals) => {
                outputs.push((&line[..at], None));
                end = Some(&line[at + 2..]);
            }
            _ => outputs.extend(equals.map(|at| (&line[..at], Some(&line[at + 1..])))),
        }
    }
    outputs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[(&str, &str)]) -> Vec<Line> {
        let lines = lines.iter();
        lines
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn values_are_quoted_where_a_shell_needs_it_and_refused_where_that_is_not_enough() {
        let arn = "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:layer:shop_a-b:7";
        for style in [Style::Env, Style::Sam, Style::GitHub] {
            assert_eq!(value(style, arn).as_deref(), Some(arn));
        }
        assert_eq!(
            value(Style::Env, "my layers/a.zip").as_deref(),
            Some("'my layers/a.zip'")
        );
        assert_eq!(value(Style::GitHub, "a b'$").as_deref(), Some("a b'$"));
        for text in ["it's", "a$b", "a\\b", "a\nb"] {
            assert_eq!(value(Style::Env, text), None, "{text}");
        }
        assert_eq!(value(Style::GitHub, "a\nb"), None);
        assert_eq!(value(Style::Env, "~/a").as_deref(), Some("'~/a'"));
    }

    #[test]
    fn a_file_of_variables_keeps_its_other_lines() {
        let new = lines(&[("LAYERLOCK_A_ARN", "x:2"), ("LAYERLOCK_B_ARN", "y:1")]);
        let keep = |name: &str| name != "LAYERLOCK_OLD_ARN";
        let old =
            "# mine\nSECRET='a=b'\nexport LAYERLOCK_A_ARN=x:1\r\n\nLAYERLOCK_OLD_ARN=z\nLAST=1";
        let expected =
            "# mine\nSECRET='a=b'\nexport LAYERLOCK_A_ARN=x:2\r\n\nLAST=1\nLAYERLOCK_B_ARN=y:1\n";
        assert_eq!(merged(old, &new, keep), expected);
        assert_eq!(merged(expected, &new, keep), expected);
        assert_eq!(merged("", &new, keep), text(&new));
        let twice = "LAYERLOCK_A_ARN=1\nLAYERLOCK_A_ARN=2\nLAYERLOCK_B_ARN=y:1";
        assert_eq!(
            merged(twice, &new, keep),
            "LAYERLOCK_A_ARN=x:2\nLAYERLOCK_B_ARN=y:1"
        );
    }

    #[test]
    fn outputs_of_a_step_are_added_once() {
        let new = lines(&[("a-arn", "x:2"), ("b-arn", "y:1")]);
        let added = "a-arn=x:2\nb-arn=y:1\n";
        for (old, expected) in [
            ("", added),
            ("other=1\n", added),
            ("other=1", "\na-arn=x:2\nb-arn=y:1\n"),
            ("a-arn=x:2\n", added),
            ("b-arn=y:1\nx=1\na-arn=x:2", ""),
            ("a-arn=x:2\nb-arn=y:1\na-arn=x:1\n", added),
            ("t<<EOF\na-arn=x:2\nb-arn=y:1\nEOF\n", added),
            ("t<<EOF\n=\nEOF\na-arn=x:2\nb-arn=y:1\n", ""),
        ] {
            assert_eq!(addition(old, &new), expected, "{old:?}");
        }
    }
}
