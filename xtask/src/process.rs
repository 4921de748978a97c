//! Child processes: the one module that knows `duct`, and starts any.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A child that runs longer hangs: nothing here takes half of it.
const LIMIT: Duration = Duration::from_mins(20);

/// A program with its arguments, directory and environment.
#[derive(Clone)]
pub(crate) struct Command {
    program: OsString,
    arguments: Vec<OsString>,
    directory: Option<PathBuf>,
    environment: BTreeMap<OsString, OsString>,
}

/// How a child ended, and what it wrote.
pub(crate) struct Finished {
    /// Its exit code; none where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The command, for messages.
    command: String,
}

/// A child in the background, killed when this is dropped.
pub(crate) struct Running(duct::Handle);

impl Command {
    /// A command with this process's own environment.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            directory: None,
            environment: std::env::vars_os().collect(),
        }
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        let arguments = arguments.into_iter().map(|a| a.as_ref().to_owned());
        self.arguments.extend(arguments);
        self
    }

    /// Runs in this directory.
    pub(crate) fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// The program.
    pub(crate) fn program(&self) -> &OsStr {
        &self.program
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .insert(name.into(), value.as_ref().to_owned());
        self
    }

    /// Takes away the variables whose name starts with one of these.
    pub(crate) fn without_env(mut self, prefixes: &[&str]) -> Self {
        self.environment.retain(|name, _| {
            let name = name.to_string_lossy();
            !prefixes.iter().any(|prefix| name.starts_with(prefix))
        });
        self
    }

    /// Puts directories before the others on PATH.
    pub(crate) fn path_first(self, directories: &[&Path]) -> Self {
        let old = self
            .environment
            .get(OsStr::new("PATH"))
            .cloned()
            .unwrap_or_default();
        let first = directories.iter().map(|directory| directory.to_path_buf());
        let all: Vec<PathBuf> = first.chain(std::env::split_paths(&old)).collect();
        match std::env::join_paths(all) {
            Ok(path) => self.env("PATH", path),
            Err(_) => self,
        }
    }

    /// The same, started by another program that takes it as its last arguments.
    pub(crate) fn started_by<A: AsRef<OsStr>>(
        mut self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let command = std::mem::replace(&mut self.program, program.as_ref().to_owned());
        let rest = std::mem::take(&mut self.arguments);
        self.args(arguments).arg(command).args(rest)
    }

    /// Runs it to its end, whatever its exit code.
    pub(crate) fn finish(&self) -> Result<Finished> {
        let running = self.expression().stdout_capture().stderr_capture().start();
        let running = Running(running.with_context(|| format!("failed to start {self}"))?);
        let output = running.0.wait_timeout(LIMIT);
        let Some(output) = output.with_context(|| format!("failed to wait for {self}"))? else {
            bail!(
                "{self} was still running after {} minutes",
                LIMIT.as_secs() / 60
            );
        };
        Ok(Finished {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            command: self.to_string(),
        })
    }

    /// Runs it to its end; what it wrote to stdout. Anything but exit code 0 is an error.
    pub(crate) fn stdout(&self) -> Result<String> {
        Ok(self.finish()?.success()?.stdout)
    }

    /// How long it runs. Nothing takes part in that but the child: no thread that reads
    /// what it writes, or waits for it. Anything but exit code 0 is an error.
    pub(crate) fn time(&self) -> Result<Duration> {
        let mut command = std::process::Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        let started = Instant::now();
        let output = command.output();
        let time = started.elapsed();
        let output = output.with_context(|| format!("failed to start {self}"))?;
        let finished = Finished {
            code: output.status.code(),
            stdout: String::new(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            command: self.to_string(),
        };
        finished.success().map(|_| time)
    }

    /// Runs it on this terminal. Anything but exit code 0 is an error.
    pub(crate) fn show(&self) -> Result<()> {
        let output = self.expression().run();
        let output = output.with_context(|| format!("failed to start {self}"))?;
        match output.status.code() {
            Some(0) => Ok(()),
            Some(code) => bail!("{self} ended with exit code {code}"),
            None => bail!("{self} was ended by a signal"),
        }
    }

    /// Starts it in the background, with both of its streams in one file.
    pub(crate) fn start(&self, log: &Path) -> Result<Running> {
        let handle = self
            .expression()
            .stderr_to_stdout()
            .stdout_path(log)
            .start();
        Ok(Running(
            handle.with_context(|| format!("failed to start {self}"))?,
        ))
    }

    fn expression(&self) -> duct::Expression {
        let mut expression = duct::cmd(&self.program, &self.arguments)
            .full_env(&self.environment)
            .stdin_null()
            .unchecked();
        if let Some(directory) = &self.directory {
            expression = expression.dir(directory);
        }
        expression
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = Path::new(&self.program);
        let name = program.file_name().unwrap_or(&self.program);
        write!(f, "`{}", name.to_string_lossy())?;
        for argument in &self.arguments {
            write!(f, " {}", argument.to_string_lossy())?;
        }
        write!(f, "`")
    }
}

impl Finished {
    /// This, or what it said when it failed.
    pub(crate) fn success(self) -> Result<Self> {
        if self.code == Some(0) {
            return Ok(self);
        }
        bail!("{}", self.describe());
    }

    /// The command, how it ended, and the end of what it wrote.
    pub(crate) fn describe(&self) -> String {
        let code = self
            .code
            .map_or("a signal".to_owned(), |code| format!("exit code {code}"));
        let said = format!("{}\n{}", self.stdout.trim(), self.stderr.trim());
        let lines: Vec<&str> = said.trim().lines().collect();
        let tail = lines[lines.len().saturating_sub(25)..].join("\n");
        format!("{} ended with {code}:\n{tail}", self.command)
    }
}

impl Running {
    /// Whether it still runs.
    pub(crate) fn is_alive(&self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }

    /// The ID of its process.
    pub(crate) fn id(&self) -> Result<u32> {
        let ids = self.0.pids();
        ids.first().copied().context("a child without a process")
    }

    /// Its exit code once it has ended; none where a signal ended it.
    pub(crate) fn wait(&self) -> Result<Option<i32>> {
        Ok(self.0.wait().context("failed to wait")?.status.code())
    }

    /// Ends it at once: it can do nothing about it.
    pub(crate) fn kill(&self) -> Result<()> {
        self.0.kill().context("failed to kill")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Killing a child that has ended is no error.
        let _ = self.0.kill();
    }
}
