//! What pip would do: its configuration files and its built-in index.
//!
//! The rules are those of pip's user guide ("Configuration"), checked against
//! pip 23.0 to 24.2:
//!
//! - files are merged, later ones winning: global, user, site (of the virtual
//!   environment), `PIP_CONFIG_FILE`;
//! - where `PIP_CONFIG_FILE` exists, the user's files are not read; where it is
//!   the null device, no file is;
//! - `[install]` wins over `[global]`, whichever files they are in; empty
//!   values count as missing; keys may be written with `_` and in any case.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::address::IndexUrl;
use super::default::{DefaultIndexError, IndexOrigin};
use crate::Surroundings;

/// The file in the cache that remembers pip's answer.
pub(crate) const REMEMBERED: &str = "pip-default-index";

/// Starting Python may be slow on a busy machine; a pip that hangs must not
/// hang layerlock.
const PIP_PATIENCE: Duration = Duration::from_secs(30);

#[cfg(windows)]
const NULL_DEVICE: &str = "nul";
#[cfg(not(windows))]
const NULL_DEVICE: &str = "/dev/null";

/// Where pip keeps its configuration on this operating system, later files
/// winning.
pub(crate) fn configuration_files(
    os: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Vec<PathBuf> {
    let explicit = variable("PIP_CONFIG_FILE").map(PathBuf::from);
    if explicit.as_deref() == Some(Path::new(NULL_DEVICE)) {
        return Vec::new();
    }
    let folder = |name: &str| variable(name).map(PathBuf::from);
    let home = folder(if os == "windows" {
        "USERPROFILE"
    } else {
        "HOME"
    });
    let in_home = |path: &str| home.as_ref().map(|home| home.join(path));

    // Folders that hold pip.conf.
    let mut global: Vec<PathBuf> = Vec::new();
    let mut user: Vec<Option<PathBuf>> = Vec::new();
    match os {
        "windows" => {
            global.extend(folder("ProgramData").map(|data| data.join("pip")));
            user.push(in_home("pip"));
            user.push(folder("APPDATA").map(|data| data.join("pip")));
        }
        "macos" => {
            global.push(PathBuf::from("/Library/Application Support/pip"));
            user.push(in_home(".pip"));
            let modern = in_home("Library/Application Support/pip").filter(|path| path.is_dir());
            user.push(modern.or_else(|| in_home(".config/pip")));
        }
        _ => {
            let shared = variable("XDG_CONFIG_DIRS").unwrap_or_else(|| "/etc/xdg".to_owned());
            let shared = shared.split(':').filter(|path| !path.is_empty());
            global.extend(shared.map(|path| Path::new(path).join("pip")));
            global.push(PathBuf::from("/etc"));
            user.push(in_home(".pip"));
            let config = folder("XDG_CONFIG_HOME").or_else(|| in_home(".config"));
            user.push(config.map(|config| config.join("pip")));
        }
    }
    if explicit.as_ref().is_some_and(|path| path.exists()) {
        user.clear();
    }
    // pip takes the prefix of its own Python; an active environment is where
    // people put a file of this kind.
    let site = folder("VIRTUAL_ENV").or_else(|| folder("CONDA_PREFIX"));
    let name = if os == "windows" {
        "pip.ini"
    } else {
        "pip.conf"
    };
    global
        .into_iter()
        .chain(user.into_iter().flatten())
        .chain(site)
        .map(|folder| folder.join(name))
        .chain(explicit)
        .collect()
}

/// The merged values of pip's configuration files, by section and key.
pub(crate) struct PipSettings(BTreeMap<(String, String), (String, PathBuf)>);

impl PipSettings {
    pub(crate) fn read(files: &[PathBuf]) -> Result<Self, DefaultIndexError> {
        let options = || ini::ParseOption {
            enabled_quote: false,
            enabled_escape: false,
            // A list goes over several lines.
            enabled_indented_mutiline_value: true,
            enabled_preserve_key_leading_whitespace: false,
        };
        let mut settings = BTreeMap::new();
        for path in files {
            // Like pip, which takes a file that it may not read for none.
            let Ok(bytes) = fs_err::read(path) else {
                continue;
            };
            let text = String::from_utf8_lossy(&bytes);
            let parsed = ini::Ini::load_from_str_opt(&text, options());
            let file = parsed.map_err(|error| DefaultIndexError::ConfigurationFile {
                path: path.clone(),
                reason: error.to_string(),
            })?;
            for (section, values) in &file {
                let Some(section) = section else { continue };
                for (key, value) in values {
                    let key = key.trim().to_ascii_lowercase().replace('_', "-");
                    let key = key.strip_prefix("--").unwrap_or(&key).to_owned();
                    let value = (value.trim().to_owned(), path.clone());
                    settings.insert((section.to_owned(), key), value);
                }
            }
        }
        Ok(Self(settings))
    }

    /// The value of a variable of pip's, else that of a key in its files.
    pub(crate) fn value(
        surroundings: &Surroundings,
        variable: &'static str,
        key: &str,
    ) -> Result<Option<(String, IndexOrigin)>, DefaultIndexError> {
        if let Some(value) = surroundings.variables.get(variable) {
            return Ok(Some((value.to_owned(), IndexOrigin::Variable(variable))));
        }
        Ok(Self::read(&surroundings.configuration_files)?.get(key))
    }

    pub(crate) fn get(&self, key: &str) -> Option<(String, IndexOrigin)> {
        ["install", "global"].iter().find_map(|&section| {
            let found = self.0.get(&(section.to_owned(), key.to_owned()));
            let (value, path) = found.filter(|(value, _)| !value.is_empty())?;
            Some((value.clone(), IndexOrigin::ConfigurationFile(path.clone())))
        })
    }
}

/// What pip has built in: from the cache, or from pip.
pub(super) fn built_in_index(commands: &[Vec<String>], cache: Option<&Path>) -> Option<IndexUrl> {
    let remembered = cache.map(|folder| folder.join(REMEMBERED));
    let known = remembered.and_then(|path| fs_err::read_to_string(path).ok());
    if let Some(url) = known.and_then(|text| IndexUrl::parse(&text).ok()) {
        return Some(url);
    }
    // An empty folder to run in: `python -m` would import a module named pip
    // from the current one.
    let empty = tempfile::tempdir().ok()?;
    let url = commands
        .iter()
        .find_map(|command| ask_pip(command, empty.path()))?;
    if let Some(folder) = cache {
        // Only a shortcut: where it cannot be kept, pip is asked again.
        let _ = remember(folder, &url);
    }
    Some(url)
}

fn ask_pip(command: &[String], folder: &Path) -> Option<IndexUrl> {
    let (program, arguments) = command.split_first()?;
    let arguments = arguments.iter().map(String::as_str);
    let arguments = arguments.chain(["--isolated", "install", "--help"]);
    let help = duct::cmd(program, arguments)
        .dir(folder)
        // pip wraps its help to this width.
        .env("COLUMNS", "1000")
        .env("NO_COLOR", "1")
        // `--isolated` leaves the environment and the user's file out, this the
        // others too.
        .env("PIP_CONFIG_FILE", NULL_DEVICE);
    let text = crate::command::answer(&help, PIP_PATIENCE)?;
    let address = default_in_help(&String::from_utf8_lossy(&text))?;
    let url = IndexUrl::parse(&address).ok()?;
    // pip shows `****` for a password: such an address would not work.
    url.credentials().is_none().then_some(url)
}

/// The default of `--index-url` in the help text, where pip writes `(default
/// ADDRESS)`.
fn default_in_help(help: &str) -> Option<String> {
    let (_, option) = help.split_once("--index-url ")?;
    let option = option.split("--extra-index-url").next()?;
    let (_, default) = option.split_once("(default")?;
    let (default, _) = default.split_once(')')?;
    // Without the blanks of a line that was wrapped after all.
    Some(default.split_whitespace().collect())
}

fn remember(folder: &Path, url: &IndexUrl) -> std::io::Result<()> {
    let unfinished = crate::cache::make(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(unfinished)?;
    writeln!(file, "{}", url.url())?;
    file.persist(folder.join(REMEMBERED))?;
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

    fn files(os: &str, variables: &[(&str, &str)]) -> Vec<PathBuf> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        configuration_files(os, &variable)
    }

    fn paths(texts: &[&str]) -> Vec<PathBuf> {
        texts.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn files_are_where_pip_documents_them() {
        assert_eq!(
            files("linux", &[("HOME", "/h")]),
            paths(&[
                "/etc/xdg/pip/pip.conf",
                "/etc/pip.conf",
                "/h/.pip/pip.conf",
                "/h/.config/pip/pip.conf",
            ])
        );
        assert_eq!(
            files(
                "linux",
                &[
                    ("HOME", "/h"),
                    ("XDG_CONFIG_DIRS", "/a:/b"),
                    ("XDG_CONFIG_HOME", "/c"),
                    ("VIRTUAL_ENV", "/v"),
                ]
            ),
            paths(&[
                "/a/pip/pip.conf",
                "/b/pip/pip.conf",
                "/etc/pip.conf",
                "/h/.pip/pip.conf",
                "/c/pip/pip.conf",
                "/v/pip.conf",
            ])
        );
        assert_eq!(
            files("macos", &[("HOME", "/h")]),
            paths(&[
                "/Library/Application Support/pip/pip.conf",
                "/h/.pip/pip.conf",
                "/h/.config/pip/pip.conf",
            ])
        );
        assert_eq!(
            files(
                "windows",
                &[
                    ("ProgramData", "/d"),
                    ("USERPROFILE", "/u"),
                    ("APPDATA", "/r"),
                ]
            ),
            paths(&["/d/pip/pip.ini", "/u/pip/pip.ini", "/r/pip/pip.ini"])
        );
    }

    #[test]
    fn an_explicit_file_replaces_those_of_the_user() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("my.conf");
        let text = file.to_str().unwrap();
        let variables = [("HOME", "/h"), ("PIP_CONFIG_FILE", text)];
        // Named but missing: the user's count.
        assert_eq!(files("linux", &variables).len(), 5);
        fs_err::write(&file, "").unwrap();
        let mut expected = paths(&["/etc/xdg/pip/pip.conf", "/etc/pip.conf"]);
        expected.push(file.clone());
        assert_eq!(files("linux", &variables), expected);

        let variables = [("HOME", "/h"), ("PIP_CONFIG_FILE", NULL_DEVICE)];
        assert_eq!(files("linux", &variables), paths(&[]));
    }

    /// The values of `key` after reading files with these texts in order.
    fn setting(texts: &[&str], key: &str) -> Option<(String, usize)> {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<PathBuf> = (0..texts.len())
            .map(|number| folder.path().join(number.to_string()))
            .collect();
        for (file, text) in files.iter().zip(texts) {
            fs_err::write(file, text).unwrap();
        }
        let (value, origin) = PipSettings::read(&files).unwrap().get(key)?;
        let number = files
            .iter()
            .position(|file| origin == IndexOrigin::ConfigurationFile(file.clone()));
        Some((value, number.unwrap()))
    }

    #[test]
    fn files_are_merged_as_pip_merges_them() {
        let get = |texts: &[&str]| setting(texts, "index-url");
        let value = |text: &str, number| Some((text.to_owned(), number));
        assert_eq!(get(&["[global]\nindex-url = a\n"]), value("a", 0));
        assert_eq!(
            get(&["[global]\nindex-url = a\n", "[global]\nINDEX_URL: b\n"]),
            value("b", 1)
        );
        assert_eq!(
            get(&["[install]\nindex-url = a\n", "[global]\nindex-url = b\n"]),
            value("a", 0)
        );
        // An empty value hides the one before it, and then counts for none.
        assert_eq!(
            get(&["[global]\nindex-url = a\n", "[global]\nindex-url =\n"]),
            None
        );
        assert_eq!(get(&["[download]\nindex-url = a\n"]), None);
        assert_eq!(get(&["# nothing\n"]), None);
    }

    #[test]
    fn values_are_taken_as_they_stand() {
        let text = "; a comment\n[global]\nextra-index-url =\n    https://x/\n    https://y/\n\
                    index-url = https://u:p%40w\\d\"@packages.example.com/simple ; kept\n";
        assert_eq!(
            setting(&[text], "index-url").unwrap().0,
            "https://u:p%40w\\d\"@packages.example.com/simple ; kept"
        );
    }

    #[test]
    fn a_malformed_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pip.conf");
        fs_err::write(&file, "[global\nindex-url\n").unwrap();
        let error = PipSettings::read(&[folder.path().join("none"), file.clone()]).map(|_| ());
        let message = error.unwrap_err().to_string();
        assert!(message.contains(file.to_str().unwrap()), "{message}");
    }

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
    fn fake_pip(folder: &Path, name: &str, script: &str) -> Vec<String> {
        let path = folder.join(name);
        fs_err::write(&path, script).unwrap();
        vec!["sh".to_owned(), path.to_str().unwrap().to_owned()]
    }

    #[cfg(unix)]
    #[test]
    fn pip_is_asked_once_and_then_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let calls = folder.path().join("calls");
        // Answers only to the call as it must be.
        let script = format!(
            "echo called >> {}\n[ \"$*\" = \"--isolated install --help\" ] || exit 2\n\
             [ \"$PIP_CONFIG_FILE\" = /dev/null ] && [ \"$COLUMNS\" -ge 500 ] || exit 3\n\
             [ -z \"$(ls -A)\" ] || exit 4\ncat <<'END'\n{HELP}END\n",
            calls.display()
        );
        let broken = fake_pip(folder.path(), "broken", "echo nothing; exit 1\n");
        let silent = fake_pip(folder.path(), "silent", "echo usage\n");
        let missing = vec!["layerlock-test-no-such-pip".to_owned()];
        let answers = fake_pip(folder.path(), "answers", &script);
        let commands = [missing, broken, silent, answers];
        let cache = folder.path().join("cache/deep");
        let url = IndexUrl::parse("https://packages.example.com/simple/").unwrap();
        for _ in 0..2 {
            assert_eq!(built_in_index(&commands, Some(&cache)), Some(url.clone()));
        }
        assert_eq!(fs_err::read_to_string(&calls).unwrap(), "called\n");
        // It is a cache from then on.
        crate::Cache::at(&cache).prune(None).unwrap();
        // What is remembered must be an address; without a cache nothing is.
        fs_err::write(cache.join(REMEMBERED), "\0").unwrap();
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
        let folder = tempfile::tempdir().unwrap();
        let help = HELP.replace("https://", "https://u:****@");
        let script = format!("cat <<'END'\n{help}END\n");
        let command = fake_pip(folder.path(), "pip", &script);
        assert_eq!(built_in_index(&[command], None), None);
    }

    #[test]
    fn booleans_are_pips() {
        for (text, value) in [("YES", Some(true)), ("0", Some(false)), ("2", None)] {
            assert_eq!(boolean(text), value);
        }
    }
}
