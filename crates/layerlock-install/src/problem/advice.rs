//! What an index has, where the lock has nothing that can be used.

use layerlock_diagnostic::LockTool;

/// What the index of a package has for the target by now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Advice {
    /// A fitting wheel of the locked version: it was uploaded after the lock was written.
    pub same_version: Option<String>,
    /// The newest version with a fitting wheel.
    pub newest: Option<String>,
    /// A package by its authors that has a fitting wheel of the same code: psycopg2-binary
    /// for psycopg2. Looked for where the package itself has none.
    pub sibling: Option<String>,
}

impl Advice {
    /// What to do with what the index has, without the wheel of the locked version.
    pub(crate) fn other(&self, name: &str) -> Option<String> {
        match (&self.newest, &self.sibling) {
            (Some(version), _) => Some(format!(
                "lock {name} {version}, the newest version with a wheel for this target"
            )),
            (None, Some(sibling)) => Some(format!(
                "replace {name} by {sibling}, which has a wheel for this target"
            )),
            (None, None) => None,
        }
    }

    /// What to do where the index has a wheel of the locked version.
    pub(crate) fn relock(&self, tool: LockTool) -> Option<String> {
        let file = self.same_version.as_ref()?;
        Some(format!(
            "run {}: the index has {file} by now",
            tool.look_again()
        ))
    }
}
