//! `[tool.layerlock.check]` and `[tool.layerlock.functions.NAME]` in pyproject.toml.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use layerlock_check::{Code, Finding, Severity, check_budget};
use layerlock_export::Project;
use serde::Deserialize;
use toml::Spanned;

use crate::Error;
use crate::exclude_files::Pattern;

/// `[tool.layerlock.check]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub(crate) struct CheckTable {
    #[serde(default)]
    severity: BTreeMap<Spanned<String>, Severity>,
    #[serde(default)]
    allow: Vec<Spanned<AllowText>>,
    max_unzipped: Option<Spanned<SizeText>>,
}

/// `"code:path"`, or the same with a reason.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected \"code:path\", or a table of `finding` and `reason`"
)]
enum AllowText {
    Plain(String),
    Reasoned(Reasoned),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reasoned {
    finding: String,
    reason: String,
}

/// A number of bytes, or a text such as `120 MB`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected a size, such as \"120 MB\"")]
pub(crate) enum SizeText {
    Bytes(u64),
    Text(String),
}

/// `[tool.layerlock.functions.NAME]`: a function, as far as checks need it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub(crate) struct FunctionTable {
    pub(crate) path: Option<Spanned<PathBuf>>,
    #[serde(default)]
    pub(crate) layers: Vec<Spanned<FunctionLayer>>,
    pub(crate) max_unzipped: Option<Spanned<SizeText>>,
}

/// A layer of a function: one of the project by its name, or another by its ARN, whose size
/// can be stated.
#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a layer's name, an ARN, or a table of `arn` and `unzipped`"
)]
pub(crate) enum FunctionLayer {
    Name(String),
    Foreign(ForeignLayer),
}

/// A layer that is not the project's.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForeignLayer {
    pub(crate) arn: String,
    pub(crate) unzipped: Option<SizeText>,
    pub(crate) architecture: Option<String>,
    pub(crate) runtime: Option<String>,
}

/// What a project says of checks; the default is what no project says.
#[derive(Debug, Clone, Default)]
pub(crate) struct CheckConfiguration {
    severity: BTreeMap<Code, Severity>,
    allow: Vec<Allowed>,
    pub(crate) max_unzipped: Option<u64>,
}

/// Findings that are accepted.
#[derive(Debug, Clone)]
struct Allowed {
    text: String,
    code: Code,
    /// The path or package; none for all of the code.
    what: Option<(String, Option<Pattern>)>,
    reason: Option<String>,
}

/// The part of `[tool.layerlock]` that is about checks.
#[derive(Debug, Default, Deserialize)]
struct Table {
    check: Option<CheckTable>,
}

impl CheckConfiguration {
    pub(crate) fn read(project: &Project) -> Result<Self, Error> {
        let table: Table = project.settings()?.unwrap_or_default();
        table.check.unwrap_or_default().read(project)
    }

    /// What the project in a directory says, where there is one.
    pub(crate) fn of_directory(directory: &Path) -> Result<Self, Error> {
        if layerlock_export::has_project(directory) {
            Self::read(&Project::read(directory)?)
        } else {
            Ok(Self::default())
        }
    }

    /// The findings as bad as the project has them; those that it accepts become notes.
    pub(crate) fn apply(&self, findings: Vec<Finding>) -> Vec<Finding> {
        let apply = |finding: Finding| {
            let set = self.severity.get(&finding.code);
            let finding = match set {
                Some(severity) => finding.with_severity(*severity),
                None => finding,
            };
            match self.allow.iter().find(|one| one.accepts(&finding)) {
                Some(allowed) => allowed.accepted(finding),
                None => finding,
            }
        };
        findings.into_iter().map(apply).collect()
    }

    /// A finding on a layer that is larger than the project allows.
    pub(crate) fn budget(&self, unzipped: u64) -> Option<Finding> {
        check_budget("the layer", unzipped, self.max_unzipped?)
    }

    /// What of `allow` no finding matches.
    pub(crate) fn unused(&self, findings: &[&Finding]) -> Vec<Finding> {
        let is_unused = |one: &&Allowed| !findings.iter().any(|finding| one.accepts(finding));
        let unused = self.allow.iter().filter(is_unused);
        let finding = |one: &Allowed| {
            let message = format!("`{}` in `allow` matches no finding", one.text);
            Finding::new(Code::AllowUnused, message)
                .with_hint("remove it from `allow` in [tool.layerlock.check]")
        };
        unused.map(finding).collect()
    }
}

impl Allowed {
    fn parse(text: &str, reason: Option<&str>) -> Result<Self, String> {
        let (code, what) = match text.split_once(':') {
            Some((code, what)) => (code.trim(), Some(what.trim())),
            None => (text.trim(), None),
        };
        let code = parse_code(code)?;
        let what = match what {
            None => None,
            Some("") => {
                return Err(format!("`{text}` has no path or package after its colon"));
            }
            // From the top of the layer on, as findings have their paths.
            Some(what) => Some((what.to_owned(), Pattern::new(&format!("/{what}")).ok())),
        };
        if reason.is_some_and(|reason| reason.trim().is_empty()) {
            return Err(format!("`{text}` is allowed without a reason"));
        }
        Ok(Self {
            text: text.to_owned(),
            code,
            what,
            reason: reason.map(str::to_owned),
        })
    }

    fn accepts(&self, finding: &Finding) -> bool {
        if self.code != finding.code {
            return false;
        }
        let Some((text, pattern)) = &self.what else {
            return true;
        };
        let is_path = |path: &String| {
            path == text
                || pattern
                    .as_ref()
                    .is_some_and(|pattern| pattern.matches(path))
        };
        finding.path.as_ref().is_some_and(is_path) || finding.package.as_ref() == Some(text)
    }

    fn accepted(&self, finding: Finding) -> Finding {
        let reason = match &self.reason {
            Some(reason) => format!(" (allowed: {reason})"),
            None => " (allowed)".to_owned(),
        };
        Finding {
            severity: Severity::Info,
            message: finding.message + &reason,
            hint: None,
            ..finding
        }
    }
}

impl CheckTable {
    pub(crate) fn read(&self, project: &Project) -> Result<CheckConfiguration, Error> {
        let mut severity = BTreeMap::new();
        for (code, how_bad) in &self.severity {
            let parsed = parse_code(code.get_ref()).map_err(|error| bad(project, code, error))?;
            severity.insert(parsed, *how_bad);
        }
        let allowed = |entry: &Spanned<AllowText>| {
            let parsed = match entry.get_ref() {
                AllowText::Plain(text) => Allowed::parse(text, None),
                AllowText::Reasoned(Reasoned { finding, reason }) => {
                    Allowed::parse(finding, Some(reason))
                }
            };
            parsed.map_err(|error| bad(project, entry, error))
        };
        Ok(CheckConfiguration {
            severity,
            allow: self.allow.iter().map(allowed).collect::<Result<_, _>>()?,
            max_unzipped: parse_size(project, self.max_unzipped.as_ref())?,
        })
    }
}

fn parse_code(text: &str) -> Result<Code, String> {
    let code = Code::ALL.iter().find(|code| code.name() == text);
    code.copied().ok_or_else(|| {
        let nearest = Code::ALL
            .iter()
            .min_by_key(|code| strsim::levenshtein(code.name(), text));
        let nearest = nearest.filter(|code| strsim::levenshtein(code.name(), text) <= 3);
        match nearest {
            Some(code) => format!("`{text}` is no code of a finding: did you mean `{code}`?"),
            None => format!("`{text}` is no code of a finding: docs/checks.md lists all"),
        }
    })
}

/// The bytes of a size, where there is one.
pub(crate) fn parse_size(
    project: &Project,
    size: Option<&Spanned<SizeText>>,
) -> Result<Option<u64>, Error> {
    let parsed = size.map(|size| {
        size.get_ref()
            .bytes()
            .map_err(|error| bad(project, size, error))
    });
    parsed.transpose()
}

impl SizeText {
    /// `120 MB` is 120,000,000 bytes, `120 MiB` 125,829,120.
    pub(crate) fn bytes(&self) -> Result<u64, String> {
        let text = match self {
            Self::Bytes(bytes) => return Ok(*bytes),
            Self::Text(text) => text,
        };
        let refused =
            || format!("`{text}` is no size: write bytes as a number, or \"120 MB\" or \"64 MiB\"");
        let trimmed = text.trim();
        let end = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_');
        let (number, unit) = trimmed.split_at(end.unwrap_or(trimmed.len()));
        let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" => 1000,
            "m" | "mb" => 1_000_000,
            "g" | "gb" => 1_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            _ => return Err(refused()),
        };
        let number = number.replace('_', "");
        let (whole, fraction) = number.split_once('.').unwrap_or((&number, "0"));
        let whole: u64 = whole.parse().map_err(|_| refused())?;
        if fraction.is_empty() || fraction.len() > 9 {
            return Err(refused());
        }
        let scale = 10_u64.pow(u32::try_from(fraction.len()).map_err(|_| refused())?);
        let fraction: u64 = fraction.parse().map_err(|_| refused())?;
        let whole = whole.checked_mul(factor).ok_or_else(refused)?;
        let part = u128::from(fraction) * u128::from(factor) / u128::from(scale);
        let part = u64::try_from(part).map_err(|_| refused())?;
        whole.checked_add(part).ok_or_else(refused)
    }
}

pub(crate) fn bad<T>(project: &Project, setting: &Spanned<T>, message: String) -> Error {
    Error::Configuration {
        message,
        place: project.place(setting.span()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_tens_or_in_twos() {
        let bytes = |text: &str| SizeText::Text(text.to_owned()).bytes().ok();
        for (text, expected) in [
            ("120 MB", Some(120_000_000)),
            ("120MB", Some(120_000_000)),
            ("1.5 MiB", Some(1_572_864)),
            ("64 kib", Some(65_536)),
            ("262144000", Some(262_144_000)),
            ("262_144_000 B", Some(262_144_000)),
            ("0.25 GB", Some(250_000_000)),
            ("", None),
            ("MB", None),
            ("120 Mbit", None),
            ("-1 MB", None),
            ("1.MB", None),
            ("99999999999999999999", None),
            ("99999999999 GB", None),
        ] {
            assert_eq!(bytes(text), expected, "{text:?}");
        }
        assert_eq!(SizeText::Bytes(7).bytes(), Ok(7));
    }

    #[test]
    fn an_entry_accepts_a_code_a_path_or_a_package() {
        let finding = Finding::new(Code::StalePyc, "it is")
            .with_package("six")
            .with_path("python/six/a.pyc");
        let other = Finding::new(Code::StalePyc, "it is");
        for (text, accepts, accepts_other) in [
            ("stale-pyc", true, true),
            ("stale-pyc:python/six/a.pyc", true, false),
            ("stale-pyc:python/six/**", true, false),
            ("stale-pyc: python/*/a.pyc", true, false),
            ("stale-pyc:python", true, false),
            ("stale-pyc:six", true, false),
            ("stale-pyc:a.pyc", false, false),
            ("foreign-pyc", false, false),
        ] {
            let allowed = Allowed::parse(text, None).unwrap();
            assert_eq!(allowed.accepts(&finding), accepts, "{text}");
            assert_eq!(allowed.accepts(&other), accepts_other, "{text}");
        }
        for (text, reason, error) in [
            (
                "stale-pic",
                None,
                "`stale-pic` is no code of a finding: did you mean `stale-pyc`?",
            ),
            (
                "nonsense",
                None,
                "`nonsense` is no code of a finding: docs/checks.md lists all",
            ),
            (
                "stale-pyc:",
                None,
                "`stale-pyc:` has no path or package after its colon",
            ),
            (
                "stale-pyc",
                Some(" "),
                "`stale-pyc` is allowed without a reason",
            ),
        ] {
            assert_eq!(Allowed::parse(text, reason).unwrap_err(), error);
        }
    }

    #[test]
    fn what_is_accepted_is_a_note_with_its_reason() {
        let configuration = CheckConfiguration {
            severity: BTreeMap::from([(Code::Litter, Severity::Error)]),
            allow: vec![Allowed::parse("stale-pyc", Some("nobody minds")).unwrap()],
            max_unzipped: None,
        };
        let findings = configuration.apply(vec![
            Finding::new(Code::StalePyc, "it is stale").with_hint("do"),
            Finding::new(Code::Litter, "it is litter"),
        ]);
        let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "note[stale-pyc]: it is stale (allowed: nobody minds)",
                "error[litter]: it is litter"
            ]
        );
        assert_eq!(configuration.unused(&[&findings[0], &findings[1]]), []);
        let unused = configuration.unused(&[&findings[1]]);
        assert_eq!(
            unused[0].message,
            "`stale-pyc` in `allow` matches no finding"
        );
    }
}
