//! Whether a wheel that comes from no index fits the target.
//!
//! A wheel of an index was made to its tag by its authors, and checked by the
//! index. One that is built carries whatever a machine's compiler and libraries
//! put into it, under the tag `linux_x86_64`, which promises nothing. So each of its
//! libraries is [checked](layerlock_elf::check) against the target, with the wheel's
//! own libraries beside it.

use std::collections::HashSet;
use std::io;

use layerlock_elf::is_elf;
use layerlock_layer::archive::FileReader;
use layerlock_target::{Target, WheelName};

use crate::WheelProblem;
use crate::problem::WheelMisfit;
use crate::wheel::Unpacked;

/// Checks a wheel that was made elsewhere against a target, and reads no more of it
/// than its libraries. The archive is an error where it is no good; the outer error is that of
/// the file.
pub(super) fn check_archive(
    wheel: &WheelName,
    file: &fs_err::File,
    target: &Target,
) -> io::Result<Result<Result<(), WheelMisfit>, WheelProblem>> {
    let length = file.metadata()?.len();
    let reader = FileReader::from(file.file().try_clone()?);
    let members = crate::wheel::unpack_only(&reader, length, layerlock_elf::MAGIC);
    Ok(members.map(|members| check(wheel, &members, target)))
}

/// Checks a wheel against a target.
pub(super) fn check(
    wheel: &WheelName,
    members: &[Unpacked],
    target: &Target,
) -> Result<(), WheelMisfit> {
    target.rank(wheel).map_err(WheelMisfit::Tags)?;
    let own: HashSet<&str> = members
        .iter()
        .map(|member| member.name.as_str())
        .map(|name| name.rsplit('/').next().unwrap_or(name))
        .collect();
    let platform = target.platform();
    let libraries: Vec<Result<(), WheelMisfit>> = members
        .iter()
        .filter(|member| is_elf(&member.bytes))
        .map(|member| {
            layerlock_elf::check(&member.bytes, &platform, |name| own.contains(name)).map_err(
                |reason| WheelMisfit::Library {
                    name: member.name.to_string(),
                    reason,
                },
            )
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
    wheel.is_for_any_platform() && !members.iter().any(|member| is_elf(&member.bytes))
}

#[cfg(test)]
mod tests {
    use layerlock_target::{Architecture, Provider};
    use layerlock_testkit::{SharedLibrary, shared_library};

    use super::*;

    fn target(runtime: &str) -> Target {
        let runtime = Provider::Aws.runtime(runtime).unwrap();
        Target::new(runtime, Architecture::X86_64)
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
                "does not fit: core.so is for another architecture",
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
            (
                native,
                SharedLibrary::new(X86_64)
                    .needs_versions("libc.so.6", &["GLIBC_ABI_DT_RELR"])
                    .without_sections()
                    .build(),
                "does not fit: core.so needs GLIBC_ABI_DT_RELR, the runtime has GLIBC_2.34 at most",
            ),
            (
                native,
                SharedLibrary::new(X86_64)
                    .mapped_at_distance(0x1010)
                    .build(),
                "does not fit: core.so is refused by the loader, as after `strip` on a patched \
                 library: ELF load command address/offset not page-aligned",
            ),
            // Says that it is for any platform, and was compiled for one.
            (
                "py3-none-any",
                shared_library(AARCH64, &[], &[]),
                "does not fit: core.so is for another architecture",
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
}
