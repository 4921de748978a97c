//! Faults to findings: what many files of a package share is told once.

use std::collections::BTreeMap;

use super::files::Files;
use crate::{Code, Finding, Severity};

/// Something wrong with a file.
pub(super) struct Fault<'a> {
    pub(super) code: Code,
    pub(super) severity: Severity,
    pub(super) path: &'a str,
    /// What goes on where the path ended.
    pub(super) reason: String,
    /// What a function gets at the file by, where that is another one.
    pub(super) loaded_by: Option<&'a str>,
    pub(super) hint: Option<String>,
}

impl<'a> Fault<'a> {
    /// A fault that is as bad as its code.
    pub(super) fn new(code: Code, path: &'a str, reason: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            path,
            reason: reason.into(),
            loaded_by: None,
            hint: None,
        }
    }

    pub(super) fn with_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    pub(super) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

/// One finding for all files of a package with the same fault, about the first of them.
pub(super) fn folded<'a>(mut faults: Vec<Fault<'a>>, files: &Files<'a>) -> Vec<Finding> {
    faults.sort_by(|one, other| (one.path, one.code).cmp(&(other.path, other.code)));
    let mut groups: Vec<(&Fault<'a>, usize)> = Vec::new();
    let mut known = BTreeMap::new();
    for fault in &faults {
        let key = (
            fault.code,
            fault.severity,
            files.top_level(fault.path),
            fault.reason.as_str(),
        );
        let index = *known.entry(key).or_insert(groups.len());
        match groups.get_mut(index) {
            Some((_, count)) => *count += 1,
            None => groups.push((fault, 1)),
        }
    }
    let findings = groups.into_iter();
    findings
        .map(|(fault, count)| finding(fault, count, files))
        .collect()
}

fn finding<'a>(fault: &Fault<'a>, count: usize, files: &Files<'a>) -> Finding {
    let path = fault.path;
    let mut message = format!("{path} {}", fault.reason);
    if let Some(loader) = fault.loaded_by {
        message.push_str("; ");
        message.push_str(loader);
        message.push_str(" loads it");
    }
    let package = files.package(path);
    let whole = package.unwrap_or_else(|| files.top_level(path));
    let others = match count {
        1 => String::new(),
        2 => format!("; the same goes for another file of {whole}"),
        _ => format!("; the same goes for {} more files of {whole}", count - 1),
    };
    message.push_str(&others);
    Finding {
        severity: fault.severity,
        package: package.map(str::to_owned),
        path: Some(path.to_owned()),
        hint: fault.hint.clone(),
        ..Finding::new(fault.code, message)
    }
}
