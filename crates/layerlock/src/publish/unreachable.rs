//! An account that cannot be entered, as one place among others: what is published elsewhere
//! goes on, and each layer that was to go there is told as failed.

use layerlock_diagnostic::{Diagnose, ErrorKind};
use layerlock_publish::{
    Artifact, Error, Grant, LayerVersion, Publication, PublishPlan, Publisher, Use,
};

/// A place where everything fails with one error.
pub(super) struct Unreachable {
    pub(super) provider: &'static str,
    pub(super) region: Option<String>,
    message: String,
    kind: ErrorKind,
    hint: Option<String>,
}

impl Unreachable {
    pub(super) fn new(
        provider: &'static str,
        region: Option<String>,
        account: &str,
        error: &dyn Diagnose,
    ) -> Self {
        Self {
            provider,
            region,
            message: format!("{account}: {error}"),
            kind: error.kind(),
            hint: error.hint(),
        }
    }

    fn fail<T>(&self) -> Result<T, Error> {
        Err(Error::Unreachable {
            message: self.message.clone(),
            kind: self.kind,
            hint: self.hint.clone(),
        })
    }
}

impl Publisher for Unreachable {
    fn provider(&self) -> &'static str {
        self.provider
    }

    fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    fn survey(&self, _: &str, _: &[Artifact]) -> Result<Vec<LayerVersion>, Error> {
        self.fail()
    }

    fn carry_out(
        &self,
        _: &Artifact,
        _: &PublishPlan,
        _: &(dyn Fn(u64) + Sync),
    ) -> Result<Publication, Error> {
        self.fail()
    }

    fn list(&self, _: &str) -> Result<Vec<LayerVersion>, Error> {
        self.fail()
    }

    fn delete(&self, _: &str, _: u64) -> Result<(), Error> {
        self.fail()
    }

    fn grant(&self, _: &str, _: u64, _: &Grant) -> Result<(), Error> {
        self.fail()
    }

    fn grants(&self, _: &str, _: u64) -> Result<Vec<Grant>, Error> {
        self.fail()
    }

    fn uses(&self) -> Result<Vec<Use>, Error> {
        self.fail()
    }
}
