//! Whether a wheel that comes from no index fits the target.
//!
//! A wheel of an index was made to its tag by its authors, and checked by the
//! index. One that is built carries whatever a machine's compiler and libraries
//! put into it, under the tag `linux_x86_64`, which promises nothing. So each of its libraries
//! is read: machine, needed libraries, and needed versions of their symbols, as
//! the manylinux policies (PEP 600) have them.

use std::collections::HashSet;
use std::fmt;

use layerlock_target::{Architecture, Misfit as TagMisfit, Target, WheelName};
use object::Endianness;
use object::elf;
use object::read::elf::{Dyn, FileHeader};

use crate::WheelProblem;
use crate::wheel::Unpacked;

/// Why a built wheel does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// Its tags say so.
    Tags(TagMisfit),
    /// A library of it does.
    Library {
        /// The library.
        name: String,
        /// Why.
        reason: LibraryMisfit,
    },
}

/// Why a library cannot be loaded on a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LibraryMisfit {
    /// It is for another processor.
    #[error("is for another processor")]
    Machine,
    /// It needs a newer version of a library than the runtime has.
    #[error("needs {needed}, the runtime has {there} at most")]
    Symbols {
        /// The version that it needs, such as `GLIBC_2.38`.
        needed: String,
        /// The newest that is there.
        there: String,
    },
    /// It needs a library that neither the wheel nor the runtime has.
    #[error("needs {0}, which neither the wheel nor the runtime has")]
    Library(String),
    /// It cannot be read.
    #[error("cannot be read as a library: {0}")]
    Unreadable(String),
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tags(TagMisfit::Python | TagMisfit::Abi) => f.write_str("is for another Python"),
            Self::Tags(TagMisfit::Platform) => f.write_str("is for another platform"),
            Self::Tags(TagMisfit::Glibc) => f.write_str("needs a newer glibc"),
            Self::Library { name, reason } => write!(f, "does not fit: {name} {reason}"),
        }
    }
}

/// Checks a wheel that was made elsewhere against a target, and reads no more of it
/// than its libraries. The archive is an error where it is no good.
pub(super) fn check_archive(
    wheel: &WheelName,
    bytes: &[u8],
    target: &Target,
) -> Result<Result<(), Misfit>, WheelProblem> {
    let members = crate::wheel::unpack_only(bytes, elf::ELFMAG)?;
    Ok(check(wheel, &members, target))
}

/// Checks a wheel against a target.
pub(super) fn check(
    wheel: &WheelName,
    members: &[Unpacked],
    target: &Target,
) -> Result<(), Misfit> {
    target.rank(wheel).map_err(Misfit::Tags)?;
    let own: HashSet<&str> = members
        .iter()
        .map(|member| member.name.as_str())
        .map(|name| name.rsplit('/').next().unwrap_or(name))
        .collect();
    let libraries: Vec<Result<(), Misfit>> = members
        .iter()
        .filter(|member| is_library(member))
        .map(|member| {
            check_library(&member.bytes, &own, target).map_err(|reason| Misfit::Library {
                name: member.name.to_string(),
                reason,
            })
        })
        .collect();
    // A wheel for any platform may bring libraries for several, of which its code
    // takes one. Where none is the target's, it was built for this machine.
    if wheel.is_for_any_platform() && libraries.iter().any(Result::is_ok) {
        return Ok(());
    }
    libraries.into_iter().collect()
}

/// Whether a wheel that fits one target fits every one: its tag may say so and its
/// files not.
pub(super) fn is_for_every_target(wheel: &WheelName, members: &[Unpacked]) -> bool {
    wheel.is_for_any_platform() && !members.iter().any(is_library)
}

fn is_library(member: &Unpacked) -> bool {
    member.bytes.starts_with(&elf::ELFMAG)
}

fn check_library(bytes: &[u8], own: &HashSet<&str>, target: &Target) -> Result<(), LibraryMisfit> {
    let unreadable = |error: object::Error| LibraryMisfit::Unreadable(error.to_string());
    let machine = match target.architecture {
        Architecture::X86_64 => elf::EM_X86_64,
        Architecture::Arm64 => elf::EM_AARCH64,
    };
    let Ok(header) = elf::FileHeader64::<Endianness>::parse(bytes) else {
        // 32 bits, or no ELF but for its first bytes.
        return Err(LibraryMisfit::Machine);
    };
    let endian = header.endian().map_err(unreadable)?;
    if endian != Endianness::Little || header.e_machine(endian) != machine {
        return Err(LibraryMisfit::Machine);
    }
    let sections = header.sections(endian, bytes).map_err(unreadable)?;
    if let Some((entries, link)) = sections.dynamic(endian, bytes).map_err(unreadable)? {
        let strings = sections.strings(endian, bytes, link).map_err(unreadable)?;
        for entry in entries {
            if entry.tag32(endian) == Some(elf::DT_NEEDED) {
                let name = entry.string(endian, strings).map_err(unreadable)?;
                let name = String::from_utf8_lossy(name);
                if !own.contains(&*name) && !is_of_the_runtime(&name) {
                    return Err(LibraryMisfit::Library(name.into_owned()));
                }
            }
        }
    }
    if let Some((mut needs, link)) = sections.gnu_verneed(endian, bytes).map_err(unreadable)? {
        let strings = sections.strings(endian, bytes, link).map_err(unreadable)?;
        while let Some((_, mut versions)) = needs.next().map_err(unreadable)? {
            while let Some(version) = versions.next().map_err(unreadable)? {
                let needed = version.name(endian, strings).map_err(unreadable)?;
                check_version(&String::from_utf8_lossy(needed), target)?;
            }
        }
    }
    Ok(())
}

/// Compares `GLIBC_2.38` with what the runtime has. Versions of other libraries
/// come with the library itself.
fn check_version(needed: &str, target: &Target) -> Result<(), LibraryMisfit> {
    let (major, minor) = target.runtime.glibc();
    // libstdc++ and libgcc of GCC 7 on Amazon Linux 2, of GCC 11 on 2023
    // (https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html).
    let (glibcxx, cxxabi, gcc) = if (major, minor) < (2, 34) {
        ("3.4.24", "1.3.11", "7.0.0")
    } else {
        ("3.4.29", "1.3.13", "11.0")
    };
    let Some((library, version)) = needed.rsplit_once('_') else {
        return Ok(());
    };
    let there = match library {
        "GLIBC" => format!("{major}.{minor}"),
        "GLIBCXX" => glibcxx.to_owned(),
        "CXXABI" => cxxabi.to_owned(),
        "GCC" => gcc.to_owned(),
        _ => return Ok(()),
    };
    // `GLIBC_PRIVATE` is for glibc's own parts, and changes at will.
    let fits = numbers(version).is_some_and(|needed| Some(needed) <= numbers(&there));
    if fits {
        return Ok(());
    }
    Err(LibraryMisfit::Symbols {
        needed: needed.to_owned(),
        there: format!("{library}_{there}"),
    })
}

fn numbers(version: &str) -> Option<Vec<u32>> {
    version.split('.').map(|part| part.parse().ok()).collect()
}

/// What every Lambda runtime has of its own: the libraries that manylinux lets
/// wheels expect, but for those of a desktop.
fn is_of_the_runtime(library: &str) -> bool {
    matches!(
        library,
        "libc.so.6"
            | "libm.so.6"
            | "libdl.so.2"
            | "libpthread.so.0"
            | "librt.so.1"
            | "libutil.so.1"
            | "libresolv.so.2"
            | "libgcc_s.so.1"
            | "libstdc++.so.6"
            | "libz.so.1"
            | "ld-linux-x86-64.so.2"
            | "ld-linux-aarch64.so.1"
    )
}

#[cfg(test)]
mod tests {
    use layerlock_testkit::shared_library;

    use super::*;

    fn target(runtime: &str) -> Target {
        Target::aws(runtime.parse().unwrap(), Architecture::X86_64)
    }

    #[test]
    fn versions_are_compared_by_number_with_those_of_the_runtime() {
        for (runtime, fits, too_new) in [
            (
                "python3.11",
                ["GLIBC_2.2.5", "GLIBC_2.9", "GLIBC_2.26", "GLIBCXX_3.4.24"],
                ["GLIBC_2.27", "GLIBC_3.0", "GLIBCXX_3.4.25", "CXXABI_1.3.12"],
            ),
            (
                "python3.12",
                ["GLIBC_2.34", "GLIBC_2.4", "CXXABI_1.3.13", "OPENSSL_3.0.0"],
                [
                    "GLIBC_2.35",
                    "GLIBC_2.100",
                    "GLIBC_PRIVATE",
                    "GLIBCXX_3.4.30",
                ],
            ),
        ] {
            for needed in fits {
                assert_eq!(check_version(needed, &target(runtime)), Ok(()), "{needed}");
            }
            for needed in too_new {
                let misfit = check_version(needed, &target(runtime)).unwrap_err();
                let text = misfit.to_string();
                assert!(text.starts_with(&format!("needs {needed}, the")), "{text}");
            }
        }
    }

    const X86_64: u16 = 62;
    const AARCH64: u16 = 183;

    fn checked(tag: &str, libraries: &[(&str, Vec<u8>)]) -> Result<(), String> {
        let wheel = format!("demo-1.0-{tag}.whl").parse().unwrap();
        let members: Vec<Unpacked> = libraries
            .iter()
            .map(|(name, bytes)| Unpacked {
                name: layerlock_layer::LayerPath::new(*name).unwrap(),
                executable: false,
                bytes: bytes.clone(),
            })
            .collect();
        check(&wheel, &members, &target("python3.12")).map_err(|misfit| misfit.to_string())
    }

    #[test]
    fn each_way_not_to_fit_is_told_apart() {
        let native = "cp312-cp312-linux_x86_64";
        for (tag, library, reason) in [
            (
                "cp311-cp311-linux_x86_64",
                shared_library(X86_64, &[], &[]),
                "is for another Python",
            ),
            (
                "cp312-cp312-macosx_11_0_arm64",
                shared_library(X86_64, &[], &[]),
                "is for another platform",
            ),
            (
                native,
                shared_library(AARCH64, &[], &[]),
                "does not fit: core.so is for another processor",
            ),
            (
                native,
                shared_library(
                    X86_64,
                    &[],
                    &[
                        ("libm.so.6", &["GLIBC_2.2.5"]),
                        ("libstdc++.so.6", &["CXXABI_1.3", "GLIBCXX_3.4.32"]),
                    ],
                ),
                "does not fit: core.so needs GLIBCXX_3.4.32, the runtime has GLIBCXX_3.4.29 at most",
            ),
            (
                native,
                shared_library(X86_64, &["libpq.so.5"], &[]),
                "does not fit: core.so needs libpq.so.5, which neither the wheel nor the runtime has",
            ),
            // Says that it is for any platform, and was compiled for one.
            (
                "py3-none-any",
                shared_library(AARCH64, &[], &[]),
                "does not fit: core.so is for another processor",
            ),
        ] {
            assert_eq!(
                checked(tag, &[("core.so", library)]),
                Err(reason.to_owned())
            );
        }
    }

    #[test]
    fn what_fits_is_let_through() {
        let library = shared_library(
            X86_64,
            &["libc.so.6", "libown.so.1"],
            &[("libc.so.6", &["GLIBC_2.2.5", "GLIBC_2.34"])],
        );
        let own = ("demo.libs/libown.so.1", shared_library(X86_64, &[], &[]));
        let libraries = [("core.so", library), own.clone()];
        assert_eq!(checked("cp312-cp312-linux_x86_64", &libraries), Ok(()));
        // A pure wheel may bring libraries for several platforms.
        let other = ("other.so", shared_library(AARCH64, &[], &[]));
        assert_eq!(checked("py3-none-any", &[other, own]), Ok(()));
        assert_eq!(
            checked("py3-none-any", &[("data.so", b"text".to_vec())]),
            Ok(())
        );
    }

    #[test]
    fn bytes_that_only_begin_like_a_library_are_no_reason_to_panic() {
        let mut bytes = elf::ELFMAG.to_vec();
        bytes.extend([2, 1, 1]);
        bytes.resize(64, 0);
        bytes[18] = 62;
        for length in [4, 16, 63, 64] {
            let own = HashSet::new();
            assert!(
                check_library(&bytes[..length], &own, &target("python3.12")).is_err()
                    || length == 64
            );
        }
    }
}
