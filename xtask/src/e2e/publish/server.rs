//! Servers that speak AWS's API.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::network::Network;
use crate::process::{Command, Running};
use crate::tools::Tools;

pub(super) const REGION: &str = "eu-central-1";

/// A running server, empty and of its own.
pub(super) struct Server {
    url: String,
    running: Running,
    /// Where it has a network of its own, that.
    network: Option<Network>,
}

impl Server {
    /// moto, on a free port of the loopback.
    pub(super) fn start(tools: &Tools, directory: &Path) -> Result<Self> {
        let moto = tools.moto_python().without_env(&["AWS_"]);
        // It chooses a free port itself and says which.
        let moto = moto.args(["-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]);
        Self::run(&moto, None, &directory.join("log"))
    }

    /// `MiniStack`, in a network of its own.
    pub(super) fn ministack(tools: &Tools, network: Network, directory: &Path) -> Result<Self> {
        let python = tools.ministack_python().without_env(&["AWS_"]);
        let ministack = python
            .args(["-u", "-m", "ministack"])
            .env("BIND_HOST", "127.0.0.1")
            // Its file with the process's ID is here.
            .env("TMPDIR", directory);
        let inside = network.create(tools, ministack);
        Self::run(&inside, Some(network), &directory.join("log"))
    }

    fn run(command: &Command, network: Option<Network>, log: &Path) -> Result<Self> {
        const LIMIT: Duration = Duration::from_mins(1);
        let running = command.start(log)?;
        let started = Instant::now();
        loop {
            let said = fs_err::read_to_string(log)?;
            let url = said
                .split_whitespace()
                .find(|word| word.starts_with("http://127.0.0.1:"));
            if let Some(url) = url {
                return Ok(Self {
                    url: url.to_owned(),
                    running,
                    network,
                });
            }
            if !running.is_alive() || started.elapsed() > LIMIT {
                return Err(anyhow::anyhow!(said)).context("the server did not start");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Its address, without `http://`.
    pub(super) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Points an AWS client at the server, with keys that mean nothing.
    pub(super) fn environment(&self, command: Command) -> Command {
        let command = environment_at(command, &self.url);
        match (&self.network, self.running.id()) {
            (Some(network), Ok(id)) => network.join(id, command),
            _ => command,
        }
    }
}

/// Points an AWS client at a server, or at a proxy in front of it.
pub(super) fn environment_at(command: Command, url: &str) -> Command {
    command
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_ACCESS_KEY_ID", "testing")
        .env("AWS_SECRET_ACCESS_KEY", "testing")
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        // No profile of this machine's user.
        .env("AWS_CONFIG_FILE", "no-config-file")
        .env("AWS_SHARED_CREDENTIALS_FILE", "no-credentials-file")
}
