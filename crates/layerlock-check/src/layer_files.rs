//! Any layer as a list of its files, whoever made it: a zip, or a directory.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use fs_err as fs;
use layerlock_diagnostic::{Diagnose, ErrorKind};
use layerlock_digest::{Algorithm, Digest, Hasher};
use layerlock_layer::archive::{ArchiveProblem, RawMember};
use layerlock_layer::{PlannedFile, files_in};

use crate::layer_zip::LayerZip;
use crate::owners::{FoundPackage, Owners};

/// A layer's files, and the packages that brought them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LayerFiles {
    /// Its files, sorted by path.
    pub files: Vec<LayerFile>,
    /// The packages, sorted by name.
    pub packages: Vec<FoundPackage>,
    /// Bytes of the zip, where it is one.
    pub zip_size: Option<u64>,
}

/// A file of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerFile {
    /// Its path in the layer, with `/` between its parts.
    pub path: String,
    /// Bytes, unpacked.
    pub size: u64,
    /// Bytes that it takes up in the zip, without headers.
    pub zipped_size: Option<u64>,
    /// Which of the [packages](LayerFiles::packages) brought it, where that is known.
    pub owner: Option<usize>,
    /// SHA-256, of files that may be the same as another one: no other has the size (and
    /// in a zip the checksum) of the rest.
    pub digest: Option<Digest>,
}

/// Why a layer cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LayerFilesError {
    /// There is nothing at the path.
    #[error("there is no zip or directory {}", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// A file or directory cannot be read.
    #[error(transparent)]
    Read(#[from] layerlock_layer::Error),
    /// It is no zip, or one that readers may read in different ways.
    #[error("cannot read {}: {problem}", path.display())]
    Archive {
        /// The zip.
        path: PathBuf,
        /// What is wrong with it.
        problem: ArchiveProblem,
    },
}

impl Diagnose for LayerFilesError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing { .. } => ErrorKind::Usage,
            Self::Read(error) => error.kind(),
            Self::Archive { .. } => ErrorKind::Integrity,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Missing { .. } => "name a zip, or the directory of a layer's files",
            Self::Read(error) => return error.hint(),
            Self::Archive { .. } => "unpack it with the tool that made it, and name the directory",
        };
        Some(hint.to_owned())
    }
}

/// Bytes of RECORD and METADATA files that are read of one layer: real ones have a few
/// megabytes together.
const TEXT_ROOM: u64 = 256 << 20;

impl LayerFiles {
    /// Reads a zip, or a directory.
    pub fn read(path: &Path) -> Result<Self, LayerFilesError> {
        if path.is_dir() {
            Self::of_directory(path)
        } else if path.exists() {
            Self::of_zip(path)
        } else {
            Err(LayerFilesError::Missing {
                path: path.to_owned(),
            })
        }
    }

    fn of_zip(path: &Path) -> Result<Self, LayerFilesError> {
        let refused = |problem| LayerFilesError::Archive {
            path: path.to_owned(),
            problem,
        };
        let zip = LayerZip::open(path)?;
        let mut members = zip.members().map_err(refused)?;
        members.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
        let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
        let mut room = TEXT_ROOM;
        let owners = Owners::find(&names, |index| members[index].text_within(&mut room).ok());
        let files = members.iter().enumerate().map(|(index, member)| LayerFile {
            path: member.name.to_string(),
            size: member.size,
            zipped_size: Some(member.compressed_size),
            owner: owners.of_file[index],
            digest: None,
        });
        let mut files: Vec<_> = files.collect();
        let keys = members.iter().map(|member| (member.size, member.crc32));
        for index in repeated(keys.collect()) {
            files[index].digest = Some(digest_of(&members[index]).map_err(refused)?);
        }
        Ok(Self {
            files,
            packages: owners.packages,
            zip_size: Some(zip.size()),
        })
    }

    fn of_directory(directory: &Path) -> Result<Self, LayerFilesError> {
        let names = files_in(directory)?;
        let mut sizes = Vec::with_capacity(names.len());
        let mut are_regular = Vec::with_capacity(names.len());
        for name in &names {
            let path = directory.join(name);
            // A link is no more than its target's name, as in a zip.
            let metadata = fs::symlink_metadata(&path);
            let metadata = metadata.map_err(layerlock_layer::Error::io("read", path))?;
            sizes.push(metadata.len());
            are_regular.push(metadata.is_file());
        }
        let paths: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut room = TEXT_ROOM;
        let owners = Owners::find(&paths, |index| {
            let path = directory.join(paths[index]);
            room = room.checked_sub(sizes[index])?;
            // To read a pipe is to wait.
            are_regular[index].then(|| fs::read_to_string(path).ok())?
        });
        let files = names.iter().enumerate().map(|(index, name)| LayerFile {
            path: name.clone(),
            size: sizes[index],
            zipped_size: None,
            owner: owners.of_file[index],
            digest: None,
        });
        let mut files: Vec<_> = files.collect();
        for index in repeated(sizes.iter().map(|size| (*size, 0)).collect()) {
            let path = directory.join(&names[index]);
            if are_regular[index] {
                files[index].digest = Some(PlannedFile::read(path)?.digest());
            }
        }
        Ok(Self {
            files,
            packages: owners.packages,
            zip_size: None,
        })
    }
}

/// The files whose size and checksum another one has too. What is empty takes up nothing.
fn repeated(keys: Vec<(u64, u32)>) -> Vec<usize> {
    let mut counts: HashMap<(u64, u32), usize> = HashMap::with_capacity(keys.len());
    for key in &keys {
        *counts.entry(*key).or_default() += 1;
    }
    let is_repeated = |key: &(u64, u32)| key.0 > 0 && counts.get(key).is_some_and(|it| *it > 1);
    let keys = keys.into_iter().enumerate();
    keys.filter(|(_, key)| is_repeated(key))
        .map(|(index, _)| index)
        .collect()
}

fn digest_of(member: &RawMember<'_>) -> Result<Digest, ArchiveProblem> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    member.read_into(|piece| hasher.update(piece))?;
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use layerlock_testkit::noise;
    use tempfile::TempDir;
    use zip::write::SimpleFileOptions;

    use super::*;

    /// A layer as pip and `zip -r` make it: (path, bytes).
    fn layer() -> Vec<(&'static str, Vec<u8>)> {
        vec![
            ("bin/six", b"#!/bin/sh\n".to_vec()),
            ("python/__pycache__/six.cpython-312.pyc", noise(1, 50)),
            ("python/own.py", b"OWN = 1\n".to_vec()),
            (
                "python/six-1.17.0.dist-info/METADATA",
                b"Name: six\n\nText".to_vec(),
            ),
            (
                "python/six-1.17.0.dist-info/RECORD",
                b"six.py,sha256=x,8\n../bin/six,,\nsix-1.17.0.dist-info/RECORD,,\n".to_vec(),
            ),
            ("python/six.py", b"SIX = 6\n".to_vec()),
            ("python/yaml/copy.py", b"SIX = 6\n".to_vec()),
        ]
    }

    fn zip_of(files: &[(&str, Vec<u8>)], path: &Path) {
        let mut zip = zip::ZipWriter::new(fs::File::create(path).unwrap());
        zip.add_directory("python/", SimpleFileOptions::default())
            .unwrap();
        for (name, bytes) in files {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
    }

    #[test]
    fn a_zip_and_a_directory_have_the_same_files_and_owners() {
        let temp = TempDir::new().unwrap();
        let (zip, directory) = (temp.path().join("layer.zip"), temp.path().join("layer"));
        let mut shuffled = layer();
        shuffled.reverse();
        zip_of(&shuffled, &zip);
        for (name, bytes) in layer() {
            let path = directory.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let zipped = LayerFiles::read(&zip).unwrap();
        assert_eq!(
            zipped.zip_size,
            Some(fs::metadata(&zip).unwrap().len()),
            "the whole zip"
        );
        let owners: Vec<_> = zipped.files.iter().map(|file| file.owner).collect();
        let six = Some(0);
        assert_eq!(owners, [six, six, None, six, six, six, None]);
        assert_eq!(zipped.packages[0].name, "six");
        assert_eq!(zipped.packages[0].version.as_deref(), Some("1.17.0"));

        let unpacked = LayerFiles::read(&directory).unwrap();
        assert_eq!(unpacked.zip_size, None);
        assert_eq!(unpacked.packages, zipped.packages);
        for (one, other) in unpacked.files.iter().zip(&zipped.files) {
            assert_eq!(
                (&one.path, one.size, one.owner),
                (&other.path, other.size, other.owner)
            );
            assert_eq!(one.zipped_size, None);
            assert!(other.zipped_size.is_some_and(|size| size > 0));
        }
        // A directory has no checksums: `own.py` has as many bytes as `six.py`.
        let same = [zipped.files[5].digest, zipped.files[6].digest];
        assert_eq!(same, [Some(Digest::sha256_of(b"SIX = 6\n")); 2]);
        assert_eq!(zipped.files[2].digest, None);
        assert_ne!(unpacked.files[2].digest, unpacked.files[5].digest);
        assert_eq!(unpacked.files[5].digest, unpacked.files[6].digest);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_path() {
        let temp = TempDir::new().unwrap();
        let missing = temp.path().join("missing.zip");
        let error = LayerFiles::read(&missing).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("there is no zip or directory {}", missing.display())
        );
        let text = temp.path().join("layer.zip");
        fs::write(&text, "no zip").unwrap();
        let error = LayerFiles::read(&text).unwrap_err();
        assert!(
            matches!(error, LayerFilesError::Archive { .. }),
            "{error:?}"
        );
        assert!(
            error
                .to_string()
                .starts_with(&format!("cannot read {}: ", text.display()))
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_directory_are_as_large_as_in_a_zip() {
        let temp = TempDir::new().unwrap();
        fs::create_dir(temp.path().join("lib")).unwrap();
        fs::write(temp.path().join("lib/a.so.1"), "123456").unwrap();
        let link = |target: &str, name: &str| {
            fs::os::unix::fs::symlink(target, temp.path().join(name)).unwrap();
        };
        link("a.so.1", "lib/a.so");
        link("nowhere", "lib/b.so");
        link(".", "lib/again");
        let read = LayerFiles::read(temp.path()).unwrap();
        let files: Vec<_> = read
            .files
            .iter()
            .map(|it| (&it.path[..], it.size))
            .collect();
        assert_eq!(
            files,
            [
                ("lib/a.so", 6),
                ("lib/a.so.1", 6),
                ("lib/again", 1),
                ("lib/b.so", 7)
            ]
        );
        // Of one size, and yet no copies.
        assert_eq!(read.files[0].digest, None);
        assert!(read.files[1].digest.is_some());
    }
}
