//! Settings of the commands that look after published versions.

use std::path::PathBuf;

use layerlock::UpkeepSettings;

use super::{layer_settings, to_publishing, with_fetch};
use crate::args::UpkeepArgs;

pub(crate) fn upkeep_settings(project: PathBuf, args: UpkeepArgs) -> UpkeepSettings {
    UpkeepSettings {
        settings: with_fetch(layer_settings(project, args.layer, args.choice), args.fetch),
        to: to_publishing(args.destination, None),
        name: args.name,
    }
}
