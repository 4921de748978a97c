//! What git says of a directory that layerlock fills.

use std::path::Path;
use std::process::{Command, Stdio};

/// What to tell of a staging directory that git would take for part of the project: nothing
/// where it is ignored, where there is no repository, or no git.
pub(crate) fn note_on_staging(directory: &Path) -> Option<String> {
    let line = line_to_ignore(directory)?;
    Some(format!(
        "git does not ignore the staging directory {}: to leave it out of commits, add `{line}` \
         to the .gitignore at the top of the repository",
        directory.display()
    ))
}

/// The line of a `.gitignore` at the top of the repository.
fn line_to_ignore(directory: &Path) -> Option<String> {
    let directory = std::path::absolute(directory).ok()?;
    // What is in a directory that is not there yet cannot be asked from there.
    let above = directory.ancestors().skip(1);
    let above = above.into_iter().find(|path| path.is_dir())?;
    let below = directory.strip_prefix(above).ok()?.to_str()?;
    // With a slash, rules for directories alone apply too.
    let below = format!("{}/", below.replace('\\', "/"));
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(above).args(arguments);
        command.stdin(Stdio::null()).stderr(Stdio::null());
        command.output().ok()
    };
    // 0 is ignored, 1 is not, and 128 that nobody knows.
    let checked = git(&["check-ignore", "--quiet", "--", &below])?;
    if checked.status.code() != Some(1) {
        return None;
    }
    let prefix = git(&["rev-parse", "--show-prefix"])?;
    let prefix = String::from_utf8(prefix.stdout).ok()?;
    Some(format!("/{}{below}", prefix.trim_end_matches(['\r', '\n'])))
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use super::*;

    #[test]
    #[expect(clippy::print_stderr, reason = "a test says what it skips")]
    fn what_git_does_not_ignore_is_a_line_for_its_gitignore() {
        let temp = tempfile::tempdir().unwrap();
        let project = temp.path().join("services/shop");
        fs::create_dir_all(&project).unwrap();
        let staging = project.join("infra/lambda_dependencies");
        // No repository.
        assert_eq!(line_to_ignore(&staging), None);

        let init = Command::new("git")
            .args(["init", "-q"])
            .arg(temp.path())
            .status();
        if !init.is_ok_and(|status| status.success()) {
            eprintln!("skipped: there is no git");
            return;
        }
        let line = "/services/shop/infra/lambda_dependencies/";
        assert_eq!(line_to_ignore(&staging).as_deref(), Some(line));
        fs::create_dir_all(&staging).unwrap();
        assert_eq!(line_to_ignore(&staging).as_deref(), Some(line));
        let note = note_on_staging(&staging).unwrap();
        assert!(
            note.contains(&format!("add `{line}` to the .gitignore")),
            "{note}"
        );

        fs::write(temp.path().join(".gitignore"), format!("{line}\n")).unwrap();
        assert_eq!(line_to_ignore(&staging), None);
        fs::remove_dir_all(&staging).unwrap();
        assert_eq!(line_to_ignore(&staging), None);
    }
}
