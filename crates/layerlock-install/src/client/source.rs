//! What Poetry is told of the certificates of a source:
//! `poetry config certificates.NAME.cert` and `.client-cert`, which it writes into
//! its auth.toml, or `POETRY_CERTIFICATES_NAME_CERT` and `_CLIENT_CERT`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::tls::Bundle;
use crate::Surroundings;
use crate::credentials::in_variables;
use crate::index::IndexOrigin;

/// What is set for one source.
#[derive(Default)]
pub(super) struct OfSource {
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

impl OfSource {
    /// Nothing where Poetry says nothing of it.
    pub(super) fn of(name: &str, surroundings: &Surroundings) -> Option<Self> {
        let variable = |ending: &str| {
            let variable = format!("POETRY_CERTIFICATES_{}_{ending}", in_variables(name));
            let value = surroundings.variables.get(&variable)?.to_owned();
            Some((value, IndexOrigin::Poetry(variable)))
        };
        let (mut cert, mut identity) = (None, None);
        // The latter wins in Poetry.
        for file in ["config.toml", "auth.toml"] {
            let Some((table, origin)) = read(name, file, surroundings) else {
                continue;
            };
            cert = table.cert.map(|cert| (cert, origin.clone())).or(cert);
            identity = table.client_cert.map(|path| (path, origin)).or(identity);
        }
        if let Some((value, origin)) = variable("CERT") {
            let cert_of = match value.as_str() {
                "false" => Cert::Verify(false),
                "true" => Cert::Verify(true),
                _ => Cert::Path(value),
            };
            cert = Some((cert_of, origin));
        }
        let identity = variable("CLIENT_CERT").or(identity);
        if cert.is_none() && identity.is_none() {
            return None;
        }
        let bundle = |(path, named_by)| Bundle {
            path: PathBuf::from(path),
            named_by,
        };
        Some(Self {
            check: match cert {
                None | Some((Cert::Verify(true), _)) => Check::Usual,
                Some((Cert::Verify(false), _)) => Check::Nothing,
                Some((Cert::Path(path), origin)) => Check::Bundle(bundle((path, origin))),
            },
            identity: identity.map(bundle),
        })
    }
}

/// The table of a source in a file of Poetry's. One that is missing or malformed
/// has none.
fn read(name: &str, file: &str, surroundings: &Surroundings) -> Option<(Table, IndexOrigin)> {
    let path = surroundings.poetry_configuration.as_ref()?.join(file);
    let read: File = toml::from_str(&fs_err::read_to_string(&path).ok()?).ok()?;
    let mut tables = read.certificates.into_iter();
    let (_, table) = tables.find(|(of, _)| of.eq_ignore_ascii_case(name))?;
    Some((table, IndexOrigin::Poetry(path.display().to_string())))
}
