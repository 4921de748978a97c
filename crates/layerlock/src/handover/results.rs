//! What there is to hand over.

use serde_json::{Map, Value, json};

use super::keys::{Key, Layout, Style, Subject, told_provider};
use super::lines::{Line, value};
use super::serverless_devs;
use crate::handover_error::HandoverError;
use crate::output_format::OutputFormat;
use crate::{LayerReport, PublishReport, Published, Report, ZipReport};

/// The results of a job.
#[derive(Debug, Clone, Copy)]
pub enum Results<'r> {
    /// Zips.
    Built(&'r Report),
    /// Versions.
    Published(&'r PublishReport),
}

impl<'r> From<&'r Report> for Results<'r> {
    fn from(report: &'r Report) -> Self {
        Self::Built(report)
    }
}

impl<'r> From<&'r PublishReport> for Results<'r> {
    fn from(report: &'r PublishReport) -> Self {
        Self::Published(report)
    }
}

impl Results<'_> {
    /// Whether all went well: of half of the results nothing is handed over.
    pub(super) fn are_whole(&self) -> bool {
        match self {
            Self::Built(report) => !report.has_errors(),
            Self::Published(report) => report.exit_code() == 0,
        }
    }

    /// The whole report.
    pub(super) fn json(&self) -> String {
        let text = match self {
            Self::Built(report) => serde_json::to_string_pretty(report),
            Self::Published(report) => serde_json::to_string_pretty(report),
        };
        #[expect(clippy::expect_used, reason = "strings and numbers always serialize")]
        let text = text.expect("plain data serializes");
        format!("{text}\n")
    }

    /// The ARNs, or the paths of the zips, one a line.
    pub(super) fn text(&self) -> String {
        let texts: Vec<String> = match self {
            Self::Built(report) => {
                let zips = report.layers.iter().filter_map(|layer| layer.zip.as_ref());
                zips.map(|zip| zip.path.display().to_string()).collect()
            }
            Self::Published(report) => {
                let published = report.published.iter();
                published.filter_map(|one| one.arn.clone()).collect()
            }
        };
        texts
            .into_iter()
            .flat_map(|text| [text, "\n".to_owned()])
            .collect()
    }

    /// The versions as Serverless Devs reads them; nothing of zips.
    pub(super) fn serverless_devs(&self) -> String {
        match self {
            Self::Built(_) => String::new(),
            Self::Published(report) => serverless_devs::layers(&report.published),
        }
    }

    /// What lines say of the results.
    pub(super) const fn words(&self) -> &'static [&'static str] {
        match self {
            Self::Built(_) => &["zip", "sha256"],
            Self::Published(_) => &["arn"],
        }
    }

    /// The results as lines.
    pub(super) fn lines(
        &self,
        layout: &Layout,
        format: OutputFormat,
        style: Style,
    ) -> Result<Vec<Line>, HandoverError> {
        let mut lines = Unique::default();
        match self {
            Self::Published(report) => {
                for (published, arn) in versions(report) {
                    let key = style.key(&layout.key(&subject(published)));
                    let arn = Value::from(arn);
                    lines.add(style.name(&key, "arn"), arn, || published.layer.clone())?;
                }
            }
            Self::Built(report) => {
                for (layer, zip) in zips(report) {
                    let key = style.key(&key_of_zip(layout, layer));
                    let path = &zip.absolute_path;
                    let told = path.to_str().and_then(|path| value(style, path));
                    let told = told.ok_or_else(|| HandoverError::Path {
                        format,
                        path: path.clone(),
                    })?;
                    let name = |what| style.name(&key, what);
                    let what = || layer.name.clone();
                    lines.add(name("zip"), Value::from(told), what)?;
                    lines.add(name("sha256"), Value::from(zip.sha256.as_str()), what)?;
                }
            }
        }
        let lines = lines.0.into_iter();
        let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
        Ok(lines.map(|(name, _, value)| (name, text(value))).collect())
    }

    /// The results by key, sorted: ARNs, or what is known of the zips, whose paths are
    /// told by `path_of`.
    pub(super) fn map(
        &self,
        layout: &Layout,
        path_of: impl Fn(&ZipReport) -> Result<String, HandoverError>,
    ) -> Result<Map<String, Value>, HandoverError> {
        let mut members = Unique::default();
        match self {
            Self::Published(report) => {
                for (published, arn) in versions(report) {
                    let key = Style::Map.key(&layout.key(&subject(published)));
                    members.add(key, Value::from(arn), || published.layer.clone())?;
                }
            }
            Self::Built(report) => {
                for (layer, zip) in zips(report) {
                    let key = Style::Map.key(&key_of_zip(layout, layer));
                    let object = json!({
                        "name": layer.name,
                        "path": path_of(zip)?,
                        "source_code_hash": zip.code_sha256,
                        "runtimes": layer.target.declared_runtimes(),
                        "architectures": [layer.target.architecture.to_string()],
                    });
                    members.add(key, object, || layer.name.clone())?;
                }
            }
        }
        let members = members.0.into_iter();
        let mut map: Map<_, _> = members.map(|(key, _, value)| (key, value)).collect();
        map.sort_keys();
        Ok(map)
    }
}

fn versions(report: &PublishReport) -> impl Iterator<Item = (&Published, &str)> {
    let published = report.published.iter();
    published.filter_map(|one| Some((one, one.arn.as_deref()?)))
}

fn zips(report: &Report) -> impl Iterator<Item = (&LayerReport, &ZipReport)> {
    let layers = report.layers.iter();
    layers.filter_map(|layer| Some((layer, layer.zip.as_ref()?)))
}

fn subject(published: &Published) -> Subject<'_> {
    Subject {
        layer: &published.layer,
        provider: told_provider(published.provider),
        runtimes: &published.runtimes,
        architectures: &published.architectures,
        region: published.region.as_deref(),
        account: published.account.as_deref(),
    }
}

fn key_of_zip(layout: &Layout, layer: &LayerReport) -> Key {
    layout.key(&Subject {
        layer: &layer.name,
        provider: told_provider(layer.target.provider().name()),
        runtimes: &layer.target.declared_runtimes(),
        architectures: &[layer.target.architecture.to_string()],
        region: None,
        account: None,
    })
}

/// Names, each with the layer that it is of and one value.
#[derive(Default)]
struct Unique(Vec<(String, String, Value)>);

impl Unique {
    /// Two names of one account give one version twice, which is no mistake.
    fn add(
        &mut self,
        name: String,
        value: Value,
        layer: impl Fn() -> String,
    ) -> Result<(), HandoverError> {
        match self.0.iter().find(|(other, _, _)| *other == name) {
            Some((_, _, other)) if *other == value => Ok(()),
            Some((_, first, _)) => Err(HandoverError::SharedKey {
                first: first.clone(),
                second: layer(),
                key: name,
            }),
            None => {
                self.0.push((name, layer(), value));
                Ok(())
            }
        }
    }
}
