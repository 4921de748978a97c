use std::fmt;

use serde::{Deserialize, Serialize};

/// How well a wheel's RECORD fits the wheel.
///
/// Caches hold this: in the first of them it was a `bool` for whether it is exact,
/// which has the form of the first two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum RecordFit {
    /// It lists other sizes, or paths that are no files. Nobody has to know.
    Inexact,
    /// It lists the wheel's files and nothing else.
    Exact,
    /// It is not as it has to be.
    Flawed(RecordFlaws),
}

/// What is wrong with a wheel's RECORD. Installers pass over it, and the archive has
/// the locked hash; but nothing tells whether the wheel's authors meant these files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordFlaws {
    /// Files that it does not list.
    pub(super) unlisted: Instances,
    /// Files that it lists without a hash of at least SHA-256.
    pub(super) unhashed: Instances,
    /// Files that it lists twice.
    pub(super) repeated: Instances,
    /// Paths such as `./a.py` or `a\b.py`.
    pub(super) paths: Instances,
}

/// How many there are, and the first of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Instances {
    count: u32,
    first: String,
}

impl Instances {
    pub(super) fn add(&mut self, name: &str) {
        if self.count == 0 {
            name.clone_into(&mut self.first);
        }
        self.count = self.count.saturating_add(1);
    }
}

/// `does not list a.py`, `lists 2 files twice, such as a.py`
impl fmt::Display for RecordFlaws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            unlisted,
            unhashed,
            repeated,
            paths,
        } = self;
        let mut parts = Vec::new();
        for (instances, verb, things, rest) in [
            (unlisted, "does not list", "files", ""),
            (
                unhashed,
                "lists",
                "files",
                " without a sha256 or stronger hash",
            ),
            (repeated, "lists", "files", " twice"),
            (paths, "has", "malformed paths", " in it"),
        ] {
            let first = instances.first.escape_debug();
            match instances.count {
                0 => {}
                1 => parts.push(format!("{verb} `{first}`{rest}")),
                count => parts.push(format!("{verb} {count} {things}{rest}, such as `{first}`")),
            }
        }
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flaw_is_told_with_its_first_instance() {
        let instances = |count, first: &str| Instances {
            count,
            first: first.to_owned(),
        };
        let flaws = RecordFlaws {
            unlisted: instances(1, "a.py"),
            unhashed: instances(2, "b.py"),
            repeated: Instances::default(),
            paths: instances(1, "./c.py"),
        };
        assert_eq!(
            flaws.to_string(),
            "does not list `a.py`, lists 2 files without a sha256 or stronger hash, such as \
             `b.py`, has `./c.py` in it"
        );
    }

    /// Caches of the first form are read, and no archive is fetched again.
    #[test]
    fn whether_a_record_is_exact_keeps_its_form() {
        for (fit, was_exact) in [(RecordFit::Inexact, false), (RecordFit::Exact, true)] {
            let kept = postcard::to_stdvec(&fit).unwrap();
            assert_eq!(kept, postcard::to_stdvec(&was_exact).unwrap());
        }
    }
}
