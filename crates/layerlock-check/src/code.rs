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

    // Packages of npm.
    OtherNode = "other-node", Warning, "A package is for another Node than the layer's runtime.";
    GeneratedCode = "generated-code", Warning, "A package generates code when it is installed, and no script is run.";

    // Jars of Maven.
    Snapshot = "snapshot", Warning, "A jar is of a version that may be other bytes tomorrow.";
    NoJar = "no-jar", Warning, "A dependency of a Maven project is no jar, and is left out.";

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
    LibraryOffPath = "library-off-path", Info, "A compiled file needs a library that another layer has, or that something else has to load first.";
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
    HidesRuntime = "hides-runtime", Info, "A package of the layer hides the one that the runtime brings.";
    SplitSdk = "split-sdk", Warning, "Of boto3 and botocore one is in the layer, and the other one the runtime's.";

    // The layer and its limits.
    BadArchive = "bad-archive", Error, "The zip cannot be read, or not every reader finds the same files in it.";
    EmptyLayer = "empty-layer", Error, "The layer has no files.";
    CaseCollision = "case-collision", Warning, "Two paths differ in upper and lower case alone.";
    LayerTooLarge = "layer-too-large", Error, "The layer unzips to more than the provider accepts.";
    FunctionTooLarge = "function-too-large", Error, "A function's code and layers unzip to more than the provider accepts.";
    TooManyLayers = "too-many-layers", Error, "A function has more layers than the provider accepts.";
    OverBudget = "over-budget", Error, "A layer or function unzips to more than the project's `max-unzipped`.";
    SizeUnknown = "size-unknown", Info, "The size of a function's layer is not known here.";
    ZipTooLargeForRequest = "zip-too-large-for-request", Warning, "The zip has to be published from object storage.";
    TooManyEntries = "too-many-entries", Warning, "The zip needs zip64 for its number of entries, which not every tool reads.";
    PathTooLong = "path-too-long", Error, "A path is longer than the function's file system can hold.";

    // Where files lie.
    PackagesAtRoot = "packages-at-root", Error, "Packages lie at the root of the layer, where no runtime looks for them.";
    NestedPython = "nested-python", Error, "The layer's files lie in `python/python/`.";
    WrappedLayer = "wrapped-layer", Error, "A directory lies around everything in the layer.";
    OtherPython = "other-python", Error, "Packages lie in the site-packages of another Python than the runtime's.";
    UnreachablePackages = "unreachable-packages", Error, "Packages lie in a site-packages that is not on the runtime's path.";
    NestedZip = "nested-zip", Error, "The layer holds a zip in place of its files.";
    NoRuntimeFolder = "no-runtime-folder", Warning, "None of the folders is there in which the runtime looks for files of a layer.";
    Litter = "litter", Info, "Files that a file manager left.";

    // Modes, commands and extensions.
    UnreadableFile = "unreadable-file", Error, "The function's user may not read a file, by its mode.";
    BrokenLink = "broken-link", Warning, "A symbolic link leads to nothing in the layer.";
    ExtensionNotExecutable = "extension-not-executable", Error, "An extension is not executable.";
    ExtensionCarriageReturn = "extension-carriage-return", Error, "The first line of an extension ends with a carriage return.";
    CommandNotExecutable = "command-not-executable", Warning, "A command in `bin/` is not executable.";
    CommandCarriageReturn = "command-carriage-return", Warning, "The first line of a command ends with a carriage return.";

    // Python packages.
    RequirementMissing = "requirement-missing", Error, "A package of the layer requires one that is not there.";
    RequirementVersion = "requirement-version", Error, "A package of the layer requires another version of one that is there.";
    RequirementElsewhere = "requirement-elsewhere", Info, "A required package comes from elsewhere: the runtime, another layer, or it was left out.";
    RequiresPython = "requires-python", Error, "A package does not allow the runtime's Python.";
    TwoVersions = "two-versions", Warning, "A package is there in two versions.";
    DistInfoDoubled = "dist-info-doubled", Warning, "A package's metadata is there twice.";
    DistInfoMissing = "dist-info-missing", Info, "No metadata tells which package a module is of.";
    DistInfoIncomplete = "dist-info-incomplete", Warning, "A package's metadata lacks its name or version.";
    EditableInstall = "editable-install", Error, "A package is a link to the machine that installed it: its code is not in the layer.";
    PathFile = "path-file", Info, "A .pth file changes `sys.path` or runs code when Python starts.";
    StalePyc = "stale-pyc", Warning, "Bytecode that the runtime does not use, since it goes by times of files.";
    ForeignPyc = "foreign-pyc", Warning, "Bytecode of another Python.";
    SyntaxError = "syntax-error", Warning, "Source that the runtime's Python cannot parse.";
    ImportFailed = "import-failed", Error, "A module cannot be imported.";
    ImportSkipped = "import-skipped", Info, "Imports were not tried.";

    // What nobody should get.
    Credentials = "credentials", Warning, "A file has a password, a token or a key in it.";
    CredentialsFile = "credentials-file", Warning, "A file that is there to hold passwords.";
    PrivateKey = "private-key", Warning, "A private key.";
    GitDirectory = "git-directory", Warning, "The history of a repository.";
    MachinePath = "machine-path", Warning, "A path of the machine that built the layer.";

    // Several layers of a function.
    LayersDiffer = "layers-differ", Warning, "Layers of a function bring different files to one path.";
    UnknownLayer = "unknown-layer", Error, "A function names a layer that the project does not have.";
    WrongLayer = "wrong-layer", Error, "A function's layer is for another architecture or runtime.";

    // The settings of checks.
    AllowUnused = "allow-unused", Warning, "An entry of `allow` matches no finding.";
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
