//! What wheels are made for.

use std::path::Path;

use anyhow::{Context, Result};

use crate::process::Command;
use crate::repository;

/// A system and a processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    /// As cargo names it.
    pub(crate) triple: &'static str,
    /// The oldest systems that the wheel has to run on, as maturin names them.
    pub(crate) policy: &'static str,
    /// The platform in the wheel's tag.
    pub(crate) platform: &'static str,
    /// What auditwheel must say.
    pub(crate) audit: &'static str,
    /// As Python names it.
    pub(crate) machine: &'static str,
}

/// All of them, that of AWS Lambda's build images first.
pub(crate) const ALL: &[Target] = &[
    Target {
        triple: "x86_64-unknown-linux-gnu",
        policy: "manylinux2014",
        platform: "manylinux2014_x86_64.manylinux_2_17_x86_64",
        audit: "manylinux_2_17_x86_64",
        machine: "x86_64",
    },
    Target {
        triple: "aarch64-unknown-linux-gnu",
        policy: "manylinux2014",
        platform: "manylinux2014_aarch64.manylinux_2_17_aarch64",
        audit: "manylinux_2_17_aarch64",
        machine: "aarch64",
    },
    Target {
        triple: "x86_64-unknown-linux-musl",
        policy: "musllinux_1_2",
        platform: "musllinux_1_2_x86_64",
        audit: "musllinux_1_2_x86_64",
        machine: "x86_64",
    },
    Target {
        triple: "aarch64-unknown-linux-musl",
        policy: "musllinux_1_2",
        platform: "musllinux_1_2_aarch64",
        audit: "musllinux_1_2_aarch64",
        machine: "aarch64",
    },
];

impl Target {
    /// The target with this triple.
    pub(crate) fn named(triple: &str) -> Result<&'static Self> {
        ALL.iter()
            .find(|target| target.triple == triple)
            .with_context(|| {
                let all: Vec<&str> = ALL.iter().map(|target| target.triple).collect();
                format!("unknown target `{triple}`; targets are {}", all.join(", "))
            })
    }

    /// That of this machine, with the system's own C library.
    pub(crate) fn of_this_machine() -> Result<&'static Self> {
        let machine = std::env::consts::ARCH;
        let target = ALL.iter().find(|target| target.machine == machine);
        target.with_context(|| format!("no wheels are made for {machine}"))
    }

    /// Whether the binary is for another C library than glibc, and brings it along.
    pub(crate) fn is_static(&self) -> bool {
        self.triple.ends_with("-musl")
    }

    /// Makes the standard library for it ready; what stands against it, where that fails.
    pub(crate) fn make_ready(&self) -> Result<Option<String>> {
        if self.has_standard_library()? {
            return Ok(None);
        }
        let add = Command::new("rustup").args(["target", "add", self.triple]);
        match add.directory(repository::root()).finish() {
            Ok(finished) if finished.code == Some(0) => Ok(None),
            Ok(finished) => Ok(Some(finished.describe())),
            Err(error) => Ok(Some(format!("{error:#}"))),
        }
    }

    fn has_standard_library(&self) -> Result<bool> {
        let rustc = Command::new("rustc").directory(repository::root());
        let rustc = rustc.args(["--print", "target-libdir", "--target", self.triple]);
        let directory = rustc.stdout()?;
        Ok(Path::new(directory.trim()).exists())
    }

    /// How its binary is started here; an error says why it cannot be.
    pub(crate) fn starter(&self, binary: &Path) -> Result<Command> {
        if self.machine == std::env::consts::ARCH {
            return Ok(Command::new(binary));
        }
        let emulators = ["", "-static"].map(|end| format!("qemu-{}{end}", self.machine));
        let is_there = |emulator: &&String| {
            let version = Command::new(emulator).arg("--version").stdout();
            version.is_ok()
        };
        let emulator = emulators
            .iter()
            .find(is_there)
            .with_context(|| format!("no {} starts here (Debian: qemu-user)", emulators[0]))?;
        let command = Command::new(emulator);
        if self.is_static() {
            return Ok(command.arg(binary));
        }
        let libraries = std::env::var("QEMU_LD_PREFIX")
            .unwrap_or_else(|_| format!("/usr/{}-linux-gnu", self.machine));
        anyhow::ensure!(
            Path::new(&libraries).join("lib").exists(),
            "there is no C library for it in {libraries} (Debian: libc6-arm64-cross)"
        );
        Ok(command.args(["-L", &libraries]).arg(binary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_target_is_answered_with_all() {
        let error = Target::named("x86_64-pc-windows-msvc").unwrap_err();
        for target in ALL {
            assert!(error.to_string().contains(target.triple), "{error}");
        }
        assert_eq!(Target::named(ALL[1].triple).unwrap(), &ALL[1]);
    }

    #[test]
    fn this_machine_gets_glibc() {
        let target = Target::of_this_machine().unwrap();
        assert!(!target.is_static());
    }
}
