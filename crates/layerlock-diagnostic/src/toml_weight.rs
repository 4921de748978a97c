//! How much memory a TOML text takes once it is parsed.
//!
//! A line such as `a.b.c = 1` takes two kilobytes: each table of it is one allocation with
//! room for some keys. So the size of a text says little, and what is counted is what a
//! parser makes of it.

/// More no pyproject.toml, no file of settings, and no package of a lock has: the largest
/// that are known have some thousands. So heavy a text takes up to 40 MB.
pub const HEAVIEST_TOML: usize = 100_000;

/// The same for a lock that has to be parsed as a whole.
pub const HEAVIEST_LOCK: usize = 400_000;

/// What a table counts for, as against a value.
const TABLE: usize = 4;

/// What is parsed as a whole: a package of a lock has some kilobytes, and the largest
/// pyproject.toml some hundred.
const LARGEST: usize = 3 << 20;

/// Refuses a text that takes too much memory once it is parsed. The error is the limit.
pub fn check_toml(text: &str, heaviest: usize) -> Result<(), String> {
    if text.len() > LARGEST {
        return Err("3 MiB in one piece".to_owned());
    }
    // So short a text is light whatever it says.
    if text.len() > heaviest / TABLE && toml_weight(text) > heaviest {
        let thousands = heaviest / 1000;
        return Err(format!("{thousands},000 values, or a fourth of it tables"));
    }
    Ok(())
}

/// How heavy a TOML text is: a value counts for one, what may be a table for four. Nothing
/// in strings and comments counts.
fn toml_weight(text: &str) -> usize {
    let mut weight = 0;
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = match first {
            b'#' => &after[line_end(after)..],
            b'"' | b'\'' => after_string(rest, first),
            _ => after,
        };
        weight += match first {
            b'=' | b',' => 1,
            b'.' | b'[' | b'{' => TABLE,
            _ => 0,
        };
    }
    weight
}

/// What comes after the string that a text begins with. One that is not closed ends with its
/// line, as parsers see it, or with the text where it may have several lines.
fn after_string(text: &[u8], quote: u8) -> &[u8] {
    let closing = [quote; 3];
    let has_lines = text.starts_with(&closing);
    let mut at = if has_lines { 3 } else { 1 };
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' if quote == b'"' => at += 1,
            b'\n' if !has_lines => break,
            _ if has_lines && text[at..].starts_with(&closing) => {
                // Two more may be its last characters.
                let more = text[at + 3..].iter().take(2);
                at += 3 + more.take_while(|byte| **byte == quote).count();
                break;
            }
            _ if !has_lines && byte == quote => {
                at += 1;
                break;
            }
            _ => {}
        }
        at += 1;
    }
    text.get(at..).unwrap_or_default()
}

fn line_end(text: &[u8]) -> usize {
    let end = text.iter().position(|byte| *byte == b'\n');
    end.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_says_how_large_it_may_be() {
        assert_eq!(
            check_toml(&"a=1\n".repeat(HEAVIEST_TOML), HEAVIEST_TOML),
            Ok(())
        );
        for (text, limit) in [
            (
                "a=1\n".repeat(100_001),
                "100,000 values, or a fourth of it tables",
            ),
            (
                "[a]\n".repeat(25_001),
                "100,000 values, or a fourth of it tables",
            ),
            ("#".repeat((3 << 20) + 1), "3 MiB in one piece"),
        ] {
            assert_eq!(check_toml(&text, HEAVIEST_TOML), Err(limit.to_owned()));
        }
    }

    #[test]
    fn tables_and_values_count_and_texts_do_not() {
        for (text, weight) in [
            ("", 0),
            ("a = 1", 1),
            ("a.b.c = 1\n", 9),
            ("[a.b]\nc = [1, 2]\n", 14),
            ("[[a]]\n", 8),
            ("a = {b = 1, c = 2}", 8),
            ("# a.b = [{}]\na = 1 # x.y, z", 1),
            ("a = \"x.y, [z] \\\" {\" # =", 1),
            ("a = 'x.y\\', b = '='", 3),
            ("a = \"\"\"\nx.y = \"1\" \\\"\"\"\nz = []\n\"\"\"\nb = 1", 2),
            ("a = '''x = ''''\nb.c = 1", 6),
            ("a = ['''x = ''''', 'y = ']\nb = 1", 7),
            ("a = 'open\nb.c = 1", 6),
            ("a = \"open\\", 1),
        ] {
            assert_eq!(toml_weight(text), weight, "{text}");
        }
    }
}
