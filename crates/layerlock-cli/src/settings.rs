//! From the command line to the library's settings.

use std::path::{Path, PathBuf};

use layerlock::{
    CacheLocation, Choice, Compression, ExportFormat, ExportSettings, Extras, Groups,
    PublishSettings, Publishing, Settings,
};

use crate::args::{
    BuildArgs, CacheArgs, ChoiceArgs, CommonArgs, CompressionArg, ExportArgs, FetchArgs, FormatArg,
    InstallArgs, LayerArgs, ProviderArg, PublishArgs,
};

/// The folder that is named, else as Poetry looks for it: the current one, or the
/// nearest above that has a pyproject.toml.
pub(crate) fn of_project(named: Option<PathBuf>) -> PathBuf {
    named.or_else(nearest_project).unwrap_or_else(|| ".".into())
}

fn nearest_project() -> Option<PathBuf> {
    let current = std::env::current_dir().ok()?;
    let has_project = |folder: &Path| folder.join("pyproject.toml").is_file();
    let above = current.ancestors().position(has_project)?;
    Some(std::iter::repeat_n("..", above).collect())
}

pub(crate) fn of_build(project: PathBuf, args: BuildArgs) -> Settings {
    Settings {
        output: args.output,
        staging: args.staging,
        compression: args.compression.map(|how| match how {
            CompressionArg::Copy => Compression::Copy,
            CompressionArg::Best => Compression::Best,
            CompressionArg::Store => Compression::Store,
        }),
        ..common(project, args.common)
    }
}

pub(crate) fn of_install(project: PathBuf, args: InstallArgs) -> Settings {
    Settings {
        staging: args.to,
        ..common(project, args.common)
    }
}

pub(crate) fn of_export(project: PathBuf, args: ExportArgs) -> ExportSettings {
    ExportSettings {
        settings: with_fetch(of_layer(project, args.layer, args.choice), args.fetch),
        format: match args.format {
            FormatArg::Requirements => ExportFormat::Requirements,
            FormatArg::Constraints => ExportFormat::Constraints,
            FormatArg::Pylock => ExportFormat::Pylock,
            FormatArg::Json => ExportFormat::Json,
        },
        output: args.output,
        without_hashes: args.without_hashes,
        without_urls: args.without_urls,
        with_credentials: args.with_credentials,
    }
}

pub(crate) fn of_publish(project: PathBuf, args: PublishArgs) -> PublishSettings {
    PublishSettings {
        settings: of_build(project, args.build),
        to: match args.provider {
            ProviderArg::Local => Publishing::Local(args.local_dir),
            ProviderArg::Aws => Publishing::Aws {
                regions: args.region,
            },
        },
        dry_run: args.dry_run,
    }
}

fn common(project: PathBuf, args: CommonArgs) -> Settings {
    let given = |list: Vec<String>| (!list.is_empty()).then_some(list);
    Settings {
        rebuild: args.rebuild,
        exclude: given(args.exclude.exclude),
        exclude_files: given(args.exclude.exclude_files),
        include_project: args.include_project,
        build_frontend: args.build_frontend,
        ..with_fetch(of_layer(project, args.layer, args.choice), args.fetch)
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
            of_cache(args.cache)
        },
        ..settings
    }
}

pub(crate) fn of_cache(args: CacheArgs) -> CacheLocation {
    match args.cache_dir {
        Some(folder) => CacheLocation::At(folder),
        None => CacheLocation::User,
    }
}

fn of_layer(project: PathBuf, layer: LayerArgs, choice: ChoiceArgs) -> Settings {
    Settings {
        layer: layer.layer,
        runtimes: layer.runtime,
        architectures: layer.architecture,
        choice: of_choice(choice),
        ..Settings::for_project(project)
    }
}

/// Without a flag the project's own settings hold.
fn of_choice(args: ChoiceArgs) -> Option<Choice> {
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
    };
    (choice != Choice::default()).then_some(choice)
}
