//! A constraint on Python as Poetry's newest prints it: what it has made of the
//! text, not the text itself.

use crate::PythonConstraint;
use crate::ranges::Range;

/// The constraint in Poetry's words.
pub(crate) fn python_text(constraint: &PythonConstraint) -> String {
    let alternatives: Vec<_> = constraint
        .ranges()
        .as_slice()
        .chunk_by(|before, after| hole(before, after).is_some())
        .map(alternative)
        .collect();
    if alternatives.is_empty() {
        return "<empty>".to_owned();
    }
    alternatives.join(" || ")
}

/// `!=` and the version between two ranges, where it is all that they leave
/// out.
fn hole(before: &Range, after: &Range) -> Option<String> {
    match (&before.max, &after.min) {
        (Some(max), Some(min))
            if !max.inclusive && !min.inclusive && max.version == min.version =>
        {
            Some(format!("!={}", max.version))
        }
        _ => None,
    }
}

/// Ranges with nothing but holes between them.
fn alternative(ranges: &[Range]) -> String {
    if let [range] = ranges
        && let Some(version) = range.single()
    {
        return version.to_string();
    }
    let mut parts = Vec::new();
    if let Some(min) = ranges.first().and_then(|range| range.min.as_ref()) {
        let operator = if min.inclusive { ">=" } else { ">" };
        parts.push(format!("{operator}{}", min.version));
    }
    parts.extend(
        ranges
            .windows(2)
            .filter_map(|pair| hole(&pair[0], &pair[1])),
    );
    if let Some(max) = ranges.last().and_then(|range| range.max.as_ref()) {
        let stable = max.version.clone().with_dev(None);
        parts.push(if max.inclusive {
            format!("<={}", max.version)
        } else if max.version.dev() == Some(0) && !stable.any_prerelease() {
            // For Poetry the same, as long as it is no marker.
            format!("<{stable}")
        } else {
            format!("<{}", max.version)
        });
    }
    if parts.is_empty() {
        return "*".to_owned();
    }
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts are those of poetry-core 2.5.0.
    #[test]
    fn constraints_are_printed_as_poetry_prints_them() {
        for (written, printed) in [
            ("*", "*"),
            ("^3.11", ">=3.11,<4.0"),
            ("~3.11", ">=3.11,<3.12"),
            ("~3.9.0", ">=3.9.0,<3.10.0"),
            ("^3", ">=3,<4"),
            ("~=3.8", ">=3.8,<4.0"),
            ("~=3.8.1", ">=3.8.1,<3.9.0"),
            (">=3.8,<4", ">=3.8,<4"),
            (">3.8", ">3.8"),
            ("<=3.12", "<=3.12"),
            ("3.12", "3.12"),
            ("==3.12", "3.12"),
            ("3.9.*", ">=3.9,<3.10"),
            ("3.*", ">=3,<4"),
            (">=3.8.*", ">=3.8"),
            ("!=3.9.*", "<3.9 || >=3.10"),
            ("!=3.9", "!=3.9"),
            ("!=3.9.7,!=3.9.8", "!=3.9.7,!=3.9.8"),
            (">=3.8,!=3.9.7", ">=3.8,!=3.9.7"),
            (">=3.8,!=3.9.*", ">=3.8,<3.9 || >=3.10"),
            (">=2.7, !=3.0.*, !=3.1.*, !=3.2.*", ">=2.7,<3.0 || >=3.3"),
            ("!=3.9.*,!=3.11.*", "<3.9 || >=3.10,<3.11 || >=3.12"),
            ("3.8.* || 3.9.*", ">=3.8,<3.10"),
            ("3.9.* || >=3.11", ">=3.9,<3.10 || >=3.11"),
            ("==3.9.* , !=3.9.7", ">=3.9,!=3.9.7,<3.10"),
            ("~2.7 || ^3.6", ">=2.7,<2.8 || >=3.6,<4.0"),
            (
                "<3.14,>=3.9,!=3.9.7,!=3.10.1",
                ">=3.9,!=3.9.7,!=3.10.1,<3.14",
            ),
            (
                ">=3.6,!=3.9.*,!=3.11.2,<4",
                ">=3.6,<3.9 || >=3.10,!=3.11.2,<4",
            ),
            ("<3.9 || >3.9", "!=3.9"),
            (">=3.9 || <3.5", "<3.5 || >=3.9"),
            ("<4.0.dev0", "<4.0"),
            (">=3.10.dev0", ">=3.10.dev0"),
            ("<3.13b1", "<3.13b1"),
            (">=03.8", ">=3.8"),
            (">=3.8,<3.8", "<empty>"),
        ] {
            let constraint = PythonConstraint::parse(written).unwrap();
            assert_eq!(python_text(&constraint), printed, "{written}");
        }
    }
}
