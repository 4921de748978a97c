//! What a compiled file is for: who can load it.

use layerlock_elf::Elf;

use super::files::{Files, split};
use super::names::{ModuleName, is_library_name};

/// What a compiled file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role<'a> {
    /// A module that code can import, if the target's Python finds it.
    Module(ModuleName<'a>),
    /// One that its package does without: it tries to import it.
    Optional(ModuleName<'a>),
    /// A library beside Python code, which can load it.
    LibraryOfCode,
    /// A command on the path, or an extension, which starts with the function.
    Command,
    /// Another library: of modules, or a plugin.
    Library,
    /// Another program, or data.
    Loose,
}

impl<'a> Role<'a> {
    /// The module that it is.
    pub(super) fn module(self) -> Option<ModuleName<'a>> {
        match self {
            Self::Module(module) | Self::Optional(module) => Some(module),
            _ => None,
        }
    }

    /// Whether a function gets at the file without another one.
    pub(super) fn is_root(self) -> bool {
        matches!(self, Self::Module(_) | Self::LibraryOfCode | Self::Command)
    }
}

/// Says what a file is for. Of one that is no ELF file only the name is known.
pub(super) fn role<'a>(files: &Files<'a>, path: &'a str, elf: Option<&Elf>) -> Role<'a> {
    let (folder, name) = split(path);
    let target = &files.target;
    if folder == target.scripts() || folder == "extensions" {
        return Role::Command;
    }
    if let Some(module) = module(files, path, elf) {
        return if is_tried(files, path) {
            Role::Optional(module)
        } else {
            Role::Module(module)
        };
    }
    if !is_library_name(name) {
        return Role::Loose;
    }
    if is_beside_code(files, path) {
        Role::LibraryOfCode
    } else {
        Role::Library
    }
}

/// Modules that popular packages import where they can be, and do without elsewhere: each
/// is linked with a library that few have.
const TRIED: [&str; 2] = ["numba/np/ufunc/omppool.", "numba/np/ufunc/tbbpool."];

fn is_tried<'a>(files: &Files<'a>, path: &'a str) -> bool {
    let below = files.below_modules(path).unwrap_or(path);
    TRIED.iter().any(|tried| below.starts_with(tried))
}

/// The module that a file is. A plain `libx.so` can be one too: its symbols tell.
fn module<'a>(files: &Files<'a>, path: &'a str, elf: Option<&Elf>) -> Option<ModuleName<'a>> {
    let below = files.below_modules(path)?;
    let (folder, name) = split(below);
    // No import leads into a folder with such a name, `numpy.libs`.
    if folder.split('/').any(|part| part.contains(['.', '-'])) {
        return None;
    }
    let module = ModuleName::parse(name)?;
    let is_module = module.names_a_python()
        || elf.is_some_and(|elf| elf.exports.iter().any(|export| export == module.stem));
    is_module.then_some(module)
}

/// Whether Python code lies in a library's folder, or in the one above: `lightgbm/lib/`.
/// Plugins have a folder of their own, and a program looks for them there. The folder of
/// modules itself is one of code.
fn is_beside_code<'a>(files: &Files<'a>, path: &'a str) -> bool {
    let Some(below) = files.below_modules(path) else {
        return false;
    };
    let (below, _) = split(below);
    if below
        .split('/')
        .any(|part| part == "plugins" || part.contains('.'))
    {
        return false;
    }
    let (folder, _) = split(path);
    let (above, _) = split(folder);
    let has_parent = below.contains('/') || !below.is_empty();
    below.is_empty() || files.has_code(folder) || (has_parent && files.has_code(above))
}
