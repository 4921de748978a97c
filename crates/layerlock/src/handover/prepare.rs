//! What is decided and checked before anything is built.

use std::path::{Path, PathBuf};

use layerlock_export::Project;
use layerlock_layer::can_write_file;

use super::keys::{self, LayerTargets, Layout, Places, Style};
use super::lines::value;
use super::member::Object;
use super::{CONTEXT, Handover, Place, file, unusable};
use crate::Publishing;
use crate::configuration::{self, Layer};
use crate::handover_error::HandoverError;
use crate::lock::{LazyLock, read_project};
use crate::output_format::OutputFormat;
use crate::outputs::{refuse_report, refuse_report_on_inputs, resolved};
use crate::publish::{Prebuilt, configured_accounts, configured_fc_regions, prebuilt_name};
use crate::publish_configuration::{AwsAccount, PublishConfiguration};
use crate::{Error, PublishSettings, Settings, default_runtime};

impl Handover {
    /// What a publish hands over. `file` is where to; `-` stands for standard output, and
    /// `None` for the format's own place: what `GITHUB_OUTPUT` names, cdk.context.json or
    /// layerlock.auto.tfvars.json in the project's directory, else standard output.
    pub fn of_publish(
        publish: &PublishSettings,
        format: OutputFormat,
        file: Option<&Path>,
    ) -> Result<Self, Error> {
        let project = read_project(&publish.settings)?;
        let configuration = PublishConfiguration::read(&project)?;
        let places = places_of(&publish.to, &configuration)?;
        Ok(Self {
            is_trial: publish.dry_run,
            ..Self::new(&project, &publish.settings, format, file, places)?.0
        })
    }

    /// What a build hands over, as [`of_publish`](Self::of_publish) does it: the paths and
    /// hashes of its zips. The formats that have no place for these are an error.
    pub fn of_build(
        settings: &Settings,
        format: OutputFormat,
        file: Option<&Path>,
    ) -> Result<Self, Error> {
        if matches!(
            format,
            OutputFormat::Cdk | OutputFormat::Sam | OutputFormat::ServerlessDevs
        ) {
            return Err(HandoverError::NotOfABuild(format).into());
        }
        let project = read_project(settings)?;
        let places = Places::default();
        let (mut handover, layers) = Self::new(&project, settings, format, file, places)?;
        handover.check_paths(&layers)?;
        if format == OutputFormat::Text && file.is_none() {
            handover.to = Place::Nowhere;
        }
        Ok(handover)
    }

    /// What the publish of a layer hands over that is not built here, under its published
    /// name. Keys of other layers in the same file stay.
    pub fn of_prebuilt(
        prebuilt: &Prebuilt,
        publish: &PublishSettings,
        format: OutputFormat,
        file: Option<&Path>,
    ) -> Result<Self, Error> {
        let settings = &publish.settings;
        let configuration = PublishConfiguration::of_directory(settings.directory())?;
        let places = places_of(&publish.to, &configuration)?;
        let architectures = prebuilt.architectures.iter().map(ToString::to_string);
        let handover = Self {
            format,
            to: place(settings, format, file)?,
            layout: Layout {
                // One version is for all of its targets.
                layers: vec![LayerTargets {
                    name: prebuilt_name(prebuilt, publish, &configuration)?,
                    runtimes: vec![prebuilt.runtimes.join("-")],
                    architectures: vec![architectures.collect::<Vec<_>>().join("-")],
                }],
                others: Vec::new(),
                places,
            },
            is_shared: true,
            is_trial: publish.dry_run,
        };
        handover.check_file(settings, &[])?;
        Ok(handover)
    }

    fn new(
        project: &Project,
        settings: &Settings,
        format: OutputFormat,
        file: Option<&Path>,
        places: Places,
    ) -> Result<(Self, Vec<Layer>), Error> {
        let all = Settings {
            layers: Vec::new(),
            ..settings.clone()
        };
        // Which runtime nobody named is no matter: it is one.
        let lock = LazyLock::new(project, &all);
        let layers = configuration::layers(project, &all, &lock, &|query| {
            default_runtime::newest_allowed(query.provider, project)
        })?;
        let layout = layout(&layers, &settings.layers, places);
        layout.refuse_shared_keys(format)?;
        let to = place(settings, format, file)?;
        let is_shared = match &to {
            Place::File(path) => {
                !resolved(path).starts_with(resolved(&settings.below_project(".")))
            }
            Place::Nowhere | Place::Stdout => false,
        };
        let handover = Self {
            format,
            to,
            layout,
            is_shared,
            is_trial: false,
        };
        handover.check_file(settings, &layers)?;
        Ok((handover, layers))
    }

    /// Refuses zips whose paths the format cannot tell.
    fn check_paths(&self, layers: &[Layer]) -> Result<(), HandoverError> {
        let Some(style) = Style::of(self.format) else {
            return Ok(());
        };
        let is_told = |path: &PathBuf| {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            let text = path.to_str();
            text.is_some_and(|text| value(style, text).is_some())
        };
        let mut zips = layers.iter().filter_map(|layer| layer.zip.as_ref());
        match zips.find(|path| !is_told(path)) {
            Some(path) => Err(HandoverError::Path {
                format: self.format,
                path: path.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Refuses a file that cannot be written, or must not.
    fn check_file(&self, settings: &Settings, layers: &[Layer]) -> Result<(), Error> {
        let Place::File(path) = &self.to else {
            return Ok(());
        };
        let outputs = layers.iter();
        let outputs = outputs.map(|layer| (layer.zip.as_ref(), layer.staging.as_ref()));
        refuse_report_on_inputs(path, settings)
            .and_then(|()| refuse_report(Some(path), outputs))
            .map_err(|error| match error {
                Error::ReportReplaces { path } => HandoverError::Replaces { path }.into(),
                error => error,
            })?;
        if let Some(report) = &settings.report
            && resolved(report) == resolved(path)
        {
            let path = report.clone();
            return Err(HandoverError::Replaces { path }.into());
        }
        if self.format == OutputFormat::GitHub {
            file::read(path)?;
            return file::can_append(path);
        }
        if self.format == OutputFormat::Env {
            file::read(path)?;
        }
        if self.format == OutputFormat::Cdk
            && let Some(document) = file::read(path)?
        {
            let unusable = |error| unusable(path, &document, error);
            let object = Object::parse(document.text()).map_err(unusable)?;
            object.object(CONTEXT).map_err(unusable)?;
        }
        Ok(can_write_file(path)?)
    }
}

/// Where results go.
fn place(
    settings: &Settings,
    format: OutputFormat,
    file: Option<&Path>,
) -> Result<Place, HandoverError> {
    if let Some(file) = file {
        return Ok(if file == Path::new("-") {
            Place::Stdout
        } else {
            Place::File(file.to_owned())
        });
    }
    Ok(match format {
        OutputFormat::Text
        | OutputFormat::Json
        | OutputFormat::Env
        | OutputFormat::Sam
        | OutputFormat::ServerlessDevs => Place::Stdout,
        OutputFormat::GitHub => {
            let named = std::env::var_os("GITHUB_OUTPUT").filter(|name| !name.is_empty());
            let named = named.ok_or(HandoverError::NoGitHubOutput)?;
            Place::File(PathBuf::from(named))
        }
        OutputFormat::Cdk => Place::File(settings.below_project("cdk.context.json")),
        OutputFormat::Terraform => {
            Place::File(settings.below_project("layerlock.auto.tfvars.json"))
        }
    })
}

/// The layers with all of their targets, and which of them the run is about.
fn layout(layers: &[Layer], asked: &[String], places: Places) -> Layout {
    let mut layout = Layout {
        places,
        ..Layout::default()
    };
    let add = |texts: &mut Vec<String>, text: String| {
        if !texts.contains(&text) {
            texts.push(text);
        }
    };
    for layer in layers {
        if !asked.is_empty() && !asked.contains(&layer.name) {
            add(&mut layout.others, layer.name.clone());
            continue;
        }
        let known = layout.layers.iter_mut().find(|one| one.name == layer.name);
        let provider = keys::told_provider(layer.target.provider().name());
        let runtime = match provider {
            Some(provider) => format!("{provider}-{}", layer.target.runtime),
            None => layer.target.runtime.to_string(),
        };
        let architecture = layer.target.architecture.to_string();
        match known {
            Some(known) => {
                add(&mut known.runtimes, runtime);
                add(&mut known.architectures, architecture);
            }
            None => layout.layers.push(LayerTargets {
                name: layer.name.clone(),
                runtimes: vec![runtime],
                architectures: vec![architecture],
            }),
        }
    }
    layout
}

/// Where the layers of a run go.
fn places_of(to: &Publishing, configuration: &PublishConfiguration) -> Result<Places, Error> {
    let mut places = places(&configured_accounts(to, configuration)?);
    for region in configured_fc_regions(to, configuration)? {
        if !places.regions.contains(&region) {
            places.regions.push(region);
        }
    }
    Ok(places)
}

/// What tells the places apart: regions where an account has several, accounts where there
/// are several.
fn places(accounts: &[AwsAccount]) -> Places {
    let mut regions: Vec<String> = Vec::new();
    let mut has_several = false;
    for account in accounts {
        let named = account.regions.iter().flatten();
        let first = account.regions.iter().flatten().next();
        has_several |= named.clone().any(|region| Some(region) != first);
        for region in named {
            if !regions.contains(region) {
                regions.push(region.clone());
            }
        }
    }
    Places {
        regions: if has_several { regions } else { Vec::new() },
        has_accounts: accounts.len() > 1,
    }
}

#[cfg(test)]
mod tests {
    use layerlock_testkit::ProjectBuilder;

    use super::*;
    use crate::AwsDestination;

    fn account(regions: &[&str]) -> AwsAccount {
        let regions = regions.iter().map(|&region| region.to_owned());
        AwsAccount {
            regions: Some(regions.collect()),
            ..AwsAccount::default()
        }
    }

    #[test]
    fn places_are_told_apart_by_what_the_settings_have_several_of() {
        let told = |accounts: &[AwsAccount]| {
            let places = places(accounts);
            (places.regions.len(), places.has_accounts)
        };
        assert_eq!(told(&[]), (0, false));
        assert_eq!(told(&[AwsAccount::default()]), (0, false));
        assert_eq!(told(&[account(&["eu-west-1"])]), (0, false));
        assert_eq!(told(&[account(&["eu-west-1", "eu-west-1"])]), (0, false));
        let two = account(&["eu-west-1", "us-east-1"]);
        assert_eq!(told(std::slice::from_ref(&two)), (2, false));
        let one_each = [account(&["eu-west-1"]), account(&["us-east-1"])];
        assert_eq!(told(&one_each), (0, true));
        assert_eq!(told(&[two, account(&["eu-west-1"])]), (2, true));
    }

    /// The options of a run count, as they do where it publishes.
    #[test]
    fn places_are_those_of_the_run() {
        let project = ProjectBuilder::new("shop")
            .pyproject("[tool.layerlock.publish.aws]\nregions = [\"eu-west-1\", \"us-east-1\"]\n")
            .write();
        let told = |to: Publishing| {
            let publish = PublishSettings {
                settings: Settings::for_project(project.path()),
                to,
                ..PublishSettings::default()
            };
            let handover = Handover::of_publish(&publish, OutputFormat::Env, None).unwrap();
            handover.layout.places.regions
        };
        let configured = ["eu-west-1", "us-east-1"];
        assert_eq!(told(Publishing::default()), configured);
        assert_eq!(told(Publishing::Aws(AwsDestination::default())), configured);
        assert!(told(Publishing::Local(None)).is_empty());
        let one = AwsDestination {
            regions: vec!["eu-west-1".to_owned()],
            ..AwsDestination::default()
        };
        assert!(told(Publishing::Aws(one)).is_empty());
    }
}
