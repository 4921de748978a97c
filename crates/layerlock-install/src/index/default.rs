//! Which index is asked where neither the project nor an option names one.
//!
//! layerlock carries no registry's address. The index is the one that pip would
//! use, found in pip's own order: the environment, then pip's configuration
//! files, then what the machine's pip has built in. The last is asked of pip,
//! by reading the default in the text of `pip install --help`, and remembered
//! in the cache. A build of layerlock may bake in an address for machines
//! without pip (`LAYERLOCK_DEFAULT_INDEX_URL` at compile time).

use std::fmt;
use std::path::{Path, PathBuf};

use super::Index;
use super::address::{AddressError, IndexUrl};
use super::pip::{self, PipSettings};
use crate::Surroundings;

/// An index and what named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultIndex {
    /// The index; only uv gives it a name.
    pub index: Index,
    /// What named it.
    pub origin: IndexOrigin,
}

/// What named an index, or something to reach one; Display is for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexOrigin {
    /// The option `--index-url`.
    Option,
    /// An environment variable.
    Variable(&'static str),
    /// One of pip's configuration files.
    ConfigurationFile(PathBuf),
    /// A file or an environment variable of Poetry's.
    Poetry(String),
    /// What the machine's pip has built in.
    Pip,
    /// What layerlock was built with.
    BakedIn,
}

/// Why there is no default index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefaultIndexError {
    /// An index is named, but not by an address that can be used.
    #[error("{origin} names no index that can be used: {error}")]
    Address {
        /// What names it.
        origin: IndexOrigin,
        /// What is wrong with the address.
        error: AddressError,
    },
    /// pip was told to use no index.
    #[error("{origin} says that no index may be used (no-index)")]
    NoIndex {
        /// What says so.
        origin: IndexOrigin,
    },
    /// `no-index` is neither true nor false.
    #[error("{origin} has {value:?} for no-index, which is neither true nor false")]
    NotABoolean {
        /// What has the value.
        origin: IndexOrigin,
        /// The value.
        value: String,
    },
    /// A configuration file of pip's that pip could not read either.
    #[error("pip's configuration file {} is malformed: {reason}", path.display())]
    ConfigurationFile {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
    /// Nothing names an index.
    #[error("no package index is named, and no pip answered ({})", asked.join(", "))]
    NoneFound {
        /// The commands that were tried.
        asked: Vec<String>,
    },
}

impl DefaultIndexError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Address { error, .. } => error.hint(),
            Self::NoIndex { .. } => Some("name an index with --index-url, or unset it".to_owned()),
            Self::NotABoolean { .. } => Some("write true or false".to_owned()),
            Self::ConfigurationFile { .. } => Some("`pip config debug` lists its files".to_owned()),
            Self::NoneFound { .. } => Some(
                "name one: with --index-url, in a [[tool.poetry.source]] of pyproject.toml, in \
                 the environment variable PIP_INDEX_URL or UV_DEFAULT_INDEX, as index-url in pip's \
                 configuration file; or install pip, whose own default is then used"
                    .to_owned(),
            ),
        }
    }
}

/// The index to use where the project's own sources do not decide.
///
/// `explicit` is the value of `--index-url`, which wins over everything, a
/// `no-index` included. `cache` is the folder in which pip's answer is
/// remembered; without one pip is asked each time. Blocks while pip answers.
pub fn default_index(
    explicit: Option<&str>,
    surroundings: &Surroundings,
    cache: Option<&Path>,
) -> Result<DefaultIndex, DefaultIndexError> {
    if let Some(address) = explicit {
        return named(address, IndexOrigin::Option);
    }
    let settings = PipSettings::read(&surroundings.configuration_files)?;
    let no_index = variable(surroundings, "PIP_NO_INDEX").or_else(|| settings.get("no-index"));
    if let Some((value, origin)) = no_index {
        match pip::boolean(&value) {
            Some(false) => {}
            Some(true) => return Err(DefaultIndexError::NoIndex { origin }),
            None => return Err(DefaultIndexError::NotABoolean { origin, value }),
        }
    }
    let address = ["PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"]
        .into_iter()
        .find_map(|name| variable(surroundings, name))
        .or_else(|| settings.get("index-url"));
    if let Some((address, origin)) = address {
        return named(&address, origin);
    }
    if let Some(url) = pip::built_in_index(&surroundings.pip_commands, cache) {
        let origin = IndexOrigin::Pip;
        return Ok(DefaultIndex {
            index: url.into(),
            origin,
        });
    }
    if let Some(address) = &surroundings.baked_in {
        return named(address, IndexOrigin::BakedIn);
    }
    let asked = surroundings.pip_commands.iter();
    Err(DefaultIndexError::NoneFound {
        asked: asked.map(|command| command.join(" ")).collect(),
    })
}

/// The indexes that may have what the default index lacks: those of
/// `PIP_EXTRA_INDEX_URL`, `UV_INDEX` and `UV_EXTRA_INDEX_URL`, in this order, and
/// `extra-index-url` of pip's configuration files where the first is not set.
/// Each lists addresses between blanks.
pub fn extra_indexes(surroundings: &Surroundings) -> Result<Vec<DefaultIndex>, DefaultIndexError> {
    let settings = PipSettings::read(&surroundings.configuration_files)?;
    let of_pip =
        variable(surroundings, "PIP_EXTRA_INDEX_URL").or_else(|| settings.get("extra-index-url"));
    let of_uv = ["UV_INDEX", "UV_EXTRA_INDEX_URL"]
        .into_iter()
        .filter_map(|name| variable(surroundings, name));
    let mut found: Vec<DefaultIndex> = Vec::new();
    for (value, origin) in of_pip.into_iter().chain(of_uv) {
        for address in value.split_whitespace() {
            let extra = named(address, origin.clone())?;
            if found.iter().all(|other| other.index.url != extra.index.url) {
                found.push(extra);
            }
        }
    }
    Ok(found)
}

fn variable(surroundings: &Surroundings, name: &'static str) -> Option<(String, IndexOrigin)> {
    let value = surroundings.variables.get(name)?;
    Some((value.to_owned(), IndexOrigin::Variable(name)))
}

impl fmt::Display for IndexOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option => f.write_str("--index-url"),
            Self::Variable(name) => write!(f, "the environment variable {name}"),
            Self::ConfigurationFile(path) => {
                write!(f, "pip's configuration file {}", path.display())
            }
            Self::Poetry(place) => write!(f, "Poetry's {place}"),
            Self::Pip => f.write_str("the default of this machine's pip"),
            Self::BakedIn => f.write_str("the default that layerlock was built with"),
        }
    }
}

/// The index at an address, to which uv lets a variable give a name:
/// `NAME=ADDRESS`.
fn named(address: &str, origin: IndexOrigin) -> Result<DefaultIndex, DefaultIndexError> {
    let (name, address) = match address.split_once('=') {
        Some((name, address)) if !name.contains([':', '/']) => (Some(name.to_owned()), address),
        _ => (None, address),
    };
    match IndexUrl::parse(address) {
        Ok(url) => Ok(DefaultIndex {
            index: Index { name, url },
            origin,
        }),
        Err(error) => Err(DefaultIndexError::Address { origin, error }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(name: &str) -> String {
        format!("https://{name}.example.com/simple/")
    }

    fn found(surroundings: &Surroundings, explicit: Option<&str>) -> (String, IndexOrigin) {
        let found = default_index(explicit, surroundings, None).unwrap();
        (found.index.url.to_string(), found.origin)
    }

    #[test]
    fn the_order_is_option_variables_files_baked_in() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pip.conf");
        fs_err::write(&file, format!("[global]\nindex-url = {}\n", index("file"))).unwrap();
        let mut surroundings = Surroundings {
            baked_in: Some(index("baked")),
            ..Surroundings::default()
        };
        assert_eq!(
            found(&surroundings, None),
            (index("baked"), IndexOrigin::BakedIn)
        );
        surroundings.configuration_files.push(file.clone());
        assert_eq!(
            found(&surroundings, None),
            (index("file"), IndexOrigin::ConfigurationFile(file))
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
            surroundings.variables.insert(name, value);
            assert_eq!(
                found(&surroundings, None),
                (url, IndexOrigin::Variable(name))
            );
        }
        assert_eq!(
            found(&surroundings, Some(&index("option"))),
            (index("option"), IndexOrigin::Option)
        );
    }

    #[test]
    fn no_index_is_obeyed_unless_an_option_names_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pip.conf");
        fs_err::write(&file, "[global]\nno_index = yes\n").unwrap();
        let mut surroundings = Surroundings {
            baked_in: Some(index("baked")),
            ..Surroundings::default()
        };
        surroundings.configuration_files.push(file.clone());
        let error = default_index(None, &surroundings, None).unwrap_err();
        let origin = IndexOrigin::ConfigurationFile(file);
        assert_eq!(error, DefaultIndexError::NoIndex { origin });

        // The variable wins over the file.
        surroundings.variables.insert("PIP_NO_INDEX", "0");
        assert_eq!(found(&surroundings, None).1, IndexOrigin::BakedIn);
        surroundings.variables.insert("PIP_NO_INDEX", "True");
        let error = default_index(None, &surroundings, None).unwrap_err();
        let origin = IndexOrigin::Variable("PIP_NO_INDEX");
        assert_eq!(error, DefaultIndexError::NoIndex { origin });
        assert_eq!(
            error.to_string(),
            "the environment variable PIP_NO_INDEX says that no index may be used (no-index)"
        );
        assert_eq!(
            found(&surroundings, Some(&index("option"))).1,
            IndexOrigin::Option
        );

        surroundings.variables.insert("PIP_NO_INDEX", "perhaps");
        let error = default_index(None, &surroundings, None).unwrap_err();
        assert!(error.to_string().contains("\"perhaps\""), "{error}");
    }

    #[test]
    fn a_bad_address_is_blamed_on_what_named_it_without_its_password() {
        let mut surroundings = Surroundings::default();
        let value = "ftp://u:hush@packages.example.com/".to_owned();
        surroundings.variables.insert("PIP_INDEX_URL", value);
        let error = default_index(None, &surroundings, None).unwrap_err();
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
        let surroundings = Surroundings {
            pip_commands: vec![vec!["layerlock-test-no-such-pip".to_owned()]],
            ..Surroundings::default()
        };
        let error = default_index(None, &surroundings, None).unwrap_err();
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
            "install pip",
        ] {
            assert!(hint.contains(way), "{hint}");
        }
    }

    #[test]
    fn a_uv_index_may_have_a_name() {
        let index = |address: &str| named(address, IndexOrigin::Option).unwrap().index;
        let with_name = index("mine=https://packages.example.com/");
        assert_eq!(with_name.name.as_deref(), Some("mine"));
        assert_eq!(with_name.url.to_string(), "https://packages.example.com/");
        assert_eq!(index("https://packages.example.com/a=b").name, None);
    }

    #[test]
    fn extra_indexes_are_lists_of_both_tools() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pip.conf");
        let text = format!(
            "[global]\nextra-index-url =\n    {}\n    {}\n",
            index("a"),
            index("b")
        );
        fs_err::write(&file, text).unwrap();
        let mut surroundings = Surroundings::default();
        let extras = |surroundings: &Surroundings| -> Vec<(Option<String>, String)> {
            let found = extra_indexes(surroundings).unwrap();
            found
                .into_iter()
                .map(|extra| (extra.index.name, extra.index.url.to_string()))
                .collect()
        };
        assert_eq!(extras(&surroundings), []);
        surroundings.configuration_files.push(file);
        assert_eq!(
            extras(&surroundings),
            [(None, index("a")), (None, index("b"))]
        );
        surroundings
            .variables
            .insert("PIP_EXTRA_INDEX_URL", index("c"));
        let lists = format!("mine={} {}", index("d"), index("c"));
        surroundings.variables.insert("UV_INDEX", lists);
        surroundings
            .variables
            .insert("UV_EXTRA_INDEX_URL", index("e"));
        assert_eq!(
            extras(&surroundings),
            [
                (None, index("c")),
                (Some("mine".to_owned()), index("d")),
                (None, index("e"))
            ]
        );
        surroundings.variables.insert("UV_INDEX", "ftp://u:hush@x/");
        let error = extra_indexes(&surroundings).unwrap_err().to_string();
        assert!(
            error.contains("UV_INDEX") && !error.contains("hush"),
            "{error}"
        );
    }
}
