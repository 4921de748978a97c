//! The error of a lock that is out of date.

use layerlock_diagnostic::Place;

use crate::Error;
use crate::lock::Lock;

/// What differs, and where.
pub(super) fn stale(lock: &Lock, what: impl AsRef<str>, place: Place) -> Error {
    Error::Stale {
        lock: lock.path().to_owned(),
        what: layerlock_diagnostic::mask_user_info(what.as_ref()),
        place: place.into(),
    }
}
