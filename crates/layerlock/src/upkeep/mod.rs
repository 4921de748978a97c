//! Looking after what is published: which versions there are, whether they are what the lock
//! gives, and which can go.

mod delete;
mod download;
mod ends;
mod fc_ends;
mod ground;
mod list;
mod promote;
mod promote_settings;
mod prune;
mod removal;
mod report;
mod status;

use crate::Settings;
use crate::publish::Publishing;

pub use delete::{DeleteReport, DeleteSettings, delete};
pub(crate) use download::download_published;
pub use list::{ListReport, list};
pub use promote::{PromoteReport, promote};
pub use promote_settings::PromoteSettings;
pub use prune::{PruneReport, PruneSettings, prune};
pub use report::{VersionOutcome, VersionReport};
pub use status::{LayerStatus, StatusOutcome, StatusReport, status};

/// Which layers to look after, and where they are. What is not set comes from
/// `[tool.layerlock.publish]` in pyproject.toml, then from the defaults.
#[derive(Debug, Clone, Default)]
pub struct UpkeepSettings {
    /// The project, and what was asked of its layers. None is needed where `name` is a name.
    pub settings: Settings,
    /// Where they are.
    pub to: Publishing,
    /// The layers' name at the provider: one name, or a template with the placeholders of
    /// [`PublishSettings::name`](crate::PublishSettings::name).
    pub name: Option<String>,
}
