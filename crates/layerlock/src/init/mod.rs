//! `[tool.layerlock]` for a project that has none, or not all of it.
//!
//! What is written is what a build would choose, so that it makes the same with it as
//! without. What is there already stays as it is: a table that is there gets the
//! `runtime` and the `architecture` that it lacks, and nothing else.

mod diff;
mod table;

use std::fmt;
use std::path::PathBuf;

use layerlock_export::Project;
use layerlock_layer::rewrite_file;
use layerlock_lock::{Choice, LockReader, LockWarningKind};
use layerlock_target::Provider;
use serde::Serialize;

use crate::configuration::{self, Layer};
use crate::default_runtime::DefaultRuntime;
use crate::lock::LazyLock;
use crate::report::path_text;
use crate::templates::has_cdk_app;
use crate::{Error, Settings, git};
pub use diff::Diff;
use table::{Pyproject, Setting};

/// The staging directory of a project with a CDK app.
const STAGING: &str = "lambda_dependencies";

/// What stands in place of a runtime and an architecture.
const TARGETS: &str = "targets";

/// What `init` wrote, or would write.
#[derive(Debug, Clone, Serialize)]
pub struct Initialised {
    /// pyproject.toml.
    #[serde(serialize_with = "path_text")]
    pub path: PathBuf,
    /// Whether it was written: not where nothing is to be added, or it was only planned.
    pub written: bool,
    /// What was or would be added to `[tool.layerlock]`.
    pub added: Vec<Added>,
    /// The settings that are there already, and stay.
    pub kept: Vec<&'static str>,
    /// The change of the file; none where nothing is to be added.
    pub diff: Option<Diff>,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Added {
    /// Its key in `[tool.layerlock]`.
    pub key: &'static str,
    /// One text, or several.
    pub values: Vec<String>,
}

/// Adds `[tool.layerlock]` to the project's pyproject.toml, with the runtime and the
/// architecture of the settings, else those that a build would choose, and a staging
/// directory where the project has a CDK app. Of a table that is there nothing is
/// changed; a `runtime` or an `architecture` that it lacks is added.
pub fn init(settings: &Settings) -> Result<Initialised, Error> {
    let (mut planned, text) = plan(settings)?;
    if planned.diff.is_some() {
        rewrite_file(&planned.path, text.as_bytes())?;
        planned.written = true;
    }
    Ok(planned)
}

/// What [`init`] would write, without writing it.
pub fn plan_init(settings: &Settings) -> Result<Initialised, Error> {
    Ok(plan(settings)?.0)
}

/// What to add, and the file's text with it.
fn plan(settings: &Settings) -> Result<(Initialised, String), Error> {
    let project = Project::read(settings.directory())?;
    if project.settings_path() != project.path() || !project.has_packages() {
        return Err(Error::Configuration {
            message: "the project has its settings in layerlock.toml, and `init` writes those of \
                      pyproject.toml"
                .to_owned(),
            place: project.place(0..0),
        });
    }
    let pyproject = Pyproject::parse(project.text()).map_err(|error| Error::Configuration {
        message: error.message().to_owned(),
        place: project.place(error.span().unwrap_or_default()),
    })?;
    let mut notes = Vec::new();
    let layers = layers(&project, settings, &mut notes)?;

    let wanted = [
        provider(&pyproject, settings),
        runtime(&pyproject, &layers, settings, &mut notes),
        architecture(&pyproject, &layers, settings),
        staging(&pyproject, settings),
    ];
    notes.extend(note_on_staging(&pyproject, &layers, settings));
    let kept = ["runtime", "architecture", "staging"];
    let kept = kept.into_iter().filter(|key| pyproject.has(key)).collect();
    let added: Vec<Setting> = wanted.into_iter().flatten().collect();
    let (text, diff) = if added.is_empty() {
        (String::new(), None)
    } else {
        let (text, diff) = diff::change(project.text(), &pyproject.with(&added));
        (text, Some(diff))
    };
    let added = added.into_iter();
    let initialised = Initialised {
        path: project.path().to_owned(),
        written: false,
        added: added.map(|(key, values)| Added { key, values }).collect(),
        kept,
        diff,
        notes,
    };
    Ok((initialised, text))
}

/// The layers that a build would make: without a lock, as far as pyproject.toml tells.
fn layers(
    project: &Project,
    settings: &Settings,
    notes: &mut Vec<String>,
) -> Result<Vec<Layer>, Error> {
    // Only where it has a say is a lock needed.
    let lock = LazyLock::new(project, settings);
    let layers = configuration::layers(project, settings, &lock, &|query| {
        lock.choose_runtime(query)
    })?;
    match lock.into_inner() {
        None => {}
        Some(Ok(lock)) => {
            let warnings = lock.warnings(&Choice::default())?.into_iter();
            let mut stale = warnings.filter(|warning| warning.kind == LockWarningKind::Stale);
            notes.extend(stale.next().map(|warning| warning.message));
        }
        Some(Err(Error::Export(layerlock_export::Error::NoLock { .. }))) => notes.push(
            "there is no poetry.lock yet: run `poetry lock` before `layerlock build`".to_owned(),
        ),
        Some(Err(error)) => return Err(error),
    }
    Ok(layers)
}

/// The provider that somebody asks for, where it is not the default.
fn provider(pyproject: &Pyproject, settings: &Settings) -> Option<Setting> {
    const KEY: &str = "provider";
    let asked = settings.provider.filter(|asked| *asked != Provider::Aws)?;
    (!pyproject.has(KEY)).then(|| (KEY, vec![asked.to_string()]))
}

fn runtime(
    pyproject: &Pyproject,
    layers: &[Layer],
    settings: &Settings,
    notes: &mut Vec<String>,
) -> Option<Setting> {
    const KEY: &str = "runtime";
    if pyproject.has(KEY) || pyproject.has(TARGETS) {
        return None;
    }
    if !settings.runtimes.is_empty() {
        return Some((KEY, texts(&settings.runtimes)));
    }
    let mut chosen: Vec<&DefaultRuntime> = Vec::new();
    for one in layers
        .iter()
        .filter_map(|layer| layer.default_runtime.as_ref())
    {
        if chosen.iter().all(|other| other.runtime != one.runtime) {
            chosen.push(one);
        }
    }
    match chosen[..] {
        [] => None,
        [one] => {
            notes.push(format!("{}: {}", one.runtime, one.reason()));
            Some((KEY, vec![one.runtime.to_string()]))
        }
        _ => {
            notes.push(
                "no runtime was added, because a build would choose another for each layer: set \
                 `runtime` in each layer's table"
                    .to_owned(),
            );
            None
        }
    }
}

fn architecture(pyproject: &Pyproject, layers: &[Layer], settings: &Settings) -> Option<Setting> {
    const KEY: &str = "architecture";
    if pyproject.has(KEY) || pyproject.has(TARGETS) {
        return None;
    }
    if !settings.architectures.is_empty() {
        return Some((KEY, texts(&settings.architectures)));
    }
    if pyproject.every_layer_has(KEY) {
        return None;
    }
    let provider = layers.first().map(|layer| layer.target.provider());
    let default = provider.unwrap_or(Provider::Aws).default_architecture();
    Some((KEY, vec![default.to_string()]))
}

/// A staging directory where there is a CDK app, which deploys one: in the project's
/// directory, or in one of those in it.
fn staging(pyproject: &Pyproject, settings: &Settings) -> Option<Setting> {
    if pyproject.has_table() {
        return None;
    }
    has_cdk_app(&settings.below_project(".")).then(|| ("staging", vec![STAGING.to_owned()]))
}

/// What git says of the staging directory, whether it is added or was there.
fn note_on_staging(pyproject: &Pyproject, layers: &[Layer], settings: &Settings) -> Option<String> {
    let configured = layers.iter().find_map(Layer::outermost_staging);
    let directory = match staging(pyproject, settings) {
        Some(_) => settings.below_project(STAGING),
        None => configured?.to_owned(),
    };
    git::note_on_staging(&directory)
}

fn texts<T: fmt::Display>(values: &[T]) -> Vec<String> {
    let mut texts = Vec::new();
    for text in values.iter().map(T::to_string) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

/// What was done, for people.
impl fmt::Display for Initialised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        if self.added.is_empty() {
            write!(f, "nothing to add: {path} has [tool.layerlock] already")?;
        } else {
            let added: Vec<String> = self.added.iter().map(ToString::to_string).collect();
            let did = if self.written { "added" } else { "would add" };
            let added = added.join(", ");
            write!(f, "{did} to [tool.layerlock] in {path}: {added}")?;
            if !self.kept.is_empty() {
                write!(f, " (kept: {})", self.kept.join(", "))?;
            }
        }
        for note in &self.notes {
            write!(f, "\nnote: {note}")?;
        }
        Ok(())
    }
}

/// As it stands in the file.
impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.key, table::value(&self.values))
    }
}
