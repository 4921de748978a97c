//! A package's files, packed once as a zip: from then on they are members of it, as those of
//! a wheel are.

use std::path::Path;

use fs_err as fs;
use layerlock_digest::Digest;
use layerlock_layer::archive::{self, ArchiveProblem, ArchiveRules, FileReader};
use layerlock_layer::{
    ArchiveMember, Entry, EntrySource, LayerPath, Mode, PlanBuilder, ZipOptions, prepare_zip,
};

use crate::contents::{NpmContents, NpmMember};
use crate::package_json::PackageJson;
use crate::tarball::TarFile;
use crate::{Error, tarball};

/// Writes the zip of a verified tarball at `zip`, and tells what is in it.
pub(crate) fn repack(bytes: &[u8], package: &str, zip: &Path) -> Result<NpmContents, Error> {
    let broken = |problem: String| Error::Tarball {
        package: package.to_owned(),
        problem,
    };
    let mut files = tarball::read(bytes).map_err(broken)?;
    let manifest = files.get("package.json");
    let manifest = manifest.and_then(|file| PackageJson::parse(&file.bytes));
    let manifest = manifest.unwrap_or_default();
    make_commands_executable(&mut files, &manifest);

    let has_binding_gyp = files.contains_key("binding.gyp");
    let mut builder = PlanBuilder::default();
    let owner = builder.owner(package);
    let mut elf_files = Vec::new();
    for (path, file) in files {
        if layerlock_elf::is_elf(&file.bytes) && is_loaded(path.as_str()) {
            elf_files.push(path.to_string());
        }
        builder.push(Entry {
            path,
            mode: if file.executable {
                Mode::Executable
            } else {
                Mode::Regular
            },
            owner,
            source: EntrySource::Bytes(file.bytes.into()),
        });
    }
    let plan = builder
        .finish()
        .map_err(|error| broken(format!("cannot be laid out: {error}")))?;
    let (_, prepared) = prepare_zip(&plan, zip, ZipOptions::default())?;
    prepared.put_in_place()?;
    let members = members(zip, &plan)?;
    Ok(NpmContents {
        archive_size: fs::metadata(zip)
            .map_err(layerlock_layer::Error::io("read", zip))?
            .len(),
        tarball: Digest::sha256_of(bytes),
        members,
        elf_files,
        has_binding_gyp,
        install_script: manifest.install_script(),
    })
}

/// What Node loads, and what that brings along.
fn is_loaded(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut endings = name.split('.').skip(1);
    endings.any(|ending| matches!(ending, "node" | "so"))
}

/// Every command of the package is executable, and its first line is one that Linux reads.
fn make_commands_executable(
    files: &mut std::collections::BTreeMap<LayerPath, TarFile>,
    manifest: &PackageJson,
) {
    let (named, folder) = manifest.bins();
    let folder = folder.map(|folder| format!("{folder}/"));
    for (path, file) in files {
        let is_in_folder = folder
            .as_ref()
            .is_some_and(|it| path.as_str().starts_with(&**it));
        if !is_in_folder && !named.iter().any(|name| name == path.as_str()) {
            continue;
        }
        file.executable = true;
        let end = file.bytes.iter().position(|byte| *byte == b'\n');
        if let Some(end) = end
            && file.bytes.starts_with(b"#!")
            && end > 0
            && file.bytes[end - 1] == b'\r'
        {
            file.bytes.remove(end - 1);
        }
    }
}

fn members(zip: &Path, plan: &layerlock_layer::LayerPlan) -> Result<Vec<NpmMember>, Error> {
    let read = |error| layerlock_layer::Error::io("read", zip)(error);
    let file = fs::File::open(zip).map_err(read)?;
    let length = file.metadata().map_err(read)?.len();
    let reader = FileReader::from(file.into_file());
    let rules = ArchiveRules {
        max_unpacked: u64::MAX,
        links_are_files: false,
    };
    let broken = |problem: ArchiveProblem| {
        let error = std::io::Error::new(std::io::ErrorKind::InvalidData, problem.to_string());
        layerlock_layer::Error::io("read", zip)(error)
    };
    let raw = archive::read(&reader, length, rules).map_err(broken)?;
    let pairs = raw.iter().zip(plan.entries());
    let members = pairs.map(|(member, entry)| {
        let compressed_crc32 = member.read_into(|_| {}).map_err(broken)?;
        Ok(NpmMember {
            name: member.name.to_string(),
            executable: member.executable,
            data: ArchiveMember {
                offset: member.offset,
                method: member.method,
                compressed_size: member.compressed_size,
                compressed_crc32,
                size: member.size,
                crc32: member.crc32,
                digest: entry.source.digest(),
            },
        })
    });
    members.collect()
}
