//! The index that the machine's pip has built in, as the text of `pip install --help`
//! has it, and the one that uv has.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use layerlock_client::MachineConfig;
use layerlock_client::command::output_within;
use layerlock_digest::{seal, unseal};

use super::index_url::IndexUrl;
use super::origin::IndexOrigin;
use crate::cache_directory::PIP_DEFAULT_INDEX;

/// Starting Python may be slow on a busy machine; a pip that hangs must not
/// hang layerlock. All ways to call it share this time: they lead to one Python mostly.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// A command that did not answer in time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hung {
    pub(super) command: String,
    pub(super) seconds: u64,
}

#[cfg(windows)]
const NULL_DEVICE: &str = "nul";
#[cfg(not(windows))]
const NULL_DEVICE: &str = "/dev/null";

/// What pip has built in, and whether the cache or pip said so.
pub(super) fn of_pip(
    commands: &[Vec<String>],
    cache: Option<&Path>,
    timeout: Duration,
) -> Result<Option<(IndexUrl, IndexOrigin)>, Hung> {
    if let Some(path) = cache.map(|directory| directory.join(PIP_DEFAULT_INDEX))
        && let Some(url) = recall(&path)
    {
        return Ok(Some((url, IndexOrigin::RememberedPip(path))));
    }
    let start = Instant::now();
    for command in commands {
        let answer = ask_pip(command, timeout.saturating_sub(start.elapsed()));
        if let Some(url) = answer {
            if let Some(directory) = cache {
                // Only a shortcut: where it cannot be kept, pip is asked again.
                let _ = remember(directory, &url);
            }
            return Ok(Some((url, IndexOrigin::Pip)));
        }
        if start.elapsed() >= timeout {
            return Err(Hung {
                command: command.join(" "),
                seconds: timeout.as_secs(),
            });
        }
    }
    Ok(None)
}

/// What uv has built in, as its help says.
pub(super) fn of_uv(machine: &MachineConfig) -> Option<IndexUrl> {
    let uv = machine.uv_command.as_ref()?;
    let help = duct::cmd(uv, ["pip", "install", "--help"]).env("NO_COLOR", "1");
    let output = output_within(TIMEOUT, &help)?;
    IndexUrl::parse(&default_in_help_of_uv(&String::from_utf8_lossy(&output))?).ok()
}

/// What a pip has built in that is not installed as one: Python brings a wheel of it
/// along, and Poetry mostly lives in an environment with one.
pub(super) fn of_hidden_pip(machine: &MachineConfig) -> Option<IndexUrl> {
    let of_poetry = machine.poetry_script.as_deref().and_then(interpreter);
    let of_poetry = of_poetry.map(|python| vec![python]);
    let with = |python: &[String], words: &[&str]| -> Vec<String> {
        let words = words.iter().map(|&word| word.to_owned());
        python.iter().cloned().chain(words).collect()
    };
    let installed = of_poetry.iter().map(|python| with(python, &["-m", "pip"]));
    let pythons = machine.python_commands.iter().chain(&of_poetry);
    let bundled = pythons.map(|python| with(python, &["-c", RUN_BUNDLED_PIP]));
    let start = Instant::now();
    let mut commands = installed.chain(bundled);
    commands.find_map(|command| ask_pip(&command, TIMEOUT.saturating_sub(start.elapsed())))
}

/// Runs the pip in the wheel that ensurepip would install, and installs nothing.
const RUN_BUNDLED_PIP: &str = "\
import glob, os, runpy, sys, sysconfig
import ensurepip
places = [
    os.path.join(os.path.dirname(ensurepip.__file__), '_bundled'),
    sysconfig.get_config_var('WHEEL_PKG_DIR') or '',
    getattr(ensurepip, '_WHEEL_PKG_DIR', '') or '',
]
wheels = [wheel for place in places for wheel in glob.glob(os.path.join(place, 'pip-*.whl'))]
sys.path.insert(0, wheels[0])
sys.argv[0] = 'pip'
runpy.run_module('pip', run_name='__main__')
";

/// The Python that a script names in its first line, or, where the path is long, in its
/// second: `'''exec' "/path" "$0" "$@"`.
fn interpreter(script: &Path) -> Option<String> {
    let file = BufReader::new(fs_err::File::open(script).ok()?).take(4096);
    let lines: Vec<String> = file.lines().take(2).collect::<Result<_, _>>().ok()?;
    let named = lines.first()?.strip_prefix("#!")?.trim();
    let python = match lines.get(1).and_then(|line| line.split_once("exec' ")) {
        Some((_, rest)) => match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next(),
            None => rest.split_whitespace().next(),
        },
        None => Some(named),
    };
    let python = python.filter(|path| Path::new(path).is_absolute());
    python.map(str::to_owned)
}

fn ask_pip(command: &[String], timeout: Duration) -> Option<IndexUrl> {
    // An empty directory to run in: `python -m` would import a module named pip
    // from the current one.
    let empty = tempfile::tempdir().ok()?;
    let (program, arguments) = command.split_first()?;
    let arguments = arguments.iter().map(String::as_str);
    let arguments = arguments.chain(["--isolated", "install", "--help"]);
    let help = duct::cmd(program, arguments)
        .dir(empty.path())
        // pip wraps its help to this width.
        .env("COLUMNS", "1000")
        .env("NO_COLOR", "1")
        // `--isolated` leaves the environment and the user's file out, this the
        // others too.
        .env("PIP_CONFIG_FILE", NULL_DEVICE);
    let output = output_within(timeout, &help)?;
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

/// The default of `--default-index` in uv's help: `(by default: <URL>)`.
fn default_in_help_of_uv(help: &str) -> Option<String> {
    let (_, option) = help.split_once("--default-index ")?;
    let option = option.split("--index-url").next()?;
    // The text is wrapped, perhaps between these words.
    let words: Vec<&str> = option.split_whitespace().collect();
    let text = words.join(" ");
    let (_, default) = text.split_once("default: <")?;
    let (default, _) = default.split_once('>')?;
    Some(default.replace(' ', ""))
}

/// What was remembered; a file that is not as it was written counts as none.
fn recall(path: &Path) -> Option<IndexUrl> {
    let sealed = fs_err::read(path).ok()?;
    let text = std::str::from_utf8(unseal(&sealed, PIP_DEFAULT_INDEX.as_bytes())?).ok()?;
    IndexUrl::parse(text).ok()
}

fn remember(directory: &Path, url: &IndexUrl) -> std::io::Result<()> {
    let unfinished = crate::cache_directory::make(directory)?;
    let mut file = tempfile::NamedTempFile::new_in(unfinished)?;
    let text = url.url().to_string().into_bytes();
    file.write_all(&seal(text, PIP_DEFAULT_INDEX.as_bytes()))?;
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
        let asked = Ok(Some((url.clone(), IndexOrigin::Pip)));
        let remembered = cache.join(PIP_DEFAULT_INDEX);
        let recalled = IndexOrigin::RememberedPip(remembered.clone());
        assert_eq!(of_pip(&commands, Some(&cache), TIMEOUT), asked);
        assert_eq!(
            of_pip(&commands, Some(&cache), TIMEOUT),
            Ok(Some((url, recalled)))
        );
        assert_eq!(fs_err::read_to_string(&calls).unwrap(), "called\n");
        // It is a cache from then on.
        crate::Cache::at(&cache).prune(None).unwrap();
        // What is remembered must be as it was written; without a cache nothing is.
        let text = fs_err::read_to_string(&remembered).unwrap();
        fs_err::write(&remembered, text.replace("packages", "packagds")).unwrap();
        assert_eq!(of_pip(&commands, Some(&cache), TIMEOUT), asked);
        assert_eq!(of_pip(&commands, None, TIMEOUT), asked);
        assert_eq!(
            fs_err::read_to_string(&calls).unwrap(),
            "called\n".repeat(3)
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_pip_that_hangs_is_given_up_and_no_other_is_asked() {
        let directory = tempfile::tempdir().unwrap();
        let hangs = fake_pip(directory.path(), "hangs", "sleep 30\n");
        let answers = fake_pip(directory.path(), "answers", &format!("echo '{HELP}'\n"));
        let timeout = Duration::from_secs(1);
        let start = Instant::now();
        let command = hangs.join(" ");
        assert_eq!(
            of_pip(&[hangs, answers.clone()], None, timeout),
            Err(Hung {
                command,
                seconds: 1
            })
        );
        assert!(start.elapsed() < Duration::from_secs(20));
        assert!(of_pip(&[answers], None, TIMEOUT).unwrap().is_some());
    }

    #[test]
    fn the_default_of_uv_is_read_from_its_help() {
        let help = "      --default-index <DEFAULT_INDEX>\n          The default package index (by\n          \
                    default: <https://packages.example.com/simple>) [env: UV_DEFAULT_INDEX]\n  \
                    -i, --index-url <INDEX_URL>\n";
        let expected = Some("https://packages.example.com/simple".to_owned());
        assert_eq!(default_in_help_of_uv(help), expected);
        let none = help.replace("default: <https://packages.example.com/simple>", "");
        assert_eq!(default_in_help_of_uv(&none), None);
    }

    #[test]
    fn the_python_of_a_script_is_in_its_first_lines() {
        let directory = tempfile::tempdir().unwrap();
        let script = directory.path().join("poetry");
        for (text, expected) in [
            (
                "#!/opt/poetry/bin/python\nimport re\n",
                Some("/opt/poetry/bin/python"),
            ),
            (
                "#!/bin/sh\n\'\'\'exec\' \"/a b/python\" \"$0\" \"$@\"\n",
                Some("/a b/python"),
            ),
            (
                "#!/bin/sh\n\'\'\'exec\' /a/python \"$0\" \"$@\"\n",
                Some("/a/python"),
            ),
            ("#!python\n", None),
            ("\0ELF", None),
            ("", None),
        ] {
            fs_err::write(&script, text).unwrap();
            assert_eq!(interpreter(&script).as_deref(), expected, "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_masked_password_is_no_answer() {
        let directory = tempfile::tempdir().unwrap();
        let help = HELP.replace("https://", "https://u:****@");
        let script = format!("cat <<'END'\n{help}END\n");
        let command = fake_pip(directory.path(), "pip", &script);
        assert_eq!(of_pip(&[command], None, TIMEOUT), Ok(None));
    }

    #[test]
    fn booleans_are_pips() {
        for (text, value) in [("YES", Some(true)), ("0", Some(false)), ("2", None)] {
            assert_eq!(boolean(text), value);
        }
    }
}
