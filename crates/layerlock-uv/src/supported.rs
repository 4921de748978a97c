//! Which targets a lock is for.

use layerlock_diagnostic::Place;
use layerlock_lock::LockWarning;
use pep508_rs::MarkerEnvironment;

use crate::Error;
use crate::marker::{Active, Marker};
use crate::python::PythonRange;

/// The Pythons and the environments that a lock is for.
#[derive(Debug)]
pub(crate) struct Supported {
    pub(crate) python: Option<PythonRange>,
    /// All where there are none.
    pub(crate) environments: Vec<Marker>,
    /// Where the environments stand.
    pub(crate) place: Place,
}

impl Supported {
    /// The environment with a patch release that the lock is for.
    pub(crate) fn fit(&self, environment: &MarkerEnvironment) -> Result<MarkerEnvironment, Error> {
        let environment = match &self.python {
            Some(range) => range.fit(environment)?,
            None => environment.clone(),
        };
        let active = Active::default();
        let mut environments = self.environments.iter();
        if !self.environments.is_empty()
            && !environments.any(|marker| marker.holds(&environment, &active))
        {
            return Err(Error::Environment {
                place: self.place.clone().into(),
                python: environment.python_version().to_string(),
                machine: environment.platform_machine().to_owned(),
            });
        }
        Ok(environment)
    }

    /// What to tell of one target.
    pub(crate) fn warnings(&self, environment: &MarkerEnvironment) -> Vec<LockWarning> {
        let warning = self.python.as_ref();
        let warning = warning.and_then(|range| range.warning(environment));
        warning.into_iter().collect()
    }
}
