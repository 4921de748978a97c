//! The targets of a layer, and the provider of those that name none.

use layerlock_target::{Provider, Target};

use super::table::Table;
use crate::Settings;
use crate::default_runtime::DefaultRuntime;
use crate::publish_configuration::PublishTable;

/// The targets of one layer.
pub(super) struct Targets {
    /// Each once.
    pub(super) all: Vec<Target>,
    /// Why it is this runtime, where nobody named one.
    pub(super) default_runtime: Option<DefaultRuntime>,
    /// Whether nobody named an architecture.
    pub(super) is_default_architecture: bool,
}

impl Targets {
    /// Those that somebody named.
    pub(super) fn named(named: impl IntoIterator<Item = Target>) -> Self {
        let mut targets = Vec::new();
        for target in named {
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        Self {
            all: targets,
            default_runtime: None,
            is_default_architecture: false,
        }
    }
}

/// The provider of layers for which no target names one.
pub(super) fn provider(settings: &Settings, table: &Table) -> Provider {
    let of_publish = || table.publish.as_ref().and_then(PublishTable::only_provider);
    settings
        .provider
        .or(table.provider)
        .or_else(of_publish)
        .unwrap_or(Provider::Aws)
}
