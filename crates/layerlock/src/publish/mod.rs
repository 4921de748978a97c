//! Publishing what was built.

pub(crate) mod aliyun;
pub(crate) mod carry_out;
pub(crate) mod destination;
#[cfg(any(feature = "aws", feature = "aliyun"))]
mod locks;
mod place;
mod prebuilt;
pub(crate) mod report;
mod reporter;
mod unreachable;

use std::path::PathBuf;

use layerlock_check::{Code, Finding};
use layerlock_digest::Digest;
use layerlock_publish::Artifact;
use layerlock_target::Provider;
use serde::Serialize;

use crate::build::build_for_publish;
use crate::built::{Built, BuiltLayer};
use crate::check_configuration::CheckConfiguration;
use crate::checked::CheckedLayer;
use crate::dist::NewDist;
use crate::name_template::{NameKind, NameTemplate, NameValues};
use crate::publish_configuration::PublishConfiguration;
use crate::report_file::with_report;
use crate::{Error, Report, Settings, configuration};

pub use destination::{AwsDestination, Publishing};
pub(crate) use destination::{configured_accounts, configured_fc_regions};
pub use prebuilt::Prebuilt;
pub use report::{Outcome, PublishReport, Published};
pub use reporter::{PublishReporter, Upload};

use carry_out::Job;
use destination::Place;

/// What is done with a directory, in words.
const PUBLISHED: &str = "published to";

/// What to publish and where. What is not set comes from `[tool.layerlock.publish]` in
/// pyproject.toml, then from the defaults.
#[derive(Debug, Clone, Default)]
pub struct PublishSettings {
    /// What to build first. Staging directories are not: publishing needs none.
    pub settings: Settings,
    /// Where to.
    pub to: Publishing,
    /// The layers' name at the provider, with the placeholders `{layer}`, `{project}`,
    /// `{runtime}`, `{architecture}` and `{env:NAME}`; `{layer}` where there is none.
    pub name: Option<String>,
    /// The layers' description. A mark of the project and the bytes comes after it.
    pub description: Option<String>,
    /// The layers' license: an SPDX identifier, a URL or the text.
    pub license: Option<String>,
    /// Whether layers whose newest version is another project's are taken over.
    pub adopt: bool,
    /// Whether to say only what would be done. The project's directory stays as it was.
    pub dry_run: bool,
}

/// Builds the layers and publishes those that are not there yet.
///
/// Everything is planned before anything is published. A layer that cannot be published
/// does not stop the others: the report says what became of each.
pub fn publish(
    publish: &PublishSettings,
    reporter: &dyn PublishReporter,
) -> Result<PublishReport, Error> {
    publish_as(PUBLISHED, publish, reporter, |report| report)
}

/// The same, with another report. `doing` is what is done with a directory.
pub(crate) fn publish_as<R: Serialize>(
    doing: &str,
    publish: &PublishSettings,
    reporter: &dyn PublishReporter,
    report: impl FnOnce(PublishReport) -> R,
) -> Result<R, Error> {
    // A region or credentials that are missing are known before the work.
    let publication = Publication::prepare(publish)?;
    destination::tell_default(doing, &publish.to, &publication.configuration, reporter);
    with_report(&publish.settings, || {
        let built = build_for_publish(&publish.settings, publish.dry_run, reporter)?;
        publication.carry_out(&built, reporter).map(report)
    })
}

/// Publishes layers that were built already, as [`publish()`] does those that it
/// builds. `publish` has the settings that they were built with.
pub fn publish_built(
    built: &Built,
    publish: &PublishSettings,
    reporter: &dyn PublishReporter,
) -> Result<PublishReport, Error> {
    let publication = Publication::prepare(publish)?;
    with_report(&publish.settings, || publication.carry_out(built, reporter))
}

/// Publishes a layer that is not built here, with the same plan as [`publish()`]. Of the
/// settings only those of publishing count; a project is needed for what it configures
/// alone.
pub fn publish_prebuilt(
    prebuilt: &Prebuilt,
    publish: &PublishSettings,
    reporter: &dyn PublishReporter,
) -> Result<PublishReport, Error> {
    let configuration = PublishConfiguration::of_directory(publish.settings.directory())?;
    let name = prebuilt_name(prebuilt, publish, &configuration)?;
    let publication = Publication::new(publish, configuration, &[])?;
    destination::tell_default(PUBLISHED, &publish.to, &publication.configuration, reporter);
    with_report(&publish.settings, || {
        let stored = aliyun::Stored::of(
            prebuilt,
            &publish.to,
            &publish.settings.cache,
            &publication.configuration,
        )?;
        let fetched = stored.as_ref().map(|stored| stored.zip.as_path());
        let provider = match &publication.places[..] {
            [place, ..] => place.provider.unwrap_or(Provider::Aws),
            [] => Provider::Aws,
        };
        let zip = prebuilt.zip(fetched, provider)?;
        let of_checks = CheckConfiguration::of_directory(publish.settings.directory())?;
        let mut checked = prebuilt.check(&zip, provider, &of_checks)?;
        if publication.can_take(zip.size()) || stored.is_some() {
            let is_of_request = |it: &Finding| it.code == Code::ZipTooLargeForRequest;
            for layer in &mut checked {
                layer.findings.retain(|finding| !is_of_request(finding));
            }
        }
        let architectures = prebuilt.architectures.iter().map(ToString::to_string);
        let artifact = Artifact {
            layer: name.clone(),
            zip: zip.path().to_owned(),
            size: zip.size(),
            digest: zip.digest,
            runtimes: prebuilt.runtimes.clone(),
            architectures: architectures.collect(),
            object: stored.as_ref().map(|stored| stored.object.clone()),
            ..publication.common()
        };
        // As of layers that are built, one that cannot work is not published.
        let artifacts = if checked.iter().any(CheckedLayer::has_errors) {
            Vec::new()
        } else {
            vec![(name.as_str(), None, artifact)]
        };
        Ok(PublishReport {
            report: Report::default(),
            checked,
            published: publication.publish_all(artifacts, reporter)?,
        })
    })
}

/// The published name of a layer that is not built here. The last part of its path stands
/// for `{layer}`.
pub(crate) fn prebuilt_name(
    prebuilt: &Prebuilt,
    publish: &PublishSettings,
    configuration: &PublishConfiguration,
) -> Result<String, Error> {
    let template = name_template(publish, configuration)?.ok_or(Error::NoPublishName)?;
    let architectures = prebuilt.architectures.iter().map(ToString::to_string);
    let name = template.render(&NameValues {
        layer: prebuilt.stem(),
        project: configuration.project.as_deref(),
        runtime: &prebuilt.runtimes.join("-"),
        architecture: &architectures.collect::<Vec<_>>().join("-"),
        variable: &|name| std::env::var(name).ok(),
    });
    name.map_err(Error::PublishName)
}

/// What gives layers their published names; without one they have their own.
fn name_template(
    publish: &PublishSettings,
    configuration: &PublishConfiguration,
) -> Result<Option<NameTemplate>, Error> {
    match &publish.name {
        Some(text) => NameTemplate::parse(NameKind::Layer, text)
            .map(Some)
            .map_err(Error::PublishName),
        None => Ok(configuration.name.clone()),
    }
}

/// Refuses words of options that no layer can have. Those of the project are refused where
/// they are read.
fn refuse_long(publish: &PublishSettings) -> Result<(), Error> {
    let limits = Provider::Aws.limits();
    for (option, text, limit) in [
        ("--description", &publish.description, limits.description),
        ("--license", &publish.license, limits.license),
    ] {
        let count = text.iter().flat_map(|text| text.chars()).count();
        if count > limit {
            let message =
                format!("a layer can have {limit} characters of it, and this has {count}");
            return Err(Error::PublishOption { option, message });
        }
    }
    Ok(())
}

/// An artifact with its layer's name, and whose functions it is for, as far as that is known.
type Named<'l> = (&'l str, Option<Provider>, Artifact);

/// Settings and places with everything decided.
struct Publication<'p> {
    publish: &'p PublishSettings,
    configuration: PublishConfiguration,
    name: Option<NameTemplate>,
    places: Vec<Place>,
}

impl<'p> Publication<'p> {
    fn prepare(publish: &'p PublishSettings) -> Result<Self, Error> {
        let project = crate::lock::read_project(&publish.settings)?;
        let configuration = PublishConfiguration::read(&project)?;
        let needed = match &publish.to {
            Publishing::Configured(_) if !configuration.providers.is_empty() => {
                configuration::providers(&project, &publish.settings)?
            }
            _ => Vec::new(),
        };
        Self::new(publish, configuration, &needed)
    }

    fn new(
        publish: &'p PublishSettings,
        configuration: PublishConfiguration,
        needed: &[Provider],
    ) -> Result<Self, Error> {
        let name = name_template(publish, &configuration)?;
        refuse_long(publish)?;
        Ok(Self {
            publish,
            name,
            places: destination::places(&publish.to, &publish.settings, &configuration, needed)?,
            configuration,
        })
    }

    fn carry_out(
        &self,
        built: &Built,
        reporter: &dyn PublishReporter,
    ) -> Result<PublishReport, Error> {
        let mut artifacts = Vec::new();
        // A layer that cannot work is not published: the report says why.
        if !built.has_errors() {
            for layer in &built.layers {
                artifacts.extend(self.artifact(layer)?);
            }
        }
        let mut report = built.report();
        for layer in &mut report.layers {
            let size = layer.zip.as_ref().map_or(0, |zip| zip.size);
            if self.can_take(size) {
                layer
                    .findings
                    .retain(|it| it.code != Code::ZipTooLargeForRequest);
            }
        }
        Ok(PublishReport {
            report,
            checked: Vec::new(),
            published: self.publish_all(artifacts, reporter)?,
        })
    }

    /// Whether a zip of this size can be published as these settings have it.
    fn can_take(&self, size: u64) -> bool {
        let mut limits = self.places.iter().map(|place| place.publisher.zip_limit());
        limits.all(|limit| limit.is_none_or(|limit| size <= limit))
    }

    /// Publishes artifacts, each in all places of its provider.
    fn publish_all(
        &self,
        artifacts: Vec<Named<'_>>,
        reporter: &dyn PublishReporter,
    ) -> Result<Vec<Published>, Error> {
        refuse_shared_names(&artifacts)?;
        let project = self.configuration.project.as_deref();
        let mut jobs = Vec::new();
        for (layer, provider, artifact) in artifacts {
            if let Some(kept) = artifact.kept_of_description() {
                reporter.warned(&format!(
                    "the description of {} is cut to its first {kept} characters: layerlock's \
                     mark takes the rest of what a description can have; changes behind them are \
                     not seen",
                    artifact.layer
                ));
            }
            for place in self.places.iter().filter(|place| place.takes(provider)) {
                jobs.push(Job {
                    place,
                    layer: layer.to_owned(),
                    artifact: artifact.clone(),
                    parameter: parameter_name(place, project, layer, artifact.targets())?,
                });
            }
        }
        refuse_shared_parameters(&jobs)?;
        let dist = NewDist::look(&self.publish.settings);
        let published = carry_out::carry_out(jobs, self.publish.dry_run, reporter);
        dist.ignore_if_made();
        Ok(published)
    }

    fn values<'v>(
        &'v self,
        layer: &'v str,
        runtime: &'v str,
        architecture: &'v str,
    ) -> NameValues<'v> {
        NameValues {
            layer,
            project: self.configuration.project.as_deref(),
            runtime,
            architecture,
            variable: &|name| std::env::var(name).ok(),
        }
    }

    /// A layer as it is published, after its name; a staging directory alone is not.
    fn artifact<'l>(&self, layer: &'l BuiltLayer) -> Result<Option<Named<'l>>, Error> {
        let Some(zip) = &layer.zip else {
            return Ok(None);
        };
        let architecture = layer.target.architecture.to_string();
        let values = self.values(
            &layer.name,
            layer.target.runtime.identifier(),
            &architecture,
        );
        let name = match &self.name {
            Some(template) => template.render(&values).map_err(Error::PublishName)?,
            None => layer.name.clone(),
        };
        let artifact = Artifact {
            layer: name,
            zip: zip.path.clone(),
            size: zip.size,
            digest: zip.digest,
            runtimes: layer.target.declared_runtimes(),
            architectures: vec![layer.target.architecture.to_string()],
            ..self.common()
        };
        Ok(Some((&layer.name, Some(layer.target.provider()), artifact)))
    }

    /// What all artifacts have in common.
    fn common(&self) -> Artifact {
        let Self {
            publish,
            configuration,
            ..
        } = self;
        let text = |given: &Option<String>, configured: &Option<String>| {
            let text = given.clone().or_else(|| configured.clone());
            text.filter(|text| !text.trim().is_empty())
        };
        Artifact {
            crc64: None,
            object: None,
            layer: String::new(),
            zip: PathBuf::new(),
            size: 0,
            digest: Digest::sha256_of(b""),
            project: configuration.project.clone(),
            adopt: publish.adopt,
            description: text(&publish.description, &configuration.description),
            license: text(&publish.license, &configuration.license),
            runtimes: Vec::new(),
            architectures: Vec::new(),
        }
    }
}

/// The name of the parameter that gets the ARN of a layer's version for some runtimes and
/// architectures in a place.
pub(crate) fn parameter_name(
    place: &Place,
    project: Option<&str>,
    layer: &str,
    (runtimes, architectures): (&[String], &[String]),
) -> Result<Option<String>, Error> {
    let Some(template) = &place.parameter else {
        return Ok(None);
    };
    let values = NameValues {
        layer,
        project,
        runtime: &runtimes.join("-"),
        architecture: &architectures.join("-"),
        variable: &|name| std::env::var(name).ok(),
    };
    let name = template.render(&values);
    name.map(Some).map_err(|message| Error::PublishOption {
        option: "--ssm-parameter",
        message,
    })
}

/// Two versions of one place in one parameter would take turns there.
pub(crate) fn refuse_shared_parameters(jobs: &[Job<'_>]) -> Result<(), Error> {
    for (index, job) in jobs.iter().enumerate() {
        let Some(name) = &job.parameter else { continue };
        let is_same = |other: &&Job<'_>| {
            std::ptr::eq(other.place, job.place) && other.parameter.as_ref() == Some(name)
        };
        if let Some(first) = jobs[..index].iter().find(is_same) {
            return Err(Error::SharedParameter {
                first: first.to_string(),
                second: job.to_string(),
                name: name.clone(),
            });
        }
    }
    Ok(())
}

/// Two layers of one name and target would take turns as its newest version.
fn refuse_shared_names(artifacts: &[Named<'_>]) -> Result<(), Error> {
    for (index, (layer, provider, artifact)) in artifacts.iter().enumerate() {
        let is_same = |(_, at, other): &&Named<'_>| {
            at == provider
                && other.layer == artifact.layer
                && other.runtimes == artifact.runtimes
                && other.architectures == artifact.architectures
        };
        if let Some((first, ..)) = artifacts[..index].iter().find(is_same) {
            return Err(Error::SharedPublishName {
                first: (*first).to_owned(),
                second: (*layer).to_owned(),
                name: artifact.layer.clone(),
            });
        }
    }
    Ok(())
}
