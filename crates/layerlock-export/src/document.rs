//! A TOML file that can say where each of its values stands.

use std::path::{Path, PathBuf};

pub(crate) use layerlock_lock::{TomlValue as Value, one_line};

/// A file, with the errors of this crate.
pub(crate) type Document = layerlock_lock::TomlDocument<crate::Error>;

/// `path` made absolute and with links resolved as far as it exists, as
/// Python's `Path.resolve` does.
pub(crate) fn resolve_path(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut missing = Vec::new();
    let mut existing = absolute.as_path();
    loop {
        if let Ok(real) = fs_err::canonicalize(existing) {
            let mut resolved = real;
            for part in missing.iter().rev() {
                match part {
                    std::path::Component::ParentDir => {
                        resolved.pop();
                    }
                    part => resolved.push(part),
                }
            }
            return resolved;
        }
        let mut parts = existing.components();
        match parts.next_back() {
            Some(part) if parts.as_path() != existing => {
                missing.push(part);
                existing = parts.as_path();
            }
            _ => return absolute,
        }
    }
}
