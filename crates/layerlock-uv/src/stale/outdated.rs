//! The error of a lock that is out of date.

use layerlock_diagnostic::Place;

use crate::Error;
use crate::lock::Lock;

/// What differs, and where.
pub(super) fn stale(lock: &Lock, what: String, place: Place) -> Error {
    Error::Stale {
        lock: lock.path().to_owned(),
        what,
        place: place.into(),
    }
}
