//! A root directory like Lambda's for a child process, without Docker.
//!
//! `unshare` gives a mount namespace to root, and to others where the kernel lets them
//! have user namespaces. Where neither works there is none, and checks say so.

use std::path::Path;

use anyhow::{Context, Result};

use crate::process::Command;

const SCRIPT: &str = include_str!("namespace.sh");

/// The directories that are seen under their names in Lambda.
pub(crate) struct Mounts<'a> {
    /// An empty directory for the new root.
    pub(crate) root: &'a Path,
    /// The prefix of Python, seen as /var/lang.
    pub(crate) lang: &'a Path,
    /// The unpacked layer, seen as /opt.
    pub(crate) opt: &'a Path,
    /// The function, seen as /var/task.
    pub(crate) task: &'a Path,
    /// The runtime's packages, seen as /var/runtime.
    pub(crate) runtime: &'a Path,
}

/// How this machine lets a process have mounts of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Namespace(&'static [&'static str]);

impl Namespace {
    /// The first way that works here.
    pub(crate) fn find() -> Option<Self> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let ways: [&[&str]; 2] = [&["--mount"], &["--map-root-user", "--mount"]];
        ways.into_iter().map(Self).find(|way| way.works().is_ok())
    }

    /// The command inside of the mounts, with no environment but what it sets itself by
    /// leading `NAME=VALUE` arguments.
    pub(crate) fn command(self, mounts: &Mounts) -> Command {
        self.shell(SCRIPT).args([
            mounts.root,
            mounts.lang,
            mounts.opt,
            mounts.task,
            mounts.runtime,
        ])
    }

    /// A shell script inside of the namespace; its arguments are yet to be added.
    pub(crate) fn shell(self, script: &str) -> Command {
        Command::new("unshare")
            .args(self.0)
            .args(["sh", "-c", script, "namespace"])
    }

    /// Mounts everything once, with nothing in it.
    fn works(self) -> Result<()> {
        let directory = tempfile::tempdir()?;
        let [root, empty] = ["root", "empty"].map(|name| directory.path().join(name));
        fs_err::create_dir(&root)?;
        fs_err::create_dir(&empty)?;
        let mounts = Mounts {
            root: &root,
            lang: &empty,
            opt: &empty,
            task: &empty,
            runtime: &empty,
        };
        let command = self.command(&mounts).args(["sh", "-c", "test ! -e /home"]);
        command.stdout().map(drop).context("no mount namespace")
    }
}
