//! The same bytes in another account or region, without a build.
//!
//! A version is downloaded only where it is to be published, and what came is compared with
//! the provider's hash before that. Then it is published like what was built: with the same
//! plan, and with the words, license, runtimes and architectures that it has.

use layerlock_layer::Scratch;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use layerlock_diagnostic::{Diagnose, EXIT_SUCCESS};
use layerlock_digest::Digest;
use layerlock_publish::{Artifact, Error as ProviderError, LayerVersion};
use layerlock_target::Provider;
use serde::Serialize;

use super::ends::{Ends, Finder};
use super::fc_ends::FcFinder;
use super::ground::{Ground, PublishedLayer};
use super::promote_settings::PromoteSettings;
use super::report::{VersionOutcome, VersionReport};
use crate::Error;
use crate::dist::NewDist;
use crate::error_report::{ErrorDetails, each_once, exit_code};
use crate::publish::carry_out::{Job, carry_out, side_by_side};
use crate::publish::destination::Place;
use crate::publish::{
    Outcome, PublishReporter, Published, parameter_name, refuse_shared_parameters,
};
use crate::publish_configuration::PublishConfiguration;

/// What became of each version.
#[derive(Debug, Clone, Serialize)]
pub struct PromoteReport {
    /// What became of each version in each place.
    pub published: Vec<Published>,
}

/// Publishes versions of one place in others. What fails stops no other: the report says so.
pub fn promote(
    promote: &PromoteSettings,
    reporter: &dyn PublishReporter,
) -> Result<PromoteReport, Error> {
    let ground = Ground::read(&promote.settings, promote.name.as_deref())?;
    let names = ground.names();
    if promote.version.is_some() && names.len() > 1 {
        return Err(Error::WhichLayer { known: names });
    }
    let ends = find_ends(promote, &ground.configuration)?;
    let scratch = Scratch::create()?;
    let promotion = Promotion {
        promote,
        ground: &ground,
        ends: &ends,
        scratch: scratch.path(),
    };
    let dist = NewDist::look(&promote.settings);
    let published = promotion.publish(&promotion.items(), reporter)?;
    dist.ignore_if_made();
    Ok(PromoteReport { published })
}

/// What the ends are called is for one provider.
fn find_ends(
    promote: &PromoteSettings,
    configuration: &PublishConfiguration,
) -> Result<Ends, Error> {
    let is_for_aliyun = match promote.settings.provider {
        Some(provider) => provider == Provider::Aliyun,
        None => configuration.providers == [Provider::Aliyun],
    };
    if is_for_aliyun {
        return FcFinder {
            promote,
            configuration,
        }
        .find();
    }
    Finder {
        promote,
        configuration,
    }
    .find()
}

struct Promotion<'p> {
    promote: &'p PromoteSettings,
    ground: &'p Ground,
    ends: &'p Ends,
    scratch: &'p Path,
}

/// A layer for some targets, and the version that is promoted.
struct Item {
    /// The layer's name in the project, where there is one.
    layer: String,
    name: String,
    runtimes: Vec<String>,
    architectures: Vec<String>,
    found: Result<Found, ErrorDetails>,
}

struct Found {
    version: LayerVersion,
    /// Its zip is there once it was downloaded.
    artifact: Artifact,
}

/// Why a version cannot be promoted.
fn failure(what: &str, error: &dyn Diagnose) -> ErrorDetails {
    ErrorDetails::in_context(&what, error)
}

/// A layer, and its version as the list has it.
type Choice<'g> = (&'g PublishedLayer, Result<LayerVersion, ErrorDetails>);

impl Promotion<'_> {
    /// What is to be promoted.
    fn items(&self) -> Vec<Item> {
        let source = &self.ends.source;
        let listed = side_by_side(self.ground.names(), |name: String| {
            (source.publisher.list(&name), name)
        });
        let mut choices: Vec<Choice<'_>> = Vec::new();
        for (versions, name) in listed {
            let layers = self.ground.layers.iter();
            let layers: Vec<_> = layers.filter(|layer| layer.name == name).collect();
            match versions {
                Ok(versions) => choices.extend(self.choose(&layers, &versions)),
                Err(error) => {
                    let failure = failure(&format!("failed to list {}", self.at(&name)), &error);
                    choices.extend(
                        layers
                            .into_iter()
                            .map(|layer| (layer, Err(failure.clone()))),
                    );
                }
            }
        }
        side_by_side(
            choices.into_iter().enumerate().collect(),
            |(index, choice)| self.item(index, choice),
        )
    }

    /// `web at aws in eu-west-1 (account 123456789012)`
    fn at(&self, name: &str) -> String {
        let listed = VersionOutcome::Listed;
        VersionReport::of_layer(&self.ends.source, name, listed).layer_and_place()
    }

    /// Of the versions of one name, those that are promoted.
    fn choose<'g>(
        &self,
        layers: &[&'g PublishedLayer],
        versions: &[LayerVersion],
    ) -> Vec<Choice<'g>> {
        let Some(first) = layers.first() else {
            return Vec::new();
        };
        let found = |layer: &'g PublishedLayer, version: Option<&LayerVersion>| {
            let version = version.cloned().ok_or_else(|| self.not_published(layer));
            (layer, version)
        };
        if let Some(number) = self.promote.version {
            let version = versions.iter().find(|version| version.version == number);
            return vec![found(first, version)];
        }
        let is_ours =
            |version: &&LayerVersion| self.promote.adopt || !self.ground.is_of_another(version);
        let ours: Vec<_> = versions.iter().filter(is_ours).collect();
        let mut choices = Vec::new();
        for layer in layers {
            if let Some(target) = layer.target {
                let (runtimes, architectures) = (
                    target.declared_runtimes(),
                    [target.architecture.to_string()],
                );
                let newest = ours.iter().find(|it| it.is_for(&runtimes, &architectures));
                choices.push(found(layer, newest.copied()));
                continue;
            }
            let newest = self.newest_of_each(&ours);
            if newest.is_empty() {
                choices.push(found(layer, None));
            }
            choices.extend(
                newest
                    .into_iter()
                    .map(|version| found(layer, Some(version))),
            );
        }
        choices
    }

    /// The newest for each set of runtimes and architectures, of versions newest first.
    fn newest_of_each<'v>(&self, versions: &[&'v LayerVersion]) -> Vec<&'v LayerVersion> {
        let mut newest: Vec<&LayerVersion> = Vec::new();
        for version in versions.iter().filter(|version| self.is_asked_for(version)) {
            let is_same = |it: &&LayerVersion| it.is_for(&version.runtimes, &version.architectures);
            if !newest.iter().any(is_same) {
                newest.push(version);
            }
        }
        newest
    }

    /// Whether a version is for one of the runtimes and architectures that are asked for.
    fn is_asked_for(&self, version: &LayerVersion) -> bool {
        let settings = &self.promote.settings;
        let is_for = |asked: &[String], has: &[String]| {
            asked.is_empty() || asked.iter().any(|one| has.contains(one))
        };
        let runtimes: Vec<_> = settings.runtimes.iter().map(ToString::to_string).collect();
        let architectures = settings.architectures.iter().map(ToString::to_string);
        let architectures: Vec<_> = architectures.collect();
        is_for(&runtimes, &version.runtimes) && is_for(&architectures, &version.architectures)
    }

    fn not_published(&self, layer: &PublishedLayer) -> ErrorDetails {
        let mut what = "no version".to_owned();
        if let Some(number) = self.promote.version {
            what = format!("no version {number}");
        } else if let Some(target) = layer.target {
            what = format!("no version for {target}");
        }
        let doing = format!("failed to promote {}", layer.name);
        failure(
            &doing,
            &Error::NotPublished {
                what,
                place: self.at(&layer.name),
            },
        )
    }

    fn item(&self, index: usize, choice: Choice<'_>) -> Item {
        let (layer, version) = choice;
        let mut item = Item {
            layer: layer.layer.clone(),
            name: layer.name.clone(),
            runtimes: layer
                .target
                .map(|target| target.declared_runtimes())
                .unwrap_or_default(),
            architectures: layer
                .target
                .iter()
                .map(|target| target.architecture.to_string())
                .collect(),
            found: Err(self.not_published(layer)),
        };
        item.found = version.and_then(|version| {
            item.runtimes.clone_from(&version.runtimes);
            item.architectures.clone_from(&version.architectures);
            let found = self.found(index, &version);
            found.map_err(|error| self.failed("failed to look at", &version, &error))
        });
        item
    }

    fn failed(&self, doing: &str, version: &LayerVersion, error: &ProviderError) -> ErrorDetails {
        let listed = VersionOutcome::Listed;
        let what = VersionReport::of_version(&self.ends.source, version, listed).what();
        failure(&format!("{doing} {what}"), error)
    }

    /// What a version is published as elsewhere.
    fn found(&self, index: usize, version: &LayerVersion) -> Result<Found, ProviderError> {
        let version = self.ends.source.publisher.detail(version)?;
        let hash = version.code_sha256.as_deref().unwrap_or_default();
        let digest = Digest::from_base64(hash).ok_or_else(|| ProviderError::Download {
            arn: version.arn.clone(),
            expected: hash.to_owned(),
            found: "no SHA-256".to_owned(),
        })?;
        let configuration = &self.ground.configuration;
        let artifact = Artifact {
            crc64: None,
            object: None,
            layer: version.layer.clone(),
            zip: self.scratch.join(format!("{index}.zip")),
            size: version.size.unwrap_or_default(),
            digest,
            project: version.project().or_else(|| configuration.project.clone()),
            adopt: self.promote.adopt,
            description: version.text().map(str::to_owned),
            license: version.license.clone().filter(|text| !text.is_empty()),
            runtimes: version.runtimes.clone(),
            architectures: version.architectures.clone(),
        };
        Ok(Found { version, artifact })
    }

    /// Publishes all items in all places. The results are by item, then by place.
    fn publish(
        &self,
        items: &[Item],
        reporter: &dyn PublishReporter,
    ) -> Result<Vec<Published>, Error> {
        let mut results = BTreeMap::new();
        let mut pairs = Vec::new();
        for (index, item) in items.iter().enumerate() {
            for (at, place) in self.ends.targets.iter().enumerate() {
                match &item.found {
                    Ok(_) => pairs.push((index, at)),
                    Err(failure) => {
                        results.insert((index, at), item.failed(place, failure));
                    }
                }
            }
        }
        let planned = self.carry_out(items, &pairs, true, reporter)?;
        results.extend(pairs.into_iter().zip(planned));
        if !self.promote.dry_run {
            self.download(items, &mut results);
            // What is unchanged is told already.
            let planned = results
                .iter()
                .filter(|(_, one)| one.outcome == Outcome::Planned);
            let pairs: Vec<_> = planned.map(|(pair, _)| *pair).collect();
            let done = self.carry_out(items, &pairs, false, reporter)?;
            results.extend(pairs.into_iter().zip(done));
        }
        Ok(results.into_values().collect())
    }

    /// Plans or does it, for these items and places.
    fn carry_out(
        &self,
        items: &[Item],
        pairs: &[(usize, usize)],
        dry_run: bool,
        reporter: &dyn PublishReporter,
    ) -> Result<Vec<Published>, Error> {
        let mut jobs = Vec::new();
        for (index, at) in pairs {
            let (item, place) = (&items[*index], &self.ends.targets[*at]);
            let Ok(Found { artifact, .. }) = &item.found else {
                continue;
            };
            let project = artifact.project.as_deref();
            jobs.push(Job {
                place,
                layer: item.layer.clone(),
                artifact: artifact.clone(),
                parameter: parameter_name(place, project, &item.layer, artifact.targets())?,
            });
        }
        refuse_shared_parameters(&jobs)?;
        Ok(carry_out(jobs, dry_run, reporter))
    }

    /// Downloads what is to be published anywhere. What could not be is told where it was to
    /// go.
    fn download(&self, items: &[Item], results: &mut BTreeMap<(usize, usize), Published>) {
        let is_needed = |one: &Published| one.outcome == Outcome::Planned && !one.reused;
        let needed = results.iter().filter(|(_, one)| is_needed(one));
        let mut needed: Vec<usize> = needed.map(|((index, _), _)| *index).collect();
        needed.dedup();
        let failures = side_by_side(needed, |index: usize| {
            let Ok(Found { version, artifact }) = &items[index].found else {
                return None;
            };
            let done = self.ends.source.publisher.download(version, &artifact.zip);
            let error = done.err()?;
            Some((index, self.failed("failed to download", version, &error)))
        });
        for (failed, failure) in failures.into_iter().flatten() {
            for ((index, at), one) in results.iter_mut() {
                if *index == failed && is_needed(one) {
                    *one = items[failed].failed(&self.ends.targets[*at], &failure);
                }
            }
        }
    }
}

impl Item {
    /// That it is not published in a place.
    fn failed(&self, place: &Place, failure: &ErrorDetails) -> Published {
        let digest = self
            .found
            .as_ref()
            .map(|found| found.artifact.code_sha256());
        Published {
            name: self.name.clone(),
            runtimes: self.runtimes.clone(),
            architectures: self.architectures.clone(),
            code_sha256: digest.unwrap_or_default(),
            error: Some(failure.clone()),
            ..Published::not_yet(place.publisher.as_ref(), &self.layer)
        }
    }
}

impl PromoteReport {
    /// The exit code of the command.
    pub fn exit_code(&self) -> u8 {
        exit_code(self.failures()).unwrap_or(EXIT_SUCCESS)
    }

    /// What failed, each once: one fault may keep a version out of several places.
    pub fn failures(&self) -> impl Iterator<Item = &ErrorDetails> {
        each_once(self.published.iter().filter_map(|one| one.error.as_ref()))
    }
}

/// All but the failures, which are errors.
impl fmt::Display for PromoteReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = self.published.iter().filter(|one| one.error.is_none());
        let lines: Vec<_> = done.map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}
