//! The time of everything in a zip.

use layerlock_layer::EntryTime;

use crate::Error;

/// The variable that gives the time of what is built, in seconds from 1970 on.
pub(crate) const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";

/// What `SOURCE_DATE_EPOCH` says (<https://reproducible-builds.org/specs/source-date-epoch/>),
/// else the first time that a zip knows.
pub(crate) fn time_of_entries() -> Result<EntryTime, Error> {
    let Some(value) = std::env::var_os(SOURCE_DATE_EPOCH).filter(|value| !value.is_empty()) else {
        return Ok(EntryTime::default());
    };
    let seconds = value.to_str().and_then(|text| text.parse().ok());
    seconds
        .map(EntryTime::from_unix)
        .ok_or_else(|| Error::SourceDateEpoch {
            value: value.to_string_lossy().into_owned(),
        })
}
