use std::collections::HashMap;
use std::path::PathBuf;

use crate::links::bad_links;
use crate::plan::{ArchiveId, Entry, LayerPlan, Overlap, OwnerId};
use crate::{Conflict, Error};

/// Collects entries in any order and gives one sorted plan without conflicts.
#[derive(Debug, Default)]
pub struct PlanBuilder {
    owners: Vec<String>,
    /// Of each owner, who gives way to whom.
    ranks: Vec<usize>,
    archives: Vec<PathBuf>,
    entries: Vec<Entry>,
}

impl PlanBuilder {
    /// Names someone who will bring entries, for people: `requests 2.32.5`. Each
    /// outranks those that were named before.
    pub fn owner(&mut self, name: impl Into<String>) -> OwnerId {
        self.ranked_owner(name, self.owners.len())
    }

    /// Names someone who will bring entries. Where two owners bring one path, the
    /// file of the higher rank stays; of equal ranks, that of the owner named last.
    pub fn ranked_owner(&mut self, name: impl Into<String>, rank: usize) -> OwnerId {
        self.owners.push(name.into());
        self.ranks.push(rank);
        OwnerId(index(self.owners.len()))
    }

    /// Names an archive that entries will point into.
    pub fn archive(&mut self, path: impl Into<PathBuf>) -> ArchiveId {
        self.archives.push(path.into());
        ArchiveId(index(self.archives.len()))
    }

    /// Adds a file.
    pub fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Sorts, and settles who has each path. Of several owners' files at one path the
    /// one of the highest rank stays, as with an installer that writes one package
    /// after the other. A file that comes several times with the same bytes (the
    /// `__init__.py` of an old-style namespace package) stays with the owner that was
    /// named first, in the highest one's mode.
    ///
    /// It is an error where a file lies where another has to be a directory, and where a
    /// link leads to nothing that the plan has.
    pub fn finish(self) -> Result<LayerPlan, Error> {
        let Self {
            owners,
            ranks,
            archives,
            mut entries,
        } = self;
        entries.sort_by(|a, b| (&a.path, a.owner.0).cmp(&(&b.path, b.owner.0)));
        let mut overlaps = Vec::new();
        let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
        let mut entries = entries.into_iter().peekable();
        while let Some(first) = entries.next() {
            let mut others = Vec::new();
            while let Some(other) = entries.next_if(|entry| entry.path == first.path) {
                others.push(other);
            }
            kept.push(settle(first, &others, &ranks, &mut overlaps));
        }
        let conflicts = files_that_are_directories(&kept, &owners);
        if !conflicts.is_empty() {
            return Err(Error::Conflicts(conflicts));
        }
        let bad_links = bad_links(&kept);
        if !bad_links.is_empty() {
            return Err(Error::Links(bad_links));
        }
        Ok(LayerPlan {
            owners,
            archives,
            entries: kept,
            overlaps,
        })
    }
}

/// The one of several entries for a path that stays.
fn settle(first: Entry, others: &[Entry], ranks: &[usize], overlaps: &mut Vec<Overlap>) -> Entry {
    if others.is_empty() {
        return first;
    }
    let rank = |entry: &Entry| ranks[entry.owner.index()];
    let mut last = &first;
    for entry in others {
        if rank(entry) >= rank(last) {
            last = entry;
        }
    }
    let is_kept = |entry: &Entry| {
        entry.source.size() == last.source.size()
            && entry.source.is_link() == last.source.is_link()
            && entry.source.digest() == last.source.digest()
    };
    let all = || std::iter::once(&first).chain(others);
    let hidden = all().filter(|entry| !is_kept(entry));
    overlaps.extend(hidden.map(|entry| Overlap {
        path: entry.path.clone(),
        kept: last.owner,
        hidden: entry.owner,
    }));
    let (mode, owner) = (last.mode, all().find(|entry| is_kept(entry)));
    match owner.cloned() {
        Some(kept) => Entry { mode, ..kept },
        None => first,
    }
}

fn files_that_are_directories(entries: &[Entry], owners: &[String]) -> Vec<Conflict> {
    let mut directories: HashMap<&str, OwnerId> = HashMap::new();
    for entry in entries {
        for directory in entry.path.parents() {
            if directories.insert(directory, entry.owner).is_some() {
                // Its own parents are there already.
                break;
            }
        }
    }
    entries
        .iter()
        .filter_map(|entry| {
            let below = directories.get(entry.path.as_str())?;
            Some(Conflict {
                path: entry.path.clone(),
                file: owners[entry.owner.index()].clone(),
                directory: owners[below.index()].clone(),
            })
        })
        .collect()
}

/// The index of the last of `count` things.
fn index(count: usize) -> u32 {
    u32::try_from(count - 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::plan_of_texts as plan;
    use crate::{EntrySource, LayerPath, Mode};

    /// What lies at each path and whose it is, and what does not.
    fn told(plan: &LayerPlan) -> (Vec<String>, Vec<String>) {
        let owner = |id: OwnerId| &plan.owners()[id.index()];
        let entries = plan.entries().iter().map(|entry| {
            let EntrySource::Bytes(bytes) = &entry.source else {
                panic!("bytes");
            };
            let text = String::from_utf8_lossy(bytes);
            format!("{} {text} of {}", entry.path, owner(entry.owner))
        });
        let overlaps = plan.overlaps().iter().map(|overlap| {
            let (kept, hidden) = (owner(overlap.kept), owner(overlap.hidden));
            format!("{}: {kept} over {hidden}", overlap.path)
        });
        (entries.collect(), overlaps.collect())
    }

    #[test]
    fn entries_come_sorted_whatever_the_order_they_went_in() {
        let plan = plan(&[("a", "z", "1"), ("b", "a/b", "2"), ("c", "a-b", "3")]).unwrap();
        let paths: Vec<_> = plan.entries().iter().map(|e| e.path.as_str()).collect();
        assert_eq!(paths, ["a-b", "a/b", "z"]);
        assert!(plan.contains("a/b") && !plan.contains("a"));
        assert!(plan.overlaps().is_empty());
    }

    #[test]
    fn equal_files_are_one_and_stay_with_the_first_owner() {
        let plan = plan(&[
            ("b", "ns/__init__.py", "same"),
            ("a", "ns/__init__.py", "same"),
        ])
        .unwrap();
        assert_eq!(plan.entries().len(), 1);
        assert_eq!(plan.unzipped_sizes(), [4, 0]);
        assert!(plan.overlaps().is_empty());
    }

    #[test]
    fn of_different_files_at_one_path_the_later_owners_stays() {
        let plan = plan(&[
            ("a", "x.py", "1"),
            ("b", "x.py", "2"),
            ("c", "y.py", "1"),
            ("d", "y.py", "1"),
            ("e", "y.py", "2"),
            ("f", "y.py", "2"),
        ])
        .unwrap();
        let (entries, overlaps) = told(&plan);
        assert_eq!(entries, ["x.py 2 of b", "y.py 2 of e"]);
        assert_eq!(
            overlaps,
            ["x.py: b over a", "y.py: f over c", "y.py: f over d"]
        );
        assert_eq!(plan.unzipped_sizes(), [0, 1, 0, 0, 1, 0]);
    }

    #[test]
    fn a_higher_rank_wins_whoever_was_named_first() {
        let mut builder = PlanBuilder::default();
        for (name, rank) in [("a", 2), ("b", 3), ("c", 1)] {
            let owner = builder.ranked_owner(name, rank);
            builder.push(Entry {
                path: LayerPath::new("x").unwrap(),
                mode: Mode::Regular,
                owner,
                source: EntrySource::Bytes(name.as_bytes().into()),
            });
        }
        let (entries, overlaps) = told(&builder.finish().unwrap());
        assert_eq!(entries, ["x b of b"]);
        assert_eq!(overlaps, ["x: b over a", "x: b over c"]);
    }

    #[test]
    fn equal_bytes_with_different_modes_get_the_later_owners_mode() {
        for (modes, expected) in [
            ([Mode::Regular, Mode::Executable], Mode::Executable),
            ([Mode::Executable, Mode::Regular], Mode::Regular),
        ] {
            let mut builder = PlanBuilder::default();
            for (owner, mode) in ["a 1", "b 2"].into_iter().zip(modes) {
                let owner = builder.owner(owner);
                builder.push(Entry {
                    path: LayerPath::new("bin/tool").unwrap(),
                    mode,
                    owner,
                    source: EntrySource::Bytes(b"same"[..].into()),
                });
            }
            let plan = builder.finish().unwrap();
            assert_eq!(plan.entries()[0].mode, expected);
            assert!(plan.overlaps().is_empty());
        }
    }

    #[test]
    fn a_file_where_a_directory_must_be_is_a_conflict() {
        let error = plan(&[
            ("a 1", "x", "1"),
            ("b 2", "x-y", "2"),
            ("c 3", "x/y/z", "3"),
        ]);
        assert_eq!(
            error.unwrap_err().to_string(),
            "x is a file of a 1, and a directory of c 3"
        );
    }

    #[test]
    fn a_link_is_not_the_file_that_has_its_text() {
        let mut builder = PlanBuilder::default();
        for (name, source) in [
            ("a", EntrySource::Link("y".into())),
            ("b", EntrySource::Bytes(b"y"[..].into())),
        ] {
            let owner = builder.owner(name);
            builder.push(Entry {
                path: LayerPath::new("x").unwrap(),
                mode: Mode::Regular,
                owner,
                source,
            });
        }
        let (entries, overlaps) = told(&builder.finish().unwrap());
        assert_eq!(entries, ["x y of b"]);
        assert_eq!(overlaps, ["x: b over a"]);
    }

    proptest! {
        /// As installing one owner after the other into a directory.
        #[test]
        fn a_plan_is_what_copying_in_order_would_leave(
            files in prop::collection::btree_map(("[a-c]", "[xyz]"), "[12]", 0..12),
        ) {
            let mut builder = PlanBuilder::default();
            let mut left = std::collections::BTreeMap::new();
            let mut owners = HashMap::new();
            for ((owner, path), text) in &files {
                let owner = *owners
                    .entry(owner.clone())
                    .or_insert_with(|| builder.owner(owner.clone()));
                builder.push(Entry {
                    path: LayerPath::new(path.clone()).unwrap(),
                    mode: Mode::Regular,
                    owner,
                    source: EntrySource::Bytes(text.as_bytes().into()),
                });
                left.insert(path.clone(), text.clone());
            }
            let plan = builder.finish().unwrap();
            let (entries, _) = told(&plan);
            let entries: Vec<_> = entries
                .iter()
                .map(|entry| entry.split(" of ").next().unwrap().to_owned())
                .collect();
            let expected: Vec<_> = left
                .iter()
                .map(|(path, text)| format!("{path} {text}"))
                .collect();
            prop_assert_eq!(entries, expected);
            prop_assert!(plan.overlaps().iter().all(|one| one.kept != one.hidden));
        }
    }
}
