//! `--find-links`: directories with wheels in them, and pages with links to wheels.

use std::path::{Path, PathBuf};

use layerlock_client::{MachineConfig, SafeUrl, Site};
use layerlock_diagnostic::{Diagnose, ErrorKind};
use url::Url;

use crate::index::parse_http;

/// A place with files of any project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FindLinks {
    /// A directory on this machine.
    Directory(PathBuf),
    /// A page with links; it may carry credentials.
    Page(SafeUrl),
}

/// Why a text names no such place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindLinksError {
    /// Not a directory.
    #[error("there is no directory {}", path.display())]
    NoDirectory {
        /// The path.
        path: PathBuf,
    },
    /// Not a URL.
    #[error("{text:?} is no URL of a page")]
    NoUrl {
        /// The text, without what may be a password.
        text: String,
    },
}

impl Diagnose for FindLinksError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }

    fn hint(&self) -> Option<String> {
        Some("--find-links takes a directory, or the http URL of a page with links".to_owned())
    }
}

impl FindLinks {
    /// A directory that exists (a path, or a `file:` URL) or a page (http or
    /// https).
    pub fn parse(text: &str) -> Result<Self, FindLinksError> {
        let scheme = text
            .split_once(':')
            .map(|(scheme, _)| scheme.to_ascii_lowercase());
        let path = match scheme.as_deref() {
            Some("http" | "https") => {
                return match parse_http(text) {
                    Ok(page) => Ok(Self::Page(page.without_fragment())),
                    // All of it may be a password.
                    Err(_) => Err(FindLinksError::NoUrl {
                        text: "****".to_owned(),
                    }),
                };
            }
            Some("file") => Url::parse(text)
                .ok()
                .and_then(|url| url.to_file_path().ok())
                .unwrap_or_else(|| PathBuf::from(text)),
            _ => PathBuf::from(text),
        };
        if path.is_dir() {
            Ok(Self::Directory(path))
        } else {
            Err(FindLinksError::NoDirectory { path })
        }
    }

    /// Those that the machine names: `PIP_FIND_LINKS` (between blanks), else
    /// `find-links` in pip's configuration files; then `UV_FIND_LINKS` (between
    /// commas). As pip does, what does not exist is passed over.
    pub(crate) fn from_machine(machine: &MachineConfig) -> Vec<Self> {
        let of_pip = machine.pip_setting(&["PIP_FIND_LINKS"], "find-links");
        let of_pip = of_pip.ok().flatten();
        let of_pip = of_pip.map(|(value, _)| value).unwrap_or_default();
        let of_uv = machine.variables.get("UV_FIND_LINKS").unwrap_or_default();
        let places = of_pip.split_whitespace().chain(of_uv.split(','));
        places
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .filter_map(|text| Self::parse(text).ok())
            .collect()
    }

    pub(crate) fn directory(&self) -> Option<&Path> {
        match self {
            Self::Directory(directory) => Some(directory),
            Self::Page(_) => None,
        }
    }

    /// A page's URL, and its site, which its credentials are for.
    pub(crate) fn page(&self) -> Option<(SafeUrl, Site)> {
        match self {
            Self::Directory(_) => None,
            Self::Page(url) => {
                let site = Site {
                    name: None,
                    url: url.without_query(),
                };
                Some((url.without_credentials(), site))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use layerlock_client::PipFiles;

    use super::*;

    #[test]
    fn a_directory_is_a_path_or_a_file_url() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let expected = FindLinks::Directory(path.to_owned());
        assert_eq!(
            FindLinks::parse(path.to_str().unwrap()),
            Ok(expected.clone())
        );
        let file_url = Url::from_directory_path(path).unwrap();
        let parsed = FindLinks::parse(file_url.as_str()).unwrap();
        assert_eq!(
            parsed
                .directory()
                .unwrap()
                .components()
                .collect::<PathBuf>(),
            path
        );
        let missing = path.join("missing");
        let error = FindLinks::parse(missing.to_str().unwrap()).unwrap_err();
        assert_eq!(error, FindLinksError::NoDirectory { path: missing });
    }

    #[test]
    fn a_page_keeps_its_password_to_itself() {
        let page =
            FindLinks::parse("https://u:hush@packages.example.com/torch.html?a=hush").unwrap();
        let (url, site) = page.page().unwrap();
        assert_eq!(
            url.url().as_str(),
            "https://packages.example.com/torch.html?a=hush"
        );
        assert_eq!(site.url.credentials().unwrap().user, "u");
        assert!(!format!("{page:?}").contains("hush"));
        let error = FindLinks::parse("https://u:hush@/x").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hush"));
    }

    #[test]
    fn the_machine_may_name_several() {
        let directory = tempfile::tempdir().unwrap();
        let made = |name: &str| {
            let path = directory.path().join(name);
            fs_err::create_dir(&path).unwrap();
            path
        };
        let [one, two, three] = ["one", "two", "three"].map(made);
        let file = directory.path().join("pip.conf");
        fs_err::write(
            &file,
            format!("[install]\nfind-links =\n    {}\n", three.display()),
        )
        .unwrap();
        let mut machine = MachineConfig {
            pip_files: PipFiles::new([file]),
            ..MachineConfig::default()
        };
        machine.variables.insert(
            "UV_FIND_LINKS",
            format!("{}, /no/such/directory", two.display()),
        );
        let directories = |machine: &MachineConfig| -> Vec<PathBuf> {
            let found = FindLinks::from_machine(machine);
            found
                .iter()
                .map(|place| place.directory().unwrap().to_owned())
                .collect()
        };
        assert_eq!(directories(&machine), [three, two.clone()]);
        machine
            .variables
            .insert("PIP_FIND_LINKS", format!("{} /no/such", one.display()));
        assert_eq!(directories(&machine), [one, two]);
    }
}
