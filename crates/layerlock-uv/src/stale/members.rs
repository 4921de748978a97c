//! Whether the workspace has the projects that its lock has.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::outdated::stale;
use crate::Error;
use crate::lock::Lock;
use crate::project::{UvProject, Workspace};

pub(super) fn check(
    lock: &Lock,
    root: &UvProject,
    projects: &BTreeMap<usize, UvProject>,
) -> Result<(), Error> {
    let start = || root.place(0..0);
    if let Some(name) = &root.name
        && lock.member(name).is_none()
    {
        let what = format!(
            "it has no package `{}`, as the project is called",
            name.escape_debug()
        );
        return Err(stale(lock, what, start()));
    }
    for (&index, project) in projects {
        let package = lock.package(index);
        let name = package.name.as_str();
        if project.name.as_deref().is_some_and(|now| now != name) {
            let what = format!(
                "{} has another name than {name}",
                project.directory().display()
            );
            return Err(stale(lock, what, project.place(0..0)));
        }
    }
    let mut there: BTreeSet<String> = root.name.iter().cloned().collect();
    let default = Workspace::default();
    let workspace = root.workspace.as_ref().unwrap_or(&default);
    let Some(directories) = directories(root.directory(), workspace) else {
        return Ok(());
    };
    for directory in directories {
        let known = projects.values().find(|it| it.directory() == directory);
        let read = match known {
            Some(_) => None,
            None => UvProject::read(&directory).ok().flatten(),
        };
        let Some(member) = known.or(read.as_ref()) else {
            continue;
        };
        let Some(name) = member.name.as_ref().filter(|_| member.is_managed) else {
            continue;
        };
        if !lock.head.members.contains(name) && root.name.as_ref() != Some(name) {
            let what = format!("the workspace has a new project, `{}`", name.escape_debug());
            return Err(stale(lock, what, member.place(0..0)));
        }
        there.insert(name.clone());
    }
    if let Some(gone) = lock.head.members.iter().find(|name| !there.contains(*name)) {
        let what = format!(
            "the workspace has no project `{}` any more",
            gone.escape_debug()
        );
        return Err(stale(
            lock,
            what,
            lock.place(lock.head.manifest.span.clone()),
        ));
    }
    Ok(())
}

/// The directories that the patterns of a workspace are for; nothing where one of them says
/// more than `*`: that is left to uv.
fn directories(root: &Path, workspace: &Workspace) -> Option<Vec<PathBuf>> {
    let is_plain = |pattern: &String| {
        let is_below = !pattern.starts_with('/') && !pattern.split('/').any(|part| part == "..");
        is_below && !pattern.contains("**") && !pattern.contains(['[', '{', '!'])
    };
    let exclude: Vec<Vec<&str>> = workspace
        .exclude
        .iter()
        .map(|pattern| parts(pattern))
        .collect();
    let mut patterns = workspace.members.iter().chain(&workspace.exclude);
    if !patterns.all(is_plain) {
        return None;
    }
    let mut found = Vec::new();
    for pattern in &workspace.members {
        let mut here = vec![(root.to_owned(), Vec::new())];
        for part in parts(pattern) {
            here = here
                .into_iter()
                .flat_map(|(directory, names)| below(&directory, &names, part))
                .collect();
        }
        let is_excluded = |names: &[String]| {
            exclude.iter().any(|pattern| {
                pattern.len() == names.len()
                    && pattern
                        .iter()
                        .zip(names)
                        .all(|(part, name)| matches(part, name))
            })
        };
        let kept = here.into_iter().filter(|(_, names)| !is_excluded(names));
        found.extend(kept.map(|(directory, _)| directory));
    }
    Some(found)
}

fn parts(pattern: &str) -> Vec<&str> {
    let parts = pattern.split('/');
    parts.filter(|part| !matches!(*part, "" | ".")).collect()
}

fn below(directory: &Path, names: &[String], part: &str) -> Vec<(PathBuf, Vec<String>)> {
    let with = |name: &str| {
        let mut names = names.to_vec();
        names.push(name.to_owned());
        (directory.join(name), names)
    };
    if !part.contains(['*', '?']) {
        return vec![with(part)];
    }
    let Ok(entries) = fs_err::read_dir(Path::new(".").join(directory)) else {
        return Vec::new();
    };
    let entries = entries.flatten().filter(|entry| entry.path().is_dir());
    let entry_names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    // Hidden directories are no projects.
    let matching = entry_names.filter(|name| !name.starts_with('.') && matches(part, name));
    let mut matching: Vec<String> = matching.collect();
    matching.sort();
    matching.iter().map(|name| with(name)).collect()
}

/// Whether a name is what a pattern says: `*` is any text, `?` any character.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    // The longest beginnings of the name that the pattern so far is.
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for part in pattern {
        let mut next = vec![false; name.len() + 1];
        for at in 0..=name.len() {
            next[at] = match part {
                '*' => reached[at] || (at > 0 && next[at - 1]),
                '?' => at > 0 && reached[at - 1],
                part => at > 0 && reached[at - 1] && name[at - 1] == part,
            };
        }
        reached = next;
    }
    reached[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_for_names() {
        for (pattern, name, is_it) in [
            ("*", "shop", true),
            ("lib-*", "lib-a", true),
            ("lib-*", "app", false),
            ("?pp", "app", true),
            ("*b*b", "abcb", true),
            ("*b*b", "abc", false),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, name), is_it, "{pattern} {name}");
        }
    }

    #[test]
    fn the_directories_of_a_workspace_are_found_by_patterns() {
        let root = tempfile::tempdir().unwrap();
        for directory in ["packages/a", "packages/b", "packages/.c", "tools"] {
            fs_err::create_dir_all(root.path().join(directory)).unwrap();
        }
        let workspace = Workspace {
            members: vec!["packages/*".to_owned(), "./tools".to_owned()],
            exclude: vec!["packages/b".to_owned()],
        };
        let found = directories(root.path(), &workspace);
        let expected = ["packages/a", "tools"].map(|path| root.path().join(path));
        assert_eq!(found.unwrap(), expected);
        for pattern in ["packages/**", "../other", "{a,b}"] {
            let workspace = Workspace {
                members: vec![pattern.to_owned()],
                exclude: Vec::new(),
            };
            assert!(directories(root.path(), &workspace).is_none(), "{pattern}");
        }
    }
}
