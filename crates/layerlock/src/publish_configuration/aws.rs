//! `[tool.layerlock.publish.aws]`: in which accounts and regions layers are published, and
//! who may use them.

use std::fmt;

use layerlock_export::Project;
use layerlock_publish::{Grant, Storage};
use serde::Deserialize;
use toml::Spanned;

use super::bad::bad;
use crate::Error;
use crate::name_template::{NameKind, NameTemplate};
use crate::placeholders::{Piece, pieces};

/// `[tool.layerlock.publish.aws]`, and one of its `accounts`, which has the same keys.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub(super) struct AwsTable {
    regions: Option<Vec<String>>,
    profile: Option<String>,
    role_arn: Option<Spanned<String>>,
    external_id: Option<Spanned<String>>,
    share: Option<Vec<Spanned<String>>>,
    bucket: Option<Spanned<String>>,
    storage: Option<Spanned<String>>,
    ssm_parameter: Option<Spanned<String>>,
    accounts: Option<Spanned<Vec<Self>>>,
}

/// One account, or what a user says of it; what is `None` nobody said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AwsAccount {
    pub(crate) regions: Option<Vec<String>>,
    pub(crate) profile: Option<String>,
    pub(crate) role_arn: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) share: Option<Vec<Grant>>,
    pub(crate) bucket: Option<BucketTemplate>,
    pub(crate) storage: Option<Storage>,
    pub(crate) parameter: Option<NameTemplate>,
}

impl AwsAccount {
    /// These settings, and where they say nothing those.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            regions: self.regions.or(other.regions),
            profile: self.profile.or(other.profile),
            role_arn: self.role_arn.or(other.role_arn),
            external_id: self.external_id.or(other.external_id),
            share: self.share.or(other.share),
            bucket: self.bucket.or(other.bucket),
            storage: self.storage.or(other.storage),
            parameter: self.parameter.or(other.parameter),
        }
    }

    /// What a user asks for in place of what is configured. An empty profile or role stands
    /// for none.
    pub(crate) fn instead_of(self, mut configured: Self) -> Self {
        if self.role_arn.is_some() {
            // That is for the configured role.
            configured.external_id = None;
        }
        let mut account = self.or(configured);
        account.profile = account.profile.filter(|name| !name.is_empty());
        account.role_arn = account.role_arn.filter(|arn| !arn.is_empty());
        account
    }

    /// Whether they choose the account.
    pub(crate) fn names_an_account(&self) -> bool {
        self.profile.is_some() || self.role_arn.is_some()
    }
}

/// As messages name it.
impl fmt::Display for AwsAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.role_arn, &self.profile) {
            (Some(role), _) => write!(f, "the account of {role}"),
            (None, Some(profile)) => write!(f, "the account of the profile `{profile}`"),
            (None, None) => f.write_str("the account of the environment"),
        }
    }
}

/// What `[tool.layerlock.publish.aws]` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AwsConfiguration {
    /// The table itself.
    pub(crate) common: AwsAccount,
    /// The accounts that it lists, each completed by the table; without a list, the table
    /// itself.
    pub(crate) accounts: Vec<AwsAccount>,
}

impl Default for AwsConfiguration {
    fn default() -> Self {
        Self {
            common: AwsAccount::default(),
            accounts: vec![AwsAccount::default()],
        }
    }
}

impl AwsTable {
    /// The first error is told, with its line.
    pub(super) fn read(&self, project: &Project) -> Result<AwsConfiguration, Error> {
        let common = self.account(project)?;
        let Some(tables) = &self.accounts else {
            self.check(project, &common, None)?;
            let accounts = vec![common.clone()];
            return Ok(AwsConfiguration { common, accounts });
        };
        if tables.get_ref().is_empty() {
            return Err(bad(project, tables, "an empty list of accounts".to_owned()));
        }
        let mut accounts = Vec::new();
        for table in tables.get_ref() {
            if let Some(inner) = &table.accounts {
                let message = "an account has no accounts of its own".to_owned();
                return Err(bad(project, inner, message));
            }
            let account = table.account(project)?.or(common.clone());
            table.check(project, &account, self.external_id.as_ref())?;
            accounts.push(account);
        }
        Ok(AwsConfiguration { common, accounts })
    }

    /// What fits not together in an account, whose external ID may be an `outer` one.
    fn check(
        &self,
        project: &Project,
        account: &AwsAccount,
        outer: Option<&Spanned<String>>,
    ) -> Result<(), Error> {
        match (self.external_id.as_ref().or(outer), &account.role_arn) {
            (Some(external_id), None) => {
                let message = "`external-id` is for a `role-arn`, and there is none".to_owned();
                Err(bad(project, external_id, message))
            }
            _ => Ok(()),
        }
    }

    fn account(&self, project: &Project) -> Result<AwsAccount, Error> {
        Ok(AwsAccount {
            regions: self.regions.clone(),
            profile: self.profile.clone(),
            role_arn: maybe_parsed(project, self.role_arn.as_ref(), parse_role)?,
            external_id: self.external_id.as_ref().map(|it| it.get_ref().clone()),
            share: match &self.share {
                Some(grants) => {
                    let grants = grants.iter().map(|text| parsed(project, text, parse_grant));
                    Some(grants.collect::<Result<_, _>>()?)
                }
                None => None,
            },
            bucket: maybe_parsed(project, self.bucket.as_ref(), BucketTemplate::parse)?,
            storage: maybe_parsed(project, self.storage.as_ref(), parse_storage)?,
            parameter: maybe_parsed(project, self.ssm_parameter.as_ref(), parse_parameter)?,
        })
    }
}

fn maybe_parsed<T>(
    project: &Project,
    text: Option<&Spanned<String>>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, Error> {
    text.map(|text| parsed(project, text, parse)).transpose()
}

fn parsed<T>(
    project: &Project,
    text: &Spanned<String>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Error> {
    parse(text.get_ref()).map_err(|message| bad(project, text, message))
}

/// `public`, `account:123456789012` or `organization:o-abcdefghij`. The error is for people.
pub(crate) fn parse_grant(text: &str) -> Result<Grant, String> {
    let grant = match text.split_once(':') {
        None if text == "public" => Grant::new("*", None),
        Some(("account", account)) => Grant::new(account, None),
        Some(("organization", organization)) => Grant::new("*", Some(organization)),
        _ => {
            return Err(format!(
                "{text:?} is none of `public`, `account:123456789012` and \
                 `organization:o-abcdefghij`"
            ));
        }
    };
    grant.map_err(|error| error.to_string())
}

/// `arn:aws:iam::123456789012:role/name`. The error is for people.
pub(crate) fn parse_role(text: &str) -> Result<String, String> {
    let mut parts = text.splitn(6, ':');
    let is_role = parts.next() == Some("arn")
        && parts
            .next()
            .is_some_and(|partition| partition.starts_with("aws"))
        && parts.next() == Some("iam")
        && parts.next() == Some("")
        && parts.next().is_some_and(|account| {
            account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())
        })
        && parts.next().is_some_and(|role| {
            role.strip_prefix("role/")
                .is_some_and(|name| !name.is_empty())
        });
    if is_role {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{text:?} is not the ARN of a role, such as arn:aws:iam::123456789012:role/layers"
    ))
}

/// The name of a parameter, with placeholders. The error is for people.
pub(crate) fn parse_parameter(text: &str) -> Result<NameTemplate, String> {
    NameTemplate::parse(NameKind::Parameter, text)
}

/// `copy` or `reference`. The error is for people.
pub(crate) fn parse_storage(text: &str) -> Result<Storage, String> {
    match text {
        "copy" => Ok(Storage::Copy),
        "reference" => Ok(Storage::Reference),
        _ => Err(format!("{text:?} is neither `copy` nor `reference`")),
    }
}

/// The name of a bucket, in which `{region}` stands for the region: Lambda reads from
/// buckets in its own region alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BucketTemplate {
    text: String,
}

impl BucketTemplate {
    /// The error is for people.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        for piece in pieces(text).map_err(|inside| format!("`{{{inside}` has no end"))? {
            if let Piece::Placeholder(name) = piece
                && name != "region"
            {
                return Err(format!(
                    "unknown placeholder `{{{name}}}`: the placeholder of a bucket is {{region}}"
                ));
            }
        }
        let template = Self {
            text: text.to_owned(),
        };
        template.check().map(|()| template)
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
    fn check(&self) -> Result<(), String> {
        let name = self.in_region("us-east-1");
        let is_allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
        let is_end = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = name.as_bytes();
        let holds = (3..=63).contains(&bytes.len())
            && bytes.iter().all(|byte| is_allowed(*byte))
            && bytes.first().is_some_and(|byte| is_end(*byte))
            && bytes.last().is_some_and(|byte| is_end(*byte))
            && !name.contains("..");
        if holds {
            return Ok(());
        }
        Err(format!(
            "invalid bucket name {:?}: a bucket's name is 3 to 63 lower-case letters, digits, \
             dots and hyphens",
            self.text
        ))
    }

    /// As it is written.
    #[cfg(feature = "aliyun")]
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn in_region(&self, region: &str) -> String {
        self.text.replace("{region}", region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_a_layer_is_shared_with_is_one_of_three_kinds() {
        for (text, principal, organization) in [
            ("public", "*", None),
            ("account:123456789012", "123456789012", None),
            ("organization:o-abcdefghij", "*", Some("o-abcdefghij")),
        ] {
            let grant = parse_grant(text).unwrap();
            assert_eq!(grant.principal(), principal);
            assert_eq!(grant.organization(), organization);
        }
        for text in [
            "",
            "123456789012",
            "account:12",
            "organization:x",
            "everyone",
        ] {
            let message = parse_grant(text).unwrap_err();
            assert!(message.contains(&format!("{:?}", text.rsplit(':').next().unwrap())));
        }
    }

    #[test]
    fn a_bucket_may_name_its_region() {
        let bucket = BucketTemplate::parse("layers-{region}").unwrap();
        assert_eq!(bucket.in_region("eu-west-1"), "layers-eu-west-1");
        for (text, part) in [
            ("Layers", "invalid bucket name"),
            ("ab", "invalid bucket name"),
            ("a..b", "invalid bucket name"),
            ("layers-", "invalid bucket name"),
            ("{account}-layers", "unknown placeholder `{account}`"),
            ("layers-{region", "has no end"),
        ] {
            let message = BucketTemplate::parse(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
