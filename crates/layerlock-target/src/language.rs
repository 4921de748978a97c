//! What a runtime runs.

use std::fmt;

/// The language of a runtime's functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Language {
    /// CPython.
    Python,
    /// Node.js.
    Node,
    /// Java, and what else runs on its virtual machine.
    Java,
    /// Ruby.
    Ruby,
    /// .NET.
    Dotnet,
    /// PHP.
    Php,
    /// Whatever a function brings itself: `provided.al2023`.
    Own,
    /// Any of them: a layer that says nothing of a runtime.
    Any,
}

impl Language {
    /// Whether functions of this language can use what is written in another: nobody knows of
    /// a runtime that a function brings itself.
    pub fn runs(self, other: Self) -> bool {
        self == other || matches!(self, Self::Own | Self::Any)
    }

    /// Of the runtime that a provider calls so: the names begin with the language.
    pub(crate) fn of(identifier: &str) -> Self {
        const STARTS: [(&str, Language); 7] = [
            ("python", Language::Python),
            ("nodejs", Language::Node),
            ("java", Language::Java),
            ("ruby", Language::Ruby),
            ("dotnet", Language::Dotnet),
            ("php", Language::Php),
            ("any", Language::Any),
        ];
        let found = STARTS
            .iter()
            .find(|(start, _)| identifier.starts_with(start));
        found.map_or(Self::Own, |(_, language)| *language)
    }
}

/// As people call it.
impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Python => "Python",
            Self::Node => "Node.js",
            Self::Java => "Java",
            Self::Ruby => "Ruby",
            Self::Dotnet => ".NET",
            Self::Php => "PHP",
            Self::Own => "a runtime of one's own",
            Self::Any => "any language",
        })
    }
}
