//! What kind of processor an ELF file is for.

use std::fmt;

use object::elf;
use serde::{Deserialize, Serialize};

use crate::Architecture;

/// The processor and the class that a file's header names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Machine {
    /// The number of `e_machine`.
    pub number: u16,
    /// Whether its addresses have 64 bits.
    pub is_64_bit: bool,
    /// Whether its numbers begin with their highest byte.
    pub is_big_endian: bool,
}

impl Machine {
    /// Whether it is what a processor of an architecture runs.
    pub fn is(self, architecture: Architecture) -> bool {
        self == Self::from(architecture)
    }

    /// Whether it is no processor that runs Linux: a graphics card, or the kernel's own
    /// filter. A program hands such files on, and loads none.
    pub fn is_device(self) -> bool {
        matches!(
            self.number,
            elf::EM_BPF | elf::EM_CUDA | elf::EM_AMDGPU | elf::EM_NONE
        )
    }
}

impl From<Architecture> for Machine {
    fn from(architecture: Architecture) -> Self {
        Self {
            number: architecture.number(),
            is_64_bit: true,
            is_big_endian: false,
        }
    }
}

/// The name that the supplements of the System V ABI give to the processor, and the
/// class where it is not the usual one.
impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, is_64_bit) = match self.number {
            elf::EM_X86_64 => ("x86-64", true),
            elf::EM_AARCH64 => ("aarch64", true),
            elf::EM_386 => ("i386", false),
            elf::EM_ARM => ("arm", false),
            elf::EM_RISCV => ("riscv", true),
            elf::EM_PPC64 if self.is_big_endian => ("ppc64", true),
            elf::EM_PPC64 => ("ppc64le", true),
            elf::EM_S390 => ("s390x", true),
            elf::EM_MIPS => ("mips", false),
            elf::EM_LOONGARCH => ("loongarch", true),
            number => return write!(f, "machine {number}"),
        };
        f.write_str(name)?;
        match (self.is_64_bit, is_64_bit) {
            (true, false) => f.write_str(" (64-bit)"),
            (false, true) => f.write_str(" (32-bit)"),
            _ => Ok(()),
        }
    }
}
