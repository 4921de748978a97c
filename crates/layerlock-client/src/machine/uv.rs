//! uv's configuration files.
//!
//! The rules are those of uv's documentation ("Configuration files", "Package indexes"):
//!
//! - of a project, the nearest directory from its own one up that has a uv.toml, or a
//!   pyproject.toml with `[tool.uv]`; where both are, uv.toml counts;
//! - the user's, then the first of the system's; values of the project win over those of
//!   the user, and these over the system's; lists are put together in this order;
//! - `UV_CONFIG_FILE` stands in for all of them, and with `UV_NO_CONFIG` there are none;
//! - of two indexes of one name the first counts; one that is `explicit` is asked only for
//!   what uv itself is told to get there, which Poetry's lock knows nothing of.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::Deserialize;
use toml::Value;

use super::variables::{Variables, is_true};
use crate::once::get_or_make;
use crate::{Error, SettingOrigin};

/// uv's configuration files, which are read when the first of their values is asked for,
/// and once.
#[derive(Clone, Default)]
pub struct UvFiles {
    /// The directory from which a project's file is looked for.
    project: Option<PathBuf>,
    /// The others, whether they exist or not; earlier ones win.
    others: Vec<PathBuf>,
    settings: OnceLock<UvSettings>,
}

/// What uv's files say of where packages are.
#[derive(Clone, Default)]
pub struct UvSettings {
    /// The index that stands in for the default one.
    pub default_index: Option<UvIndex>,
    /// Those that are asked besides it.
    pub extra_indexes: Vec<UvIndex>,
    /// What says that no index may be asked.
    pub no_index: Option<SettingOrigin>,
}

/// An index as uv's files name it.
#[derive(Clone)]
pub struct UvIndex {
    /// Its name, under which credentials are kept.
    pub name: Option<String>,
    /// Its URL, perhaps with credentials.
    pub url: String,
    /// The file that has it.
    pub origin: SettingOrigin,
}

/// The files of the user and of the system.
pub(super) fn configuration_files(os: &str, variables: &Variables) -> Vec<PathBuf> {
    if let Some(file) = variables.path("UV_CONFIG_FILE") {
        return vec![file];
    }
    if reads_nothing(variables) {
        return Vec::new();
    }
    let in_home = |path: &str| Some(variables.home(os)?.join(path));
    let (user, system) = if os == "windows" {
        let drive = variables.get("SYSTEMDRIVE");
        let system = drive.map(|drive| PathBuf::from(format!("{drive}\\ProgramData")));
        (variables.path("APPDATA"), system.into_iter().collect())
    } else {
        let user = variables.path("XDG_CONFIG_HOME");
        let shared = variables.get("XDG_CONFIG_DIRS").unwrap_or("/etc/xdg");
        let shared = shared.split(':').filter(|path| !path.is_empty());
        let mut system: Vec<PathBuf> = shared.map(PathBuf::from).collect();
        system.push(PathBuf::from("/etc"));
        (user.or_else(|| in_home(".config")), system)
    };
    let in_directory = |directory: PathBuf| directory.join("uv").join("uv.toml");
    let system = system.into_iter().map(in_directory);
    let system = system.into_iter().find(|path| path.is_file());
    user.map(in_directory).into_iter().chain(system).collect()
}

/// Whether no file of a project counts.
pub(super) fn reads_no_project(variables: &Variables) -> bool {
    variables.get("UV_CONFIG_FILE").is_some() || reads_nothing(variables)
}

fn reads_nothing(variables: &Variables) -> bool {
    variables.get("UV_NO_CONFIG").is_some_and(is_true)
}

impl UvFiles {
    /// The files at these paths, whether they exist or not; earlier ones win.
    pub fn new(paths: impl Into<Vec<PathBuf>>) -> Self {
        Self {
            others: paths.into(),
            ..Self::default()
        }
    }

    /// With those of a project before them.
    #[must_use]
    pub(super) fn in_project(self, directory: &Path) -> Self {
        Self {
            project: Some(directory.to_owned()),
            others: self.others,
            settings: OnceLock::new(),
        }
    }

    /// What the files say, put together.
    pub fn get(&self) -> Result<&UvSettings, Error> {
        get_or_make(&self.settings, || {
            let mut files = Vec::new();
            let of_project = self.project.as_deref().map(find_in_project).transpose()?;
            files.extend(of_project.flatten());
            for path in &self.others {
                files.extend(read(path)?);
            }
            Ok(UvSettings::merge(files))
        })
    }
}

/// The paths alone: a URL may have a password.
impl fmt::Debug for UvFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UvFiles")
            .field(&self.project)
            .field(&self.others)
            .finish()
    }
}

/// A file's settings, as far as they count here.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct File {
    #[serde(skip)]
    path: PathBuf,
    index: Vec<IndexTable>,
    index_url: Option<String>,
    extra_index_url: Vec<String>,
    no_index: Option<bool>,
}

#[derive(Deserialize)]
struct IndexTable {
    name: Option<String>,
    url: String,
    #[serde(default)]
    default: bool,
    #[serde(default)]
    explicit: bool,
    /// `flat` is a page of links.
    format: Option<String>,
}

fn find_in_project(directory: &Path) -> Result<Option<File>, Error> {
    // A relative one has too few ancestors.
    let Ok(directory) = directory.canonicalize() else {
        return Ok(None);
    };
    for directory in directory.ancestors() {
        if let Some(file) = read(&directory.join("uv.toml"))? {
            return Ok(Some(file));
        }
        if let Some(file) = read_pyproject(&directory.join("pyproject.toml"))? {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// A file that is not there, or must not be read, is none.
fn read(path: &Path) -> Result<Option<File>, Error> {
    let Ok(text) = layerlock_diagnostic::read_toml(path) else {
        return Ok(None);
    };
    let file = toml::from_str(&text).map_err(|error| malformed(path, &error))?;
    let path = path.to_owned();
    Ok(Some(File { path, ..file }))
}

/// `[tool.uv]`. What else is wrong with the file is for others to tell.
fn read_pyproject(path: &Path) -> Result<Option<File>, Error> {
    let text = layerlock_diagnostic::read_toml(path).unwrap_or_default();
    let Ok(mut project) = text.parse::<toml::Table>() else {
        return Ok(None);
    };
    let tool = project.get_mut("tool").and_then(Value::as_table_mut);
    let Some(table) = tool.and_then(|tool| tool.remove("uv")) else {
        return Ok(None);
    };
    let file = table.try_into().map_err(|error| malformed(path, &error))?;
    let path = path.to_owned();
    Ok(Some(File { path, ..file }))
}

/// The parser's message alone: with the line it would show a password.
fn malformed(path: &Path, error: &toml::de::Error) -> Error {
    Error::UvFile {
        path: path.to_owned(),
        reason: error.message().lines().collect::<Vec<_>>().join(" "),
    }
}

impl UvSettings {
    fn merge(files: Vec<File>) -> Self {
        let mut merged = Self::default();
        let mut index_url = None;
        let mut urls = Vec::new();
        let mut names = HashSet::new();
        let mut no_index = None;
        for file in files {
            let origin = SettingOrigin::UvFile(file.path);
            let index = |name: Option<String>, url: String| UvIndex {
                name,
                url,
                origin: origin.clone(),
            };
            for table in file.index {
                let is_first = table
                    .name
                    .as_ref()
                    .is_none_or(|name| names.insert(name.clone()));
                if !is_first || table.explicit || table.format.as_deref() == Some("flat") {
                    continue;
                }
                let one = index(table.name, table.url);
                if table.default {
                    merged.default_index.get_or_insert(one);
                } else {
                    merged.extra_indexes.push(one);
                }
            }
            if let Some(url) = file.index_url {
                index_url.get_or_insert_with(|| index(None, url));
            }
            urls.extend(file.extra_index_url.into_iter().map(|url| index(None, url)));
            if let Some(is_set) = file.no_index {
                no_index.get_or_insert((is_set, origin));
            }
        }
        merged.default_index = merged.default_index.or(index_url);
        merged.extra_indexes.extend(urls);
        merged.no_index = no_index.and_then(|(is_set, origin)| is_set.then_some(origin));
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(os: &str, variables: &[(&str, &str)]) -> Vec<PathBuf> {
        configuration_files(os, &Variables::new(variables.iter().copied()))
    }

    #[test]
    fn files_are_where_uv_documents_them() {
        let directory = tempfile::tempdir().unwrap();
        let system = directory.path().join("b/uv/uv.toml");
        fs_err::create_dir_all(system.parent().unwrap()).unwrap();
        fs_err::write(&system, "").unwrap();
        let root = directory.path().to_str().unwrap();
        let shared = format!("{root}/a:{root}/b");
        let (home, shared) = (("HOME", "/h"), ("XDG_CONFIG_DIRS", shared.as_str()));
        let user = PathBuf::from("/h/.config/uv/uv.toml");
        for os in ["linux", "macos"] {
            assert_eq!(paths(os, &[home, shared]), [user.clone(), system.clone()]);
        }
        let own = ("XDG_CONFIG_HOME", "/c");
        let user = PathBuf::from("/c/uv/uv.toml");
        assert_eq!(paths("linux", &[home, shared, own]), [user, system]);
        let named = ("UV_CONFIG_FILE", "/x.toml");
        assert_eq!(
            paths("linux", &[home, shared, named]),
            [PathBuf::from("/x.toml")]
        );
        let none = [home, shared, ("UV_NO_CONFIG", "1")];
        assert_eq!(paths("linux", &none), [""; 0].map(PathBuf::from));
    }

    fn write(path: &Path, text: &str) {
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    fn url(index: &UvIndex) -> (Option<&str>, &str) {
        (index.name.as_deref(), index.url.as_str())
    }

    #[test]
    fn the_projects_values_come_before_the_users() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        write(
            &at("user.toml"),
            "index-url = \"https://user.example.com/\"\nextra-index-url = [\"https://e.example.com/\"]\n\
             [[index]]\nname = \"one\"\nurl = \"https://hidden.example.com/\"\ndefault = true\n\
             [pip]\nindex-url = \"https://pip.example.com/\"\n",
        );
        let files = UvFiles::new([at("none.toml"), at("user.toml")]);
        let settings = files.get().unwrap();
        let default = settings.default_index.as_ref().unwrap();
        assert_eq!(url(default), (Some("one"), "https://hidden.example.com/"));

        write(
            &at("project/pyproject.toml"),
            "[[tool.uv.index]]\nname = \"one\"\nurl = \"https://one.example.com/\"\n\
             [[tool.uv.index]]\nurl = \"https://x.example.com/\"\nexplicit = true\n\
             [[tool.uv.index]]\nurl = \"https://flat.example.com/\"\nformat = \"flat\"\n",
        );
        // The nearest with settings of uv's.
        write(&at("project/app/pyproject.toml"), "[tool.poetry]\n");
        let files = files.in_project(&at("project/app"));
        let settings = files.get().unwrap();
        // An older `index-url` counts where no table is the default.
        let default = settings.default_index.as_ref().unwrap();
        assert_eq!(url(default), (None, "https://user.example.com/"));
        let extra: Vec<_> = settings.extra_indexes.iter().map(url).collect();
        assert_eq!(
            extra,
            [
                (Some("one"), "https://one.example.com/"),
                (None, "https://e.example.com/")
            ]
        );
        let expected = at("project/pyproject.toml").canonicalize().unwrap();
        assert_eq!(
            settings.extra_indexes[0].origin.to_string(),
            format!("[tool.uv] of {}", expected.display())
        );
        assert!(settings.no_index.is_none());

        write(&at("project/uv.toml"), "no-index = true\n");
        let files = files.in_project(&at("project/app"));
        let settings = files.get().unwrap();
        assert!(settings.no_index.is_some() && settings.extra_indexes.len() == 1);
    }

    #[test]
    fn a_malformed_file_is_told_without_its_text() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("uv.toml");
        write(&path, "index-url = https://u:hush@packages.example.com/\n");
        let error = UvFiles::new([path.clone()]).get().map(drop).unwrap_err();
        let message = format!("{error} {error:?}");
        assert!(message.contains(path.to_str().unwrap()), "{message}");
        assert!(!message.contains("hush"), "{message}");
    }
}
