use std::borrow::Borrow;
use std::fmt;

/// The path of a file in a layer: relative, with `/` between its parts, and safe
/// to join to any directory.
///
/// Names out of archives are hostile until proven otherwise; this type is the
/// proof.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LayerPath(Box<str>);

impl LayerPath {
    /// Checks a name.
    pub fn new(name: impl Into<Box<str>>) -> Result<Self, PathError> {
        let name = name.into();
        check(&name)?;
        Ok(Self(name))
    }

    /// The path of `name` in the directory `self`.
    pub fn join(&self, name: &str) -> Result<Self, PathError> {
        check(name)?;
        Ok(Self(format!("{self}/{name}").into()))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its last part.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The directories that hold it, innermost first: `a/b` and `a` for `a/b/c`.
    pub fn parents(&self) -> impl Iterator<Item = &str> {
        let mut rest: &str = &self.0;
        std::iter::from_fn(move || {
            rest = &rest[..rest.rfind('/')?];
            Some(rest)
        })
    }
}

impl fmt::Display for LayerPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for LayerPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The longest path that a zip's 16-bit length field can hold, in bytes.
const LONGEST: usize = u16::MAX as usize;

/// Why a name cannot be a path in a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// An empty name, or an empty part as in `a//b` or `a/`.
    #[error("has an empty part")]
    EmptyPart,
    /// `/etc/passwd`.
    #[error("is an absolute path")]
    Absolute,
    /// A part is `.` or `..`.
    #[error("has a `.` or `..` part")]
    Dots,
    /// A backslash is a separator on Windows.
    #[error("has a backslash")]
    Backslash,
    /// `C:` names a drive on Windows, `file:stream` a hidden stream.
    #[error("has a colon, which names a drive or a stream on Windows")]
    Colon,
    /// NUL or another control character.
    #[error("has a control character")]
    Control,
    /// Bytes that are no UTF-8: what they mean depends on who reads them.
    #[error("is not UTF-8")]
    Encoding,
    /// Over 65,535 bytes.
    #[error("is longer than a zip can hold")]
    TooLong,
}

fn check(name: &str) -> Result<(), PathError> {
    if name.starts_with('/') {
        return Err(PathError::Absolute);
    }
    if name.len() > LONGEST {
        return Err(PathError::TooLong);
    }
    for character in name.chars() {
        match character {
            '\\' => return Err(PathError::Backslash),
            ':' => return Err(PathError::Colon),
            _ if character.is_control() => return Err(PathError::Control),
            _ => {}
        }
    }
    for part in name.split('/') {
        match part {
            "" => return Err(PathError::EmptyPart),
            "." | ".." => return Err(PathError::Dots),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeSet, HashSet};
    use std::path::{Component, Path};

    #[test]
    fn hostile_names_are_refused_with_their_reason() {
        for (name, reason) in [
            ("", PathError::EmptyPart),
            ("a//b", PathError::EmptyPart),
            ("a/", PathError::EmptyPart),
            ("/etc/passwd", PathError::Absolute),
            ("../x", PathError::Dots),
            ("a/../../x", PathError::Dots),
            ("./x", PathError::Dots),
            ("a\\b", PathError::Backslash),
            ("C:/x", PathError::Colon),
            ("a\0b", PathError::Control),
            ("a\nb", PathError::Control),
        ] {
            assert_eq!(LayerPath::new(name), Err(reason), "{name:?}");
        }
        assert_eq!(
            LayerPath::new("x".repeat(LONGEST + 1)),
            Err(PathError::TooLong)
        );
        assert!(LayerPath::new("x".repeat(LONGEST)).is_ok());
    }

    #[test]
    fn sets_of_paths_are_asked_by_text() {
        let path = || LayerPath::new("a/b").unwrap();
        let (hashed, sorted) = (HashSet::from([path()]), BTreeSet::from([path()]));
        assert!(hashed.contains("a/b") && sorted.contains("a/b"));
        assert!(!hashed.contains("a") && !sorted.contains("a"));
    }

    #[test]
    fn only_a_whole_name_is_joined() {
        let path = LayerPath::new("a/b").unwrap();
        assert_eq!(path.join("c/d").unwrap().to_string(), "a/b/c/d");
        assert_eq!(path.join("../c"), Err(PathError::Dots));
        assert_eq!(path.join("/c"), Err(PathError::Absolute));
        assert_eq!(path.join(""), Err(PathError::EmptyPart));
    }

    #[test]
    fn parents_run_from_the_inside_out() {
        let path = LayerPath::new("a/b/c").unwrap();
        assert_eq!(path.parents().collect::<Vec<_>>(), ["a/b", "a"]);
    }

    proptest! {
        #[test]
        fn an_accepted_name_never_leaves_its_directory(name in "[./\\\\:a\\x00-\\x02-]{0,12}") {
            if let Ok(path) = LayerPath::new(name) {
                for component in Path::new(path.as_str()).components() {
                    prop_assert!(matches!(component, Component::Normal(_)));
                }
            }
        }
    }
}
