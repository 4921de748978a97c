//! What is in a project's layers and why, for reports: nothing of it is written.

use layerlock_install::Reporter;
use layerlock_lock::Remaining;

use super::{Job, layer_job, run};
use crate::configuration::Layer;
use crate::last_run::Outcome;
use crate::scratch::scratch;
use crate::{Error, Settings};

/// What the lock alone tells of a layer.
pub(crate) struct SelectedLayer {
    /// Its packages, and those that are excluded.
    pub(crate) remaining: Remaining,
}

/// The packages of each layer that the settings ask for.
pub(crate) fn selections(settings: &Settings) -> Result<Vec<SelectedLayer>, Error> {
    let job = Job::read(settings)?;
    let select = |layer: &Layer| {
        Ok(SelectedLayer {
            remaining: layer_job::remaining(layer, &job.lock)?,
        })
    };
    job.layers.iter().map(select).collect()
}

/// Builds the zip of every layer that the settings ask for where nobody sees it, so that
/// each file's bytes in it are known.
pub(crate) fn inspect(settings: &Settings, reporter: &dyn Reporter) -> Result<Outcome, Error> {
    let (scratch, _existing) = scratch()?;
    let zip_alone = |layer: &mut Layer| layer.staging = None;
    run(settings, reporter, &zip_alone, Some(scratch.path()))
}
