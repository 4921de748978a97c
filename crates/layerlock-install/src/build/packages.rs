//! Every package, brought to a wheel.

use std::path::Path;

use layerlock_lock::LockedPackage;
use layerlock_target::Target;

use super::builder::{BuildOptions, Builder};
use super::note::BuildNote;
use super::supplied;
use crate::{ChosenWheel, Error, Reporter, WheelOrSource};

/// What [`build`] gives.
#[derive(Debug)]
pub struct BuildOutcome {
    /// Each package with its wheel, in the order given. Wheels that did not
    /// stand in the lock are in the cache.
    pub chosen: Vec<ChosenWheel>,
    /// What the user should know.
    pub notes: Vec<BuildNote>,
}

/// Brings every package to a wheel that fits the target.
pub fn build(
    packages: Vec<WheelOrSource>,
    target: &Target,
    options: &BuildOptions<'_>,
    reporter: &dyn Reporter,
) -> Result<BuildOutcome, Error> {
    let mut builder = Builder {
        target,
        options,
        reporter,
        frontend: None,
        notes: Vec::new(),
        refused: Vec::new(),
    };
    let chosen = packages
        .into_iter()
        .map(|package| match package {
            WheelOrSource::Wheel(chosen) => Ok(chosen),
            WheelOrSource::Source(package) => builder.wheel(package),
        })
        .collect::<Result<_, _>>()?;
    Ok(BuildOutcome {
        chosen,
        notes: builder.notes,
    })
}

impl Builder<'_> {
    fn wheel(&mut self, package: LockedPackage) -> Result<ChosenWheel, Error> {
        self.refused.clear();
        let refuse = |path: &Path, misfit| {
            self.refused.push(format!("{} {misfit}", path.display()));
        };
        if let Some(found) = supplied::find(&package, self.target, self.options.fetch, refuse)? {
            self.notes.push(BuildNote::Supplied {
                package: package.name.clone(),
                from: found.path.display().to_string(),
            });
            return Ok(ChosenWheel {
                package,
                wheel: found.wheel,
                digest: found.digest,
            });
        }
        self.wheel_of_source(package)
            .map_err(|error| self.with_refused(error))
    }

    /// An error, with the user's wheels that would have avoided it if they fitted. One of
    /// a build has them already.
    fn with_refused(&self, error: Error) -> Error {
        if self.refused.is_empty() || matches!(error, Error::Build(_)) {
            return error;
        }
        Error::Supplied {
            error: Box::new(error),
            wheels: self.refused.clone(),
        }
    }
}
