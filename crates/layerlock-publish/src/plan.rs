/*!
Whether a version is there already, or why a new one is needed.

A version is the artifact where it has the same targets, bytes, text and license. By its
[mark](crate::mark) an old version can be told too, so that a change and its revert give
the old version back. One without a mark was not published by us: it is compared by its
hash, and only where it is the newest for the targets, since a hash costs a request.

Where two runs published the same at the same time, there are two such versions, one
after the other: the first one is it, for both.
*/

use layerlock_target::Provider;

use crate::mark::Mark;
use crate::{Artifact, Change, Error, LayerVersion, PublishPlan, rules};

/// What there is to do for an artifact at a provider, given its layer's versions, newest
/// first, and the largest zip that can be sent.
pub(crate) fn of(
    provider: Provider,
    artifact: &Artifact,
    versions: &[LayerVersion],
    zip_limit: Option<u64>,
) -> Result<PublishPlan, Error> {
    rules::check(provider, artifact)?;
    let plan = decide(versions, artifact)?;
    // Checked last: a version that is reused needs no upload.
    match zip_limit {
        Some(limit) if artifact.size > limit && matches!(plan, PublishPlan::Create { .. }) => {
            Err(Error::TooLarge {
                size: artifact.size,
                limit,
            })
        }
        _ => Ok(plan),
    }
}

/// Decides on an artifact. `versions` are those of its layer, newest first.
pub(crate) fn decide(versions: &[LayerVersion], artifact: &Artifact) -> Result<PublishPlan, Error> {
    let newest = versions.first();
    let owner = newest.and_then(|version| other_owner(version, artifact));
    if let (Some(newest), Some(owner), false) = (newest, &owner, artifact.adopt) {
        return Err(Error::OtherProject {
            version: newest.arn.clone(),
            owner: owner.clone(),
            project: artifact.project.clone(),
        });
    }
    let for_targets = || {
        versions
            .iter()
            .filter(|version| artifact.has_targets_of(version))
    };
    if owner.is_none()
        && let Some(version) = first_of_equals(for_targets(), artifact)
    {
        return Ok(PublishPlan::Reuse(version.clone()));
    }
    let mut changed = match for_targets().next() {
        Some(version) => differences(version, artifact),
        None => vec![Change::New],
    };
    if owner.is_some() && !changed.contains(&Change::Project) {
        changed.push(Change::Project);
    }
    Ok(PublishPlan::Create {
        changed,
        newest: newest.map(|version| version.version),
    })
}

/// Of versions newest first, the one that is the artifact; of several one after the other
/// the first published.
pub(crate) fn first_of_equals<'v>(
    versions: impl Iterator<Item = &'v LayerVersion>,
    artifact: &Artifact,
) -> Option<&'v LayerVersion> {
    versions
        .skip_while(|version| !is_artifact(version, artifact))
        .take_while(|version| is_artifact(version, artifact))
        .last()
}

/// Whether a version of the same targets is the artifact.
pub(crate) fn is_artifact(version: &LayerVersion, artifact: &Artifact) -> bool {
    artifact.has_targets_of(version) && differences(version, artifact).is_empty()
}

fn differences(version: &LayerVersion, artifact: &Artifact) -> Vec<Change> {
    let (text, mark) = Mark::split(version.description.as_deref());
    let wanted = artifact.mark();
    let has_bytes = match (&version.code_sha256, &mark) {
        (Some(hash), _) => *hash == artifact.code_sha256(),
        // Known of both, it tells of versions that are not ours too.
        (None, _) if version.crc64.is_some() && artifact.crc64.is_some() => {
            version.crc64 == artifact.crc64
        }
        (None, Some(mark)) => mark.digest == wanted.digest,
        (None, None) => false,
    };
    // What nobody asked for is no reason to replace a version of somebody else.
    let differs = |wanted: Option<&str>, found: Option<&str>| {
        (mark.is_some() || wanted.is_some()) && wanted != found
    };
    let license = version.license.as_deref().filter(|text| !text.is_empty());
    let project = mark.as_ref().and_then(|mark| mark.project.as_ref());
    [
        (!has_bytes, Change::Bytes),
        (
            differs(artifact.text().as_deref(), text),
            Change::Description,
        ),
        (
            differs(artifact.license.as_deref(), license),
            Change::License,
        ),
        (
            project.is_some() && project != wanted.project.as_ref(),
            Change::Project,
        ),
    ]
    .into_iter()
    .filter_map(|(is_changed, change)| is_changed.then_some(change))
    .collect()
}

/// The project that a version is of, where it is another than the artifact's.
fn other_owner(version: &LayerVersion, artifact: &Artifact) -> Option<String> {
    let is_other = version.is_of_another_than(artifact.project.as_deref());
    version.project().filter(|_| is_other)
}

#[cfg(test)]
mod tests {
    use layerlock_diagnostic::{Diagnose as _, ErrorKind};
    use layerlock_digest::Digest;

    use super::*;

    fn artifact(bytes: &[u8]) -> Artifact {
        Artifact {
            crc64: None,
            object: None,
            layer: "base".to_owned(),
            zip: "layer.zip".into(),
            size: 5,
            digest: Digest::sha256_of(bytes),
            project: Some("shop".to_owned()),
            adopt: false,
            description: Some("ours".to_owned()),
            license: None,
            runtimes: vec!["python3.12".to_owned()],
            architectures: vec!["arm64".to_owned()],
        }
    }

    /// The version that a publish of the artifact makes.
    fn version(number: u64, artifact: &Artifact) -> LayerVersion {
        LayerVersion {
            crc64: None,
            layer: artifact.layer.clone(),
            version: number,
            arn: format!("arn:{number}"),
            code_sha256: None,
            size: None,
            created: None,
            description: Some(artifact.marked_description()),
            license: artifact.license.clone(),
            runtimes: artifact.runtimes.clone(),
            architectures: artifact.architectures.clone(),
        }
    }

    fn reused(versions: &[LayerVersion], artifact: &Artifact) -> Option<u64> {
        match decide(versions, artifact).unwrap() {
            PublishPlan::Reuse(version) => Some(version.version),
            PublishPlan::Create { .. } => None,
        }
    }

    fn changed(versions: &[LayerVersion], artifact: &Artifact) -> Vec<Change> {
        match decide(versions, artifact).unwrap() {
            PublishPlan::Create { changed, .. } => changed,
            PublishPlan::Reuse(version) => panic!("{} is it", version.version),
        }
    }

    #[test]
    fn a_change_and_its_revert_give_the_old_version_back() {
        let (old, new) = (artifact(b"old"), artifact(b"new"));
        let versions = [version(2, &new), version(1, &old)];
        assert_eq!(reused(&versions, &new), Some(2));
        assert_eq!(reused(&versions, &old), Some(1));
        // Where it was deleted, it is published again.
        assert_eq!(changed(&versions[..1], &old), [Change::Bytes]);
    }

    #[test]
    fn of_two_that_were_published_at_once_the_first_is_it() {
        let (ours, later) = (artifact(b"ours"), artifact(b"later"));
        let twice = [version(3, &ours), version(2, &ours), version(1, &later)];
        assert_eq!(reused(&twice, &ours), Some(2));
        let apart = [version(3, &ours), version(2, &later), version(1, &ours)];
        assert_eq!(reused(&apart, &ours), Some(3));
    }

    #[test]
    fn what_changed_is_told() {
        let ours = artifact(b"ours");
        let versions = [version(1, &ours)];
        assert_eq!(changed(&[], &ours), [Change::New]);
        let mut other = artifact(b"other");
        other.license = Some("MIT".to_owned());
        assert_eq!(changed(&versions, &other), [Change::Bytes, Change::License]);
        let mut other = ours.clone();
        other.description = None;
        assert_eq!(changed(&versions, &other), [Change::Description]);
        let mut other = ours.clone();
        other.architectures = vec!["x86_64".to_owned()];
        assert_eq!(changed(&versions, &other), [Change::New]);
    }

    #[test]
    fn a_version_without_a_mark_is_nobodys_and_compared_by_its_hash() {
        let mut ours = artifact(b"ours");
        ours.description = None;
        let mut foreign = version(1, &ours);
        foreign.description = Some("by hand".to_owned());
        assert_eq!(changed(&[foreign.clone()], &ours), [Change::Bytes]);
        foreign.code_sha256 = Some(ours.code_sha256());
        assert_eq!(reused(&[foreign.clone()], &ours), Some(1));
        ours.description = Some("ours".to_owned());
        assert_eq!(changed(&[foreign], &ours), [Change::Description]);
    }

    #[test]
    fn a_layer_of_another_project_is_an_error_that_names_both() {
        let ours = artifact(b"ours");
        let theirs = Artifact {
            project: Some("billing".to_owned()),
            ..ours.clone()
        };
        let nobodys = Artifact {
            project: None,
            ..ours.clone()
        };
        let versions = [version(2, &theirs), version(1, &ours)];
        let error = decide(&versions, &ours).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Provider);
        assert_eq!(
            error.to_string(),
            "the newest version, arn:2, was published by the project `billing`, and this is `shop`"
        );
        let hint = error.hint().unwrap();
        assert!(hint.contains("--adopt") && hint.contains("{project}-{layer}"));
        assert!(decide(&versions, &nobodys).is_err());

        // Their old versions are no concern of ours.
        let versions = [version(2, &ours), version(1, &theirs)];
        assert_eq!(reused(&versions, &ours), Some(2));
        let versions = [version(1, &nobodys)];
        assert_eq!(reused(&versions, &ours), Some(1));
    }

    #[test]
    fn a_layer_that_is_taken_over_gets_a_version_of_ours() {
        let mut ours = artifact(b"ours");
        ours.adopt = true;
        let theirs = Artifact {
            project: Some("billing".to_owned()),
            ..ours.clone()
        };
        let versions = [version(2, &theirs), version(1, &ours)];
        assert_eq!(changed(&versions, &ours), [Change::Project]);
        let versions = [version(3, &ours), version(2, &theirs)];
        assert_eq!(reused(&versions, &ours), Some(3));
    }
}
