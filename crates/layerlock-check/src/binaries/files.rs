//! The files of a layer, and what is asked of them again and again.

use std::collections::{BTreeMap, HashMap, HashSet};

use layerlock_elf::{Binary, Elf, Kind, Machine, Platform};
use layerlock_target::{Language, Target};

use super::file::{BinaryContent, BinaryFile};
use super::names::{ModuleName, ends_with, is_library_name, node_package};
use crate::scope::Scope;

/// The files of a layer.
pub(super) struct Files<'a> {
    pub(super) target: Target,
    pub(super) platform: Platform,
    pub(super) machine: Machine,
    by_path: BTreeMap<&'a str, BinaryFile<'a>>,
    /// Folders that hold Python code.
    code: HashSet<&'a str>,
    /// Top-level packages that hold a file which the target's processor runs.
    fitting: HashSet<&'a str>,
    /// Libraries by the names under which others can need them.
    by_name: HashMap<&'a str, Vec<&'a str>>,
    /// Libraries of other layers that functions can have.
    others: HashSet<&'a str>,
    pub(super) scope: Scope,
}

impl<'a> Files<'a> {
    pub(super) fn new(
        files: impl IntoIterator<Item = BinaryFile<'a>>,
        others: HashSet<&'a str>,
        target: Target,
        scope: Scope,
    ) -> Self {
        let platform = target.platform();
        let mut all = Self {
            target,
            machine: Machine::from(platform.architecture),
            platform,
            by_path: files.into_iter().map(|file| (file.path, file)).collect(),
            code: HashSet::new(),
            fitting: HashSet::new(),
            by_name: HashMap::new(),
            others,
            scope,
        };
        let paths: Vec<&'a str> = all.by_path.keys().copied().collect();
        for path in paths {
            all.learn(path);
        }
        all
    }

    fn learn(&mut self, path: &'a str) {
        let (folder, name) = split(path);
        if ends_with(name, "py") || ends_with(name, "pyc") {
            // Bytecode lies in a folder of its own beside its source.
            let folder = folder.strip_suffix("/__pycache__").unwrap_or(folder);
            self.code.insert(folder);
        }
        let Some(elf) = self.elf(path).filter(|elf| self.runs(elf)) else {
            return;
        };
        if ModuleName::parse(name).is_some_and(ModuleName::names_a_python) {
            self.code.insert(folder);
        }
        self.fitting.insert(self.top_level(path));
        if is_library_name(name) {
            let soname = elf.soname.as_deref().filter(|soname| *soname != name);
            for name in soname.into_iter().chain([name]) {
                self.by_name.entry(name).or_default().push(path);
            }
        }
    }

    /// The compiled files, sorted by path.
    pub(super) fn binaries(&self) -> impl Iterator<Item = (&'a str, &'a Binary)> {
        self.by_path.values().filter_map(|file| match file.content {
            BinaryContent::Binary(binary) => Some((file.path, binary)),
            BinaryContent::Link(_) | BinaryContent::Other => None,
        })
    }

    /// The files that are neither compiled nor links, sorted by path.
    pub(super) fn others(&self) -> impl Iterator<Item = &'a str> {
        let all = self.by_path.values();
        all.filter(|file| matches!(file.content, BinaryContent::Other))
            .map(|file| file.path)
    }

    /// The ELF file at a path.
    pub(super) fn elf(&self, path: &str) -> Option<&'a Elf> {
        match self.by_path.get(path)?.content {
            BinaryContent::Binary(Binary::Elf(elf)) => Some(elf),
            _ => None,
        }
    }

    /// Whether the target runs Python.
    pub(super) fn is_for_python(&self) -> bool {
        self.target.runtime.language() == Language::Python
    }

    /// Whether there is a file at a path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    /// The package that brought a file.
    pub(super) fn package(&self, path: &str) -> Option<&'a str> {
        self.by_path.get(path)?.package
    }

    /// The file that is opened at a path, behind all links.
    pub(super) fn opened(&self, path: &str) -> Option<&'a str> {
        const MOST_LINKS: usize = 8;
        let mut path = path.to_owned();
        for _ in 0..=MOST_LINKS {
            let file = self.by_path.get(path.as_str())?;
            let BinaryContent::Link(leads_to) = file.content else {
                return Some(file.path);
            };
            let (folder, _) = split(file.path);
            path = match leads_to.strip_prefix('/') {
                Some(_) => self.in_layer(leads_to)?,
                None => joined(folder, leads_to)?,
            };
        }
        None
    }

    /// The path in the layer of one in a function.
    pub(super) fn in_layer(&self, path: &str) -> Option<String> {
        let path = joined("", path.strip_prefix('/')?)?;
        let mount = self.target.mount().trim_start_matches('/');
        let rest = path.strip_prefix(mount)?;
        match rest.strip_prefix('/') {
            Some(rest) => Some(rest.to_owned()),
            None => rest.is_empty().then(String::new),
        }
    }

    /// Whether the target's processor runs a file, and its loader maps such files.
    pub(super) fn runs(&self, elf: &Elf) -> bool {
        elf.machine == self.machine && elf.kind != Kind::Other
    }

    /// Whether Python code lies in a folder.
    pub(super) fn has_code(&self, folder: &str) -> bool {
        self.code.contains(folder)
    }

    /// Whether the package that a file is of has a file which the target's processor runs.
    pub(super) fn has_fitting(&self, path: &'a str) -> bool {
        self.fitting.contains(self.top_level(path))
    }

    /// The libraries that others need under a name, wherever they lie.
    pub(super) fn named(&self, name: &str) -> &[&'a str] {
        self.by_name
            .get(name)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// Whether another layer has a library where the loader looks.
    pub(super) fn is_in_other_layer(&self, name: &str) -> bool {
        self.others.contains(name)
    }

    /// The path of a file below the folder that modules are looked for in.
    pub(super) fn below_modules(&self, path: &'a str) -> Option<&'a str> {
        let mut folders = self.target.module_paths();
        folders.sort_by_key(|folder| std::cmp::Reverse(folder.len()));
        folders
            .iter()
            .find_map(|folder| path.strip_prefix(folder.as_str())?.strip_prefix('/'))
    }

    /// The package that a file is of, by the first part of its path: `numpy` for
    /// `python/numpy/linalg/x.so` and for `python/numpy.libs/y.so`. Elsewhere its first
    /// folder.
    pub(super) fn top_level(&self, path: &'a str) -> &'a str {
        if let Some(package) = node_package(path) {
            return package;
        }
        let path = self.below_modules(path).unwrap_or(path);
        let first = path.split('/').next().unwrap_or(path);
        if let Some(package) = first.strip_suffix(".libs") {
            return package;
        }
        match ModuleName::parse(first) {
            Some(module) if first.len() == path.len() => module.stem,
            _ => first,
        }
    }
}

/// The folder and the name of a file.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// A path from a folder on, without `.`, `..` and empty parts. None where it leads out.
pub(super) fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_as_a_system_opens_them() {
        for (folder, path, joint) in [
            ("python/a", "b.so", Some("python/a/b.so")),
            ("python/a", "../a.libs", Some("python/a.libs")),
            ("python/a", ".//./b/..", Some("python/a")),
            ("a", "../..", None),
            ("", "x", Some("x")),
            ("", "", Some("")),
        ] {
            assert_eq!(joined(folder, path).as_deref(), joint, "{folder} {path}");
        }
    }
}
