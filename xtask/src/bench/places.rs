//! The same digest whatever the place, the process and the cache are like.

use std::path::{Path, PathBuf};

use anyhow::Result;
use layerlock_fixtures::DATA_LAYER;

use super::mounted::Mounted;
use super::report::{Row, Table};
use super::setup::Setup;
use crate::files;
use crate::layerlock::{Layerlock, Report};
use crate::process::Command;

pub(crate) fn measure(setup: &Setup) -> Result<Table> {
    let arguments = &["build", "--rebuild", "--architecture", "x86_64", "--json"];
    let here = || setup.layerlock.command(&setup.project, arguments);
    let expected = digest(&here())?;
    let mut rows = Vec::new();
    let mut compare = |place: &str, command: Command| -> Result<()> {
        let found = digest(&command)?;
        rows.push(Row {
            measure: place.to_owned(),
            ours: found[..16].to_owned(),
            theirs: String::new(),
            result: String::new(),
            goal: expected[..16].to_owned(),
            met: found == expected,
        });
        Ok(())
    };
    compare(
        "umask 077",
        here().started_by("sh", ["-c", "umask 077; exec \"$0\" \"$@\""]),
    )?;
    compare(
        "time zone Asia/Kathmandu",
        here().env("TZ", "Asia/Kathmandu"),
    )?;
    compare(
        "locale tr_TR.UTF-8",
        here()
            .env("LC_ALL", "tr_TR.UTF-8")
            .env("LANG", "tr_TR.UTF-8"),
    )?;
    compare("HOME elsewhere", here().env("HOME", setup.path("home")))?;
    compare("one thread", here().started_by("taskset", ["-c", "0"]))?;
    let (layerlock, project) = elsewhere(setup, &setup.path("another directory, with spaces"))?;
    compare(
        "another directory, a cold cache",
        layerlock.command(&project, arguments),
    )?;
    match Mounted::tmpfs(setup, "tmpfs") {
        Ok(tmpfs) => {
            let (layerlock, project) = elsewhere(setup, tmpfs.path())?;
            compare("tmpfs", layerlock.command(&project, arguments))?;
        }
        Err(error) => println!("not measured: another file system: {error:#}"),
    }
    Ok(Table {
        title: "The same bytes everywhere",
        about: "The first digits of the zip's SHA-256. Each build differs in one thing.".to_owned(),
        rows,
    })
}

fn digest(command: &Command) -> Result<String> {
    Ok(Report::parse(command)?.layer()?.zip.sha256.clone())
}

/// The fixture and an empty cache in a directory.
fn elsewhere(setup: &Setup, directory: &Path) -> Result<(Layerlock, PathBuf)> {
    fs_err::create_dir_all(directory)?;
    let project = directory.join("project");
    files::copy(&DATA_LAYER.project(), &project)?;
    Ok((Layerlock::new(&setup.layerlock.binary, directory)?, project))
}
