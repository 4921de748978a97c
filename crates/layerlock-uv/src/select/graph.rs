//! What a walk through uv.lock came by.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use layerlock_digest::Digest;
use layerlock_lock::{
    LockedFile, LockedPackage, MAIN_GROUP, Need, PackageName, ProjectIndex, Selected, WeakHash,
};

use crate::Error;
use crate::lock::{Dependency, File, Lock, Package, Source};

/// A package, or what one of its extras asks for.
pub(crate) type Node = (usize, Option<String>);

/// A dependency, and the package that it leads to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge<'l> {
    pub(crate) package: usize,
    pub(crate) dependency: &'l Dependency,
}

/// What a group of the project asks for.
#[derive(Debug, Clone)]
pub(crate) struct Asked<'l> {
    pub(crate) group: String,
    pub(crate) edge: Edge<'l>,
}

/// Groups by the index of a package.
type GroupsOf = BTreeMap<usize, BTreeSet<String>>;

/// What a walk came by.
#[derive(Debug, Default)]
pub(crate) struct Graph<'l> {
    /// Where it began, by group.
    starts: BTreeMap<String, Vec<Node>>,
    /// What the project's groups ask for.
    asked: Vec<Asked<'l>>,
    /// What a package, or one of its extras, asks for.
    needs: BTreeMap<Node, Vec<Edge<'l>>>,
}

/// What a package is called after, besides the lock.
pub(crate) struct Names<'n> {
    /// The project's indexes, by whose names credentials are kept.
    pub(crate) indexes: &'n [ProjectIndex],
}

impl<'l> Graph<'l> {
    pub(super) fn start(&mut self, node: Node, group: &str) {
        self.starts.entry(group.to_owned()).or_default().push(node);
    }

    pub(super) fn ask(&mut self, group: &str, edge: Edge<'l>) {
        let group = group.to_owned();
        self.asked.push(Asked { group, edge });
    }

    pub(super) fn need(&mut self, node: Node, edge: Edge<'l>) {
        self.needs.entry(node).or_default().push(edge);
    }

    /// The packages that are installed.
    pub(super) fn selected(
        &self,
        lock: &Lock,
        roots: &[usize],
        names: &Names<'_>,
    ) -> Result<Selected, Error> {
        let groups = self.groups();
        let is_installed = self.is_installed(lock, roots);
        let extras = self.extras();
        let installed: Vec<usize> = groups
            .keys()
            .copied()
            .filter(|&it| is_installed(it))
            .collect();
        refuse_two_versions(lock, &installed)?;
        let mut packages = Vec::with_capacity(installed.len());
        let mut needs = Vec::with_capacity(installed.len());
        for &index in &installed {
            let extras = extras.get(&index).into_iter().flatten().cloned();
            packages.push(locked_package(
                lock,
                index,
                extras.collect(),
                in_order(&groups[&index]),
                names,
            ));
            let name = lock.package(index).name.clone();
            needs.push((name, self.needs_of(lock, index, &is_installed)));
        }
        let mut requested = BTreeSet::new();
        let root_edges = roots.iter().flat_map(|&root| self.edges_of(root));
        let root_edges = root_edges.map(|(_, edge)| edge);
        for edge in root_edges.chain(self.asked.iter().map(|asked| &asked.edge)) {
            let mut reached = Vec::new();
            self.through(edge, &is_installed, &mut BTreeSet::new(), &mut reached);
            let names = reached.into_iter().map(|edge| edge.package);
            requested.extend(names.map(|index| lock.package(index).name.clone()));
        }
        Ok(Selected::new(packages, requested, needs))
    }

    /// Whether a package is part of the layer. A project's own code is where it is asked
    /// for, and where another package needs it. One that is no package has none.
    pub(super) fn is_installed<'s>(
        &self,
        lock: &'s Lock,
        roots: &'s [usize],
    ) -> impl Fn(usize) -> bool + use<'s, 'l> {
        let needed = self.needed_by_others();
        move |package: usize| {
            let is_virtual = matches!(lock.package(package).source, Source::Virtual(_));
            !is_virtual && (!roots.contains(&package) || needed.contains(&package))
        }
    }

    /// What the project's groups ask for.
    pub(super) fn asked(&self) -> &[Asked<'l>] {
        &self.asked
    }

    /// The groups that lead to each package.
    fn groups(&self) -> GroupsOf {
        let mut groups = GroupsOf::new();
        for (group, starts) in &self.starts {
            let mut seen: BTreeSet<&Node> = starts.iter().collect();
            let mut queue: VecDeque<Node> = starts.iter().cloned().collect();
            let mut done: BTreeSet<Node> = seen.iter().map(|&node| node.clone()).collect();
            seen.clear();
            while let Some(node) = queue.pop_front() {
                for edge in self.needs.get(&node).into_iter().flatten() {
                    let extras = edge.dependency.extras.iter().cloned().map(Some);
                    for extra in std::iter::once(None).chain(extras) {
                        let next = (edge.package, extra);
                        if done.insert(next.clone()) {
                            queue.push_back(next);
                        }
                    }
                }
            }
            for (package, _) in done {
                groups.entry(package).or_default().insert(group.clone());
            }
        }
        groups
    }

    /// The packages that others than themselves need.
    fn needed_by_others(&self) -> BTreeSet<usize> {
        let needs = self.needs.iter();
        let edges = needs.flat_map(|((from, _), edges)| edges.iter().map(move |edge| (from, edge)));
        edges
            .filter(|(from, edge)| **from != edge.package)
            .map(|(_, edge)| edge.package)
            .chain(self.asked.iter().map(|asked| asked.edge.package))
            .collect()
    }

    /// The extras that are asked of each package.
    fn extras(&self) -> BTreeMap<usize, BTreeSet<String>> {
        let mut extras: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        let asked = self.asked.iter().map(|asked| &asked.edge);
        for edge in self.needs.values().flatten().chain(asked) {
            let known = extras.entry(edge.package).or_default();
            known.extend(edge.dependency.extras.iter().cloned());
        }
        extras
    }

    /// What a package asks for, and the extra of it that does.
    pub(super) fn edges_of(
        &self,
        package: usize,
    ) -> impl Iterator<Item = (Option<&String>, &Edge<'l>)> {
        let nodes = self.needs.range((package, None)..(package + 1, None));
        nodes.flat_map(|((_, extra), edges)| edges.iter().map(move |edge| (extra.as_ref(), edge)))
    }

    fn needs_of(
        &self,
        lock: &Lock,
        package: usize,
        is_installed: &dyn Fn(usize) -> bool,
    ) -> Vec<(PackageName, Need)> {
        let mut needs = Vec::new();
        for (extra, edge) in self.edges_of(package) {
            let mut reached = Vec::new();
            self.through(edge, is_installed, &mut BTreeSet::new(), &mut reached);
            for edge in reached {
                let need = Need {
                    with_extras: !edge.dependency.extras.is_empty(),
                    for_extra: extra.is_some(),
                };
                needs.push((lock.package(edge.package).name.clone(), need));
            }
        }
        needs
    }

    /// Where an edge leads: what is not installed itself stands for what it needs.
    pub(super) fn through<'g>(
        &'g self,
        edge: &'g Edge<'l>,
        is_installed: &dyn Fn(usize) -> bool,
        seen: &mut BTreeSet<usize>,
        reached: &mut Vec<&'g Edge<'l>>,
    ) {
        if is_installed(edge.package) {
            reached.push(edge);
        } else if seen.insert(edge.package) {
            for (_, next) in self.edges_of(edge.package) {
                self.through(next, is_installed, seen, reached);
            }
        }
    }
}

fn in_order(groups: &BTreeSet<String>) -> Vec<String> {
    let mut groups: Vec<_> = groups.iter().cloned().collect();
    groups.sort_by_key(|group| group != MAIN_GROUP);
    groups
}

/// No name may be there twice.
fn refuse_two_versions(lock: &Lock, installed: &[usize]) -> Result<(), Error> {
    let mut by_name: BTreeMap<&str, &Package> = BTreeMap::new();
    for &index in installed {
        let package = lock.package(index);
        if let Some(other) = by_name.insert(package.name.as_str(), package) {
            return Err(Error::TwoVersions {
                name: package.name.to_string(),
                first: described(other),
                second: described(package),
                place: lock.place(package.span.clone()).into(),
            });
        }
    }
    Ok(())
}

fn described(package: &Package) -> String {
    let version = package.version.as_deref().unwrap_or("no version");
    format!("{version} from {}", package.source.shown())
}

fn locked_package(
    lock: &Lock,
    index: usize,
    extras: Vec<String>,
    groups: Vec<String>,
    names: &Names<'_>,
) -> LockedPackage {
    let package = lock.package(index);
    LockedPackage {
        name: package.name.clone(),
        version: package.version.clone().unwrap_or_default(),
        source: package
            .source
            .to_package_source(lock.directory(), names.indexes),
        extras,
        groups,
        files: package
            .files
            .iter()
            .map(|file| locked_file(lock, file))
            .collect(),
        place: lock.place(package.span.clone()),
        requires_python: "*".to_owned(),
    }
}

fn locked_file(lock: &Lock, file: &File) -> LockedFile {
    let digest: Option<Digest> = file.hash.as_deref().and_then(|hash| hash.parse().ok());
    let text = match &file.hash {
        Some(hash) => hash.clone(),
        None => "no hash".to_owned(),
    };
    LockedFile {
        name: file.name.clone(),
        url: file.url.clone(),
        size: file.size,
        digests: digest.into_iter().collect(),
        weak_hash: digest.is_none().then(|| WeakHash {
            text,
            place: lock.place(file.span.clone()),
        }),
    }
}
