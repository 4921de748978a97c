//! Whether a wheel that comes from no index fits the target.
//!
//! A wheel of an index was made to its tag by its authors, and checked by the
//! index. One that is built carries whatever a machine's compiler and libraries
//! put into it, under the tag `linux_x86_64`, which promises nothing. So each of its
//! libraries is [checked](layerlock_elf::check) against the target, with the wheel's
//! own libraries beside it.

use std::collections::HashSet;
use std::io;

use layerlock_elf::LoadCheck;
use layerlock_layer::archive::{ArchiveProblem, FileReader, RawMember};
use layerlock_target::{Target, WheelName};

use crate::WheelProblem;
use crate::problem::WheelMisfit;

/// Checks a wheel that was made elsewhere against a target. The archive is an error where it is no good; the outer error is that of
/// the file.
pub(super) fn check_archive(
    wheel: &WheelName,
    file: &fs_err::File,
    target: &Target,
) -> io::Result<Result<Result<(), WheelMisfit>, WheelProblem>> {
    let length = file.metadata()?.len();
    let reader = FileReader::from(file.file().try_clone()?);
    let members = crate::wheel::members(&reader, length);
    Ok(members.and_then(|members| Ok(check(wheel, &members, target)?)))
}

/// Checks a wheel against a target. Of its files no more than the libraries are read, and
/// of these a part is in memory at once.
pub(super) fn check(
    wheel: &WheelName,
    members: &[RawMember<'_>],
    target: &Target,
) -> Result<Result<(), WheelMisfit>, ArchiveProblem> {
    if let Err(misfit) = target.rank(wheel) {
        return Ok(Err(WheelMisfit::Tags(misfit)));
    }
    let own: HashSet<&str> = members
        .iter()
        .map(|member| member.name.file_name())
        .collect();
    let libraries: Vec<Result<(), WheelMisfit>> = members
        .iter()
        .filter(|member| is_elf(member))
        .map(|member| check_library(member, &own, target))
        .collect::<Result<_, _>>()?;
    // A wheel for any platform may bring libraries for several, of which its code
    // takes one. Where none is the target's, it was built for this machine.
    if wheel.is_for_any_platform() && libraries.iter().any(Result::is_ok) {
        return Ok(Ok(()));
    }
    Ok(libraries.into_iter().collect())
}

fn check_library(
    member: &RawMember<'_>,
    own: &HashSet<&str>,
    target: &Target,
) -> Result<Result<(), WheelMisfit>, ArchiveProblem> {
    let mut check = LoadCheck::new();
    let checked = loop {
        member.read_into(|piece| check.take(piece))?;
        match check.finish(&target.platform(), |name| own.contains(name)) {
            Ok(checked) => break checked,
            Err(again) => check = again,
        }
    };
    Ok(checked.map_err(|reason| WheelMisfit::Library {
        name: member.name.to_string(),
        reason,
    }))
}

fn is_elf(member: &RawMember<'_>) -> bool {
    member.starts_with(layerlock_elf::MAGIC)
}

/// Whether a wheel that fits one target fits every one: its tag may say so and its
/// files not.
pub(super) fn is_for_every_target(wheel: &WheelName, members: &[RawMember<'_>]) -> bool {
    wheel.is_for_any_platform() && !members.iter().any(is_elf)
}

#[cfg(test)]
mod tests {
    use layerlock_target::{Architecture, Provider};
    use layerlock_testkit::{SharedLibrary, WheelBuilder, shared_library};

    use super::*;

    fn target(runtime: &str) -> Target {
        let runtime = Provider::Aws.runtime(runtime).unwrap();
        Target::new(runtime, Architecture::X86_64)
    }

    const X86_64: u16 = 62;
    const AARCH64: u16 = 183;

    fn checked(tag: &str, libraries: &[(&str, Vec<u8>)]) -> Result<(), String> {
        let wheel = format!("demo-1.0-{tag}.whl").parse().unwrap();
        let mut packed = WheelBuilder::new("demo", "1.0");
        for (name, bytes) in libraries {
            packed = packed.file(name, bytes);
        }
        let packed = packed.build().bytes;
        let (packed, length) = (&packed[..], packed.len() as u64);
        let members = crate::wheel::members(&packed, length);
        let members = members.unwrap_or_else(|problem| panic!("{problem}"));
        let checked = check(&wheel, &members, &target("python3.12")).unwrap();
        checked.map_err(|misfit| misfit.to_string())
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
