//! What Maven resolves: an artifact, by its coordinates.

use std::fmt;
use std::path::PathBuf;

/// An artifact, and the file that Maven has of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Artifact {
    pub(crate) group: String,
    pub(crate) name: String,
    /// `jar`, `pom`, `test-jar`.
    pub(crate) kind: String,
    /// `linux-x86_64` of one that has a file for each system.
    pub(crate) classifier: Option<String>,
    pub(crate) version: String,
    /// Where it is; none where Maven has no file of it.
    pub(crate) path: Option<PathBuf>,
}

impl Artifact {
    /// `group:name`, with the classifier where there is one.
    pub(crate) fn id(&self) -> String {
        let Self { group, name, .. } = self;
        match &self.classifier {
            Some(classifier) => format!("{group}:{name}:{classifier}"),
            None => format!("{group}:{name}"),
        }
    }

    /// The name of its file, as Maven gives it.
    pub(crate) fn file_name(&self) -> String {
        let Self { name, version, .. } = self;
        match &self.classifier {
            Some(classifier) => format!("{name}-{version}-{classifier}.jar"),
            None => format!("{name}-{version}.jar"),
        }
    }

    /// The same for two artifacts whose file names are the same.
    pub(crate) fn file_name_with_group(&self) -> String {
        format!("{}.{}", self.group, self.file_name())
    }

    /// Whether other bytes may be published under the same version tomorrow.
    pub(crate) fn is_snapshot(&self) -> bool {
        self.version.ends_with("-SNAPSHOT") || is_timestamped(&self.version)
    }
}

/// `1.0-20260102.030405-6`: a snapshot that a repository has.
fn is_timestamped(version: &str) -> bool {
    let mut parts = version.rsplit('-');
    let (Some(build), Some(time), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let is_number = |text: &str, length: Option<usize>| {
        !text.is_empty()
            && length.is_none_or(|length| text.len() == length)
            && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_time = time
        .split_once('.')
        .is_some_and(|(day, hour)| is_number(day, Some(8)) && is_number(hour, Some(6)));
    is_time && is_number(build, None)
}

/// `group:name:version`, with the classifier where there is one.
impl fmt::Display for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.id(), self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_change_under_its_version_is_a_snapshot() {
        let artifact = |version: &str| Artifact {
            group: "g".to_owned(),
            name: "a".to_owned(),
            kind: "jar".to_owned(),
            classifier: None,
            version: version.to_owned(),
            path: None,
        };
        for version in [
            "1.0-SNAPSHOT",
            "1.0-20260102.030405-6",
            "1-b-20260102.030405-16",
        ] {
            assert!(artifact(version).is_snapshot(), "{version}");
        }
        for version in [
            "1.0",
            "1.0-jre",
            "20260102.030405-6",
            "1-2026.030405-1",
            "1-snapshot",
        ] {
            assert!(!artifact(version).is_snapshot(), "{version}");
        }
    }
}
