//! A locked package and its files.

use std::path::PathBuf;

use layerlock_diagnostic::Place;
use layerlock_digest::{Algorithm, Digest};

use crate::PackageName;

/// A package that a lock selects for a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedPackage {
    /// The name.
    pub name: PackageName,
    /// The version, normalised (PEP 440).
    pub version: String,
    /// Where the package comes from.
    pub source: PackageSource,
    /// The extras of this package that the project and the packages selected
    /// with it ask for (normalised, sorted). What these bring in is selected
    /// by itself.
    pub extras: Vec<String>,
    /// The groups of the project that need it (normalised, `main` first).
    pub groups: Vec<String>,
    /// Its files; a directory or a git repository has none.
    pub files: Vec<LockedFile>,
    /// Its entry in the lock.
    pub place: Place,
    /// The versions of Python that its metadata allows, as the lock writes them;
    /// `*` for all.
    pub requires_python: String,
}

/// A file that a package may be installed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedFile {
    /// The file's name: no path, nothing that a file system objects to.
    pub name: String,
    /// Its URL, where the lock has it.
    pub url: Option<String>,
    /// Its bytes, where the lock says so.
    pub size: Option<u64>,
    /// The digests that the lock has of it, at most one of an algorithm.
    pub digests: Vec<Digest>,
    /// A hash that the lock has instead, and that proves nothing. It matters only where
    /// the file is used.
    pub weak_hash: Option<WeakHash>,
}

/// A hash that is none, or weaker than SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeakHash {
    /// As it is written: `md5:d41d8cd9…`.
    pub text: String,
    /// Where.
    pub place: Place,
}

impl LockedFile {
    /// The digest of one algorithm, where the lock has it.
    pub fn digest(&self, algorithm: Algorithm) -> Option<Digest> {
        let mut digests = self.digests.iter().copied();
        digests.find(|digest| digest.algorithm() == algorithm)
    }
}

/// Where a locked package comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageSource {
    /// A package index.
    Registry {
        /// The index's URL; the default index where there is none.
        url: Option<String>,
        /// The name that the project has for the index.
        reference: Option<String>,
    },
    /// A git repository.
    Git {
        /// The repository's URL.
        url: String,
        /// The branch, tag or revision that the project asks for.
        reference: Option<String>,
        /// The commit that it was locked at.
        commit: String,
        /// The directory in the repository that holds the package.
        subdirectory: Option<String>,
    },
    /// An archive at a URL.
    Url {
        /// The URL.
        url: String,
        /// The directory in the archive that holds the package.
        subdirectory: Option<String>,
    },
    /// A directory on this machine.
    Directory {
        /// The project's directory joined with the path in the lock.
        path: PathBuf,
        /// Whether the project wants it linked rather than copied.
        develop: bool,
    },
    /// An archive on this machine.
    File {
        /// The project's directory joined with the path in the lock.
        path: PathBuf,
        /// The directory in the archive that holds the package.
        subdirectory: Option<String>,
    },
}

impl PackageSource {
    /// One word for the kind: `registry`, `git`, `url`, `directory` or `file`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Registry { .. } => "registry",
            Self::Git { .. } => "git",
            Self::Url { .. } => "url",
            Self::Directory { .. } => "directory",
            Self::File { .. } => "file",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_the_digest_that_is_asked_for() {
        let digests = [Algorithm::Sha512, Algorithm::Sha256];
        let of = |algorithm: Algorithm| {
            Digest::from_bytes(algorithm, &vec![7; algorithm.length()]).unwrap()
        };
        let file = LockedFile {
            name: "six-1.17.0.tar.gz".to_owned(),
            url: None,
            size: None,
            digests: digests.map(of).to_vec(),
            weak_hash: None,
        };
        for algorithm in digests {
            assert_eq!(file.digest(algorithm), Some(of(algorithm)));
        }
        assert_eq!(file.digest(Algorithm::Sha384), None);
    }

    #[test]
    fn each_source_has_a_word_for_its_kind() {
        let (url, path) = (|| "https://packages.example.com/a".to_owned(), PathBuf::new);
        let sources = [
            PackageSource::Registry {
                url: None,
                reference: None,
            },
            PackageSource::Git {
                url: url(),
                reference: None,
                commit: "0".repeat(40),
                subdirectory: None,
            },
            PackageSource::Url {
                url: url(),
                subdirectory: None,
            },
            PackageSource::Directory {
                path: path(),
                develop: true,
            },
            PackageSource::File {
                path: path(),
                subdirectory: None,
            },
        ];
        let kinds = sources.map(|source| source.kind());
        assert_eq!(kinds, ["registry", "git", "url", "directory", "file"]);
    }
}
