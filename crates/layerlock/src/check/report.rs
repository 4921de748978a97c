//! What checks give back. The field names are the interface of `--json`.

use std::fmt;

use layerlock_check::{Finding, Severity};
use layerlock_diagnostic::{EXIT_CHECK_FAILED, EXIT_SUCCESS};
use serde::Serialize;

use crate::bytes::Bytes;
use crate::checked::{CheckedLayer, CheckedTarget, write_findings};
use crate::report::counted;

/// What was found in layers and functions.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CheckReport {
    /// One for each layer and target.
    pub layers: Vec<CheckedLayer>,
    /// One for each function that the project names.
    pub functions: Vec<CheckedFunction>,
}

/// A function with all of its layers.
#[derive(Debug, Clone, Serialize)]
pub struct CheckedFunction {
    /// Its name.
    pub name: String,
    /// What it runs on.
    pub target: CheckedTarget,
    /// Its layers, in their order.
    pub layers: Vec<String>,
    /// Bytes of its code and layers, as far as they are known.
    pub unzipped_size: u64,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl CheckReport {
    /// Whether a finding says that a layer or function will not work.
    pub fn has_errors(&self) -> bool {
        self.findings()
            .any(|finding| finding.severity == Severity::Error)
    }

    /// The exit code of the command.
    pub fn exit_code(&self) -> u8 {
        if self.has_errors() {
            EXIT_CHECK_FAILED
        } else {
            EXIT_SUCCESS
        }
    }

    /// All that was found.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        let layers = self.layers.iter().flat_map(|layer| &layer.findings);
        layers.chain(self.functions.iter().flat_map(|one| &one.findings))
    }

    /// One line for each finding, as GitHub reads annotations of a workflow's log.
    pub fn github(&self) -> String {
        let mut text = String::new();
        for layer in &self.layers {
            let of = format!("{} for {}", layer.shown(), layer.target);
            text.extend(
                layer
                    .findings
                    .iter()
                    .map(|finding| annotation(&of, finding)),
            );
        }
        for function in &self.functions {
            let of = format!("function {}", function.name);
            let findings = function.findings.iter();
            text.extend(findings.map(|finding| annotation(&of, finding)));
        }
        text
    }
}

/// `::error title=TITLE::MESSAGE`, with what the workflow commands' syntax needs escaped.
fn annotation(of: &str, finding: &Finding) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let title = format!("{} in {of}", finding.code);
    let mut message = finding.message.clone();
    if let Some(hint) = &finding.hint {
        message = format!("{message}\nhint: {hint}");
    }
    let escaped = |text: &str| {
        text.replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A")
    };
    let title = escaped(&title).replace(':', "%3A").replace(',', "%2C");
    format!("::{command} title={title}::{}\n", escaped(&message))
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for layer in &self.layers {
            write!(f, "{separator}{layer}")?;
            separator = "\n\n";
        }
        for function in &self.functions {
            write!(
                f,
                "{separator}function {} with {}: {} unzipped",
                function.name,
                counted(function.layers.len(), "layer"),
                Bytes(function.unzipped_size)
            )?;
            write_findings(f, &function.findings)?;
            separator = "\n\n";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use layerlock_check::Code;

    use super::*;

    #[test]
    fn an_annotation_is_one_line() {
        let finding = Finding::new(Code::Litter, "100% a\nb").with_hint("do: this, or that");
        assert_eq!(
            annotation("a,b:c", &finding),
            "::notice title=litter in a%2Cb%3Ac::100%25 a%0Ab%0Ahint: do: this, or that\n"
        );
    }
}
