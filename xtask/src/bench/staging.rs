//! A staging directory against uv's.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::mounted::Mounted;
use super::report::{Row, Table};
use super::setup::Setup;
use super::timing::{interleaved, time};
use crate::layerlock::Layerlock;
use crate::process::Command;

/// ext4 without a journal, as machines in the cloud have it, does not use an inode again
/// for one to six minutes after it was freed. Each new file looks at all of these, which
/// after the removal of a large tree takes longer than all else. Hence also the rows on
/// file systems that nothing was removed from.
const FREED_INODES_REST: Duration = Duration::from_secs(65);

pub(crate) fn measure(setup: &Setup, runs: usize) -> Result<Table> {
    println!("waiting a minute: what was removed lately slows new files down");
    Command::new("sync").stdout()?;
    thread::sleep(FREED_INODES_REST);

    let disk = Place::at(setup, &setup.path("staging"))?;
    let [our_time, their_time] = disk.new_directories(runs)?;
    let [our_second, their_second] = disk.same_directory(runs)?;
    let mut rows = vec![
        Row::faster("into a new directory", our_time, their_time, 2.0),
        Row::faster(
            "into the same directory again",
            our_second,
            their_second,
            2.0,
        ),
    ];
    for (name, mounted) in [
        ("ext4 of its own", Mounted::ext4(setup, "staging-ext4")),
        ("tmpfs", Mounted::tmpfs(setup, "staging-tmpfs")),
    ] {
        match mounted {
            Ok(mounted) => {
                let place = Place::at(setup, mounted.path())?;
                let [ours, theirs] = place.new_directories(runs)?;
                let measure = format!("into a new directory, all on {name}");
                rows.push(Row::faster(measure, ours, theirs, 2.0));
            }
            Err(error) => println!("not measured: {name}: {error:#}"),
        }
    }
    Ok(Table {
        title: "Staging",
        about: "`layerlock install --to DIR` against `uv pip install --target DIR`: the same \
                files. uv hard-links them to its cache where it can, so that an edit of the \
                directory is an edit of the cache. layerlock clones or copies them. It therefore \
                creates thousands of files where uv creates none. Some file systems are slow at \
                that after many files were removed."
            .to_owned(),
        rows,
    })
}

/// Both installers with caches of their own in one directory.
struct Place<'a> {
    setup: &'a Setup,
    directory: PathBuf,
    layerlock: Layerlock,
    /// How many directories were made. None is used twice, and none is removed: see
    /// [`FREED_INODES_REST`].
    made: Cell<usize>,
}

impl<'a> Place<'a> {
    fn at(setup: &'a Setup, directory: &Path) -> Result<Self> {
        fs_err::create_dir_all(directory)?;
        Ok(Self {
            setup,
            directory: directory.to_owned(),
            layerlock: Layerlock::new(&setup.layerlock.binary, directory)?,
            made: Cell::new(0),
        })
    }

    fn new_directories(&self, runs: usize) -> Result<[Duration; 2]> {
        let ours = |_| time(&[self.ours(&self.fresh())]);
        let theirs = |_| time(&[self.theirs(&self.fresh())]);
        interleaved(runs, [&ours, &theirs])
    }

    fn same_directory(&self, runs: usize) -> Result<[Duration; 2]> {
        let (our_tree, their_tree) = (self.fresh(), self.fresh());
        let ours = |_| time(&[self.ours(&our_tree)]);
        let theirs = |_| time(&[self.theirs(&their_tree)]);
        interleaved(runs, [&ours, &theirs])
    }

    fn fresh(&self) -> PathBuf {
        self.made.set(self.made.get() + 1);
        self.directory.join(self.made.get().to_string())
    }

    fn ours(&self, to: &Path) -> Command {
        let arguments = ["install", "--quiet", "--architecture", "x86_64"];
        self.layerlock
            .command(&self.setup.project, &arguments)
            .args(["--to".as_ref(), to.as_os_str()])
    }

    fn theirs(&self, to: &Path) -> Command {
        self.setup
            .uv_install(to)
            .env("UV_CACHE_DIR", self.directory.join("uv-cache"))
    }
}
