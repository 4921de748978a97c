//! Whether each file is one that the target's loader takes: its format, its processor,
//! its C library, its Python, and whether it is sound.

use std::collections::HashSet;

use layerlock_elf::{Binary, Damage, Elf, Kind};
use layerlock_target::Architecture;

use super::files::{Files, split};
use super::fold::Fault;
use super::names::{Misfit, ModuleName, node_package};
use super::role::{Role, role};
use crate::{Code, Severity};

/// Checks each file alone. Gives those of which nothing more can be said, since no
/// loader takes them.
pub(super) fn check<'a>(files: &Files<'a>, faults: &mut Vec<Fault<'a>>) -> HashSet<&'a str> {
    let mut unfit = HashSet::new();
    for (path, binary) in files.binaries() {
        if node_package(path).is_some() {
            continue;
        }
        let Binary::Elf(elf) = binary else {
            faults.push(foreign_format(files, path, binary));
            continue;
        };
        if elf.machine.is_device() && elf.damage.is_none() || is_object(elf) {
            continue;
        }
        if let Some(fault) = misfit(files, path, elf) {
            faults.push(fault);
            unfit.insert(path);
        } else {
            faults.extend(weaknesses(path, elf));
        }
    }
    let others = files.others().filter(|path| node_package(path).is_none());
    faults.extend(others.filter_map(|path| impostor(files, path)));
    unfit
}

/// A file that has the name of a library and is none: an empty one, or the text that a
/// link or a large file of a repository is where it was not resolved.
fn impostor<'a>(files: &Files<'a>, path: &'a str) -> Option<Fault<'a>> {
    let role = role(files, path, None);
    let severity = match role {
        Role::Module(module) if module.misfit(&files.target).is_some() => return None,
        Role::Module(_) => Severity::Error,
        Role::LibraryOfCode | Role::Library => Severity::Warning,
        Role::Optional(_) | Role::Command | Role::Loose => return None,
    };
    let reason =
        "is no compiled file, as its name says: the loader refuses it (invalid ELF header)";
    let fault = Fault::new(Code::UnreadableBinary, path, reason);
    Some(fault.with_severity(severity).with_hint(
        "get the file anew: an empty one was cut off, and a short text in its place is a link",
    ))
}

/// Whether it is for no loader: an object file, a dump of memory.
pub(super) fn is_object(elf: &Elf) -> bool {
    elf.kind == Kind::Other && elf.damage.is_none()
}

fn foreign_format<'a>(files: &Files<'a>, path: &'a str, binary: &Binary) -> Fault<'a> {
    let hint = "if nothing loads it, leave it out by exclude-files";
    if *binary == Binary::Pe {
        let module = role(files, path, None).module();
        if let Some(module) = module
            && let Some(misfit) = module.misfit(&files.target)
            && !has_alternative(files, path, module)
        {
            return foreign_module(files, path, module, &misfit);
        }
        return Fault::new(Code::PeFile, path, "is a file for Windows").with_hint(hint);
    }
    let fault = Fault::new(
        Code::MachO,
        path,
        "is a file for macOS, and the target is Linux",
    );
    let is_elsewhere = files.has_fitting(path) && !is_found(files, path);
    let is_loose = role(files, path, None) == Role::Loose;
    if is_elsewhere {
        fault.with_severity(Severity::Info).with_hint(hint)
    } else if is_loose {
        fault.with_severity(Severity::Warning).with_hint(hint)
    } else if files.is_for_python() {
        fault.with_hint("install the packages for Linux: layerlock does so on every system")
    } else {
        fault.with_hint("build it for Linux")
    }
}

/// Whether the target's Python takes a file for a module by its name, whatever is in it.
fn is_found<'a>(files: &Files<'a>, path: &'a str) -> bool {
    let module = role(files, path, None).module();
    module.is_some_and(|module| module.misfit(&files.target).is_none())
}

/// What keeps the loader from a file, the first that does.
fn misfit<'a>(files: &Files<'a>, path: &'a str, elf: &Elf) -> Option<Fault<'a>> {
    if let Some(Damage::Truncated(_)) = &elf.damage
        && elf.machine.is_device()
    {
        return damage(files, path, elf);
    }
    if elf.machine != files.machine {
        return Some(other_machine(files, path, elf));
    }
    if elf.is_for_musl() {
        return Some(musl(files, path, elf));
    }
    if let Some(fault) = damage(files, path, elf) {
        return Some(fault);
    }
    let module = role(files, path, Some(elf)).module()?;
    let misfit = match module.misfit(&files.target) {
        Some(misfit) => misfit,
        None => Misfit::Python(other_interpreter(files, elf)?),
    };
    Some(foreign_module(files, path, module, &misfit))
}

/// `--architecture` for a machine, where layers can be built for it.
fn architecture(elf: &Elf) -> Option<Architecture> {
    Architecture::ALL
        .into_iter()
        .find(|architecture| match architecture {
            Architecture::X86_64 => elf.machine.is(layerlock_elf::Architecture::X86_64),
            Architecture::Arm64 => elf.machine.is(layerlock_elf::Architecture::Aarch64),
        })
}

fn of_machine<'a>(files: &Files<'a>, path: &'a str, elf: &Elf) -> Fault<'a> {
    let reason = format!(
        "is for {}, and the target's processor is {}",
        elf.machine, files.machine
    );
    Fault::new(Code::OtherMachine, path, reason)
}

/// A file of a package of Node, none of whose files is for the target's processor.
pub(super) fn of_other_machine<'a>(files: &Files<'a>, path: &'a str, elf: &Elf) -> Fault<'a> {
    of_machine(files, path, elf)
        .with_severity(Severity::Warning)
        .with_hint(format!(
            "take a release of the package that brings files for {}, if it cannot do without",
            files.target.architecture
        ))
}

fn other_machine<'a>(files: &Files<'a>, path: &'a str, elf: &Elf) -> Fault<'a> {
    let fault = of_machine(files, path, elf);
    match role(files, path, Some(elf)) {
        Role::Module(module) | Role::Optional(module) if module.misfit(&files.target).is_some() => {
            if has_alternative(files, path, module) {
                return fault.with_severity(Severity::Info);
            }
        }
        // Python takes the first that it finds, and looks no further.
        Role::Module(_) | Role::Optional(_) | Role::Command => {}
        _ if files.has_fitting(path) => return fault.with_severity(Severity::Info),
        Role::Library | Role::LibraryOfCode => {}
        Role::Loose => return fault.with_severity(Severity::Warning),
    }
    let own = files.target.architecture;
    let right = if files.is_for_python() {
        format!("install the package's wheel for {own}")
    } else {
        format!("build it for {own}")
    };
    match architecture(elf) {
        Some(other) => fault.with_hint(format!("{right}, or publish the layer for {other}")),
        None => fault.with_hint(right),
    }
}

fn musl<'a>(files: &Files<'a>, path: &'a str, elf: &Elf) -> Fault<'a> {
    let fault = Fault::new(
        Code::Musl,
        path,
        "is for musl, as on Alpine, and the runtime's C library is glibc",
    );
    match role(files, path, Some(elf)) {
        Role::Module(module)
            if module.misfit(&files.target).is_some() && has_alternative(files, path, module) =>
        {
            fault.with_severity(Severity::Info)
        }
        Role::Loose => fault.with_severity(Severity::Warning),
        _ if !files.is_for_python() => {
            fault.with_hint("build it on a system with glibc: an image of Alpine has none")
        }
        _ => fault.with_hint(
            "install manylinux wheels in place of musllinux ones, or build on a system with \
             glibc: an image of Alpine has none",
        ),
    }
}

fn damage<'a>(files: &Files<'a>, path: &'a str, elf: &Elf) -> Option<Fault<'a>> {
    let damage = elf.damage.as_ref()?;
    let (code, hint) = match damage {
        Damage::Truncated(_) => (
            Code::TruncatedBinary,
            "get the file anew: it was cut off when it was copied or packed",
        ),
        Damage::Misaligned => (
            Code::MisalignedBinary,
            "do not run strip on the libraries of wheels: auditwheel has changed them in ways \
             that strip does not know",
        ),
        Damage::Unreadable(_) => (Code::UnreadableBinary, "get the file anew"),
    };
    let fault = Fault::new(code, path, damage.to_string()).with_hint(hint);
    Some(match role(files, path, Some(elf)) {
        Role::Loose => fault.with_severity(Severity::Warning),
        _ => fault,
    })
}

/// The Python whose own library a module needs, where that is not the target's.
fn other_interpreter(files: &Files<'_>, elf: &Elf) -> Option<String> {
    let (major, minor) = files.target.runtime.python();
    let versions = elf.needed.iter().filter_map(|library| {
        let version = library.strip_prefix("libpython")?;
        let (version, _) = version.split_once(".so")?;
        version.contains('.').then_some(version)
    });
    let own = format!("{major}.{minor}");
    let mut others = versions.filter(|version| files.is_for_python() && *version != own);
    others.next().map(|version| format!("Python {version}"))
}

fn foreign_module<'a>(
    files: &Files<'a>,
    path: &'a str,
    module: ModuleName<'a>,
    misfit: &Misfit,
) -> Fault<'a> {
    let target = &files.target;
    let python = target.runtime.python_version();
    let own = match misfit {
        Misfit::Python(_) => format!("Python {python}"),
        Misfit::Platform(_) => format!("Linux on {}", target.architecture.machine()),
    };
    let reason = format!("{misfit}, and the target has {own}");
    let fault = Fault::new(Code::ForeignModule, path, reason);
    if has_alternative(files, path, module) {
        return fault.with_severity(Severity::Info);
    }
    fault.with_hint(format!(
        "install the package's wheel for Python {python} on {}",
        target.architecture
    ))
}

/// Whether the target's Python finds the same module in another file beside this one.
fn has_alternative<'a>(files: &Files<'a>, path: &'a str, module: ModuleName<'a>) -> bool {
    let (folder, _) = split(path);
    let stem = module.stem;
    let target = &files.target;
    let machine = target.architecture.machine();
    let (major, minor) = target.runtime.python();
    let suffixes = [
        format!(".cpython-{major}{minor}-{machine}-linux-gnu.so"),
        ".abi3.so".to_owned(),
        ".so".to_owned(),
    ];
    let beside = |suffix: &String| format!("{folder}/{stem}{suffix}");
    let is_compiled = suffixes.iter().map(beside).any(|other| {
        let elf = files.elf(&other).filter(|_| other != path);
        elf.is_some_and(|elf| files.runs(elf) && !elf.is_for_musl())
    });
    // Compiled source lies beside what was made of it: mypyc.
    is_compiled
        || [".py", "/__init__.py"]
            .iter()
            .any(|rest| files.has(&format!("{folder}/{stem}{rest}")))
}

/// What loads and is not as it should be.
fn weaknesses<'a>(path: &'a str, elf: &Elf) -> Vec<Fault<'a>> {
    let mut faults = Vec::new();
    if elf.has_executable_stack {
        let reason = "asks for an executable stack, which newer systems refuse";
        faults.push(
            Fault::new(Code::ExecutableStack, path, reason)
                .with_hint("`patchelf --clear-execstack` takes it away where nothing needs it"),
        );
    }
    if elf.has_text_relocations {
        let reason = "has text relocations: the loader has to write into its code";
        faults.push(
            Fault::new(Code::TextRelocations, path, reason).with_hint("compile it with -fPIC"),
        );
    }
    faults
}
