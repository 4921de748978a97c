//! What is in a project's layers and why, for reports: nothing of it is written.

use layerlock_install::Reporter;
use layerlock_layer::Scratch;
use layerlock_lock::{LockReader, Remaining};

use super::{Job, layer_job, run};
use crate::configuration::Layer;
use crate::last_run::Outcome;
use crate::{Error, Settings};

/// What the lock alone tells of a layer.
pub(crate) struct SelectedLayer<'l> {
    pub(crate) layer: &'l Layer,
    /// Its packages, and those that are excluded.
    pub(crate) remaining: Remaining,
}

/// Tells something of each layer that the settings ask for. No index is asked, and nothing
/// is fetched.
pub(crate) fn with_selections<T>(
    settings: &Settings,
    mut tell: impl FnMut(&SelectedLayer<'_>, &dyn LockReader) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let job = Job::read(settings)?;
    let mut told = Vec::with_capacity(job.layers.len());
    for layer in &job.layers {
        let selected = SelectedLayer {
            layer,
            remaining: layer_job::remaining(layer, &job.lock)?,
        };
        told.push(tell(&selected, &job.lock)?);
    }
    Ok(told)
}

/// Builds the zip of every layer that the settings ask for where nobody sees it, so that
/// each file's bytes in it are known.
pub(crate) fn inspect(settings: &Settings, reporter: &dyn Reporter) -> Result<Outcome, Error> {
    let scratch = Scratch::create()?;
    let zip_alone = |layer: &mut Layer| layer.staging = None;
    run(settings, reporter, &zip_alone, Some(scratch.path()))
}
