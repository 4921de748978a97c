//! What can be chosen from.

use layerlock_export::Project;

/// The groups and extras that can be chosen from.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    pub(crate) groups: Vec<String>,
    pub(crate) extras: Vec<String>,
}

impl Names {
    /// Those that pyproject.toml has.
    pub(crate) fn of(project: &Project) -> Self {
        Self {
            groups: project.groups().to_vec(),
            extras: project.extras().to_vec(),
        }
    }
}
