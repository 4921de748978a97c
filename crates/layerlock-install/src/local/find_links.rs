//! `--find-links`: folders with wheels in them, and pages with links to wheels.

use std::path::{Path, PathBuf};

use url::Url;

use crate::Surroundings;
use crate::index::{Index, IndexUrl, PipSettings, redacted};

/// A place with files of any project.
#[derive(Clone, PartialEq, Eq)]
pub enum FindLinks {
    /// A folder on this machine.
    Folder(PathBuf),
    /// A page with links; it may carry credentials.
    Page(Url),
}

/// Why a text names no such place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindLinksError {
    /// Not a folder.
    #[error("there is no folder {}", path.display())]
    NoFolder {
        /// The path.
        path: PathBuf,
    },
    /// Not an address.
    #[error("{text:?} is no address of a page")]
    NoAddress {
        /// The text, without what may be a password.
        text: String,
    },
}

impl FindLinks {
    /// A folder that exists (a path, or a `file:` address) or a page (http or
    /// https).
    pub fn parse(text: &str) -> Result<Self, FindLinksError> {
        let scheme = text
            .split_once(':')
            .map(|(scheme, _)| scheme.to_ascii_lowercase());
        let path = match scheme.as_deref() {
            Some("http" | "https") => {
                let page = Url::parse(text).ok().filter(|url| site(url).is_some());
                return page
                    .map(Self::Page)
                    .ok_or_else(|| FindLinksError::NoAddress {
                        // All of it may be a password.
                        text: "****".to_owned(),
                    });
            }
            Some("file") => Url::parse(text)
                .ok()
                .and_then(|url| url.to_file_path().ok())
                .unwrap_or_else(|| PathBuf::from(text)),
            _ => PathBuf::from(text),
        };
        if path.is_dir() {
            Ok(Self::Folder(path))
        } else {
            Err(FindLinksError::NoFolder { path })
        }
    }

    /// Those that the machine names: `PIP_FIND_LINKS` (between blanks), else
    /// `find-links` in pip's configuration files; then `UV_FIND_LINKS` (between
    /// commas). As pip does, what does not exist is passed over.
    pub fn of_machine(surroundings: &Surroundings) -> Vec<Self> {
        let variable = |name| surroundings.variables.get(name).map(str::to_owned);
        let of_files = || {
            let settings = PipSettings::read(&surroundings.configuration_files).ok()?;
            settings.get("find-links").map(|(value, _)| value)
        };
        let of_pip = variable("PIP_FIND_LINKS")
            .or_else(of_files)
            .unwrap_or_default();
        let of_uv = variable("UV_FIND_LINKS").unwrap_or_default();
        let places = of_pip.split_whitespace().chain(of_uv.split(','));
        places
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .filter_map(|text| Self::parse(text).ok())
            .collect()
    }

    pub(crate) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Page(_) => None,
        }
    }

    /// A page's address, and its site as an index, which its credentials are for.
    pub(crate) fn page(&self) -> Option<(Url, Index)> {
        match self {
            Self::Folder(_) => None,
            Self::Page(url) => {
                let index = site(url)?;
                let mut url = url.clone();
                crate::index::take_credentials(&mut url);
                Some((url, index))
            }
        }
    }
}

/// Without credentials.
impl std::fmt::Debug for FindLinks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(folder) => f.debug_tuple("Folder").field(folder).finish(),
            Self::Page(url) => f.debug_tuple("Page").field(&redacted(url)).finish(),
        }
    }
}

fn site(page: &Url) -> Option<Index> {
    let mut site = page.clone();
    site.set_query(None);
    site.set_fragment(None);
    Some(IndexUrl::parse(site.as_str()).ok()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_a_path_or_a_file_address() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let expected = FindLinks::Folder(path.to_owned());
        assert_eq!(
            FindLinks::parse(path.to_str().unwrap()),
            Ok(expected.clone())
        );
        let address = Url::from_directory_path(path).unwrap();
        let parsed = FindLinks::parse(address.as_str()).unwrap();
        assert_eq!(
            parsed.folder().unwrap().components().collect::<PathBuf>(),
            path
        );
        let missing = path.join("missing");
        let error = FindLinks::parse(missing.to_str().unwrap()).unwrap_err();
        assert_eq!(error, FindLinksError::NoFolder { path: missing });
    }

    #[test]
    fn a_page_keeps_its_password_to_itself() {
        let page =
            FindLinks::parse("https://u:hush@packages.example.com/torch.html?a=hush").unwrap();
        let (url, index) = page.page().unwrap();
        assert_eq!(
            url.as_str(),
            "https://packages.example.com/torch.html?a=hush"
        );
        assert_eq!(index.url.credentials().unwrap().user, "u");
        assert!(!format!("{page:?}").contains("hush"));
        let error = FindLinks::parse("https://u:hush@/x").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hush"));
    }

    #[test]
    fn the_machine_may_name_several() {
        let folder = tempfile::tempdir().unwrap();
        let made = |name: &str| {
            let path = folder.path().join(name);
            fs_err::create_dir(&path).unwrap();
            path
        };
        let [one, two, three] = ["one", "two", "three"].map(made);
        let file = folder.path().join("pip.conf");
        fs_err::write(
            &file,
            format!("[install]\nfind-links =\n    {}\n", three.display()),
        )
        .unwrap();
        let mut surroundings = Surroundings::default();
        surroundings.configuration_files.push(file);
        surroundings.variables.insert(
            "UV_FIND_LINKS",
            format!("{}, /no/such/folder", two.display()),
        );
        let folders = |surroundings: &Surroundings| -> Vec<PathBuf> {
            let found = FindLinks::of_machine(surroundings);
            found
                .iter()
                .map(|place| place.folder().unwrap().to_owned())
                .collect()
        };
        assert_eq!(folders(&surroundings), [three, two.clone()]);
        surroundings
            .variables
            .insert("PIP_FIND_LINKS", format!("{} /no/such", one.display()));
        assert_eq!(folders(&surroundings), [one, two]);
    }
}
