//! What is made of the command line itself: completion scripts and man pages.

use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use fs_err as fs;

use crate::args::{Args, EXIT_CODES};
use crate::failure::Failure;

/// The script with which a shell completes the command line.
pub(crate) fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(
        shell,
        &mut visible(&Args::command()),
        "layerlock",
        &mut script,
    );
    String::from_utf8_lossy(&script).into_owned()
}

/// The command without what its help hides: the scripts would have all that there is.
fn visible(command: &Command) -> Command {
    let arguments = command.get_arguments().filter(|it| !it.is_hide_set());
    let subcommands = command.get_subcommands().filter(|it| !it.is_hide_set());
    let mut shown = Command::new(command.get_name().to_owned())
        .args(arguments)
        .subcommands(subcommands.map(visible));
    if let Some(about) = command.get_about() {
        shown = shown.about(about.clone());
    }
    if let Some(version) = command.get_version() {
        shown = shown.version(version.to_owned());
    }
    shown
}

/// Writes `layerlock.1`, `layerlock-build.1` and so on into a directory.
pub(crate) fn write_man_pages(directory: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Machine(error.to_string());
    fs::create_dir_all(directory).map_err(failed)?;
    for (name, page) in man_pages() {
        fs::write(directory.join(name), page).map_err(failed)?;
    }
    Ok(())
}

/// The name and the text of each page.
fn man_pages() -> Vec<(String, Vec<u8>)> {
    let mut command = Args::command().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add_pages(&command, None, &mut pages);
    pages
}

fn add_pages(command: &Command, parent: Option<&str>, pages: &mut Vec<(String, Vec<u8>)>) {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let subcommands = command.get_subcommands().filter(|it| !it.is_hide_set());
    // Without it, the synopsis would list every option.
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    let man = Man::new(command.clone().override_usage(usage))
        // An empty date would be left out, and the source taken for it.
        .date(" ")
        .source(concat!("layerlock ", env!("CARGO_PKG_VERSION")))
        .manual("layerlock manual");
    pages.push((man.get_filename(), page(&man, command, parent)));
    for subcommand in subcommands {
        add_pages(subcommand, Some(name), pages);
    }
}

/// The sections of a page. `Man` alone would put exit codes under "EXTRA", and on
/// no other page than the first.
fn page(man: &Man, command: &Command, parent: Option<&str>) -> Vec<u8> {
    let mut page = Vec::new();
    let mut write = || -> std::io::Result<()> {
        man.render_title(&mut page)?;
        man.render_name_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
        if command.has_subcommands() {
            man.render_subcommands_section(&mut page)?;
        }
        exit_status().to_writer(&mut page)?;
        if let Some(parent) = parent {
            see_also(parent).to_writer(&mut page)?;
        }
        Ok(())
    };
    // A vector takes all that is written to it.
    let _ = write();
    page
}

fn exit_status() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    let codes = EXIT_CODES
        .lines()
        .filter_map(|line| line.strip_prefix("  "));
    for (code, meaning) in codes.filter_map(|line| line.split_once("  ")) {
        roff.control("TP", []);
        roff.text([bold(code)]);
        roff.text([roman(meaning)]);
    }
    roff
}

fn see_also(parent: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]);
    roff.text([bold(parent), roman("(1)")]);
    roff
}
