//! Names of packages, groups and extras.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a package, normalised
/// ([PEP 503](https://peps.python.org/pep-0503/#normalized-names)): `Foo.Bar` and
/// `foo_bar` are one name, `foo-bar`.
///
/// It consists of ASCII letters, digits and `-`, so it is safe in paths and URLs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackageName(uv_normalize::PackageName);

impl PackageName {
    /// The normalised name.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// A text that is not the name of a package: it has other characters than ASCII
/// letters, digits, `-`, `_` and `.`, or begins or ends with one of the last three.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a package name", .0.escape_debug())]
pub struct NameError(pub String);

impl FromStr for PackageName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .map(Self)
            .map_err(|_| NameError(text.to_owned()))
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl AsRef<str> for PackageName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// Names hash and compare as their texts do, so maps by name are asked by text too.
impl Borrow<str> for PackageName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for PackageName {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for PackageName {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for PackageName {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == *other
    }
}

/// A name in lower case, each run of `-`, `_` and `.` one `-` (PEP 503 and PEP 685).
/// For the names of groups and extras, and for texts that need not be names.
pub fn normalize_name(name: &str) -> String {
    let mut normalized = String::with_capacity(name.len());
    let mut separator = false;
    for c in name.chars() {
        if matches!(c, '-' | '_' | '.') {
            if !separator {
                normalized.push('-');
            }
            separator = true;
        } else {
            normalized.extend(c.to_lowercase());
            separator = false;
        }
    }
    normalized
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};
    use std::hash::{BuildHasher, RandomState};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_a_name_are_one_name() {
        for text in ["Foo.Bar", "foo_bar", "FOO--bar", "foo-_.bar"] {
            assert_eq!(text.parse::<PackageName>().unwrap(), *"foo-bar");
        }
        for text in ["", "-", "-foo", "foo.", "f oo", "foo/bar", "foó", "foo\n"] {
            assert_eq!(
                text.parse::<PackageName>(),
                Err(NameError(text.to_owned())),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_name_is_shown_and_compared_as_its_text() {
        let name: PackageName = "Foo.Bar".parse().unwrap();
        assert_eq!(
            format!("{name}|{name:>9}|{name:<9}|"),
            "foo-bar|  foo-bar|foo-bar  |"
        );
        let as_ref: &str = name.as_ref();
        let borrowed: &str = name.borrow();
        assert_eq!((as_ref, borrowed), ("foo-bar", "foo-bar"));
        for (text, is_equal) in [("foo-bar", true), ("Foo.Bar", false), ("foo", false)] {
            assert_eq!(name == *text, is_equal, "{text}");
            assert_eq!(name == text, is_equal, "{text}");
            let owned = text.to_owned();
            assert_eq!(name == owned, is_equal, "{text}");
        }
        let error = "a\u{7}b".parse::<PackageName>().unwrap_err();
        assert_eq!(error.to_string(), "`a\\u{7}b` is not a package name");
    }

    #[test]
    fn maps_by_name_are_asked_by_text() {
        let name = || "foo-bar".parse::<PackageName>().unwrap();
        let (hashed, sorted) = (HashMap::from([(name(), 1)]), BTreeMap::from([(name(), 1)]));
        assert_eq!(
            (hashed.get("foo-bar"), sorted.get("foo-bar")),
            (Some(&1), Some(&1))
        );
        assert_eq!((hashed.get("foo"), sorted.get("foo")), (None, None));
    }

    /// The examples of [PEP 503](https://peps.python.org/pep-0503/#normalized-names)
    /// and of PEP 685, and texts that are no names.
    #[test]
    fn runs_of_separators_are_one_hyphen() {
        for (text, normal) in [
            ("Friendly_Bard", "friendly-bard"),
            ("FRIENDLY-BARD", "friendly-bard"),
            ("friendly--bard", "friendly-bard"),
            ("FrIeNdLy-._.-bArD", "friendly-bard"),
            ("_a_b.", "-a-b-"),
            ("Ü b", "ü b"),
            ("", ""),
        ] {
            assert_eq!(normalize_name(text), normal, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_normal_and_stands_for_its_text(text in "[A-Za-z0-9._-]{1,20}|\\PC{0,9}") {
            if let Ok(name) = text.parse::<PackageName>() {
                prop_assert_eq!(name.as_str(), normalize_name(&text));
                prop_assert_eq!(name.as_str().parse(), Ok(name.clone()));
                // What `Borrow` promises.
                let state = RandomState::new();
                prop_assert_eq!(state.hash_one(&name), state.hash_one(name.as_str()));
            }
        }
    }
}
