//! Wheel file names, and the tags that a target can load in order of preference.
//!
//! The uv crates do the parsing and the comparing; no type of theirs leaves
//! this module.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use uv_distribution_filename::{BuildTag, WheelFilename};
use uv_platform_tags::{
    Arch, IncompatibleTag, Os, Platform, TagCompatibility, TagPriority, Tags, TagsOptions,
};

use crate::{Architecture, Runtime};

/// A parsed wheel file name
/// ([binary distribution format](https://packaging.python.org/en/latest/specifications/binary-distribution-format/#file-name-convention)).
#[derive(Debug, Clone)]
pub struct WheelName {
    text: String,
    parsed: WheelFilename,
}

impl WheelName {
    /// The file name as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether both are of one version of one distribution, however they spell
    /// it: `1.0` and `1.0.0` are equal (PEP 440), `Foo.Bar` and `foo_bar` too.
    pub fn is_same_release(&self, other: &Self) -> bool {
        self.parsed.name == other.parsed.name && self.parsed.version == other.parsed.version
    }

    /// The distribution's name, normalised (PEP 503).
    pub fn name(&self) -> String {
        self.parsed.name.to_string()
    }

    /// Whether it is of this version, however that is spelled (PEP 440).
    pub fn is_version(&self, version: &str) -> bool {
        let version = version.parse();
        version.is_ok_and(|version| self.parsed.version.cmp(&version).is_eq())
    }

    /// Its version, normalised (PEP 440).
    pub fn version(&self) -> String {
        self.parsed.version.to_string()
    }

    /// Compares the versions of two wheels (PEP 440).
    pub fn cmp_version(&self, other: &Self) -> Ordering {
        self.parsed.version.cmp(&other.parsed.version)
    }

    /// Whether its version is a pre-release or a development release.
    pub fn is_prerelease(&self) -> bool {
        self.parsed.version.any_prerelease()
    }

    /// Whether it fits every machine: `...-any`.
    pub fn is_for_any_platform(&self) -> bool {
        self.platforms().all(|platform| platform == "any")
    }

    /// Whether it was compiled for Linux, whatever the C library.
    pub fn is_for_linux(&self) -> bool {
        let kinds = ["linux_", "manylinux", "musllinux"];
        self.platforms()
            .any(|platform| kinds.iter().any(|kind| platform.starts_with(kind)))
    }

    /// The least glibc that it needs on an architecture, where it has a tag for
    /// that (PEP 600). The older names stand for 2.17 and less, which every
    /// runtime has.
    pub fn least_glibc(&self, architecture: Architecture) -> Option<(u16, u16)> {
        self.platforms()
            .filter_map(|platform| {
                let version = platform.strip_prefix("manylinux_")?;
                let version = version.strip_suffix(architecture.machine())?;
                let (major, minor) = version.strip_suffix('_')?.split_once('_')?;
                Some((major.parse().ok()?, minor.parse().ok()?))
            })
            .min()
    }

    /// Whether it was compiled for other minor releases of CPython alone: `cp310-cp310`
    /// for Python 3.11.
    fn is_for_other_cpython(&self, minor: u8) -> bool {
        let own = format!("cp3{minor}");
        let abis = self.tags().split('-').nth(1).unwrap_or_default();
        abis.split('.')
            .all(|abi| abi.starts_with("cp3") && !abi.starts_with(&own))
    }

    /// Its tags of Pythons, such as `cp312` or `py3`.
    pub(crate) fn pythons(&self) -> impl Iterator<Item = &str> {
        let tags = self.tags();
        tags.split('-').next().unwrap_or(tags).split('.')
    }

    /// Its tags of platforms, such as `manylinux_2_17_x86_64` or `any`.
    pub(crate) fn platforms(&self) -> impl Iterator<Item = &str> {
        let tags = self.tags();
        tags.rsplit('-').next().unwrap_or(tags).split('.')
    }

    /// Its compressed set of tags, `PYTHON-ABI-PLATFORM`.
    pub fn tags(&self) -> &str {
        let stem = self.text.strip_suffix(".whl").unwrap_or(&self.text);
        match stem.rmatch_indices('-').nth(2) {
            Some((at, _)) => &stem[at + 1..],
            None => stem,
        }
    }
}

impl fmt::Display for WheelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for WheelName {
    type Err = WheelNameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if tags(name) > MAX_TAGS {
            return Err(WheelNameError {
                name: name.to_owned(),
                reason: format!("it has more than {MAX_TAGS} tags"),
            });
        }
        match name.parse() {
            Ok(parsed) => Ok(Self {
                text: name.to_owned(),
                parsed,
            }),
            Err(error) => Err(WheelNameError {
                name: name.to_owned(),
                reason: error.to_string(),
            }),
        }
    }
}

/// Wheels have one or two, and some dozens now and then. Each is compared with each of the
/// target's.
const MAX_TAGS: usize = 1000;

/// How many tags a file name stands for: each Python with each ABI and each platform.
fn tags(name: &str) -> usize {
    let parts = name.rsplit('-').take(3);
    let counts = parts.map(|part| part.split('.').count());
    counts.fold(1, usize::saturating_mul)
}

/// A file name that is not a wheel's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a wheel's file name: {reason}")]
pub struct WheelNameError {
    /// The file name as it was given.
    pub name: String,
    /// What the parser says is wrong with it.
    pub reason: String,
}

/// How well a wheel suits a target. Of two wheels that fit, the greater rank is
/// the one to take: the place of its best tag among the target's first, then the
/// build tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WheelRank {
    priority: TagPriority,
    build: Option<BuildTag>,
}

/// The first part of a wheel's tags that no target of this kind can load. The
/// order is from far to near: a wheel that only misses by platform is nearer
/// than one for another Python.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Misfit {
    /// Another Python implementation or version.
    Python,
    /// Another ABI of the same Python.
    Abi,
    /// Another operating system, architecture or C library.
    Platform,
    /// The same platform with a newer glibc.
    Glibc,
}

/// Every tag that a target can load, in order of preference.
#[derive(Debug)]
pub(crate) struct CompatibleTags {
    tags: Tags,
    architecture: Architecture,
    /// Of Python 3.
    minor: u8,
}

impl CompatibleTags {
    pub(crate) fn new(runtime: Runtime, architecture: Architecture) -> Self {
        let (major, minor) = runtime.glibc();
        let arch = match architecture {
            Architecture::X86_64 => Arch::X86_64,
            Architecture::Arm64 => Arch::Aarch64,
        };
        #[expect(
            clippy::expect_used,
            reason = "only a platform unknown to the crate fails; a test makes those of every target"
        )]
        let tags = Tags::from_env(
            Platform::new(Os::Manylinux { major, minor }, arch),
            runtime.python(),
            "cpython",
            runtime.python(),
            TagsOptions {
                manylinux_compatible: true,
                is_cross: true,
                ..TagsOptions::default()
            },
        )
        .expect("CPython on manylinux is a known platform");
        let (_, minor) = runtime.python();
        Self {
            tags,
            architecture,
            minor,
        }
    }

    pub(crate) fn rank(&self, wheel: &WheelName) -> Result<WheelRank, Misfit> {
        match wheel.parsed.compatibility(&self.tags) {
            TagCompatibility::Compatible(priority) => Ok(WheelRank {
                priority,
                build: wheel.parsed.build_tag().cloned(),
            }),
            TagCompatibility::Incompatible(tag) => Err(match tag {
                IncompatibleTag::Platform if wheel.least_glibc(self.architecture).is_some() => {
                    Misfit::Glibc
                }
                IncompatibleTag::Platform => Misfit::Platform,
                IncompatibleTag::Abi if wheel.is_for_other_cpython(self.minor) => Misfit::Python,
                IncompatibleTag::Abi
                | IncompatibleTag::FreethreadedAbi
                | IncompatibleTag::AbiPythonVersion => Misfit::Abi,
                IncompatibleTag::Python | IncompatibleTag::Invalid => Misfit::Python,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Architecture, Misfit, Provider, Target, WheelName};

    fn target(runtime: &str, architecture: Architecture) -> Target {
        Target::new(Provider::Aws.runtime(runtime).unwrap(), architecture)
    }

    fn wheel(tags: &str) -> WheelName {
        format!("demo-1.0-{tags}.whl").parse().unwrap()
    }

    /// The tags in order from the best to the worst that still fit.
    fn ordered(target: Target, tags: &[&str]) -> Vec<String> {
        let mut fitting: Vec<_> = tags
            .iter()
            .map(|tags| wheel(tags))
            .filter_map(|wheel| Some((target.rank(&wheel).ok()?, wheel.tags().to_owned())))
            .collect();
        fitting.sort_by(|a, b| b.0.cmp(&a.0));
        fitting.into_iter().map(|(_, tags)| tags).collect()
    }

    /// 500 Pythons, ABIs and platforms are 125 million tags, and took 20 s.
    #[test]
    fn a_name_of_endless_tags_is_none() {
        let of = |count| {
            let tags = [
                ["py3"].repeat(count),
                ["none"].repeat(count),
                ["any"].repeat(count),
            ];
            let [python, abi, platform] = tags.map(|parts| parts.join("."));
            format!("demo-1.0-{python}-{abi}-{platform}.whl").parse::<WheelName>()
        };
        of(9).unwrap();
        assert_eq!(of(500).unwrap_err().reason, "it has more than 1000 tags");
    }

    #[test]
    fn every_manylinux_up_to_the_runtimes_glibc_fits_and_no_newer() {
        for (runtime, newest) in [("python3.11", 26), ("python3.12", 34)] {
            let minor = &runtime["python3.".len()..];
            for architecture in Architecture::ALL {
                let target = target(runtime, architecture);
                let machine = architecture.machine();
                for glibc in 17..=40 {
                    let tags = format!("cp3{minor}-cp3{minor}-manylinux_2_{glibc}_{machine}");
                    let fits = target.rank(&wheel(&tags));
                    if glibc <= newest {
                        assert!(fits.is_ok(), "{tags} on {target}");
                    } else {
                        assert_eq!(fits, Err(Misfit::Glibc), "{tags} on {target}");
                    }
                }
            }
        }
    }

    #[test]
    fn old_manylinux_names_fit() {
        let x86 = target("python3.11", Architecture::X86_64);
        for name in ["manylinux1", "manylinux2010", "manylinux2014"] {
            assert!(
                x86.rank(&wheel(&format!("cp311-cp311-{name}_x86_64")))
                    .is_ok()
            );
        }
    }

    #[test]
    fn native_beats_abi3_beats_pure_and_newer_glibc_beats_older() {
        let tags = [
            "py3-none-any",
            "cp38-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64",
            "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64",
            "cp312-cp312-manylinux_2_28_x86_64",
            "cp312-cp312-linux_x86_64",
        ];
        assert_eq!(
            ordered(target("python3.12", Architecture::X86_64), &tags),
            [
                "cp312-cp312-manylinux_2_28_x86_64",
                "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64",
                "cp312-cp312-linux_x86_64",
                "cp38-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64",
                "py3-none-any",
            ]
        );
    }

    #[test]
    fn higher_build_tag_wins_among_equal_tags() {
        let target = target("python3.12", Architecture::Arm64);
        let rank = |name: &str| target.rank(&name.parse().unwrap()).unwrap();
        let plain = rank("demo-1.0-py3-none-any.whl");
        let second = rank("demo-1.0-2-py3-none-any.whl");
        let tenth = rank("demo-1.0-10-py3-none-any.whl");
        assert!(plain < second && second < tenth);
    }

    #[test]
    fn misfits_say_what_does_not_fit() {
        let target = target("python3.12", Architecture::Arm64);
        let misfit = |tags| target.rank(&wheel(tags)).unwrap_err();
        assert_eq!(
            misfit("cp312-cp312-musllinux_1_2_aarch64"),
            Misfit::Platform
        );
        assert_eq!(
            misfit("cp312-cp312-manylinux_2_28_x86_64"),
            Misfit::Platform
        );
        assert_eq!(misfit("cp313-cp313-manylinux_2_28_aarch64"), Misfit::Python);
        assert_eq!(misfit("cp312-cp312t-manylinux_2_28_aarch64"), Misfit::Abi);
        assert_eq!(misfit("cp312-cp312-manylinux_2_39_aarch64"), Misfit::Glibc);
        assert!(Misfit::Python < Misfit::Platform && Misfit::Platform < Misfit::Glibc);
    }

    #[test]
    fn the_least_glibc_of_several_tags_counts() {
        let glibc = |tags| wheel(tags).least_glibc(Architecture::X86_64);
        assert_eq!(
            glibc("cp312-cp312-manylinux_2_39_x86_64.manylinux_2_28_x86_64"),
            Some((2, 28))
        );
        for tags in [
            "cp312-cp312-manylinux_2_28_aarch64",
            "cp312-cp312-musllinux_1_2_x86_64",
            "cp312-cp312-manylinux_x_2_x86_64",
            "py3-none-any",
        ] {
            assert_eq!(glibc(tags), None, "{tags}");
        }
    }

    #[test]
    fn versions_are_compared_as_versions() {
        let parse = |version: &str| -> WheelName {
            let name = format!("demo-{version}-py3-none-any.whl");
            name.parse().unwrap()
        };
        assert!(parse("2.9").cmp_version(&parse("2.10")).is_lt());
        assert!(parse("2.10.0").cmp_version(&parse("2.10")).is_eq());
        assert_eq!(parse("2.10RC1").version(), "2.10rc1");
        assert!(parse("2.10rc1").is_prerelease() && parse("1.dev1").is_prerelease());
        assert!(!parse("2.10.post1").is_prerelease());
    }

    #[test]
    fn a_name_is_kept_as_it_is_written_and_told_in_its_parts() {
        let text = "Foo.Bar-2.0RC1-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl";
        let name: WheelName = text.parse().unwrap();
        assert_eq!((name.as_str(), name.to_string().as_str()), (text, text));
        assert_eq!(
            (name.name(), name.version()),
            ("foo-bar".into(), "2.0rc1".into())
        );
        let tags = "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64";
        assert_eq!(name.tags(), tags);
    }

    #[test]
    fn a_version_is_the_same_however_it_is_spelled() {
        let name: WheelName = "demo-1.0-py3-none-any.whl".parse().unwrap();
        for (version, is_same) in [
            ("1.0", true),
            ("1", true),
            ("v1.0.0", true),
            ("1.0.1", false),
            ("1.0rc1", false),
            ("1.0+local", false),
            ("", false),
            ("no version", false),
            // A post-release, and no build tag of a file's name.
            ("1.0-2", false),
        ] {
            assert_eq!(name.is_version(version), is_same, "{version}");
        }
        let post: WheelName = "demo-1.0.post2-py3-none-any.whl".parse().unwrap();
        assert!(post.is_version("1.0-2") && post.is_version("1.0.post2"));
    }

    #[test]
    fn a_wheel_is_for_linux_if_one_of_its_platforms_is() {
        for (tags, is_for_linux) in [
            ("cp312-cp312-linux_x86_64", true),
            ("cp312-cp312-manylinux1_i686", true),
            ("cp312-cp312-manylinux_2_17_s390x.manylinux2014_s390x", true),
            ("cp312-cp312-musllinux_1_2_aarch64", true),
            ("py3-none-any.linux_x86_64", true),
            ("py3-none-any", false),
            ("cp312-cp312-win_amd64", false),
            ("cp312-cp312-macosx_11_0_arm64", false),
        ] {
            assert_eq!(wheel(tags).is_for_linux(), is_for_linux, "{tags}");
        }
    }

    #[test]
    fn an_error_tells_the_name_and_what_is_wrong_with_it() {
        let error = "demo-1.0.tar.gz".parse::<WheelName>().unwrap_err();
        assert_eq!(error.name, "demo-1.0.tar.gz");
        let message = format!(
            "`demo-1.0.tar.gz` is not a wheel's file name: {}",
            error.reason
        );
        assert_eq!(error.to_string(), message);
        assert!(!error.reason.is_empty());
    }

    #[test]
    fn only_the_platform_any_is_for_all() {
        assert!(wheel("py2.py3-none-any").is_for_any_platform());
        assert!(!wheel("py3-none-manylinux1_x86_64").is_for_any_platform());
        assert!(!wheel("py3-none-any.linux_x86_64").is_for_any_platform());
    }

    #[test]
    fn spellings_of_one_release_are_equal() {
        let parse = |name: &str| name.parse::<WheelName>().unwrap();
        let plain = parse("foo_bar-1.0-py3-none-any.whl");
        assert!(plain.is_same_release(&parse("Foo.Bar-1.0.0-py2.py3-none-any.whl")));
        assert!(!plain.is_same_release(&parse("foo_bar-1.0.1-py3-none-any.whl")));
        assert!(!plain.is_same_release(&parse("foo-1.0-py3-none-any.whl")));
    }

    #[test]
    fn names_that_are_no_wheels_are_errors() {
        for name in [
            "demo-1.0.tar.gz",
            "demo.whl",
            "demo-1.0-py3-none.whl",
            "",
            "-.whl",
        ] {
            assert!(name.parse::<WheelName>().is_err(), "{name}");
        }
    }
}
