//! A TOML file that can say where each of its values stands.

pub(crate) use layerlock_lock::TomlValue as Value;

/// A file, with the errors of this crate.
pub(crate) type Document = layerlock_lock::TomlDocument<crate::Error>;
