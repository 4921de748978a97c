//! The `layerlock` command: turns arguments into settings, calls the library, and
//! prints its reports and errors. Rules about locks, layers and providers are in the
//! library.

mod args;
mod console;
mod progress;
mod settings;
#[cfg(unix)]
mod signals;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, Parser};
use layerlock::{CacheRemoval, EXIT_CHECK_FAILED, EXIT_SUCCESS, Error, ErrorKind};

use args::{Args, CacheCommand, Command};
use console::Console;
use progress::Progress;

fn main() -> ExitCode {
    let args = Args::parse();
    let checked = match &args.command {
        Command::Publish(publish) => publish.check(),
        Command::Export(export) => export.check(),
        _ => Ok(()),
    };
    if let Err(error) = checked {
        error.exit();
    }
    if let Some(directory) = &args.directory
        && let Err(error) = std::env::set_current_dir(directory)
    {
        let message = format!(
            "failed to change to the directory {}: {error}",
            directory.display()
        );
        Args::command()
            .error(clap::error::ErrorKind::Io, message)
            .exit();
    }
    let console = Console::new(&args.output);
    match run(args, &console) {
        Ok(code) => code,
        Err(Failure::Job(error)) => {
            console.error(&error);
            ExitCode::from(error.kind().exit_code())
        }
        Err(Failure::Stdout(error)) => {
            console.stdout_failed(&error);
            ExitCode::from(ErrorKind::Machine.exit_code())
        }
    }
}

/// What can go wrong: the job itself, or printing its result.
enum Failure {
    Job(Error),
    Stdout(io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Job(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Stdout(error)
    }
}

const DAY: Duration = Duration::from_hours(24);

fn run(args: Args, console: &Console) -> Result<ExitCode, Failure> {
    let progress = Progress::new(&args.output);
    let project = settings::find_project(args.project);
    #[cfg(unix)]
    if let Command::Build(_) | Command::Install(_) | Command::Publish(_) = args.command {
        signals::clean_up_at_end();
    }
    match args.command {
        Command::Build(build) => {
            let json = build.common.json;
            let settings = settings::build_settings(project, build);
            let report = layerlock::build(&settings, &progress)?.report();
            console.findings(&report, json);
            console.report(&report, json)?;
            Ok(exit_code(report.has_errors()))
        }
        Command::Install(install) => {
            let json = install.common.json;
            let settings = settings::install_settings(project, install);
            let report = layerlock::install(&settings, &progress)?.report();
            console.findings(&report, json);
            console.report(&report, json)?;
            Ok(exit_code(report.has_errors()))
        }
        Command::Export(export) => {
            let settings = settings::export_settings(project, export);
            let exported = layerlock::export(&settings, &progress)?;
            for warning in &exported.warnings {
                console.warning(warning);
            }
            if settings.output.is_none() {
                console.text(&exported.text)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Publish(publish) => {
            let json = publish.build.common.json;
            let settings = settings::publish_settings(project, publish);
            let report = layerlock::publish(&settings, &progress)?;
            console.findings(&report.report, json);
            console.report(&report, json)?;
            Ok(exit_code(report.report.has_errors()))
        }
        Command::Cache(command) => {
            cache(command, console)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn cache(command: CacheCommand, console: &Console) -> Result<(), Failure> {
    let (cache, what, json) = match command {
        CacheCommand::Dir(cache) => {
            let directory = layerlock::cache_directory(&settings::cache_location(cache))?;
            return Ok(console.text(&format!("{}\n", directory.display()))?);
        }
        CacheCommand::Prune {
            older_than,
            json,
            cache,
        } => {
            let unused_for = older_than.map(|days| DAY * days);
            (cache, CacheRemoval::Useless { unused_for }, json)
        }
        CacheCommand::Clean {
            packages,
            json,
            cache,
        } if packages.is_empty() => (cache, CacheRemoval::All, json),
        CacheCommand::Clean {
            packages,
            json,
            cache,
        } => (cache, CacheRemoval::Packages(packages), json),
    };
    let report = layerlock::clean_cache(&settings::cache_location(cache), &what)?;
    Ok(console.report(&report, json)?)
}

fn exit_code(check_failed: bool) -> ExitCode {
    ExitCode::from(if check_failed {
        EXIT_CHECK_FAILED
    } else {
        EXIT_SUCCESS
    })
}
