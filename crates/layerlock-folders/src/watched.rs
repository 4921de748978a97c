//! Whether files are as they were, without reading them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use layerlock_digest::Digest;
use serde::{Deserialize, Serialize};

use crate::input::Input;
use crate::walk::without_links;

/// What files looked like to `stat`. Equal means that nothing was changed since.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Watched {
    groups: Vec<Group>,
}

/// Inputs, and what is no part of them: the outputs of the run.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Group {
    inputs: Vec<(Input, Digest)>,
    outputs: Vec<PathBuf>,
}

/// Inputs to look at, each once: layers and targets share them.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    groups: Vec<(BTreeSet<Input>, Vec<PathBuf>)>,
}

impl Inputs {
    /// Adds inputs that `outputs` are no part of.
    pub fn add(&mut self, inputs: impl IntoIterator<Item = Input>, outputs: &[PathBuf]) {
        let same = self.groups.iter_mut().find(|(_, those)| those == outputs);
        match same {
            Some((group, _)) => group.extend(inputs),
            None => self
                .groups
                .push((inputs.into_iter().collect(), outputs.to_vec())),
        }
    }

    /// Looks at them. None where a change of them might not be seen later, or where they
    /// cannot be looked at. May wait for a tenth of a second: what a command has just made
    /// is that young.
    pub fn look(self) -> Option<Watched> {
        let mut wait = Duration::ZERO;
        let groups = self.groups.into_iter();
        let groups = groups.filter(|(inputs, _)| !inputs.is_empty());
        let groups = groups.map(|(inputs, outputs)| {
            let real = without_links(&outputs);
            let inputs = inputs.into_iter().map(|input| {
                let (digest, age) = input.look(&real)?;
                wait = wait.max(age.wait()?);
                Some((input, digest))
            });
            let inputs = inputs.collect::<Option<_>>()?;
            Some(Group { inputs, outputs })
        });
        let watched = Watched {
            groups: groups.collect::<Option<_>>()?,
        };
        if wait.is_zero() {
            return Some(watched);
        }
        std::thread::sleep(wait);
        watched.is_as_it_was().then_some(watched)
    }
}

impl Watched {
    /// Whether nothing has changed since.
    pub fn is_as_it_was(&self) -> bool {
        self.groups.iter().all(|Group { inputs, outputs }| {
            let real = without_links(outputs);
            inputs.iter().all(|(input, digest)| {
                let now = input.look(&real);
                now.is_some_and(|(now, _)| now == *digest)
            })
        })
    }

    /// Takes in what others look at.
    pub fn extend(&mut self, other: Self) {
        self.groups.extend(other.groups);
    }
}

#[cfg(test)]
mod tests {

    use fs_err as fs;

    use super::*;
    use crate::testing::write;

    fn look(inputs: Vec<Input>, outputs: &[PathBuf]) -> Watched {
        let mut looking = Inputs::default();
        looking.add(inputs, outputs);
        looking.look().unwrap()
    }

    #[test]
    fn every_change_of_a_folder_is_seen_and_nothing_else() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        write(root, "a/b.py", "1");
        write(root, "a/c.py", "2");
        let outputs = vec![root.join("a/out")];
        let look = || look(vec![Input::path(root.join("a"))], &outputs);
        let first = look();
        for noise in ["a/out/layer.zip", "a/.git/HEAD", "a/__pycache__/b.pyc", "d"] {
            write(root, noise, "noise");
        }
        assert!(first.is_as_it_was());
        write(root, "a/b.py", "3");
        assert!(!first.is_as_it_was());
        let second = look();
        write(root, "a/d.py", "");
        assert!(!second.is_as_it_was());
        let third = look();
        fs::remove_file(root.join("a/c.py")).unwrap();
        assert!(!third.is_as_it_was());
        let fourth = look();
        fs::rename(root.join("a/d.py"), root.join("a/e.py")).unwrap();
        assert!(!fourth.is_as_it_was());
    }

    /// What a command has just made, as most files of a folder are in a build.
    #[test]
    fn what_is_young_is_waited_for() {
        let temp = tempfile::tempdir().unwrap();
        write(temp.path(), "a", "1");
        let watched = look(vec![Input::path(temp.path())], &[]);
        write(temp.path(), "a", "2");
        assert!(!watched.is_as_it_was());
    }

    /// What lies behind a link could change, come and go unseen.
    #[cfg(unix)]
    #[test]
    fn a_file_behind_a_link_counts() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        write(root, "real/lock.json", "1");
        fs::create_dir(root.join("linked")).unwrap();
        let link = |target: &str, name: &str| {
            std::os::unix::fs::symlink(root.join(target), root.join(name)).unwrap();
        };
        link("real/lock.json", "lock.json");
        link("real/lock.json", "linked/lock.json");
        link("real", "linked/folder");
        for input in ["lock.json", "linked", "linked/*.json"] {
            let look = || {
                let input = Input::parse(input, root).unwrap();
                look(vec![input], &[])
            };
            let first = look();
            write(root, "real/lock.json", "2");
            assert!(!first.is_as_it_was(), "{input}");
            let second = look();
            fs::remove_file(root.join("real/lock.json")).unwrap();
            assert!(!second.is_as_it_was(), "{input}");
            write(root, "real/lock.json", "3");
        }
        // What lies in a folder behind a link is no part of it.
        let watched = look(vec![Input::path(root.join("linked"))], &[]);
        write(root, "real/other", "");
        assert!(watched.is_as_it_was());
    }

    /// What was taken in had outputs that are no part of it, and they counted as changes.
    #[test]
    fn what_is_taken_in_keeps_its_own_outputs() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        write(root, "a/a", "1");
        write(root, "b/b", "1");
        let input = |name: &str| vec![Input::path(root.join(name))];
        let mut watched = look(input("a"), &[root.join("a/out")]);
        watched.extend(look(input("b"), &[root.join("b/out")]));
        write(root, "a/out/x", "");
        write(root, "b/out/x", "");
        assert!(watched.is_as_it_was());
        write(root, "b/b", "2");
        assert!(!watched.is_as_it_was());
    }

    #[test]
    fn each_input_is_looked_at_once() {
        let mut inputs = Inputs::default();
        let outputs = [PathBuf::from("out")];
        for outputs in [&outputs[..], &[], &outputs] {
            inputs.add([Input::path("a"), Input::path("b")], outputs);
        }
        let watched = inputs.look().unwrap();
        let count = watched.groups.iter().map(|group| group.inputs.len());
        assert_eq!(count.collect::<Vec<_>>(), [2, 2]);
    }
}
