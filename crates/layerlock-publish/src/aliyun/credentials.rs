/*!
Credentials, from the places and in the order of the official SDKs: the environment, an OIDC
role, `~/.aliyun/config.json`, `~/.alibabacloud/credentials`. A profile that is named goes
before the environment. Other kinds are named as not supported.

No message has more of a credential than where it is from.
*/

mod config_file;
mod ini_file;
mod model;

use std::env;

use crate::Error;
use model::unsupported;
pub(super) use model::{Found, Key, Machine, Oidc, Role, Source, faulty};

/// This machine.
pub(super) fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// Looks in all places. With a `profile` only where that may be.
pub(super) fn find(machine: &Machine<'_>, profile: Option<&str>) -> Result<Found, Error> {
    if profile.is_none() {
        if let Some(key) = of_environment(machine)? {
            return Ok(without_region(Source::Key(key)));
        }
        if let Some(oidc) = oidc_of_environment(machine) {
            return Ok(without_region(Source::Oidc(oidc)));
        }
    }
    if !machine.is_true("ALIBABA_CLOUD_CLI_PROFILE_DISABLED")
        && let Some(found) = config_file::find(machine, profile)?
    {
        return Ok(found);
    }
    if let Some(source) = ini_file::find(machine, profile)? {
        return Ok(without_region(source));
    }
    Err(missing(machine, profile))
}

fn without_region(source: Source) -> Found {
    Found {
        source,
        region: None,
    }
}

/// `ALIBABA_CLOUD_ACCESS_KEY_ID` and what belongs to it.
fn of_environment(machine: &Machine<'_>) -> Result<Option<Key>, Error> {
    let id = machine.get("ALIBABA_CLOUD_ACCESS_KEY_ID");
    let secret = machine.get("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(Some(Key {
            id,
            secret,
            token: machine.get("ALIBABA_CLOUD_SECURITY_TOKEN"),
        })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(half("ALIBABA_CLOUD_ACCESS_KEY_SECRET")),
        (None, Some(_)) => Err(half("ALIBABA_CLOUD_ACCESS_KEY_ID")),
    }
}

fn half(missing: &str) -> Error {
    faulty(format!("{missing} is not set, and its other half is"))
}

fn oidc_of_environment(machine: &Machine<'_>) -> Option<Oidc> {
    Some(Oidc {
        role: Role {
            arn: machine.get("ALIBABA_CLOUD_ROLE_ARN")?,
            session: machine.get("ALIBABA_CLOUD_ROLE_SESSION_NAME"),
            region: machine.get("ALIBABA_CLOUD_STS_REGION"),
            ..Role::default()
        },
        provider: machine.get("ALIBABA_CLOUD_OIDC_PROVIDER_ARN")?,
        token_file: machine.get("ALIBABA_CLOUD_OIDC_TOKEN_FILE")?.into(),
    })
}

/// Why there are none: the official SDKs would go on to what is named here.
fn missing(machine: &Machine<'_>, profile: Option<&str>) -> Error {
    if let Some(profile) = profile {
        return faulty(format!(
            "there is no profile `{profile}` in ~/.aliyun/config.json or ~/.alibabacloud/credentials"
        ));
    }
    for (name, what) in [
        ("ALIBABA_CLOUD_CREDENTIALS_URI", "a URI"),
        ("ALIBABA_CLOUD_ECS_METADATA", "the role of an ECS instance"),
    ] {
        if machine.get(name).is_some() {
            return unsupported(&format!("{what} ({name})"));
        }
    }
    faulty(
        "none in the environment, ~/.aliyun/config.json or ~/.alibabacloud/credentials".to_owned(),
    )
}

#[cfg(test)]
mod tests;
