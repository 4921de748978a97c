//! A network of its own for a server: nothing but a loopback, which nobody else reaches.
//!
//! `unshare` gives one to root, and to others where the kernel lets them have user
//! namespaces. Where neither works there is none, and checks say so.

use anyhow::{Context, Result};

use crate::process::Command;
use crate::tools::Tools;

/// Switches the loopback on, since a new one is off, and goes on as Python with the other
/// arguments. <https://man7.org/linux/man-pages/man7/netdevice.7.html>
const UP: &str = r#"
import fcntl, os, socket, struct, sys
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40
request = struct.pack("16sH22x", b"lo", IFF_UP | IFF_RUNNING)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)
os.execvp(sys.argv[1], sys.argv[1:])
"#;

/// A client and a server that find each other.
const TALK: &str = r#"
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
"#;

/// How this machine makes a network, and lets others into it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Network {
    /// Arguments of `unshare`.
    create: &'static [&'static str],
    /// Arguments of `nsenter`.
    join: &'static [&'static str],
}

impl Network {
    /// The first way that works here.
    pub(super) fn find(tools: &Tools) -> Option<Self> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let as_root = Self {
            create: &["--net"],
            join: &["--net"],
        };
        let as_user = Self {
            create: &["--map-root-user", "--net"],
            join: &["--preserve-credentials", "--user", "--net"],
        };
        let mut ways = [as_root, as_user].into_iter();
        ways.find(|way| way.works(tools).is_ok())
    }

    /// The command in a new network.
    pub(super) fn create(self, tools: &Tools, command: Command) -> Command {
        let python = tools.python();
        let up = [python.program(), "-I".as_ref(), "-c".as_ref(), UP.as_ref()];
        let arguments = self.create.iter().map(AsRef::as_ref).chain(up);
        command.started_by("unshare", arguments)
    }

    /// The command in the network of a process.
    pub(super) fn join(self, process: u32, command: Command) -> Command {
        let process = process.to_string();
        let target = ["--target", &process];
        let arguments = target.iter().chain(self.join).chain(&["--"]);
        command.started_by("nsenter", arguments)
    }

    fn works(self, tools: &Tools) -> Result<()> {
        Command::new("nsenter").arg("--version").stdout()?;
        let talk = tools.python().args(["-I", "-c", TALK]);
        let talk = self.create(tools, talk).stdout();
        talk.map(drop).context("no network namespace")
    }
}
