//! What Poetry is told of the certificates of a source:
//! `poetry config certificates.NAME.cert` and `.client-cert`, which it writes into
//! its auth.toml or into poetry.toml of the project, or `POETRY_CERTIFICATES_NAME_CERT` and `_CLIENT_CERT`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::tls::Bundle;
use crate::credentials::in_variables;
use crate::{MachineConfig, SettingOrigin, Variables};

/// What is set for one source.
#[derive(Default)]
pub(super) struct SourceCertificates {
    pub(super) check: Check,
    /// The certificate to show, with its key.
    pub(super) identity: Option<Bundle>,
}

/// What the source's own certificate is checked against.
#[derive(Default)]
pub(super) enum Check {
    /// What others are checked against.
    #[default]
    Usual,
    /// These and no others.
    Bundle(Bundle),
    /// Nothing: `cert = false`.
    Nothing,
}

#[derive(Deserialize, Default)]
struct File {
    #[serde(default)]
    certificates: BTreeMap<String, Table>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(rename_all = "kebab-case")]
struct Table {
    cert: Option<Cert>,
    client_cert: Option<String>,
}

#[derive(Deserialize, Clone)]
#[serde(untagged)]
enum Cert {
    Verify(bool),
    Path(String),
}

/// What Poetry's files say of all sources.
pub(super) struct SourceFiles(Vec<(File, SettingOrigin)>);

impl SourceFiles {
    /// A file that is missing or malformed says nothing.
    pub(super) fn read(machine: &MachineConfig) -> Self {
        let read = |path: PathBuf| {
            let file = toml::from_str(&layerlock_diagnostic::read_toml(&path).ok()?).ok()?;
            Some((file, SettingOrigin::Poetry(path.display().to_string())))
        };
        Self(
            machine
                .poetry_files()
                .into_iter()
                .filter_map(read)
                .collect(),
        )
    }

    /// What Poetry says of a source; nothing where it says nothing of it.
    pub(super) fn find(&self, name: &str, variables: &Variables) -> Option<SourceCertificates> {
        let variable = |ending: &str| {
            let variable = format!("POETRY_CERTIFICATES_{}_{ending}", in_variables(name));
            let value = variables.get(&variable)?.to_owned();
            Some((value, SettingOrigin::Poetry(variable)))
        };
        let (mut cert, mut identity) = (None, None);
        for (file, origin) in &self.0 {
            let mut tables = file.certificates.iter();
            let Some((_, table)) = tables.find(|(of, _)| of.eq_ignore_ascii_case(name)) else {
                continue;
            };
            let table = table.clone();
            cert = table.cert.map(|cert| (cert, origin.clone())).or(cert);
            let own = table.client_cert.map(|path| (path, origin.clone()));
            identity = own.or(identity);
        }
        if let Some((value, origin)) = variable("CERT") {
            let value = match value.as_str() {
                "false" => Cert::Verify(false),
                "true" => Cert::Verify(true),
                _ => Cert::Path(value),
            };
            cert = Some((value, origin));
        }
        let identity = variable("CLIENT_CERT").or(identity);
        if cert.is_none() && identity.is_none() {
            return None;
        }
        let bundle = |(path, named_by)| Bundle {
            path: PathBuf::from(path),
            named_by,
        };
        Some(SourceCertificates {
            check: match cert {
                None | Some((Cert::Verify(true), _)) => Check::Usual,
                Some((Cert::Verify(false), _)) => Check::Nothing,
                Some((Cert::Path(path), origin)) => Check::Bundle(bundle((path, origin))),
            },
            identity: identity.map(bundle),
        })
    }
}
