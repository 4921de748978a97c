//! `requires-python`, and the patch release of a target's Python, which the provider
//! chooses: ranges are compared by minor version, and markers settled for the nearest
//! patch release that is allowed.

use layerlock_diagnostic::Place;
use layerlock_lock::{LockWarning, LockWarningKind};
use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{MarkerEnvironment, StringVersion};
use toml::de::DeTable;

use crate::Error;
use crate::document::Document;

/// No minor version of Python has had as many patch releases.
const LAST_PATCH: u64 = 99;

/// A range of Pythons, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct PythonRange {
    pub(crate) text: String,
    pub(crate) specifiers: VersionSpecifiers,
    pub(crate) place: Place,
}

impl PythonRange {
    /// Reads `requires-python` of a table.
    pub(crate) fn read(document: &Document, table: &DeTable<'_>) -> Result<Option<Self>, Error> {
        let Some(value) = table.get("requires-python") else {
            return Ok(None);
        };
        let text = document.string(value, "`requires-python`")?;
        Self::parse(text, document.place(value.span())).map(Some)
    }

    fn parse(text: &str, place: Place) -> Result<Self, Error> {
        let specifiers = text.parse().map_err(|_| {
            let message = format!("`{}` is not a range of versions", text.escape_debug());
            Error::invalid(place.clone(), message)
        })?;
        Ok(Self {
            text: text.to_owned(),
            specifiers,
            place,
        })
    }

    fn allows(&self, [major, minor, patch]: [u64; 3]) -> bool {
        self.specifiers
            .contains(&Version::new([major, minor, patch]))
    }

    /// The allowed patch release that is nearest to a release: the first from it on, else
    /// the last before it.
    fn nearest(&self, [major, minor, patch]: [u64; 3]) -> Option<u64> {
        let is_allowed = |patch: &u64| self.allows([major, minor, *patch]);
        (patch..=LAST_PATCH)
            .find(is_allowed)
            .or_else(|| (0..patch).rev().find(is_allowed))
    }

    /// The environment with a patch release that the range allows: an error where it
    /// allows none of this minor version.
    pub(crate) fn fit(&self, environment: &MarkerEnvironment) -> Result<MarkerEnvironment, Error> {
        let release = release(environment);
        let [major, minor, patch] = release;
        let Some(nearest) = self.nearest(release) else {
            return Err(Error::Python {
                place: self.place.clone().into(),
                python: environment.python_version().to_string(),
                range: self.text.clone(),
            });
        };
        if nearest == patch {
            return Ok(environment.clone());
        }
        let full = StringVersion::from(Version::new([major, minor, nearest]));
        Ok(environment
            .clone()
            .with_implementation_version(full.clone())
            .with_python_full_version(full))
    }

    /// What to tell where the range does not allow what runs now, or may soon.
    pub(crate) fn warning(&self, environment: &MarkerEnvironment) -> Option<LockWarning> {
        let release = release(environment);
        let [major, minor, _] = release;
        let taken = self.nearest(release)?;
        if self.allows(release) && self.allows([major, minor, LAST_PATCH]) {
            return None;
        }
        let Self { text, place, .. } = self;
        Some(LockWarning {
            message: format!(
                "the lock allows Python `{text}`, but the provider chooses the patch release of \
                 Python {major}.{minor}: packages are those for {major}.{minor}.{taken}"
            ),
            place: Some(place.clone()),
            kind: LockWarningKind::PatchRelease,
            hint: Some(format!(
                "allow all of Python {major}.{minor} in `requires-python`, and lock anew"
            )),
        })
    }
}

fn release(environment: &MarkerEnvironment) -> [u64; 3] {
    let full = environment.python_full_version();
    let release = full.version.release();
    let part = |at: usize| release.get(at).copied().unwrap_or_default();
    [part(0), part(1), part(2)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::environment;

    fn range(text: &str) -> PythonRange {
        let place = Place {
            path: "uv.lock".into(),
            line: 1,
            column: 1,
            span: 0..0,
        };
        PythonRange::parse(text, place).unwrap()
    }

    #[test]
    fn the_nearest_patch_release_that_is_allowed_counts() {
        for (text, expected) in [
            (">=3.10", Some("3.12.4")),
            (">=3.12.7", Some("3.12.7")),
            ("<3.12.3", Some("3.12.2")),
            ("==3.12.*", Some("3.12.4")),
            (">=3.13", None),
        ] {
            let fit = range(text).fit(&environment("3.12.4", "x86_64")).ok();
            let found = fit.map(|environment| environment.python_full_version().to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_the_provider_may_run_outside_of_the_range_is_told() {
        let environment = environment("3.12.4", "x86_64");
        assert!(range(">=3.10").warning(&environment).is_none());
        assert!(range("==3.12.*").warning(&environment).is_none());
        let warning = range("<3.12.9").warning(&environment).unwrap();
        assert_eq!(warning.kind, LockWarningKind::PatchRelease);
        assert!(warning.message.contains("3.12.4"), "{}", warning.message);
        assert!(range(">=3.13").warning(&environment).is_none());
    }
}
