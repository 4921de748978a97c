//! The index that the machine's pip has built in, as the text of `pip install --help`
//! has it.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use super::index_url::IndexUrl;
use crate::cache_directory::PIP_DEFAULT_INDEX;

/// Starting Python may be slow on a busy machine; a pip that hangs must not
/// hang layerlock.
const TIMEOUT: Duration = Duration::from_secs(30);

#[cfg(windows)]
const NULL_DEVICE: &str = "nul";
#[cfg(not(windows))]
const NULL_DEVICE: &str = "/dev/null";

/// What pip has built in: from the cache, or from pip.
pub(super) fn built_in_index(commands: &[Vec<String>], cache: Option<&Path>) -> Option<IndexUrl> {
    let remembered = cache.map(|directory| directory.join(PIP_DEFAULT_INDEX));
    let known = remembered.and_then(|path| fs_err::read_to_string(path).ok());
    if let Some(url) = known.and_then(|text| IndexUrl::parse(&text).ok()) {
        return Some(url);
    }
    // An empty directory to run in: `python -m` would import a module named pip
    // from the current one.
    let empty = tempfile::tempdir().ok()?;
    let url = commands
        .iter()
        .find_map(|command| ask_pip(command, empty.path()))?;
    if let Some(directory) = cache {
        // Only a shortcut: where it cannot be kept, pip is asked again.
        let _ = remember(directory, &url);
    }
    Some(url)
}

fn ask_pip(command: &[String], directory: &Path) -> Option<IndexUrl> {
    let (program, arguments) = command.split_first()?;
    let arguments = arguments.iter().map(String::as_str);
    let arguments = arguments.chain(["--isolated", "install", "--help"]);
    let help = duct::cmd(program, arguments)
        .dir(directory)
        // pip wraps its help to this width.
        .env("COLUMNS", "1000")
        .env("NO_COLOR", "1")
        // `--isolated` leaves the environment and the user's file out, this the
        // others too.
        .env("PIP_CONFIG_FILE", NULL_DEVICE);
    let output = layerlock_client::command::output_within(TIMEOUT, &help)?;
    let text = default_in_help(&String::from_utf8_lossy(&output))?;
    let url = IndexUrl::parse(&text).ok()?;
    // pip shows `****` for a password: such a URL would not work.
    url.credentials().is_none().then_some(url)
}

/// The default of `--index-url` in the help text, where pip writes
/// `(default URL)`.
fn default_in_help(help: &str) -> Option<String> {
    let (_, option) = help.split_once("--index-url ")?;
    let option = option.split("--extra-index-url").next()?;
    let (_, default) = option.split_once("(default")?;
    let (default, _) = default.split_once(')')?;
    // Without the blanks of a line that was wrapped after all.
    Some(default.split_whitespace().collect())
}

fn remember(directory: &Path, url: &IndexUrl) -> std::io::Result<()> {
    let unfinished = crate::cache_directory::make(directory)?;
    let mut file = tempfile::NamedTempFile::new_in(unfinished)?;
    writeln!(file, "{}", url.url())?;
    file.persist(directory.join(PIP_DEFAULT_INDEX))?;
    Ok(())
}

/// Booleans as pip reads them (Python's `strtobool`).
pub(super) fn boolean(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" | "t" | "true" | "on" | "1" => Some(true),
        "n" | "no" | "f" | "false" | "off" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELP: &str = "Package Index Options:\n  -i, --index-url <url>  Base URL of the Python \
        Package Index (default https://packages.example.com/simple). This should point\n  \
        --extra-index-url <url>  Extra URLs in addition to --index-url.\n";

    #[test]
    fn the_default_is_read_from_the_help() {
        let expected = Some("https://packages.example.com/simple".to_owned());
        assert_eq!(default_in_help(HELP), expected);
        let wrapped = HELP.replace(
            "(default https://packages.",
            "(default\n   https://packages.\n   ",
        );
        assert_eq!(default_in_help(&wrapped), expected);
        // The default of another option is none.
        let other = "--index-url <url> Base URL.\n --extra-index-url <url> More. (default x)";
        assert_eq!(default_in_help(other), None);
        assert_eq!(default_in_help(""), None);
    }

    /// A pip that is a shell script, called without its execute bit.
    #[cfg(unix)]
    fn fake_pip(directory: &Path, name: &str, script: &str) -> Vec<String> {
        let path = directory.join(name);
        fs_err::write(&path, script).unwrap();
        vec!["sh".to_owned(), path.to_str().unwrap().to_owned()]
    }

    #[cfg(unix)]
    #[test]
    fn pip_is_asked_once_and_then_remembered() {
        let directory = tempfile::tempdir().unwrap();
        let calls = directory.path().join("calls");
        // Answers only to the call as it must be.
        let script = format!(
            "echo called >> {}\n[ \"$*\" = \"--isolated install --help\" ] || exit 2\n\
             [ \"$PIP_CONFIG_FILE\" = /dev/null ] && [ \"$COLUMNS\" -ge 500 ] || exit 3\n\
             [ -z \"$(ls -A)\" ] || exit 4\ncat <<'END'\n{HELP}END\n",
            calls.display()
        );
        let broken = fake_pip(directory.path(), "broken", "echo nothing; exit 1\n");
        let silent = fake_pip(directory.path(), "silent", "echo usage\n");
        let missing = vec!["layerlock-test-no-such-pip".to_owned()];
        let answers = fake_pip(directory.path(), "answers", &script);
        let commands = [missing, broken, silent, answers];
        let cache = directory.path().join("cache/deep");
        let url = IndexUrl::parse("https://packages.example.com/simple/").unwrap();
        for _ in 0..2 {
            assert_eq!(built_in_index(&commands, Some(&cache)), Some(url.clone()));
        }
        assert_eq!(fs_err::read_to_string(&calls).unwrap(), "called\n");
        // It is a cache from then on.
        crate::Cache::at(&cache).prune(None).unwrap();
        // What is remembered must be a URL; without a cache nothing is.
        fs_err::write(cache.join(PIP_DEFAULT_INDEX), "\0").unwrap();
        assert_eq!(built_in_index(&commands, Some(&cache)), Some(url.clone()));
        assert_eq!(built_in_index(&commands, None), Some(url));
        assert_eq!(
            fs_err::read_to_string(&calls).unwrap(),
            "called\n".repeat(3)
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_masked_password_is_no_answer() {
        let directory = tempfile::tempdir().unwrap();
        let help = HELP.replace("https://", "https://u:****@");
        let script = format!("cat <<'END'\n{help}END\n");
        let command = fake_pip(directory.path(), "pip", &script);
        assert_eq!(built_in_index(&[command], None), None);
    }

    #[test]
    fn booleans_are_pips() {
        for (text, value) in [("YES", Some(true)), ("0", Some(false)), ("2", None)] {
            assert_eq!(boolean(text), value);
        }
    }
}
