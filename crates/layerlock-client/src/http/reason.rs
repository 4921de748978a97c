//! What to say of an error of the HTTP library.

/// The innermost cause says what happened ("connection refused"); what lies
/// around it repeats the URL, credentials included.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let text = cause.to_string();
    if error.is_timeout() {
        return format!("timed out ({text})");
    }
    text
}
