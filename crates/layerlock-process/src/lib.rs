/*!
Programs of this machine, run to their end: git, npm, Maven, and what a project names by `run`.

The keyring, pip, uv and Python, which only have to answer a question, are asked by
`layerlock-client`.
*/

use std::fmt;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use duct::{Expression, Handle};

/// A program that has come to its end, and what it said.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to its standard output.
    pub output: String,
    /// What it wrote to its standard error, unless that goes to the output too.
    pub errors: String,
}

/// Runs a program in a directory until it ends. It cannot ask back.
///
/// What it says goes to files. A pipe ends when the last program lets go of it, and some leave
/// others running: git the shared connection of ssh or a cache for credentials, a build tool
/// its daemon.
pub fn run(program: &Expression, directory: &Path) -> io::Result<Ended> {
    let (handle, output, errors) = start(program, directory)?;
    let status = handle.wait()?.status;
    ended(status, output, errors)
}

/// The same for so long; none where it took longer.
pub fn run_within(
    program: &Expression,
    directory: &Path,
    limit: Duration,
) -> io::Result<Option<Ended>> {
    let (handle, output, errors) = start(program, directory)?;
    let Some(done) = handle.wait_timeout(limit)? else {
        handle.kill()?;
        return Ok(None);
    };
    ended(done.status, output, errors).map(Some)
}

/// Starts it, with the files that its output and its errors go to.
fn start(
    program: &Expression,
    directory: &Path,
) -> io::Result<(Handle, impl Read + Seek + use<>, impl Read + Seek + use<>)> {
    let output = tempfile::tempfile()?;
    let errors = tempfile::tempfile()?;
    let is_here = directory.as_os_str().is_empty();
    let handle = program
        .dir(if is_here { Path::new(".") } else { directory })
        .stdin_null()
        .stdout_file(output.try_clone()?)
        .stderr_file(errors.try_clone()?)
        .unchecked()
        .start()?;
    Ok((handle, output, errors))
}

fn ended(
    status: ExitStatus,
    output: impl Read + Seek,
    errors: impl Read + Seek,
) -> io::Result<Ended> {
    Ok(Ended {
        status,
        output: read_text(output)?,
        errors: read_text(errors)?,
    })
}

fn read_text(mut file: impl Read + Seek) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The end of what a program said: most say there what went wrong.
pub fn last_lines(said: &str, count: usize) -> String {
    let lines: Vec<&str> = said.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// What a program said, at the end of an error: on lines of its own.
#[derive(Debug, Clone, Copy)]
pub struct Said<'s>(pub &'s str);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(", and said nothing");
        }
        f.write_str(":")?;
        self.0.lines().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn what_a_program_leaves_running_is_not_waited_for() {
        let here = Path::new("");
        let started = Instant::now();
        let script = "cat; echo said; echo failed >&2; sleep 30 & exit 3";
        let script = duct::cmd("sh", ["-c", script]);
        let both = script.stderr_to_stdout();
        for (ended, output, errors) in [
            (run(&script, here).unwrap(), "said\n", "failed\n"),
            (run(&both, here).unwrap(), "said\nfailed\n", ""),
            (
                run_within(&script, here, LONG).unwrap().unwrap(),
                "said\n",
                "failed\n",
            ),
        ] {
            assert_eq!(ended.status.code(), Some(3));
            assert_eq!((&*ended.output, &*ended.errors), (output, errors));
        }
        assert!(started.elapsed() < LONG);
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended() {
        let started = Instant::now();
        let hang = duct::cmd("sleep", ["60"]);
        let ended = run_within(&hang, Path::new("/"), Duration::from_millis(50));
        assert!(ended.unwrap().is_none());
        assert!(started.elapsed() < LONG);
    }

    #[test]
    fn the_end_of_what_was_said_is_told_on_lines_of_its_own() {
        let last = last_lines("1\n2\n3\n", 2);
        assert_eq!(Said(&last).to_string(), ":\n  2\n  3");
        assert_eq!(Said(&last_lines("", 2)).to_string(), ", and said nothing");
    }
}
