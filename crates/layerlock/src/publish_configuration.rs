//! `[tool.layerlock.publish]` in pyproject.toml: under which name, with which words, and
//! where to layers are published.

mod aliyun;
mod aws;
mod bad;

use std::path::Path;

use layerlock_export::Project;
use layerlock_target::Provider;
use serde::Deserialize;
use toml::Spanned;

use crate::Error;
use crate::name_template::{NameKind, NameTemplate};

use aliyun::AliyunTable;
use aws::AwsTable;
use bad::bad;

pub(crate) use aliyun::{AliyunAccount, parse_ram_role, parse_share};
pub(crate) use aws::{
    AwsAccount, AwsConfiguration, BucketTemplate, parse_grant, parse_parameter, parse_role,
    parse_storage,
};

/// A provider, as the configuration names it.
pub(crate) type ProviderName = Provider;

/// `[tool.layerlock.publish]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub(crate) struct PublishTable {
    name: Option<Spanned<String>>,
    description: Option<Spanned<String>>,
    license: Option<Spanned<String>>,
    aws: Option<AwsTable>,
    aliyun: Option<AliyunTable>,
}

/// The part of `[tool.layerlock]` that is about publishing.
#[derive(Debug, Default, Deserialize)]
struct Table {
    provider: Option<ProviderName>,
    publish: Option<PublishTable>,
}

/// What the project says of publishing; the default is what no project says.
#[derive(Debug, Default)]
pub(crate) struct PublishConfiguration {
    /// The project's name.
    pub(crate) project: Option<String>,
    pub(crate) name: Option<NameTemplate>,
    pub(crate) description: Option<String>,
    pub(crate) license: Option<String>,
    /// The providers that layers go to where nobody says otherwise.
    pub(crate) providers: Vec<Provider>,
    /// What is said of AWS.
    pub(crate) aws: AwsConfiguration,
    /// What is said of Alibaba Cloud.
    pub(crate) aliyun: AliyunAccount,
}

impl PublishConfiguration {
    /// What the project in a directory says, where there is one.
    pub(crate) fn of_directory(directory: &Path) -> Result<Self, Error> {
        if layerlock_export::has_project(directory) {
            Self::read(&Project::read(directory)?)
        } else {
            Ok(Self::default())
        }
    }

    pub(crate) fn read(project: &Project) -> Result<Self, Error> {
        let table: Table = project.settings()?.unwrap_or_default();
        let publish = table.publish.unwrap_or_default();
        let is_for = |provider: &Provider| {
            let has_table = match provider {
                Provider::Aliyun => publish.aliyun.is_some(),
                _ => publish.aws.is_some(),
            };
            has_table || table.provider == Some(*provider)
        };
        let providers = Provider::ALL.into_iter().filter(is_for).collect();
        let (name, aws, aliyun) = publish.read(project)?;
        Ok(Self {
            project: project.name().map(layerlock_lock::normalize_name),
            name,
            description: publish.description.map(Spanned::into_inner),
            license: publish.license.map(Spanned::into_inner),
            providers,
            aws,
            aliyun,
        })
    }
}

/// What is parsed of the table.
type Read = (Option<NameTemplate>, AwsConfiguration, AliyunAccount);

impl PublishTable {
    /// The provider of the only table there is of one.
    pub(crate) fn only_provider(&self) -> Option<Provider> {
        match (&self.aws, &self.aliyun) {
            (Some(_), None) => Some(Provider::Aws),
            (None, Some(_)) => Some(Provider::Aliyun),
            _ => None,
        }
    }

    /// What a provider would refuse, with its line: also where nothing is published.
    pub(crate) fn check(&self, project: &Project) -> Result<(), Error> {
        self.read(project).map(drop)
    }

    fn read(&self, project: &Project) -> Result<Read, Error> {
        let limits = Provider::Aws.limits();
        for (text, what, limit) in [
            (&self.description, "description", limits.description),
            (&self.license, "license", limits.license),
        ] {
            let Some(text) = text else { continue };
            let count = text.get_ref().chars().count();
            if count > limit {
                let message = format!(
                    "the {what} of a layer can have {limit} characters, and this one has {count}"
                );
                return Err(bad(project, text, message));
            }
        }
        let name = self.name.as_ref().map(|text| {
            let parsed = NameTemplate::parse(NameKind::Layer, text.get_ref());
            parsed.map_err(|message| bad(project, text, message))
        });
        let name = name.transpose()?;
        let aws = self.aws.as_ref().map(|aws| aws.read(project));
        let aliyun = self.aliyun.as_ref().map(|aliyun| aliyun.read(project));
        let aliyun = aliyun.transpose()?.unwrap_or_default();
        Ok((name, aws.transpose()?.unwrap_or_default(), aliyun))
    }
}
