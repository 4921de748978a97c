//! Checkouts by the user's own git, with the user's own credentials.
//!
//! Credentials of a URL reach git by its environment alone, and over http
//! alone: whoever may list processes reads arguments, git's own ones for its
//! helpers included, and ssh takes no password from a URL.

use std::path::{Path, PathBuf};
use std::time::Duration;

use layerlock_client::{Credentials, SafeUrl};
use layerlock_process::{last_lines, run_within};

use crate::problem::BuildProblem;

/// Checks out one commit of a repository, its submodules included, in a directory
/// of this directory.
pub(super) fn checkout(url: &str, commit: &str, directory: &Path) -> Result<PathBuf, BuildProblem> {
    let is_commit =
        matches!(commit.len(), 40 | 64) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_commit {
        return Err(BuildProblem::NotGit(commit.to_owned(), "commit"));
    }
    // It would be an option of git's, or a program to run.
    if url.starts_with('-') || url.contains("::") {
        return Err(BuildProblem::NotGit(shown(url), "URL"));
    }
    let checkout = directory.join("checkout");
    let git = Git {
        directory: &checkout,
        credentials: HttpCredentials::from_url(url),
    };
    fs_err::create_dir_all(&checkout).map_err(|error| BuildProblem::Git {
        action: "create a directory",
        output: error.to_string(),
    })?;
    git.run("create a repository", &["init", "--quiet", "--template="])?;
    git.run(
        "name the repository",
        &["remote", "add", "origin", &shown(url)],
    )?;
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

/// Fetches what a version is made of where version control is asked for it: the
/// tags, and the commits before this one, without their files.
pub(super) fn fetch_history(url: &str, commit: &str, checkout: &Path) -> Result<(), BuildProblem> {
    let git = Git {
        directory: checkout,
        credentials: HttpCredentials::from_url(url),
    };
    let mut arguments = vec!["fetch", "--quiet", "--tags", "--filter=tree:0"];
    if checkout.join(".git/shallow").exists() {
        arguments.extend(["--unshallow", "origin", commit]);
    } else {
        arguments.push("origin");
    }
    git.run("fetch the history", &arguments).map(drop)
}

/// Whether a repository is on this machine.
pub(super) fn is_local(url: &str) -> bool {
    url.starts_with("file://") || Path::new(url).exists()
}

/// A repository's URL as an error may show it, and as git is given it: without
/// credentials. Over http the user may be one, over ssh it is a name.
pub(super) fn shown(url: &str) -> String {
    // In `git@host:path` there is nothing to hide.
    if !url.contains("://") {
        return url.to_owned();
    }
    match SafeUrl::parse(url) {
        Ok(safe) if safe.credentials().is_none() => url.to_owned(),
        Ok(safe) if is_http(url) => safe.url().to_string(),
        Ok(safe) => safe.with_user().to_string(),
        Err(error) => error.text,
    }
}

pub(super) fn is_http(url: &str) -> bool {
    url.split_once("://").is_some_and(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    })
}

/// The credentials of an http URL, as git is to use them.
struct HttpCredentials {
    /// The scheme, the host and the port for which they are.
    scope: String,
    credentials: Credentials,
}

/// Where the password is for [`HELPER`].
const PASSWORD: &str = "LAYERLOCK_GIT_PASSWORD";

/// What git runs for a password (gitcredentials).
const HELPER: &str =
    r#"!f() { test "$1" = get && printf 'password=%s\n' "$LAYERLOCK_GIT_PASSWORD"; }; f"#;

/// What git runs for the password of a user without one, when no other helper knew it:
/// an empty one, as who types it to the terminal's prompt, which is off here, gives
/// for a token in the place of the user. What asks by a window has its turn first.
const NO_PASSWORD: &str = r#"!f() { test "$1" = get && test -z "$GIT_ASKPASS$SSH_ASKPASS$(git config core.askPass)" && echo password=; }; f"#;

impl HttpCredentials {
    fn from_url(url: &str) -> Option<Self> {
        if !is_http(url) {
            return None;
        }
        let safe = SafeUrl::parse(url).ok()?;
        Some(Self {
            scope: safe.url().origin().ascii_serialization(),
            credentials: safe.credentials()?.clone(),
        })
    }

    /// Settings of git's.
    fn settings(&self) -> Vec<(String, &str)> {
        let key = |name| format!("credential.{}.{name}", self.scope);
        let mut settings = vec![(key("username"), self.credentials.user.as_str())];
        match self.credentials.password {
            // The empty one takes back all others: they may know another password.
            Some(_) => settings.extend([(key("helper"), ""), (key("helper"), HELPER)]),
            None => settings.push((key("helper"), NO_PASSWORD)),
        }
        settings
    }
}

struct Git<'a> {
    directory: &'a Path,
    credentials: Option<HttpCredentials>,
}

/// A large repository over a slow line takes long, and a server that is silent is left before.
const LONGEST: Duration = Duration::from_mins(30);

/// The end of what a program said is what matters.
const LINES: usize = 20;

impl Git<'_> {
    fn run(&self, action: &'static str, arguments: &[&str]) -> Result<String, BuildProblem> {
        // The checkout has the repository's own bytes, whatever the user's
        // settings say of line ends.
        let settings = ["-c", "core.autocrlf=false", "-c", "core.eol=lf"];
        let mut command = duct::cmd("git", settings.iter().chain(arguments))
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C");
        // Set where this runs in a hook of another repository.
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
            command = command.env_remove(variable);
        }
        if let Some(credentials) = &self.credentials {
            // After those that the user has there.
            let first = std::env::var("GIT_CONFIG_COUNT");
            let mut count: usize = first.ok().and_then(|n| n.parse().ok()).unwrap_or(0);
            for (key, value) in credentials.settings() {
                command = command
                    .env(format!("GIT_CONFIG_KEY_{count}"), key)
                    .env(format!("GIT_CONFIG_VALUE_{count}"), value);
                count += 1;
            }
            command = command.env("GIT_CONFIG_COUNT", count.to_string());
            if let Some(password) = &credentials.credentials.password {
                command = command.env(PASSWORD, password);
            }
        }
        // Where the user has not said how long a silent server is waited for.
        for (variable, usual) in [
            ("GIT_HTTP_LOW_SPEED_LIMIT", "100"),
            ("GIT_HTTP_LOW_SPEED_TIME", "55"),
        ] {
            if std::env::var_os(variable).is_none() {
                command = command.env(variable, usual);
            }
        }
        let failed = |output: String| BuildProblem::Git { action, output };
        let said = run_within(&command, self.directory, LONGEST);
        let said = said.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => BuildProblem::NoGit,
            _ => failed(error.to_string()),
        })?;
        let said =
            said.ok_or_else(|| failed(format!("git did not end within {} s", LONGEST.as_secs())))?;
        if said.status.success() {
            return Ok(said.output);
        }
        Err(failed(last_lines(
            &self.without_secrets(&said.errors),
            LINES,
        )))
    }

    /// Git writes its credentials in its own way, and servers say them again.
    fn without_secrets(&self, text: &str) -> String {
        match &self.credentials {
            Some(http) => http.credentials.hide_in(text),
            None => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn urls_are_shown_without_credentials() {
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
            (
                "ssh://git@git.example.com/a/b.git",
                "ssh://git@git.example.com/a/b.git",
            ),
            (
                "ssh://me:secret@git.example.com:22/a",
                "ssh://me@git.example.com:22/a",
            ),
            ("ssh://:secret@git.example.com/a", "ssh://git.example.com/a"),
            ("../repository", "../repository"),
            ("https://me:secret@:x/a", "****@:x/a"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    /// A server that asks for credentials and accepts none. Gives the requests.
    fn refusing_server() -> (u16, mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    if stream.read(&mut byte).unwrap_or(0) == 0 {
                        break;
                    }
                    request.extend(byte);
                }
                let answer =
                    b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\
                               Content-Length: 0\r\nConnection: close\r\n\r\n";
                let _ = stream.write_all(answer);
                let _ = sender.send(String::from_utf8_lossy(&request).into_owned());
            }
        });
        (port, receiver)
    }

    #[test]
    fn a_password_reaches_the_server_and_neither_arguments_nor_files_nor_errors() {
        let (port, requests) = refusing_server();
        let url = format!("http://me:s%65cret%2F@127.0.0.1:{port}/x.git");
        let directory = tempfile::tempdir().unwrap();
        let error = checkout(&url, COMMIT, directory.path()).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(
            text.contains(&format!("http://127.0.0.1:{port}/x.git")),
            "{text}"
        );
        for secret in ["s%65cret", "secret/"] {
            assert!(!text.contains(secret), "{text}");
        }
        let sent = format!("Basic {}", data_encoding::BASE64.encode(b"me:secret/"));
        assert!(requests.try_iter().any(|request| request.contains(&sent)));
        // What `git remote add` is given it writes there.
        let config = fs_err::read_to_string(directory.path().join("checkout/.git/config")).unwrap();
        assert!(
            config.contains("/x.git") && !config.contains("cret"),
            "{config}"
        );
    }

    #[test]
    fn a_token_in_the_place_of_a_user_reaches_the_server_and_is_shown_nowhere() {
        let (port, requests) = refusing_server();
        let url = format!("http://ghp_0123456789abcdef@127.0.0.1:{port}/x.git");
        let directory = tempfile::tempdir().unwrap();
        let error = checkout(&url, COMMIT, directory.path()).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains("127.0.0.1"), "{text}");
        assert!(!text.contains("ghp_"), "{text}");
        if std::env::var_os("SSH_ASKPASS").is_none() && std::env::var_os("GIT_ASKPASS").is_none() {
            let sent = data_encoding::BASE64.encode(b"ghp_0123456789abcdef:");
            let sent = format!("Basic {sent}");
            assert!(requests.try_iter().any(|request| request.contains(&sent)));
        }
        let config = fs_err::read_to_string(directory.path().join("checkout/.git/config")).unwrap();
        assert!(!config.contains("ghp_"), "{config}");
    }

    /// Whoever lists processes sees what ssh is called with.
    #[cfg(unix)]
    #[test]
    fn a_password_for_ssh_is_given_to_nobody() {
        let directory = tempfile::tempdir().unwrap();
        // Nobody listens there: ssh fails, or is not there at all.
        let url = "ssh://me:secret@127.0.0.1:9/x.git";
        let error = checkout(url, COMMIT, directory.path()).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains("secret"), "{text}");
        let config = fs_err::read_to_string(directory.path().join("checkout/.git/config")).unwrap();
        assert!(config.contains("ssh://me@127.0.0.1:9/x.git"), "{config}");
    }

    #[test]
    fn what_git_would_take_for_an_option_or_a_program_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        for (url, commit) in [
            ("--upload-pack=touch x", COMMIT),
            ("ext::sh -c touch% x", COMMIT),
            ("https://git.example.com/a", "main"),
            ("https://git.example.com/a", "--all"),
        ] {
            let problem = checkout(url, commit, directory.path()).unwrap_err();
            assert!(matches!(problem, BuildProblem::NotGit(..)), "{problem:?}");
        }
    }
}
