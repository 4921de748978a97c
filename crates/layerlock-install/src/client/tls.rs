//! The certificates that servers are checked against.
//!
//! Those of the system, unless others are named, which then take their place, as
//! they do for pip and uv: by `PIP_CERT` (else `cert` in pip's configuration
//! files), `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`, `SSL_CERT_FILE` (files) and
//! `SSL_CERT_DIR` (folders). pip and uv differ in which of them wins; here all
//! that are named count, so that what either of them reaches is reached.

use std::collections::HashSet;
use std::path::PathBuf;

use reqwest::Certificate;
use rustls_native_certs::load_certs_from_paths;

use crate::index::{IndexOrigin, PipSettings};
use crate::{Error, Surroundings};

const PIP: &str = "PIP_CERT";
/// Variables for a bundle in one file; `REQUESTS_CA_BUNDLE` may name a folder too.
const FILES: [&str; 3] = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"];
/// For folders, with file names as OpenSSL's `c_rehash` makes them.
const FOLDERS: &str = "SSL_CERT_DIR";

/// The certificates that are named; none where the system's are to be used.
pub(super) fn roots(surroundings: &Surroundings) -> Result<Option<Vec<Certificate>>, Error> {
    let mut roots = Vec::new();
    let mut seen = HashSet::new();
    for Bundle { path, named_by } in bundles(surroundings)? {
        // Systems that set one of them often set all, to the same file.
        if !seen.insert(path.clone()) {
            continue;
        }
        let is_folders = named_by == IndexOrigin::Variable(FOLDERS);
        let is_folder = path.is_dir();
        let loaded = if is_folder {
            load_certs_from_paths(None, Some(&path))
        } else {
            load_certs_from_paths(Some(&path), None)
        };
        let unreadable = |reason: String| Error::CertificateBundle {
            named_by: named_by.clone(),
            path: path.clone(),
            reason,
        };
        if let Some(error) = loaded.errors.first()
            && !is_folder
        {
            return Err(unreadable(error.to_string()));
        }
        // A folder may have a file that is none; a list of folders an empty one.
        if loaded.certs.is_empty() && !is_folders {
            return Err(unreadable("it holds no certificate".to_owned()));
        }
        for certificate in loaded.certs {
            let certificate = Certificate::from_der(&certificate);
            roots.push(certificate.map_err(|error| unreadable(error.to_string()))?);
        }
    }
    Ok((!roots.is_empty()).then_some(roots))
}

/// A file or a folder of certificates, and what names it.
struct Bundle {
    path: PathBuf,
    named_by: IndexOrigin,
}

fn bundles(surroundings: &Surroundings) -> Result<Vec<Bundle>, Error> {
    let variable = |name: &'static str| {
        let value = surroundings.variables.get(name)?;
        Some((value.to_owned(), IndexOrigin::Variable(name)))
    };
    let of_pip = match variable(PIP) {
        Some(named) => Some(named),
        None => PipSettings::read(&surroundings.configuration_files)?.get("cert"),
    };
    let files = of_pip
        .into_iter()
        .chain(FILES.into_iter().filter_map(variable));
    let mut bundles: Vec<Bundle> = files
        .map(|(path, named_by)| Bundle {
            path: PathBuf::from(path),
            named_by,
        })
        .collect();
    let separator = if cfg!(windows) { ';' } else { ':' };
    let folders = surroundings.variables.get(FOLDERS).unwrap_or_default();
    let folders = folders.split(separator).filter(|folder| !folder.is_empty());
    bundles.extend(folders.map(|folder| Bundle {
        path: PathBuf::from(folder),
        named_by: IndexOrigin::Variable(FOLDERS),
    }));
    Ok(bundles)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

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
        for variable in [PIP].into_iter().chain(FILES) {
            for path in [&empty, &missing] {
                let error = roots(&surroundings(variable, path)).unwrap_err();
                let message = error.to_string();
                assert!(message.contains(variable), "{message}");
                assert!(message.contains(path.to_str().unwrap()), "{message}");
            }
        }
    }

    #[test]
    fn pips_configuration_may_name_a_bundle_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pip.conf");
        fs_err::write(&file, "[global]\ncert = /no/such.pem\n").unwrap();
        let surroundings = Surroundings {
            configuration_files: vec![file.clone()],
            ..Surroundings::default()
        };
        let error = roots(&surroundings).unwrap_err().to_string();
        assert!(error.contains("/no/such.pem"), "{error}");
        assert!(error.contains(file.to_str().unwrap()), "{error}");
    }
}
