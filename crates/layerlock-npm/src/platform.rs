//! Whether a package is for a target, by npm's rules (`npm-install-checks`).

use layerlock_target::{Architecture, Runtime, Target};
use node_semver::{Range, Version};

use crate::lock::Entry;
use crate::package_json::OneOrMany;

/// Why a package is not for a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Another system, processor or C library: what the package has, and of which kind.
    Platform(&'static str, Vec<String>),
    /// Another Node: the range.
    Engine(String),
}

/// What npm calls the target.
#[derive(Debug, Clone)]
pub(crate) struct NodePlatform {
    cpu: &'static str,
    /// The newest release of the runtime's Node; none where any Node may be meant.
    node: Option<Version>,
}

impl NodePlatform {
    pub(crate) fn of(target: &Target) -> Self {
        Self {
            cpu: match target.architecture {
                Architecture::X86_64 => "x64",
                Architecture::Arm64 => "arm64",
            },
            node: node(target.runtime),
        }
    }

    /// Its processor, as npm calls it.
    pub(crate) const fn cpu(&self) -> &'static str {
        self.cpu
    }

    /// Whether a package says that it is for this platform.
    pub(crate) fn check(&self, entry: &Entry) -> Result<(), Unfit> {
        let lists = [
            ("os", &entry.os, "linux"),
            ("cpu", &entry.cpu, self.cpu),
            ("libc", &entry.libc, "glibc"),
        ];
        for (kind, list, value) in lists {
            if let Some(list) = list
                && !allows(list, value)
            {
                return Err(Unfit::Platform(kind, list.texts().to_vec()));
            }
        }
        Ok(())
    }

    /// Whether a package says that it is for this Node. What is no range allows none, as
    /// npm has it.
    pub(crate) fn check_engine(&self, entry: &Entry) -> Result<(), Unfit> {
        let range = entry.engines.as_ref().and_then(|engines| engines.node());
        let (Some(range), Some(node)) = (range, &self.node) else {
            return Ok(());
        };
        let fits = Range::parse(range).is_ok_and(|range| range.satisfies(node));
        if fits || range.trim().is_empty() {
            Ok(())
        } else {
            Err(Unfit::Engine(range.to_owned()))
        }
    }
}

/// A release of Node that is newer than each that the provider ships: it brings its
/// runtimes up to date by itself.
fn node(runtime: Runtime) -> Option<Version> {
    const NEWEST: u64 = 999;
    let is_node = runtime.language() == layerlock_target::Language::Node;
    let major = runtime.major().filter(|_| is_node)?;
    Some(Version::from((major, NEWEST, 0)))
}

/// "match none of the negated values, and at least one of the non-negated values, if any
/// are present".
fn allows(list: &OneOrMany, value: &str) -> bool {
    let list = list.texts();
    if let [only] = list
        && only == "any"
    {
        return true;
    }
    let negated = list.iter().filter_map(|text| text.strip_prefix('!'));
    let count = negated.clone().count();
    let is_refused = negated.clone().any(|text| text == value);
    let is_named = list.iter().any(|text| text == value);
    !is_refused && (is_named || count == list.len())
}

#[cfg(test)]
mod tests {
    use layerlock_target::Provider;

    use super::*;

    fn platform(runtime: &str, architecture: Architecture) -> NodePlatform {
        let runtime = Provider::Aws.runtime(runtime).unwrap();
        NodePlatform::of(&Target::new(runtime, architecture))
    }

    fn entry(json: &str) -> Entry {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn lists_name_what_is_allowed_or_what_is_not() {
        let x64 = platform("nodejs22.x", Architecture::X86_64);
        for (json, fits) in [
            ("{}", true),
            (
                r#"{"os": ["linux"], "cpu": ["x64"], "libc": ["glibc"]}"#,
                true,
            ),
            (r#"{"os": ["darwin", "linux"]}"#, true),
            (r#"{"os": "linux"}"#, true),
            (r#"{"os": ["any"]}"#, true),
            (r#"{"os": ["!win32"]}"#, true),
            (r#"{"os": ["!win32", "linux"]}"#, true),
            (r#"{"os": ["!linux"]}"#, false),
            (r#"{"os": ["!win32", "darwin"]}"#, false),
            (r#"{"os": ["darwin"]}"#, false),
            (r#"{"cpu": ["arm64"]}"#, false),
            (r#"{"libc": ["musl"]}"#, false),
            (r#"{"os": []}"#, true),
        ] {
            assert_eq!(x64.check(&entry(json)).is_ok(), fits, "{json}");
        }
        let arm64 = platform("nodejs22.x", Architecture::Arm64);
        assert!(arm64.check(&entry(r#"{"cpu": ["arm64"]}"#)).is_ok());
    }

    #[test]
    fn ranges_of_node_are_judged_for_the_runtime_and_not_for_the_host() {
        let of = |runtime: &str, range: &str| {
            let json = format!(r#"{{"engines": {{"node": "{range}"}}}}"#);
            platform(runtime, Architecture::X86_64)
                .check_engine(&entry(&json))
                .is_ok()
        };
        assert!(of("nodejs22.x", "^18.17.0 || ^20.3.0 || >=21.0.0"));
        assert!(of("nodejs22.x", ">=22.12"));
        assert!(!of("nodejs20.x", ">=22"));
        assert!(!of("nodejs22.x", "<20"));
        assert!(of("nodejs22.x", "*") && of("nodejs22.x", ""));
        assert!(!of("nodejs22.x", "no range"));
        // Nobody knows which Node it will be.
        assert!(of("any", "<20") && of("provided.al2023", "<20"));
    }
}
