//! The certificates that servers are checked against, and the one that is shown
//! to them.
//!
//! Servers are checked against those of the system, unless others are named, which
//! then take their place, as they do for pip and uv: by `PIP_CERT` (else `cert` in
//! pip's configuration files), `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`,
//! `SSL_CERT_FILE` (files) and `SSL_CERT_DIR` (directories). pip and uv differ in which
//! of them wins; here all that are named count, so that what either of them reaches
//! is reached.
//!
//! To servers that ask for one, the certificate of `PIP_CLIENT_CERT` is shown, else
//! that of `client-cert` in pip's files, else that of uv's `SSL_CLIENT_CERT`.
//!
//! A source of the project may have certificates of its own, which
//! `poetry config certificates.NAME.cert` names; these are for its own origin.

use std::collections::HashSet;
use std::path::PathBuf;

use reqwest::{Certificate, Identity};
use rustls_native_certs::load_certs_from_paths;

use crate::{Error, MachineConfig, SettingOrigin};

const PIP: &str = "PIP_CERT";
/// Variables for a bundle in one file; `REQUESTS_CA_BUNDLE` may name a directory too.
const FILES: [&str; 3] = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"];
/// For directories, with file names as OpenSSL's `c_rehash` makes them.
const DIRECTORIES: &str = "SSL_CERT_DIR";
const UV_IDENTITY: &str = "SSL_CLIENT_CERT";

/// The certificates that are named; none where the system's are to be used.
pub(super) fn roots(machine: &MachineConfig) -> Result<Option<Vec<Certificate>>, Error> {
    let mut roots = Vec::new();
    let mut seen = HashSet::new();
    for bundle in bundles(machine)? {
        // Systems that set one of them often set all, to the same file.
        if seen.insert(bundle.path.clone()) {
            roots.extend(bundle.load()?);
        }
    }
    Ok((!roots.is_empty()).then_some(roots))
}

/// The certificate to show to every server that asks for one.
pub(super) fn identity(machine: &MachineConfig) -> Result<Option<Identity>, Error> {
    let of_pip = machine.pip_setting(&["PIP_CLIENT_CERT"], "client-cert")?;
    let of_uv = || machine.variables.setting(UV_IDENTITY);
    let bundle = of_pip.or_else(of_uv).map(|(path, named_by)| Bundle {
        path: PathBuf::from(path),
        named_by,
    });
    bundle.map(|bundle| bundle.identity()).transpose()
}

/// A file or a directory of certificates, and what names it.
pub(super) struct Bundle {
    pub(super) path: PathBuf,
    pub(super) named_by: SettingOrigin,
}

impl Bundle {
    /// Its certificates.
    pub(super) fn load(&self) -> Result<Vec<Certificate>, Error> {
        let Self { path, named_by } = self;
        let is_directories = *named_by == SettingOrigin::Variable(DIRECTORIES);
        let is_directory = path.is_dir();
        let loaded = if is_directory {
            load_certs_from_paths(None, Some(path))
        } else {
            load_certs_from_paths(Some(path), None)
        };
        if let Some(error) = loaded.errors.first()
            && !is_directory
        {
            return Err(self.problem(error));
        }
        // A directory may have a file that is none; a list of directories an empty one.
        if loaded.certs.is_empty() && !is_directories {
            return Err(self.problem("it holds no certificate"));
        }
        loaded
            .certs
            .into_iter()
            .map(|one| Certificate::from_der(&one).map_err(|error| self.problem(error)))
            .collect()
    }

    /// The certificate and its key, which are in one file.
    pub(super) fn identity(&self) -> Result<Identity, Error> {
        let pem = layerlock_diagnostic::read_file(&self.path)
            .map_err(|error| self.problem(error.kind()))?;
        Identity::from_pem(&pem)
            .map_err(|_| self.problem("it holds no certificate with its key, in PEM form"))
    }

    fn problem(&self, reason: impl std::fmt::Display) -> Error {
        Error::CertificateBundle {
            named_by: self.named_by.clone(),
            path: self.path.clone(),
            reason: reason.to_string(),
        }
    }
}

fn bundles(machine: &MachineConfig) -> Result<Vec<Bundle>, Error> {
    let variable = |name: &'static str| machine.variables.setting(name);
    let files = machine
        .pip_setting(&[PIP], "cert")?
        .into_iter()
        .chain(FILES.into_iter().filter_map(variable));
    let mut bundles: Vec<Bundle> = files
        .map(|(path, named_by)| Bundle {
            path: PathBuf::from(path),
            named_by,
        })
        .collect();
    let separator = if cfg!(windows) { ';' } else { ':' };
    let directories = machine.variables.get(DIRECTORIES).unwrap_or_default();
    let directories = directories
        .split(separator)
        .filter(|directory| !directory.is_empty());
    bundles.extend(directories.map(|directory| Bundle {
        path: PathBuf::from(directory),
        named_by: SettingOrigin::Variable(DIRECTORIES),
    }));
    Ok(bundles)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::PipFiles;

    fn with(variable: &str, value: &Path) -> MachineConfig {
        let mut machine = MachineConfig::default();
        machine.variables.insert(variable, value.to_str().unwrap());
        machine
    }

    #[test]
    fn without_variables_the_systems_certificates_count() {
        assert!(roots(&MachineConfig::default()).unwrap().is_none());
    }

    #[test]
    fn a_bundle_that_cannot_be_read_is_named_with_its_variable() {
        let directory = tempfile::tempdir().unwrap();
        let empty = directory.path().join("empty.pem");
        fs_err::write(&empty, "no certificate\n").unwrap();
        let missing = directory.path().join("missing.pem");
        for variable in [PIP].into_iter().chain(FILES) {
            for path in [&empty, &missing] {
                let error = roots(&with(variable, path)).unwrap_err();
                let message = error.to_string();
                assert!(message.contains(variable), "{message}");
                assert!(message.contains(path.to_str().unwrap()), "{message}");
            }
        }
    }

    #[test]
    fn pips_configuration_may_name_a_bundle_too() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pip.conf");
        fs_err::write(&file, "[global]\ncert = /no/such.pem\n").unwrap();
        let machine = MachineConfig {
            pip_files: PipFiles::new([file.clone()]),
            ..MachineConfig::default()
        };
        let error = roots(&machine).unwrap_err().to_string();
        assert!(error.contains("/no/such.pem"), "{error}");
        assert!(error.contains(file.to_str().unwrap()), "{error}");
    }
}
