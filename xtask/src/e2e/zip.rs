//! The zip as others read it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use layerlock_testkit::{LoopbackIndex, ProjectBuilder, WheelBuilder};
use serde::Deserialize;
use tempfile::TempDir;

use super::subject::Subject;
use crate::checks::{Problems, Proof};
use crate::files;
use crate::layerlock::Layerlock;
use crate::process::Command;
use crate::tools::Tools;

/// Python's own reader: checks every CRC, then lists what it found.
const LIST: &str = r#"
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    entries = [
        {
            "name": info.filename,
            "flags": info.flag_bits,
            "mode": info.external_attr >> 16,
            "system": info.create_system,
            "time": list(info.date_time),
        }
        for info in archive.infolist()
    ]
    print(json.dumps({"damaged": archive.testzip(), "entries": entries}))
"#;

#[derive(Deserialize)]
struct Listing {
    damaged: Option<String>,
    entries: Vec<ListedEntry>,
}

#[derive(Deserialize)]
struct ListedEntry {
    name: String,
    flags: u16,
    mode: u32,
    system: u8,
    time: [u32; 6],
}

/// `unzip -t` and Python's zipfile read every member; names, modes and times are those
/// of a layer.
pub(crate) fn prove(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let zip = &subject.layer()?.zip.path;
    let mut problems = Problems::default();

    let listing = list(zip, tools)?;
    problems.equal("the first damaged member", listing.damaged.as_deref(), None);
    check_entries(&listing.entries, &mut problems);
    let listed: BTreeSet<&str> = listing
        .entries
        .iter()
        .map(|entry| entry.name.as_str())
        .filter(|name| !name.ends_with('/'))
        .collect();
    let read: BTreeSet<&str> = subject.zip.keys().map(String::as_str).collect();
    problems.hold(listed == read, || {
        "Python's zipfile and the zip crate list different files".into()
    });
    check_metadata(subject, &mut problems)?;

    let unzip = Command::new("unzip").args(["-t", "-qq"]).arg(zip).finish();
    let proof = match unzip {
        Ok(finished) => {
            finished.success()?;
            Proof::Full
        }
        Err(_) => Proof::Partial("there is no unzip here".into()),
    };
    problems.finish()?;
    Ok(proof)
}

/// Names outside ASCII are read as they are in the wheel, and no archiver has to guess
/// their encoding.
pub(crate) fn prove_names(binary: &Path, tools: &Tools) -> Result<Proof> {
    /// General purpose bit 11 of APPNOTE.TXT, 4.4.4: the name is UTF-8.
    const UTF8: u16 = 1 << 11;
    // In code page 437, in the Basic Multilingual Plane, and beyond it.
    const NAMES: [&str; 3] = ["names/grüezi.txt", "names/データ.txt", "names/🦀.txt"];
    let wheel = WheelBuilder::new("names", "1.0");
    let wheel = NAMES
        .iter()
        .fold(wheel, |wheel, name| wheel.file(name, name));
    let wheel = wheel.build();
    let index = LoopbackIndex::with_wheels([&wheel]);
    let project = ProjectBuilder::new("shop").package(&wheel).write();
    let work = TempDir::new()?;
    let layerlock = Layerlock::new(binary, work.path())?;
    let build = ["build", "--index-url", &index.url()];
    let report = layerlock.report(project.path(), &build)?;
    let zip = &report.layer()?.zip.path;

    let mut problems = Problems::default();
    let listing = list(zip, tools)?;
    problems.equal("the first damaged member", listing.damaged.as_deref(), None);
    for name in NAMES.map(|name| format!("python/{name}")) {
        let entry = listing.entries.iter().find(|entry| entry.name == name);
        problems.hold(entry.is_some_and(|entry| entry.flags & UTF8 != 0), || {
            format!("Python's zipfile lists no {name} that is marked as UTF-8")
        });
    }

    let unzipped = work.path().join("unzipped");
    let unzip = Command::new("unzip").arg("-qq").arg(zip).arg("-d");
    // Elsewhere unzip replaces what the locale cannot write.
    let unzip = unzip.arg(&unzipped).env("LC_ALL", "C.UTF-8").finish();
    let proof = match unzip {
        Ok(finished) => {
            finished.success()?;
            let tree = files::tree(&unzipped)?;
            for name in NAMES {
                let path = format!("python/{name}");
                let is_there = tree.contains_key(&path);
                problems.hold(is_there, || format!("unzip wrote no {path}"));
            }
            Proof::Full
        }
        Err(_) => Proof::Partial("there is no unzip here".into()),
    };
    problems.finish()?;
    Ok(proof)
}

fn list(zip: &Path, tools: &Tools) -> Result<Listing> {
    let listing = tools.python().args(["-c", LIST]).arg(zip).stdout()?;
    Ok(serde_json::from_str(&listing)?)
}

fn check_entries(entries: &[ListedEntry], problems: &mut Problems) {
    const REGULAR: u32 = 0o100_000;
    const DIRECTORY: u32 = 0o040_000;
    const UNIX: u8 = 3;
    let mut seen = BTreeSet::new();
    for ListedEntry {
        name,
        mode,
        system,
        time,
        ..
    } in entries
    {
        problems.hold(seen.insert(name), || format!("{name} is listed twice"));
        let parts = name.trim_end_matches('/').split('/');
        let is_clean = parts
            .clone()
            .all(|part| !part.is_empty() && part != "." && part != "..");
        problems.hold(is_clean && !name.contains(['\\', '\0', ':']), || {
            format!("{name} is not a clean relative path")
        });
        problems.hold(
            name.starts_with("python/") || name.starts_with("bin/"),
            || format!("{name} is neither under python/ nor under bin/"),
        );
        let is_bytecode = name.rsplit('.').next() == Some("pyc");
        problems.hold(!is_bytecode, || format!("{name} is bytecode of some host"));
        let modes: &[u32] = if name.ends_with('/') {
            &[DIRECTORY | 0o755]
        } else {
            &[REGULAR | 0o644, REGULAR | 0o755]
        };
        problems.hold(modes.contains(mode), || format!("{name} has mode {mode:o}"));
        problems.equal(&format!("the system of {name}"), *system, UNIX);
        problems.equal(&format!("the time of {name}"), *time, entries[0].time);
    }
}

/// Each package's dist-info is there, with its METADATA, and each file that its RECORD
/// lists: what importlib.metadata and tools on top of it read at run time.
fn check_metadata(subject: &Subject, problems: &mut Problems) -> Result<()> {
    let unpacked = subject.unzipped("metadata")?;
    for package in &subject.layer()?.packages {
        let prefix = format!(
            "python/{}-{}.dist-info/",
            package.name.replace('-', "_"),
            package.version
        );
        for file in ["METADATA", "WHEEL"] {
            let path = format!("{prefix}{file}");
            problems.hold(subject.zip.contains_key(&path), || format!("no {path}"));
        }
        let Ok(record) = fs_err::read_to_string(unpacked.join(&prefix).join("RECORD")) else {
            problems.add(format!("no {prefix}RECORD"));
            continue;
        };
        for line in record.lines() {
            let Some(name) = line.rsplitn(3, ',').nth(2) else {
                problems.add(format!("{prefix}RECORD has the line {line}"));
                continue;
            };
            let name = name.trim_matches('"');
            let path = match name.strip_prefix("../") {
                Some(outside) => outside.to_owned(),
                None => format!("python/{name}"),
            };
            problems.hold(subject.zip.contains_key(&path), || {
                format!("{path} is in {prefix}RECORD and not in the layer")
            });
        }
    }
    Ok(())
}
