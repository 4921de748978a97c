//! Which index is asked where neither the project nor an option names one.
//!
//! layerlock carries no registry's address. The index is the one that pip would
//! use, found in pip's own order: the environment, then pip's configuration
//! files, then what the machine's pip has built in. The last is asked of pip,
//! by reading the default in the text of `pip install --help`, and remembered
//! in the cache. A build of layerlock may bake in an address for machines
//! without pip (`LAYERLOCK_DEFAULT_INDEX_URL` at compile time).

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::address::{AddressError, IndexUrl};
use super::pip::{self, PipSettings};

/// What of the machine decides the default index.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Environment variables by name, where set and not empty.
    pub variables: BTreeMap<&'static str, String>,
    /// pip's configuration files, whether they exist or not; later ones win.
    pub configuration_files: Vec<PathBuf>,
    /// Ways to call pip, in the order in which they are tried.
    pub pip_commands: Vec<Vec<String>>,
    /// The address baked in at compile time.
    pub baked_in: Option<String>,
}

/// An index and what named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultIndex {
    /// The index.
    pub url: IndexUrl,
    /// What named it.
    pub origin: IndexOrigin,
}

/// What named an index; Display is for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexOrigin {
    /// The option `--index-url`.
    Option,
    /// An environment variable.
    Variable(&'static str),
    /// One of pip's configuration files.
    ConfigurationFile(PathBuf),
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
    let variable = |name: &'static str| {
        let value = surroundings.variables.get(name)?;
        Some((value.clone(), IndexOrigin::Variable(name)))
    };
    let no_index = variable("PIP_NO_INDEX").or_else(|| settings.get("no-index"));
    if let Some((value, origin)) = no_index {
        match pip::boolean(&value) {
            Some(false) => {}
            Some(true) => return Err(DefaultIndexError::NoIndex { origin }),
            None => return Err(DefaultIndexError::NotABoolean { origin, value }),
        }
    }
    let address = variable("PIP_INDEX_URL")
        .or_else(|| {
            let (value, origin) = variable("UV_DEFAULT_INDEX")?;
            Some((without_uv_name(&value).to_owned(), origin))
        })
        .or_else(|| variable("UV_INDEX_URL"))
        .or_else(|| settings.get("index-url"));
    if let Some((address, origin)) = address {
        return named(&address, origin);
    }
    if let Some(url) = pip::built_in_index(&surroundings.pip_commands, cache) {
        let origin = IndexOrigin::Pip;
        return Ok(DefaultIndex { url, origin });
    }
    if let Some(address) = &surroundings.baked_in {
        return named(address, IndexOrigin::BakedIn);
    }
    let asked = surroundings.pip_commands.iter();
    Err(DefaultIndexError::NoneFound {
        asked: asked.map(|command| command.join(" ")).collect(),
    })
}

impl Surroundings {
    /// Those of this process.
    pub fn of_this_process() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// Those that these environment variables describe, on this kind of
    /// operating system.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let commands: [&[&str]; 5] = [
            &["python3", "-m", "pip"],
            &["python", "-m", "pip"],
            &["py", "-m", "pip"],
            &["pip3"],
            &["pip"],
        ];
        let owned = |command: &[&str]| command.iter().map(|&word| word.to_owned()).collect();
        Self {
            variables: VARIABLES
                .iter()
                .filter_map(|&name| Some((name, variable(name)?)))
                .collect(),
            configuration_files: pip::configuration_files(std::env::consts::OS, &variable),
            pip_commands: commands.into_iter().map(owned).collect(),
            baked_in: option_env!("LAYERLOCK_DEFAULT_INDEX_URL").map(str::to_owned),
        }
    }
}

impl fmt::Display for IndexOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option => f.write_str("--index-url"),
            Self::Variable(name) => write!(f, "the environment variable {name}"),
            Self::ConfigurationFile(path) => {
                write!(f, "pip's configuration file {}", path.display())
            }
            Self::Pip => f.write_str("the default of this machine's pip"),
            Self::BakedIn => f.write_str("the default that layerlock was built with"),
        }
    }
}

/// The variables that name an index or forbid one.
const VARIABLES: &[&str] = &[
    "PIP_NO_INDEX",
    "PIP_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
];

fn named(address: &str, origin: IndexOrigin) -> Result<DefaultIndex, DefaultIndexError> {
    match IndexUrl::parse(address) {
        Ok(url) => Ok(DefaultIndex { url, origin }),
        Err(error) => Err(DefaultIndexError::Address { origin, error }),
    }
}

/// uv lets a variable name its index: `NAME=ADDRESS`.
fn without_uv_name(value: &str) -> &str {
    match value.split_once('=') {
        Some((name, address)) if !name.contains([':', '/']) => address,
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing set, no file, no pip.
    fn nothing() -> Surroundings {
        Surroundings {
            variables: BTreeMap::new(),
            configuration_files: Vec::new(),
            pip_commands: Vec::new(),
            baked_in: None,
        }
    }

    fn index(name: &str) -> String {
        format!("https://{name}.example.com/simple/")
    }

    fn found(surroundings: &Surroundings, explicit: Option<&str>) -> (String, IndexOrigin) {
        let found = default_index(explicit, surroundings, None).unwrap();
        (found.url.to_string(), found.origin)
    }

    #[test]
    fn the_order_is_option_variables_files_baked_in() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pip.conf");
        fs_err::write(&file, format!("[global]\nindex-url = {}\n", index("file"))).unwrap();
        let mut surroundings = nothing();
        surroundings.baked_in = Some(index("baked"));
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
        let mut surroundings = nothing();
        surroundings.baked_in = Some(index("baked"));
        surroundings.configuration_files.push(file.clone());
        let error = default_index(None, &surroundings, None).unwrap_err();
        let origin = IndexOrigin::ConfigurationFile(file);
        assert_eq!(error, DefaultIndexError::NoIndex { origin });

        // The variable wins over the file.
        surroundings
            .variables
            .insert("PIP_NO_INDEX", "0".to_owned());
        assert_eq!(found(&surroundings, None).1, IndexOrigin::BakedIn);
        surroundings
            .variables
            .insert("PIP_NO_INDEX", "True".to_owned());
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

        surroundings
            .variables
            .insert("PIP_NO_INDEX", "perhaps".to_owned());
        let error = default_index(None, &surroundings, None).unwrap_err();
        assert!(error.to_string().contains("\"perhaps\""), "{error}");
    }

    #[test]
    fn a_bad_address_is_blamed_on_what_named_it_without_its_password() {
        let mut surroundings = nothing();
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
        let mut surroundings = nothing();
        surroundings.pip_commands = vec![vec!["layerlock-test-no-such-pip".to_owned()]];
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
    fn only_set_variables_count() {
        let surroundings = Surroundings::from_variables(|name| match name {
            "PIP_INDEX_URL" => Some("  ".to_owned()),
            "UV_INDEX_URL" => Some(index("uv")),
            _ => None,
        });
        let expected = BTreeMap::from([("UV_INDEX_URL", index("uv"))]);
        assert_eq!(surroundings.variables, expected);
    }

    #[test]
    fn a_uv_index_may_have_a_name() {
        assert_eq!(without_uv_name("mine=https://x/"), "https://x/");
        assert_eq!(without_uv_name("https://x/?a=b"), "https://x/?a=b");
    }
}
