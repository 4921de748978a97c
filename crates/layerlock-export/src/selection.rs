//! The groups and extras that are selected.

use std::collections::BTreeSet;

use layerlock_lock::MAIN_GROUP;

use crate::Warning;

/// A choice checked against a project, in normalised names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The groups.
    pub groups: BTreeSet<String>,
    /// The extras.
    pub extras: BTreeSet<String>,
    /// What the user should know of the choice.
    pub warnings: Vec<Warning>,
}

/// Group names in Poetry's order: `main`, then the rest by name.
pub(crate) fn in_order(groups: &BTreeSet<String>) -> Vec<String> {
    let mut groups: Vec<_> = groups.iter().cloned().collect();
    groups.sort_by_key(|group| group != MAIN_GROUP);
    groups
}
