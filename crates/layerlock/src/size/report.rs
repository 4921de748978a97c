//! What `size` tells. The field names are the interface of `--json`.

use std::path::PathBuf;

use layerlock_target::Target;
use serde::Serialize;

use crate::report::maybe_path_text;

/// Where the bytes of layers are. Displays as people read it.
#[derive(Debug, Clone, Serialize)]
pub struct SizeReport {
    /// One for each layer.
    pub layers: Vec<LayerSize>,
    /// The page that was written.
    #[serde(serialize_with = "maybe_path_text")]
    pub html: Option<PathBuf>,
}

/// One layer.
#[derive(Debug, Clone, Serialize)]
pub struct LayerSize {
    /// The layer's name, where it is one of the project.
    pub name: Option<String>,
    /// The zip or directory, where one was given.
    #[serde(serialize_with = "maybe_path_text")]
    pub path: Option<PathBuf>,
    /// What it is built for, where it is one of the project.
    pub target: Option<Target>,
    /// Bytes of all files, unpacked.
    pub unzipped_size: u64,
    /// Bytes of the zip; none of a directory.
    pub zip_size: Option<u64>,
    /// How many files.
    pub file_count: usize,
    /// Its packages, the largest first.
    pub packages: Vec<PackageSize>,
    /// The files that no package brought, as far as the layer tells.
    pub without_package: Option<Sizes>,
    /// The largest files, the largest first.
    pub largest_files: Vec<FileSize>,
    /// The files that are there more than once, the most superfluous bytes first.
    pub duplicates: Vec<Duplicate>,
}

/// One package of a layer.
#[derive(Debug, Clone, Serialize)]
pub struct PackageSize {
    /// The name, normalised as its language has it.
    pub name: String,
    /// Its version, where it is known.
    pub version: Option<String>,
    /// What its files take up.
    #[serde(flatten)]
    pub sizes: Sizes,
    /// Whether the project itself asks for it; none where there is no project to tell.
    pub requested: Option<bool>,
    /// The packages of the layer that need it, by name.
    pub needed_by: Vec<String>,
}

/// What some files take up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// Their bytes, unpacked.
    pub unzipped_size: u64,
    /// Their bytes in the zip, without headers; none in a directory.
    pub zipped_size: Option<u64>,
    /// How many.
    pub file_count: usize,
}

/// A file.
#[derive(Debug, Clone, Serialize)]
pub struct FileSize {
    /// Its path in the layer.
    pub path: String,
    /// The package that brought it, where that is known.
    pub package: Option<String>,
    /// Its bytes, unpacked.
    pub unzipped_size: u64,
    /// Its bytes in the zip, without headers.
    pub zipped_size: Option<u64>,
}

/// A file that is there more than once.
#[derive(Debug, Clone, Serialize)]
pub struct Duplicate {
    /// Bytes of one of them, unpacked.
    pub unzipped_size: u64,
    /// Bytes of all but one.
    pub superfluous_size: u64,
    /// Where they are, sorted.
    pub paths: Vec<String>,
}

impl Sizes {
    pub(super) fn add(&mut self, unzipped: u64, zipped: Option<u64>) {
        self.unzipped_size += unzipped;
        if let Some(zipped) = zipped {
            *self.zipped_size.get_or_insert_default() += zipped;
        }
        self.file_count += 1;
    }
}
