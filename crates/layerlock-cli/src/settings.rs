//! Turns the command line into settings of the library.

mod insight;
mod upkeep;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::CommandFactory;
use clap::error::ErrorKind;
use layerlock::{
    AwsDestination, CacheLocation, CheckSettings, Choice, Compression, Conflicts, ExportFormat,
    ExportSettings, Extras, Groups, Prebuilt, Provider, PublishSettings, Publishing, Settings,
};

use crate::args::{
    Args, BuildArgs, CacheArgs, CheckArgs, ChoiceArgs, CommonArgs, CompressionArg, ConflictsArg,
    DestinationArgs, ExportArgs, FetchArgs, FormatArg, InitArgs, InstallArgs, LayerArgs,
    ProviderArg, PublishArgs, PublishedArgs, RuntimeArg, StorageArgs, ZipArgs,
};

pub(crate) use insight::{diff_settings, size_settings, why_settings};
pub(crate) use upkeep::{
    delete_settings, promote_settings, prune_settings, status_settings, upkeep_settings,
};

/// Options count in days.
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// The files by which a project is found and named.
const PROJECT_FILES: [&str; 2] = ["pyproject.toml", "layerlock.toml"];

/// The directory that is named, by itself or by a file of a project in it, else the nearest
/// with such a file, from the current one up, as Poetry does it.
pub(crate) fn find_project(named: Option<PathBuf>) -> Result<PathBuf, clap::Error> {
    let Some(named) = named else {
        return Ok(nearest_project().unwrap_or_else(|| ".".into()));
    };
    if named.is_dir() {
        Ok(named)
    } else if PROJECT_FILES.iter().any(|file| named.ends_with(file)) {
        Ok(named.parent().map(Path::to_owned).unwrap_or_default())
    } else if named.exists() {
        Err(other_file(&named))
    } else {
        Ok(named)
    }
}

fn other_file(file: &Path) -> clap::Error {
    let message = format!(
        "--project takes a project's directory, its pyproject.toml or layerlock.toml, and {} is \
         another file",
        file.display()
    );
    Args::command().error(ErrorKind::ValueValidation, message)
}

fn nearest_project() -> Option<PathBuf> {
    let current = std::env::current_dir().ok()?;
    let has_project = |directory: &Path| {
        let mut files = PROJECT_FILES.iter();
        files.any(|file| directory.join(file).is_file())
    };
    let above = current.ancestors().position(has_project)?;
    Some(std::iter::repeat_n("..", above).collect())
}

pub(crate) fn init_settings(project: PathBuf, args: InitArgs) -> Settings {
    Settings {
        provider: args.built_for.provider,
        runtimes: args.runtime,
        architectures: args.architecture,
        allow_stale_lock: args.allow_stale_lock,
        ..Settings::for_project(project)
    }
}

pub(crate) fn build_settings(project: PathBuf, args: BuildArgs) -> Settings {
    Settings {
        staging: args.staging,
        provider: args.built_for.provider,
        ..zip_settings(project, args.common, args.zip)
    }
}

fn zip_settings(project: PathBuf, common_args: CommonArgs, zip: ZipArgs) -> Settings {
    Settings {
        zip_name: zip.zip_name,
        output: zip.output,
        compression: zip.compression.map(to_compression),
        ..common(project, common_args)
    }
}

fn to_compression(how: CompressionArg) -> Compression {
    match how {
        CompressionArg::Copy => Compression::Copy,
        CompressionArg::Best => Compression::Best,
        CompressionArg::Store => Compression::Store,
    }
}

pub(crate) fn install_settings(project: PathBuf, args: InstallArgs) -> Settings {
    Settings {
        staging: args.to,
        provider: args.built_for.provider,
        ..common(project, args.common)
    }
}

/// The project's layers, or those that are named.
pub(crate) fn check_settings(project: PathBuf, args: CheckArgs) -> CheckSettings {
    let LayerArgs {
        runtime,
        architecture,
        ..
    } = &args.planned.layer;
    CheckSettings {
        given: args.given.clone(),
        import: args.import,
        runtimes: runtime.iter().cloned().map(RuntimeArg::into_name).collect(),
        architectures: architecture.clone(),
        settings: Settings {
            provider: args.planned.built_for.provider,
            ..common(project, args.into_common())
        },
    }
}

pub(crate) fn export_settings(project: PathBuf, args: ExportArgs) -> ExportSettings {
    ExportSettings {
        settings: Settings {
            provider: args.built_for.provider,
            ..with_fetch(layer_settings(project, args.layer, args.choice), args.fetch)
        },
        format: match args.format {
            FormatArg::Requirements => ExportFormat::Requirements,
            FormatArg::Constraints => ExportFormat::Constraints,
            FormatArg::Pylock => ExportFormat::Pylock,
            FormatArg::Json => ExportFormat::Json,
        },
        output: args.output,
        dev: args.dev,
        without_hashes: args.without_hashes,
        without_urls: args.without_urls,
        with_credentials: args.with_credentials,
    }
}

/// The layer that is published as it is, where one is named.
pub(crate) fn prebuilt(args: &PublishArgs) -> Option<Prebuilt> {
    let LayerArgs {
        runtime,
        architecture,
        ..
    } = &args.common.layer;
    Some(Prebuilt {
        path: args.from.clone()?,
        runtimes: runtime.iter().cloned().map(RuntimeArg::into_name).collect(),
        architectures: architecture.clone(),
    })
}

pub(crate) fn publish_settings(project: PathBuf, args: PublishArgs) -> PublishSettings {
    PublishSettings {
        adopt: args.adopt,
        dry_run: args.dry_run,
        ..published(project, args.common, args.zip, args.published)
    }
}

fn published(
    project: PathBuf,
    common: CommonArgs,
    zip: ZipArgs,
    args: PublishedArgs,
) -> PublishSettings {
    PublishSettings {
        settings: Settings {
            provider: built_for(&args.destination),
            ..zip_settings(project, common, zip)
        },
        to: to_publishing(args.destination, Some(args.storage)),
        name: args.name,
        description: args.description,
        license: args.license,
        ..PublishSettings::default()
    }
}

/// Whose functions layers are built for, where the option says so.
fn built_for(args: &DestinationArgs) -> Option<Provider> {
    args.provider.and_then(ProviderArg::built_for)
}

fn to_publishing(args: DestinationArgs, storage: Option<StorageArgs>) -> Publishing {
    let mut aws = AwsDestination {
        regions: args.region,
        profile: args.profile,
        role_arn: args.role_arn,
        external_id: args.external_id,
        ..AwsDestination::default()
    };
    if let Some(storage) = storage {
        aws = stored(aws, storage);
    }
    match args.provider {
        Some(ProviderArg::Local) => Publishing::Local(args.local_dir),
        Some(ProviderArg::Aws) => Publishing::Aws(aws),
        // Who names a directory means it.
        None if args.local_dir.is_some() => Publishing::Local(args.local_dir),
        Some(ProviderArg::Aliyun) => Publishing::Aliyun(aws),
        None => Publishing::Configured(aws),
    }
}

fn stored(aws: AwsDestination, args: StorageArgs) -> AwsDestination {
    AwsDestination {
        share: args.share,
        bucket: args.bucket,
        storage: args.storage,
        ssm_parameter: args.ssm_parameter,
        ..aws
    }
}

fn common(project: PathBuf, args: CommonArgs) -> Settings {
    let given = |list: Vec<String>| (!list.is_empty()).then_some(list);
    Settings {
        rebuild: args.rebuild,
        report: args.report,
        exclude: given(args.exclude.exclude),
        exclude_files: given(args.exclude.exclude_files),
        prefer: given(args.exclude.prefer),
        conflicts: args.exclude.conflicts.map(|how| match how {
            ConflictsArg::Warn => Conflicts::Warn,
            ConflictsArg::Error => Conflicts::Error,
        }),
        include_project: args.include_project,
        build_frontend: args.build_frontend,
        ..with_fetch(layer_settings(project, args.layer, args.choice), args.fetch)
    }
}

fn with_fetch(settings: Settings, args: FetchArgs) -> Settings {
    Settings {
        index_url: args.index_url,
        find_links: args.find_links,
        offline: args.offline,
        cache: if args.no_cache {
            CacheLocation::Nowhere
        } else {
            cache_location(args.cache)
        },
        ..settings
    }
}

pub(crate) fn cache_location(args: CacheArgs) -> CacheLocation {
    match args.cache_dir {
        Some(directory) => CacheLocation::At(directory),
        None => CacheLocation::User,
    }
}

fn layer_settings(project: PathBuf, layer: LayerArgs, choice: ChoiceArgs) -> Settings {
    Settings {
        layers: layer.layer,
        targets: layer.layer_target,
        runtimes: layer
            .runtime
            .into_iter()
            .filter_map(RuntimeArg::known)
            .collect(),
        architectures: layer.architecture,
        allow_stale_lock: choice.allow_stale_lock,
        allow_unhashed: choice.allow_unhashed,
        lock: choice.lock.clone(),
        package: choice.package.clone(),
        choice: to_choice(choice),
        ..Settings::for_project(project)
    }
}

/// `None` without any of these options: the project's own settings hold.
fn to_choice(args: ChoiceArgs) -> Option<Choice> {
    let choice = Choice {
        groups: Groups {
            with: args.with,
            without: args.without,
            only: args.only,
            all: args.all_groups,
        },
        extras: Extras {
            names: args.extras,
            all: args.all_extras,
        },
        package: None,
    };
    (choice != Choice::default()).then_some(choice)
}
