//! A change of a text in one place, as it is written and as people read it.

use std::fmt;

use serde::{Serialize, Serializer};

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;

/// What was or would be changed in a file, in one place. Lines are without line feeds, and
/// in JSON without carriage returns too. Displayed it is a unified diff, as `patch` takes
/// it, without the names of the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// The line, from 1, of the first of `before`, else of `removed` or `added`.
    pub line: usize,
    /// Some lines before the change.
    #[serde(serialize_with = "without_returns")]
    pub before: Vec<String>,
    /// The lines that go.
    #[serde(serialize_with = "without_returns")]
    pub removed: Vec<String>,
    /// The lines that come.
    #[serde(serialize_with = "without_returns")]
    pub added: Vec<String>,
    /// Some lines after the change.
    #[serde(serialize_with = "without_returns")]
    pub after: Vec<String>,
    /// Whether the file ends with these lines, without a line feed.
    #[serde(skip)]
    unended: bool,
}

/// `old` with the lines of `new` where the two differ, and what that changes. All that is
/// not changed stays byte by byte: each line's end, and whether the last line has one.
pub(super) fn change(old: &str, new: &str) -> (String, Diff) {
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    let old_lines: Vec<&str> = old.lines().collect();
    let new_lines: Vec<&str> = new.lines().collect();
    let fewer = old_lines.len().min(new_lines.len());
    let same = |(old, new): &(&&str, &&str)| old == new;
    let pairs = old_lines.iter().zip(&new_lines);
    let mut start = pairs.take_while(same).count();
    let pairs = old_lines.iter().rev().zip(new_lines.iter().rev());
    let end = pairs.take(fewer - start).take_while(same).count();

    let is_unended = !old.is_empty() && !old.ends_with('\n');
    // The last line gets an end, and so is another.
    if is_unended && start == old_lines.len() {
        start -= 1;
    }
    let (removed, after) = lines[start..].split_at(lines.len() - end - start);
    let added = &new_lines[start..new_lines.len() - end];
    let line_end = line_end(old);
    let mut text: String = lines[..start].concat();
    let mut addition = added.join(line_end);
    let stays_unended = is_unended && end == 0;
    if !added.is_empty() && !stays_unended {
        addition.push_str(line_end);
    }
    text.push_str(&addition);
    text.push_str(&lines[lines.len() - end..].concat());

    let owned = |lines: &[&str]| -> Vec<String> {
        let lines = lines.iter().map(|line| line.trim_end_matches('\n'));
        lines.map(str::to_owned).collect()
    };
    let first = start.saturating_sub(CONTEXT);
    let diff = Diff {
        line: first + 1,
        before: owned(&lines[first..start]),
        removed: owned(removed),
        added: owned(&addition.split_inclusive('\n').collect::<Vec<_>>()),
        after: owned(&after[..after.len().min(CONTEXT)]),
        unended: is_unended && end <= CONTEXT,
    };
    (text, diff)
}

fn without_returns<S: Serializer>(lines: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(lines.iter().map(|line| line.trim_end_matches('\r')))
}

/// What most lines of a text end in.
fn line_end(text: &str) -> &'static str {
    let feeds = text.matches('\n').count();
    if text.matches("\r\n").count() * 2 > feeds {
        "\r\n"
    } else {
        "\n"
    }
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let around = self.before.len() + self.after.len();
        // A range without lines is after the line that it names.
        let range = |count: usize| (self.line - usize::from(count == 0), count);
        let (old, new) = (
            range(around + self.removed.len()),
            range(around + self.added.len()),
        );
        writeln!(f, "@@ -{},{} +{},{} @@", old.0, old.1, new.0, new.1)?;
        let parts = [
            (' ', &self.before, false),
            ('-', &self.removed, self.after.is_empty()),
            ('+', &self.added, self.after.is_empty()),
            (' ', &self.after, true),
        ];
        for (sign, lines, is_last) in parts {
            for line in lines {
                writeln!(f, "{sign}{line}")?;
            }
            if self.unended && is_last && !lines.is_empty() {
                writeln!(f, "\\ No newline at end of file")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::change;

    #[test]
    fn only_the_lines_that_differ_are_changed() {
        for (old, new, changed) in [
            ("a\nb\n", "a\nx\nb\n", "a\nx\nb\n"),
            // Whatever the lines end in stays, and what comes ends as most do.
            ("a\r\nb\r\n", "a\nx\nb\n", "a\r\nx\r\nb\r\n"),
            ("a\r\nb\r\nc\n", "a\nx\nb\nc\n", "a\r\nx\r\nb\r\nc\n"),
            ("a\nb\nc\r\n", "x\na\nb\nc\n", "x\na\nb\nc\r\n"),
            // A last line without an end stays without one.
            ("a\nb", "a\nb\nx\n", "a\nb\nx"),
            ("a\r\nb", "a\nb\n\nx\n", "a\r\nb\r\n\r\nx"),
            ("a\nb", "a\nx\nb\n", "a\nx\nb"),
            ("a\nb", "a\nx\n", "a\nx"),
            ("a\nb\nc\n", "a\nc\n", "a\nc\n"),
            ("", "x\n", "x\n"),
            ("a\na\n", "a\na\na\n", "a\na\na\n"),
            ("a\n", "a\n", "a\n"),
        ] {
            assert_eq!(change(old, new).0, changed, "{old:?} {new:?}");
        }
    }

    #[test]
    fn programs_get_lines_without_their_ends() {
        let (_, diff) = change("1\r\n2\r\n", "1\nx\n");
        let json = serde_json::to_value(diff).unwrap();
        for (part, lines) in [("before", ["1"]), ("removed", ["2"]), ("added", ["x"])] {
            assert_eq!(json[part], serde_json::json!(lines));
        }
    }

    #[test]
    fn a_diff_is_a_unified_one() {
        for (old, new, diff) in [
            (
                "1\n2\n3\n4\n5\n6\n7\n8\n",
                "1\n2\n3\n4\nx\n5\n6\n7\n8\n",
                "@@ -2,6 +2,7 @@\n 2\n 3\n 4\n+x\n 5\n 6\n 7\n",
            ),
            ("1\n2\n", "1\ntwo\n", "@@ -1,2 +1,2 @@\n 1\n-2\n+two\n"),
            ("", "x\n", "@@ -0,0 +1,1 @@\n+x\n"),
            // `patch` compares what lines end in too.
            (
                "1\r\n2\r\n",
                "1\n\nx\n2\n",
                "@@ -1,2 +1,4 @@\n 1\r\n+\r\n+x\r\n 2\r\n",
            ),
            (
                "1\r\n2",
                "1\n2\nx\n",
                "@@ -1,2 +1,3 @@\n 1\r\n-2\n\\ No newline at end of file\n+2\r\n+x\n\
                 \\ No newline at end of file\n",
            ),
            (
                "1\n2",
                "1\n2\nx\n",
                "@@ -1,2 +1,3 @@\n 1\n-2\n\\ No newline at end of file\n+2\n+x\n\
                 \\ No newline at end of file\n",
            ),
            (
                "1\n2",
                "x\n1\n2\n",
                "@@ -1,2 +1,3 @@\n+x\n 1\n 2\n\\ No newline at end of file\n",
            ),
        ] {
            assert_eq!(change(old, new).1.to_string(), diff);
        }
    }
}
