//! The libraries that a function finds on its system, beyond those that every system
//! gives to wheels ([`System::libraries`](super::facts::System)).
//!
//! A managed runtime is less than the container image of the same name: what a build in
//! the image links can be missing in the function. No vendor lists the libraries, so each
//! row names what it is known from. What nobody has seen in a function is not there.

/// Whether functions find a library on their system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LibraryPresence {
    /// Every function finds it.
    Runtime,
    /// The runtime's Python is linked with it, or it belongs to its C library, so it
    /// should be there. Nobody promises it.
    Likely,
    /// It is in the container image of the runtime, and functions have been seen without
    /// it.
    ImageOnly,
    /// Nobody has seen it there.
    Absent,
}

/// What is known of one system.
pub(crate) struct SystemLibraries {
    /// The name of the system, as in [`System::name`](super::facts::System).
    system: &'static str,
    runtime: &'static [&'static str],
    likely: &'static [&'static str],
    image_only: &'static [&'static str],
    /// Whether the system's own directories come before those of layers on the runtime's
    /// `LD_LIBRARY_PATH`.
    pub(crate) is_searched_first: bool,
}

impl SystemLibraries {
    /// What is known of a system. One that is not in the table has what its own facts
    /// list, and nothing else.
    pub(crate) fn of(system: &str) -> Option<&'static Self> {
        TABLE.iter().find(|row| row.system == system)
    }

    pub(crate) fn presence(&self, library: &str) -> LibraryPresence {
        if self.runtime.contains(&library) {
            LibraryPresence::Runtime
        } else if self.likely.contains(&library) {
            LibraryPresence::Likely
        } else if self.image_only.contains(&library) {
            LibraryPresence::ImageOnly
        } else {
            LibraryPresence::Absent
        }
    }
}

static TABLE: [SystemLibraries; 6] = [
    // LD_LIBRARY_PATH of the images and of functions, which are alike:
    // /var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib
    SystemLibraries {
        system: "Amazon Linux 2",
        // A function's own listing of /lib64 (awslabs/aws-media-replay-engine#13), and
        // /var/lang/lib, which comes with the language (lambgeo/docker-lambda#34).
        runtime: &["libcrypto.so.10", "liblzma.so.5", "libssl.so.10"],
        // What its Python's own modules are linked with (bz2, ctypes, sqlite3, ssl, crypt),
        // and the rest of glibc. libcrypt.so.1 was missing in functions of another language
        // (ibmdb/node-ibm_db#866).
        likely: &[
            "libanl.so.1",
            "libbz2.so.1",
            "libcrypt.so.1",
            "libcrypto.so.1.1",
            "libffi.so.6",
            "libmvec.so.1",
            "libnss_dns.so.2",
            "libnss_files.so.2",
            "libsqlite3.so.0",
            "libssl.so.1.1",
        ],
        // libexpat: quiltdata/quilt#2349, lambgeo/geo-layer#11; libreadline:
        // aws/aws-lambda-base-images#20; libcurl, libxml2: lambgeo/docker-lambda#34,
        // lambci/git-lambda-layer#13.
        image_only: &[
            "libcurl.so.4",
            "libexpat.so.1",
            "libreadline.so.6",
            "libxml2.so.2",
        ],
        is_searched_first: true,
    },
    SystemLibraries {
        system: "Amazon Linux 2023",
        runtime: &[],
        // As above. The system has libcrypt.so.2 in the place of libcrypt.so.1.
        likely: &[
            "libanl.so.1",
            "libbz2.so.1",
            "libcrypto.so.3",
            "libffi.so.8",
            "liblzma.so.5",
            "libmvec.so.1",
            "libsqlite3.so.0",
            "libssl.so.3",
        ],
        // developmentseed/eoapi-cdk#182. What the image's package manager needs is like it.
        image_only: &["libcurl.so.4", "libexpat.so.1", "libxml2.so.2"],
        is_searched_first: true,
    },
    // Function Compute's runtimes are built in the open up to Python 3.9
    // (aliyun/fc-docker, `commons/Dockerfile.python39stretch-base`): Python with the
    // system's expat, ffi and OpenSSL, tk, curl. LD_LIBRARY_PATH there is
    // /code:/code/lib:/usr/local/lib:/opt/lib: the system comes last.
    SystemLibraries {
        system: "Debian 9",
        runtime: &["libcrypt.so.1", "libexpat.so.1"],
        likely: &[
            "libX11.so.6",
            "libanl.so.1",
            "libbz2.so.1.0",
            "libcrypto.so.1.1",
            "libcurl.so.4",
            "libffi.so.6",
            "libfontconfig.so.1",
            "libfreetype.so.6",
            "liblzma.so.5",
            "libmvec.so.1",
            "libncursesw.so.5",
            "libnsl.so.1",
            "libreadline.so.7",
            "libsqlite3.so.0",
            "libssl.so.1.1",
            "libuuid.so.1",
        ],
        image_only: &[],
        is_searched_first: false,
    },
    // The newer ones by what the Python of Docker's library is linked with, which the
    // official layers are made from (awesome-fc/awesome-layers, `docs/Python310`).
    SystemLibraries {
        system: "Debian 10",
        runtime: &["libcrypt.so.1", "libexpat.so.1"],
        likely: &[
            "libanl.so.1",
            "libbz2.so.1.0",
            "libcrypto.so.1.1",
            "libcurl.so.4",
            "libffi.so.6",
            "liblzma.so.5",
            "libmvec.so.1",
            "libncursesw.so.6",
            "libnsl.so.1",
            "libreadline.so.7",
            "libsqlite3.so.0",
            "libssl.so.1.1",
            "libuuid.so.1",
        ],
        image_only: &[],
        is_searched_first: false,
    },
    SystemLibraries {
        system: "Debian 11",
        runtime: &["libcrypt.so.1"],
        likely: &[
            "libanl.so.1",
            "libbz2.so.1.0",
            "libcrypto.so.1.1",
            "libexpat.so.1",
            "libffi.so.7",
            "liblzma.so.5",
            "libmvec.so.1",
            "libncursesw.so.6",
            "libreadline.so.8",
            "libsqlite3.so.0",
            "libssl.so.1.1",
            "libuuid.so.1",
        ],
        image_only: &[],
        is_searched_first: false,
    },
    SystemLibraries {
        system: "Debian 12",
        runtime: &["libcrypt.so.1"],
        likely: &[
            "libanl.so.1",
            "libbz2.so.1.0",
            "libcrypto.so.3",
            "libexpat.so.1",
            "libffi.so.8",
            "liblzma.so.5",
            "libmvec.so.1",
            "libncursesw.so.6",
            "libreadline.so.8",
            "libsqlite3.so.0",
            "libssl.so.3",
            "libuuid.so.1",
        ],
        image_only: &[],
        is_searched_first: false,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::Provider;

    /// What functions have been seen to miss, though a build in the image finds some of
    /// it.
    #[test]
    fn functions_on_aws_have_less_than_their_image() {
        for system in ["Amazon Linux 2", "Amazon Linux 2023"] {
            let row = SystemLibraries::of(system).unwrap();
            assert_eq!(
                row.presence("libexpat.so.1"),
                LibraryPresence::ImageOnly,
                "{system}"
            );
            for library in [
                "libGL.so.1",
                "libgomp.so.1",
                "libglib-2.0.so.0",
                "libgthread-2.0.so.0",
                "libodbc.so.2",
                "libpq.so.5",
                "libgfortran.so.5",
                "libX11.so.6",
            ] {
                assert_eq!(row.presence(library), LibraryPresence::Absent, "{library}");
            }
            assert!(row.is_searched_first);
        }
        let newer = SystemLibraries::of("Amazon Linux 2023").unwrap();
        assert_eq!(newer.presence("libcrypt.so.1"), LibraryPresence::Absent);
    }

    #[test]
    fn every_runtime_has_a_row_and_no_library_two_places() {
        for runtime in Provider::ALL.into_iter().flat_map(Provider::runtimes) {
            let system = runtime.operating_system();
            assert!(SystemLibraries::of(system).is_some(), "{system}");
        }
        for row in &TABLE {
            let mut seen = HashSet::new();
            for list in [row.runtime, row.likely, row.image_only] {
                assert!(list.is_sorted(), "{}", row.system);
                for library in list {
                    assert!(seen.insert(*library), "{library} of {}", row.system);
                }
            }
        }
    }
}
