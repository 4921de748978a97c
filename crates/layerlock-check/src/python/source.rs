//! Source that a Python cannot parse: the only module that knows of ruff's parser.

use ruff_python_ast::PythonVersion;
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};

use crate::file_facts::SourceProblem;

/// Parses source as Python 3.`minor` does.
pub(crate) fn problem(bytes: &[u8], minor: u8) -> Option<SourceProblem> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        // Another encoding, as PEP 263 declares it: what is no ASCII is in names, comments
        // and texts, which parse whatever the letters are.
        Err(_) if declares_encoding(bytes) => bytes.iter().map(|&byte| char::from(byte)).collect(),
        Err(error) => {
            return Some(SourceProblem {
                line: line_of(bytes, error.valid_up_to()),
                message: "is no UTF-8, and declares no other encoding".to_owned(),
            });
        }
    };
    // The interpreter passes over it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if text.contains('\0') {
        return Some(SourceProblem {
            line: line_of(text.as_bytes(), text.find('\0').unwrap_or_default()),
            message: "has a null byte".to_owned(),
        });
    }
    let version = PythonVersion { major: 3, minor };
    let options = ParseOptions::from(Mode::Module).with_target_version(version);
    let parsed = parse_unchecked(text, options);
    let invalid = parsed.errors().iter().map(|error| {
        let at = error.location.start().to_usize();
        (at, error.error.to_string())
    });
    let unsupported = parsed.unsupported_syntax_errors().iter().map(|error| {
        let at = error.range.start().to_usize();
        (at, error.to_string())
    });
    let (at, message) = invalid.chain(unsupported).min_by_key(|(at, _)| *at)?;
    Some(SourceProblem {
        line: line_of(text.as_bytes(), at),
        message,
    })
}

/// "a comment in the first or second line" (PEP 263).
fn declares_encoding(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|&byte| byte == b'\n').take(2);
    lines.any(|line| {
        line.trim_ascii_start().starts_with(b"#")
            && line.windows(6).any(|window| window == b"coding")
    })
}

fn line_of(bytes: &[u8], at: usize) -> usize {
    let before = &bytes[..at.min(bytes.len())];
    before.split(|&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_is_parsed_as_the_runtimes_python_does() {
        for (source, minor, line) in [
            ("x = 1\n", 9, None),
            ("\u{feff}x = 1\n", 12, None),
            ("x = 1\nprint 'two'\n", 12, Some(2)),
            ("match x:\n    case 1: pass\n", 10, None),
            ("match x:\n    case 1: pass\n", 9, Some(1)),
            ("type X = int\n", 11, Some(1)),
            ("type X = int\n", 12, None),
            ("f(\n", 12, Some(2)),
            ("x = 1\ny = '\0'\n", 12, Some(2)),
            ("", 12, None),
        ] {
            let found = problem(source.as_bytes(), minor);
            assert_eq!(found.map(|found| found.line), line, "{source:?} on {minor}");
        }
    }

    #[test]
    fn other_encodings_are_python_where_they_are_declared() {
        assert_eq!(
            problem(b"# -*- coding: latin-1 -*-\nx = '\xe4'\n", 12),
            None
        );
        let found = problem(b"x = 1\ny = '\xe4'\n", 12).unwrap();
        assert_eq!(found.line, 2);
    }

    #[test]
    fn source_that_nests_deeply_is_no_end_of_the_process() {
        let deep = format!("x = {}1{}\n", "(".repeat(5000), ")".repeat(5000));
        let _ = problem(deep.as_bytes(), 12);
    }
}
