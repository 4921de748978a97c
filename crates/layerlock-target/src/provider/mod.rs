//! Whose functions a layer is for, and what that provider decides.
//!
//! [`facts`] names what there is to know of a provider. Each provider has a file with
//! its table: [`aws`]. A new one is a file beside it and a variant of [`Provider`].

mod aws;
mod facts;
mod libraries;

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
}

impl Provider {
    /// Every provider, in the order in which help and errors list them.
    pub const ALL: [Self; 1] = [Self::Aws];

    pub(crate) const fn facts(self) -> &'static ProviderFacts {
        match self {
            Self::Aws => &aws::FACTS,
        }
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

    /// What it accepts.
    pub const fn limits(self) -> Limits {
        self.facts().limits
    }

    /// The names that layers can have there.
    pub const fn layer_names(self) -> LayerNames {
        self.facts().layer_names
    }
}

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
}
