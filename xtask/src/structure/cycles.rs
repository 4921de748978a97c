//! Cycles between the modules of a crate.
//!
//! At each level of the module tree stand the children of one module, each for all that
//! is below it, and that module itself for what stands in its own file. An arrow goes
//! from whoever names an item to whoever defines it: re-exports are seen through, and
//! one of a module's own child is no arrow.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::source::Source;
use crate::repository::root;

/// Modules of which each depends on each other.
pub(super) struct Cycle {
    /// All of them.
    pub(super) modules: BTreeSet<String>,
    /// The shortest ways around, one line an arrow: mending them all may show longer ones.
    pub(super) ways: Vec<Vec<String>>,
}

/// From one module to the others, with where it names them first.
type Arrows = BTreeMap<usize, BTreeMap<usize, String>>;

/// The cycles of a crate, level by level.
pub(super) fn find(source: &Source) -> Vec<Cycle> {
    let mut levels: BTreeMap<usize, Arrows> = BTreeMap::new();
    for (from, module) in source.modules.iter().enumerate() {
        for reference in &module.references {
            let Some(to) = source.definer(from, &reference.path) else {
                continue;
            };
            let (level, start, end) = source.meet(from, to);
            let reexports_a_child = reference.is_reexport && start == level;
            if start == end || reexports_a_child {
                continue;
            }
            let file = module.file.strip_prefix(root()).unwrap_or(&module.file);
            let place = format!("{}:{}", file.display(), reference.line);
            let arrows = levels.entry(level).or_default().entry(start).or_default();
            arrows
                .entry(end)
                .or_insert_with(|| format!("{place} names {}", reference.path.join("::")));
        }
    }
    levels
        .values()
        .flat_map(|arrows| cycles(source, arrows))
        .collect()
}

impl Source {
    /// The level at which two modules meet, and who stands there for each of them.
    fn meet(&self, from: usize, to: usize) -> (usize, usize, usize) {
        let (from, to) = (self.line(from), self.line(to));
        let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        let level = from[shared - 1];
        let below = |line: &[usize]| line.get(shared).copied().unwrap_or(level);
        (level, below(&from), below(&to))
    }

    /// A module with all above it, the root first.
    fn line(&self, module: usize) -> Vec<usize> {
        let mut line: Vec<usize> =
            std::iter::successors(Some(module), |&module| self.modules[module].parent).collect();
        line.reverse();
        line
    }
}

fn cycles(source: &Source, arrows: &Arrows) -> Vec<Cycle> {
    let mut cycles = Vec::new();
    let mut seen = BTreeSet::new();
    for &start in arrows.keys() {
        let modules: BTreeSet<usize> = arrows
            .keys()
            .copied()
            .filter(|&other| way_exists(arrows, start, other) && way_exists(arrows, other, start))
            .collect();
        if modules.is_empty() || !seen.insert(modules.clone()) {
            continue;
        }
        let path = |module: usize| source.modules[module].path.clone();
        let tell = |pair: &[usize]| {
            let place = &arrows[&pair[0]][&pair[1]];
            format!("{} -> {}: {place}", path(pair[0]), path(pair[1]))
        };
        cycles.push(Cycle {
            ways: ways_around(arrows, &modules)
                .iter()
                .map(|way| way.windows(2).map(tell).collect())
                .collect(),
            modules: modules.into_iter().map(path).collect(),
        });
    }
    cycles
}

/// A shortest way from each of the modules back to itself, each way once.
fn ways_around(arrows: &Arrows, modules: &BTreeSet<usize>) -> Vec<Vec<usize>> {
    let mut seen = BTreeSet::new();
    let ways = modules
        .iter()
        .filter_map(|&start| way(arrows, start, start));
    ways.filter(|way| seen.insert(way.iter().copied().collect::<BTreeSet<usize>>()))
        .collect()
}

fn way_exists(arrows: &Arrows, from: usize, to: usize) -> bool {
    way(arrows, from, to).is_some()
}

/// A shortest way along the arrows, with both ends; one arrow at least.
fn way(arrows: &Arrows, from: usize, to: usize) -> Option<Vec<usize>> {
    let mut ways = VecDeque::from([vec![from]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for &next in arrows.get(way.last()?).into_iter().flat_map(BTreeMap::keys) {
            if seen.insert(next) {
                let mut longer = way.clone();
                longer.push(next);
                if next == to {
                    return Some(longer);
                }
                ways.push_back(longer);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cycles of a crate with these files.
    fn cycles(files: &[(&str, &str)]) -> Vec<(Vec<String>, Vec<String>)> {
        let directory = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = directory.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        let source = Source::read(&directory.path().join("lib.rs")).unwrap();
        let prefix = format!("{}/", directory.path().display());
        find(&source)
            .into_iter()
            .map(|cycle| {
                let arrows = cycle.ways[0].iter().map(|line| line.replace(&prefix, ""));
                (cycle.modules.into_iter().collect(), arrows.collect())
            })
            .collect()
    }

    #[test]
    fn arrows_that_run_one_way_are_no_cycle() {
        let found = cycles(&[
            ("lib.rs", "mod a; mod b; pub use a::A;"),
            ("a.rs", "use crate::b::B; pub struct A(B);"),
            (
                "b.rs",
                "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }",
            ),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn siblings_that_use_each_other_are_a_cycle_told_with_lines() {
        let found = cycles(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B;\npub struct A(B);"),
            (
                "b.rs",
                "\npub struct B;\nfn f() { println!(\"{}\", super::a::A::NAME) }",
            ),
        ]);
        let arrows = [
            "a -> b: a.rs:1 names crate::b::B",
            "b -> a: b.rs:3 names super::a::A::NAME",
        ];
        assert_eq!(
            found,
            [(
                vec!["a".into(), "b".into()],
                arrows.map(Into::into).to_vec()
            )]
        );
    }

    #[test]
    fn a_cycle_through_reexports_of_the_root_is_seen() {
        let found = cycles(&[
            (
                "lib.rs",
                "mod a; mod b; pub use a::A as Renamed; pub use b::deep::B;",
            ),
            ("a.rs", "pub struct A(crate::B);"),
            ("b/mod.rs", "pub mod deep;"),
            ("b/deep.rs", "use crate::Renamed; pub struct B(Renamed);"),
        ]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, ["a", "b"]);
    }

    #[test]
    fn a_module_is_in_a_cycle_with_a_child_only_where_it_uses_it() {
        let child = ("a/child.rs", "pub struct Child(super::A);");
        let root = ("lib.rs", "mod a;");
        let reexport = "mod child; pub(crate) use child::Child; pub struct A;";
        assert!(cycles(&[root, ("a.rs", reexport), child]).is_empty());
        let uses = "mod child; pub(crate) use child::Child; pub struct A(Vec<Child>);";
        let found = cycles(&[root, ("a.rs", uses), child]);
        assert_eq!(found[0].0, ["a", "a::child"]);
    }

    #[test]
    fn an_item_of_the_root_makes_a_cycle_where_the_root_uses_the_module() {
        let found = cycles(&[
            (
                "lib.rs",
                "mod a; pub struct Settings; fn main() { a::run() }",
            ),
            ("a.rs", "use crate::Settings; pub fn run() {}"),
        ]);
        assert_eq!(found[0].0, ["a", "crate"]);
    }

    #[test]
    fn cousins_meet_where_their_families_do() {
        let found = cycles(&[
            ("lib.rs", "mod a; mod b;"),
            ("a/mod.rs", "pub mod x; pub mod y;"),
            ("a/x.rs", "pub struct X; use crate::b::B;"),
            ("a/y.rs", "pub struct Y;"),
            ("b.rs", "use crate::a::y; pub struct B(y::Y);"),
        ]);
        assert_eq!(found[0].0, ["a", "b"]);
    }
}
