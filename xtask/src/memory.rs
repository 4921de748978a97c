//! Peak memory, as the system counts it for a whole process.

use std::ffi::OsStr;

use anyhow::{Context, Result};

use crate::process::Command;

/// Runs its arguments and prints the largest resident set among them, in KiB.
const WRAPPER: &str = "\
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";

/// The peak of a command, in megabytes.
pub(crate) fn peak(python: &OsStr, command: &Command) -> Result<f64> {
    let wrapped = command.clone().started_by(python, ["-c", WRAPPER]);
    let wrapped = wrapped.stdout()?;
    let kibibytes = wrapped.lines().next_back().unwrap_or_default();
    let kibibytes: f64 = kibibytes
        .parse()
        .with_context(|| format!("no size of memory: {wrapped}"))?;
    Ok(kibibytes * 1024.0 / 1e6)
}
