use layerlock_digest::Digest;
use layerlock_layer::{ArchiveMember, LayerPath};
use serde::{Deserialize, Serialize};

use crate::Error;

/// What is known of a package that was verified.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NpmContents {
    /// Bytes of the zip: one of another size was changed since.
    pub(crate) archive_size: u64,
    /// SHA-256 of the tarball.
    pub tarball: Digest,
    pub(crate) members: Vec<NpmMember>,
    /// The compiled files that Node might load, and libraries.
    pub(crate) elf_files: Vec<String>,
    /// Whether npm would compile it where it has no script of its own.
    pub(crate) has_binding_gyp: bool,
    /// What npm would run after it has laid it out.
    pub(crate) install_script: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NpmMember {
    pub(crate) name: String,
    pub(crate) executable: bool,
    pub(crate) data: ArchiveMember,
}

impl NpmMember {
    /// Its path in the package.
    pub(crate) fn path(&self) -> Result<LayerPath, Error> {
        LayerPath::new(self.name.clone()).map_err(|reason| Error::Place {
            place: self.name.clone(),
            reason,
        })
    }
}
