//! What all upkeep starts from: layers by their published names, and places.

use layerlock_export::Project;
use layerlock_install::Reporter;
use layerlock_publish::{Error as ProviderError, LayerVersion};
use layerlock_target::{Provider, Target};

use super::UpkeepSettings;
use super::report::VersionReport;
use crate::lock::{LazyLock, read_project};
use crate::name_template::{NameKind, NameTemplate, NameValues};
use crate::publish::carry_out::side_by_side;
use crate::publish::destination::{self, Place, Publishing};
use crate::publish::parameter_name;
use crate::publish_configuration::PublishConfiguration;
use crate::{Error, Settings, configuration};

/// A layer as it is published.
pub(super) struct PublishedLayer {
    /// Its name in the project, where there is one.
    pub(super) layer: String,
    pub(super) name: String,
    /// The project's target, where the layer is one of a project, and not named.
    pub(super) target: Option<Target>,
}

impl PublishedLayer {
    /// Whose functions it is for, where that is known.
    fn provider(&self) -> Option<Provider> {
        self.target.map(|target| target.provider())
    }
}

/// What is to be looked after.
pub(super) struct Ground {
    pub(super) configuration: PublishConfiguration,
    pub(super) layers: Vec<PublishedLayer>,
    has_project: bool,
}

/// The versions of a layer in one place.
pub(super) struct Found<'p> {
    pub(super) place: &'p Place,
    pub(super) layer: String,
    /// Newest first.
    pub(super) versions: Result<Vec<LayerVersion>, ProviderError>,
}

impl Ground {
    pub(super) fn read(settings: &Settings, name: Option<&str>) -> Result<Self, Error> {
        let given = name.map(|text| NameTemplate::parse(NameKind::Layer, text));
        let given = given.transpose().map_err(Error::PublishName)?;
        let fixed = given.as_ref().filter(|name| !name.needs_a_layer());
        let project = match read_project(settings) {
            Ok(project) => Some(project),
            // Who names a layer needs no project.
            Err(_) if fixed.is_some() && !layerlock_export::has_project(settings.directory()) => {
                None
            }
            Err(error) => return Err(error),
        };
        let configuration = match &project {
            Some(project) => PublishConfiguration::read(project)?,
            None => PublishConfiguration::default(),
        };
        let layers = match (fixed, &project) {
            (Some(name), _) => {
                let name = render(name, &configuration, "", None)?;
                vec![PublishedLayer {
                    layer: name.clone(),
                    name,
                    target: None,
                }]
            }
            (None, Some(project)) => {
                let name = given.as_ref().or(configuration.name.as_ref());
                of_project(project, settings, &configuration, name)?
            }
            (None, None) => Vec::new(),
        };
        Ok(Self {
            configuration,
            layers,
            has_project: project.is_some(),
        })
    }

    /// The places, each once.
    pub(super) fn places(
        &self,
        to: &Publishing,
        settings: &Settings,
        reporter: &dyn Reporter,
    ) -> Result<Vec<Place>, Error> {
        let mut needed = Vec::new();
        for provider in self.layers.iter().filter_map(PublishedLayer::provider) {
            if !needed.contains(&provider) {
                needed.push(provider);
            }
        }
        let places = destination::places(to, settings, &self.configuration, &needed)?;
        destination::tell_default("looked for in", to, &self.configuration, reporter);
        Ok(places)
    }

    /// The layers' names, each once.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for layer in &self.layers {
            if !names.contains(&layer.name) {
                names.push(layer.name.clone());
            }
        }
        names
    }

    /// The versions of all layers in all places, with one question for each.
    pub(super) fn look<'p>(&self, places: &'p [Place]) -> Vec<Found<'p>> {
        let names = self.names();
        let pairs = names.iter().flat_map(|name| {
            let pair = move |place| (place, name.clone());
            let is_there = |place: &&Place| {
                let mut layers = self.layers.iter().filter(|layer| layer.name == *name);
                layers.any(|layer| place.takes(layer.provider()))
            };
            places.iter().filter(is_there).map(pair)
        });
        side_by_side(pairs.collect(), |(place, layer): (&Place, String)| Found {
            versions: place.publisher.list(&layer),
            place,
            layer,
        })
    }

    /// The name of the parameter that has the ARN of such a version, where one is configured.
    pub(super) fn parameter(
        &self,
        place: &Place,
        version: &VersionReport,
    ) -> Result<Option<String>, Error> {
        let mut layers = self.layers.iter();
        let layer = layers.find(|layer| layer.name == version.layer);
        let layer = layer.map_or(&version.layer, |layer| &layer.layer);
        let targets = (&version.runtimes[..], &version.architectures[..]);
        parameter_name(place, self.configuration.project.as_deref(), layer, targets)
    }

    /// The project of a version, where it is another than this one.
    pub(super) fn other_project<'v>(&self, owner: Option<&'v str>) -> Option<&'v str> {
        let ours = self.configuration.project.as_deref();
        owner.filter(|owner| self.has_project && ours != Some(owner))
    }

    /// Whether a version is another project's. Without a project it is nobody else's.
    pub(super) fn is_of_another(&self, version: &LayerVersion) -> bool {
        self.has_project && version.is_of_another_than(self.configuration.project.as_deref())
    }
}

/// What is looked after, and where.
pub(super) fn read(
    upkeep: &UpkeepSettings,
    reporter: &dyn Reporter,
) -> Result<(Ground, Vec<Place>), Error> {
    let ground = Ground::read(&upkeep.settings, upkeep.name.as_deref())?;
    let places = ground.places(&upkeep.to, &upkeep.settings, reporter)?;
    Ok((ground, places))
}

fn of_project(
    project: &Project,
    settings: &Settings,
    configuration: &PublishConfiguration,
    name: Option<&NameTemplate>,
) -> Result<Vec<PublishedLayer>, Error> {
    // A lock is read only where it decides, and a faulty one decides nothing.
    let lock = LazyLock::new(project, settings);
    let layers = configuration::layers(project, settings, &lock, &|query| {
        lock.choose_runtime(query)
    })?;
    let published = layers.into_iter().map(|layer| {
        let name = match name {
            Some(name) => render(name, configuration, &layer.name, Some(layer.target))?,
            None => layer.name.clone(),
        };
        Ok(PublishedLayer {
            layer: layer.name,
            name,
            target: Some(layer.target),
        })
    });
    published.collect()
}

fn render(
    name: &NameTemplate,
    configuration: &PublishConfiguration,
    layer: &str,
    target: Option<Target>,
) -> Result<String, Error> {
    let runtime = target.map(|target| target.runtime.to_string());
    let architecture = target.map(|target| target.architecture.to_string());
    let values = NameValues {
        layer,
        project: configuration.project.as_deref(),
        runtime: runtime.as_deref().unwrap_or_default(),
        architecture: architecture.as_deref().unwrap_or_default(),
        variable: &|name| std::env::var(name).ok(),
    };
    name.render(&values).map_err(Error::PublishName)
}
