use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Code;

/// Something that a user should know of a layer. The field names are the interface
/// of `--json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The kind of finding.
    pub code: Code,
    /// What was found.
    pub message: String,
    /// The package it is about.
    pub package: Option<String>,
    /// The path in the layer it is about.
    pub path: Option<String>,
    /// What was seen, where there is more to it than the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// What was expected in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What to do.
    pub hint: Option<String>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// It may hurt.
    Warning,
    /// The layer will not work.
    Error,
}

impl Finding {
    /// A finding with its code's own severity, about no package or path, without a
    /// hint.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            severity: code.severity(),
            code,
            message: message.into(),
            package: None,
            path: None,
            seen: None,
            expected: None,
            hint: None,
        }
    }

    /// The finding, as bad as this.
    #[must_use]
    pub fn with_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// The finding with what was seen and what was expected.
    #[must_use]
    pub fn with_expected(
        self,
        seen: &(impl ToString + ?Sized),
        expected: &(impl ToString + ?Sized),
    ) -> Self {
        Self {
            seen: Some(seen.to_string()),
            expected: Some(expected.to_string()),
            ..self
        }
    }

    /// The finding with the package it is about.
    #[must_use]
    pub fn with_package(self, package: &(impl ToString + ?Sized)) -> Self {
        Self {
            package: Some(package.to_string()),
            ..self
        }
    }

    /// The finding with the path in the layer it is about.
    #[must_use]
    pub fn with_path(self, path: &(impl ToString + ?Sized)) -> Self {
        Self {
            path: Some(path.to_string()),
            ..self
        }
    }

    /// The finding with the package and the path it is about, where there are such.
    #[must_use]
    pub fn about(self, package: Option<&str>, path: Option<&str>) -> Self {
        Self {
            package: package.map(str::to_owned),
            path: path.map(str::to_owned),
            ..self
        }
    }

    /// The finding with what to do.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

/// `warning[CODE]: MESSAGE`, and the hint on a line of its own.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Info => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}[{}]: {}", self.code, self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_as_bad_as_its_code_and_about_what_it_is_told() {
        let plain = Finding::new(Code::CaseCollision, "two paths");
        let expected = Finding {
            severity: Severity::Warning,
            code: Code::CaseCollision,
            message: "two paths".to_owned(),
            package: None,
            path: None,
            seen: None,
            expected: None,
            hint: None,
        };
        assert_eq!(plain, expected);
        let full = plain
            .with_package("six")
            .with_path("a/B")
            .with_hint("rename");
        let expected = Finding {
            package: Some("six".to_owned()),
            path: Some("a/B".to_owned()),
            hint: Some("rename".to_owned()),
            ..expected
        };
        assert_eq!(full, expected);
    }

    #[test]
    fn a_hint_has_a_line_of_its_own() {
        for (code, line) in [
            (Code::Built, "note[built]: it is"),
            (Code::Yanked, "warning[yanked]: it is"),
            (Code::EmptyLayer, "error[empty-layer]: it is"),
        ] {
            let finding = Finding::new(code, "it is");
            assert_eq!(finding.to_string(), line);
            let hinted = finding.with_hint("do so");
            assert_eq!(hinted.to_string(), format!("{line}\n  hint: do so"));
        }
    }

    /// The form is the interface of `--json`.
    #[test]
    fn a_finding_is_written_by_names_and_read_again() {
        let finding = Finding::new(Code::Built, "it is").with_package("six");
        let text = r#"{"severity":"info","code":"built","message":"it is","package":"six","path":null,"hint":null}"#;
        assert_eq!(serde_json::to_string(&finding).unwrap(), text);
        assert_eq!(serde_json::from_str::<Finding>(text).unwrap(), finding);
    }

    #[test]
    fn severities_ascend() {
        assert!(Severity::Info < Severity::Warning && Severity::Warning < Severity::Error);
    }
}
