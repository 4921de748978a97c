//! Which module of a crate defines what a path names, through all re-exports.

use super::source::Source;

/// Longer chains of re-exports are cycles themselves.
const LONGEST_CHAIN: usize = 32;

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Module(usize),
    /// An item of this module, or what belongs to one (a variant, a function of a type).
    Item(usize),
}

/// What is looked for where a module and an item have one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Module,
    Item,
}

impl Source {
    /// The module that defines the item that a path names, as seen from a module. None
    /// where the item is another crate's, and where the path names a module.
    pub(super) fn definer(&self, from: usize, path: &[String]) -> Option<usize> {
        match self.resolve(from, path, Wanted::Item, LONGEST_CHAIN)? {
            Named::Item(module) => Some(module),
            Named::Module(_) => None,
        }
    }

    fn resolve(&self, from: usize, path: &[String], wanted: Wanted, left: usize) -> Option<Named> {
        let left = left.checked_sub(1)?;
        let mut named = None;
        for (index, name) in path.iter().enumerate() {
            let is_last = index + 1 == path.len();
            let wanted = if is_last { wanted } else { Wanted::Module };
            named = Some(match (named, name.as_str()) {
                (None, "crate") => Named::Module(0),
                (None, "self") => Named::Module(from),
                (None, "super") => Named::Module(self.modules[from].parent?),
                (None, name) => self.look_up(from, name, wanted, left)?,
                (Some(Named::Module(module)), "super") => {
                    Named::Module(self.modules[module].parent?)
                }
                (Some(Named::Module(module)), name) => self.look_up(module, name, wanted, left)?,
                (item, _) => return item,
            });
        }
        named
    }

    fn look_up(&self, at: usize, name: &str, wanted: Wanted, left: usize) -> Option<Named> {
        let module = &self.modules[at];
        let child = module.children.get(name).copied().map(Named::Module);
        if wanted == Wanted::Module && child.is_some() {
            return child;
        }
        if module.items.contains(name) {
            return Some(Named::Item(at));
        }
        let imports = module.imports.iter().filter(|(bound, _)| bound == name);
        let mut imported = imports.filter_map(|(_, path)| self.resolve(at, path, wanted, left));
        imported.next().or(child).or_else(|| {
            module.globs.iter().find_map(|path| {
                let left = left.checked_sub(1)?;
                match self.resolve(at, path, Wanted::Module, left)? {
                    Named::Module(other) if other != at => self.look_up(other, name, wanted, left),
                    _ => None,
                }
            })
        })
    }
}
