//! A file of a layer, as the checks on binaries see it.

use layerlock_elf::Binary;

/// A file of a layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BinaryFile<'a> {
    /// Its path in the layer.
    pub(crate) path: &'a str,
    /// The package that brought it, where that is known.
    pub(crate) package: Option<&'a str>,
    /// What it is.
    pub(crate) content: BinaryContent<'a>,
}

/// What a file of a layer is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum BinaryContent<'a> {
    /// A compiled file.
    Binary(&'a Binary),
    /// A symbolic link, with where it leads to.
    Link(&'a str),
    /// Anything else. Its path tells where Python code is.
    Other,
}
