/*!
Handing results over: ARNs and zips, where the next step reads them.

Each [`OutputFormat`] has the place and the rules of the tool that reads it. The keys depend
on the project's settings alone, and never on what became of a run. What can be wrong with
them and with the file is told before anything is built.

```no_run
use layerlock::{HandedOver, Handover, OutputFormat, PublishSettings, Silent};

let settings = PublishSettings::default();
let handover = Handover::of_publish(&settings, OutputFormat::Cdk, None)?;
let report = layerlock::publish(&settings, &Silent)?;
if let HandedOver::Written(path) = handover.write(&report)? {
    println!("wrote {}", path.display());
}
# Ok::<(), layerlock::Error>(())
```
*/

mod file;
mod keys;
mod lines;
mod member;
mod prepare;
mod results;
mod serverless_devs;

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::handover_error::HandoverError;
use crate::output_format::OutputFormat;
use crate::outputs::resolved;
use crate::{Error, ZipReport};

pub use results::Results;

use keys::{Layout, Style};
use member::{NoObject, Object};

/// The member of cdk.context.json that is layerlock's.
const CONTEXT: &str = "layerlock";

/// Where results go, and under which keys.
#[derive(Debug)]
pub struct Handover {
    format: OutputFormat,
    to: Place,
    layout: Layout,
    /// Whether the file is outside of the project: it may have results of other projects.
    is_shared: bool,
    /// Whether nothing is to be written.
    is_trial: bool,
}

/// Where results go.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// Nowhere: the report for people says all.
    Nowhere,
    Stdout,
    File(PathBuf),
}

/// What became of results that were to be handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "the text is for standard output"]
pub enum HandedOver {
    /// This is for standard output.
    Text(String),
    /// This file was written.
    Written(PathBuf),
    /// This file has them already, and was not written.
    Unchanged(PathBuf),
    /// This file stays as it was, since something failed.
    Withheld(PathBuf),
    /// There is nothing to hand over.
    Nothing,
}

/// What is told of a file; nothing of a text.
impl fmt::Display for HandedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) | Self::Nothing => Ok(()),
            Self::Written(path) => write!(f, "handed over: {}", path.display()),
            Self::Unchanged(path) => {
                write!(f, "handed over: {}, which was so already", path.display())
            }
            Self::Withheld(path) => write!(
                f,
                "not handed over: {} stays as it was, since something failed",
                path.display()
            ),
        }
    }
}

impl Handover {
    /// The results in the format, as standard output gets them.
    pub fn render<'r>(&self, results: impl Into<Results<'r>>) -> Result<String, Error> {
        let results = results.into();
        Ok(match (self.format, Style::of(self.format)) {
            (OutputFormat::Json, _) => results.json(),
            (OutputFormat::ServerlessDevs, _) => results.serverless_devs(),
            (_, None) => results.text(),
            (OutputFormat::Sam, Some(_)) => lines::one_line(&self.lines(results)?),
            (OutputFormat::Cdk, Some(_)) => pretty(&json!({ CONTEXT: self.map(results)? })),
            (OutputFormat::Terraform, Some(_)) => self.variables(results)?,
            (_, Some(_)) => lines::text(&self.lines(results)?),
        })
    }

    /// Hands the results over. Nothing is written where something failed, nor where it is
    /// there already.
    pub fn write<'r>(&self, results: impl Into<Results<'r>>) -> Result<HandedOver, Error> {
        let results = results.into();
        let is_complete = results.are_whole() && !self.is_trial;
        let path = match &self.to {
            Place::Nowhere => return Ok(HandedOver::Nothing),
            Place::File(path) if is_complete => path,
            // The report tells what failed, too.
            _ if self.format == OutputFormat::Json => {
                return Ok(HandedOver::Text(results.json()));
            }
            Place::Stdout if is_complete => return self.render(results).map(HandedOver::Text),
            // The versions that there are, as lines that no program takes for more.
            Place::Stdout if self.format == OutputFormat::Text && !self.is_trial => {
                return Ok(HandedOver::Text(results.text()));
            }
            Place::File(path) if !self.is_trial => {
                return Ok(HandedOver::Withheld(path.clone()));
            }
            _ => return Ok(HandedOver::Nothing),
        };
        Ok(if self.write_file(path, results)? {
            HandedOver::Written(path.clone())
        } else {
            HandedOver::Unchanged(path.clone())
        })
    }

    /// Whether something was to be written: `false` where it is there already.
    fn write_file(&self, path: &Path, results: Results<'_>) -> Result<bool, Error> {
        match self.format {
            OutputFormat::GitHub => {
                let old = file::read(path)?;
                let old = old.as_ref().map_or("", |old| old.text());
                let addition = lines::addition(old, &self.lines(results)?);
                if addition.is_empty() {
                    return Ok(false);
                }
                file::append(path, &addition)?;
                Ok(true)
            }
            OutputFormat::Env => {
                let old = file::read(path)?;
                let old = old.as_ref().map_or("", |old| old.text());
                let is_kept = |name: &str| self.keeps_variable(name, results.words());
                file::replace(path, &lines::merged(old, &self.lines(results)?, is_kept))
            }
            OutputFormat::Cdk => self.write_context(path, self.map(results)?),
            OutputFormat::Text
            | OutputFormat::Json
            | OutputFormat::Terraform
            | OutputFormat::Sam
            | OutputFormat::ServerlessDevs => file::replace(path, &self.render(results)?),
        }
    }

    fn lines(&self, results: Results<'_>) -> Result<Vec<lines::Line>, Error> {
        let style = Style::of(self.format).unwrap_or(Style::Env);
        Ok(results.lines(&self.layout, self.format, style)?)
    }

    fn map(&self, results: Results<'_>) -> Result<Map<String, Value>, Error> {
        Ok(results.map(&self.layout, |zip| self.path(zip))?)
    }

    /// The path of a zip as seen from the file, else from anywhere.
    fn path(&self, zip: &ZipReport) -> Result<String, HandoverError> {
        let absolute = &zip.absolute_path;
        let relative = match &self.to {
            Place::File(path) => {
                let directory = resolved(&file::directory_of(path));
                file::relative(&directory, &resolved(absolute))
            }
            _ => None,
        };
        let absolute = || absolute.to_str().map(str::to_owned);
        relative
            .or_else(absolute)
            .ok_or_else(|| HandoverError::Path {
                format: self.format,
                path: zip.path.clone(),
            })
    }

    /// The variables for Terraform, with those of layers that the run was not about.
    fn variables(&self, results: Results<'_>) -> Result<String, Error> {
        let name = match results {
            Results::Built(_) => "layer_zips",
            Results::Published(_) => "layer_arns",
        };
        let mut map = self.map(results)?;
        if let Place::File(path) = &self.to {
            // Whatever else is in the file is not ours to judge: it is written whole.
            let old = file::read(path).ok().flatten();
            let old = old.and_then(|old| serde_json::from_str::<Value>(old.text()).ok());
            let old = old.as_ref().and_then(|old| old.get(name)?.as_object());
            self.keep(&mut map, old);
        }
        Ok(pretty(&json!({ name: map })))
    }

    fn write_context(&self, path: &Path, mut map: Map<String, Value>) -> Result<bool, Error> {
        let Some(document) = file::read(path)? else {
            return file::replace(path, &pretty(&json!({ CONTEXT: map })));
        };
        let unusable = |error| unusable(path, &document, error);
        let object = Object::parse(document.text()).map_err(unusable)?;
        let old = object.object(CONTEXT).map_err(unusable)?;
        self.keep(&mut map, old.as_ref());
        if old.as_ref() == Some(&map) {
            return Ok(false);
        }
        file::replace(path, &object.with(CONTEXT, &map))
    }

    /// Adds what an earlier run handed over and this one says nothing of.
    fn keep(&self, map: &mut Map<String, Value>, old: Option<&Map<String, Value>>) {
        for (key, value) in old.into_iter().flatten() {
            if !map.contains_key(key) && self.keeps(Style::Map, key) {
                map.insert(key.clone(), value.clone());
            }
        }
        map.sort_keys();
    }

    /// Whether a key that this run does not give stays: another project's may, and that of
    /// a layer that the run was not about. One of a layer that is gone does not.
    fn keeps(&self, style: Style, key: &str) -> bool {
        let mut others = self.layout.others.iter();
        self.is_shared || others.any(|layer| style.is_of_layer(key, layer))
    }

    /// The same for a variable of the environment, of which most are not ours.
    fn keeps_variable(&self, name: &str, words: &[&str]) -> bool {
        let key = words.iter().find_map(|word| {
            let end = format!("_{}", word.to_ascii_uppercase());
            name.strip_prefix("LAYERLOCK_")?.strip_suffix(&end)
        });
        key.is_none_or(|key| self.keeps(Style::Env, key))
    }
}

fn unusable(path: &Path, document: &layerlock_diagnostic::Document, error: NoObject) -> Error {
    HandoverError::Unusable {
        path: path.to_owned(),
        message: error.message,
        place: Some(document.place(error.at..error.at + 1)),
    }
    .into()
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
