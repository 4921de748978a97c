//! Archives of sources.
//!
//! uv, and pip since 24.1, refuse an archive whose members lead out of it. Older
//! ones unpack links as they come, write through them, and put what this machine
//! has behind them into the wheel. So each tar is looked through before it is
//! handed to either. Of a zip both make plain files alone.

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use flate2::read::MultiGzDecoder;
use layerlock_layer::archive::FileReader;
use tar::{Archive, EntryType, PaxExtensions};

use crate::problem::BuildProblem;

/// What is known of archives by their names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Tar,
    TarGz,
    Zip,
}

impl Format {
    fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        [
            (".tar", Self::Tar),
            (".tar.gz", Self::TarGz),
            (".tgz", Self::TarGz),
            (".zip", Self::Zip),
        ]
        .into_iter()
        .find_map(|(ending, format)| name.ends_with(ending).then_some(format))
    }
}

/// Looks for what leads out of an archive of this name. One of a format that is
/// not known is left to the frontend.
pub(super) fn check(path: &Path, name: &str) -> Result<(), BuildProblem> {
    match Format::from_name(name) {
        Some(format @ (Format::Tar | Format::TarGz)) => check_tar(
            tar(path, format).map_err(|error| unreadable(name, &error))?,
            name,
        ),
        Some(Format::Zip) | None => Ok(()),
    }
}

/// Unpacks an archive of this name into a directory, and gives the directory that holds
/// all of it: the one at its top, as archives of repositories and source
/// distributions have.
pub(super) fn unpack(path: &Path, name: &str, directory: &Path) -> Result<PathBuf, BuildProblem> {
    check(path, name)?;
    let into = directory.join("source");
    let unpacked = match Format::from_name(name) {
        Some(Format::Zip) => unpack_zip(path, &into),
        Some(format) => unpack_tar(path, format, &into),
        None => Err(io::Error::other(
            "only .tar.gz, .tgz, .tar and .zip are known",
        )),
    };
    let root = unpacked.and_then(|()| top_directory(&into));
    root.map_err(|error| unreadable(name, &error))
}

fn unreadable(name: &str, error: &io::Error) -> BuildProblem {
    BuildProblem::Archive {
        file: name.to_owned(),
        reason: error.to_string(),
    }
}

fn tar(path: &Path, format: Format) -> io::Result<Archive<Box<dyn Read>>> {
    let file = io::BufReader::new(fs_err::File::open(path)?);
    Ok(Archive::new(match format {
        Format::TarGz => Box::new(MultiGzDecoder::new(file)),
        Format::Tar | Format::Zip => Box::new(file),
    }))
}

/// Every member is in the archive's own directory, and so is what each link leads to:
/// no member lies behind a link, and the target of one goes up, if at all, first,
/// from a directory that is none.
fn check_tar(mut archive: Archive<impl Read>, name: &str) -> Result<(), BuildProblem> {
    let failed = |error: io::Error| unreadable(name, &error);
    let leads_out = |member: &Path| BuildProblem::Link(member.to_owned());
    let mut links = HashSet::new();
    let mut members = Vec::new();
    for entry in archive.entries().map_err(failed)? {
        let mut entry = entry.map_err(failed)?;
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader {
            check_global_header(&mut entry).map_err(failed)?;
            continue;
        }
        let shown = entry.path().map_err(failed)?.into_owned();
        let member = below(Path::new(""), &shown).ok_or_else(|| leads_out(&shown))?;
        match kind {
            EntryType::Symlink | EntryType::Link => {
                let target = entry.link_name().map_err(failed)?.unwrap_or_default();
                // That of a hard link is a member's name.
                let from = match kind {
                    EntryType::Symlink => member.parent().unwrap_or(Path::new("")),
                    _ => Path::new(""),
                };
                below(from, &target).ok_or_else(|| leads_out(&shown))?;
                if kind == EntryType::Symlink {
                    links.insert(member.clone());
                }
            }
            kind if kind.is_file() || kind.is_dir() || kind.is_gnu_sparse() => {}
            _ => {
                let what = format!("{} is no file, directory or link", shown.display());
                return Err(failed(io::Error::other(what)));
            }
        }
        members.push((member, shown));
    }
    let is_behind_a_link =
        |member: &Path| member.ancestors().skip(1).any(|path| links.contains(path));
    match members.iter().find(|(member, _)| is_behind_a_link(member)) {
        Some((_, shown)) => Err(leads_out(shown)),
        None => Ok(()),
    }
}

/// What a global header says is of every member behind it, and Python's tarfile obeys it
/// where others do not: two readers would see two archives. git writes a comment there.
fn check_global_header(entry: &mut tar::Entry<'_, impl Read>) -> io::Result<()> {
    let mut records = Vec::new();
    entry.take(LARGEST_HEADER).read_to_end(&mut records)?;
    for record in PaxExtensions::new(&records) {
        let key = record?.key_bytes().to_owned();
        let is_about_members = [&b"path"[..], b"linkpath", b"size"].contains(&&key[..])
            || key.starts_with(b"GNU.sparse.");
        if is_about_members {
            let key = String::from_utf8_lossy(&key).into_owned();
            let what = format!("a global header says the {key} of every member");
            return Err(io::Error::other(what));
        }
    }
    Ok(())
}

const LARGEST_HEADER: u64 = 1 << 20;

/// A path as seen from a directory, if it stays in the root that the directory is
/// relative to. It may go up first, and not after it went down: what it went down
/// to may be a link.
fn below(directory: &Path, path: &Path) -> Option<PathBuf> {
    let mut result = directory.to_owned();
    let mut went_down = false;
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if !went_down && result.pop() => {}
            Component::Normal(name) => {
                went_down = true;
                result.push(name);
            }
            _ => return None,
        }
    }
    Some(result)
}

fn unpack_tar(path: &Path, format: Format, into: &Path) -> io::Result<()> {
    fs_err::create_dir(into)?;
    let mut archive = tar(path, format)?;
    archive.set_preserve_mtime(false);
    archive.unpack(into)
}

fn unpack_zip(path: &Path, into: &Path) -> io::Result<()> {
    let archive = fs_err::File::open(path)?;
    let length = archive.metadata()?.len();
    let archive = FileReader::from(archive.into_parts().0);
    let members = crate::wheel::members_of_source(&archive, length).map_err(io::Error::other)?;
    for member in members {
        let path = into.join(member.name.as_str());
        if let Some(directory) = path.parent() {
            fs_err::create_dir_all(directory)?;
        }
        let mut file = fs_err::File::create(&path)?;
        let mut written = Ok(());
        let read = member.read_into(|piece| {
            if written.is_ok() {
                written = file.write_all(piece);
            }
        });
        written?;
        read.map_err(io::Error::other)?;
        if member.executable {
            make_executable(&path)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mut permissions = fs_err::metadata(path)?.permissions();
    permissions.set_mode(permissions.mode() | (permissions.mode() & 0o444) >> 2);
    fs_err::set_permissions(path, permissions)
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> io::Result<()> {
    Ok(())
}

fn top_directory(directory: &Path) -> io::Result<PathBuf> {
    let mut entries = fs_err::read_dir(directory)?;
    match (entries.next().transpose()?, entries.next()) {
        (Some(only), None) if only.file_type()?.is_dir() => Ok(only.path()),
        _ => Ok(directory.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use tar::{Builder, Header};

    use super::*;

    /// Of the member `evil/a.py`, behind a global header with these records.
    fn with_global_header(records: &[u8]) -> Result<(), BuildProblem> {
        let mut builder = Builder::new(Vec::new());
        let mut append = |kind, path: &str, bytes: &[u8]| {
            let mut header = Header::new_ustar();
            header.set_entry_type(kind);
            header.set_size(bytes.len() as u64);
            builder.append_data(&mut header, path, bytes).unwrap();
        };
        append(EntryType::XGlobalHeader, "pax_global_header", records);
        append(EntryType::Regular, "evil/a.py", b"x = 1\n");
        let bytes = builder.into_inner().unwrap();
        check_tar(Archive::new(&bytes[..]), "evil-1.0.tar")
    }

    #[test]
    fn a_global_header_may_comment_and_not_rename() {
        with_global_header(b"18 comment=012345\n").unwrap();
        for (records, key) in [
            (&b"24 linkpath=/etc/passwd\n"[..], "linkpath"),
            (b"18 comment=012345\n16 path=../../x\n", "path"),
            (b"9 size=1\n", "size"),
            (b"21 GNU.sparse.name=x\n", "GNU.sparse.name"),
            (b"no record", ""),
        ] {
            let error = with_global_header(records).unwrap_err();
            let BuildProblem::Archive { reason, .. } = &error else {
                panic!("{error:?}");
            };
            assert!(reason.contains(key), "{reason}");
        }
    }
}
