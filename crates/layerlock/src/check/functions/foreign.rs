//! Layers of functions that are not the project's.

use layerlock_check::Inventory;
use layerlock_target::Target;

use super::asked::Asked;

/// A layer that somebody else published, as the project describes it.
#[derive(Debug, Clone)]
pub(super) struct Foreign {
    pub(super) arn: String,
    /// Bytes of its files.
    pub(super) unzipped: Option<u64>,
    /// The architectures that it is for; none where nobody says.
    pub(super) architectures: Vec<String>,
    /// The same of runtimes.
    pub(super) runtimes: Vec<String>,
}

impl Foreign {
    /// Whether the provider has to be asked for its size.
    pub(super) fn is_to_be_asked(&self) -> bool {
        self.unzipped.is_none()
    }

    /// Bytes of its files, or why nobody knows them.
    pub(super) fn size<'a>(&self, asked: &'a Asked) -> Result<u64, Option<&'a str>> {
        match (self.unzipped, asked.get(&self.arn)) {
            (Some(stated), _) => Ok(stated),
            (None, Some(Ok(known))) => Ok(known.unzipped),
            (None, Some(Err(reason))) => Err(Some(reason)),
            (None, None) => Err(None),
        }
    }

    /// What it has for functions on a target, where that is known.
    pub(super) fn inventory<'a>(&self, asked: &'a Asked, target: Target) -> Option<&'a Inventory> {
        asked.get(&self.arn)?.as_ref().ok()?.inventory(target)
    }

    /// What it is for, where that is not the target.
    pub(super) fn misfit(&self, asked: &Asked, target: Target) -> Option<String> {
        let known = asked.get(&self.arn).and_then(|known| known.as_ref().ok());
        let other = |stated: &[String], told: Option<&Vec<String>>, here: &str| {
            let names = match (stated, told) {
                ([], Some(told)) => told,
                (stated, _) => stated,
            };
            let is_other = !names.is_empty() && !names.iter().any(|one| one == here);
            is_other.then(|| names.join(", "))
        };
        let architectures = known.map(|known| &known.architectures);
        let runtimes = known.map(|known| &known.runtimes);
        other(
            &self.architectures,
            architectures,
            target.architecture.name(),
        )
        .or_else(|| other(&self.runtimes, runtimes, target.runtime.identifier()))
    }
}
