//! What there is to know of a provider: the columns of its table.

use std::fmt;

use crate::Architecture;

/// Everything that a provider decides. In texts, `{python}` stands for the version of
/// a runtime's Python, `3.12`, and `{runtime}` for its identifier.
#[derive(Debug)]
pub(crate) struct ProviderFacts {
    /// The name in settings and reports.
    pub(crate) name: &'static str,
    /// The vendor's name of the service, for people.
    pub(crate) title: &'static str,
    /// The managed runtimes, oldest first in each language. Python's come first.
    pub(crate) runtimes: &'static [RuntimeFacts],
    /// What stands for all of them, for layers that depend on none.
    pub(crate) any_runtime: &'static RuntimeFacts,
    /// The architectures that functions run on; the first is that of a function
    /// that names none.
    pub(crate) architectures: &'static [Architecture],
    /// The packages that every runtime brings itself, by normalised name. Which
    /// version it has changes with the runtime's own updates.
    pub(crate) packages: &'static [&'static str],
    /// The interpreter's path in a function.
    pub(crate) interpreter: &'static str,
    /// The container image with the runtime's own system, to build wheels in.
    pub(crate) build_image: &'static str,
    pub(crate) paths: LayerPaths,
    pub(crate) precedence: Precedence,
    pub(crate) limits: Limits,
    pub(crate) layer_names: LayerNames,
}

/// One managed runtime.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct RuntimeFacts {
    /// The provider's name for it.
    pub(crate) identifier: &'static str,
    /// Zeros where the runtime is of another language.
    pub(crate) python_release: PythonRelease,
    pub(crate) system: &'static System,
    pub(crate) support: Support,
}

/// A release of CPython 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PythonRelease {
    /// The 12 of 3.12.10.
    pub(crate) minor: u8,
    /// The 10 of 3.12.10: the least that the provider has shipped. It matters only to
    /// markers on `python_full_version`.
    pub(crate) patch: u8,
}

/// An operating system that runtimes are made of.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct System {
    /// The name, for people.
    pub(crate) name: &'static str,
    /// Major and minor version of its glibc.
    pub(crate) glibc: (u16, u16),
    /// The newest version of the symbols of its other base libraries, by prefix.
    pub(crate) symbol_versions: &'static [(&'static str, &'static str)],
    /// The libraries that every function finds there.
    pub(crate) libraries: &'static [&'static str],
    /// The command that installs its packages.
    pub(crate) install_command: &'static str,
    /// The packages with the compilers for C and C++, divided by blanks.
    pub(crate) compiler_packages: &'static str,
}

/// Where a runtime stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Support {
    /// Functions can be created on it until the date, `YYYY-MM-DD`.
    Until(&'static str),
    /// Functions can be created on it, and the provider names no end.
    Current,
    /// A system on which a function starts what it likes. Its Python is the one that the
    /// provider has put there; taken only where somebody names it.
    Custom,
    /// Deprecated by the provider; still met in old projects.
    Retired,
    /// Announced, not yet for production.
    Preview,
}

impl Support {
    /// Whether functions can be created on it, and it runs Python by itself.
    pub const fn is_current(self) -> bool {
        matches!(self, Self::Until(_) | Self::Current)
    }

    /// Whether it may be chosen, or shown, where nobody named it.
    pub const fn is_offered(self) -> bool {
        !matches!(self, Self::Preview | Self::Custom)
    }
}

/// Where a function finds what its layers hold.
#[derive(Debug)]
pub(crate) struct LayerPaths {
    /// The directory that all layers of a function are unpacked into.
    pub(crate) mount: &'static str,
    /// The directories in a layer that are on `sys.path`, in the order of the search.
    pub(crate) modules: &'static [&'static str],
    /// The one of them that packages are put into.
    pub(crate) site_packages: &'static str,
    /// The directory in a layer that is on `PATH`.
    pub(crate) scripts: &'static str,
    /// The directory in a layer that is on `LD_LIBRARY_PATH`.
    pub(crate) libraries: &'static str,
}

/// Of two layers of a function with a file at the same path, whose file the function
/// sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precedence {
    /// That of the layer which is named first.
    First,
    /// That of the layer which is named last.
    Last,
}

/// What a provider accepts, in bytes, characters and counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Unzipped bytes of a function together with all its layers.
    pub unzipped: u64,
    /// Bytes of a zip that is sent in the request itself; a larger one has to
    /// come from object storage.
    pub zip_in_request: u64,
    /// Bytes of a zip that comes from object storage, where the provider says how many it
    /// can have.
    pub zip_in_storage: Option<u64>,
    /// Layers that one function can use.
    pub layers_per_function: usize,
    /// Characters of a layer version's description.
    pub description: usize,
    /// Characters of a layer version's license.
    pub license: usize,
    /// Runtimes that a layer version declares itself compatible with.
    pub runtimes: usize,
    /// Architectures that a layer version declares itself compatible with.
    pub architectures: usize,
}

/// The names that layers can have: letters, digits, `-` and `_` of ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerNames {
    /// The longest, in characters.
    pub max_length: usize,
    /// Whether the first character has to be a letter.
    pub begin_with_letter: bool,
}

impl LayerNames {
    /// Whether a layer can have this name. One that can is also a safe file name: it
    /// has no separator and no dot.
    pub fn allow(&self, name: &str) -> bool {
        let begins_well =
            !self.begin_with_letter || name.starts_with(|first: char| first.is_ascii_alphabetic());
        (1..=self.max_length).contains(&name.len())
            && name.chars().all(|c| self.has(c))
            && begins_well
    }

    /// Whether a character can be in a name.
    pub fn has(&self, c: char) -> bool {
        c.is_ascii_alphanumeric() || c == '-' || c == '_'
    }

    /// A text with `-` in the place of each character that cannot be in a name.
    pub fn fitted(&self, text: &str) -> String {
        text.chars()
            .map(|c| if self.has(c) { c } else { '-' })
            .collect()
    }

    /// The name that a layer can have and that is most like `name`: `-` stands for each
    /// other character, and what is too long is cut off.
    pub fn nearest(&self, name: &str) -> String {
        let begin = match name.chars().next() {
            None => "layer",
            Some(first) if self.begin_with_letter && !first.is_ascii_alphabetic() => "layer-",
            Some(_) => "",
        };
        let rest = self.fitted(name);
        begin
            .chars()
            .chain(rest.chars())
            .take(self.max_length)
            .collect()
    }
}

impl fmt::Display for LayerNames {
    /// The rule, as in "a layer's name is ...".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let max_length = self.max_length;
        write!(f, "1 to {max_length} characters of a-z, A-Z, 0-9, - and _")?;
        if self.begin_with_letter {
            f.write_str(", of which the first is a letter")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ascii_and_short_and_no_paths() {
        let names = LayerNames {
            max_length: 10,
            begin_with_letter: false,
        };
        for name in ["a", "-", "Layer_2-x", "0123456789"] {
            assert!(names.allow(name), "{name:?}");
        }
        for name in [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            "a\\b",
            "C:",
            "a b",
            "a\0",
            "é",
            "web.lock",
            "01234567890",
        ] {
            assert!(!names.allow(name), "{name:?}");
        }
        let names = LayerNames {
            begin_with_letter: true,
            ..names
        };
        assert!(names.allow("a-1") && !names.allow("-a") && !names.allow("1a"));
        assert_eq!(
            names.to_string(),
            "1 to 10 characters of a-z, A-Z, 0-9, - and _, of which the first is a letter"
        );
    }

    #[test]
    fn any_text_has_a_nearest_name_and_a_name_is_its_own() {
        let names = LayerNames {
            max_length: 10,
            begin_with_letter: false,
        };
        for (text, nearest) in [
            ("Layer_2-x", "Layer_2-x"),
            ("-a-", "-a-"),
            ("acme.shop", "acme-shop"),
            ("my shop", "my-shop"),
            ("größe", "gr--e"),
            ("0123456789a", "0123456789"),
            ("", "layer"),
        ] {
            assert_eq!(names.nearest(text), nearest);
            assert!(names.allow(nearest));
        }
        let names = LayerNames {
            begin_with_letter: true,
            ..names
        };
        for (text, nearest) in [("a1", "a1"), ("1a", "layer-1a"), ("", "layer")] {
            assert_eq!(names.nearest(text), nearest);
            assert!(names.allow(nearest));
        }
    }
}
