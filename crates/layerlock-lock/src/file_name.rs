/// Whether a text names a file in whatever directory it is put into, on every
/// system: it leads to no other directory, and is no other stream of a file.
pub fn is_plain_file_name(name: &str) -> bool {
    !name.is_empty()
        && !matches!(name, "." | "..")
        && !name
            .chars()
            .any(|c| matches!(c, '/' | '\\' | ':') || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::is_plain_file_name;

    #[test]
    fn what_leads_elsewhere_is_no_plain_name() {
        for name in ["six-1.17.0-py2.py3-none-any.whl", "...", "a b", "ü"] {
            assert!(is_plain_file_name(name), "{name}");
        }
        for name in ["", ".", "..", "a/b", "a\\b", "c:x", "x:stream", "a\nb"] {
            assert!(!is_plain_file_name(name), "{name:?}");
        }
    }
}
