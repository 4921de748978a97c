use std::fmt;
use std::sync::LazyLock;

use layerlock_elf::{Machine, Platform};
use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder};
use serde::{Deserialize, Serialize};

use crate::wheel::Ladder;
use crate::{Architecture, Limits, Misfit, Runtime, WheelName, WheelRank};

/// Whose functions the layer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Provider {
    /// AWS Lambda.
    Aws,
}

/// What one layer is built for: provider, runtime and architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// Whose functions use the layer.
    pub provider: Provider,
    /// The managed runtime.
    pub runtime: Runtime,
    /// The processor architecture.
    pub architecture: Architecture,
}

impl Target {
    /// A target on AWS Lambda.
    pub const fn aws(runtime: Runtime, architecture: Architecture) -> Self {
        Self {
            provider: Provider::Aws,
            runtime,
            architecture,
        }
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
        self.ladder().rank(wheel)
    }

    /// The path inside the zip under which the runtime looks for modules
    /// ([layer paths](https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html)).
    pub const fn site_packages(&self) -> &'static str {
        "python"
    }

    /// The path inside the zip that is on the runtime's `PATH`.
    pub const fn scripts(&self) -> &'static str {
        "bin"
    }

    /// The interpreter's path on the target, for the first line of scripts.
    pub fn interpreter(&self) -> String {
        format!("/var/lang/bin/python{}", self.runtime.python_version())
    }

    /// Whether the runtime brings this package (normalised name) itself: the AWS
    /// SDK and what that needs ([AWS Lambda runtimes](https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html)).
    /// Which version it has changes with the runtime's own updates.
    pub fn brings(&self, package: &str) -> bool {
        match self.provider {
            Provider::Aws => matches!(
                package,
                "boto3"
                    | "botocore"
                    | "jmespath"
                    | "python-dateutil"
                    | "s3transfer"
                    | "six"
                    | "urllib3"
            ),
        }
    }

    /// What its loader and its base libraries offer to compiled files.
    pub const fn platform(&self) -> Platform {
        // libstdc++ and libgcc of GCC 7 on Amazon Linux 2, of GCC 11 on 2023
        // (https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html).
        let (major, minor) = self.runtime.glibc();
        Platform {
            machine: match self.architecture {
                Architecture::X86_64 => Machine::X86_64,
                Architecture::Arm64 => Machine::Aarch64,
            },
            glibc: (major, minor),
            symbol_versions: if major == 2 && minor < 34 {
                &[
                    ("GLIBCXX", "3.4.24"),
                    ("CXXABI", "1.3.11"),
                    ("GCC", "7.0.0"),
                ]
            } else {
                &[("GLIBCXX", "3.4.29"), ("CXXABI", "1.3.13"), ("GCC", "11.0")]
            },
            libraries: BASE_LIBRARIES,
        }
    }

    /// What the provider accepts.
    pub const fn limits(&self) -> Limits {
        match self.provider {
            Provider::Aws => Limits::AWS_LAMBDA,
        }
    }

    /// The ladder is large and asked for once a wheel: made once a target.
    fn ladder(&self) -> &'static Ladder {
        static LADDERS: LazyLock<Vec<(Runtime, Architecture, Ladder)>> = LazyLock::new(|| {
            let mut ladders = Vec::new();
            for runtime in crate::RUNTIMES {
                for architecture in Architecture::ALL {
                    ladders.push((runtime, architecture, Ladder::new(runtime, architecture)));
                }
            }
            ladders
        });
        #[expect(
            clippy::expect_used,
            reason = "the loop above covers every runtime and architecture there is"
        )]
        LADDERS
            .iter()
            .find(|(runtime, architecture, _)| {
                *runtime == self.runtime && *architecture == self.architecture
            })
            .map(|(.., ladder)| ladder)
            .expect("a ladder for every target")
    }
}

/// What every Lambda runtime has of its own: the libraries that manylinux lets
/// wheels expect, but for those of a desktop.
const BASE_LIBRARIES: &[&str] = &[
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
    "libresolv.so.2",
    "libgcc_s.so.1",
    "libstdc++.so.6",
    "libz.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
];

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.runtime, self.architecture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RUNTIMES;
    use pep508_rs::MarkerTree;

    fn holds(target: Target, marker: &str) -> bool {
        marker
            .parse::<MarkerTree>()
            .unwrap()
            .evaluate(&target.marker_environment(), &[])
    }

    #[test]
    fn every_target_has_an_environment() {
        for runtime in RUNTIMES {
            for architecture in Architecture::ALL {
                let target = Target::aws(runtime, architecture);
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

    #[test]
    fn full_version_lies_within_the_minor_release() {
        let target = Target::aws("python3.11".parse().unwrap(), Architecture::X86_64);
        // `async-timeout` and `tomli` hang on such markers.
        assert!(holds(
            target,
            "python_full_version >= '3.11.3' and python_full_version < '3.12'"
        ));
    }
}
