//! What is in a project's layers and why, for reports: nothing of it is written.

use layerlock_install::Reporter;
use layerlock_layer::Scratch;
use layerlock_lock::{Choice, Remaining};

use super::{Job, layer_job, run};
use crate::configuration::Layer;
use crate::last_run::Outcome;
use crate::lock::Locked;
use crate::{Error, Settings};

/// What the lock alone tells of a layer.
pub(crate) struct SelectedLayer<'l> {
    pub(crate) layer: &'l Layer,
    /// What it chooses of the lock.
    pub(crate) choice: &'l Choice,
    /// Its packages, and those that are excluded.
    pub(crate) remaining: Remaining,
}

/// Tells something of each layer that the settings ask for; nothing of one without packages
/// of the lock. No index is asked, and nothing is fetched.
pub(crate) fn with_selections<T>(
    settings: &Settings,
    mut tell: impl FnMut(&SelectedLayer<'_>, &Locked) -> Result<T, Error>,
) -> Result<Vec<Option<T>>, Error> {
    let job = Job::read(settings)?;
    let mut told = Vec::with_capacity(job.layers.len());
    for layer in &job.layers {
        let (Some(lock), Some(choice)) = (&job.lock, &layer.choice) else {
            told.push(None);
            continue;
        };
        let selected = SelectedLayer {
            layer,
            choice,
            remaining: layer_job::remaining(layer, lock, choice)?,
        };
        told.push(Some(tell(&selected, lock)?));
    }
    Ok(told)
}

/// Builds the zip of every layer that the settings ask for where nobody sees it, so that
/// each file's bytes in it are known.
pub(crate) fn inspect(settings: &Settings, reporter: &dyn Reporter) -> Result<Outcome, Error> {
    let scratch = Scratch::create()?;
    let zip_alone = |layer: &mut Layer| layer.staging = None;
    run(settings, reporter, &zip_alone, Some(scratch.path()), &[])
}
