/*!
What is wrong with a profile.

The SDK looks for credentials in one place after the other, and says only that it found
none: a profile that does not exist, or that names one that does not, is passed over. The
AWS CLI tells, and so does this.
*/

use std::env;
use std::error::Error as StdError;
use std::path::Path;

use aws_config::profile::{self, ProfileSet};

use crate::Error;

/// Checks the profile that `named` or the environment names, else the default one. Gives the
/// profile by which a person signs in, where it leads to one.
pub(super) async fn check(named: Option<&str>) -> Result<Option<String>, Error> {
    let override_name = named.map(|name| name.to_owned().into());
    let (files, variables, places) = Default::default();
    let loaded = profile::load(&files, &variables, &places, override_name).await;
    let profiles = loaded.map_err(|error| Error::Profile {
        reason: cause(&error),
    })?;
    let is_named = named.is_some() || is_set("AWS_PROFILE");
    // Keys of the environment come before a default profile, whatever is in it.
    if !is_named && is_set("AWS_ACCESS_KEY_ID") {
        return Ok(None);
    }
    match fault(&profiles, is_named) {
        Some(reason) => Err(Error::Profile { reason }),
        None => Ok(signed_in_by(&profiles)),
    }
}

/// Of the selected profile and those that it takes its keys from, the first one of single
/// sign-on.
fn signed_in_by(profiles: &ProfileSet) -> Option<String> {
    let mut name = profiles.selected_profile();
    loop {
        let profile = profiles.get_profile(name)?;
        let is_sso = |key| profile.get(key).is_some();
        if is_sso("sso_session") || is_sso("sso_start_url") {
            return Some(name.to_owned());
        }
        // There are no circles: they are a fault.
        let source = profile.get("source_profile")?;
        if source == name {
            return None;
        }
        name = source;
    }
}

/// The last of an error's causes, which names the file and the line and quotes neither.
fn cause(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let text = cause.to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// What is wrong with the selected profile, or with one that it takes its keys from.
fn fault(profiles: &ProfileSet, is_named: bool) -> Option<String> {
    let mut name = profiles.selected_profile();
    let Some(mut profile) = profiles.get_profile(name) else {
        let [config, credentials] = [
            file("AWS_CONFIG_FILE", "config"),
            file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        ];
        return is_named
            .then(|| format!("the profile `{name}` is neither in {config} nor in {credentials}"));
    };
    let mut seen = vec![name];
    loop {
        if let Some(session) = profile.get("sso_session")
            && profiles.sso_session(session).is_none()
        {
            return Some(format!(
                "the profile `{name}` has the sso_session `{session}`, which does not exist"
            ));
        }
        let source = profile.get("source_profile")?;
        // One that has keys of its own may name itself.
        if source == name {
            return None;
        }
        let Some(next) = profiles.get_profile(source) else {
            return Some(format!(
                "the profile `{name}` has the source_profile `{source}`, which does not exist"
            ));
        };
        if seen.contains(&source) {
            return Some(format!(
                "the profiles {} name each other as source_profile",
                seen.join(", ")
            ));
        }
        seen.push(source);
        (name, profile) = (source, next);
    }
}

/// Where a file of profiles is looked for.
fn file(variable: &str, name: &str) -> String {
    match env::var_os(variable).filter(|path| !path.is_empty()) {
        Some(path) => Path::new(&path).display().to_string(),
        None => format!("~/.aws/{name}"),
    }
}
