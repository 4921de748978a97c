//! A staging directory against uv's.

use std::cell::Cell;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::report::{Row, Table};
use super::setup::Setup;
use super::timing::{interleaved, time};
use crate::process::Command;

/// ext4 without a journal does not use an inode again for a minute after it was freed and
/// that was written to the disk. Each new file looks at all of these, which after the
/// removal of a large tree takes longer than all else.
const FREED_INODES_REST: Duration = Duration::from_secs(65);

pub(crate) fn measure(setup: &Setup, runs: usize) -> Result<Table> {
    println!("waiting a minute: what was removed lately slows new files down");
    Command::new("sync").stdout()?;
    thread::sleep(FREED_INODES_REST);
    // Each run has a new folder, and none is removed, for the same reason.
    let made = Cell::new(0);
    let fresh = |side: &str| {
        made.set(made.get() + 1);
        setup.path(&format!("staging-{side}-{}", made.get()))
    };
    let install = |arguments: &[&str], to: &std::path::Path| {
        setup
            .layerlock(arguments)
            .args(["--to".as_ref(), to.as_os_str()])
    };
    let ours = |_| time(&[install(&["install"], &fresh("layerlock"))]);
    let theirs = |_| time(&[setup.uv_install(&fresh("uv"))]);
    let [our_time, their_time] = interleaved(runs, [&ours, &theirs])?;

    let (our_tree, their_tree) = (fresh("layerlock"), fresh("uv"));
    install(&["install"], &our_tree).stdout()?;
    setup.uv_install(&their_tree).stdout()?;
    let ours = |_| time(&[install(&["install"], &our_tree)]);
    let theirs = |_| time(&[setup.uv_install(&their_tree)]);
    let [our_second, their_second] = interleaved(runs, [&ours, &theirs])?;
    Ok(Table {
        title: "Staging",
        about: "`layerlock install --to DIR` against `uv pip install --target DIR`: the same \
                files. uv links them to its cache where it can; an edit of the folder is then \
                an edit of the cache. layerlock never does: it clones or copies."
            .to_owned(),
        rows: vec![
            Row::faster("into a new folder", our_time, their_time, 2.0),
            Row::faster("into the same folder again", our_second, their_second, 2.0),
        ],
    })
}
