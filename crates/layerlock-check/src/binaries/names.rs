//! What the names of files say: those of libraries, and those of extension modules, which
//! tell for which Python they are.

use std::fmt;

use layerlock_target::Target;

/// The name of an extension module's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ModuleName<'a> {
    /// The module's own name.
    pub(super) stem: &'a str,
    suffix: Suffix<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Suffix<'a> {
    /// `.so`: for whatever Python finds it.
    Plain,
    /// `.abi3.so`: for every Python from some version on.
    Abi3,
    /// `.abi3t.so` ([PEP 803](https://peps.python.org/pep-0803/)).
    Abi3t,
    /// `.cpython-312-x86_64-linux-gnu.so`: one Python, by its tag, and a platform.
    Tagged(&'a str, &'a str),
    /// `.pyd`: Windows.
    Windows,
}

/// Whether a Python finds a module's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Misfit {
    /// It is for another Python.
    Python(String),
    /// It is for another processor or system.
    Platform(String),
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Python(other) | Self::Platform(other)) = self;
        write!(f, "is for {other}")
    }
}

impl<'a> ModuleName<'a> {
    /// Reads a file's name. None where no Python takes such a file for a module.
    pub(super) fn parse(name: &'a str) -> Option<Self> {
        let (stem, rest) = name.split_once('.')?;
        let suffix = match rest {
            "so" => Suffix::Plain,
            "abi3.so" => Suffix::Abi3,
            "abi3t.so" => Suffix::Abi3t,
            "pyd" => Suffix::Windows,
            _ if rest.split_once('.').is_some_and(|(_, end)| end == "pyd") => Suffix::Windows,
            _ => {
                let tag = rest.strip_suffix(".so").filter(|tag| !tag.contains('.'))?;
                let (python, platform) = split_tag(tag)?;
                Suffix::Tagged(python, platform)
            }
        };
        (!stem.is_empty()).then_some(Self { stem, suffix })
    }

    /// Whether the name says for which Python it is, as no other library's does.
    pub(super) fn names_a_python(self) -> bool {
        self.suffix != Suffix::Plain
    }

    /// Why the target's Python does not find it, if so.
    pub(super) fn misfit(self, target: &Target) -> Option<Misfit> {
        let (major, minor) = target.runtime.python();
        match self.suffix {
            Suffix::Plain | Suffix::Abi3 => None,
            // A layer that is not for Python alone.
            Suffix::Abi3t if minor == 0 => None,
            Suffix::Abi3t => (minor < 15).then(|| Misfit::Python("Python 3.15 and newer".into())),
            Suffix::Windows => Some(Misfit::Platform("Windows".to_owned())),
            Suffix::Tagged(python, platform) => {
                if minor > 0 && python != format!("cpython-{major}{minor}") {
                    return Some(Misfit::Python(python_of(python)));
                }
                let own = format!("{}-linux-gnu", target.architecture.machine());
                (platform != own).then(|| Misfit::Platform(platform_of(platform)))
            }
        }
    }
}

/// `cpython-312` and `x86_64-linux-gnu` of `cpython-312-x86_64-linux-gnu`.
fn split_tag(tag: &str) -> Option<(&str, &str)> {
    let known = ["cpython-", "pypy", "graalpy"];
    known.iter().find(|start| tag.starts_with(**start))?;
    let digit = tag.find(|c: char| c.is_ascii_digit())?;
    let end = tag[digit..].find('-').map_or(tag.len(), |end| digit + end);
    let platform = tag[end..].trim_start_matches('-');
    Some((&tag[..end], platform))
}

/// `Python 3.12` of `cpython-312`.
fn python_of(tag: &str) -> String {
    let Some(version) = tag.strip_prefix("cpython-3") else {
        return tag.to_owned();
    };
    let digits = version.trim_end_matches(|c: char| !c.is_ascii_digit());
    let kind = match &version[digits.len()..] {
        "" | "m" | "mu" => "",
        "t" => " without the global interpreter lock",
        "d" | "dm" => " with debugging",
        other => return format!("Python 3.{digits} ({other})"),
    };
    format!("Python 3.{digits}{kind}")
}

/// `musl on x86_64` of `x86_64-linux-musl`.
fn platform_of(platform: &str) -> String {
    match platform {
        "darwin" => "macOS".to_owned(),
        "" => "another platform".to_owned(),
        _ => match platform.split_once("-linux-") {
            Some((machine, "gnu")) => format!("another processor ({machine})"),
            Some((machine, "musl")) => format!("musl on {machine}"),
            _ => platform.to_owned(),
        },
    }
}

/// Whether the name is one of a library: `libx.so`, `libx.so.1.2`.
pub(super) fn is_library_name(name: &str) -> bool {
    let Some((stem, version)) = name.split_once(".so") else {
        return ends_with(name, "dylib");
    };
    let is_version =
        |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || c == '.') && !rest.ends_with('.');
    // `.so` can be part of a longer name: `a.solver.so`.
    let is_plain = !stem.is_empty() && (version.is_empty() || version.starts_with('.'));
    (is_plain && is_version(version)) || ends_with(name, "so")
}

/// Whether a name has an ending, which systems tell from the same in capitals.
pub(super) fn ends_with(name: &str, ending: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, own)| own == ending)
}

/// The folder of the package that a file is of, where it is one of Node's:
/// `nodejs/node_modules/@img/sharp`.
pub(super) fn node_package(path: &str) -> Option<&str> {
    const MODULES: &str = "/node_modules/";
    if !path.starts_with("nodejs/") {
        return None;
    }
    let start = path.rfind(MODULES)? + MODULES.len();
    let mut ends = path[start..].match_indices('/').map(|(at, _)| start + at);
    let end = if path[start..].starts_with('@') {
        ends.nth(1)
    } else {
        ends.next()
    };
    Some(&path[..end?])
}

#[cfg(test)]
mod tests {
    use layerlock_target::{Architecture, Provider};

    use super::*;

    #[test]
    fn a_name_tells_for_which_python_a_module_is() {
        let runtime = Provider::Aws.runtime("python3.12").unwrap();
        let target = Target::new(runtime, Architecture::X86_64);
        for (name, stem, misfit) in [
            ("_x.so", "_x", ""),
            ("_x.abi3.so", "_x", ""),
            ("_x.cpython-312-x86_64-linux-gnu.so", "_x", ""),
            (
                "81d2__mypyc.cpython-312-x86_64-linux-gnu.so",
                "81d2__mypyc",
                "",
            ),
            ("_x.abi3t.so", "_x", "is for Python 3.15 and newer"),
            (
                "_x.cpython-311-x86_64-linux-gnu.so",
                "_x",
                "is for Python 3.11",
            ),
            (
                "_x.cpython-36m-x86_64-linux-gnu.so",
                "_x",
                "is for Python 3.6",
            ),
            (
                "_x.cpython-312t-x86_64-linux-gnu.so",
                "_x",
                "is for Python 3.12 without the global interpreter lock",
            ),
            (
                "_x.cpython-312-aarch64-linux-gnu.so",
                "_x",
                "is for another processor (aarch64)",
            ),
            (
                "_x.cpython-312-x86_64-linux-musl.so",
                "_x",
                "is for musl on x86_64",
            ),
            ("_x.cpython-312-darwin.so", "_x", "is for macOS"),
            ("_x.cp312-win_amd64.pyd", "_x", "is for Windows"),
            ("_x.pyd", "_x", "is for Windows"),
            (
                "_x.pypy310-pp73-x86_64-linux-gnu.so",
                "_x",
                "is for pypy310",
            ),
        ] {
            let module = ModuleName::parse(name).unwrap();
            assert_eq!(module.stem, stem);
            let said = module.misfit(&target).map(|misfit| misfit.to_string());
            assert_eq!(said.unwrap_or_default(), misfit, "{name}");
        }
        for name in [
            "libx.so.1",
            "x.py",
            "x",
            ".so",
            "x.so.debug",
            "x.y.so",
            "libx-1.2.3.so",
        ] {
            assert_eq!(ModuleName::parse(name), None, "{name}");
        }
    }

    #[test]
    fn libraries_are_known_by_their_names() {
        for name in [
            "libx.so",
            "libx.so.1",
            "libx.so.1.2.3",
            "libx-0a1b2c.so.5",
            "a.solver.so",
            "libc++.so.1",
            "libx.dylib",
        ] {
            assert!(is_library_name(name), "{name}");
        }
        for name in [
            "x.sol",
            "x.so.debug",
            "x.so.1.",
            "so",
            "x.socket",
            ".sox",
            "x.o",
        ] {
            assert!(!is_library_name(name), "{name}");
        }
    }

    #[test]
    fn a_file_is_of_the_innermost_package_around_it() {
        for (path, folder) in [
            (
                "nodejs/node_modules/a/x.node",
                Some("nodejs/node_modules/a"),
            ),
            (
                "nodejs/node_modules/@s/a/b/x",
                Some("nodejs/node_modules/@s/a"),
            ),
            (
                "nodejs/node22/node_modules/a/node_modules/b/x.so",
                Some("nodejs/node22/node_modules/a/node_modules/b"),
            ),
            ("nodejs/node_modules/x.node", None),
            ("nodejs/node_modules/@s/x.node", None),
            ("python/driver/node_modules/a/x", None),
            ("bin/x", None),
        ] {
            assert_eq!(node_package(path), folder, "{path}");
        }
    }
}
