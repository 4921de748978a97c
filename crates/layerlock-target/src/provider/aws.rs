//! AWS Lambda, as a table of facts, with the pages that they are from.

use super::facts::{
    LayerNames, LayerPaths, Limits, Precedence, ProviderFacts, PythonRelease, RuntimeFacts,
    Support, System,
};
use crate::Architecture;

pub(super) static FACTS: ProviderFacts = ProviderFacts {
    name: "aws",
    title: "AWS Lambda",
    runtimes: &RUNTIMES,
    // The system of all current runtimes but the oldest of Python and Java.
    any_runtime: &other("any", &AMAZON_LINUX_2023, Support::Until("2029-06-30")),
    // https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html
    architectures: &[Architecture::X86_64, Architecture::Arm64],
    // The SDK, and what it needs:
    // https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
    packages: &[
        "boto3",
        "botocore",
        "jmespath",
        "python-dateutil",
        "s3transfer",
        "six",
        "urllib3",
    ],
    interpreter: "/var/lang/bin/python{python}",
    // https://docs.aws.amazon.com/lambda/latest/dg/python-image.html
    build_image: "amazon/aws-lambda-python:{python}",
    // https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html
    paths: LayerPaths {
        mount: "/opt",
        modules: &["python/lib/python{python}/site-packages", "python"],
        site_packages: "python",
        scripts: "bin",
        libraries: "lib",
    },
    // Layers are unpacked one after the other, in the order in which the function
    // names them. That a later one replaces files is known from practice: no page of
    // the vendor says it.
    precedence: Precedence::Last,
    limits: LIMITS,
    // https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html
    layer_names: LayerNames {
        max_length: 140,
        begin_with_letter: false,
    },
};

/// Sizes: [AWS Lambda quotas](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
/// Texts and lists: [PublishLayerVersion](https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html).
const LIMITS: Limits = Limits {
    unzipped: 262_144_000,
    zip_in_request: 52_428_800,
    // The unzipped size is what counts.
    zip_in_storage: None,
    layers_per_function: 5,
    description: 256,
    license: 512,
    runtimes: 15,
    architectures: 2,
};

/// [Lambda runtimes](https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html).
#[rustfmt::skip]
static RUNTIMES: [RuntimeFacts; 30] = [
    runtime("python3.8",  (8,  20), &AMAZON_LINUX_2,    Support::Retired),
    runtime("python3.9",  (9,  22), &AMAZON_LINUX_2,    Support::Retired),
    runtime("python3.10", (10, 17), &AMAZON_LINUX_2,    Support::Retired),
    runtime("python3.11", (11, 12), &AMAZON_LINUX_2,    Support::Until("2027-06-30")),
    runtime("python3.12", (12, 10), &AMAZON_LINUX_2023, Support::Until("2028-10-31")),
    runtime("python3.13", (13, 3),  &AMAZON_LINUX_2023, Support::Until("2029-06-30")),
    runtime("python3.14", (14, 0),  &AMAZON_LINUX_2023, Support::Until("2029-06-30")),
    runtime("python3.15", (15, 0),  &AMAZON_LINUX_2023, Support::Preview),
    other("nodejs18.x",      &AMAZON_LINUX_2,    Support::Retired),
    other("nodejs20.x",      &AMAZON_LINUX_2023, Support::Retired),
    other("nodejs22.x",      &AMAZON_LINUX_2023, Support::Until("2027-04-30")),
    other("nodejs24.x",      &AMAZON_LINUX_2023, Support::Until("2028-04-30")),
    other("nodejs26.x",      &AMAZON_LINUX_2023, Support::Preview),
    other("java8.al2",       &AMAZON_LINUX_2,    Support::Until("2027-06-30")),
    other("java8.al2023",    &AMAZON_LINUX_2023, Support::Until("2029-06-30")),
    other("java11",          &AMAZON_LINUX_2,    Support::Until("2027-06-30")),
    other("java11.al2023",   &AMAZON_LINUX_2023, Support::Until("2029-06-30")),
    other("java17",          &AMAZON_LINUX_2,    Support::Until("2027-06-30")),
    other("java17.al2023",   &AMAZON_LINUX_2023, Support::Until("2029-06-30")),
    other("java21",          &AMAZON_LINUX_2023, Support::Until("2029-06-30")),
    other("java25",          &AMAZON_LINUX_2023, Support::Until("2029-06-30")),
    other("ruby3.2",         &AMAZON_LINUX_2,    Support::Retired),
    other("ruby3.3",         &AMAZON_LINUX_2023, Support::Until("2027-03-31")),
    other("ruby3.4",         &AMAZON_LINUX_2023, Support::Until("2028-03-31")),
    other("ruby4.0",         &AMAZON_LINUX_2023, Support::Until("2029-03-31")),
    other("dotnet6",         &AMAZON_LINUX_2,    Support::Retired),
    other("dotnet8",         &AMAZON_LINUX_2023, Support::Retired),
    other("dotnet10",        &AMAZON_LINUX_2023, Support::Until("2028-11-14")),
    other("provided.al2",    &AMAZON_LINUX_2,    Support::Retired),
    other("provided.al2023", &AMAZON_LINUX_2023, Support::Until("2029-06-30")),
];

/// A runtime of another language than Python.
const fn other(
    identifier: &'static str,
    system: &'static System,
    support: Support,
) -> RuntimeFacts {
    runtime(identifier, (0, 0), system, support)
}

const fn runtime(
    identifier: &'static str,
    (minor, patch): (u8, u8),
    system: &'static System,
    support: Support,
) -> RuntimeFacts {
    RuntimeFacts {
        identifier,
        python_release: PythonRelease { minor, patch },
        system,
        support,
    }
}

// Versions of symbols: https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html

static AMAZON_LINUX_2: System = System {
    name: "Amazon Linux 2",
    glibc: (2, 26),
    // GCC 7.
    symbol_versions: &[
        ("GLIBCXX", "3.4.24"),
        ("CXXABI", "1.3.11"),
        ("GCC", "7.0.0"),
    ],
    libraries: &LIBRARIES,
    install_command: "yum install -y",
    compiler_packages: "gcc gcc-c++",
};

static AMAZON_LINUX_2023: System = System {
    name: "Amazon Linux 2023",
    glibc: (2, 34),
    // GCC 11.
    symbol_versions: &[("GLIBCXX", "3.4.29"), ("CXXABI", "1.3.13"), ("GCC", "11.0")],
    libraries: &LIBRARIES,
    install_command: "dnf install -y",
    compiler_packages: "gcc gcc-c++",
};

/// What every runtime has of its own: the libraries that manylinux lets wheels expect
/// (PEP 600), but for those of a desktop.
static LIBRARIES: [&str; 12] = [
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;

    /// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html>: every runtime
    /// includes boto3 and botocore. With them come what their METADATA requires:
    /// boto3 botocore, jmespath and s3transfer; botocore jmespath, python-dateutil and
    /// urllib3; python-dateutil six.
    #[test]
    fn runtimes_bring_the_sdk_and_all_that_it_requires() {
        let pinned = [
            "boto3",
            "botocore",
            "jmespath",
            "python-dateutil",
            "s3transfer",
            "six",
            "urllib3",
        ];
        assert_eq!(FACTS.packages, pinned);
    }

    /// The pages that stand beside [`FACTS`] and [`LIMITS`].
    #[test]
    fn limits_are_those_of_the_vendors_pages() {
        let limits = FACTS.limits;
        assert_eq!(limits.unzipped, 250 << 20);
        assert_eq!(limits.zip_in_request, 50 << 20);
        assert_eq!(limits.layers_per_function, 5);
        let texts = (
            limits.description,
            limits.license,
            FACTS.layer_names.max_length,
        );
        assert_eq!(texts, (256, 512, 140));
        assert_eq!((limits.runtimes, limits.architectures), (15, 2));
    }

    /// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html>: identifier,
    /// operating system and deprecation date of each supported and deprecated runtime.
    /// The preview is in the API's own list alone:
    /// <https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html>.
    #[test]
    fn runtimes_are_those_of_the_vendors_table() {
        const OLD: &str = "Amazon Linux 2";
        const NEW: &str = "Amazon Linux 2023";
        let rows = RUNTIMES.each_ref();
        assert_eq!(
            rows.map(|row| (row.identifier, row.system.name, row.support)),
            [
                ("python3.8", OLD, Support::Retired),
                ("python3.9", OLD, Support::Retired),
                ("python3.10", OLD, Support::Retired),
                ("python3.11", OLD, Support::Until("2027-06-30")),
                ("python3.12", NEW, Support::Until("2028-10-31")),
                ("python3.13", NEW, Support::Until("2029-06-30")),
                ("python3.14", NEW, Support::Until("2029-06-30")),
                ("python3.15", NEW, Support::Preview),
                ("nodejs18.x", OLD, Support::Retired),
                ("nodejs20.x", NEW, Support::Retired),
                ("nodejs22.x", NEW, Support::Until("2027-04-30")),
                ("nodejs24.x", NEW, Support::Until("2028-04-30")),
                ("nodejs26.x", NEW, Support::Preview),
                ("java8.al2", OLD, Support::Until("2027-06-30")),
                ("java8.al2023", NEW, Support::Until("2029-06-30")),
                ("java11", OLD, Support::Until("2027-06-30")),
                ("java11.al2023", NEW, Support::Until("2029-06-30")),
                ("java17", OLD, Support::Until("2027-06-30")),
                ("java17.al2023", NEW, Support::Until("2029-06-30")),
                ("java21", NEW, Support::Until("2029-06-30")),
                ("java25", NEW, Support::Until("2029-06-30")),
                ("ruby3.2", OLD, Support::Retired),
                ("ruby3.3", NEW, Support::Until("2027-03-31")),
                ("ruby3.4", NEW, Support::Until("2028-03-31")),
                ("ruby4.0", NEW, Support::Until("2029-03-31")),
                ("dotnet6", OLD, Support::Retired),
                ("dotnet8", NEW, Support::Retired),
                ("dotnet10", NEW, Support::Until("2028-11-14")),
                ("provided.al2", OLD, Support::Retired),
                ("provided.al2023", NEW, Support::Until("2029-06-30")),
            ]
        );
    }

    /// No page of the vendor has the patch releases. A greater one is an error for
    /// functions that still run on this one: change it only where the vendor has
    /// replaced it everywhere.
    #[test]
    fn patch_releases_change_on_purpose_alone() {
        let patches = RUNTIMES.iter().filter(|it| it.python_release.minor > 0);
        let patches: Vec<_> = patches.map(|it| it.python_release.patch).collect();
        assert_eq!(patches, [20, 22, 17, 12, 10, 3, 0, 0]);
    }

    /// glibc 2.26 and GCC 7 of Amazon Linux 2, and glibc 2.34 and GCC 11 of its successor:
    /// <https://docs.aws.amazon.com/linux/al2023/ug/glibc-gcc-and-binutils.html> and
    /// <https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html>.
    /// Package managers: <https://docs.aws.amazon.com/linux/al2023/ug/package-management.html>.
    #[test]
    fn systems_are_those_of_the_vendors_pages() {
        let facts = |system: &System| (system.name, system.glibc, system.install_command);
        assert_eq!(
            [facts(&AMAZON_LINUX_2), facts(&AMAZON_LINUX_2023)],
            [
                ("Amazon Linux 2", (2, 26), "yum install -y"),
                ("Amazon Linux 2023", (2, 34), "dnf install -y"),
            ]
        );
        for system in [&AMAZON_LINUX_2, &AMAZON_LINUX_2023] {
            assert_eq!(system.compiler_packages, "gcc gcc-c++");
        }
    }

    /// The lists "Symbol versioning on the libstdc++.so binary" of
    /// <https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html>: GCC 7.2.0 and 11.1.0.
    /// Those of libgcc: its sources, `libgcc/libgcc-std.ver.in` for `GCC_7.0.0` and
    /// `libgcc/config/aarch64/libgcc-softfp.ver` for `GCC_11.0`.
    #[test]
    fn versions_of_symbols_are_those_of_the_systems_compilers() {
        assert_eq!(
            AMAZON_LINUX_2.symbol_versions,
            [
                ("GLIBCXX", "3.4.24"),
                ("CXXABI", "1.3.11"),
                ("GCC", "7.0.0"),
            ]
        );
        assert_eq!(
            AMAZON_LINUX_2023.symbol_versions,
            [("GLIBCXX", "3.4.29"), ("CXXABI", "1.3.13"), ("GCC", "11.0")]
        );
    }

    /// The libraries of [PEP 599](https://peps.python.org/pep-0599/#the-manylinux2014-policy)
    /// and the zlib that newer policies add, less those of a desktop (X11 and the like), and
    /// less libnsl, which the newer system does without. The loaders have their names from
    /// the ABIs of the two architectures.
    #[test]
    fn libraries_are_those_that_wheels_may_expect_without_a_desktop() {
        let policy = [
            "libgcc_s.so.1",
            "libstdc++.so.6",
            "libm.so.6",
            "libdl.so.2",
            "librt.so.1",
            "libc.so.6",
            "libutil.so.1",
            "libpthread.so.0",
            "libresolv.so.2",
            "libz.so.1",
            "ld-linux-x86-64.so.2",
            "ld-linux-aarch64.so.1",
        ];
        for system in [&AMAZON_LINUX_2, &AMAZON_LINUX_2023] {
            let mut libraries = system.libraries.to_vec();
            let mut policy = policy.to_vec();
            libraries.sort_unstable();
            policy.sort_unstable();
            assert_eq!(libraries, policy, "{}", system.name);
        }
    }

    /// Architectures: <https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html>,
    /// the first of them that of a function that names none. Image:
    /// <https://docs.aws.amazon.com/lambda/latest/dg/python-image.html>, of which
    /// `amazon/aws-lambda-python` is the other name. Paths:
    /// <https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html>.
    #[test]
    fn what_all_functions_share_is_that_of_the_vendors_pages() {
        assert_eq!(
            FACTS.architectures,
            [Architecture::X86_64, Architecture::Arm64]
        );
        assert_eq!(FACTS.build_image, "amazon/aws-lambda-python:{python}");
        assert_eq!(FACTS.interpreter, "/var/lang/bin/python{python}");
        let LayerPaths {
            mount,
            modules,
            site_packages,
            scripts,
            libraries,
        } = FACTS.paths;
        assert_eq!((mount, scripts, libraries), ("/opt", "bin", "lib"));
        assert_eq!(
            modules,
            ["python/lib/python{python}/site-packages", "python"]
        );
        assert_eq!(site_packages, "python");
        assert!(modules.contains(&site_packages));
        // Known from practice alone.
        assert_eq!(FACTS.precedence, Precedence::Last);
    }

    /// [PublishLayerVersion](https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html):
    /// a name is of `[a-zA-Z0-9-_]+`, with any first character.
    #[test]
    fn names_may_begin_with_any_character() {
        for name in ["web", "9", "-", "_"] {
            assert!(FACTS.layer_names.allow(name), "{name}");
        }
        assert_eq!(
            FACTS.layer_names.to_string(),
            "1 to 140 characters of a-z, A-Z, 0-9, - and _"
        );
    }

    #[test]
    fn runtimes_are_named_after_their_python_and_ascend() {
        let is_python = |it: &&RuntimeFacts| Language::of(it.identifier) == Language::Python;
        let (of_python, others): (Vec<_>, Vec<_>) = RUNTIMES.iter().partition(is_python);
        assert!(others.iter().all(|it| it.python_release.minor == 0));
        // They come first.
        assert!(
            RUNTIMES
                .iter()
                .take(of_python.len())
                .eq(of_python.iter().copied())
        );
        let minors: Vec<u8> = of_python.iter().map(|it| it.python_release.minor).collect();
        assert!(minors.is_sorted_by(|one, other| one < other), "{minors:?}");
        for runtime in of_python {
            let name = format!("python3.{}", runtime.python_release.minor);
            assert_eq!(runtime.identifier, name);
        }
    }
}
