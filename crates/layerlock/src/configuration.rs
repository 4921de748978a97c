//! `[tool.layerlock]` in pyproject.toml, and how settings and defaults complete it.

mod context;
mod folders;
mod maven;
mod npm;
mod table;
mod target_set;
mod targets;
mod zip_name;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use layerlock_export::Project;
use layerlock_install::{FindLinks, FrontendKind};
use layerlock_layer::Compression;
use layerlock_lock::{
    Choice, Extras, Groups, LockedPackage, MAIN_GROUP, NameError, PackageName, PackageSource,
    normalize_name,
};
use layerlock_target::{Provider, Target};
use toml::Spanned;

use crate::check_configuration::{CheckConfiguration, parse_size};
use crate::default_runtime::{self, DefaultRuntime, RuntimeQuery};
use crate::dist;
use crate::exclude_files::Pattern;
use crate::lock::LazyLock;
use crate::runtime_fit::LayerQuery;
use crate::{Conflicts, Error, Settings};

use context::Context;
pub(crate) use folders::{OwnFiles, OwnFolder};
pub(crate) use maven::MavenLayer;
pub(crate) use npm::NpmLayer;
use table::{LayerTable, OneOrSeveral, Table};
use target_set::Targets;
use zip_name::ZipName;

/// One layer with everything decided.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) name: String,
    pub(crate) target: Target,
    /// Whether there are layers of its name for other targets.
    pub(crate) is_one_of_several: bool,
    /// Why it is this runtime, where nobody named one.
    pub(crate) default_runtime: Option<DefaultRuntime>,
    /// Whether nobody named an architecture.
    pub(crate) is_default_architecture: bool,
    /// Which Python packages it has; none where it has files of its own alone.
    pub(crate) choice: Option<Choice>,
    /// The project's own files in it.
    pub(crate) own_files: OwnFiles,
    /// The lock of npm whose packages it has.
    pub(crate) npm: Option<NpmLayer>,
    /// The Maven project whose jars it has.
    pub(crate) maven: Option<MavenLayer>,
    /// The names of the packages to exclude.
    pub(crate) exclude: Vec<PackageName>,
    /// The files to exclude.
    pub(crate) exclude_files: Vec<Pattern>,
    /// Whose files stay where packages bring the same paths, the first one first.
    pub(crate) prefer: Vec<PackageName>,
    pub(crate) conflicts: Conflicts,
    pub(crate) compression: Compression,
    /// The project itself, where the layer holds it too.
    pub(crate) own_package: Option<LockedPackage>,
    /// What builds packages that have no wheel.
    pub(crate) frontend: Option<FrontendKind>,
    /// Where the zip goes.
    pub(crate) zip: Option<PathBuf>,
    pub(crate) staging: Option<PathBuf>,
    pub(crate) shares: Shares,
    /// What the project says of checks, with the layer's own budget.
    pub(crate) check: CheckConfiguration,
}

/// Which settings a layer has in common with the project's other layers.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each setting")]
pub(crate) struct Shares {
    /// The directory in which each has a staging directory.
    pub(crate) staging: bool,
    pub(crate) exclude: bool,
    pub(crate) exclude_files: bool,
    pub(crate) prefer: bool,
}

impl Layer {
    /// Which packages it has, whatever its target; none where it is of no packages.
    pub(crate) fn query<'q>(&'q self, find_links: &'q [FindLinks]) -> Option<LayerQuery<'q>> {
        Some(LayerQuery {
            choice: self.choice.as_ref()?,
            exclude: &self.exclude,
            find_links,
        })
    }

    /// A staging directory holds one layer: where there is one for each of several
    /// targets, each gets a directory in it.
    pub(crate) fn own_directory(&self, staging: PathBuf) -> PathBuf {
        if self.is_one_of_several {
            staging.join(target_suffix(&self.target))
        } else {
            staging
        }
    }

    /// The directories around `staging` that are for several layers, and so for none
    /// alone.
    pub(crate) fn shared_directories(&self) -> impl Iterator<Item = &Path> {
        let shared = usize::from(self.shares.staging) + usize::from(self.is_one_of_several);
        let directories = self
            .staging
            .iter()
            .flat_map(|directory| directory.ancestors());
        directories.skip(1).take(shared)
    }

    /// The staging directory, or the outermost directory that is for it and others.
    pub(crate) fn outermost_staging(&self) -> Option<&Path> {
        self.shared_directories().last().or(self.staging.as_deref())
    }
}

/// `python3.12-arm64`, in names of files. A runtime of another provider than AWS may have
/// the same name: `aliyun-python3.12-x86_64`.
fn target_suffix(target: &Target) -> String {
    let provider = match target.provider() {
        Provider::Aws => String::new(),
        other => format!("{other}-"),
    };
    if target.runtime.is_any() {
        return format!("{provider}{}", target.architecture);
    }
    format!("{provider}{}-{}", target.runtime, target.architecture)
}

/// Gives the runtime of a layer for which nobody named one; `None` where the project
/// allows none.
pub(crate) type ChooseRuntime<'a> = &'a dyn Fn(&RuntimeQuery<'_>) -> Option<DefaultRuntime>;

/// Every layer that the settings ask for.
pub(crate) fn layers(
    project: &Project,
    settings: &Settings,
    lock: &LazyLock<'_>,
    choose_runtime: ChooseRuntime<'_>,
) -> Result<Vec<Layer>, Error> {
    let mut table: Table = project.settings()?.unwrap_or_default();
    if let Some(publish) = &table.publish {
        publish.check(project)?;
    }
    let check = table.check.take().unwrap_or_default().read(project)?;
    let tables = std::mem::take(&mut table.layers);
    let resolver = Resolver {
        project,
        settings,
        lock,
        provider: target_set::provider(settings, &table),
        choose_runtime,
        check,
        table,
    };
    if tables.is_empty() {
        return resolver.only_layer();
    }
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for name in tables.keys() {
        // It becomes a file's name and the provider's name for the layer.
        let text = name.get_ref();
        if let Some(other) = seen.insert(text.to_lowercase(), text) {
            let message = format!(
                "the layers `{other}` and `{text}` differ in upper and lower case alone: where \
                 names of files ignore case, one's zip would replace the other's"
            );
            return Err(resolver.bad(name, &message));
        }
        if !resolver.provider.layer_names().allow(text) {
            let names = resolver.provider.layer_names();
            let message = format!("invalid layer name {text:?}: a layer's name is {names}");
            return Err(resolver.bad(name, &message));
        }
    }
    let names: Vec<String> = tables.keys().map(|name| name.get_ref().clone()).collect();
    if let Some(unknown) = settings.layers.iter().find(|one| !names.contains(one)) {
        return Err(Error::UnknownLayer {
            name: unknown.clone(),
            known: names,
        });
    }
    let several = tables.len() > 1;
    tables
        .into_iter()
        .map(|(name, layer)| (name.into_inner(), layer))
        .filter(|(name, _)| settings.layers.is_empty() || settings.layers.contains(name))
        .map(|(name, layer)| resolver.layers(&name, &layer, several))
        .collect::<Result<Vec<_>, _>>()
        .map(|layers| layers.into_iter().flatten().collect())
}

/// The providers that the settings' layers are for.
pub(crate) fn providers(project: &Project, settings: &Settings) -> Result<Vec<Provider>, Error> {
    // Which runtime nobody named is no matter: it is of the same provider.
    let lock = LazyLock::new(project, settings);
    let layers = layers(project, settings, &lock, &|query| {
        default_runtime::newest_allowed(query.provider, project)
    })?;
    let mut providers = Vec::new();
    for layer in layers {
        let provider = layer.target.provider();
        if !providers.contains(&provider) {
            providers.push(provider);
        }
    }
    Ok(providers)
}

struct Resolver<'a> {
    project: &'a Project,
    settings: &'a Settings,
    lock: &'a LazyLock<'a>,
    provider: Provider,
    choose_runtime: ChooseRuntime<'a>,
    check: CheckConfiguration,
    table: Table,
}

impl Resolver<'_> {
    /// Without tables there is one layer, named after the project, or after its
    /// directory where it has no name.
    fn only_layer(&self) -> Result<Vec<Layer>, Error> {
        let package = self
            .settings
            .package
            .as_ref()
            .or(self.table.package.as_ref());
        let name = match package.map(String::as_str).or(self.project.name()) {
            Some(name) => name.to_owned(),
            None => directory_name(self.settings.directory()),
        };
        let name = self.provider.layer_names().nearest(&name);
        if let Some(unknown) = self.settings.layers.iter().find(|one| **one != name) {
            return Err(Error::UnknownLayer {
                name: unknown.clone(),
                known: vec![name],
            });
        }
        self.layers(&name, &LayerTable::default(), false)
    }

    /// One layer for each target.
    fn layers(&self, name: &str, table: &LayerTable, several: bool) -> Result<Vec<Layer>, Error> {
        let Targets {
            all: targets,
            default_runtime,
            is_default_architecture,
        } = self.targets(name, table, several)?;
        let is_one_of_several = targets.len() > 1;
        targets
            .into_iter()
            .map(|target| {
                let output = self.settings.output.clone().unwrap_or_else(|| {
                    let configured = self.table.output.as_deref();
                    self.settings
                        .below_project(configured.unwrap_or(Path::new(dist::LAYERS)))
                });
                let mut layer = Layer {
                    name: name.to_owned(),
                    target,
                    is_one_of_several,
                    default_runtime: default_runtime.clone(),
                    is_default_architecture,
                    choice: if table.has_packages() {
                        Some(self.choice(table)?)
                    } else {
                        None
                    },
                    own_files: self.context().own_files(table)?,
                    npm: self.context().npm(table, &target)?,
                    maven: self.context().maven(table),
                    exclude: self.exclude(table)?,
                    prefer: self.prefer(table)?,
                    conflicts: {
                        let configured = table.conflicts.or(self.table.conflicts);
                        self.settings.conflicts.or(configured).unwrap_or_default()
                    },
                    compression: self.settings.compression.unwrap_or_else(|| {
                        let configured = table.compression.or(self.table.compression);
                        configured.map(Into::into).unwrap_or_default()
                    }),
                    exclude_files: self.exclude_files(table)?,
                    own_package: self.own_package(table)?,
                    frontend: self.frontend()?,
                    zip: Some(output.join(match self.zip_name(table)? {
                        Some(template) => template.of(name, &target),
                        None => format!("{name}-{}.zip", target_suffix(&target)),
                    })),
                    staging: None,
                    check: self.check(table)?,
                    shares: Shares {
                        staging: false,
                        exclude: several
                            && (self.settings.exclude.is_some() || table.exclude.is_none()),
                        exclude_files: several
                            && (self.settings.exclude_files.is_some()
                                || table.exclude_files.is_none()),
                        prefer: several
                            && (self.settings.prefer.is_some() || table.prefer.is_none()),
                    },
                };
                if let Some((directory, is_shared)) = self.staging(name, table, several) {
                    layer.staging = Some(layer.own_directory(directory));
                    layer.shares.staging = is_shared;
                }
                Ok(layer)
            })
            .collect()
    }

    fn parsed<T, E: std::fmt::Display>(
        &self,
        setting: &Spanned<OneOrSeveral>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, Error> {
        let texts = setting.get_ref().texts();
        if texts.is_empty() {
            return Err(self.bad(setting, &"an empty list leaves nothing to build for"));
        }
        let parsed = texts.iter().map(|text| parse(text));
        parsed
            .collect::<Result<_, _>>()
            .map_err(|error| self.bad(setting, &error))
    }

    fn zip_name(&self, layer: &LayerTable) -> Result<Option<ZipName>, Error> {
        if let Some(text) = &self.settings.zip_name {
            return ZipName::parse(text).map(Some).map_err(Error::ZipName);
        }
        let configured = layer.zip_name.as_ref().or(self.table.zip_name.as_ref());
        let parsed = configured
            .map(|text| ZipName::parse(text.get_ref()).map_err(|error| self.bad(text, &error)));
        parsed.transpose()
    }

    fn frontend(&self) -> Result<Option<FrontendKind>, Error> {
        match (self.settings.build_frontend, &self.table.build_frontend) {
            (Some(frontend), _) => Ok(Some(frontend)),
            (None, Some(text)) => match text.get_ref().parse() {
                Ok(frontend) => Ok(Some(frontend)),
                Err(error) => Err(self.bad(text, &error)),
            },
            (None, None) => Ok(None),
        }
    }

    /// The project as one of its own packages: a directory to build.
    fn own_package(&self, layer: &LayerTable) -> Result<Option<LockedPackage>, Error> {
        let setting = layer
            .include_project
            .as_ref()
            .or(self.table.include_project.as_ref());
        let is_configured = setting.is_some_and(|setting| *setting.get_ref());
        if !self.settings.include_project && !is_configured {
            return Ok(None);
        }
        let project = self.lock.project_of(self.package(layer))?;
        if let Some(place) = project.no_package() {
            return Err(Error::NoPackage {
                place: place.clone(),
            });
        }
        let name = project.name().ok_or_else(|| Error::NoName {
            path: project.path().to_owned(),
        })?;
        Ok(Some(LockedPackage {
            name: name
                .parse()
                .map_err(|error: NameError| Error::Configuration {
                    message: error.to_string(),
                    place: self.project.place(0..0),
                })?,
            // Unknown where the backend finds it out.
            version: project.version().unwrap_or_default().to_owned(),
            source: PackageSource::Directory {
                // The current directory has no name here, and needs one to be read.
                path: Path::new(".").join(project.directory()),
                develop: false,
            },
            extras: Vec::new(),
            groups: vec![MAIN_GROUP.to_owned()],
            files: Vec::new(),
            place: self.project.place(setting.map_or(0..0, Spanned::span)),
            requires_python: project.python().to_string(),
        }))
    }

    /// The project of a workspace that a layer is of.
    fn package<'t>(&'t self, layer: &'t LayerTable) -> Option<&'t str> {
        let given = self.settings.package.as_ref();
        let configured = layer.package.as_ref().or(self.table.package.as_ref());
        given.or(configured).map(String::as_str)
    }

    fn choice(&self, layer: &LayerTable) -> Result<Choice, Error> {
        let package = self.package(layer).map(str::to_owned);
        if let Some(choice) = &self.settings.choice {
            return Ok(Choice {
                package,
                ..choice.clone()
            });
        }
        let groups = layer.groups.as_ref().or(self.table.groups.as_ref());
        // As an option it would be the main group.
        if let Some(groups) = groups.filter(|groups| groups.get_ref().is_empty()) {
            let message = "an empty list leaves nothing for the layer: name groups, such as \
                           `main`, or remove this line";
            return Err(self.bad(groups, &message));
        }
        let groups = groups.map(Spanned::get_ref);
        let extras = layer.extras.as_ref().or(self.table.extras.as_ref());
        let known = match (groups, extras) {
            (None, None) => None,
            _ => self.lock.names(package.as_deref())?,
        };
        let (known_groups, known_extras) = match &known {
            Some(names) => (Some(&names.groups[..]), Some(&names.extras[..])),
            None => (None, None),
        };
        Ok(Choice {
            package,
            groups: Groups {
                only: self.names("group", groups, known_groups)?,
                ..Groups::default()
            },
            extras: Extras {
                names: self.names("extra", extras, known_extras)?,
                all: false,
            },
        })
    }

    /// Names of groups or extras. One that the project does not have is pointed at
    /// here, where it stands: what chooses them knows only flags.
    fn names(
        &self,
        what: &str,
        names: Option<&Vec<Spanned<String>>>,
        known: Option<&[String]>,
    ) -> Result<Vec<String>, Error> {
        let names = names.into_iter().flatten();
        let checked = names.map(|name| {
            let text = name.get_ref();
            let Some(known) = known else {
                return Ok(text.clone());
            };
            if known.contains(&normalize_name(text.trim())) {
                return Ok(text.clone());
            }
            let there = match known {
                [] => "are none".to_owned(),
                [only] => format!("is {only}"),
                known => format!("are {}", known.join(", ")),
            };
            let message = format!("the project has no {what} `{text}`: there {there}");
            Err(self.bad(name, &message))
        });
        checked.collect()
    }

    fn exclude(&self, layer: &LayerTable) -> Result<Vec<PackageName>, Error> {
        let configured = layer.exclude.as_ref().or(self.table.exclude.as_ref());
        self.packages(self.settings.exclude.as_deref(), configured, excluded_name)
    }

    fn prefer(&self, layer: &LayerTable) -> Result<Vec<PackageName>, Error> {
        let configured = layer.prefer.as_ref().or(self.table.prefer.as_ref());
        self.packages(self.settings.prefer.as_deref(), configured, |text| {
            let name: Result<PackageName, NameError> = text.trim().parse();
            name.map_err(|error| error.to_string())
        })
    }

    /// The packages that settings name, else those of the configuration.
    fn packages(
        &self,
        given: Option<&[String]>,
        configured: Option<&Vec<Spanned<String>>>,
        parse: impl Fn(&str) -> Result<PackageName, String>,
    ) -> Result<Vec<PackageName>, Error> {
        if let Some(names) = given {
            let parsed = names.iter().map(|name| parse(name));
            return parsed.collect::<Result<_, _>>().map_err(Error::Exclude);
        }
        let names = configured.into_iter().flatten();
        let parsed =
            names.map(|name| parse(name.get_ref()).map_err(|message| self.bad(name, &message)));
        parsed.collect()
    }

    fn exclude_files(&self, layer: &LayerTable) -> Result<Vec<Pattern>, Error> {
        if let Some(patterns) = &self.settings.exclude_files {
            return patterns
                .iter()
                .map(|text| Pattern::new(text).map_err(Error::Exclude))
                .collect();
        }
        let configured = layer.exclude_files.as_ref();
        let configured = configured.or(self.table.exclude_files.as_ref());
        configured
            .into_iter()
            .flatten()
            .map(|text| Pattern::new(text.get_ref()).map_err(|error| self.bad(text, &error)))
            .collect()
    }

    /// A staging directory holds one layer: where several share a setting, each
    /// gets a directory in it. Also whether it is such a one.
    fn staging(&self, name: &str, layer: &LayerTable, several: bool) -> Option<(PathBuf, bool)> {
        if let Some(staging) = &self.settings.staging {
            let is_for_one = matches!(&self.settings.layers[..], [only, others @ ..]
                if others.iter().all(|other| other == only));
            let several = several && !is_for_one;
            return Some((shared(staging, name, several), several));
        }
        if let Some(staging) = &layer.staging {
            return Some((self.settings.below_project(staging), false));
        }
        let staging = shared(self.table.staging.as_ref()?, name, several);
        Some((self.settings.below_project(staging), several))
    }

    fn check(&self, layer: &LayerTable) -> Result<CheckConfiguration, Error> {
        let mut check = self.check.clone();
        let budget = parse_size(self.project, layer.max_unzipped.as_ref())?;
        check.max_unzipped = budget.or(check.max_unzipped);
        Ok(check)
    }

    fn bad<T>(&self, setting: &Spanned<T>, error: &dyn std::fmt::Display) -> Error {
        self.context().bad(setting, error)
    }

    const fn context(&self) -> Context<'_> {
        Context {
            project: self.project,
            settings: self.settings,
        }
    }
}

/// The name of a directory, also of the current one; nothing where it has none.
fn directory_name(directory: &Path) -> String {
    let directory = Path::new(".").join(directory);
    let real = fs_err::canonicalize(&directory).unwrap_or(directory);
    let name = real.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// A name to exclude; the error is for people.
fn excluded_name(text: &str) -> Result<PackageName, String> {
    text.trim()
        .parse()
        .map_err(|error| format!("{error}; patterns of files are for exclude-files"))
}

fn shared(directory: &Path, name: &str, several: bool) -> PathBuf {
    if several {
        directory.join(name)
    } else {
        directory.to_owned()
    }
}
