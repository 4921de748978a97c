//! The `layerlock` command: turns arguments into settings, calls the library, and
//! prints its reports and errors. Rules about locks, layers and providers are in the
//! library.

mod args;
mod check;
mod colors;
mod console;
#[cfg(unix)]
mod descendants;
mod failure;
mod generated;
mod insight;
#[cfg(unix)]
mod open_files;
mod progress;
mod settings;
#[cfg(unix)]
mod signals;
mod terminal;
mod upkeep;
mod usage;
mod usage_report;

use std::process::ExitCode;

use clap::CommandFactory;
use layerlock::{
    Built, CacheRemoval, EXIT_CHECK_FAILED, EXIT_SUCCESS, Error, ErrorKind, Finding, HandedOver,
    Handover, PackageOrder, Prebuilt, PublishSettings, Report, Reporter, Settings, TextLayout,
};

use args::{Args, CacheCommand, Command, Planned};
use console::{Console, arns};
use failure::Failure;
use progress::Progress;

fn main() -> ExitCode {
    colors::set(std::env::args_os());
    let args = match parse() {
        Ok(args) => args,
        Err(error) => return refuse(&error),
    };
    let console = Console::new(&args.output, args.command.prints_json());
    let ran = run(args, &console);
    #[cfg(unix)]
    signals::let_it_end();
    match ran {
        Ok(code) => code,
        Err(Failure::Usage(error)) => refuse(&error),
        Err(Failure::Job(error)) => {
            console.error(&error);
            ExitCode::from(error.kind().exit_code())
        }
        Err(Failure::Machine(message)) => {
            console::failed(&message);
            ExitCode::from(ErrorKind::Machine.exit_code())
        }
        Err(Failure::Stdout(error)) => {
            console::stdout_failed(&error);
            ExitCode::from(ErrorKind::Machine.exit_code())
        }
    }
}

/// The command line, in the directory that it names.
fn parse() -> Result<Args, clap::Error> {
    let args = usage::parse()?;
    args.command.check()?;
    if let Some(directory) = &args.directory
        && let Err(error) = std::env::set_current_dir(directory)
    {
        let message = format!(
            "failed to change to the directory {}: {error}",
            directory.display()
        );
        return Err(Args::command().error(clap::error::ErrorKind::Io, message));
    }
    Ok(args)
}

/// Tells what is wrong with the command line, or prints the help that was asked for.
fn refuse(error: &clap::Error) -> ExitCode {
    let is_wrong = error.use_stderr();
    if is_wrong {
        console::usage_error(error);
    } else {
        // As clap does it: where nobody reads, nobody is told.
        let _ = error.print();
    }
    if is_wrong && usage_report::asks_for_json(std::env::args_os()) {
        console::error_report(&usage_report::error_report(error));
    }
    ExitCode::from(if is_wrong {
        ErrorKind::Usage.exit_code()
    } else {
        EXIT_SUCCESS
    })
}

fn run(args: Args, console: &Console) -> Result<ExitCode, Failure> {
    #[cfg(unix)]
    open_files::allow_as_many_as_possible();
    let progress = Progress::new(&args.output);
    let project = settings::find_project(args.project)?;
    if args.command.may_take_long() {
        #[cfg(unix)]
        {
            signals::have_too_large_files_be_errors();
            signals::clean_up_at_end();
        }
        progress.begin();
    }
    match args.command {
        Command::Init(init) => {
            let dry_run = init.dry_run;
            let settings = settings::init_settings(project, init);
            let initialised = if dry_run {
                layerlock::plan_init(&settings)?
            } else {
                layerlock::init(&settings)?
            };
            console.initialised(&initialised)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Build(Planned {
            args,
            dry_run,
            sort,
        }) => {
            let asked = args.handover.asked(args.common.json);
            let settings = settings::build_settings(project, args);
            let handover = asked
                .map(|it| Handover::of_build(&settings, it.format, it.file.as_deref()))
                .transpose()?;
            let job = Job {
                settings,
                dry_run,
                order: sort.map(Into::into),
                work: layerlock::build,
                handover,
            };
            build(&job, &progress, console)
        }
        Command::Install(Planned {
            args,
            dry_run,
            sort,
        }) => {
            let job = Job {
                settings: settings::install_settings(project, args),
                dry_run,
                order: sort.map(Into::into),
                work: layerlock::install,
                handover: None,
            };
            build(&job, &progress, console)
        }
        Command::Export(export) => {
            let settings = settings::export_settings(project, export);
            let exported = layerlock::export(&settings, &progress)?;
            progress.end();
            for warning in &exported.warnings {
                console.warning(warning);
            }
            if settings.output.is_none() {
                console.export(&exported.text)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Publish(publish) => {
            let prebuilt = settings::prebuilt(&publish);
            let asked = publish.handover.asked(publish.common.json);
            let settings = settings::publish_settings(project, *publish);
            let handover = asked
                .map(|it| match &prebuilt {
                    Some(prebuilt) => {
                        Handover::of_prebuilt(prebuilt, &settings, it.format, it.file.as_deref())
                    }
                    None => Handover::of_publish(&settings, it.format, it.file.as_deref()),
                })
                .transpose()?;
            publish_layers(
                &settings,
                prebuilt.as_ref(),
                handover.as_ref(),
                &progress,
                console,
            )
        }
        Command::Size(args) => insight::size(project, *args, &progress, console),
        Command::Why(args) => insight::why(project, *args, console),
        Command::Diff(args) => insight::diff(project, *args, &progress, console),
        Command::Check(args) => check::check(project, *args, &progress, console),
        Command::Status(args) => upkeep::status(project, *args, &progress, console),
        Command::List(args) => upkeep::list(project, *args, &progress, console),
        Command::Promote(args) => upkeep::promote(project, *args, &progress, console),
        Command::Prune(args) => upkeep::prune(project, *args, &progress, console),
        Command::Delete(args) => upkeep::delete(project, *args, &progress, console),
        Command::Cache(command) => {
            cache(command, console)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Completions(completions) => {
            console.result(&generated::completions(completions.shell))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Man(man) => {
            generated::write_man_pages(&man.pages)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn publish_layers(
    settings: &PublishSettings,
    prebuilt: Option<&Prebuilt>,
    handover: Option<&Handover>,
    progress: &Progress,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let report = match prebuilt {
        Some(prebuilt) => layerlock::publish_prebuilt(prebuilt, settings, progress)?,
        None => layerlock::publish(settings, progress)?,
    };
    progress.end();
    let Some(handover) = handover else {
        console.published(&report)?;
        if !settings.dry_run {
            console.result(&arns(&report.published))?;
        }
        return Ok(ExitCode::from(report.exit_code()));
    };
    // What became of each layer is told also where it cannot be handed over.
    let handed_over = handover.write(&report);
    let console = console.beside(handed_over.as_ref().ok());
    console.published(&report)?;
    console.handed_over(&handed_over?)?;
    Ok(ExitCode::from(report.exit_code()))
}

/// A job that builds.
struct Job {
    settings: Settings,
    /// Whether it is only planned.
    dry_run: bool,
    /// The order of the packages in its report.
    order: Option<PackageOrder>,
    work: fn(&Settings, &dyn Reporter) -> Result<Built, Error>,
    handover: Option<Handover>,
}

fn build(job: &Job, progress: &Progress, console: &Console) -> Result<ExitCode, Failure> {
    let Job {
        settings,
        dry_run,
        order,
        work,
        handover,
    } = job;
    let layout = |width| TextLayout {
        width,
        order: *order,
    };
    if *dry_run && settings.offline {
        let plan = layerlock::plan_files(settings)?;
        let findings = plan.layers.iter().flat_map(|layer| &layer.findings);
        progress.end();
        console.told(&plan, |width| plan.text(layout(width)), findings)?;
        return Ok(exit_code(plan.has_errors()));
    }
    let work = if *dry_run { layerlock::plan } else { *work };
    let report = work(settings, progress)?.report();
    progress.end();
    let handover = handover.as_ref().filter(|_| !dry_run);
    let handed_over = handover.map_or(Ok(HandedOver::Nothing), |it| it.write(&report));
    let console = console.beside(handed_over.as_ref().ok());
    console.told(
        &report,
        |width| report.text(layout(width)),
        findings(&report),
    )?;
    console.handed_over(&handed_over?)?;
    Ok(exit_code(report.has_errors()))
}

fn findings(report: &Report) -> impl Iterator<Item = &Finding> {
    report.layers.iter().flat_map(|layer| &layer.findings)
}

fn cache(command: CacheCommand, console: &Console) -> Result<(), Failure> {
    let (cache, what) = match command {
        CacheCommand::Dir(cache) => {
            let directory = layerlock::cache_directory(&settings::cache_location(cache))?;
            return Ok(console.result(&format!("{}\n", directory.display()))?);
        }
        CacheCommand::Prune {
            older_than, cache, ..
        } => {
            let unused_for = older_than.map(|days| settings::DAY * days);
            (cache, CacheRemoval::Useless { unused_for })
        }
        CacheCommand::Clean {
            packages, cache, ..
        } if packages.is_empty() => (cache, CacheRemoval::All),
        CacheCommand::Clean {
            packages, cache, ..
        } => (cache, CacheRemoval::Packages(packages)),
    };
    let report = layerlock::clean_cache(&settings::cache_location(cache), &what)?;
    Ok(console.done(&report)?)
}

fn exit_code(check_failed: bool) -> ExitCode {
    ExitCode::from(if check_failed {
        EXIT_CHECK_FAILED
    } else {
        EXIT_SUCCESS
    })
}
