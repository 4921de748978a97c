//! Files that a platform loads, files that it refuses, and files that are made to
//! harm the reader.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input has failed"
)]

mod facts;
mod hostile;
mod verdicts;

use layerlock_elf::{Architecture, Platform};

/// The numbers of machines in `e_machine`.
const X86_64: u16 = 62;
const AARCH64: u16 = 183;

/// A platform with a version of glibc and what GCC 11 brings.
fn platform(glibc: (u16, u16)) -> Platform {
    Platform {
        architecture: Architecture::X86_64,
        glibc,
        symbol_versions: &[("GLIBCXX", "3.4.29"), ("CXXABI", "1.3.13")],
        libraries: &["libc.so.6", "libm.so.6", "libstdc++.so.6"],
    }
}
