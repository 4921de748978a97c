//! Names as PEP 503 and PEP 685 compare them.

/// A name in lower case, each run of `-`, `_` and `.` one `-`.
pub fn normalize(name: &str) -> String {
    let mut normalized = String::with_capacity(name.len());
    let mut separator = false;
    for c in name.chars() {
        if matches!(c, '-' | '_' | '.') {
            if !separator {
                normalized.push('-');
            }
            separator = true;
        } else {
            normalized.extend(c.to_lowercase());
            separator = false;
        }
    }
    normalized
}

/// Whether a text names a file in whatever folder it is put into, on every
/// system: it leads to no other folder, and is no other stream of a file.
pub fn is_plain_file_name(name: &str) -> bool {
    !name.is_empty()
        && !matches!(name, "." | "..")
        && !name
            .chars()
            .any(|c| matches!(c, '/' | '\\' | ':') || c.is_control())
}
