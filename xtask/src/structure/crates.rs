//! Which crate may depend on which.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};

use super::workspace::Workspace;
use crate::checks::{Problems, Proof};
use crate::repository::root;

/// How the block of ARCHITECTURE.md that lists the arrows begins.
const BLOCK: &str = "```crates\n";

/// A rule about an external crate.
enum Rule {
    /// Only these name it among their dependencies.
    Named(&'static [&'static str]),
    /// Only these contain it, directly or indirectly.
    Contained(&'static [&'static str]),
    /// These do not contain it.
    Absent(&'static [&'static str]),
}

/// Crates without network and async.
const PURE: Rule = Rule::Absent(&[
    "layerlock-check",
    "layerlock-digest",
    "layerlock-elf",
    "layerlock-export",
    "layerlock-layer",
    "layerlock-lock",
    "layerlock-target",
]);

/// The rules, each for all crates whose name starts so.
const RULES: &[(&str, Rule)] = &[
    ("aws-", Rule::Named(&["layerlock-publish"])),
    // The library hands its feature `aws` down, and the command turns it on.
    (
        "aws-",
        Rule::Contained(&["layerlock-publish", "layerlock", "layerlock-cli"]),
    ),
    ("clap", Rule::Contained(&["layerlock-cli", "xtask"])),
    ("tokio", PURE),
    ("reqwest", PURE),
];

/// Compares the arrows among the crates of the workspace with those in ARCHITECTURE.md.
pub(super) fn arrows(workspace: &Workspace) -> Result<Proof> {
    let text = fs_err::read_to_string(root().join("ARCHITECTURE.md"))?;
    let written = written(&text)?;
    let real = real(workspace);
    let mut problems = Problems::default();
    for (from, to) in real.difference(&written) {
        problems.add(format!("{from} -> {to} is not in ARCHITECTURE.md"));
    }
    for (from, to) in written.difference(&real) {
        problems.add(format!("{from} -> {to} is only in ARCHITECTURE.md"));
    }
    problems.finish()?;
    Ok(Proof::Figure(format!("{} arrows", real.len())))
}

/// The arrows of the block, whose lines are `crate -> crate, crate`.
fn written(text: &str) -> Result<BTreeSet<(String, String)>> {
    let (_, block) = text
        .split_once(BLOCK)
        .context("ARCHITECTURE.md has no block ```crates")?;
    let (block, _) = block.split_once("```").context("the block has no end")?;
    let mut arrows = BTreeSet::new();
    for line in block.lines() {
        let (from, to) = line
            .split_once(" -> ")
            .with_context(|| format!("`{line}` has no arrow"))?;
        for to in to.split(", ") {
            let arrow = (from.trim().to_owned(), to.trim().to_owned());
            ensure!(arrows.insert(arrow), "{from} -> {to} is there twice");
        }
    }
    Ok(arrows)
}

fn real(workspace: &Workspace) -> BTreeSet<(String, String)> {
    let names: BTreeMap<&str, &str> = workspace
        .members
        .iter()
        .map(|member| (member.id.as_str(), member.name.as_str()))
        .collect();
    let mut arrows = BTreeSet::new();
    for member in &workspace.members {
        for dependency in &workspace.packages[&member.id].dependencies {
            if let Some(&to) = names.get(dependency.as_str()) {
                arrows.insert((member.name.clone(), to.to_owned()));
            }
        }
    }
    arrows
}

/// Holds each crate of the workspace against [`RULES`].
pub(super) fn outside(workspace: &Workspace) -> Result<Proof> {
    let mut problems = Problems::default();
    for member in &workspace.members {
        let named: BTreeSet<&str> = workspace.packages[&member.id]
            .dependencies
            .iter()
            .map(|id| workspace.packages[id].name.as_str())
            .collect();
        let contained = contained(workspace, &member.id);
        for (prefix, rule) in RULES {
            let (found, may, how) = match rule {
                Rule::Named(those) => (&named, those.contains(&member.name.as_str()), "names"),
                Rule::Contained(those) => (
                    &contained,
                    those.contains(&member.name.as_str()),
                    "contains",
                ),
                Rule::Absent(those) => (
                    &contained,
                    !those.contains(&member.name.as_str()),
                    "contains",
                ),
            };
            let found = found.iter().find(|name| name.starts_with(prefix));
            if let (false, Some(found)) = (may, found) {
                problems.add(format!("{} {how} {found}, and must not", member.name));
            }
        }
    }
    problems.finish()?;
    Ok(Proof::Full)
}

/// The names of all packages below one.
fn contained<'a>(workspace: &'a Workspace, id: &'a str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        for dependency in &workspace.packages[id].dependencies {
            if seen.insert(dependency.as_str()) {
                open.push(dependency);
            }
        }
    }
    seen.into_iter()
        .map(|id| workspace.packages[id].name.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_are_read_from_the_block() {
        let text = "# Map\n\n```crates\na -> b, c\nb -> c\n```\nmore -> text\n";
        let arrow = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        let must = [arrow("a", "b"), arrow("a", "c"), arrow("b", "c")];
        assert_eq!(written(text).unwrap(), BTreeSet::from(must));
        assert!(written("no block").is_err());
    }
}
