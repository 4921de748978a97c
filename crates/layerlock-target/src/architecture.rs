use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A processor architecture that functions run on. Options, reports and messages write
/// it as AWS Lambda does, whoever the provider is
/// ([AWS Lambda: instruction set architectures](https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Architecture {
    /// 64-bit x86.
    X86_64,
    /// 64-bit ARM (AWS Graviton), which Python and wheel tags call `aarch64`.
    Arm64,
}

impl Architecture {
    /// Every architecture, in the order in which help and errors list them.
    pub const ALL: [Self; 2] = [Self::X86_64, Self::Arm64];

    /// `x86_64` or `arm64`: what options take and reports have.
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    /// What `platform.machine()` says there, as markers and wheel tags spell it.
    pub const fn machine(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "aarch64",
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Architecture {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Architecture {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for Architecture {
    type Err = UnknownArchitecture;

    /// Reads [`Self::name`], or the name that Python or Docker uses.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "x86_64" | "amd64" => Ok(Self::X86_64),
            "arm64" | "aarch64" => Ok(Self::Arm64),
            _ => Err(UnknownArchitecture(name.to_owned())),
        }
    }
}

/// An architecture that no runtime has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown architecture `{0}`: there are x86_64 and arm64")]
pub struct UnknownArchitecture(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the provider, of Python's `platform.machine()` and of Docker.
    #[test]
    fn an_architecture_is_read_by_all_of_its_names() {
        for (architecture, name, machine, docker) in [
            (Architecture::X86_64, "x86_64", "x86_64", "amd64"),
            (Architecture::Arm64, "arm64", "aarch64", "arm64"),
        ] {
            assert_eq!(
                (architecture.name(), architecture.machine()),
                (name, machine)
            );
            assert_eq!(architecture.to_string(), name);
            for text in [name, machine, docker] {
                assert_eq!(text.parse(), Ok(architecture));
                let json = format!("\"{text}\"");
                assert_eq!(
                    serde_json::from_str::<Architecture>(&json).unwrap(),
                    architecture
                );
            }
            assert_eq!(
                serde_json::to_string(&architecture).unwrap(),
                format!("\"{name}\"")
            );
        }
        for text in ["", "i686", "armv7l", "X86_64", "arm64 "] {
            let error = text.parse::<Architecture>().unwrap_err();
            assert_eq!(error, UnknownArchitecture(text.to_owned()));
            let message = format!("unknown architecture `{text}`: there are x86_64 and arm64");
            assert_eq!(error.to_string(), message);
            let json = format!("\"{text}\"");
            assert!(serde_json::from_str::<Architecture>(&json).is_err());
        }
    }
}
