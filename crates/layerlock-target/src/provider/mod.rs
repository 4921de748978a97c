//! Whose functions a layer is for, and what that provider decides.
//!
//! [`facts`] names what there is to know of a provider. Each provider has a file with
//! its table: [`aws`], [`aliyun`]. A new one is a file beside it and a variant of [`Provider`].

mod aliyun;
mod aws;
mod facts;
mod libraries;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Architecture;
pub use facts::{LayerNames, Limits, Precedence, Support};
pub(crate) use facts::{ProviderFacts, PythonRelease, RuntimeFacts};
pub use libraries::LibraryPresence;
pub(crate) use libraries::SystemLibraries;

/// Whose functions the layer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Provider {
    /// AWS Lambda.
    Aws,
    /// Alibaba Cloud Function Compute.
    Aliyun,
}

impl Provider {
    /// Every provider, in the order in which help and errors list them.
    pub const ALL: [Self; 2] = [Self::Aws, Self::Aliyun];

    pub(crate) const fn facts(self) -> &'static ProviderFacts {
        match self {
            Self::Aws => &aws::FACTS,
            Self::Aliyun => &aliyun::FACTS,
        }
    }

    /// `aws` or `aliyun`: what settings take and reports have.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// What its vendor calls it, for people.
    pub const fn title(self) -> &'static str {
        self.facts().title
    }

    /// The architectures that its functions run on.
    pub const fn architectures(self) -> &'static [Architecture] {
        self.facts().architectures
    }

    /// The architecture of a function that names none.
    pub const fn default_architecture(self) -> Architecture {
        self.facts().architectures[0]
    }

    /// Which file a function sees where two of its layers have one at the same path.
    pub const fn precedence(self) -> Precedence {
        self.facts().precedence
    }

    /// Where functions see the files of their layers.
    pub const fn mount(self) -> &'static str {
        self.facts().paths.mount
    }

    /// What it accepts.
    pub const fn limits(self) -> Limits {
        self.facts().limits
    }

    /// The names that layers can have there.
    pub const fn layer_names(self) -> LayerNames {
        self.facts().layer_names
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|provider| provider.name() == name)
            .ok_or_else(|| UnknownProvider(name.to_owned()))
    }
}

/// A name that is no provider's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown provider `{0}`: there are aws and aliyun")]
pub struct UnknownProvider(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_on_aws_see_the_last_layer_and_run_on_x86_64_unless_told_otherwise() {
        let aws = Provider::Aws;
        assert_eq!(aws.precedence(), Precedence::Last);
        assert_eq!(aws.architectures(), Architecture::ALL);
        assert_eq!(aws.default_architecture(), Architecture::X86_64);
        assert_eq!(aws.limits().layers_per_function, 5);
        assert!(aws.layer_names().allow(&"n".repeat(140)));
        assert!(!aws.layer_names().allow(&"n".repeat(141)));
    }

    #[test]
    fn functions_on_alibaba_see_the_first_layer_and_run_on_x86_64_alone() {
        let aliyun = Provider::Aliyun;
        assert_eq!(aliyun.precedence(), Precedence::First);
        assert_eq!(aliyun.architectures(), [Architecture::X86_64]);
        assert!(aliyun.layer_names().allow(&format!("n{}", "9".repeat(63))));
        assert!(!aliyun.layer_names().allow(&"n".repeat(65)));
        assert!(!aliyun.layer_names().allow("9n"));
    }

    #[test]
    fn a_provider_is_read_by_its_name() {
        for provider in Provider::ALL {
            assert_eq!(provider.name().parse(), Ok(provider));
            let json = serde_json::to_string(&provider).unwrap();
            assert_eq!(json, format!("\"{provider}\""));
        }
        let error = "azure".parse::<Provider>().unwrap_err().to_string();
        for provider in Provider::ALL {
            assert!(error.contains(provider.name()), "{error}");
        }
    }
}
