//! Jars, and where they land in a layer.

use std::collections::HashMap;

use layerlock_digest::Digest;
use layerlock_layer::{Entry, EntrySource, LayerPath, Mode, OwnerId, PlanBuilder, PlannedFile};

use crate::Error;
use crate::artifact::Artifact;

/// Where the runtimes look for jars: all of them are on the class path.
const FOLDER: &str = "java/lib";

/// What a layer gets of a Maven project.
#[derive(Debug, Clone)]
pub struct Jars {
    /// Each once, in Maven's order.
    pub jars: Vec<Jar>,
    /// Whether a lock says what their bytes are.
    pub is_locked: bool,
    /// What the project needs and that is no jar.
    pub others: Vec<String>,
}

/// A jar.
#[derive(Debug, Clone)]
pub struct Jar {
    /// `group:artifact`, and the classifier where there is one.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its name in the layer.
    pub file_name: String,
    /// The file that Maven has of it.
    pub file: PlannedFile,
    /// Whether its version may be other bytes tomorrow.
    pub is_snapshot: bool,
}

/// A jar as the lock alone tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedJar {
    /// `group:artifact`, and the classifier where there is one.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its name in the layer.
    pub file_name: String,
    /// SHA-256 of it, in hexadecimal, where the lock has that.
    pub sha256: Option<String>,
}

/// A jar in a plan.
#[derive(Debug, Clone)]
pub struct JarOwner {
    /// `group:artifact`, and the classifier where there is one.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its name in the layer.
    pub file: String,
    /// Where it lies in the layer.
    pub place: String,
    /// SHA-256 of it.
    pub digest: Digest,
    /// Who owns it in the plan.
    pub owner: OwnerId,
}

/// Names artifacts in the layer, each once: by its name and version, with the group in front
/// where others are called the same. `dependency:copy-dependencies` keeps one of them, and
/// says nothing.
pub(crate) fn named(artifacts: Vec<Artifact>) -> Vec<(String, Artifact)> {
    let mut all: Vec<Artifact> = Vec::with_capacity(artifacts.len());
    let mut count: HashMap<String, usize> = HashMap::new();
    for artifact in artifacts {
        if !all.contains(&artifact) {
            // A disk that ignores case would keep one of them too.
            *count
                .entry(artifact.file_name().to_lowercase())
                .or_default() += 1;
            all.push(artifact);
        }
    }
    let named = all.into_iter().map(|artifact| {
        let is_shared = count[&artifact.file_name().to_lowercase()] > 1;
        let name = if is_shared {
            artifact.file_name_with_group()
        } else {
            artifact.file_name()
        };
        (name, artifact)
    });
    named.collect()
}

/// Adds jars that `keep` does not refuse to a plan. Gives them in the order of their owners.
pub fn push(
    jars: &Jars,
    rank: usize,
    keep: &mut dyn FnMut(&Entry) -> bool,
    builder: &mut PlanBuilder,
) -> Result<Vec<JarOwner>, Error> {
    let owners = jars.jars.iter().map(|jar| {
        let owner = builder.ranked_owner(format!("{} {}", jar.name, jar.version), rank);
        let place = format!("{FOLDER}/{}", jar.file_name);
        let path = LayerPath::new(place.clone()).map_err(|reason| Error::Name {
            package: format!("{}:{}", jar.name, jar.version),
            reason,
        })?;
        let entry = Entry {
            path,
            mode: Mode::Regular,
            owner,
            source: EntrySource::File(jar.file.clone()),
        };
        if keep(&entry) {
            builder.push(entry);
        }
        Ok(JarOwner {
            name: jar.name.clone(),
            version: jar.version.clone(),
            file: jar.file_name.clone(),
            place,
            digest: jar.file.digest(),
            owner,
        })
    });
    owners.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jars_that_are_called_the_same_have_their_groups_in_front() {
        let artifact = |group: &str, name: &str, classifier: Option<&str>| Artifact {
            group: group.to_owned(),
            name: name.to_owned(),
            kind: "jar".to_owned(),
            classifier: classifier.map(str::to_owned),
            version: "1.0".to_owned(),
            path: None,
        };
        let artifacts = vec![
            artifact("org.one", "util", None),
            artifact("org.two", "Util", None),
            artifact("org.one", "util", Some("linux-x86_64")),
            artifact("org.one", "core", None),
            artifact("org.one", "core", None),
        ];
        let names: Vec<_> = named(artifacts).into_iter().map(|(name, _)| name).collect();
        let expected = [
            "org.one.util-1.0.jar",
            "org.two.Util-1.0.jar",
            "util-1.0-linux-x86_64.jar",
            "core-1.0.jar",
        ];
        assert_eq!(names, expected);
    }
}
