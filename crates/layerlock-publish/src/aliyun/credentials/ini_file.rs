//! `~/.alibabacloud/credentials` (or `credentials.ini`), which the SDKs share.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fs_err as fs;

use super::model::{Key, Machine, Oidc, Role, Source, faulty, unsupported};
use crate::Error;

/// The members of a section.
type Section = BTreeMap<String, String>;

/// The section of that name, else the one of `ALIBABA_CLOUD_PROFILE`, else `default`.
pub(super) fn find(machine: &Machine<'_>, profile: Option<&str>) -> Result<Option<Source>, Error> {
    let Some(path) = path(machine) else {
        return Ok(None);
    };
    let text = fs::read_to_string(&path)?;
    let of_environment = machine.get("ALIBABA_CLOUD_PROFILE");
    let name = profile.or(of_environment.as_deref()).unwrap_or("default");
    match section(&text, name) {
        Some(section) => source(name, &section).map(Some),
        None => Ok(None),
    }
}

fn path(machine: &Machine<'_>) -> Option<PathBuf> {
    let named = machine.get("ALIBABA_CLOUD_CREDENTIALS_FILE");
    let directory = machine.home.as_ref().map(|home| home.join(".alibabacloud"));
    let in_home =
        ["credentials", "credentials.ini"].map(|name| Some(directory.as_ref()?.join(name)));
    let mut all = named
        .map(PathBuf::from)
        .into_iter()
        .chain(in_home.into_iter().flatten());
    all.find(|path| path.is_file())
}

/// Reads one section. What follows a `#` is no part of a value, as the SDKs have it.
fn section(text: &str, wanted: &str) -> Option<Section> {
    let mut found: Option<Section> = None;
    let mut is_wanted = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with(['#', ';']) {
            continue;
        }
        let name = line.strip_prefix('[');
        if let Some(name) = name.and_then(|rest| rest.strip_suffix(']')) {
            is_wanted = name.trim() == wanted;
            if is_wanted {
                found.get_or_insert_default();
            }
        } else if let (true, Some((key, value))) = (is_wanted, line.split_once(['=', ':'])) {
            let value = value.split('#').next().unwrap_or_default().trim();
            let key = key.trim().to_lowercase();
            found.get_or_insert_default().insert(key, value.to_owned());
        }
    }
    found
}

fn source(name: &str, section: &Section) -> Result<Source, Error> {
    let get = |key: &str| section.get(key).filter(|value| !value.is_empty()).cloned();
    let required = |key: &str| {
        get(key).ok_or_else(|| faulty(format!("the profile `{name}` of credentials has no {key}")))
    };
    let key = |token: Option<String>| -> Result<Source, Error> {
        Ok(Source::Key(Key {
            id: required("access_key_id")?,
            secret: required("access_key_secret")?,
            token,
        }))
    };
    let role = || -> Result<Role, Error> {
        Ok(Role {
            arn: required("role_arn")?,
            session: get("role_session_name"),
            policy: get("policy"),
            ..Role::default()
        })
    };
    match get("type").as_deref() {
        None | Some("access_key") => key(None),
        Some("sts") => key(Some(required("security_token")?)),
        Some("ram_role_arn") => Ok(Source::Role {
            by: Box::new(key(None)?),
            role: role()?,
        }),
        Some("oidc_role_arn") => Ok(Source::Oidc(Oidc {
            role: role()?,
            provider: required("oidc_provider_arn")?,
            token_file: required("oidc_token_file_path")?.into(),
        })),
        Some(other) => Err(unsupported(&format!(
            "the type {other} of the profile `{name}`"
        ))),
    }
}
