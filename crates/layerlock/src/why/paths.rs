//! The ways that lead from a project to a package, the shortest first.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use layerlock_lock::{Ask, PackageName, Selected};

use super::report::Step;

/// Unfinished paths that are looked at: a lock of hundreds of packages has more ways
/// through it than anybody reads.
const MOST_STEPS: usize = 100_000;

/// Who asks for what.
pub(super) struct Paths<'s> {
    versions: BTreeMap<&'s PackageName, &'s str>,
    /// By the package that is asked for, one for each that asks, each group and all extras.
    asks: BTreeMap<PackageName, Vec<Ask>>,
}

/// What was found.
pub(super) struct Found {
    pub(super) found: Vec<Vec<Step>>,
    pub(super) has_more: bool,
}

impl<'s> Paths<'s> {
    /// The ways through a selection. Where nothing tells how a package is asked for, that
    /// it is asked for has to do.
    pub(super) fn new(selected: &'s Selected, asks: &[Ask]) -> Self {
        let mut by_package: BTreeMap<PackageName, Vec<Ask>> = BTreeMap::new();
        for ask in asks {
            by_package
                .entry(ask.package.clone())
                .or_default()
                .push(ask.clone());
        }
        for package in selected.packages() {
            let name = &package.name;
            let known = by_package.entry(name.clone()).or_default();
            let needed_by = selected.needed_by(name).cloned().map(Some);
            let requested = selected.requested().contains(name).then_some(None);
            for by in needed_by.chain(requested) {
                if known.iter().all(|ask| ask.by != by) {
                    known.push(Ask::plain(by, name.clone()));
                }
            }
        }
        for asks in by_package.values_mut() {
            // What always holds explains more than what holds for an extra.
            asks.sort_by_key(|ask| {
                let is_plain = ask.behind.is_empty() && ask.marker.is_none();
                (
                    ask.by.clone(),
                    ask.group.clone(),
                    ask.extras.clone(),
                    !is_plain,
                )
            });
            asks.dedup_by(|next, ask| {
                (&next.by, &next.group, &next.extras) == (&ask.by, &ask.group, &ask.extras)
            });
        }
        let packages = selected.packages().iter();
        Self {
            versions: packages.map(|one| (&one.name, &one.version[..])).collect(),
            asks: by_package,
        }
    }

    /// The paths to a package, the shortest first and then by name: not more than `most`.
    pub(super) fn to(&self, package: &PackageName, most: usize) -> Found {
        let mut found: Vec<Vec<&Ask>> = Vec::new();
        let mut has_more = false;
        let mut waiting: VecDeque<Vec<&Ask>> = VecDeque::new();
        let first = |name: &PackageName| self.asks.get(name).into_iter().flatten();
        waiting.extend(first(package).map(|ask| vec![ask]));
        let mut steps = 0;
        while let Some(path) = waiting.pop_front() {
            steps += 1;
            if found.len() == most || steps > MOST_STEPS {
                has_more = true;
                break;
            }
            let Some(last) = path.last().filter(|ask| ask.by.is_some()) else {
                found.push(path);
                continue;
            };
            for ask in self.before(last) {
                // Round a circle nothing new is found.
                let is_on_path = |by: &PackageName| path.iter().any(|it| it.package == *by);
                if !ask.by.as_ref().is_some_and(is_on_path) {
                    let mut longer = path.clone();
                    longer.push(ask);
                    waiting.push_back(longer);
                }
            }
        }
        let found = found.into_iter();
        let steps = |path: Vec<&Ask>| path.into_iter().rev().map(|ask| self.step(ask)).collect();
        Found {
            found: found.map(steps).collect(),
            has_more,
        }
    }

    /// How who asks comes to be there. What it asks for on behalf of an extra it does where
    /// it is itself asked for with that extra.
    fn before(&self, ask: &Ask) -> Vec<&Ask> {
        let Some(by) = &ask.by else {
            return Vec::new();
        };
        let (own, others): (Vec<&Ask>, Vec<&Ask>) = self
            .asks
            .get(by)
            .into_iter()
            .flatten()
            .partition(|it| it.by.as_ref() == Some(by));
        // An extra may stand for others of the same package: `all = ["app[cli,web]"]`.
        let mut extras: BTreeSet<&String> = ask.behind.iter().collect();
        let brings =
            |it: &Ask, extras: &BTreeSet<&String>| it.extras.iter().any(|one| extras.contains(one));
        let mut count = 0;
        while count < extras.len() {
            count = extras.len();
            for it in &own {
                if brings(it, &extras) {
                    extras.extend(&it.behind);
                }
            }
        }
        let with_extra = others.iter().copied().filter(|it| brings(it, &extras));
        let with_extra: Vec<&Ask> = with_extra.collect();
        if with_extra.is_empty() {
            others
        } else {
            with_extra
        }
    }

    fn step(&self, ask: &Ask) -> Step {
        let version = self.versions.get(&ask.package);
        Step {
            package: ask.package.to_string(),
            version: version.copied().unwrap_or_default().to_owned(),
            group: ask.group.clone(),
            behind: ask.behind.clone(),
            extras: ask.extras.clone(),
            versions: ask.versions.clone(),
            marker: ask.marker.clone(),
        }
    }
}
