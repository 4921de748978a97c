//! Checkouts by the user's own git, with the user's own credentials.

use std::path::{Path, PathBuf};

use super::BuildProblem;

/// Checks out one commit of a repository, its submodules included, in a folder
/// of this folder.
pub(super) fn checkout(url: &str, commit: &str, folder: &Path) -> Result<PathBuf, BuildProblem> {
    let is_commit =
        matches!(commit.len(), 40 | 64) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_commit {
        return Err(BuildProblem::NotGit(commit.to_owned(), "commit"));
    }
    // It would be an option of git's, or a program to run.
    if url.starts_with('-') || url.contains("::") {
        return Err(BuildProblem::NotGit(shown(url), "address"));
    }
    let checkout = folder.join("checkout");
    let git = Git {
        folder: &checkout,
        url,
    };
    fs_err::create_dir_all(&checkout).map_err(|error| BuildProblem::Git {
        action: "create a folder",
        output: error.to_string(),
    })?;
    git.run("create a repository", &["init", "--quiet", "--template="])?;
    git.run("name the repository", &["remote", "add", "origin", url])?;
    // The one commit, which not every server gives; else all there is.
    let one = ["fetch", "--quiet", "--depth=1", "origin", commit];
    if git.run("fetch the commit", &one).is_err() {
        let everything = "+refs/*:refs/layerlock/*";
        git.run(
            "fetch the repository",
            &["fetch", "--quiet", "origin", everything],
        )?;
    }
    git.run(
        "check out the commit",
        &["checkout", "--quiet", "--detach", commit],
    )?;
    git.run(
        "fetch the submodules",
        &["submodule", "--quiet", "update", "--init", "--recursive"],
    )?;
    let head = git.run("name the commit", &["rev-parse", "HEAD"])?;
    let actual = head.trim();
    if !actual.eq_ignore_ascii_case(commit) {
        return Err(BuildProblem::OtherCommit {
            expected: commit.to_owned(),
            actual: actual.to_owned(),
        });
    }
    Ok(checkout)
}

/// Whether a repository is on this machine.
pub(super) fn is_local(url: &str) -> bool {
    url.starts_with("file://") || Path::new(url).exists()
}

/// An address as an error may show it: without credentials.
pub(super) fn shown(url: &str) -> String {
    match userinfo(url) {
        Some(userinfo) => url.replacen(&format!("{userinfo}@"), "", 1),
        None => url.to_owned(),
    }
}

/// `user:password` in an address with a scheme. In `git@host:path` there is none
/// to hide.
fn userinfo(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    Some(authority.rsplit_once('@')?.0)
}

struct Git<'a> {
    folder: &'a Path,
    url: &'a str,
}

/// The end of what a program said is what matters.
const LINES: usize = 20;

impl Git<'_> {
    fn run(&self, action: &'static str, arguments: &[&str]) -> Result<String, BuildProblem> {
        // The checkout has the repository's own bytes, whatever the user's
        // settings say of line ends.
        let settings = ["-c", "core.autocrlf=false", "-c", "core.eol=lf"];
        let mut command = duct::cmd("git", settings.iter().chain(arguments))
            .dir(self.folder)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .stdin_null()
            .stdout_capture()
            .stderr_capture()
            .unchecked();
        // Set where this runs in a hook of another repository.
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
            command = command.env_remove(variable);
        }
        let output = command.run().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => BuildProblem::NoGit,
            _ => BuildProblem::Git {
                action,
                output: error.to_string(),
            },
        })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(BuildProblem::Git {
            action,
            output: super::frontend::last_lines(&self.without_secrets(&said), LINES),
        })
    }

    fn without_secrets(&self, text: &str) -> String {
        let mut text = text.replace(self.url, &shown(self.url));
        if let Some((_, password)) = userinfo(self.url).and_then(|u| u.split_once(':')) {
            text = text.replace(password, "****");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_credentials() {
        for (url, expected) in [
            (
                "https://me:secret@git.example.com/a/b.git",
                "https://git.example.com/a/b.git",
            ),
            (
                "https://token@git.example.com/a@b",
                "https://git.example.com/a@b",
            ),
            ("git@git.example.com:a/b.git", "git@git.example.com:a/b.git"),
            ("https://git.example.com/a@b", "https://git.example.com/a@b"),
            ("../repository", "../repository"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }

    #[test]
    fn what_git_would_take_for_an_option_or_a_program_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for (url, commit) in [
            ("--upload-pack=touch x", commit),
            ("ext::sh -c touch% x", commit),
            ("https://git.example.com/a", "main"),
            ("https://git.example.com/a", "--all"),
        ] {
            let problem = checkout(url, commit, folder.path()).unwrap_err();
            assert!(matches!(problem, BuildProblem::NotGit(..)), "{problem:?}");
        }
    }
}
