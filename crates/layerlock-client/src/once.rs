//! Values that are made when they are first needed, and once.

use std::sync::OnceLock;

use crate::Error;

/// The value, made at the first call. An error makes none.
pub(crate) fn get_or_make<T>(
    once: &OnceLock<T>,
    make: impl FnOnce() -> Result<T, Error>,
) -> Result<&T, Error> {
    if let Some(made) = once.get() {
        return Ok(made);
    }
    let made = make()?;
    Ok(once.get_or_init(|| made))
}
