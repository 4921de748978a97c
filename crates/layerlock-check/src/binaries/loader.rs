//! Which files a loader maps for one, in the order and from the places of glibc's.
//!
//! For a name without a slash (`ld.so(8)`): what is loaded already; `DT_RPATH` of the
//! file and of those that loaded it, unless the file has `DT_RUNPATH`; `LD_LIBRARY_PATH`;
//! `DT_RUNPATH` of the file; the system. Breadth first, as they are named.

use std::collections::HashMap;

use layerlock_elf::Elf;
use layerlock_target::LibraryPresence;

use super::files::{Files, joined, split};

/// Where a needed library is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// In the layer, at a path.
    InLayer(&'a str),
    /// On the system.
    OnSystem,
    /// On the system, where nobody promises it.
    Likely,
    /// Nowhere that the loader looks.
    Nowhere(LibraryPresence),
}

/// A library that a file needs.
#[derive(Debug)]
pub(super) struct Need<'a> {
    pub(super) file: &'a str,
    pub(super) library: &'a str,
    pub(super) found: Found<'a>,
}

/// A file that is loaded.
struct Loaded<'a> {
    path: &'a str,
    /// The folder that it was opened in, which need not be that behind a link.
    origin: String,
    elf: &'a Elf,
    loader: Option<usize>,
}

/// What a process has loaded before any file of a layer: a name among these is never
/// looked for.
const LOADED_FIRST: [&str; 7] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libm.so.6",
    "libpthread.so.0",
    "libutil.so.1",
];

/// More files than any process loads for one module.
const MOST_LOADED: usize = 4096;

/// Loads a file with all that it needs: gives these needs, the file's own first.
pub(super) fn load<'a>(files: &Files<'a>, root: &'a str) -> Vec<Need<'a>> {
    let Some(elf) = files.elf(root) else {
        return Vec::new();
    };
    let mut process = Process {
        files,
        loaded: Vec::new(),
        names: HashMap::new(),
        paths: HashMap::new(),
    };
    process.add(root, split(root).0.to_owned(), elf, None);
    let mut needs = Vec::new();
    let mut next = 0;
    while let Some(file) = process.loaded.get(next) {
        let (path, elf) = (file.path, file.elf);
        for library in &elf.needed {
            let found = process.find(next, library);
            needs.push(Need {
                file: path,
                library,
                found,
            });
        }
        next += 1;
    }
    needs
}

struct Process<'f, 'a> {
    files: &'f Files<'a>,
    loaded: Vec<Loaded<'a>>,
    /// What is loaded, by the names that it was asked for under and its own.
    names: HashMap<&'a str, usize>,
    paths: HashMap<&'a str, usize>,
}

impl<'a> Process<'_, 'a> {
    fn add(&mut self, path: &'a str, origin: String, elf: &'a Elf, loader: Option<usize>) -> usize {
        let index = self.loaded.len();
        if let Some(soname) = &elf.soname {
            self.names.entry(soname).or_insert(index);
        }
        self.paths.insert(path, index);
        self.loaded.push(Loaded {
            path,
            origin,
            elf,
            loader,
        });
        index
    }

    /// Finds a library that a file needs, and loads it.
    fn find(&mut self, loader: usize, name: &'a str) -> Found<'a> {
        if LOADED_FIRST.contains(&name) {
            return Found::OnSystem;
        }
        if let Some(index) = self.names.get(name) {
            return Found::InLayer(self.loaded[*index].path);
        }
        if name.contains('/') {
            let path = self.expanded(loader, name);
            let found = path.and_then(|path| self.open(loader, name, &path));
            return found.unwrap_or(Found::Nowhere(LibraryPresence::Absent));
        }
        let presence = self.files.target.library(name);
        self.search(loader, name, presence == LibraryPresence::Runtime)
            .unwrap_or(match presence {
                LibraryPresence::Runtime => Found::OnSystem,
                LibraryPresence::Likely => Found::Likely,
                nowhere => Found::Nowhere(nowhere),
            })
    }

    /// Looks for a file in the places of a layer, and stops where the system's come first.
    fn search(&mut self, loader: usize, name: &'a str, is_on_system: bool) -> Option<Found<'a>> {
        for folder in self.rpath(loader) {
            let found = self.open_in(loader, name, &folder);
            if found.is_some() {
                return found;
            }
        }
        let target = &self.files.target;
        if is_on_system && target.prefers_its_own_libraries() {
            return Some(Found::OnSystem);
        }
        let folders = [target.libraries().to_owned()];
        let folders = folders.into_iter().chain(self.runpath(loader));
        let folders: Vec<String> = folders.collect();
        let mut folders = folders.iter();
        folders.find_map(|folder| self.open_in(loader, name, folder))
    }

    /// The folders of `DT_RPATH`: the file's own, then those of what loaded it. `DT_RPATH`
    /// of a file that has `DT_RUNPATH` does not count.
    fn rpath(&self, loader: usize) -> Vec<String> {
        let mut folders = Vec::new();
        if self.loaded[loader].elf.runpath.is_some() {
            return folders;
        }
        let mut next = Some(loader);
        while let Some(index) = next {
            let file = &self.loaded[index];
            if file.elf.runpath.is_none()
                && let Some(rpath) = &file.elf.rpath
            {
                folders.extend(self.folders(index, rpath));
            }
            next = file.loader;
        }
        folders
    }

    fn runpath(&self, loader: usize) -> Vec<String> {
        let runpath = self.loaded[loader].elf.runpath.as_deref();
        runpath
            .map(|runpath| self.folders(loader, runpath))
            .unwrap_or_default()
    }

    /// The folders of a layer that a path of folders names.
    fn folders(&self, index: usize, path: &str) -> Vec<String> {
        let parts = path.split(':').filter(|part| !part.is_empty());
        parts
            .filter_map(|part| self.expanded(index, part))
            .collect()
    }

    /// A path in the layer, of one with `$ORIGIN` or from the root. Other ones depend on
    /// the folder that a process runs in.
    fn expanded(&self, index: usize, path: &str) -> Option<String> {
        let path = path.replace("${LIB}", "lib64").replace("$LIB", "lib64");
        let rest = ["$ORIGIN", "${ORIGIN}"]
            .iter()
            .find_map(|origin| path.strip_prefix(origin));
        match rest {
            // It may lead out of the layer and into it again.
            Some(rest) => {
                let mount = self.files.target.mount();
                let origin = &self.loaded[index].origin;
                let path = joined("", &format!("{mount}/{origin}/{rest}"))?;
                self.files.in_layer(&format!("/{path}"))
            }
            None => self.files.in_layer(&path),
        }
    }

    fn open_in(&mut self, loader: usize, name: &'a str, folder: &str) -> Option<Found<'a>> {
        let path = joined(folder, name)?;
        self.open(loader, name, &path)
    }

    /// Loads the file at a path, if it is one for this processor: others are passed over.
    fn open(&mut self, loader: usize, name: &'a str, path: &str) -> Option<Found<'a>> {
        let file = self.files.opened(path)?;
        let elf = self.files.elf(file).filter(|elf| self.files.runs(elf))?;
        let index = match self.paths.get(file) {
            Some(&index) => index,
            None if self.loaded.len() < MOST_LOADED => {
                let (origin, _) = split(path);
                self.add(file, origin.to_owned(), elf, Some(loader))
            }
            None => return Some(Found::InLayer(file)),
        };
        self.names.insert(name, index);
        Some(Found::InLayer(file))
    }
}
