//! Settings of the commands that look after published versions.

use std::path::PathBuf;

use layerlock::{
    AwsDestination, DeleteSettings, PromoteSettings, PruneSettings, PublishSettings, Settings,
    UpkeepSettings,
};

use super::{DAY, built_for, layer_settings, published, stored, to_publishing, with_fetch};
use crate::args::{DeleteArgs, PromoteArgs, PruneArgs, StatusArgs, UpkeepArgs, refused};

pub(crate) fn upkeep_settings(project: PathBuf, args: UpkeepArgs) -> UpkeepSettings {
    UpkeepSettings {
        settings: Settings {
            provider: built_for(&args.destination),
            ..with_fetch(layer_settings(project, args.layer, args.choice), args.fetch)
        },
        to: to_publishing(args.destination, None),
        name: args.name,
    }
}

pub(crate) fn status_settings(project: PathBuf, args: StatusArgs) -> PublishSettings {
    published(project, args.common, args.zip, args.published)
}

pub(crate) fn promote_settings(project: PathBuf, args: PromoteArgs) -> PromoteSettings {
    PromoteSettings {
        settings: Settings {
            provider: args.built_for.provider,
            ..with_fetch(layer_settings(project, args.layer, args.choice), args.fetch)
        },
        name: args.name,
        version: args.version,
        from: args.from,
        from_region: args.from_region,
        to: args.to,
        regions: args.region,
        local_directory: args.local_dir,
        with: stored(AwsDestination::default(), args.storage),
        adopt: args.adopt,
        dry_run: args.dry_run,
    }
}

pub(crate) fn prune_settings(project: PathBuf, args: PruneArgs) -> PruneSettings {
    PruneSettings {
        upkeep: upkeep_settings(project, args.upkeep),
        keep: usize::try_from(args.keep).unwrap_or(usize::MAX),
        older_than: args.older_than.map(|days| DAY * days),
        adopt: args.adopt,
        yes: args.consent.yes,
    }
}

pub(crate) fn delete_settings(
    project: PathBuf,
    mut args: DeleteArgs,
) -> Result<DeleteSettings, clap::Error> {
    let named = args.name_and_versions();
    let (name, versions) = named.map_err(|misuse| refused("delete", &misuse))?;
    args.upkeep.name = name.map(str::to_owned);
    Ok(DeleteSettings {
        upkeep: upkeep_settings(project, args.upkeep),
        versions,
        all: args.all,
        force: args.force,
        yes: args.consent.yes,
    })
}
