//! Alibaba Cloud Function Compute 3.0, as a table of facts, with the pages that they are
//! from.

use super::facts::{
    LayerNames, LayerPaths, Limits, Precedence, ProviderFacts, PythonRelease, RuntimeFacts,
    Support, System,
};
use crate::Architecture;

pub(super) static FACTS: ProviderFacts = ProviderFacts {
    name: "aliyun",
    title: "Alibaba Function Compute",
    runtimes: &RUNTIMES,
    // The system of the newest runtime that is no preview.
    any_runtime: &runtime("any", (0, 0), &DEBIAN_10, Support::Current),
    // https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/user-guide/runtime-overview-3:
    // each runtime is x86_64.
    architectures: &[Architecture::X86_64],
    // What a runtime brings differs from one to the other, and comes after a layer's on
    // `sys.path`.
    packages: &[],
    interpreter: "/var/fc/lang/python{python}/bin/python3",
    // What the vendor's own tool, Serverless Devs, builds in.
    build_image: "aliyunfc/runtime:{runtime}-build-3.1.0",
    // https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/user-guide/create-a-custom-layer-1
    paths: LayerPaths {
        mount: "/opt",
        modules: &["python"],
        site_packages: "python",
        scripts: "bin",
        libraries: "lib",
    },
    // The same page: layers are merged in reverse order.
    precedence: Precedence::First,
    limits: LIMITS,
    // https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/developer-reference/api-fc-2023-03-30-createlayerversion:
    // `[a-zA-Z][_a-zA-Z0-9-]+`.
    layer_names: LayerNames {
        max_length: 64,
        begin_with_letter: true,
    },
};

/// [CreateLayerVersion](https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/developer-reference/api-fc-2023-03-30-createlayerversion)
/// and [Quotas and limits](https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/product-overview/quotas-and-limits).
const LIMITS: Limits = Limits {
    // What a function's disk holds at most.
    unzipped: 10 << 30,
    // The API takes 100 MB of base64; above this the vendor advises object storage.
    zip_in_request: 20 << 20,
    zip_in_storage: Some(500 << 20),
    layers_per_function: 5,
    description: 256,
    // No page says it: that of the other provider.
    license: 512,
    runtimes: 20,
    // A version declares none.
    architectures: 1,
};

/// [Runtimes](https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/user-guide/runtime-overview-3).
/// `python3` is Python 3.6, which no lock of today allows. What a custom runtime has beside
/// its system no page says: its Python here is the one that the vendor has put there.
#[rustfmt::skip]
static RUNTIMES: [RuntimeFacts; 9] = [
    runtime("python3.9",       (9,  7), &DEBIAN_9,  Support::Current),
    runtime("python3.10",      (10, 9), &DEBIAN_10, Support::Current),
    runtime("python3.12",      (12, 4), &DEBIAN_11, Support::Preview),
    runtime("custom.debian10", (10, 9), &DEBIAN_10, Support::Custom),
    runtime("custom.debian11", (12, 4), &DEBIAN_11, Support::Custom),
    runtime("custom.debian12", (11, 2), &DEBIAN_12, Support::Custom),
    runtime("nodejs16",        (0, 0),  &DEBIAN_9,  Support::Current),
    runtime("nodejs18",        (0, 0),  &DEBIAN_10, Support::Current),
    runtime("nodejs20",        (0, 0),  &DEBIAN_10, Support::Current),
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

// Versions of symbols: https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html. Those of
// libgcc_s begin at 4.8 and go on with GCC 7 and 12.

/// A release of Debian with the glibc and the symbols of its GCC.
const fn debian(
    name: &'static str,
    glibc: (u16, u16),
    symbol_versions: &'static [(&'static str, &'static str)],
) -> System {
    System {
        name,
        glibc,
        symbol_versions,
        libraries: &LIBRARIES,
        install_command: "apt-get update && apt-get install -y",
        compiler_packages: "gcc g++",
    }
}

static DEBIAN_9: System = debian(
    "Debian 9",
    (2, 24),
    // GCC 6.
    &[
        ("GLIBCXX", "3.4.22"),
        ("CXXABI", "1.3.10"),
        ("GCC", "4.8.0"),
    ],
);

static DEBIAN_10: System = debian(
    "Debian 10",
    (2, 28),
    // GCC 8.
    &[
        ("GLIBCXX", "3.4.25"),
        ("CXXABI", "1.3.11"),
        ("GCC", "7.0.0"),
    ],
);

static DEBIAN_11: System = debian(
    "Debian 11",
    (2, 31),
    // GCC 10.
    &[
        ("GLIBCXX", "3.4.28"),
        ("CXXABI", "1.3.12"),
        ("GCC", "7.0.0"),
    ],
);

static DEBIAN_12: System = debian(
    "Debian 12",
    (2, 36),
    // GCC 12.
    &[
        ("GLIBCXX", "3.4.30"),
        ("CXXABI", "1.3.13"),
        ("GCC", "12.0.0"),
    ],
);

/// The libraries that manylinux lets wheels expect (PEP 600), but for those of a desktop.
static LIBRARIES: [&str; 11] = [
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
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The vendor's table of runtimes.
    #[test]
    fn runtimes_are_those_of_the_vendors_table() {
        let rows = RUNTIMES.each_ref();
        assert_eq!(
            rows.map(|row| (row.identifier, row.system.name, row.system.glibc)),
            [
                ("python3.9", "Debian 9", (2, 24)),
                ("python3.10", "Debian 10", (2, 28)),
                ("python3.12", "Debian 11", (2, 31)),
                ("custom.debian10", "Debian 10", (2, 28)),
                ("custom.debian11", "Debian 11", (2, 31)),
                ("custom.debian12", "Debian 12", (2, 36)),
                ("nodejs16", "Debian 9", (2, 24)),
                ("nodejs18", "Debian 10", (2, 28)),
                ("nodejs20", "Debian 10", (2, 28)),
            ]
        );
    }

    #[test]
    fn limits_are_those_of_the_vendors_pages() {
        let limits = FACTS.limits;
        assert_eq!(limits.zip_in_request, 20 << 20);
        assert_eq!(limits.zip_in_storage, Some(500 << 20));
        assert_eq!(limits.layers_per_function, 5);
        assert_eq!((limits.description, limits.runtimes), (256, 20));
        assert_eq!(
            FACTS.layer_names.to_string(),
            "1 to 64 characters of a-z, A-Z, 0-9, - and _, of which the first is a letter"
        );
    }

    #[test]
    fn a_layer_is_merged_under_opt_with_its_modules_in_python() {
        assert_eq!(FACTS.paths.mount, "/opt");
        assert_eq!(FACTS.paths.modules, ["python"]);
        assert_eq!(FACTS.paths.site_packages, "python");
        assert_eq!(FACTS.precedence, Precedence::First);
    }
}
