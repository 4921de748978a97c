//! pip's configuration files.
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
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::variables::Variables;
use crate::once::get_or_make;
use crate::{Error, SettingOrigin};

#[cfg(windows)]
const NULL_DEVICE: &str = "nul";
#[cfg(not(windows))]
const NULL_DEVICE: &str = "/dev/null";

/// Where pip keeps its configuration on this operating system, later files
/// winning.
pub(super) fn configuration_files(os: &str, variables: &Variables) -> Vec<PathBuf> {
    let explicit = variables.path("PIP_CONFIG_FILE");
    if explicit.as_deref() == Some(Path::new(NULL_DEVICE)) {
        return Vec::new();
    }
    let directory = |name: &str| variables.path(name);
    let home = variables.home(os);
    let in_home = |path: &str| home.as_ref().map(|home| home.join(path));

    // Directories that hold pip.conf.
    let mut global: Vec<PathBuf> = Vec::new();
    let mut user: Vec<Option<PathBuf>> = Vec::new();
    match os {
        "windows" => {
            global.extend(directory("ProgramData").map(|data| data.join("pip")));
            user.push(in_home("pip"));
            user.push(directory("APPDATA").map(|data| data.join("pip")));
        }
        "macos" => {
            global.push(PathBuf::from("/Library/Application Support/pip"));
            user.push(in_home(".pip"));
            let modern = in_home("Library/Application Support/pip").filter(|path| path.is_dir());
            user.push(modern.or_else(|| in_home(".config/pip")));
        }
        _ => {
            let shared = variables.get("XDG_CONFIG_DIRS").unwrap_or("/etc/xdg");
            let shared = shared.split(':').filter(|path| !path.is_empty());
            global.extend(shared.map(|path| Path::new(path).join("pip")));
            global.push(PathBuf::from("/etc"));
            user.push(in_home(".pip"));
            let config = directory("XDG_CONFIG_HOME").or_else(|| in_home(".config"));
            user.push(config.map(|config| config.join("pip")));
        }
    }
    if explicit.as_ref().is_some_and(|path| path.exists()) {
        user.clear();
    }
    // pip takes the prefix of its own Python; an active environment is where
    // people put a file of this kind.
    let site = directory("VIRTUAL_ENV").or_else(|| directory("CONDA_PREFIX"));
    let name = if os == "windows" {
        "pip.ini"
    } else {
        "pip.conf"
    };
    global
        .into_iter()
        .chain(user.into_iter().flatten())
        .chain(site)
        .map(|directory| directory.join(name))
        .chain(explicit)
        .collect()
}

/// pip's configuration files, which are read when the first of their values is
/// asked for, and once.
#[derive(Clone, Default)]
pub struct PipFiles {
    /// Whether they exist or not; later ones win.
    paths: Vec<PathBuf>,
    values: OnceLock<Values>,
}

/// The merged values of the files, by section and key, and which file has each.
type Values = BTreeMap<(String, String), (String, PathBuf)>;

impl PipFiles {
    /// The files at these paths, whether they exist or not; later ones win.
    pub fn new(paths: impl Into<Vec<PathBuf>>) -> Self {
        Self {
            paths: paths.into(),
            values: OnceLock::new(),
        }
    }

    /// The value of a key, written with `-`, and the file that has it.
    pub fn get(&self, key: &str) -> Result<Option<(String, SettingOrigin)>, Error> {
        let values = get_or_make(&self.values, || read(&self.paths))?;
        Ok(["install", "global"].iter().find_map(|&section| {
            let found = values.get(&(section.to_owned(), key.to_owned()));
            let (value, path) = found.filter(|(value, _)| !value.is_empty())?;
            Some((value.clone(), SettingOrigin::PipFile(path.clone())))
        }))
    }
}

/// The paths alone: a value may be a password.
impl fmt::Debug for PipFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PipFiles").field(&self.paths).finish()
    }
}

fn read(files: &[PathBuf]) -> Result<Values, Error> {
    let options = || ini::ParseOption {
        enabled_quote: false,
        enabled_escape: false,
        // A list goes over several lines.
        enabled_indented_mutiline_value: true,
        enabled_preserve_key_leading_whitespace: false,
    };
    let mut values = Values::new();
    for path in files {
        // Like pip, which takes a file that it may not read for none.
        let Ok(bytes) = layerlock_diagnostic::read_file(path) else {
            continue;
        };
        let text = String::from_utf8_lossy(&bytes);
        let malformed = |line: usize| Error::PipFile {
            path: path.clone(),
            reason: format!("line {line} is neither [SECTION] nor KEY = VALUE"),
        };
        if let Some(line) = line_without_value(&text) {
            return Err(malformed(line));
        }
        let parsed = ini::Ini::load_from_str_opt(&text, options());
        let file = parsed.map_err(|error| malformed(error.line))?;
        for (section, pairs) in &file {
            let Some(section) = section else { continue };
            for (key, value) in pairs {
                let key = key.trim().to_ascii_lowercase().replace('_', "-");
                let key = key.strip_prefix("--").unwrap_or(&key).to_owned();
                let value = (value.trim().to_owned(), path.clone());
                values.insert((section.to_owned(), key), value);
            }
        }
    }
    Ok(values)
}

/// The number of the first line that is none of a section, a comment, a key with its
/// value, and more of a value. The parser would take it for the start of the next key.
fn line_without_value(text: &str) -> Option<usize> {
    let is_fine = |line: &str| {
        line.trim().is_empty()
            || line.starts_with(char::is_whitespace)
            || line.starts_with(['#', ';'])
            || if line.starts_with('[') {
                line.contains(']')
            } else {
                line.contains(['=', ':'])
            }
    };
    let wrong = text.lines().position(|line| !is_fine(line))?;
    Some(wrong + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(os: &str, variables: &[(&str, &str)]) -> Vec<PathBuf> {
        configuration_files(os, &Variables::new(variables.iter().copied()))
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
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("my.conf");
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
        let directory = tempfile::tempdir().unwrap();
        let files: Vec<PathBuf> = (0..texts.len())
            .map(|number| directory.path().join(number.to_string()))
            .collect();
        for (file, text) in files.iter().zip(texts) {
            fs_err::write(file, text).unwrap();
        }
        let (value, origin) = PipFiles::new(files.clone()).get(key).unwrap()?;
        let number = files
            .iter()
            .position(|file| origin == SettingOrigin::PipFile(file.clone()));
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
    fn a_malformed_file_is_named_with_its_line() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pip.conf");
        for (text, line) in [
            ("[global]\ntimeout = 1\nindex-url https\n", 3),
            ("[global]\nindex-url\ntimeout = 1\n", 2),
            ("[global\nindex-url = x\n", 1),
        ] {
            fs_err::write(&file, text).unwrap();
            let files = PipFiles::new([directory.path().join("none"), file.clone()]);
            assert_eq!(
                files.get("index-url").unwrap_err().to_string(),
                format!(
                    "pip's configuration file {} is malformed: line {line} is neither [SECTION] \
                     nor KEY = VALUE",
                    file.display()
                )
            );
        }
    }
}
