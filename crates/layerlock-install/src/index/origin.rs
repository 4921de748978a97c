//! What named an index.

use std::fmt;
use std::path::PathBuf;

use layerlock_client::SettingOrigin;

/// What named an index; Display is for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexOrigin {
    /// A setting of the machine.
    Setting(SettingOrigin),
    /// What the machine's pip has built in.
    Pip,
    /// What the machine's pip said that it has built in, as this file remembers it.
    RememberedPip(PathBuf),
    /// What the machine's uv has built in.
    Uv,
    /// What layerlock was built with.
    BakedIn,
}

impl IndexOrigin {
    /// What to do where this index does not answer as one, beside looking at the network.
    pub(crate) fn hint(&self) -> Option<String> {
        let remembered = match self {
            Self::RememberedPip(path) => path,
            Self::Setting(_) | Self::Pip | Self::Uv | Self::BakedIn => return None,
        };
        Some(format!(
            "if pip has another default now, remove {}, and pip is asked again; or name an index \
             with --index-url",
            remembered.display()
        ))
    }
}

impl fmt::Display for IndexOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(setting) => setting.fmt(f),
            Self::Pip => f.write_str("the default of this machine's pip"),
            Self::RememberedPip(path) => write!(
                f,
                "the default of this machine's pip, remembered in {}",
                path.display()
            ),
            Self::Uv => f.write_str("the default of this machine's uv"),
            Self::BakedIn => f.write_str("the default that layerlock was built with"),
        }
    }
}
