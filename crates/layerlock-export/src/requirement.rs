//! Requirements as `[project]` and `[dependency-groups]` have them (PEP 508), read as
//! Poetry reads them: a comment may follow, a version may stand in parentheses.

use crate::constraint;
use crate::marker::{self, Marker};

/// What is asked for. Which versions does not matter to an export.
pub(crate) struct Requirement<'t> {
    pub(crate) name: &'t str,
    /// As they are written; empty where any may be.
    pub(crate) versions: &'t str,
    pub(crate) extras: Vec<&'t str>,
    pub(crate) marker: Marker,
}

impl<'t> Requirement<'t> {
    pub(crate) fn parse(text: &'t str) -> Result<Self, String> {
        let (text, marker) = without_comment(text);
        let mut parser = Parser { rest: text };
        let name = parser.name("the name of a package")?;
        let mut extras = Vec::new();
        if parser.take("[") && !parser.take("]") {
            loop {
                extras.push(parser.name("an extra")?);
                if parser.take("]") {
                    break;
                }
                parser.expect(",", "`,` or `]`")?;
            }
        }
        let mut versions = "";
        if parser.take("@") {
            parser.url()?;
        } else {
            let rest = parser.rest;
            parser.versions()?;
            versions = rest[..rest.len() - parser.rest.len()].trim();
        }
        let marker = match marker {
            Some(marker) if parser.rest.trim().is_empty() => marker,
            _ if parser.take(";") => parser.rest,
            _ => {
                parser.end()?;
                return Ok(Self {
                    name,
                    versions,
                    extras,
                    marker: Marker::Any,
                });
            }
        };
        if marker.trim().is_empty() {
            return Err("there is no marker behind `;`".to_owned());
        }
        Ok(Self {
            name,
            versions,
            extras,
            // Poetry 2 alone reads these tables.
            marker: marker::parse_locked(marker)?,
        })
    }
}

/// A requirement in a message. Markers are full of quotes, which stay as they are.
pub(crate) fn shown(text: &str) -> String {
    let escaped = text.escape_debug().to_string();
    escaped.replace("\\'", "'").replace("\\\"", "\"")
}

/// The text without a comment, and the marker that may follow one.
fn without_comment(text: &str) -> (&str, Option<&str>) {
    match text.split_once(" #") {
        Some((text, comment)) => (text.trim(), comment.split_once(" ;").map(|(_, rest)| rest)),
        None => (text.trim(), None),
    }
}

struct Parser<'t> {
    rest: &'t str,
}

impl<'t> Parser<'t> {
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip_blanks();
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, token: &str, what: &str) -> Result<(), String> {
        if self.take(token) {
            return Ok(());
        }
        Err(self.expected(what))
    }

    fn expected(&self, what: &str) -> String {
        match self.rest.trim() {
            "" => format!("{what} is missing"),
            rest => format!("expected {what}, found `{}`", shown(rest)),
        }
    }

    fn end(&mut self) -> Result<(), String> {
        self.skip_blanks();
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(self.expected("a version, `;` or the end"))
    }

    fn split(&mut self, end: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn name(&mut self, what: &str) -> Result<&'t str, String> {
        self.skip_blanks();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
        if !self.rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(self.expected(what));
        }
        Ok(self.split(end))
    }

    fn url(&mut self) -> Result<(), String> {
        self.skip_blanks();
        let end = self.rest.find(' ').unwrap_or(self.rest.len());
        if self.split(end).is_empty() {
            return Err("the URL behind `@` is missing".to_owned());
        }
        Ok(())
    }

    /// Comparisons with versions, of which there may be none outside of parentheses.
    fn versions(&mut self) -> Result<(), String> {
        const OPERATORS: [&str; 7] = ["~=", "==", "!=", "<=", ">=", "<", ">"];
        let in_parentheses = self.take("(");
        let mut parts = Vec::new();
        loop {
            self.skip_blanks();
            let Some(operator) = OPERATORS.iter().find(|o| self.rest.starts_with(**o)) else {
                if in_parentheses || !parts.is_empty() {
                    return Err(self.expected("a comparison such as `>=1.0`"));
                }
                return Ok(());
            };
            let version = self.rest[operator.len()..].trim_start();
            let end = version
                .find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ')'))
                .unwrap_or(version.len());
            self.rest = &version[end..];
            parts.push(format!("{operator}{}", &version[..end]));
            if !self.take(",") {
                break;
            }
        }
        if in_parentheses {
            self.expect(")", "`,` or `)`")?;
        }
        let all = parts.join(",");
        match constraint::parse(&all) {
            Ok(versions) if versions.is_empty() => Err(format!("no version is `{all}`")),
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_requirement_says() {
        let text = "Requests [socks, use_chardet] (>=2 , <3) ; sys_platform == 'linux' # why";
        let requirement = Requirement::parse(text).unwrap();
        assert_eq!(requirement.name, "Requests");
        assert_eq!(requirement.extras, ["socks", "use_chardet"]);
        assert_eq!(requirement.marker.to_string(), "sys_platform == \"linux\"");
        let text = "six # of old ; python_version < '3.10'";
        let requirement = Requirement::parse(text).unwrap();
        assert_eq!(requirement.marker.to_string(), "python_version < \"3.10\"");
    }

    #[test]
    fn a_message_shows_quotes_and_hides_controls() {
        let error = |text| Requirement::parse(text).err().unwrap();
        assert_eq!(
            error("a>=1 os_name == 'nt'"),
            "expected a version, `;` or the end, found `os_name == 'nt'`"
        );
        assert!(error("a \u{1b}[31m").contains("\\u{1b}"));
    }

    /// What Poetry 2.5.1 says to each.
    #[test]
    fn what_is_no_requirement() {
        for text in [
            "a",
            " a ",
            "a[]",
            "a>=1,<2",
            "a (==1.*)",
            "a @ https://files.example.com/a-1-py3-none-any.whl ; os_name == 'nt'",
            "a ~=1.2;python_version>'3'",
        ] {
            assert!(Requirement::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "-a",
            "a b",
            "a 1.0",
            "a=1",
            "a^1",
            "a===1.0",
            "a>=",
            "a>=one",
            "a>=1,",
            "a >=1 <2",
            "a ()",
            "a (>=1",
            "a<1,>2",
            "a[b",
            "a[b,]",
            "a[b c]",
            "a @",
            "a;",
            "a ; python_version",
            "a ; python_version >> '3'",
            "a ; 'nt' == os_name",
        ] {
            assert!(Requirement::parse(text).is_err(), "{text}");
        }
    }
}
