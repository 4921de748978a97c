//! Why a wheel that comes from no index does not fit.

use std::fmt;

use layerlock_elf::LoadError;
use layerlock_target::Misfit as TagMisfit;

/// Why a wheel does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WheelMisfit {
    /// Its tags say so.
    Tags(TagMisfit),
    /// A library of it does.
    Library {
        /// The library.
        name: String,
        /// Why.
        reason: LoadError,
    },
}

impl fmt::Display for WheelMisfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tags(TagMisfit::Python | TagMisfit::Abi) => f.write_str("is for another Python"),
            Self::Tags(TagMisfit::Platform) => f.write_str("is for another platform"),
            Self::Tags(TagMisfit::Glibc) => f.write_str("needs a newer glibc"),
            Self::Library {
                name,
                reason: LoadError::Library(needed),
            } => write!(
                f,
                "does not fit: {name} needs {needed}, which neither the wheel nor the runtime has"
            ),
            Self::Library { name, reason } => write!(f, "does not fit: {name} {reason}"),
        }
    }
}
