//! What is there where a project or its lock is not.

use std::path::Path;

use crate::settings_file::SETTINGS_FILE;

/// The files in which other tools have what Poetry has in poetry.lock, besides the
/// likes of `pylock.web.toml` and `requirements-dev.txt`.
const OF_OTHERS: [&str; 8] = [
    "uv.lock",
    "pdm.lock",
    "pylock.toml",
    "Pipfile.lock",
    "Pipfile",
    "pixi.lock",
    "conda-lock.yml",
    "requirements.txt",
];

/// Whether a directory or one above it has a pyproject.toml.
pub(crate) fn has_project_above(directory: &Path) -> bool {
    let mut above = directory.ancestors();
    above.any(|directory| {
        let mut files = ["pyproject.toml", SETTINGS_FILE].into_iter();
        files.any(|file| directory.join(file).is_file())
    })
}

/// The files of other tools in a directory, by name.
pub(crate) fn others(directory: &Path) -> Vec<String> {
    let Ok(entries) = fs_err::read_dir(Path::new(".").join(directory)) else {
        return Vec::new();
    };
    let names = entries.flatten().map(|entry| entry.file_name());
    let mut others: Vec<String> = names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| is_of_another(name))
        .collect();
    // What comes first in the table says most.
    let rank = |name: &String| OF_OTHERS.iter().position(|other| other == name);
    others.sort_by_key(|name| (rank(name).unwrap_or(OF_OTHERS.len()), name.clone()));
    others
}

fn is_of_another(name: &str) -> bool {
    let is_between = |start: &str, end: &str| {
        name.strip_prefix(start)
            .is_some_and(|rest| rest.ends_with(end))
    };
    OF_OTHERS.contains(&name)
        || is_between("pylock.", ".toml")
        || is_between("requirements-", ".txt")
        || is_between("requirements_", ".txt")
}

/// How many files are named before the rest is counted.
const NAMED: usize = 3;

/// The file that can be read where somebody names it by --lock.
pub(crate) fn readable(others: &[String]) -> Option<&str> {
    let is_readable = |name: &&String| {
        name.starts_with("requirements") || name.starts_with("pylock.") || *name == "uv.lock"
    };
    others.iter().find(is_readable).map(String::as_str)
}

/// `, only uv.lock and Pipfile`, or nothing.
pub(crate) fn only(others: &[String]) -> String {
    let text = match others {
        [] => return String::new(),
        [one] => one.clone(),
        [first @ .., last] if others.len() <= NAMED => {
            format!("{} and {last}", first.join(", "))
        }
        many => format!(
            "{} and {} more",
            many[..NAMED].join(", "),
            many.len() - NAMED
        ),
    };
    format!(", only {text}")
}

#[cfg(test)]
mod tests {
    use super::{is_of_another, only};

    #[test]
    fn files_of_other_tools_are_known_by_their_names() {
        for name in ["uv.lock", "pylock.web.toml", "requirements-dev.txt"] {
            assert!(is_of_another(name), "{name}");
        }
        for name in ["poetry.lock", "cargo.lock", "requirements", "notes.txt"] {
            assert!(!is_of_another(name), "{name}");
        }
    }

    #[test]
    fn some_of_many_are_named() {
        let told = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            only(&names)
        };
        assert_eq!(told(&[]), "");
        assert_eq!(told(&["a"]), ", only a");
        assert!(told(&["a", "b", "c"]).starts_with(", only a, b and c"));
        assert!(told(&["a", "b", "c", "d", "e"]).starts_with(", only a, b, c and 2 more"));
    }
}
