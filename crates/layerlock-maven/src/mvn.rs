//! The user's own Maven.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use layerlock_layer::Scratch;
use layerlock_process::{Ended, last_lines, run_within};

use crate::{Error, listing};

/// In full, so that Maven need not look for what the prefix `dependency` means. Its version
/// is the project's, or Maven's, to say.
const GOAL: &str = "org.apache.maven.plugins:maven-dependency-plugin:list";

/// A first run downloads Maven's own plugins and all jars.
const LIMIT: Duration = Duration::from_mins(30);

/// Lines of what it said that an error tells.
const LAST_LINES: usize = 20;

/// Has Maven list the artifacts that functions need when they run, with their files.
pub(crate) fn list(directory: &Path, is_offline: bool) -> Result<String, Error> {
    list_within(directory, is_offline, LIMIT)
}

fn list_within(directory: &Path, is_offline: bool, limit: Duration) -> Result<String, Error> {
    let program = program(directory);
    let shown = program.file_name().unwrap_or_default().to_string_lossy();
    let failed = |said: String| Error::Failed {
        program: shown.clone().into_owned(),
        directory: directory.to_owned(),
        said,
        is_offline,
    };
    // It goes where the run is interrupted, too.
    let scratch = Scratch::create()?;
    let asked = ask(&program, directory, is_offline, scratch.path(), limit);
    match asked.map_err(|error| not_started(&shown, directory, error))? {
        None => Err(Error::TookTooLong {
            program: shown.into_owned(),
            directory: directory.to_owned(),
            minutes: limit.as_secs() / 60,
        }),
        Some(Asked { ended, .. }) if !ended.status.success() => Err(failed(told(&ended.output))),
        // It is none where the plugin is too old for files, or was skipped.
        Some(Asked { ended, listing }) => listing
            .or_else(|| listing::of_log(&ended.output))
            .ok_or_else(|| failed(told(&ended.output))),
    }
}

fn not_started(program: &str, directory: &Path, source: io::Error) -> Error {
    let (program, directory) = (program.to_owned(), directory.to_owned());
    if source.kind() == io::ErrorKind::NotFound {
        return Error::NoMaven { directory };
    }
    Error::NotStarted {
        program,
        directory,
        source,
    }
}

/// The wrapper of the project, which knows its version of Maven, or the machine's own.
fn program(directory: &Path) -> PathBuf {
    let name = if cfg!(windows) { "mvnw.cmd" } else { "mvnw" };
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    // It lies beside the outermost pom.xml.
    let projects = absolute
        .ancestors()
        .take_while(|folder| folder.join("pom.xml").is_file());
    let wrappers = projects.map(|folder| folder.join(name));
    let mut wrappers = wrappers.filter(|wrapper| wrapper.is_file());
    let plain = if cfg!(windows) { "mvn.cmd" } else { "mvn" };
    wrappers.next().unwrap_or_else(|| PathBuf::from(plain))
}

/// What Maven was run for.
struct Asked {
    ended: Ended,
    /// What it wrote where it was to; none where it did not.
    listing: Option<String>,
}

fn ask(
    program: &Path,
    directory: &Path,
    is_offline: bool,
    scratch: &Path,
    limit: Duration,
) -> io::Result<Option<Asked>> {
    let listing = scratch.join("listing");
    let mut arguments = [
        "--batch-mode",
        // Of a folder of projects it is that of the folder: each module has its own.
        "--non-recursive",
        "-Dstyle.color=never",
        GOAL,
        "-DincludeScope=runtime",
        "-DoutputAbsoluteArtifactFilename=true",
        "-DoutputScope=true",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("-DoutputFile={}", listing.display()));
    if is_offline {
        arguments.push("--offline".to_owned());
    }
    // As a path, a name alone would be one of this folder.
    let maven = duct::cmd(program.as_os_str(), arguments).stderr_to_stdout();
    let Some(ended) = run_within(&maven, directory, limit)? else {
        return Ok(None);
    };
    let listing = fs::read(&listing).ok();
    let listing = listing.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(Some(Asked { ended, listing }))
}

/// What it said of errors, or the last lines.
fn told(said: &str) -> String {
    // The advice how to see more is not ours to give again.
    let is_advice = |line: &str| {
        let starts = ["[Help 1]", "For more information"];
        line.to_lowercase().contains("re-run maven")
            || starts.iter().any(|start| line.starts_with(start))
    };
    let errors = said.lines().filter_map(|line| line.strip_prefix("[ERROR]"));
    let errors = errors.map(|line| line.trim().trim_end_matches("-> [Help 1]").trim_end());
    let errors: Vec<&str> = errors
        .filter(|line| !line.is_empty() && !is_advice(line))
        .collect();
    let last = if errors.is_empty() {
        last_lines(said, LAST_LINES)
    } else {
        last_lines(&errors.join("\n"), LAST_LINES)
    };
    layerlock_diagnostic::mask_user_info(last.trim())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A folder whose wrapper is this script.
    fn project(script: &str) -> tempfile::TempDir {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("pom.xml"), "<project/>").unwrap();
        let wrapper = temp.path().join("mvnw");
        fs::write(&wrapper, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).unwrap();
        temp
    }

    #[test]
    fn the_wrapper_of_the_outermost_project_is_taken() {
        let outer = project("");
        let module = outer.path().join("modules/a");
        fs::create_dir_all(&module).unwrap();
        assert_eq!(program(&module), Path::new("mvn"));
        fs::write(module.join("pom.xml"), "<project/>").unwrap();
        fs::write(outer.path().join("modules/pom.xml"), "<project/>").unwrap();
        assert!(program(&module).ends_with("mvnw"));
    }

    /// It was looked for in the project's folder alone.
    #[test]
    fn a_maven_without_a_wrapper_is_found_on_the_path() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("pom.xml"), "<project/>").unwrap();
        // A program that every machine has, and that takes no such arguments.
        let asked = ask(Path::new("ls"), temp.path(), false, temp.path(), LIMIT);
        let ended = asked.unwrap().unwrap().ended;
        let is_refused = !ended.status.success() && ended.output.starts_with("ls: ");
        assert!(is_refused, "{}", ended.output);
    }

    #[test]
    fn it_is_told_what_to_list_and_where() {
        let temp = project(
            "for word; do case $word in -DoutputFile=*) file=${word#*=};; esac; done\n\
             echo \"$@\" > \"$file\"; pwd >> \"$file\"",
        );
        let said = list(temp.path(), true).unwrap();
        assert!(said.contains(" --non-recursive "), "{said}");
        assert!(
            said.contains("maven-dependency-plugin:list -DincludeScope=runtime"),
            "{said}"
        );
        assert!(said.contains(" --offline\n"), "{said}");
        let real = temp.path().canonicalize().unwrap();
        assert!(said.trim_end().ends_with(real.to_str().unwrap()), "{said}");
        assert!(!list(temp.path(), false).unwrap().contains("--offline"));
    }

    #[test]
    fn what_it_said_of_errors_is_told() {
        let temp = project(
            "echo '[INFO] Scanning'; echo '[ERROR] Could not resolve https://me:pw@m.example.com/'\n\
             echo '[ERROR] '; echo '[ERROR] Re-run Maven using the -X switch'; exit 1",
        );
        let error = list(temp.path(), false).unwrap_err().to_string();
        let directory = temp.path().display();
        let expected =
            format!("mvnw failed to list the jars of {directory}:\n  Could not resolve https://");
        assert!(error.starts_with(&expected), "{error}");
        assert!(
            !error.contains("pw") && !error.contains("Re-run"),
            "{error}"
        );
        // It ended well, and wrote nothing.
        let error = list(project("echo skipped").path(), false)
            .unwrap_err()
            .to_string();
        assert!(error.ends_with(":\n  skipped"), "{error}");
    }

    #[test]
    fn one_that_hangs_is_ended() {
        let temp = project("exec sleep 60");
        let error = list_within(temp.path(), false, Duration::from_millis(100)).unwrap_err();
        assert!(matches!(error, Error::TookTooLong { .. }), "{error}");
    }
}
