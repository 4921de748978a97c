//! What the figures depend on, besides the code. No names, no paths.

use std::num::NonZero;
use std::thread;

use super::setup::Setup;
use crate::process::Command;

pub(crate) fn facts(setup: &Setup) -> Vec<(&'static str, String)> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let first_line = |command: Command| {
        let text = command.stdout().unwrap_or_default();
        text.lines().next().unwrap_or("unknown").trim().to_owned()
    };
    let file_system = Command::new("stat")
        .args(["-f", "-c", "%T"])
        .arg(setup.path(""));
    vec![
        (
            "processor",
            format!("{}, {cores} cores", field("/proc/cpuinfo", "model name")),
        ),
        ("load before (one minute)", load()),
        ("memory", field("/proc/meminfo", "MemTotal")),
        (
            "system",
            first_line(Command::new("uname").args(["-s", "-r", "-m"])),
        ),
        ("file system", first_line(file_system)),
        (
            "layerlock",
            first_line(Command::new(&setup.layerlock.binary).arg("--version")),
        ),
        ("uv", first_line(setup.tools.uv().arg("--version"))),
        ("Poetry", first_line(setup.tools.poetry().arg("--version"))),
        (
            "pip",
            // Without the path that it is installed at.
            first_line(setup.tools.pip().arg("--version"))
                .split(" from ")
                .next()
                .unwrap_or_default()
                .to_owned(),
        ),
    ]
}

/// How many processes wanted a processor, on average.
fn load() -> String {
    let text = fs_err::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}

/// The first field of that name in one of Linux's lists.
fn field(path: &str, name: &str) -> String {
    let text = fs_err::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)
        .map_or_else(
            || "unknown".to_owned(),
            |(_, value)| value.trim().to_owned(),
        )
}
