//! Which index is asked where neither the project nor an option names one.
//!
//! layerlock carries no registry's URL. The index is the one that pip would
//! use, found in pip's own order: the environment, then pip's and uv's configuration
//! files, then the URL that this build of layerlock brings along
//! (`LAYERLOCK_DEFAULT_INDEX_URL` at compile time), as released wheels do: such a build
//! starts no Python to find an index. Any other build takes what the machine's pip has
//! built in. pip is asked by reading the default in the text of `pip install --help`, and
//! its answer is remembered in the cache. Where there is no pip, uv is asked for its own
//! default, then the pip that Python brings along or that Poetry lives with.

use std::collections::HashSet;
use std::path::Path;

use layerlock_client::{MachineConfig, SettingOrigin, UvIndex};
use layerlock_diagnostic::Diagnose;

use super::built_in;
use super::index_url::{Index, IndexUrl, IndexUrlError};
use super::origin::IndexOrigin;

/// An index and what named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultIndex {
    /// The index; only uv gives one a name.
    pub index: Index,
    /// What named it.
    pub origin: IndexOrigin,
}

/// Why there is no default index.
#[derive(Debug, thiserror::Error)]
pub enum DefaultIndexError {
    /// An index is named, but not by a URL that can be used.
    #[error("{origin} names no index that can be used: {error}")]
    Url {
        /// What names it.
        origin: IndexOrigin,
        /// What is wrong with the URL.
        error: IndexUrlError,
    },
    /// pip was told to use no index.
    #[error("{origin} says that no index may be used (no-index)")]
    NoIndex {
        /// What says so.
        origin: SettingOrigin,
    },
    /// `no-index` is neither true nor false.
    #[error("{origin} has {value:?} for no-index, which is neither true nor false")]
    NotABoolean {
        /// What has the value.
        origin: SettingOrigin,
        /// The value.
        value: String,
    },
    /// The settings of the machine could not be read.
    #[error(transparent)]
    Settings(#[from] layerlock_client::Error),
    /// Nothing names an index.
    #[error("no package index is named, and no pip answered ({})", asked.join(", "))]
    NoneFound {
        /// The commands that were tried.
        asked: Vec<String>,
    },
    /// Nothing names an index, and pip hangs.
    #[error(
        "no package index is named, and `{command}`, which was asked for its own, did not answer within {seconds} seconds"
    )]
    NoAnswer {
        /// The command.
        command: String,
        /// How long it was waited for.
        seconds: u64,
    },
}

impl DefaultIndex {
    /// The index, which knows what named it: an error of it says so.
    pub fn into_index(self) -> Index {
        Index {
            named_by: Some(self.origin),
            ..self.index
        }
    }
}

/// How people name an index.
const WAYS: &str = "name one: with --index-url, in a [[tool.poetry.source]] of pyproject.toml, in \
                    the environment variable PIP_INDEX_URL or UV_DEFAULT_INDEX, as index-url in \
                    pip's configuration file, or as an [[index]] with default = true in uv.toml";

impl DefaultIndexError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Url { error, .. } => error.hint(),
            Self::NoIndex { .. } => Some("name an index with --index-url, or unset it".to_owned()),
            Self::NotABoolean { .. } => Some("write true or false".to_owned()),
            Self::Settings(error) => error.hint(),
            Self::NoneFound { .. } => Some(format!(
                "{WAYS}; or install pip or uv, whose own default is then used"
            )),
            Self::NoAnswer { command, .. } => Some(format!(
                "{WAYS}; or find out why `{command} install --help` hangs"
            )),
        }
    }
}

/// The index to use where the project's own sources do not decide.
///
/// `cache` is the directory in which pip's answer is remembered; without one pip is
/// asked each time. Blocks while pip answers.
pub fn default_index(
    machine: &MachineConfig,
    cache: Option<&Path>,
) -> Result<DefaultIndex, DefaultIndexError> {
    if let Some((value, origin)) = machine.pip_setting(&["PIP_NO_INDEX"], "no-index")? {
        match built_in::boolean(&value) {
            Some(false) => {}
            Some(true) => return Err(DefaultIndexError::NoIndex { origin }),
            None => return Err(DefaultIndexError::NotABoolean { origin, value }),
        }
    }
    let setting = ["PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"]
        .into_iter()
        .find_map(|name| machine.variables.setting(name));
    let setting = match setting {
        Some(setting) => Some(setting),
        None => machine.pip_files.get("index-url")?,
    };
    if let Some((text, origin)) = setting {
        return named(&text, IndexOrigin::Setting(origin));
    }
    let of_uv = machine.uv_files.get()?;
    if let Some(origin) = of_uv.no_index.clone() {
        return Err(DefaultIndexError::NoIndex { origin });
    }
    if let Some(index) = &of_uv.default_index {
        return of_uvs_files(index);
    }
    built_in_index(machine, cache)
}

/// The index of this build of layerlock, or of what is installed.
fn built_in_index(
    machine: &MachineConfig,
    cache: Option<&Path>,
) -> Result<DefaultIndex, DefaultIndexError> {
    let found = |url: IndexUrl, origin| DefaultIndex {
        index: url.into(),
        origin,
    };
    if let Some(text) = &machine.baked_in {
        return named(text, IndexOrigin::BakedIn);
    }
    let of_pip = built_in::of_pip(&machine.pip_commands, cache, built_in::TIMEOUT);
    if let Ok(Some((url, origin))) = of_pip {
        return Ok(found(url, origin));
    }
    if let Some(url) = built_in::of_uv(machine) {
        return Ok(found(url, IndexOrigin::Uv));
    }
    // Where one Python hangs, so does another.
    if let Err(built_in::Hung { command, seconds }) = of_pip {
        return Err(DefaultIndexError::NoAnswer { command, seconds });
    }
    if let Some(url) = built_in::of_hidden_pip(machine) {
        return Ok(found(url, IndexOrigin::Pip));
    }
    let asked = machine.pip_commands.iter();
    Err(DefaultIndexError::NoneFound {
        asked: asked.map(|command| command.join(" ")).collect(),
    })
}

/// The indexes that may have what the default index lacks: those of
/// `PIP_EXTRA_INDEX_URL`, `UV_INDEX` and `UV_EXTRA_INDEX_URL`, in this order, and
/// `extra-index-url` of pip's configuration files where the first is not set.
/// Each lists URLs between blanks. Then those of uv's configuration files: uv lets them
/// be directories, which are passed over.
pub fn extra_indexes(machine: &MachineConfig) -> Result<Vec<DefaultIndex>, DefaultIndexError> {
    let of_pip = machine.pip_setting(&["PIP_EXTRA_INDEX_URL"], "extra-index-url")?;
    let of_uv = ["UV_INDEX", "UV_EXTRA_INDEX_URL"]
        .into_iter()
        .filter_map(|name| machine.variables.setting(name));
    let mut found: Vec<DefaultIndex> = Vec::new();
    for (value, origin) in of_pip.into_iter().chain(of_uv) {
        for text in value.split_whitespace() {
            found.push(named(text, IndexOrigin::Setting(origin.clone()))?);
        }
    }
    let of_files = &machine.uv_files.get()?.extra_indexes;
    found.extend(of_files.iter().filter_map(|index| of_uvs_files(index).ok()));
    let mut urls = HashSet::new();
    found.retain(|extra| urls.insert(extra.index.url.clone()));
    Ok(found)
}

/// The index at a URL, to which uv lets a variable give a name: `NAME=URL`.
fn named(text: &str, origin: IndexOrigin) -> Result<DefaultIndex, DefaultIndexError> {
    let (name, url) = match text.split_once('=') {
        Some((name, url)) if !name.contains([':', '/']) => (Some(name.to_owned()), url),
        _ => (None, text),
    };
    at(name, url, origin)
}

fn of_uvs_files(index: &UvIndex) -> Result<DefaultIndex, DefaultIndexError> {
    let origin = IndexOrigin::Setting(index.origin.clone());
    at(index.name.clone(), &index.url, origin)
}

fn at(
    name: Option<String>,
    url: &str,
    origin: IndexOrigin,
) -> Result<DefaultIndex, DefaultIndexError> {
    match IndexUrl::parse(url) {
        Ok(url) => Ok(DefaultIndex {
            index: Index { name, ..url.into() },
            origin,
        }),
        Err(error) => Err(DefaultIndexError::Url { origin, error }),
    }
}

#[cfg(test)]
mod tests {
    use layerlock_client::{PipFiles, UvFiles};

    use super::*;

    fn index(name: &str) -> String {
        format!("https://{name}.example.com/simple/")
    }

    fn variable(name: &'static str) -> IndexOrigin {
        IndexOrigin::Setting(SettingOrigin::Variable(name))
    }

    fn found(machine: &MachineConfig) -> (String, IndexOrigin) {
        let found = default_index(machine, None).unwrap();
        (found.index.url.to_string(), found.origin)
    }

    #[test]
    fn the_order_is_variables_files_baked_in() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pip.conf");
        fs_err::write(&file, format!("[global]\nindex-url = {}\n", index("file"))).unwrap();
        let mut machine = MachineConfig {
            baked_in: Some(index("baked")),
            ..MachineConfig::default()
        };
        assert_eq!(found(&machine), (index("baked"), IndexOrigin::BakedIn));
        let uv = directory.path().join("uv.toml");
        let text = format!(
            "[[index]]\nurl = \"{}\"\ndefault = true\n",
            index("uv-file")
        );
        fs_err::write(&uv, text).unwrap();
        machine.uv_files = UvFiles::new([uv.clone()]);
        assert_eq!(
            found(&machine),
            (
                index("uv-file"),
                IndexOrigin::Setting(SettingOrigin::UvFile(uv))
            )
        );
        machine.pip_files = PipFiles::new([file.clone()]);
        assert_eq!(
            found(&machine),
            (
                index("file"),
                IndexOrigin::Setting(SettingOrigin::PipFile(file))
            )
        );
        // From the weakest to the strongest.
        for (name, value, url) in [
            ("UV_INDEX_URL", index("uv-old"), index("uv-old")),
            (
                "UV_DEFAULT_INDEX",
                format!("mine={}", index("uv")),
                index("uv"),
            ),
            ("PIP_INDEX_URL", index("pip"), index("pip")),
        ] {
            machine.variables.insert(name, value);
            assert_eq!(found(&machine), (url, variable(name)));
        }
    }

    #[test]
    fn no_index_is_obeyed() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pip.conf");
        fs_err::write(&file, "[global]\nno_index = yes\n").unwrap();
        let mut machine = MachineConfig {
            baked_in: Some(index("baked")),
            ..MachineConfig::default()
        };
        machine.pip_files = PipFiles::new([file.clone()]);
        let error = default_index(&machine, None).unwrap_err();
        let from_file = SettingOrigin::PipFile(file);
        assert!(
            matches!(&error, DefaultIndexError::NoIndex { origin } if *origin == from_file),
            "{error:?}"
        );

        // The variable wins over the file.
        machine.variables.insert("PIP_NO_INDEX", "0");
        assert_eq!(found(&machine).1, IndexOrigin::BakedIn);
        machine.variables.insert("PIP_NO_INDEX", "True");
        let error = default_index(&machine, None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment variable PIP_NO_INDEX says that no index may be used (no-index)"
        );

        machine.variables.insert("PIP_NO_INDEX", "perhaps");
        let error = default_index(&machine, None).unwrap_err();
        assert!(error.to_string().contains("\"perhaps\""), "{error}");
    }

    #[test]
    fn no_index_of_uvs_files_is_obeyed_where_pip_names_none() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("uv.toml");
        fs_err::write(&file, "no-index = true\n").unwrap();
        let mut machine = MachineConfig {
            uv_files: UvFiles::new([file]),
            ..MachineConfig::default()
        };
        let error = default_index(&machine, None).unwrap_err();
        assert!(matches!(error, DefaultIndexError::NoIndex { .. }));
        machine.variables.insert("PIP_INDEX_URL", index("pip"));
        assert_eq!(found(&machine).0, index("pip"));
    }

    /// A program that is a shell script.
    #[cfg(unix)]
    fn script(directory: &Path, name: &str, text: &str) -> Vec<String> {
        let path = directory.join(name);
        fs_err::write(&path, text).unwrap();
        vec!["sh".to_owned(), path.to_str().unwrap().to_owned()]
    }

    #[cfg(unix)]
    #[test]
    fn without_pip_a_pip_that_python_brings_along_is_asked() {
        let directory = tempfile::tempdir().unwrap();
        let text = format!(
            "[ \"$1\" = -c ] && echo '--index-url <url> Base URL (default {})'\n",
            index("python")
        );
        let mut machine = MachineConfig {
            python_commands: vec![script(directory.path(), "python", &text)],
            ..MachineConfig::default()
        };
        assert_eq!(found(&machine), (index("python"), IndexOrigin::Pip));
        machine.baked_in = Some(index("baked"));
        assert_eq!(found(&machine).1, IndexOrigin::BakedIn);
    }

    #[cfg(unix)]
    #[test]
    fn a_build_with_an_index_of_its_own_starts_no_pip() {
        let directory = tempfile::tempdir().unwrap();
        let started = directory.path().join("started");
        let text = format!(
            "echo > '{}'\necho '--index-url <url> Base URL (default {})'\n",
            started.display(),
            index("of-pip")
        );
        let mut machine = MachineConfig {
            pip_commands: vec![script(directory.path(), "pip", &text)],
            baked_in: Some(index("baked")),
            ..MachineConfig::default()
        };
        assert_eq!(found(&machine), (index("baked"), IndexOrigin::BakedIn));
        assert!(!started.exists());
        machine.baked_in = None;
        assert_eq!(found(&machine), (index("of-pip"), IndexOrigin::Pip));
        assert!(started.exists());
    }

    #[test]
    fn a_bad_url_is_blamed_on_what_named_it_without_its_password() {
        let mut machine = MachineConfig::default();
        let value = "ftp://u:hush@packages.example.com/".to_owned();
        machine.variables.insert("PIP_INDEX_URL", value);
        let error = default_index(&machine, None).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("PIP_INDEX_URL"), "{message}");
        assert!(
            !format!("{message} {error:?}").contains("hush"),
            "{message}"
        );
        assert!(error.hint().unwrap().contains("simple index"));
    }

    #[test]
    fn where_nothing_answers_the_hint_lists_the_ways() {
        let machine = MachineConfig {
            pip_commands: vec![vec!["layerlock-test-no-such-pip".to_owned()]],
            ..MachineConfig::default()
        };
        let error = default_index(&machine, None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no package index is named, and no pip answered (layerlock-test-no-such-pip)"
        );
        let hint = error.hint().unwrap();
        for way in [
            "--index-url",
            "[[tool.poetry.source]]",
            "PIP_INDEX_URL",
            "UV_DEFAULT_INDEX",
            "configuration",
            "uv.toml",
            "install pip or uv",
        ] {
            assert!(hint.contains(way), "{hint}");
        }
    }

    #[test]
    fn a_uv_index_may_have_a_name() {
        let index = |text: &str| named(text, IndexOrigin::Pip).unwrap().index;
        let with_name = index("mine=https://packages.example.com/");
        assert_eq!(with_name.name.as_deref(), Some("mine"));
        assert_eq!(with_name.url.to_string(), "https://packages.example.com/");
        assert_eq!(index("https://packages.example.com/a=b").name, None);
    }

    #[test]
    fn extra_indexes_are_lists_of_both_tools() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pip.conf");
        let text = format!(
            "[global]\nextra-index-url =\n    {}\n    {}\n",
            index("a"),
            index("b")
        );
        fs_err::write(&file, text).unwrap();
        let mut machine = MachineConfig::default();
        let extras = |machine: &MachineConfig| -> Vec<(Option<String>, String)> {
            let found = extra_indexes(machine).unwrap();
            found
                .into_iter()
                .map(|extra| (extra.index.name, extra.index.url.to_string()))
                .collect()
        };
        assert_eq!(extras(&machine), []);
        machine.pip_files = PipFiles::new([file]);
        assert_eq!(extras(&machine), [(None, index("a")), (None, index("b"))]);
        machine.variables.insert("PIP_EXTRA_INDEX_URL", index("c"));
        let lists = format!("mine={} {}", index("d"), index("c"));
        machine.variables.insert("UV_INDEX", lists);
        machine.variables.insert("UV_EXTRA_INDEX_URL", index("e"));
        let uv = directory.path().join("uv.toml");
        let text = format!(
            "extra-index-url = [\"{}\"]\n[[index]]\nname = \"f\"\nurl = \"{}\"\n\
             [[index]]\nurl = \"./wheels\"\n",
            index("e"),
            index("f")
        );
        fs_err::write(&uv, text).unwrap();
        machine.uv_files = UvFiles::new([uv]);
        assert_eq!(
            extras(&machine),
            [
                (None, index("c")),
                (Some("mine".to_owned()), index("d")),
                (None, index("e")),
                (Some("f".to_owned()), index("f")),
            ]
        );
        machine.variables.insert("UV_INDEX", "ftp://u:hush@x/");
        let error = extra_indexes(&machine).unwrap_err().to_string();
        assert!(
            error.contains("UV_INDEX") && !error.contains("hush"),
            "{error}"
        );
    }
}
