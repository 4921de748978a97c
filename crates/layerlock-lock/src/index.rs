//! The package indexes that a project names.

/// A package index that a project names: one of `[[tool.poetry.source]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectIndex {
    /// The name, as it was written.
    pub name: String,
    /// The URL of its simple index without trailing slashes. Only the default
    /// index may be listed without one.
    pub url: Option<String>,
    /// When it is asked.
    pub priority: Priority,
}

/// When an index is asked for a package; the order is that of the asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// For every package, before all others (Poetry 1 alone).
    Default,
    /// For every package.
    Primary,
    /// For every package, after the primary ones (Poetry 1 alone).
    Secondary,
    /// For packages that no primary index has.
    Supplemental,
    /// For packages that name the index.
    Explicit,
}

#[cfg(test)]
mod tests {
    use super::Priority;

    #[test]
    fn indexes_are_asked_in_the_order_of_their_priorities() {
        let order = [
            Priority::Default,
            Priority::Primary,
            Priority::Secondary,
            Priority::Supplemental,
            Priority::Explicit,
        ];
        assert!(order.is_sorted_by(|one, other| one < other));
    }
}
