//! Who writes a project's lock: hints name its commands.

/// What writes a project's lock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LockTool {
    /// Poetry, which is taken for it where nobody knows.
    #[default]
    Poetry,
    /// uv: uv.lock.
    Uv,
    /// Whatever exports pylock.toml.
    Pylock,
    /// Whatever pins what a requirements file asks for.
    Requirements,
}

impl LockTool {
    /// The command that writes the lock, in backquotes.
    pub const fn lock(self) -> &'static str {
        match self {
            Self::Poetry => "`poetry lock`",
            Self::Uv => "`uv lock`",
            Self::Pylock => "`uv export --format pylock.toml`",
            Self::Requirements => "`uv pip compile --generate-hashes`",
        }
    }

    /// The same where the index has more files of a locked version by now. Poetry keeps for
    /// good what it once read of them.
    pub const fn look_again(self) -> &'static str {
        match self {
            Self::Poetry => "`poetry lock` (`poetry lock --no-cache` if that changes nothing)",
            other => other.lock(),
        }
    }

    /// The command that makes the lock without a look at the one that is there.
    pub const fn from_scratch(self) -> &'static str {
        match self {
            Self::Poetry => "`poetry lock --regenerate`",
            Self::Uv => "`uv lock --upgrade`",
            Self::Requirements => "`uv pip compile --generate-hashes --upgrade`",
            Self::Pylock => self.lock(),
        }
    }

    /// The command that locks another version of one package.
    pub fn upgrade(self, package: &str) -> String {
        match self {
            Self::Poetry => format!("`poetry update {package}`"),
            Self::Uv => format!("`uv lock --upgrade-package {package}`"),
            Self::Pylock => self.lock().to_owned(),
            Self::Requirements => {
                format!("`uv pip compile --generate-hashes --upgrade-package {package}`")
            }
        }
    }

    /// The command that stores a password for an index, by its name in the project: only
    /// Poetry has one.
    pub fn password(self, index: &str) -> Option<String> {
        let is_poetry = self == Self::Poetry;
        is_poetry.then(|| format!("`poetry config http-basic.{index} USER PASSWORD`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_poetry_are_for_its_own_locks() {
        for tool in [LockTool::Uv, LockTool::Pylock, LockTool::Requirements] {
            let all = [
                tool.lock(),
                tool.look_again(),
                tool.from_scratch(),
                &tool.upgrade("six"),
            ];
            for command in all {
                assert!(command.starts_with("`uv "), "{command}");
            }
            assert_eq!(tool.password("company"), None);
        }
        // Without hashes it would not be read.
        for command in [
            LockTool::Requirements.from_scratch(),
            &LockTool::Requirements.upgrade("six"),
        ] {
            assert!(command.contains("--generate-hashes --upgrade"), "{command}");
        }
        let poetry = LockTool::default();
        assert_eq!(poetry.upgrade("six"), "`poetry update six`");
        assert!(poetry.look_again().starts_with(poetry.lock()));
        let password = poetry.password("company").unwrap();
        assert!(password.contains("http-basic.company "), "{password}");
    }
}
