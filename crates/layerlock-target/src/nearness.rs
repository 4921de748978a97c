//! How near a wheel that does not fit comes to a target.

use std::cmp::Reverse;

use crate::architecture::Architecture;
use crate::runtime::Runtime;
use crate::wheel::WheelName;

/// How near a wheel comes to a target: the greater, the less differs. What the platform
/// is counts before the architecture, this before the Python, this before the glibc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nearness {
    system: System,
    is_of_architecture: bool,
    python: Reverse<PythonDistance>,
    /// The least glibc that it needs.
    glibc: Reverse<Option<(u16, u16)>>,
}

/// The systems that wheels are for, the nearest to a function's last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum System {
    Other,
    LinuxWithMusl,
    Any,
    Linux,
}

/// Minor releases between two Pythons. Of two that are as far away, the older is nearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct PythonDistance {
    minors: u8,
    is_newer: bool,
}

const FARTHEST: PythonDistance = PythonDistance {
    minors: u8::MAX,
    is_newer: false,
};

impl Nearness {
    pub(crate) fn new(wheel: &WheelName, runtime: Runtime, architecture: Architecture) -> Self {
        let machine = architecture.machine();
        let platforms = |is: &dyn Fn(&str) -> bool| wheel.platforms().any(is);
        let system = if platforms(&|platform| {
            platform.starts_with("manylinux") || platform.starts_with("linux_")
        }) {
            System::Linux
        } else if platforms(&|platform| platform == "any") {
            System::Any
        } else if platforms(&|platform| platform.starts_with("musllinux")) {
            System::LinuxWithMusl
        } else {
            System::Other
        };
        let (_, minor) = runtime.python();
        let distances = wheel.pythons().map(|python| distance(python, minor));
        Self {
            system,
            is_of_architecture: platforms(&|platform| {
                platform == "any" || platform.ends_with(machine)
            }),
            python: Reverse(distances.min().unwrap_or(FARTHEST)),
            glibc: Reverse(wheel.least_glibc(architecture)),
        }
    }
}

/// From a tag such as `cp312` or `py3` to Python 3 with this minor release.
fn distance(tag: &str, minor: u8) -> PythonDistance {
    let own = match tag.strip_prefix("cp3").or_else(|| tag.strip_prefix("py3")) {
        // Any Python 3.
        Some("") => Some(minor),
        Some(own) => own.parse().ok(),
        None => None,
    };
    match own {
        Some(own) => PythonDistance {
            minors: minor.abs_diff(own),
            is_newer: own > minor,
        },
        // Python 2, or not CPython.
        None => FARTHEST,
    }
}

#[cfg(test)]
mod tests {
    use crate::{Architecture, Provider, Target, WheelName};

    /// Each is nearer to python3.13 on x86_64 than the one behind it.
    #[test]
    fn what_differs_least_is_nearest() {
        let runtime = Provider::Aws.runtime("python3.13").unwrap();
        let target = Target::new(runtime, Architecture::X86_64);
        let wheel = |tags: &str| -> WheelName { format!("demo-1-{tags}.whl").parse().unwrap() };
        let tags = [
            "cp313-cp313-manylinux_2_38_x86_64",
            "cp313-cp313-manylinux_2_39_x86_64",
            "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64",
            "cp312-cp312-manylinux_2_28_x86_64",
            "cp314-cp314-manylinux_2_17_x86_64",
            "cp310-cp310-manylinux_2_17_x86_64",
            "cp27-cp27mu-manylinux1_x86_64",
            "cp313-cp313-manylinux_2_17_aarch64",
            "py2-none-any",
            "cp313-cp313-musllinux_1_2_x86_64",
            "cp313-cp313-macosx_10_9_x86_64",
            "cp313-cp313-macosx_11_0_arm64",
            "cp310-cp310-macosx_10_9_universal2",
        ];
        for pair in tags.windows(2) {
            let [nearer, other] = [pair[0], pair[1]].map(|tags| target.nearness(&wheel(tags)));
            assert!(nearer > other, "{pair:?}");
        }
    }
}
