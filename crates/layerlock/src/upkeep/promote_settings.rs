use std::path::PathBuf;

use crate::Settings;
use crate::publish::AwsDestination;

/// Which versions to publish elsewhere, and where.
#[derive(Debug, Clone, Default)]
pub struct PromoteSettings {
    /// The project, and what was asked of its layers. None is needed where `name` is a name.
    pub settings: Settings,
    /// The layers' name at the provider, here and there: one name, or a template.
    pub name: Option<String>,
    /// The number of the version, of one layer. Else it is this project's newest for each
    /// target of each layer; of a layer that is named, the newest for each set of runtimes
    /// and architectures.
    pub version: Option<u64>,
    /// Where they are: a profile, a configured account's number, the ARN of a role, a region,
    /// `local` or `local:DIR`; the first configured account where there is none.
    pub from: Option<String>,
    /// In which region; the first configured one of the account where there is none.
    pub from_region: Option<String>,
    /// Where to, each as in `from`. A region is one of the account that they come from.
    pub to: Vec<String>,
    /// The regions of the accounts to publish to; the configured ones where there is none,
    /// else that which they come from.
    pub regions: Vec<String>,
    /// The directory of `local`; `dist/published` of the project where none is given.
    pub local_directory: Option<PathBuf>,
    /// How the new versions are stored and shared. Its regions and credentials have no say.
    pub with: AwsDestination,
    /// Whether other projects' versions are promoted too, and their layers taken over.
    pub adopt: bool,
    /// Whether to say only what would be done.
    pub dry_run: bool,
}
