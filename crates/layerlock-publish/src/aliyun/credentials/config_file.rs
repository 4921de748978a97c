//! `~/.aliyun/config.json`, which `aliyun configure` writes.

use std::path::PathBuf;

use fs_err as fs;
use serde::Deserialize;

use super::model::{Found, Key, Machine, Oidc, Role, Source, faulty, unsupported};
use crate::Error;

/// A profile that leads to others leads to an end.
const LONGEST_CHAIN: usize = 8;

#[derive(Debug, Deserialize)]
struct File {
    #[serde(default)]
    current: String,
    #[serde(default)]
    profiles: Vec<Profile>,
}

/// A profile. Members of other kinds, and those of the tool itself, are left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Profile {
    name: String,
    mode: String,
    access_key_id: String,
    access_key_secret: String,
    sts_token: String,
    ram_role_arn: String,
    ram_session_name: String,
    role_session_name: String,
    external_id: String,
    policy: String,
    expired_seconds: Option<u64>,
    sts_region: String,
    #[serde(rename = "source_profile")]
    source: String,
    oidc_provider_arn: String,
    oidc_token_file: String,
    region_id: String,
}

/// The profile of that name, else the one of `ALIBABA_CLOUD_PROFILE`, else the current one.
pub(super) fn find(machine: &Machine<'_>, profile: Option<&str>) -> Result<Option<Found>, Error> {
    let Some(path) = path(machine) else {
        return Ok(None);
    };
    if !path.is_file() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path)?;
    let file: File = serde_json::from_str(&text).map_err(|error| {
        // Its message quotes values.
        let (line, column) = (error.line(), error.column());
        faulty(format!(
            "{} is no profile file: line {line}, column {column}",
            path.display()
        ))
    })?;
    let of_environment = machine.get("ALIBABA_CLOUD_PROFILE");
    let (named, must_be_there) = match (profile, &of_environment) {
        (Some(profile), _) => (profile, false),
        (None, Some(profile)) => (profile.as_str(), true),
        (None, None) => (file.current.as_str(), false),
    };
    match file.profile(named) {
        Some(found) => Ok(Some(Found {
            source: file.source(found, LONGEST_CHAIN)?,
            region: text_of(&found.region_id),
        })),
        None if must_be_there => Err(faulty(format!(
            "there is no profile `{named}` in {} (ALIBABA_CLOUD_PROFILE)",
            path.display()
        ))),
        None => Ok(None),
    }
}

fn path(machine: &Machine<'_>) -> Option<PathBuf> {
    let named = machine.get("ALIBABA_CLOUD_CONFIG_FILE").map(PathBuf::from);
    named.or_else(|| Some(machine.home.as_ref()?.join(".aliyun/config.json")))
}

fn text_of(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.trim().to_owned())
}

impl File {
    fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.name == name)
    }

    fn source(&self, profile: &Profile, left: usize) -> Result<Source, Error> {
        match &*profile.mode {
            "" | "AK" => Ok(Source::Key(Key {
                token: None,
                ..profile.key()?
            })),
            "StsToken" => Ok(Source::Key(profile.key()?)),
            "RamRoleArn" => Ok(Source::Role {
                by: Box::new(Source::Key(Key {
                    token: None,
                    ..profile.key()?
                })),
                role: profile.role()?,
            }),
            "ChainableRamRoleArn" => self.chained(profile, left),
            "OIDC" => Ok(Source::Oidc(Oidc {
                role: profile.role()?,
                provider: profile.required("oidc_provider_arn", &profile.oidc_provider_arn)?,
                token_file: profile
                    .required("oidc_token_file", &profile.oidc_token_file)?
                    .into(),
            })),
            other => Err(unsupported(&format!(
                "the mode {other} of the profile `{}`",
                profile.name
            ))),
        }
    }

    fn chained(&self, profile: &Profile, left: usize) -> Result<Source, Error> {
        let name = &profile.source;
        let Some(source) = self.profile(name) else {
            return Err(faulty(format!(
                "the profile `{}` has the source_profile `{name}`, which is not there",
                profile.name
            )));
        };
        let Some(left) = left.checked_sub(1) else {
            return Err(faulty(format!(
                "the profile `{}` leads back to itself",
                profile.name
            )));
        };
        Ok(Source::Role {
            by: Box::new(self.source(source, left)?),
            role: profile.role()?,
        })
    }
}

impl Profile {
    fn key(&self) -> Result<Key, Error> {
        Ok(Key {
            id: self.required("access_key_id", &self.access_key_id)?,
            secret: self.required("access_key_secret", &self.access_key_secret)?,
            token: text_of(&self.sts_token),
        })
    }

    fn role(&self) -> Result<Role, Error> {
        let session = text_of(&self.ram_session_name);
        Ok(Role {
            arn: self.required("ram_role_arn", &self.ram_role_arn)?,
            session: session.or_else(|| text_of(&self.role_session_name)),
            policy: text_of(&self.policy),
            external_id: text_of(&self.external_id),
            seconds: self.expired_seconds.filter(|seconds| *seconds > 0),
            region: text_of(&self.sts_region),
        })
    }

    fn required(&self, member: &str, value: &str) -> Result<String, Error> {
        text_of(value).ok_or_else(|| faulty(format!("the profile `{}` has no {member}", self.name)))
    }
}
