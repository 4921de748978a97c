//! Which groups and extras of a project a user asks for.

use serde::Serialize;

/// The groups that a user names, as the values of the flags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Groups {
    /// `--with`: groups besides the main one.
    pub with: Vec<String>,
    /// `--without`: groups to leave out, the main one as well.
    pub without: Vec<String>,
    /// `--only`: these groups and no other; `with` and `without` are ignored.
    pub only: Vec<String>,
    /// `--all-groups`: every group.
    pub all: bool,
}

/// The extras that a user names, as the values of the flags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Extras {
    /// `--extras`, `-E`: the extras' names.
    pub names: Vec<String>,
    /// `--all-extras`: every extra.
    pub all: bool,
}

/// What a user asks for. The default is the main group without extras.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// Which groups.
    pub groups: Groups,
    /// Which extras.
    pub extras: Extras,
    /// The project of a workspace whose lock it is; its root, or the whole workspace,
    /// where nobody names one. Locks of a single project pass over it.
    pub package: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_main_group_without_extras() {
        let Choice {
            groups,
            extras,
            package,
        } = Choice::default();
        assert!(groups.with.is_empty() && groups.without.is_empty() && groups.only.is_empty());
        assert!(!groups.all && !extras.all && extras.names.is_empty());
        assert_eq!(package, None);
    }
}
