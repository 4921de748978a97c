use layerlock_layer::PathError;

/// Why an archive is refused as a wheel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WheelProblem {
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
    /// A compression method that wheels do not use.
    #[error("member {name:?} is compressed with method {method}: wheels use 0 and 8")]
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
    /// Data that is not what the headers claim.
    #[error("member {name:?} {problem}")]
    Data {
        /// The member.
        name: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// More than any layer can hold.
    #[error("unpacks to {0} bytes, far more than a layer can hold")]
    TooLarge(u64),
    /// A part that every wheel must have.
    #[error("has no {0}")]
    Missing(&'static str),
    /// There must be one `.dist-info` folder.
    #[error("has {0} .dist-info folders instead of one")]
    DistInfoCount(usize),
    /// The `.dist-info` folder is of another distribution or version.
    #[error("holds {0:?}, which is not what its file name says")]
    DistInfoName(String),
    /// A format that came after this program.
    #[error("has Wheel-Version {0:?}: only 1.x is known")]
    WheelVersion(String),
    /// A metadata file that cannot be read.
    #[error("has a malformed {file}: {reason}")]
    Metadata {
        /// Which file.
        file: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A file that RECORD does not list.
    #[error("member {0:?} is not listed in RECORD")]
    NotInRecord(String),
    /// A file that RECORD lists without a hash, or with one that is not safe.
    #[error("RECORD has no sha256 or stronger hash for {0:?}")]
    NoHash(String),
    /// A file with other bytes than RECORD says.
    #[error("member {name:?} has sha256 {actual}, RECORD says {expected}")]
    RecordHash {
        /// The member.
        name: String,
        /// What RECORD says, as it stands there.
        expected: String,
        /// What the bytes give, in the same encoding.
        actual: String,
    },
}

impl WheelProblem {
    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::WheelVersion(_) => "ask for a newer layerlock, or lock another version",
            Self::Missing(_)
            | Self::DistInfoCount(_)
            | Self::DistInfoName(_)
            | Self::Metadata { .. }
            | Self::NotInRecord(_)
            | Self::NoHash(_) => {
                "the file is as the lock says, but no proper wheel: tell its authors, and lock \
                 another version"
            }
            _ => {
                "the file is as the lock says, but its archive is damaged or hostile: do not \
                 unpack it, and tell its authors"
            }
        }
    }
}
