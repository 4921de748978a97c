//! The layerlock command: arguments to settings, settings to the library, and
//! its reports and errors to people and programs. No rule of the trade is here.

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
use layerlock::{CacheRemoval, EXIT_FOUND_SOMETHING, EXIT_SUCCESS, Error, ErrorKind};

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
    if let Some(folder) = &args.directory
        && let Err(error) = std::env::set_current_dir(folder)
    {
        let message = format!("failed to go to the folder {}: {error}", folder.display());
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
            console.lost(&error);
            ExitCode::from(ErrorKind::Machine.exit_code())
        }
    }
}

/// What can go wrong: the job itself, or telling of it.
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
    let project = settings::of_project(args.project);
    #[cfg(unix)]
    if let Command::Build(_) | Command::Install(_) | Command::Publish(_) = args.command {
        signals::clean_up_at_end();
    }
    match args.command {
        Command::Build(build) => {
            let json = build.common.json;
            let settings = settings::of_build(project, build);
            let report = layerlock::build(&settings, &progress)?.report();
            console.findings(&report, json);
            console.report(&report, json)?;
            Ok(code(report.has_errors()))
        }
        Command::Install(install) => {
            let json = install.common.json;
            let settings = settings::of_install(project, install);
            let report = layerlock::install(&settings, &progress)?.report();
            console.findings(&report, json);
            console.report(&report, json)?;
            Ok(code(report.has_errors()))
        }
        Command::Export(export) => {
            let settings = settings::of_export(project, export);
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
            let settings = settings::of_publish(project, publish);
            let report = layerlock::publish(&settings, &progress)?;
            console.findings(&report.report, json);
            console.report(&report, json)?;
            Ok(code(report.report.has_errors()))
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
            let folder = layerlock::cache_directory(&settings::of_cache(cache))?;
            return Ok(console.text(&format!("{}\n", folder.display()))?);
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
    let report = layerlock::clean_cache(&settings::of_cache(cache), &what)?;
    Ok(console.report(&report, json)?)
}

fn code(found_something: bool) -> ExitCode {
    ExitCode::from(if found_something {
        EXIT_FOUND_SOMETHING
    } else {
        EXIT_SUCCESS
    })
}
