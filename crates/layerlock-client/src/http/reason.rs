//! What an error of the HTTP library is, and what to say of it.

use std::error::Error as StdError;
use std::io;

use layerlock_diagnostic::is_out_of_files;

/// What broke, where that is a matter of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The server's certificate is not accepted.
    Certificate,
    /// The proxy of an https request wants credentials, or other ones.
    ProxyCredentials,
    /// This machine gives no more open files.
    OpenFiles,
    Other,
}

/// What hyper says where a proxy answers 407 to CONNECT. Its type is private.
const TUNNEL_WANTS_CREDENTIALS: &str = "proxy authorization required";

impl Cause {
    pub(super) fn of(error: &reqwest::Error) -> Self {
        let causes = std::iter::successors(Some(error as &dyn StdError), |&error| error.source());
        if causes.filter_map(tls_error).any(is_about_certificate) {
            return Self::Certificate;
        }
        if innermost(error).ends_with(TUNNEL_WANTS_CREDENTIALS) {
            return Self::ProxyCredentials;
        }
        let mut causes = std::iter::successors(Some(error as &dyn StdError), |&it| it.source());
        if causes.any(|cause| cause.downcast_ref().is_some_and(is_out_of_files)) {
            return Self::OpenFiles;
        }
        Self::Other
    }
}

/// The TLS library's error, which stands in one of the system's.
fn tls_error<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e rustls::Error> {
    let inner = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match inner {
        Some(inner) => tls_error(inner),
        None => error.downcast_ref(),
    }
}

fn is_about_certificate(error: &rustls::Error) -> bool {
    use rustls::Error::{InvalidCertificate, NoCertificatesPresented};
    matches!(error, InvalidCertificate(_) | NoCertificatesPresented)
}

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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn open_files_are_told_apart() {
        for (number, is) in [(24, true), (23, true), (111, false)] {
            assert_eq!(is_out_of_files(&io::Error::from_raw_os_error(number)), is);
        }
        assert!(!is_out_of_files(&io::Error::other("24")));
    }
}
