use std::fmt;
use std::str::FromStr;
use std::sync::{LazyLock, OnceLock};

use layerlock_elf::{self as elf, Platform};
use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder};
use serde::{Deserialize, Serialize};

use crate::nearness::Nearness;
use crate::provider::{LibraryPresence, SystemLibraries};
use crate::wheel::CompatibleTags;
use crate::{
    Architecture, Limits, Misfit, Provider, Runtime, UnknownArchitecture, UnknownProvider,
    UnknownRuntime, WheelName, WheelRank,
};

/// What one layer is built for: a runtime of a provider, and an architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "TargetNames", into = "TargetNames")]
pub struct Target {
    /// What runs the functions: fixes the provider, the Python and the system.
    pub runtime: Runtime,
    /// What compiled files have to be for.
    pub architecture: Architecture,
}

/// A [`Target`] as it is written in a report.
#[derive(Serialize, Deserialize)]
struct TargetNames {
    provider: Provider,
    runtime: String,
    architecture: Architecture,
}

impl From<Target> for TargetNames {
    fn from(target: Target) -> Self {
        Self {
            provider: target.provider(),
            runtime: target.runtime.to_string(),
            architecture: target.architecture,
        }
    }
}

impl TryFrom<TargetNames> for Target {
    type Error = UnknownRuntime;

    fn try_from(names: TargetNames) -> Result<Self, Self::Error> {
        let runtime = names.provider.runtime(&names.runtime)?;
        Ok(Self::new(runtime, names.architecture))
    }
}

/// What builds a wheel on the target's own system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildContainer {
    /// The image with that system and the runtime's Python.
    pub image: String,
    /// The platform of the image, by Docker's name.
    pub platform: &'static str,
    /// The command that installs packages of the system.
    pub install_command: &'static str,
    /// The packages with the compilers for C and C++, divided by blanks.
    pub compiler_packages: &'static str,
}

impl Target {
    /// What a layer for this runtime and architecture is built for.
    pub const fn new(runtime: Runtime, architecture: Architecture) -> Self {
        Self {
            runtime,
            architecture,
        }
    }

    /// The runtimes that a layer says it is for: none where it is for all.
    pub fn declared_runtimes(&self) -> Vec<String> {
        let runtime = Some(self.runtime).filter(|runtime| !runtime.is_any());
        runtime.iter().map(ToString::to_string).collect()
    }

    /// Whose functions use the layer.
    pub const fn provider(&self) -> Provider {
        self.runtime.provider()
    }

    /// The values of all environment markers there
    /// ([PEP 508](https://peps.python.org/pep-0508/#environment-markers)).
    ///
    /// `platform_release` and `platform_version` are empty: they name a kernel
    /// build that the provider changes at will.
    pub fn marker_environment(&self) -> MarkerEnvironment {
        let version = self.runtime.python_version();
        let full_version = self.runtime.python_full_version();
        #[expect(
            clippy::expect_used,
            reason = "the versions come from our own table, which a test parses whole"
        )]
        MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
            implementation_name: "cpython",
            implementation_version: &full_version,
            os_name: "posix",
            platform_machine: self.architecture.machine(),
            platform_python_implementation: "CPython",
            platform_release: "",
            platform_system: "Linux",
            platform_version: "",
            python_full_version: &full_version,
            python_version: &version,
            sys_platform: "linux",
        })
        .expect("every runtime's version is a PEP 440 version")
    }

    /// How well a wheel suits this target: its rank, higher is better, or the
    /// first tag that does not fit.
    pub fn rank(&self, wheel: &WheelName) -> Result<WheelRank, Misfit> {
        self.compatible_tags().rank(wheel)
    }

    /// Whether a wheel of this file name may fit: its last tag is for any platform, or for
    /// this processor on Linux. Most wheels of a lock are neither, and need not be parsed.
    pub fn may_fit(&self, file_name: &str) -> bool {
        let platform = file_name.rsplit('-').next().unwrap_or(file_name);
        platform.split('.').any(|tag| tag == "any")
            || platform.contains("linux") && platform.contains(self.architecture.machine())
    }

    /// How near a wheel comes to this target, fit or not: the greater, the nearer.
    pub fn nearness(&self, wheel: &WheelName) -> Nearness {
        Nearness::new(wheel, self.runtime, self.architecture)
    }

    /// The directory that a function sees its layers in, all of them as one.
    pub const fn mount(&self) -> &'static str {
        self.provider().facts().paths.mount
    }

    /// The directory in the layer that packages are put into.
    pub const fn site_packages(&self) -> &'static str {
        self.provider().facts().paths.site_packages
    }

    /// The directories in the layer in which the runtime looks for modules, in the
    /// order of its search. Where packages are put is one of them.
    pub fn module_paths(&self) -> Vec<String> {
        let paths = self.provider().facts().paths.modules.iter();
        paths.map(|path| self.filled(path)).collect()
    }

    /// The directory in the layer that is on the runtime's `PATH`.
    pub const fn scripts(&self) -> &'static str {
        self.provider().facts().paths.scripts
    }

    /// The directory in the layer that is on the runtime's `LD_LIBRARY_PATH`.
    pub const fn libraries(&self) -> &'static str {
        self.provider().facts().paths.libraries
    }

    /// The interpreter's path on the target, for the first line of scripts.
    pub fn interpreter(&self) -> String {
        self.filled(self.provider().facts().interpreter)
    }

    /// Whether the runtime brings this package (normalised name) itself. Which version
    /// it has changes with the runtime's own updates.
    pub fn brings(&self, package: &str) -> bool {
        self.provider().facts().packages.contains(&package)
    }

    /// What the provider accepts.
    pub const fn limits(&self) -> Limits {
        self.provider().limits()
    }

    /// What its loader and base libraries offer to compiled files.
    pub const fn platform(&self) -> Platform {
        let system = self.runtime.facts().system;
        Platform {
            architecture: match self.architecture {
                Architecture::X86_64 => elf::Architecture::X86_64,
                Architecture::Arm64 => elf::Architecture::Aarch64,
            },
            glibc: system.glibc,
            symbol_versions: system.symbol_versions,
            libraries: system.libraries,
        }
    }

    /// Whether functions find a library on their system, by the name under which files
    /// need it. The interpreter's own is one.
    pub fn library(&self, name: &str) -> LibraryPresence {
        let system = self.runtime.facts().system;
        let (major, minor) = self.runtime.python();
        let interpreter = format!("libpython{major}.{minor}.so.1.0");
        if system.libraries.contains(&name) || name == interpreter {
            return LibraryPresence::Runtime;
        }
        SystemLibraries::of(system.name)
            .map_or(LibraryPresence::Absent, |known| known.presence(name))
    }

    /// Whether a library of the system comes before one of the same name in
    /// [`Self::libraries`] of a layer.
    pub fn prefers_its_own_libraries(&self) -> bool {
        SystemLibraries::of(self.runtime.operating_system())
            .is_some_and(|known| known.is_searched_first)
    }

    /// What builds a wheel on the target's own system.
    pub fn build_container(&self) -> BuildContainer {
        let system = self.runtime.facts().system;
        BuildContainer {
            image: self.filled(self.provider().facts().build_image),
            platform: match self.architecture {
                Architecture::X86_64 => "linux/amd64",
                Architecture::Arm64 => "linux/arm64",
            },
            install_command: system.install_command,
            compiler_packages: system.compiler_packages,
        }
    }

    /// A text of the provider's table, with this runtime and its Python in it.
    fn filled(&self, text: &str) -> String {
        text.replace("{python}", &self.runtime.python_version())
            .replace("{runtime}", self.runtime.identifier())
    }

    /// They are many and asked for once a wheel: listed once a target, when first asked for.
    fn compatible_tags(&self) -> &'static CompatibleTags {
        static TAGS: LazyLock<Vec<(Target, OnceLock<CompatibleTags>)>> = LazyLock::new(|| {
            let of =
                |runtime| Architecture::ALL.map(|architecture| Target::new(runtime, architecture));
            let targets = all_runtimes().flat_map(of);
            targets.map(|target| (target, OnceLock::new())).collect()
        });
        #[expect(clippy::expect_used, reason = "these are all targets that there are")]
        let (_, tags) = TAGS
            .iter()
            .find(|(target, _)| target == self)
            .expect("a place for every target");
        tags.get_or_init(|| CompatibleTags::new(self.runtime, self.architecture))
    }
}

impl FromStr for Target {
    type Err = TargetError;

    /// Reads `PROVIDER:RUNTIME` or `PROVIDER:RUNTIME:ARCHITECTURE`, such as
    /// `aliyun:python3.10`. Without an architecture it is the provider's default.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.trim().splitn(3, ':');
        let (Some(provider), Some(runtime)) = (parts.next(), parts.next()) else {
            return Err(TargetError::Form(text.to_owned()));
        };
        let provider: Provider = provider.parse()?;
        let runtime = provider.runtime(runtime)?;
        let architecture = match parts.next() {
            Some(name) => name.parse()?,
            None => provider.default_architecture(),
        };
        Ok(Self::new(runtime, architecture))
    }
}

/// A text that is no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It has not the form of one.
    #[error(
        "`{0}` is not a target: it is PROVIDER:RUNTIME or PROVIDER:RUNTIME:ARCHITECTURE, such as \
         aliyun:python3.10 or aws:python3.12:arm64"
    )]
    Form(String),
    /// There is no such provider.
    #[error(transparent)]
    Provider(#[from] UnknownProvider),
    /// The provider has no such runtime.
    #[error(transparent)]
    Runtime(#[from] UnknownRuntime),
    /// There is no such architecture.
    #[error(transparent)]
    Architecture(#[from] UnknownArchitecture),
}

/// Of all providers, with what stands for them.
fn all_runtimes() -> impl Iterator<Item = Runtime> {
    let of = |provider: Provider| provider.all_runtimes().chain([provider.any_runtime()]);
    Provider::ALL.into_iter().flat_map(of)
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.runtime.is_any() {
            return write!(f, "any runtime on {}", self.architecture);
        }
        write!(f, "{} {}", self.runtime, self.architecture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pep508_rs::MarkerTree;

    fn target(runtime: &str, architecture: Architecture) -> Target {
        Target::new(Provider::Aws.runtime(runtime).unwrap(), architecture)
    }

    fn holds(target: Target, marker: &str) -> bool {
        marker
            .parse::<MarkerTree>()
            .unwrap()
            .evaluate(&target.marker_environment(), &[])
    }

    #[test]
    fn what_fits_may_fit() {
        let target = target("python3.12", Architecture::Arm64);
        for (name, may, does) in [
            ("a-1-py3-none-any.whl", true, true),
            ("a-1-1b-py2.py3-none-any.whl", true, true),
            (
                "a-1-cp312-cp312-manylinux2014_aarch64.manylinux_2_17_aarch64.whl",
                true,
                true,
            ),
            ("a-1-cp312-abi3-linux_aarch64.whl", true, true),
            ("a-1-cp310-cp310-manylinux2014_aarch64.whl", true, false),
            ("a-1-cp312-cp312-musllinux_1_2_aarch64.whl", true, false),
            ("a-1-cp312-cp312-manylinux2014_x86_64.whl", false, false),
            ("a-1-cp312-cp312-macosx_11_0_arm64.whl", false, false),
            ("a-1-cp312-cp312-win_arm64.whl", false, false),
        ] {
            assert_eq!(target.may_fit(name), may, "{name}");
            assert_eq!(target.rank(&name.parse().unwrap()).is_ok(), does, "{name}");
        }
    }

    #[test]
    fn every_target_has_an_environment() {
        for runtime in Provider::ALL.into_iter().flat_map(Provider::runtimes) {
            for architecture in Architecture::ALL {
                let target = Target::new(runtime, architecture);
                let (_, minor) = runtime.python();
                assert!(holds(target, &format!("python_version == '3.{minor}'")));
                assert!(holds(
                    target,
                    "sys_platform == 'linux' and os_name == 'posix'"
                ));
                let machine = architecture.machine();
                assert!(holds(target, &format!("platform_machine == '{machine}'")));
                assert!(!holds(
                    target,
                    "implementation_name == 'pypy' or platform_system == 'Windows'"
                ));
            }
        }
    }

    /// The names of [PEP 508](https://peps.python.org/pep-0508/#environment-markers), each
    /// with what CPython gives for it on such a system.
    #[test]
    fn every_marker_has_the_value_of_the_runtimes_own_python() {
        let target = target("python3.11", Architecture::Arm64);
        for (name, value) in [
            ("os_name", "posix"),
            ("sys_platform", "linux"),
            ("platform_machine", "aarch64"),
            ("platform_python_implementation", "CPython"),
            ("platform_release", ""),
            ("platform_system", "Linux"),
            ("platform_version", ""),
            ("python_version", "3.11"),
            ("python_full_version", "3.11.12"),
            ("implementation_name", "cpython"),
            ("implementation_version", "3.11.12"),
        ] {
            assert!(holds(target, &format!("{name} == '{value}'")), "{name}");
            assert!(!holds(target, &format!("{name} != '{value}'")), "{name}");
        }
    }

    #[test]
    fn a_target_for_any_runtime_declares_none() {
        let any = Target::new(Provider::Aws.any_runtime(), Architecture::Arm64);
        assert_eq!(any.to_string(), "any runtime on arm64");
        assert_eq!(any.declared_runtimes(), [""; 0]);
        let node = target("nodejs22", Architecture::X86_64);
        assert_eq!(node.declared_runtimes(), ["nodejs22.x"]);
        assert_eq!(node.platform().glibc, (2, 34));
        let text = serde_json::to_string(&any).unwrap();
        assert_eq!(serde_json::from_str::<Target>(&text).unwrap(), any);
    }

    #[test]
    fn a_target_is_shown_by_its_runtime_and_architecture() {
        let target = target("python3.12", Architecture::Arm64);
        assert_eq!(target.to_string(), "python3.12 arm64");
        assert_eq!(target.limits(), Provider::Aws.limits());
    }

    #[test]
    fn full_version_lies_within_the_minor_release() {
        let target = target("python3.11", Architecture::X86_64);
        // `async-timeout` and `tomli` hang on such markers.
        assert!(holds(
            target,
            "python_full_version >= '3.11.3' and python_full_version < '3.12'"
        ));
    }

    #[test]
    fn a_runtime_brings_the_packages_of_its_provider() {
        let target = target("python3.12", Architecture::Arm64);
        for package in target.provider().facts().packages {
            assert!(target.brings(package), "{package}");
        }
        assert!(!target.brings("requests") && !target.brings("boto"));
    }

    /// As the runtime's bootstrap and environment have them
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html>).
    #[test]
    fn paths_are_those_of_the_runtimes_own_python() {
        let target = target("python3.12", Architecture::Arm64);
        assert_eq!(target.interpreter(), "/var/lang/bin/python3.12");
        let modules = ["python/lib/python3.12/site-packages", "python"];
        assert_eq!(target.module_paths(), modules);
        assert_eq!(target.site_packages(), "python");
        let others = [target.mount(), target.scripts(), target.libraries()];
        assert_eq!(others, ["/opt", "bin", "lib"]);
    }

    #[test]
    fn wheels_are_built_in_the_runtimes_own_image() {
        let old = target("python3.11", Architecture::X86_64).build_container();
        assert_eq!(old.image, "amazon/aws-lambda-python:3.11");
        assert_eq!(
            (old.platform, old.install_command),
            ("linux/amd64", "yum install -y")
        );
        let new = target("python3.12", Architecture::Arm64).build_container();
        assert_eq!(new.image, "amazon/aws-lambda-python:3.12");
        assert_eq!(
            (new.platform, new.install_command),
            ("linux/arm64", "dnf install -y")
        );
    }

    #[test]
    fn compiled_files_find_what_the_system_has() {
        let old = target("python3.11", Architecture::X86_64).platform();
        assert_eq!(
            (old.architecture, old.glibc),
            (elf::Architecture::X86_64, (2, 26))
        );
        assert!(old.symbol_versions.contains(&("CXXABI", "1.3.11")));
        let new = target("python3.12", Architecture::Arm64).platform();
        assert_eq!(
            (new.architecture, new.glibc),
            (elf::Architecture::Aarch64, (2, 34))
        );
        assert!(new.symbol_versions.contains(&("GLIBCXX", "3.4.29")));
        for platform in [old, new] {
            assert!(platform.libraries.contains(&"libstdc++.so.6"));
            assert!(!platform.libraries.contains(&"libpq.so.5"));
        }
    }

    #[test]
    fn libraries_are_the_systems_and_the_interpreters_own() {
        let target = target("python3.12", Architecture::Arm64);
        for (library, presence) in [
            ("libstdc++.so.6", LibraryPresence::Runtime),
            ("libpython3.12.so.1.0", LibraryPresence::Runtime),
            ("libpython3.11.so.1.0", LibraryPresence::Absent),
            ("libssl.so.3", LibraryPresence::Likely),
            ("libexpat.so.1", LibraryPresence::ImageOnly),
            ("libGL.so.1", LibraryPresence::Absent),
        ] {
            assert_eq!(target.library(library), presence, "{library}");
        }
        assert!(target.prefers_its_own_libraries());
    }

    #[test]
    fn a_runtime_of_the_same_name_has_another_system_at_another_provider() {
        let runtime = Provider::Aliyun.runtime("python3.10").unwrap();
        let target = Target::new(runtime, Architecture::X86_64);
        assert_eq!(target.platform().glibc, (2, 28));
        assert_eq!(
            target.build_container().image,
            "aliyunfc/runtime:python3.10-build-3.1.0"
        );
        assert_eq!(target.interpreter(), "/var/fc/lang/python3.10/bin/python3");
        assert_eq!(target.module_paths(), ["python"]);
        let text = r#"{"provider":"aliyun","runtime":"python3.10","architecture":"x86_64"}"#;
        assert_eq!(serde_json::to_string(&target).unwrap(), text);
        assert_eq!(serde_json::from_str::<Target>(text).unwrap(), target);
    }

    #[test]
    fn a_target_is_named_by_provider_runtime_and_architecture() {
        let arm64 = target("python3.12", Architecture::Arm64);
        assert_eq!("aws:python3.12:arm64".parse(), Ok(arm64));
        let aliyun = "aliyun:python3.10".parse::<Target>().unwrap();
        assert_eq!(aliyun.provider(), Provider::Aliyun);
        assert_eq!(aliyun.architecture, Architecture::X86_64);
        for (text, part) in [
            ("layer", "`layer` is not a target"),
            ("python3.12:arm64", "unknown provider `python3.12`"),
            ("aliyun:python3.13", "unknown runtime `python3.13`"),
            ("aws:python3.12:mips", "unknown architecture `mips`"),
        ] {
            let error = text.parse::<Target>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    /// The form is the interface of `--json`.
    #[test]
    fn a_target_is_written_by_names_and_read_again() {
        let target = target("python3.12", Architecture::Arm64);
        let text = r#"{"provider":"aws","runtime":"python3.12","architecture":"arm64"}"#;
        assert_eq!(serde_json::to_string(&target).unwrap(), text);
        assert_eq!(serde_json::from_str::<Target>(text).unwrap(), target);
        let unknown = text.replace("3.12", "3.7");
        let error = serde_json::from_str::<Target>(&unknown).unwrap_err();
        assert!(error.to_string().contains("unknown runtime `python3.7`"));
    }
}
