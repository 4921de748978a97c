//! The report of a job as a file, beside its outputs.

use layerlock_layer::{can_write_file, write_file};
use serde::Serialize;

use crate::outputs::refuse_report_on_inputs;
use crate::{Error, Settings};

/// Does a job, and writes its report where one is asked for. A file that cannot be
/// written is told before the work. A job that fails leaves the file as it was.
pub(crate) fn with_report<T: Serialize>(
    settings: &Settings,
    job: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    let Some(path) = &settings.report else {
        return job();
    };
    refuse_report_on_inputs(path, settings)?;
    can_write_file(path)?;
    let done = job()?;
    #[expect(clippy::expect_used, reason = "strings and numbers always serialize")]
    let mut text = serde_json::to_vec_pretty(&done).expect("plain data serializes");
    text.push(b'\n');
    write_file(path, &text)?;
    Ok(done)
}
