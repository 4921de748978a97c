use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One managed Python runtime of AWS Lambda, by reference into the table of
/// [`RUNTIMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Runtime(&'static RuntimeFacts);

#[derive(Debug, PartialEq, Eq, Hash)]
struct RuntimeFacts {
    identifier: &'static str,
    python_minor: u8,
    python_patch: u8,
    operating_system: &'static str,
    glibc: (u16, u16),
    support: Support,
}

/// Where a runtime stands in its life
/// ([Lambda runtimes](https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Support {
    /// Functions can be created on it until the date, `YYYY-MM-DD`.
    Until(&'static str),
    /// Deprecated by the provider; still met in old projects.
    Retired,
    /// Announced, not yet for production.
    Preview,
}

const AMAZON_LINUX_2: (&str, (u16, u16)) = ("Amazon Linux 2", (2, 26));
const AMAZON_LINUX_2023: (&str, (u16, u16)) = ("Amazon Linux 2023", (2, 34));

/// Every runtime a layer can be built for, oldest first.
pub static RUNTIMES: [Runtime; 8] = {
    // The patch release is the least that the provider has shipped. It matters
    // only to markers on `python_full_version`.
    static FACTS: [RuntimeFacts; 8] = [
        facts("python3.8", 8, 20, AMAZON_LINUX_2, Support::Retired),
        facts("python3.9", 9, 22, AMAZON_LINUX_2, Support::Retired),
        facts("python3.10", 10, 17, AMAZON_LINUX_2, Support::Retired),
        facts(
            "python3.11",
            11,
            12,
            AMAZON_LINUX_2,
            Support::Until("2027-06-30"),
        ),
        facts(
            "python3.12",
            12,
            10,
            AMAZON_LINUX_2023,
            Support::Until("2028-10-31"),
        ),
        facts(
            "python3.13",
            13,
            3,
            AMAZON_LINUX_2023,
            Support::Until("2029-06-30"),
        ),
        facts(
            "python3.14",
            14,
            0,
            AMAZON_LINUX_2023,
            Support::Until("2029-06-30"),
        ),
        facts("python3.15", 15, 0, AMAZON_LINUX_2023, Support::Preview),
    ];
    [
        Runtime(&FACTS[0]),
        Runtime(&FACTS[1]),
        Runtime(&FACTS[2]),
        Runtime(&FACTS[3]),
        Runtime(&FACTS[4]),
        Runtime(&FACTS[5]),
        Runtime(&FACTS[6]),
        Runtime(&FACTS[7]),
    ]
};

const fn facts(
    identifier: &'static str,
    python_minor: u8,
    python_patch: u8,
    (operating_system, glibc): (&'static str, (u16, u16)),
    support: Support,
) -> RuntimeFacts {
    RuntimeFacts {
        identifier,
        python_minor,
        python_patch,
        operating_system,
        glibc,
        support,
    }
}

impl Runtime {
    /// The provider's identifier, such as `python3.12`.
    pub const fn identifier(self) -> &'static str {
        self.0.identifier
    }

    /// Major and minor version of its CPython.
    pub const fn python(self) -> (u8, u8) {
        (3, self.0.python_minor)
    }

    /// `3.12`, as the marker `python_version` has it.
    pub fn python_version(self) -> String {
        format!("3.{}", self.0.python_minor)
    }

    /// `3.12.10`, as the marker `python_full_version` has it.
    pub fn python_full_version(self) -> String {
        format!("3.{}.{}", self.0.python_minor, self.0.python_patch)
    }

    /// Major and minor version of its glibc: the newest manylinux tag it can load.
    pub const fn glibc(self) -> (u16, u16) {
        self.0.glibc
    }

    /// The operating system, for people.
    pub const fn operating_system(self) -> &'static str {
        self.0.operating_system
    }

    /// Where it stands in its life.
    pub const fn support(self) -> Support {
        self.0.support
    }

    /// The runtime to take when the user named none: the newest that is not a
    /// preview and that `allows` (given Python's minor version) accepts.
    pub fn newest_allowed(allows: impl Fn(u8) -> bool) -> Option<Self> {
        RUNTIMES
            .iter()
            .rev()
            .copied()
            .find(|runtime| runtime.support() != Support::Preview && allows(runtime.0.python_minor))
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

impl<'de> Deserialize<'de> for Runtime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let identifier = String::deserialize(deserializer)?;
        identifier.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for Runtime {
    type Err = UnknownRuntime;

    fn from_str(identifier: &str) -> Result<Self, Self::Err> {
        RUNTIMES
            .iter()
            .find(|runtime| runtime.identifier() == identifier)
            .copied()
            .ok_or_else(|| UnknownRuntime(identifier.to_owned()))
    }
}

/// An identifier that is none of [`RUNTIMES`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRuntime(pub String);

impl fmt::Display for UnknownRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown runtime `{}`: there are ", self.0)?;
        for (index, runtime) in RUNTIMES.iter().enumerate() {
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
    fn identifiers_name_their_python_and_ascend() {
        let mut last = 0;
        for runtime in RUNTIMES {
            let minor = runtime.python().1;
            assert_eq!(runtime.identifier(), format!("python3.{minor}"));
            assert_eq!(runtime.identifier().parse(), Ok(runtime));
            assert!(minor > last);
            last = minor;
        }
    }

    #[test]
    fn default_is_the_newest_that_is_no_preview() {
        let newest = Runtime::newest_allowed(|_| true).unwrap();
        assert_eq!(newest.identifier(), "python3.14");
        let capped = Runtime::newest_allowed(|minor| minor < 13).unwrap();
        assert_eq!(capped.identifier(), "python3.12");
        assert_eq!(Runtime::newest_allowed(|minor| minor == 15), None);
        assert_eq!(Runtime::newest_allowed(|minor| minor < 8), None);
    }

    #[test]
    fn unknown_runtime_lists_what_there_is() {
        let error = "python3.7".parse::<Runtime>().unwrap_err().to_string();
        assert!(error.contains("`python3.7`") && error.contains("python3.12, python3.13"));
    }
}
