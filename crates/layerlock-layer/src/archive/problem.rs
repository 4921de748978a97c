use crate::PathError;

/// Why an archive is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveProblem {
    /// The bytes are no zip, or a damaged one.
    #[error("is not a readable zip archive ({0})")]
    NotAZip(String),
    /// A member's name would leave the layer.
    #[error("member {name:?} {reason}")]
    Name {
        /// The name as it stands in the archive.
        name: String,
        /// What is wrong with it.
        reason: PathError,
    },
    /// Two members have one name.
    #[error("member {0:?} is there twice")]
    Duplicate(String),
    /// A symbolic link, a device or another thing that is no plain file.
    #[error("member {0:?} is a link or a device, not a plain file")]
    Special(String),
    /// Encrypted data.
    #[error("member {0:?} is encrypted")]
    Encrypted(String),
    /// A compression method that is not read here.
    #[error("member {name:?} is compressed with method {method}: only 0 and 8 are read")]
    Method {
        /// The member.
        name: String,
        /// The method's number (APPNOTE 4.4.5).
        method: u16,
    },
    /// The header beside the data and the one in the directory differ: two
    /// readers would see two archives.
    #[error("member {name:?} has another {field} in its local header than in the directory")]
    HeadersDiffer {
        /// The member.
        name: String,
        /// What differs.
        field: &'static str,
    },
    /// Members that share bytes, as zip bombs do.
    #[error("member {0:?} overlaps another")]
    Overlap(String),
    /// Readers would find different files in it.
    #[error("is not one archive to every reader: {0}")]
    Ambiguous(String),
    /// Data that is not what the headers claim.
    #[error("member {name:?} {problem}")]
    Data {
        /// The member.
        name: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// More than it may unpack to.
    #[error("unpacks to {0} bytes, far more than a layer can hold")]
    TooLarge(u64),
}
