//! The managed runtimes of a [`Provider`]. A name such as `python3.10` is a runtime of one
//! provider: another's has another system below the same Python. Python's packages are for
//! Python's runtimes alone; folders and the packages of other languages are for all others
//! too.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::Language;
use crate::provider::{Provider, PythonRelease, RuntimeFacts, Support};

/// One managed runtime of a provider.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Runtime {
    provider: Provider,
    facts: &'static RuntimeFacts,
}

impl Provider {
    /// Every runtime that a layer of Python packages can be built for, oldest first.
    pub fn runtimes(self) -> impl DoubleEndedIterator<Item = Runtime> {
        self.runtimes_of(Language::Python)
    }

    /// Every runtime of a language, oldest first.
    pub fn runtimes_of(self, language: Language) -> impl DoubleEndedIterator<Item = Runtime> {
        let runtimes = self.all_runtimes();
        runtimes.filter(move |runtime| runtime.language() == language)
    }

    /// Every runtime that a layer can be built for, language by language.
    pub fn all_runtimes(self) -> impl DoubleEndedIterator<Item = Runtime> {
        let facts = self.facts().runtimes.iter();
        facts.map(move |facts| Runtime {
            provider: self,
            facts,
        })
    }

    /// What stands for a runtime where a layer is for all of them: nothing in it depends
    /// on one.
    pub fn any_runtime(self) -> Runtime {
        Runtime {
            provider: self,
            facts: self.facts().any_runtime,
        }
    }

    /// The runtime that the provider calls so, such as `python3.12`; `nodejs22` is taken
    /// for `nodejs22.x`.
    pub fn runtime(self, identifier: &str) -> Result<Runtime, UnknownRuntime> {
        let is_called_so = |runtime: &Runtime| {
            let name = runtime.identifier();
            name == identifier || name.strip_suffix(".x") == Some(identifier)
        };
        self.all_runtimes()
            .chain([self.any_runtime()])
            .find(is_called_so)
            .ok_or_else(|| UnknownRuntime {
                provider: self,
                identifier: identifier.to_owned(),
            })
    }

    /// The runtime to take when the user named none: the newest that is
    /// neither a preview nor a custom one and that `allows` (given Python's minor version) accepts.
    pub fn newest_runtime(self, allows: impl Fn(u8) -> bool) -> Option<Runtime> {
        self.runtimes().rfind(|runtime| {
            runtime.support().is_offered() && allows(runtime.facts.python_release.minor)
        })
    }
}

impl Runtime {
    /// Whose runtime it is.
    pub const fn provider(self) -> Provider {
        self.provider
    }

    /// The provider's identifier, such as `python3.12`.
    pub const fn identifier(self) -> &'static str {
        self.facts.identifier
    }

    /// The language of its functions.
    pub fn language(self) -> Language {
        if self.facts.python_release.minor > 0 {
            return Language::Python;
        }
        Language::of(self.facts.identifier)
    }

    /// Whether it stands for every runtime.
    pub fn is_any(self) -> bool {
        self.language() == Language::Any
    }

    /// The major version of its language: the 22 of `nodejs22.x`, the 21 of `java21`.
    pub fn major(self) -> Option<u64> {
        let name = self.facts.identifier;
        let digits = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let end = digits.find(|c: char| !c.is_ascii_digit());
        digits[..end.unwrap_or(digits.len())].parse().ok()
    }

    /// Major and minor version of its CPython: `(3, 12)`. One of another language has
    /// none, which is `(3, 0)`.
    pub const fn python(self) -> (u8, u8) {
        (3, self.facts.python_release.minor)
    }

    /// `3.12`, as the marker `python_version` has it.
    pub fn python_version(self) -> String {
        format!("3.{}", self.facts.python_release.minor)
    }

    /// `3.12.10`, as the marker `python_full_version` has it.
    pub fn python_full_version(self) -> String {
        let PythonRelease { minor, patch } = self.facts.python_release;
        format!("3.{minor}.{patch}")
    }

    /// Major and minor version of its glibc: the newest manylinux tag it can load.
    pub const fn glibc(self) -> (u16, u16) {
        self.facts.system.glibc
    }

    /// The operating system, by the vendor's name: `Amazon Linux 2023`.
    pub const fn operating_system(self) -> &'static str {
        self.facts.system.name
    }

    /// Until when functions can be created on it, as far as the provider says.
    pub const fn support(self) -> Support {
        self.facts.support
    }

    pub(crate) const fn facts(self) -> &'static RuntimeFacts {
        self.facts
    }
}

/// Without the table of what the provider decides for it.
impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Runtime({:?} {})", self.provider, self.identifier())
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.identifier())
    }
}

impl Serialize for Runtime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.identifier())
    }
}

/// An identifier that is none of a provider's runtimes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRuntime {
    /// Whose runtimes the message lists.
    pub provider: Provider,
    /// What was asked for, as it was written.
    pub identifier: String,
}

impl UnknownRuntime {
    /// The runtime of Python that `3.12`, `py3.12`, `Python3.12` or `python312` is meant for.
    fn meant(&self) -> Option<Runtime> {
        let digits = |text: &str| text.replace(|c: char| !c.is_ascii_digit(), "");
        let lower = self.identifier.to_ascii_lowercase();
        let number = lower.trim_start_matches("python").trim_start_matches("py");
        let is_number = number.starts_with(|first: char| first.is_ascii_digit());
        let wanted = digits(number);
        // Custom runtimes have the numbers of other things.
        let is_meant = |runtime: &Runtime| {
            let own = runtime.identifier().strip_prefix("python");
            is_number && own.is_some_and(|own| digits(own) == wanted)
        };
        self.provider.runtimes().find(is_meant)
    }
}

impl fmt::Display for UnknownRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(meant) = self.meant() {
            return write!(
                f,
                "unknown runtime `{}`: it is called {meant}",
                self.identifier
            );
        }
        write!(f, "unknown runtime `{}`: there are ", self.identifier)?;
        let language = Language::of(&self.identifier);
        let is_known = |runtime: &Runtime| match language {
            // Who means none of the languages is told of all.
            Language::Own | Language::Any => true,
            language => runtime.language() == language,
        };
        let mut known: Vec<_> = self.provider.all_runtimes().filter(is_known).collect();
        if known.is_empty() {
            known.extend(self.provider.all_runtimes());
        }
        for (index, runtime) in known.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{runtime}")?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownRuntime {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runtime_is_found_by_its_name() {
        for provider in Provider::ALL {
            for runtime in provider.all_runtimes().chain([provider.any_runtime()]) {
                assert_eq!(runtime.provider(), provider);
                assert_eq!(provider.runtime(runtime.identifier()), Ok(runtime));
            }
        }
    }

    #[test]
    fn a_runtime_tells_of_its_python_and_its_system() {
        let runtime = Provider::Aws.runtime("python3.11").unwrap();
        assert_eq!(runtime.python(), (3, 11));
        assert_eq!(runtime.python_full_version(), "3.11.12");
        assert_eq!(runtime.operating_system(), "Amazon Linux 2");
        assert_eq!(runtime.support(), Support::Until("2027-06-30"));
        assert_eq!(serde_json::to_string(&runtime).unwrap(), "\"python3.11\"");
        assert_eq!(format!("{runtime:?}"), "Runtime(Aws python3.11)");
    }

    #[test]
    fn runtimes_of_other_languages_are_apart_from_pythons() {
        let aws = Provider::Aws;
        assert!(aws.runtimes().all(|it| it.language() == Language::Python));
        for (name, language, major) in [
            ("nodejs22.x", Language::Node, Some(22)),
            ("nodejs22", Language::Node, Some(22)),
            ("java21", Language::Java, Some(21)),
            ("java8.al2", Language::Java, Some(8)),
            ("ruby3.4", Language::Ruby, Some(3)),
            ("dotnet10", Language::Dotnet, Some(10)),
            ("provided.al2023", Language::Own, None),
            ("any", Language::Any, None),
        ] {
            let runtime = aws.runtime(name).unwrap();
            assert_eq!(
                (runtime.language(), runtime.major()),
                (language, major),
                "{name}"
            );
        }
        assert_eq!(aws.runtime("nodejs22").unwrap().identifier(), "nodejs22.x");
        assert!(aws.any_runtime().is_any());
        // A custom runtime is known by the Python that is in it.
        let custom = Provider::Aliyun.runtime("custom.debian12").unwrap();
        assert_eq!(custom.language(), Language::Python);
        let error = Provider::Aliyun.runtime("ruby3.4").unwrap_err().to_string();
        assert!(error.contains("there are python3.9, "), "{error}");
        for name in ["3.12", "py3.12", "Python3.12", "python312"] {
            let error = aws.runtime(name).unwrap_err().to_string();
            let expected = format!("unknown runtime `{name}`: it is called python3.12");
            assert_eq!(error, expected);
        }
        let error = Provider::Aliyun.runtime("12").unwrap_err().to_string();
        assert!(error.contains("there are "), "{error}");
        let error = aws.runtime("python3.99").unwrap_err().to_string();
        assert!(
            error.starts_with("unknown runtime `python3.99`: there are python3.8, "),
            "{error}"
        );
        let error = aws.runtime("nodejs21").unwrap_err().to_string();
        let known = "nodejs18.x, nodejs20.x, nodejs22.x, nodejs24.x, nodejs26.x";
        assert_eq!(
            error,
            format!("unknown runtime `nodejs21`: there are {known}")
        );
    }

    #[test]
    fn default_is_the_newest_that_is_no_preview() {
        let newest = Provider::Aws.newest_runtime(|_| true).unwrap();
        assert_eq!(newest.identifier(), "python3.14");
        let capped = Provider::Aws.newest_runtime(|minor| minor < 13).unwrap();
        assert_eq!(capped.identifier(), "python3.12");
        assert_eq!(Provider::Aws.newest_runtime(|minor| minor == 15), None);
        assert_eq!(Provider::Aws.newest_runtime(|minor| minor < 8), None);
        let newest = Provider::Aliyun.newest_runtime(|_| true).unwrap();
        assert_eq!(newest.identifier(), "python3.10");
    }

    #[test]
    fn unknown_runtime_lists_what_there_is() {
        let error = Provider::Aws.runtime("python3.7").unwrap_err().to_string();
        assert!(error.contains("`python3.7`") && error.contains("python3.12, python3.13"));
    }
}
