//! The certificates that servers are checked against.
//!
//! Those of the system, unless variables name others, which then take their
//! place, as they do for pip and uv: `PIP_CERT`, `REQUESTS_CA_BUNDLE`,
//! `CURL_CA_BUNDLE`, `SSL_CERT_FILE` (files) and `SSL_CERT_DIR` (folders). pip
//! and uv differ in which of them wins; here all that are named count, so that
//! what either of them reaches is reached.

use std::collections::HashSet;
use std::path::Path;

use reqwest::Certificate;
use rustls_native_certs::load_certs_from_paths;

use crate::{Error, Surroundings, Variables};

/// Variables for a bundle in one file; `REQUESTS_CA_BUNDLE` may name a folder too.
const FILES: [&str; 4] = [
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
];
/// For folders, with file names as OpenSSL's `c_rehash` makes them.
const FOLDERS: &str = "SSL_CERT_DIR";

/// The certificates that variables name; none where the system's are to be used.
pub(super) fn roots(surroundings: &Surroundings) -> Result<Option<Vec<Certificate>>, Error> {
    let mut roots = Vec::new();
    let mut seen = HashSet::new();
    for (variable, path) in bundles(&surroundings.variables) {
        // Systems that set one of them often set all, to the same file.
        if !seen.insert(path) {
            continue;
        }
        let is_folder = path.is_dir();
        let loaded = if is_folder {
            load_certs_from_paths(None, Some(path))
        } else {
            load_certs_from_paths(Some(path), None)
        };
        let unreadable = |reason: String| Error::CertificateBundle {
            variable,
            path: path.to_owned(),
            reason,
        };
        if let Some(error) = loaded.errors.first()
            && !is_folder
        {
            return Err(unreadable(error.to_string()));
        }
        // A folder may have a file that is none; a list of folders an empty one.
        if loaded.certs.is_empty() && variable != FOLDERS {
            return Err(unreadable("it holds no certificate".to_owned()));
        }
        for certificate in loaded.certs {
            let certificate = Certificate::from_der(&certificate);
            roots.push(certificate.map_err(|error| unreadable(error.to_string()))?);
        }
    }
    Ok((!roots.is_empty()).then_some(roots))
}

fn bundles(variables: &Variables) -> impl Iterator<Item = (&'static str, &Path)> {
    let files = FILES
        .into_iter()
        .filter_map(|name| Some((name, Path::new(variables.get(name)?))));
    let separator = if cfg!(windows) { ';' } else { ':' };
    let folders = variables.get(FOLDERS).unwrap_or_default();
    let folders = folders.split(separator).filter(|folder| !folder.is_empty());
    files.chain(folders.map(|folder| (FOLDERS, Path::new(folder))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings(variable: &str, value: &Path) -> Surroundings {
        let mut surroundings = Surroundings::default();
        surroundings
            .variables
            .insert(variable, value.to_str().unwrap());
        surroundings
    }

    #[test]
    fn without_variables_the_systems_certificates_count() {
        assert!(roots(&Surroundings::default()).unwrap().is_none());
    }

    #[test]
    fn a_bundle_that_cannot_be_read_is_named_with_its_variable() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty.pem");
        fs_err::write(&empty, "no certificate\n").unwrap();
        let missing = folder.path().join("missing.pem");
        for variable in FILES {
            for path in [&empty, &missing] {
                let error = roots(&surroundings(variable, path)).unwrap_err();
                let message = error.to_string();
                assert!(message.contains(variable), "{message}");
                assert!(message.contains(path.to_str().unwrap()), "{message}");
            }
        }
    }
}
