//! A package's tarball, read as a hostile one and as npm reads it (`pacote`, node-tar).

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Cursor, Read};

use flate2::read::MultiGzDecoder;
use layerlock_layer::LayerPath;

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TarFile {
    pub(crate) bytes: Vec<u8>,
    pub(crate) executable: bool,
}

/// Bytes that a package may have, unpacked: more than any layer.
const MOST: u64 = 1 << 30;

/// The same with what tar writes around the files: names of any length, and some that say
/// nothing of a file.
const MOST_WITH_HEADERS: u64 = MOST + MOST / 4;

/// The files of a tarball by their paths from the package's folder on; what is wrong with it
/// is for people: `the tarball of X ...`.
pub(crate) fn read(bytes: &[u8]) -> Result<BTreeMap<LayerPath, TarFile>, String> {
    read_within(bytes, MOST_WITH_HEADERS)
}

fn read_within(bytes: &[u8], most: u64) -> Result<BTreeMap<LayerPath, TarFile>, String> {
    // Some are not compressed.
    let reader: Box<dyn Read + '_> = if bytes.starts_with(&[0x1f, 0x8b]) {
        Box::new(MultiGzDecoder::new(bytes))
    } else {
        Box::new(Cursor::new(bytes))
    };
    // A long name is read as a whole, however long it says that it is.
    let mut archive = tar::Archive::new(reader.take(most));
    let mut reading = Reading::default();
    let read = reading.take_all(&mut archive);
    if archive.into_inner().limit() == 0 {
        return Err(format!("unpacks to more than {most} bytes"));
    }
    read?;
    if reading.files.is_empty() {
        return Err("has no files".to_owned());
    }
    Ok(reading.files)
}

fn broken(error: &io::Error) -> String {
    format!("cannot be unpacked: {error}")
}

#[derive(Default)]
struct Reading {
    files: BTreeMap<LayerPath, TarFile>,
    /// The folders with an `.npmignore`.
    ignoring: HashSet<String>,
    unpacked: u64,
}

impl Reading {
    fn take_all(&mut self, archive: &mut tar::Archive<impl Read>) -> Result<(), String> {
        for entry in archive.entries().map_err(|error| broken(&error))? {
            self.take(entry.map_err(|error| broken(&error))?)?;
        }
        Ok(())
    }

    fn take(&mut self, mut entry: tar::Entry<'_, impl Read>) -> Result<(), String> {
        // Links and devices are nothing that npm unpacks.
        if !entry.header().entry_type().is_file() && !entry.header().entry_type().is_contiguous() {
            return Ok(());
        }
        let raw = entry.path_bytes().into_owned();
        let shown = String::from_utf8_lossy(&raw).into_owned();
        let name = String::from_utf8(raw)
            .map_err(|_| format!("has a file whose name is not UTF-8: {shown:?}"))?;
        let Some(name) = self.name(&name) else {
            return Ok(());
        };
        let path = LayerPath::new(name)
            .map_err(|reason| format!("has a file {shown:?}, whose name {reason}"))?;
        let size = entry.size();
        self.unpacked = self.unpacked.saturating_add(size);
        if self.unpacked > MOST {
            return Err(format!("unpacks to more than {MOST} bytes"));
        }
        let mode = entry.header().mode().unwrap_or(0o644);
        let mut content = Vec::new();
        let read = entry
            .read_to_end(&mut content)
            .map_err(|error| broken(&error))?;
        if read as u64 != size {
            return Err("cannot be unpacked: it ends early".to_owned());
        }
        let file = TarFile {
            bytes: content,
            executable: mode & 0o111 != 0,
        };
        // The last one of a name is what an installer leaves.
        self.files.insert(path, file);
        Ok(())
    }

    /// The path in the package: without the first folder, whatever that is called. None for
    /// what is not in it.
    fn name(&mut self, name: &str) -> Option<String> {
        let (first, rest) = name.split_once('/').unwrap_or((name, ""));
        if first != "." && LayerPath::new(first).is_err() {
            // As it is, to be refused: whatever npm makes of it, it means no good.
            return Some(name.to_owned());
        }
        let parts = rest.split('/').filter(|part| !matches!(*part, "" | "."));
        let mut parts: Vec<&str> = parts.collect();
        let file = parts.pop()?;
        let mut folder = parts.join("/");
        if !folder.is_empty() {
            folder.push('/');
        }
        match file {
            ".npmignore" => {
                self.ignoring.insert(folder.clone());
            }
            // "this replicates the npm pack behavior where .gitignore files are treated
            // like .npmignore files, but only if a .npmignore file is not present."
            ".gitignore" if self.ignoring.contains(&folder) => return None,
            ".gitignore" => return Some(format!("{folder}.npmignore")),
            _ => {}
        }
        Some(format!("{folder}{file}"))
    }
}

#[cfg(test)]
pub(crate) mod testing {
    /// A member of a tar archive: name, bytes and mode.
    pub(crate) type TarMember<'m> = (&'m str, &'m [u8], u32);

    /// A tar archive whose names are as they are given, hostile or not.
    pub(crate) fn tar(members: &[TarMember<'_>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, content, mode) in members {
            member(&mut bytes, name, content, *mode, b'0', "");
        }
        bytes.extend([0; 1024]);
        bytes
    }

    pub(crate) fn member(
        bytes: &mut Vec<u8>,
        name: &str,
        content: &[u8],
        mode: u32,
        kind: u8,
        link: &str,
    ) {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(format!("{mode:07o}").as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[136..147].copy_from_slice(b"00000000000");
        header[156] = kind;
        header[157..157 + link.len()].copy_from_slice(link.as_bytes());
        header[257..263].copy_from_slice(b"ustar\0");
        header[263..265].copy_from_slice(b"00");
        header[148..156].copy_from_slice(b"        ");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        bytes.extend(header);
        bytes.extend(content);
        bytes.extend(vec![0; content.len().next_multiple_of(512) - content.len()]);
    }

    pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{gzip, member, tar};
    use super::*;

    fn names(bytes: &[u8]) -> Result<Vec<String>, String> {
        Ok(read(bytes)?
            .into_keys()
            .map(|path| path.to_string())
            .collect())
    }

    #[test]
    fn the_first_folder_goes_whatever_it_is_called() {
        let plain = tar(&[
            ("package/a.js", b"1", 0o644),
            ("other/lib//./b.js", b"2", 0o644),
            ("top", b"", 0o644),
        ]);
        for bytes in [gzip(&plain), plain] {
            assert_eq!(names(&bytes).unwrap(), ["a.js", "lib/b.js"]);
        }
    }

    #[test]
    fn the_last_of_a_name_stays_and_links_do_not() {
        let mut bytes = Vec::new();
        member(&mut bytes, "package/a", b"1", 0o644, b'0', "");
        member(&mut bytes, "x/a", b"2", 0o744, b'0', "");
        member(&mut bytes, "package/link", b"", 0o777, b'2', "/etc/passwd");
        member(&mut bytes, "package/hard", b"", 0o777, b'1', "package/a");
        member(&mut bytes, "package/folder/", b"", 0o755, b'5', "");
        bytes.extend([0; 1024]);
        let files = read(&bytes).unwrap();
        assert_eq!(files.len(), 1);
        let file = &files["a"];
        assert_eq!((&file.bytes[..], file.executable), (&b"2"[..], true));
    }

    #[test]
    fn names_that_lead_out_of_the_package_are_refused() {
        for name in [
            "package/../../x",
            "/etc/passwd",
            "package/a\\b",
            "package/c:x",
            "package/..",
        ] {
            let error = names(&tar(&[(name, b"", 0o644)])).unwrap_err();
            assert!(error.starts_with("has a file "), "{name}: {error}");
        }
    }

    #[test]
    fn what_is_no_tarball_is_refused() {
        let whole = gzip(&tar(&[("package/a", &[7; 5000], 0o644)]));
        for bytes in [
            &b""[..],
            b"text",
            &whole[..whole.len() / 2],
            &[0x1f, 0x8b],
            &tar(&[]),
        ] {
            names(bytes).unwrap_err();
        }
    }

    /// GNU's and pax headers have no place among the files, and were read without a limit.
    #[test]
    fn headers_count_as_what_is_unpacked() {
        for kind in [b'L', b'K', b'x', b'g'] {
            let mut bytes = Vec::new();
            let long = vec![b'a'; 100_000];
            member(&mut bytes, "package/header", &long, 0o644, kind, "");
            member(&mut bytes, "package/a", b"1", 0o644, b'0', "");
            bytes.extend([0; 1024]);
            for bytes in [gzip(&bytes), bytes] {
                let error = read_within(&bytes, 50_000).unwrap_err();
                assert_eq!(error, "unpacks to more than 50000 bytes", "{kind}");
            }
        }
        assert_eq!(
            read_within(&tar(&[("p/a", b"1", 0o644)]), 50_000)
                .unwrap()
                .len(),
            1
        );
    }

    #[test]
    fn a_gitignore_becomes_an_npmignore_unless_there_is_one() {
        let files = [
            ("p/.gitignore", &b"g"[..], 0o644),
            ("p/a/.npmignore", b"n", 0o644),
            ("p/a/.gitignore", b"g", 0o644),
        ];
        assert_eq!(names(&tar(&files)).unwrap(), [".npmignore", "a/.npmignore"]);
    }
}
