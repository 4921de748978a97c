//! Where Poetry keeps its files.

use std::path::PathBuf;

use super::variables::Variables;

/// Where Poetry keeps things: its own variables, else the platform's directories (as
/// the Python package platformdirs gives them).
pub(super) struct PoetryDirectories<'a> {
    pub(super) os: &'a str,
    pub(super) variables: &'a Variables,
    pub(super) home: Option<&'a PathBuf>,
}

impl PoetryDirectories<'_> {
    pub(super) fn configuration(&self) -> Option<PathBuf> {
        if let Some(directory) = self.variables.path("POETRY_CONFIG_DIR") {
            return Some(directory);
        }
        let base = match self.os {
            "windows" => self.variables.path("APPDATA"),
            "macos" => self.in_home("Library/Application Support"),
            _ => self
                .variables
                .path("XDG_CONFIG_HOME")
                .or_else(|| self.in_home(".config")),
        };
        Some(base?.join("pypoetry"))
    }

    pub(super) fn cache(&self) -> Option<PathBuf> {
        if let Some(directory) = self.variables.path("POETRY_CACHE_DIR") {
            return Some(directory);
        }
        match self.os {
            "windows" => Some(self.variables.path("LOCALAPPDATA")?.join("pypoetry/Cache")),
            "macos" => self.in_home("Library/Caches/pypoetry"),
            _ => {
                let caches = self.variables.path("XDG_CACHE_HOME");
                Some(caches.or_else(|| self.in_home(".cache"))?.join("pypoetry"))
            }
        }
    }

    fn in_home(&self, below: &str) -> Option<PathBuf> {
        Some(self.home?.join(below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poetrys_directories_are_where_platformdirs_puts_them() {
        let directories = |os, variables: &[(&str, &str)]| {
            let variables = Variables::new(variables.iter().copied());
            let home = PathBuf::from("/h");
            let directories = PoetryDirectories {
                os,
                variables: &variables,
                home: Some(&home),
            };
            (
                directories.configuration().unwrap(),
                directories.cache().unwrap(),
            )
        };
        let paths =
            |configuration: &str, cache: &str| (PathBuf::from(configuration), PathBuf::from(cache));
        assert_eq!(
            directories("linux", &[]),
            paths("/h/.config/pypoetry", "/h/.cache/pypoetry")
        );
        assert_eq!(
            directories(
                "linux",
                &[("XDG_CONFIG_HOME", "/c"), ("XDG_CACHE_HOME", "/d")]
            ),
            paths("/c/pypoetry", "/d/pypoetry")
        );
        assert_eq!(
            directories("macos", &[]),
            paths(
                "/h/Library/Application Support/pypoetry",
                "/h/Library/Caches/pypoetry"
            )
        );
        assert_eq!(
            directories("windows", &[("APPDATA", "/r"), ("LOCALAPPDATA", "/l")]),
            paths("/r/pypoetry", "/l/pypoetry/Cache")
        );
        assert_eq!(
            directories(
                "linux",
                &[("POETRY_CONFIG_DIR", "/p"), ("POETRY_CACHE_DIR", "/q")]
            ),
            paths("/p", "/q")
        );
    }
}
