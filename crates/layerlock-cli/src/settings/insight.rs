//! Settings of the commands that tell what layers are made of.

use std::path::PathBuf;

use layerlock::{DiffSettings, Settings, SizeSettings, WhySettings};

use super::{common, to_compression, upkeep_settings};
use crate::args::{DiffArgs, SizeArgs, WhyArgs};

pub(crate) fn size_settings(project: PathBuf, args: SizeArgs) -> SizeSettings {
    SizeSettings {
        settings: Settings {
            compression: args.compression.map(to_compression),
            ..common(project, args.planned.into())
        },
        paths: args.paths,
        top: args.top,
        html: args.html,
    }
}

pub(crate) fn why_settings(project: PathBuf, args: WhyArgs) -> WhySettings {
    WhySettings {
        settings: common(project, args.planned.into()),
        package: args.package,
        paths: args.paths,
    }
}

pub(crate) fn diff_settings(project: PathBuf, args: DiffArgs) -> DiffSettings {
    DiffSettings {
        before: args.before.0,
        after: args.after.0,
        upkeep: upkeep_settings(project, args.upkeep),
    }
}
