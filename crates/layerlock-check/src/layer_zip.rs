//! The zip of a layer: opened once, whatever is read of it.

use std::path::{Path, PathBuf};

use fs_err as fs;
use layerlock_digest::{Algorithm, Digest, Hasher};
use layerlock_layer::Error;
use layerlock_layer::archive::{
    self, ArchiveProblem, ArchiveRules, FileReader, RawMember, ReaderAt,
};

use crate::layer::{Layer, refuse_irregular};

/// The zip of a layer, opened.
pub struct LayerZip {
    path: PathBuf,
    reader: FileReader,
    size: u64,
}

/// Who looks at a layer says how large it is, and so this is no limit, but for sizes that no
/// disk holds: sums of others are still numbers.
const MOST: u64 = 1 << 60;

/// As much is hashed at once.
const PIECE: usize = 256 << 10;

impl LayerZip {
    /// Opens a zip. Nothing of it is read yet.
    pub fn open(path: &Path) -> Result<Self, Error> {
        refuse_irregular(path)?;
        let failed = |error| Error::io("read", path)(error);
        let file = fs::File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        Ok(Self {
            path: path.to_owned(),
            reader: FileReader::from(file.into_file()),
            size,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Its files, in the order of its directory.
    pub(crate) fn members(&self) -> Result<Vec<RawMember<'_>>, ArchiveProblem> {
        let rules = ArchiveRules {
            max_unpacked: MOST,
            // A layer may have links.
            links_are_files: true,
        };
        archive::read(&self.reader, self.size, rules)
    }

    /// Its files.
    pub fn layer(&self) -> Result<Layer<'_>, ArchiveProblem> {
        self.members().map(Layer::of_members)
    }

    /// Reads all of it for its SHA-256.
    pub fn digest(&self) -> Result<Digest, Error> {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut buffer = vec![0; PIECE];
        let mut at = 0;
        while at < self.size {
            let read = self.reader.read_at(&mut buffer, at);
            match read {
                // It was cut meanwhile.
                Ok(0) => {
                    return Err(Error::io("read", &self.path)(
                        std::io::ErrorKind::UnexpectedEof.into(),
                    ));
                }
                Ok(count) => {
                    hasher.update(&buffer[..count]);
                    at += count as u64;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io("read", &self.path)(error)),
            }
        }
        Ok(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use layerlock_testkit::noise;

    use super::*;

    #[test]
    fn a_zip_is_hashed_as_it_is() {
        let temp = tempfile::TempDir::new().unwrap();
        let path = temp.path().join("layer.zip");
        for length in [0, 1, PIECE, PIECE + 1, 3 * PIECE - 1] {
            let bytes = noise(7, length);
            fs::write(&path, &bytes).unwrap();
            let zip = LayerZip::open(&path).unwrap();
            assert_eq!(zip.size(), length as u64);
            assert_eq!(zip.digest().unwrap(), Digest::sha256_of(&bytes));
            assert!(zip.layer().is_err());
        }
    }

    /// A zip of empty files that says of each that it has as many bytes.
    fn boasting(sizes: &[u64]) -> Vec<u8> {
        let (mut zip, mut directory) = (Vec::new(), Vec::new());
        for (number, size) in sizes.iter().enumerate() {
            let offset = u32::try_from(zip.len()).unwrap();
            // Version 4.5, no flags, stored, no time, no checksum, sizes in the field of zip64.
            let head = [45_u16, 0, 0, 0, 0, 0, 0].map(u16::to_le_bytes).concat();
            let sizes = [u32::MAX; 2].map(u32::to_le_bytes).concat();
            let zip64 = [
                &[1, 0, 16, 0][..],
                &[*size, 0].map(u64::to_le_bytes).concat(),
            ]
            .concat();
            let lengths = [1_u16, 20].map(u16::to_le_bytes).concat();
            let name = [b'a' + u8::try_from(number).unwrap()];
            zip.extend([b"PK\x03\x04", &head[..], &sizes, &lengths, &name, &zip64].concat());
            let rest = [&[0; 10][..], &offset.to_le_bytes()].concat();
            let made_by = [45, 0];
            let record = [
                &b"PK\x01\x02"[..],
                &made_by,
                &head[..],
                &sizes,
                &lengths,
                &rest,
                &name,
                &zip64,
            ];
            directory.extend(record.concat());
        }
        let count = u16::try_from(sizes.len()).unwrap().to_le_bytes();
        let (at, length) = (zip.len(), directory.len());
        let places = [length, at]
            .map(|it| u32::try_from(it).unwrap().to_le_bytes())
            .concat();
        zip.extend(directory);
        zip.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &places, &[0; 2]].concat());
        zip
    }

    /// Else sums of them would be no numbers.
    #[test]
    fn sizes_that_no_disk_holds_are_refused() {
        let temp = tempfile::TempDir::new().unwrap();
        let path = temp.path().join("layer.zip");
        fs::write(&path, boasting(&[1 << 40, 1 << 40])).unwrap();
        let zip = LayerZip::open(&path).unwrap();
        assert_eq!(zip.layer().unwrap().unzipped_size(), 1 << 41);
        for sizes in [&[u64::MAX][..], &[1 << 63; 2], &[1 << 59; 4]] {
            fs::write(&path, boasting(sizes)).unwrap();
            let zip = LayerZip::open(&path).unwrap();
            let problem = zip.layer().err();
            assert!(
                matches!(problem, Some(ArchiveProblem::TooLarge(_))),
                "{problem:?}"
            );
            assert!(crate::LayerFiles::read(&path).is_err());
        }
    }

    /// Who opens a pipe waits for somebody who writes.
    #[cfg(unix)]
    #[test]
    fn a_pipe_is_refused_and_not_waited_for() {
        let temp = tempfile::TempDir::new().unwrap();
        let path = temp.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let error = format!("{:?}", LayerZip::open(&path).err());
        assert!(error.contains("not a regular file"), "{error}");
    }
}
