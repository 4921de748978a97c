//! The workspace as cargo and its manifests tell of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use toml::{Table, Value};

use crate::checks::{Problems, Proof};
use crate::repository::{cargo, root};

/// Workspace dependencies that no crate uses yet; a name may go, and none may come.
const TO_BE_USED: &[&str] = &["toml_edit"];

pub(super) struct Workspace {
    /// The crates of this repository.
    pub(super) members: Vec<Member>,
    /// All packages by id, those of registries too.
    pub(super) packages: BTreeMap<String, Package>,
}

pub(super) struct Member {
    pub(super) id: String,
    pub(super) name: String,
    /// Its `lib.rs` and `main.rs`.
    pub(super) roots: Vec<PathBuf>,
    manifest: PathBuf,
}

pub(super) struct Package {
    pub(super) name: String,
    /// The ids of its normal dependencies, with every feature of the members, on this
    /// platform.
    pub(super) dependencies: Vec<String>,
}

impl Workspace {
    pub(super) fn read() -> Result<Self> {
        let version = cargo().arg("-vV").stdout()?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        let metadata = cargo()
            .args(["metadata", "--locked", "--format-version", "1"])
            .arg("--all-features")
            // What only other platforms need may not be on this machine.
            .args(["--filter-platform", host.context("cargo names no host")?])
            .stdout()?;
        Metadata::workspace(serde_json::from_str(&metadata)?)
    }

    /// Whether each entry of `[workspace.dependencies]` is used by a member.
    pub(super) fn uses_its_dependencies(&self) -> Result<Proof> {
        let mut manifest = manifest(&root().join("Cargo.toml"))?;
        let declared = manifest
            .remove("workspace")
            .and_then(|mut workspace| workspace.as_table_mut()?.remove("dependencies"))
            .context("Cargo.toml has no [workspace.dependencies]")?;
        let declared = declared
            .as_table()
            .context("[workspace.dependencies] is not a table")?;
        let mut used = BTreeSet::new();
        for member in &self.members {
            collect_dependencies(&manifest_of(member)?, &mut used);
        }
        let mut problems = Problems::default();
        for name in declared.keys() {
            let waits = TO_BE_USED.contains(&name.as_str());
            problems.hold(waits || used.contains(name), || {
                format!("no crate uses {name} of [workspace.dependencies]")
            });
        }
        problems.finish()?;
        Ok(Proof::Figure(format!("{} dependencies", declared.len())))
    }
}

fn manifest_of(member: &Member) -> Result<Table> {
    manifest(&member.manifest)
}

fn manifest(path: &Path) -> Result<Table> {
    let text = fs_err::read_to_string(path)?;
    toml::from_str(&text).with_context(|| format!("{} is not valid TOML", path.display()))
}

/// The names in all tables of dependencies, those of targets too.
fn collect_dependencies(table: &Table, used: &mut BTreeSet<String>) {
    for (key, value) in table {
        let Value::Table(value) = value else {
            continue;
        };
        if key.ends_with("dependencies") {
            used.extend(value.keys().cloned());
        } else {
            collect_dependencies(value, used);
        }
    }
}

/// What `cargo metadata` prints.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetadataPackage>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct MetadataPackage {
    id: String,
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    /// None of a normal dependency; else `dev` or `build`.
    kind: Option<String>,
}

impl Metadata {
    fn workspace(self) -> Result<Workspace> {
        let mut nodes: BTreeMap<String, Node> = self
            .resolve
            .nodes
            .into_iter()
            .map(|node| (node.id.clone(), node))
            .collect();
        let mut members = Vec::new();
        let mut packages = BTreeMap::new();
        for package in self.packages {
            let node = nodes.remove(&package.id).context("a package has no node")?;
            let is_normal = |dependency: &Dependency| {
                let mut kinds = dependency.dep_kinds.iter();
                kinds.any(|kind| kind.kind.is_none())
            };
            let dependencies = node.deps.into_iter().filter(is_normal);
            packages.insert(
                package.id.clone(),
                Package {
                    name: package.name.clone(),
                    dependencies: dependencies.map(|dependency| dependency.pkg).collect(),
                },
            );
            if self.workspace_members.contains(&package.id) {
                let has_modules = |target: &Target| {
                    target
                        .kind
                        .iter()
                        .any(|kind| kind == "lib" || kind == "bin")
                };
                let roots = package.targets.into_iter().filter(has_modules);
                members.push(Member {
                    id: package.id,
                    name: package.name,
                    roots: roots.map(|target| target.src_path).collect(),
                    manifest: package.manifest_path,
                });
            }
        }
        Ok(Workspace { members, packages })
    }
}
