//! The list of crates in a wheel, without the paths of the machine that made it.
//!
//! maturin writes it, and names crates of this workspace by where they are.

use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::{Context, Result};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};
use zip::{ZipArchive, ZipWriter};

use crate::repository;

/// Replaces the checkout's path in the lists of crates of a wheel by one that says nothing,
/// and the lines of RECORD with it. All other members stay byte for byte.
pub(crate) fn make_anonymous(wheel: &Path) -> Result<()> {
    let mut archive = ZipArchive::new(fs_err::File::open(wheel)?)?;
    let names = archive
        .file_names()
        .map(|name| Ok(name?.into_owned()))
        .collect::<Result<Vec<String>>>()?;
    let record = names
        .iter()
        .find(|name| name.ends_with(".dist-info/RECORD"));
    let record = record.context("the wheel has no RECORD")?.clone();
    let mut changed = Vec::new();
    for name in names.iter().filter(|name| is_sbom(name)) {
        let text = anonymous(&read(&mut archive, name)?, repository::root());
        changed.push((name.clone(), text));
    }
    let lines = read(&mut archive, &record)?;
    changed.push((record, record_with(&lines, &changed)));

    let beside = wheel.with_extension("part");
    let mut writer = ZipWriter::new(fs_err::File::create(&beside)?);
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index)?;
        let name = member.name()?.into_owned();
        let Some((_, text)) = changed.iter().find(|(other, _)| *other == name) else {
            writer.raw_copy_file(member)?;
            continue;
        };
        let options = member.options();
        drop(member);
        writer.start_file(name, options)?;
        writer.write_all(text.as_bytes())?;
    }
    writer.finish()?;
    Ok(fs_err::rename(beside, wheel)?)
}

pub(super) fn is_sbom(name: &str) -> bool {
    name.contains(".dist-info/sboms/")
}

fn read<R: std::io::Read + std::io::Seek>(
    archive: &mut ZipArchive<R>,
    name: &str,
) -> Result<String> {
    let mut text = String::new();
    archive.by_name(name)?.read_to_string(&mut text)?;
    Ok(text)
}

fn anonymous(text: &str, root: &Path) -> String {
    let root = root.to_string_lossy();
    // As JSON has it, and as a URL has it.
    let slashes = root.replace('\\', "/");
    text.replace(&format!("file://{slashes}/"), "file:///layerlock/")
        .replace(&format!("file:///{slashes}/"), "file:///layerlock/")
}

/// RECORD with other lines for these files.
fn record_with(record: &str, changed: &[(String, String)]) -> String {
    let mut text = String::new();
    for line in record.lines() {
        let path = line.split(',').next().unwrap_or_default();
        let new = changed.iter().find(|(name, _)| name == path);
        let new = new.map(|(name, content)| {
            let digest = BASE64URL_NOPAD.encode(&Sha256::digest(content.as_bytes()));
            format!("{name},sha256={digest},{}", content.len())
        });
        text.push_str(new.as_deref().unwrap_or(line));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkout_is_not_named() {
        let text = r#"{"bom-ref": "path+file:///home/me/layerlock/crates/layerlock-lock#0.1.0"}"#;
        assert_eq!(
            anonymous(text, Path::new("/home/me/layerlock")),
            r#"{"bom-ref": "path+file:///layerlock/crates/layerlock-lock#0.1.0"}"#
        );
    }

    #[test]
    fn record_has_the_new_hash_and_the_old_lines() {
        let record = "a.py,sha256=x,1\ns.json,sha256=y,2\nx.dist-info/RECORD,,\n";
        let changed = [("s.json".to_owned(), "abc".to_owned())];
        assert_eq!(
            record_with(record, &changed),
            "a.py,sha256=x,1\n\
             s.json,sha256=ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0,3\n\
             x.dist-info/RECORD,,\n"
        );
    }
}
