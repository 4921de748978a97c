use object::elf;

/// A processor architecture that ELF files are made for, by the kernel's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// 64-bit x86.
    X86_64,
    /// 64-bit ARM, little-endian.
    Aarch64,
}

impl Architecture {
    /// Its number in `e_machine`.
    pub(crate) const fn number(self) -> u16 {
        match self {
            Self::X86_64 => elf::EM_X86_64,
            Self::Aarch64 => elf::EM_AARCH64,
        }
    }
}

/// What a system offers to the files that its loader maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Platform {
    /// The one that its processor has.
    pub architecture: Architecture,
    /// Major and minor version of its glibc.
    pub glibc: (u16, u16),
    /// The newest version of the symbols of its other base libraries, each by the
    /// prefix and the number: `("GLIBCXX", "3.4.29")`. A library that is not named
    /// is assumed to have every version that is asked of it.
    pub symbol_versions: &'static [(&'static str, &'static str)],
    /// The libraries that it has, by the names under which files need them:
    /// `libc.so.6`.
    pub libraries: &'static [&'static str],
}
