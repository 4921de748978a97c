use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use duct::Expression;
use layerlock_process::{last_lines, run};

use crate::Error;

/// A command that makes the files of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RunCommand {
    /// The program and its arguments; no shell is asked.
    words: Vec<String>,
    /// Where it runs.
    directory: PathBuf,
}

/// Lines of a command's output that an error tells.
const LAST_LINES: usize = 20;

impl RunCommand {
    /// A program with its arguments, to be run in a directory. None where it has no word.
    pub fn new(words: Vec<String>, directory: impl Into<PathBuf>) -> Option<Self> {
        let is_named = words.first().is_some_and(|program| !program.is_empty());
        is_named.then(|| Self {
            words,
            directory: directory.into(),
        })
    }

    /// Its program, as it was named.
    pub fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// Runs it to its end, and hands on what it said, line by line, once it has ended.
    pub fn run(&self, said: &mut dyn FnMut(&str)) -> Result<(), Error> {
        let both = self.expression().stderr_to_stdout();
        let ended = run(&both, &self.directory);
        let ended = ended.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::NoProgram {
                command: self.to_string(),
                program: self.program().to_owned(),
            },
            _ => Error::NotStarted {
                command: self.to_string(),
                source: error,
            },
        })?;
        ended.output.lines().for_each(said);
        if ended.status.success() {
            return Ok(());
        }
        Err(Error::Failed {
            command: self.to_string(),
            status: ended.status.to_string(),
            said: last_lines(&ended.output, LAST_LINES),
        })
    }

    fn expression(&self) -> Expression {
        let named = Path::new(self.program());
        // One with a path is meant from where the command runs.
        let program: OsString = if self.program().contains('/') {
            let path = self.directory.join(named);
            std::path::absolute(&path).unwrap_or(path).into()
        } else {
            self.program().into()
        };
        duct::cmd(program, &self.words[1..])
    }
}

/// As it is typed in a shell, as far as people read it.
impl fmt::Display for RunCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.words.join(" "))
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use fs_err as fs;

    use super::*;

    fn command(words: &[&str], directory: &Path) -> RunCommand {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        RunCommand::new(words, directory).unwrap()
    }

    #[test]
    fn it_runs_in_its_directory_without_a_shell() {
        let temp = tempfile::tempdir().unwrap();
        let mut said = Vec::new();
        let script = "pwd; echo $1 >&2; cat; touch made";
        command(&["sh", "-c", script, "-", "a b; *"], temp.path())
            .run(&mut |line| said.push(line.to_owned()))
            .unwrap();
        let real = temp.path().canonicalize().unwrap();
        assert_eq!(said, [real.to_str().unwrap(), "a b; *"]);
        assert!(temp.path().join("made").exists());
    }

    #[test]
    fn a_program_with_a_path_lies_in_the_project() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("tools/make.sh");
        fs::create_dir(temp.path().join("tools")).unwrap();
        fs::write(&path, "#!/bin/sh\ntouch made\n").unwrap();
        fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["tools/make.sh", "./tools/make.sh"] {
            command(&[name], temp.path()).run(&mut |_| {}).unwrap();
            fs::remove_file(temp.path().join("made")).unwrap();
        }
    }

    #[test]
    fn what_fails_is_told_with_its_last_lines() {
        let temp = tempfile::tempdir().unwrap();
        let script = "seq 30; echo no rule >&2; exit 2";
        let error = command(&["sh", "-c", script], temp.path()).run(&mut |_| {});
        let text = error.unwrap_err().to_string();
        let mut lines = text.lines();
        let first = format!("`sh -c {script}` failed with exit status: 2:");
        assert_eq!(lines.next(), Some(&*first));
        assert_eq!(lines.next(), Some("  12"));
        assert_eq!(lines.last(), Some("  no rule"));

        let error = command(&["false"], temp.path()).run(&mut |_| {});
        let text = error.unwrap_err().to_string();
        assert_eq!(text, "`false` failed with exit status: 1, and said nothing");
        let error = command(&["no-such-program", "x"], temp.path()).run(&mut |_| {});
        let text = error.unwrap_err().to_string();
        let expected = "failed to run `no-such-program x`: there is no program \"no-such-program\"";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_command_has_a_program() {
        assert_eq!(RunCommand::new(Vec::new(), "."), None);
        assert_eq!(RunCommand::new(vec![String::new()], "."), None);
    }
}
