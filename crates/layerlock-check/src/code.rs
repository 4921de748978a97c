//! The table of all codes.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Severity;

/// Defines the codes with their names, severities and meanings in one table.
macro_rules! codes {
    ($($code:ident = $name:literal, $severity:ident, $meaning:literal;)*) => {
        /// The kind of a finding. Its name never changes, so that configuration and
        /// scripts can rely on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(
                #[doc = $meaning]
                $code,
            )*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$code),*];

            /// Its name, such as `empty-layer`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }

            /// How bad it is unless the project says otherwise.
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$code => Severity::$severity,)*
                }
            }

            /// One line on what it means.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$code => $meaning,)*
                }
            }
        }
    };
}

codes! {
    // The project and its lock.
    Project = "project", Warning, "The project or its lock asks for attention.";
    StaleLock = "stale-lock", Warning, "The project changed since it was locked.";
    PatchRelease = "patch-release", Warning, "The project does not allow each patch release that the provider may choose.";
    Yanked = "yanked", Warning, "The index has withdrawn a file since it was locked (PEP 592).";

    // The target.
    DefaultRuntime = "default-runtime", Info, "Nobody named a runtime, so one was chosen.";
    DefaultArchitecture = "default-architecture", Info, "Nobody named an architecture, and a package is compiled for one.";
    OtherRuntime = "other-runtime", Warning, "The project's templates name other runtimes than the layer's.";
    RuntimeRetired = "runtime-retired", Warning, "The provider has deprecated the runtime.";
    RuntimePreview = "runtime-preview", Warning, "The runtime is a preview.";

    // Wheels that no lock lists.
    Built = "built", Info, "A package was built from its source.";
    Supplied = "supplied", Info, "A package's wheel comes from --find-links and not from the lock.";
    Unverified = "unverified", Warning, "The lock has no hash for the file that a package comes from.";

    WheelRecord = "wheel-record", Warning, "A wheel's list of its own files is not as it has to be.";

    // What is excluded.
    ExcludeUnknown = "exclude-unknown", Warning, "A name in `exclude` is not a package of the layer.";
    ExcludeFromRuntime = "exclude-from-runtime", Info, "The runtime has an excluded package, in a version of its own.";
    ExcludeMissing = "exclude-missing", Warning, "Functions have to get an excluded package from elsewhere.";
    ExcludeUnused = "exclude-unused", Warning, "A pattern of exclude-files matches no file.";
    ExcludeCode = "exclude-code", Warning, "A pattern of exclude-files excludes modules.";
    ExcludeMetadata = "exclude-metadata", Info, "A pattern of exclude-files matches metadata, which stays.";

    // Files that two packages bring.
    FileConflict = "file-conflict", Warning, "Two packages bring different files to one path.";
    PreferUnknown = "prefer-unknown", Warning, "A name in `prefer` is not a package of the layer.";

    // Compiled files.
    MissingLibrary = "missing-library", Error, "A compiled file needs a library that it does not find.";
    ImageLibrary = "image-library", Error, "A compiled file needs a library that the runtime's container image alone has.";
    UncertainLibrary = "uncertain-library", Warning, "A compiled file needs a library that the runtime should have, and nobody promises.";
    LibraryOffPath = "library-off-path", Info, "A compiled file needs a library of the layer that something else has to load first.";
    GlibcTooNew = "glibc-too-new", Error, "A compiled file needs a newer glibc than the runtime's.";
    SymbolVersion = "symbol-version", Error, "A compiled file needs another version of a library than the one that it finds.";
    OtherMachine = "other-machine", Error, "A compiled file is for another processor.";
    ForeignModule = "foreign-module", Error, "An extension module is for another Python, processor or system, and none for the target is beside it.";
    Musl = "musl", Error, "A compiled file is for the C library musl, as on Alpine.";
    MachO = "mach-o", Error, "A compiled file is for macOS.";
    PeFile = "pe-file", Warning, "A compiled file is for Windows.";
    TruncatedBinary = "truncated-binary", Error, "A compiled file was cut off.";
    MisalignedBinary = "misaligned-binary", Error, "A compiled file was damaged by strip: the loader refuses it.";
    UnreadableBinary = "unreadable-binary", Error, "A compiled file cannot be read, or the loader refuses it.";
    ExecutableStack = "executable-stack", Warning, "A compiled file asks for an executable stack.";
    TextRelocations = "text-relocations", Warning, "The loader has to write into the code of a compiled file.";

    // What a layer hides.
    HidesStandardLibrary = "hides-standard-library", Warning, "A module of the layer hides one of Python's standard library.";
    SplitSdk = "split-sdk", Warning, "Of boto3 and botocore one is in the layer, and the other one the runtime's.";

    // The layer.
    EmptyLayer = "empty-layer", Error, "The layer has no files.";
    CaseCollision = "case-collision", Warning, "Two paths differ in upper and lower case alone.";
    LayerTooLarge = "layer-too-large", Error, "The layer unzips to more than the provider accepts.";
    ZipTooLargeForRequest = "zip-too-large-for-request", Warning, "The zip has to be published from object storage.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let mut codes = Self::ALL.iter().copied();
        codes
            .find(|code| code.name() == name)
            .ok_or_else(|| serde::de::Error::custom(format!("`{name}` is not a code")))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_in_kebab_case() {
        let mut seen = HashSet::new();
        for code in Code::ALL {
            let name = code.name();
            assert!(seen.insert(name), "{name} stands twice");
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.chars().all(is_plain), "{name}");
            assert!(code.meaning().ends_with('.'), "{name}");
        }
    }

    #[test]
    fn codes_are_read_by_their_names() {
        for &code in Code::ALL {
            let json = serde_json::to_string(&code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(serde_json::from_str::<Code>(&json).unwrap(), code);
        }
        assert!(serde_json::from_str::<Code>("\"no-such-code\"").is_err());
    }
}
