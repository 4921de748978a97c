//! AWS Lambda, as a table of facts, with the pages that they are from.

use super::facts::{
    LayerNames, LayerPaths, Limits, Precedence, ProviderFacts, PythonRelease, RuntimeFacts,
    Support, System,
};
use crate::Architecture;

pub(super) static FACTS: ProviderFacts = ProviderFacts {
    runtimes: &RUNTIMES,
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
    layers_per_function: 5,
    description: 256,
    license: 512,
    runtimes: 15,
    architectures: 2,
};

/// [Lambda runtimes](https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html).
#[rustfmt::skip]
static RUNTIMES: [RuntimeFacts; 8] = [
    runtime("python3.8",  (8,  20), &AMAZON_LINUX_2,    Support::Retired),
    runtime("python3.9",  (9,  22), &AMAZON_LINUX_2,    Support::Retired),
    runtime("python3.10", (10, 17), &AMAZON_LINUX_2,    Support::Retired),
    runtime("python3.11", (11, 12), &AMAZON_LINUX_2,    Support::Until("2027-06-30")),
    runtime("python3.12", (12, 10), &AMAZON_LINUX_2023, Support::Until("2028-10-31")),
    runtime("python3.13", (13, 3),  &AMAZON_LINUX_2023, Support::Until("2029-06-30")),
    runtime("python3.14", (14, 0),  &AMAZON_LINUX_2023, Support::Until("2029-06-30")),
    runtime("python3.15", (15, 0),  &AMAZON_LINUX_2023, Support::Preview),
];

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

    #[test]
    fn runtimes_are_named_after_their_python_and_ascend() {
        let mut last = 0;
        for runtime in &RUNTIMES {
            let minor = runtime.python_release.minor;
            assert_eq!(runtime.identifier, format!("python3.{minor}"));
            assert!(minor > last);
            last = minor;
        }
    }
}
