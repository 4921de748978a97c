//! The files that an index serves, and their paths.

use std::fmt::Write as _;

use crate::{Wheel, normalise_name};

/// A file on the index: a wheel or any other file.
#[derive(Debug, Clone)]
pub struct ServedFile {
    /// The project whose page lists it, normalised.
    pub project: String,
    /// Its file name.
    pub file_name: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// The hash on the page, which can be wrong; `None`: the page has no hash.
    pub sha256: Option<String>,
    /// `data-requires-python`.
    pub requires_python: Option<String>,
    /// `data-yanked`; empty: without a reason.
    pub yanked: Option<String>,
    /// `upload-time`, in JSON alone.
    pub upload_time: Option<String>,
}

impl From<&Wheel> for ServedFile {
    fn from(wheel: &Wheel) -> Self {
        Self {
            project: wheel.name.clone(),
            file_name: wheel.file_name.clone(),
            bytes: wheel.bytes.clone(),
            sha256: Some(wheel.sha256.clone()),
            requires_python: None,
            yanked: None,
            upload_time: None,
        }
    }
}

impl From<&ServedFile> for ServedFile {
    fn from(file: &ServedFile) -> Self {
        file.clone()
    }
}

/// The path of a file below `/files/`, percent-encoded.
pub(super) fn path_below_files(file: &ServedFile) -> String {
    let project = normalise_name(&file.project);
    format!("{project}/{}", percent_encode(&file.file_name))
}

/// Encodes all but the unreserved characters of RFC 3986: `1.0+cpu` is `1.0%2Bcpu`,
/// as indexes write it.
pub(super) fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
