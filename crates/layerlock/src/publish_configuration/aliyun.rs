//! `[tool.layerlock.publish.aliyun]`: where in Alibaba Cloud layers are published, and as
//! whom.

use std::fmt;

use layerlock_export::Project;
use layerlock_publish::Grant;
use serde::Deserialize;
use toml::Spanned;

use super::aws::{BucketTemplate, parse_grant};
use super::bad::bad;
use crate::Error;

/// The table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub(super) struct AliyunTable {
    regions: Option<Vec<String>>,
    profile: Option<String>,
    role_arn: Option<Spanned<String>>,
    account: Option<Spanned<String>>,
    share: Option<Vec<Spanned<String>>>,
    bucket: Option<Spanned<String>>,
    endpoint: Option<String>,
    oss_endpoint: Option<String>,
}

/// One account, or what a user says of it; what is `None` nobody said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AliyunAccount {
    pub(crate) regions: Option<Vec<String>>,
    pub(crate) profile: Option<String>,
    pub(crate) role_arn: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) share: Option<Vec<Grant>>,
    pub(crate) bucket: Option<BucketTemplate>,
    pub(crate) endpoint: Option<String>,
    pub(crate) oss_endpoint: Option<String>,
}

impl AliyunAccount {
    /// What a user asks for in place of what is configured. An empty profile or role stands
    /// for none. Another profile or role is of another account.
    pub(crate) fn instead_of(self, configured: Self) -> Self {
        let is_same = self.profile.is_none() && self.role_arn.is_none();
        let not_empty = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            regions: self.regions.or(configured.regions),
            profile: not_empty(self.profile.or(configured.profile)),
            role_arn: not_empty(self.role_arn.or(configured.role_arn)),
            account: self.account.or(configured.account.filter(|_| is_same)),
            share: self.share.or(configured.share),
            bucket: self.bucket.or(configured.bucket),
            endpoint: self.endpoint.or(configured.endpoint),
            oss_endpoint: self.oss_endpoint.or(configured.oss_endpoint),
        }
    }
}

/// As messages name it.
impl fmt::Display for AliyunAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Alibaba Cloud, ")?;
        match (&self.role_arn, &self.profile) {
            (Some(role), _) => write!(f, "the account of {role}"),
            (None, Some(profile)) => write!(f, "the account of the profile `{profile}`"),
            (None, None) => f.write_str("the account of the environment"),
        }
    }
}

impl AliyunTable {
    /// The first error is told, with its line.
    pub(super) fn read(&self, project: &Project) -> Result<AliyunAccount, Error> {
        fn parsed<T>(
            project: &Project,
            text: Option<&Spanned<String>>,
            parse: impl Fn(&str) -> Result<T, String>,
        ) -> Result<Option<T>, Error> {
            let parsed = text.map(|text| {
                let parsed = parse(text.get_ref());
                parsed.map_err(|message| bad(project, text, message))
            });
            parsed.transpose()
        }
        let share = self.share.as_ref().map(|grants| {
            let grants = grants.iter().map(|text| {
                let parsed = parse_share(text.get_ref());
                parsed.map_err(|message| bad(project, text, message))
            });
            grants.collect::<Result<Vec<_>, _>>()
        });
        Ok(AliyunAccount {
            regions: self.regions.clone(),
            profile: self.profile.clone(),
            role_arn: parsed(project, self.role_arn.as_ref(), parse_ram_role)?,
            account: parsed(project, self.account.as_ref(), parse_account)?,
            share: share.transpose()?,
            bucket: parsed(project, self.bucket.as_ref(), BucketTemplate::parse)?,
            endpoint: self.endpoint.clone(),
            oss_endpoint: self.oss_endpoint.clone(),
        })
    }
}

/// `acs:ram::1234567890123456:role/name`. The error is for people.
pub(crate) fn parse_ram_role(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("acs:ram::");
    let role = rest.and_then(|rest| rest.split_once(":role/"));
    if role.is_some_and(|(account, name)| is_number(account) && !name.is_empty()) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{text:?} is not the ARN of a RAM role, such as acs:ram::1234567890123456:role/layers"
    ))
}

fn parse_account(text: &str) -> Result<String, String> {
    if is_number(text) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{text:?} is not the number of an account, such as \"1234567890123456\""
    ))
}

/// Function Compute shares a layer with everybody, or nobody.
pub(crate) fn parse_share(text: &str) -> Result<Grant, String> {
    let grant = parse_grant(text)?;
    if text == "public" {
        return Ok(grant);
    }
    Err(format!(
        "{text:?} is for AWS: Function Compute shares a layer with everybody, by `public`, or \
         nobody"
    ))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_accounts_and_shares_are_those_of_alibaba_cloud() {
        parse_ram_role("acs:ram::1234567890123456:role/layers").unwrap();
        for text in ["", "arn:aws:iam::123456789012:role/a", "acs:ram::1:role/"] {
            assert!(parse_ram_role(text).is_err(), "{text}");
        }
        assert!(parse_account("12a").is_err());
        parse_share("public").unwrap();
        let message = parse_share("account:123456789012").unwrap_err();
        assert!(message.contains("is for AWS"), "{message}");
        assert!(parse_share("all").is_err());
    }

    #[test]
    fn another_profile_has_another_account() {
        let configured = AliyunAccount {
            profile: Some("a".to_owned()),
            account: Some("1".to_owned()),
            ..AliyunAccount::default()
        };
        let same = AliyunAccount::default().instead_of(configured.clone());
        assert_eq!(same, configured);
        let asked = AliyunAccount {
            profile: Some("b".to_owned()),
            ..AliyunAccount::default()
        };
        let other = asked.instead_of(configured);
        assert_eq!((other.profile.as_deref(), other.account), (Some("b"), None));
    }
}
