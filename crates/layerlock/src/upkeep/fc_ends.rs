//! From where to where versions of Function Compute are promoted.

use std::path::PathBuf;

use super::ends::{Ends, LOCAL};
use super::promote_settings::PromoteSettings;
use crate::Error;
use crate::publish::aliyun::{account, connect, unreachable};
use crate::publish::destination::{Place, local};
use crate::publish_configuration::{AliyunAccount, PublishConfiguration, parse_ram_role};

const FROM: &str = "--from";
const TO: &str = "--to";

/// One of them, as it was named.
enum End {
    Local(Option<PathBuf>),
    Account(Box<AliyunAccount>),
}

/// What the ends are found by.
pub(super) struct FcFinder<'f> {
    pub(super) promote: &'f PromoteSettings,
    pub(super) configuration: &'f PublishConfiguration,
}

impl FcFinder<'_> {
    pub(super) fn find(&self) -> Result<Ends, Error> {
        let promote = self.promote;
        let configured = &self.configuration.aliyun;
        let from = match &promote.from {
            Some(text) => self.end(FROM, text, configured)?,
            None => End::Account(Box::new(configured.clone())),
        };
        let (source, here) = match from {
            End::Local(directory) => (self.local(directory), configured.clone()),
            End::Account(account) => (self.source(&account)?, *account),
        };
        let region = source.publisher.region().map(str::to_owned);
        let mut targets = Vec::new();
        let mut errors = Vec::new();
        for account in self.targets(&here, region.as_deref(), &mut targets)? {
            match connect(&account, &promote.settings.cache) {
                Ok(places) => targets.extend(places),
                Err(error) => {
                    targets.extend(unreachable(&account, &error));
                    errors.push(error);
                }
            }
        }
        match errors.into_iter().next() {
            // There is no other place that it would stop.
            Some(error) if targets.len() == 1 => Err(error),
            _ => Ok(Ends { source, targets }),
        }
    }

    /// The accounts to publish to; a directory is one of the places at once.
    fn targets(
        &self,
        here: &AliyunAccount,
        region: Option<&str>,
        places: &mut Vec<Place>,
    ) -> Result<Vec<AliyunAccount>, Error> {
        let promote = self.promote;
        let mut ends = Vec::new();
        for text in &promote.to {
            ends.push((is_region(text), self.end(TO, text, here)?));
        }
        if ends.is_empty() && !promote.regions.is_empty() {
            ends.push((false, End::Account(Box::new(here.clone()))));
        }
        let mut targets: Vec<AliyunAccount> = Vec::new();
        for (is_region, end) in ends {
            let mut target = match end {
                End::Account(account) => account,
                End::Local(directory) => {
                    places.push(self.local(directory));
                    continue;
                }
            };
            if !is_region && !promote.regions.is_empty() {
                target.regions = Some(promote.regions.clone());
            }
            // Bytes go to another account in the same region, unless it is said otherwise.
            if target.regions.as_ref().is_none_or(Vec::is_empty) {
                target.regions = region.map(|region| vec![region.to_owned()]);
            }
            let target = account(&target, &promote.with)?;
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        if targets.is_empty() && places.is_empty() {
            return Err(Error::PublishOption {
                option: TO,
                message: "name where to, by a profile, the ARN of a role or a region".to_owned(),
            });
        }
        Ok(targets)
    }

    /// What a user calls an end. A region is one of the account's, `here`.
    fn end(&self, option: &'static str, text: &str, here: &AliyunAccount) -> Result<End, Error> {
        match text.strip_prefix(LOCAL) {
            Some("") => return Ok(End::Local(None)),
            Some(rest) if rest.starts_with(':') => {
                return Ok(End::Local(Some(rest[1..].into())));
            }
            _ => {}
        }
        if is_region(text) {
            return Ok(End::Account(Box::new(AliyunAccount {
                regions: Some(vec![text.to_owned()]),
                ..here.clone()
            })));
        }
        let asked = if text.starts_with("acs:") {
            let role = parse_ram_role(text);
            let role = role.map_err(|message| Error::PublishOption { option, message })?;
            AliyunAccount {
                role_arn: Some(role),
                ..AliyunAccount::default()
            }
        } else {
            AliyunAccount {
                profile: Some(text.to_owned()),
                ..AliyunAccount::default()
            }
        };
        let common = self.configuration.aliyun.clone();
        Ok(End::Account(Box::new(asked.instead_of(common))))
    }

    fn source(&self, account: &AliyunAccount) -> Result<Place, Error> {
        let first = account.regions.iter().flatten().next();
        let region = self.promote.from_region.as_ref().or(first);
        let account = AliyunAccount {
            regions: region.map(|region| vec![region.clone()]),
            ..account.clone()
        };
        let first = connect(&account, &self.promote.settings.cache)?
            .into_iter()
            .next();
        let no_region = layerlock_publish::FcError::NoRegion;
        first.ok_or_else(|| Error::Publish(no_region.into()))
    }

    fn local(&self, directory: Option<PathBuf>) -> Place {
        let directory = directory.or_else(|| self.promote.local_directory.clone());
        local(&self.promote.settings, directory)
    }
}

/// `cn-hangzhou`, `ap-southeast-1`: which ones there are, only Alibaba Cloud knows.
fn is_region(text: &str) -> bool {
    const AREAS: [&str; 8] = ["af", "ap", "cn", "eu", "me", "na", "sa", "us"];
    let mut parts = text.split('-');
    let is_part = |part: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        !part.is_empty() && part.bytes().all(is_allowed)
    };
    parts.next().is_some_and(|area| AREAS.contains(&area))
        && text.contains('-')
        && parts.all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_told_from_profiles() {
        for text in ["cn-hangzhou", "ap-southeast-1", "cn-hangzhou-finance-1"] {
            assert!(is_region(text), "{text}");
        }
        for text in ["cn", "prod", "my-prod", "cn-", "cn-Hangzhou", "local"] {
            assert!(!is_region(text), "{text}");
        }
    }
}
