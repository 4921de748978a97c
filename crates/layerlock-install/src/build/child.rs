//! Programs that are waited for, and for nothing that they leave behind.

use std::io::{self, Read, Seek};
use std::time::Duration;

use duct::Expression;

/// What a program said.
pub(super) struct ProgramOutput {
    pub(super) succeeded: bool,
    pub(super) output: String,
    pub(super) errors: String,
}

/// Runs a program until it ends, or for so long; nothing where it took longer.
///
/// What it says goes to files. A pipe ends when the last program lets go of it,
/// and git starts some that stay: ssh's shared connection, or a cache for
/// credentials.
pub(super) fn run(expression: &Expression, limit: Duration) -> io::Result<Option<ProgramOutput>> {
    let output = tempfile::tempfile()?;
    let errors = tempfile::tempfile()?;
    let running = expression
        .stdout_file(output.try_clone()?)
        .stderr_file(errors.try_clone()?)
        .unchecked()
        .start()?;
    let Some(ended) = running.wait_timeout(limit)? else {
        running.kill()?;
        return Ok(None);
    };
    Ok(Some(ProgramOutput {
        succeeded: ended.status.success(),
        output: read_text(output)?,
        errors: read_text(errors)?,
    }))
}

fn read_text(mut file: impl Read + Seek) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn what_a_program_leaves_running_is_not_waited_for() {
        let started = Instant::now();
        let script = "echo said; echo failed >&2; sleep 30 & exit 3";
        let script = duct::cmd("sh", ["-c", script]).stdin_null();
        let said = run(&script, Duration::from_secs(20)).unwrap().unwrap();
        assert!(started.elapsed() < Duration::from_secs(20));
        assert!(!said.succeeded);
        assert_eq!((&*said.output, &*said.errors), ("said\n", "failed\n"));
    }
    #[test]
    fn a_program_that_takes_too_long_is_ended() {
        let started = Instant::now();
        let hang = duct::cmd("sleep", ["60"]).stdin_null();
        assert!(run(&hang, Duration::from_millis(50)).unwrap().is_none());
        assert!(started.elapsed() < Duration::from_secs(20));
    }
}
