//! From where to where versions are promoted.

use std::path::PathBuf;

use layerlock_publish::Error as ProviderError;

use super::promote_settings::PromoteSettings;
use crate::Error;
use crate::publish::destination::{Place, checked, connect, enter, local};
use crate::publish_configuration::{AwsAccount, PublishConfiguration, parse_role};

/// The local directory, where one of the ends is named so; another one follows a colon.
pub(super) const LOCAL: &str = "local";

const FROM: &str = "--from";
const TO: &str = "--to";

/// Where versions come from, and where they go.
pub(super) struct Ends {
    pub(super) source: Place,
    pub(super) targets: Vec<Place>,
}

/// One of them, as it was named.
enum End {
    Local(Option<PathBuf>),
    Accounts(Vec<AwsAccount>),
}

/// What the ends are found by.
pub(super) struct Finder<'f> {
    pub(super) promote: &'f PromoteSettings,
    pub(super) configuration: &'f PublishConfiguration,
}

impl Finder<'_> {
    pub(super) fn find(&self) -> Result<Ends, Error> {
        let promote = self.promote;
        let from = match &promote.from {
            Some(text) => self.end(FROM, text, None)?,
            None => End::Accounts(vec![self.default_account()]),
        };
        let (source, account) = match from {
            End::Local(directory) => (self.local(directory), self.default_account()),
            End::Accounts(accounts) => {
                let account = accounts.into_iter().next().unwrap_or_default();
                (self.source(&account)?, account)
            }
        };
        let region = source.publisher.region().map(str::to_owned);
        let mut targets = Vec::new();
        let accounts = self.targets(&account, region.as_deref(), &mut targets)?;
        targets.extend(enter(&accounts, &promote.settings.cache)?);
        Ok(Ends { source, targets })
    }

    /// The accounts to publish to; a directory is one of the places at once.
    fn targets(
        &self,
        source: &AwsAccount,
        region: Option<&str>,
        places: &mut Vec<Place>,
    ) -> Result<Vec<AwsAccount>, Error> {
        let promote = self.promote;
        let asked = promote.with.account()?;
        let mut targets: Vec<AwsAccount> = Vec::new();
        let here = || [End::Accounts(vec![source.clone()])];
        let mut ends = Vec::new();
        for text in &promote.to {
            ends.push(self.end(TO, text, Some(source))?);
        }
        if ends.is_empty() && !promote.regions.is_empty() {
            ends.extend(here());
        }
        for (index, end) in ends.into_iter().enumerate() {
            let accounts = match end {
                End::Accounts(accounts) => accounts,
                End::Local(directory) => {
                    places.push(self.local(directory));
                    continue;
                }
            };
            let is_region = promote
                .to
                .get(index)
                .is_some_and(|text| self.is_region(text));
            for mut account in accounts {
                if !is_region && !promote.regions.is_empty() {
                    account.regions = Some(promote.regions.clone());
                }
                // Bytes go to another account in the same region, unless it is said otherwise.
                if account.regions.as_ref().is_none_or(Vec::is_empty) {
                    account.regions = region.map(|region| vec![region.to_owned()]);
                }
                let account = checked(asked.clone().instead_of(account))?;
                if !targets.contains(&account) {
                    targets.push(account);
                }
            }
        }
        if targets.is_empty() && places.is_empty() {
            return Err(Error::PublishOption {
                option: TO,
                message: "name where to, by a profile, an account or a region".to_owned(),
            });
        }
        Ok(targets)
    }

    /// What a user calls an end. A region is one of the account's, `here`.
    fn end(
        &self,
        option: &'static str,
        text: &str,
        here: Option<&AwsAccount>,
    ) -> Result<End, Error> {
        let configured = self.configuration.aws.accounts.iter();
        let named: Vec<_> = configured
            .filter(|account| account.profile.as_deref() == Some(text))
            .cloned()
            .collect();
        if !named.is_empty() {
            return Ok(End::Accounts(named));
        }
        match text.strip_prefix(LOCAL) {
            Some("") => return Ok(End::Local(None)),
            Some(rest) if rest.starts_with(':') => {
                return Ok(End::Local(Some(rest[1..].into())));
            }
            _ => {}
        }
        if self.is_region(text) {
            let account = here.cloned().unwrap_or_else(|| self.default_account());
            return Ok(End::Accounts(vec![AwsAccount {
                regions: Some(vec![text.to_owned()]),
                ..account
            }]));
        }
        if is_account(text) {
            return self.account(option, text).map(End::Accounts);
        }
        let asked = if text.starts_with("arn:") {
            let role = parse_role(text);
            let role = role.map_err(|message| Error::PublishOption { option, message })?;
            AwsAccount {
                role_arn: Some(role),
                ..AwsAccount::default()
            }
        } else {
            AwsAccount {
                profile: Some(text.to_owned()),
                ..AwsAccount::default()
            }
        };
        let common = self.configuration.aws.common.clone();
        Ok(End::Accounts(vec![asked.instead_of(common)]))
    }

    /// The configured accounts of this number, which their roles tell.
    fn account(&self, option: &'static str, number: &str) -> Result<Vec<AwsAccount>, Error> {
        let configured = self.configuration.aws.accounts.iter();
        let is_of = |account: &&AwsAccount| {
            let role = account.role_arn.as_deref();
            role.and_then(|role| role.split(':').nth(4)) == Some(number)
        };
        let accounts: Vec<_> = configured.filter(is_of).cloned().collect();
        if accounts.is_empty() {
            return Err(Error::PublishOption {
                option,
                message: format!(
                    "no account of [tool.layerlock.publish.aws] has a role in {number}: add one, \
                     or name a profile or the ARN of a role"
                ),
            });
        }
        Ok(accounts)
    }

    fn source(&self, account: &AwsAccount) -> Result<Place, Error> {
        let promote = self.promote;
        let regions = account.regions.as_ref();
        let first = promote.from_region.clone();
        let first = first.or_else(|| regions.and_then(|regions| regions.first().cloned()));
        let in_region = |region: Option<String>| {
            let account = AwsAccount {
                regions: region.map(|region| vec![region]),
                ..account.clone()
            };
            connect(&account, &promote.settings.cache)
        };
        let places = match in_region(first) {
            // Then the one that is promoted to.
            Err(Error::Publish(ProviderError::NoRegion)) if !promote.regions.is_empty() => {
                in_region(promote.regions.first().cloned())
            }
            places => places,
        };
        let first = places?.into_iter().next();
        first.ok_or(Error::Publish(ProviderError::NoRegion))
    }

    fn local(&self, directory: Option<PathBuf>) -> Place {
        let directory = directory.or_else(|| self.promote.local_directory.clone());
        local(&self.promote.settings, directory)
    }

    fn default_account(&self) -> AwsAccount {
        let first = self.configuration.aws.accounts.first();
        first.cloned().unwrap_or_default()
    }

    /// Whether a text is a region, and no configured profile of such a name.
    fn is_region(&self, text: &str) -> bool {
        let mut configured = self.configuration.aws.accounts.iter();
        looks_like_region(text)
            && !configured.any(|account| account.profile.as_deref() == Some(text))
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `eu-west-1`, `us-gov-east-1`: which ones there are, only AWS knows.
fn looks_like_region(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    match &parts[..] {
        [area, words @ .., number] => {
            (area.len() == 2 || *area == "eusc")
                && !words.is_empty()
                && is_word(area)
                && words.iter().all(is_word)
                && number.len() == 1
                && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_told_from_profiles() {
        for region in ["eu-west-1", "us-gov-east-1", "cn-north-1", "eusc-de-east-1"] {
            assert!(looks_like_region(region), "{region}");
        }
        for other in [
            "prod",
            "prod-eu-1",
            "eu-1",
            "my-team-12",
            "eu-west",
            "Eu-west-1",
            "",
        ] {
            assert!(!looks_like_region(other), "{other}");
        }
    }

    #[test]
    fn an_end_is_a_profile_an_account_a_role_or_a_region() {
        let account = |profile: Option<&str>, role: Option<&str>, region: &str| AwsAccount {
            profile: profile.map(str::to_owned),
            role_arn: role.map(str::to_owned),
            regions: Some(vec![region.to_owned()]),
            ..AwsAccount::default()
        };
        let role = "arn:aws:iam::222222222222:role/layers";
        let mut configuration = PublishConfiguration::default();
        configuration.aws.common.regions = Some(vec!["eu-west-1".to_owned()]);
        configuration.aws.accounts = vec![
            account(Some("dev"), None, "eu-west-1"),
            account(None, Some(role), "us-east-1"),
        ];
        let promote = PromoteSettings::default();
        let finder = Finder {
            promote: &promote,
            configuration: &configuration,
        };
        let find = |text| match finder.end(TO, text, None) {
            Ok(End::Accounts(mut accounts)) => {
                assert_eq!(accounts.len(), 1);
                Ok(accounts.remove(0))
            }
            Ok(End::Local(_)) => panic!("it is no directory"),
            Err(error) => Err(error.to_string()),
        };
        assert_eq!(find("dev").unwrap(), configuration.aws.accounts[0]);
        assert_eq!(find("222222222222").unwrap(), configuration.aws.accounts[1]);
        assert_eq!(
            find("ap-south-1").unwrap(),
            account(Some("dev"), None, "ap-south-1")
        );
        assert_eq!(
            find("prod").unwrap(),
            account(Some("prod"), None, "eu-west-1")
        );
        let other = "arn:aws:iam::333333333333:role/x";
        assert_eq!(
            find(other).unwrap(),
            account(None, Some(other), "eu-west-1")
        );
        assert!(find("333333333333").unwrap_err().starts_with(
            "--to: no account of [tool.layerlock.publish.aws] has a role in 333333333333"
        ));
        assert!(find("arn:aws:s3:::x").is_err());
        assert!(matches!(
            finder.end(TO, "local", None),
            Ok(End::Local(None))
        ));
    }
}
