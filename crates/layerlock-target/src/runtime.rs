//! The managed Python runtimes of a [`Provider`]. A name such as `python3.10` is a
//! runtime of one provider: another's has another system below the same Python.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::provider::{Provider, PythonRelease, RuntimeFacts, Support};

/// One managed Python runtime of a provider.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Runtime {
    provider: Provider,
    facts: &'static RuntimeFacts,
}

impl Provider {
    /// Every runtime that a layer can be built for, oldest first.
    pub fn runtimes(self) -> impl DoubleEndedIterator<Item = Runtime> {
        let facts = self.facts().runtimes.iter();
        facts.map(move |facts| Runtime {
            provider: self,
            facts,
        })
    }

    /// The runtime that the provider calls so, such as `python3.12`.
    pub fn runtime(self, identifier: &str) -> Result<Runtime, UnknownRuntime> {
        self.runtimes()
            .find(|runtime| runtime.identifier() == identifier)
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

    /// Major and minor version of its CPython: `(3, 12)`.
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

impl fmt::Display for UnknownRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown runtime `{}`: there are ", self.identifier)?;
        for (index, runtime) in self.provider.runtimes().enumerate() {
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
            for runtime in provider.runtimes() {
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
