//! The index that this machine is told of, for tools that do not read what pip is told.

use std::sync::OnceLock;

use crate::process::Command;

/// Where uv and pip look in the environment, the first one first.
const VARIABLES: [&str; 3] = ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"];

/// Where pip's files have it: what is told of a command outranks what is told of all.
const KEYS: [&str; 2] = ["install.index-url", "global.index-url"];

/// Its URL, where it is another than the tools' own. This pip is asked, once a run.
pub(crate) fn machine_index(pip: Command) -> Option<&'static str> {
    static INDEX: OnceLock<Option<String>> = OnceLock::new();
    let ask = || {
        let variable = |name: &str| std::env::var(name).ok();
        in_environment(variable).or_else(|| {
            let told = pip.args(["config", "list"]).stdout().ok()?;
            in_files(&told)
        })
    };
    INDEX.get_or_init(ask).as_deref()
}

fn in_environment(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let told = VARIABLES.iter().filter_map(|name| variable(name));
    told.map(|url| url.trim().to_owned())
        .find(|url| !url.is_empty())
}

/// Of what `pip config list` prints: `KEY='VALUE'`, one a line.
fn in_files(told: &str) -> Option<String> {
    let value = |key: &str| {
        let rest = |line: &'_ str| -> Option<String> {
            let value = line.strip_prefix(key)?.strip_prefix('=')?;
            Some(value.trim().trim_matches(['\'', '"']).to_owned())
        };
        told.lines().find_map(rest).filter(|url| !url.is_empty())
    };
    KEYS.iter().find_map(|key| value(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: &str = "\
        global.index-url='https://packages.example.com/all'\n\
        global.index-url-of='x'\n\
        install.index-url='https://packages.example.com/install'\n";

    #[test]
    fn the_environment_is_looked_at_in_order() {
        let index = |set: &[(&str, &str)]| {
            in_environment(|name| {
                let found = set.iter().find(|(other, _)| *other == name)?;
                Some(found.1.to_owned())
            })
        };
        assert_eq!(index(&[]), None);
        assert_eq!(index(&[("UV_DEFAULT_INDEX", " ")]), None);
        let pip = ("PIP_INDEX_URL", "https://packages.example.com/pip");
        assert_eq!(index(&[pip]).as_deref(), Some(pip.1));
        let uv = ("UV_DEFAULT_INDEX", "https://packages.example.com/uv");
        assert_eq!(index(&[pip, uv]).as_deref(), Some(uv.1));
    }

    #[test]
    fn what_is_told_of_an_install_outranks_the_rest_of_pips_files() {
        let install = "https://packages.example.com/install";
        assert_eq!(in_files(FILES).as_deref(), Some(install));
        let all: Vec<&str> = FILES.lines().take(2).collect();
        let index = in_files(&all.join("\n"));
        assert_eq!(index.as_deref(), Some("https://packages.example.com/all"));
        assert_eq!(in_files("global.timeout='5'\n"), None);
    }
}
