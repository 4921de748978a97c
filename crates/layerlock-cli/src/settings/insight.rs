//! Settings of the commands that tell what layers are made of.

use std::path::PathBuf;

use layerlock::{DiffSettings, Settings, SizeSettings, WhySettings};

use super::{common, to_compression, upkeep_settings};
use crate::args::{DiffArgs, PlannedLayersArgs, SizeArgs, WhyArgs};

pub(crate) fn size_settings(project: PathBuf, args: SizeArgs) -> SizeSettings {
    SizeSettings {
        settings: Settings {
            compression: args.compression.map(to_compression),
            ..planned(project, args.planned)
        },
        paths: args.paths,
        top: args.top,
        html: args.html,
    }
}

pub(crate) fn why_settings(project: PathBuf, args: WhyArgs) -> WhySettings {
    WhySettings {
        settings: planned(project, args.planned),
        package: args.package,
        paths: args.paths,
    }
}

/// The layers as `build` would make them.
fn planned(project: PathBuf, args: PlannedLayersArgs) -> Settings {
    Settings {
        provider: args.built_for.provider,
        ..common(project, args.into())
    }
}

pub(crate) fn diff_settings(project: PathBuf, args: DiffArgs) -> DiffSettings {
    DiffSettings {
        before: args.before.0,
        after: args.after.0,
        upkeep: upkeep_settings(project, args.upkeep),
    }
}
