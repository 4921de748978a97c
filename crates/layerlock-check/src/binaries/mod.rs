/*!
Whether the compiled files of a layer run on its target.

What a file's bytes tell is read once ([`read_binary`], [`read_binary_in_pieces`]) and
depends on nothing else, so that a cache can keep it by the file's hash.
[`check_binaries_beside`] then looks at all files of a layer together, as the loader of the
target does: which libraries does each find, and which versions of their symbols?

A file that a function can reach is an error where it does not load: a module that can
be imported, a library beside Python code (which loads it by `ctypes`), a command, and
all that these need. What is reached by none of them is a plugin, and a warning.

Layers for other languages are checked in the same way. Packages of Node are apart
([`node`]): they bring files for many systems, and choose among them when they run.
*/

mod file;
mod files;
mod fit;
mod fold;
mod hints;
mod loader;
mod names;
mod needs;
mod node;
mod role;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ops::ControlFlow;

use layerlock_elf::{Binary, BinaryReader};
use layerlock_layer::TakeUntil;
use layerlock_target::Target;

use crate::Finding;
use crate::scope::Scope;
pub(crate) use file::{BinaryContent, BinaryFile};
use files::Files;

/// The function that initialises an extension module has the module's name after this.
const MODULE_PREFIX: &str = "PyInit_";

/// Reads what some bytes are, if they are a compiled file.
pub(crate) fn read_binary(bytes: &[u8]) -> Option<Binary> {
    Binary::read(bytes, MODULE_PREFIX)
}

/// The same of a file that comes in pieces, of which some megabytes are kept at most,
/// however large it is. `go_by` hands over the pieces in their order, as far as they are
/// wanted, and is asked to do so again where a file has its tables at an unusual place.
pub(crate) fn read_binary_in_pieces<E>(
    mut go_by: impl FnMut(TakeUntil<'_>) -> Result<(), E>,
) -> Result<Option<Binary>, E> {
    let mut reader = BinaryReader::new(MODULE_PREFIX);
    loop {
        go_by(&mut |piece| {
            reader.take(piece);
            if reader.wants_more() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        match reader.finish() {
            Ok(binary) => return Ok(binary),
            Err(again) => reader = again,
        }
    }
}

/// Whether it is worth to look at the bytes of a file of this name: source, text and
/// pictures are no compiled files.
pub(crate) fn may_be_binary(path: &str) -> bool {
    const NEVER: [&str; 42] = [
        "c", "cfg", "cjs", "cpp", "css", "csv", "cts", "gif", "gz", "h", "hpp", "html", "ini",
        "jar", "jpg", "js", "json", "map", "md", "mjs", "mo", "mts", "pem", "php", "pickle", "png",
        "po", "pxd", "py", "pyc", "pyi", "pyx", "rst", "svg", "tmpl", "toml", "ts", "ttf", "txt",
        "xml", "yaml", "yml",
    ];
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    !ending.is_some_and(|ending| NEVER.contains(&ending)) && !path.contains(".dist-info/")
}

/// Checks the compiled files of a layer. `others` is what further layers of its functions have
/// in the folder of libraries ([`Target::libraries`]), by the files' names; what is needed of
/// it is a note.
pub(crate) fn check_binaries_beside<'a>(
    files: impl IntoIterator<Item = BinaryFile<'a>>,
    others: impl IntoIterator<Item = &'a str>,
    target: &Target,
) -> Vec<Finding> {
    let others = others.into_iter().collect();
    checked(&Files::new(files, others, *target, Scope::Layer))
}

/// Checks the compiled files of all layers of a function together. Of files at one path the
/// last one counts.
pub(crate) fn check_binaries_together<'a>(
    files: impl IntoIterator<Item = BinaryFile<'a>>,
    target: &Target,
) -> Vec<Finding> {
    let others = HashSet::new();
    checked(&Files::new(files, others, *target, Scope::Function))
}

fn checked(files: &Files<'_>) -> Vec<Finding> {
    let mut faults = Vec::new();
    let unfit = fit::check(files, &mut faults);
    node::check(files, &mut faults);
    // Which system's libraries a layer for all runtimes finds nobody knows.
    if !files.target.runtime.is_any() {
        needs::check(files, &unfit, &mut faults);
    }
    fold::folded(faults, files)
}
