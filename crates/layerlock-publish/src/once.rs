/*!
Making a version, once, of whichever provider.

A provider makes a version at each call, and has no token to tell a second call from the
first. So it is not simply called again where the end of a call is unclear, as where the
connection broke, the answer was cut, or the server failed: the version may be there. The
versions that are newer than those of the plan are looked at first.

What two runs on different machines do at the same time nobody can exclude. It is put
right afterwards: of versions of the same bytes, the first is what both runs give, and the
other deletes its own.
*/

use crate::failed::{Class, Failed};
use crate::moving::Progress;
use crate::patience::{Patience, Policy};
use crate::plan::is_artifact;
use crate::{Artifact, Error, LayerVersion, Publication};

/// A version that was made just now.
pub(crate) struct Made {
    pub(crate) arn: String,
    pub(crate) version: u64,
}

/// What each provider does in its own way.
pub(crate) trait Maker {
    /// The zip, ready for the provider to get it.
    type Zip;

    fn policy(&self) -> Policy;

    /// The versions of a layer, newest first, until there are enough.
    async fn versions_until(
        &self,
        layer: &str,
        is_enough: impl Fn(&[LayerVersion]) -> bool,
    ) -> Result<Vec<LayerVersion>, Error>;

    /// Whether a version that a list shows as the artifact has its bytes.
    async fn has_bytes(&self, artifact: &Artifact, version: &LayerVersion) -> Result<bool, Error>;

    async fn zip(&self, artifact: &Artifact, progress: &Progress<'_>) -> Result<Self::Zip, Error>;

    /// Makes a version, at each call, and compares what the provider says of its bytes.
    async fn send(
        &self,
        artifact: &Artifact,
        zip: &Self::Zip,
        progress: &Progress<'_>,
    ) -> Result<Made, Failed>;

    async fn delete(&self, layer: &str, version: u64) -> Result<(), Error>;
}

/// Makes a version of the artifact, unless one is there that is newer than `newest`, the
/// layer's newest version when it was planned.
pub(crate) async fn create(
    maker: &impl Maker,
    artifact: &Artifact,
    newest: Option<u64>,
    sent: &(dyn Fn(u64) + Sync),
) -> Result<Publication, Error> {
    // Another run may have published it since the plan.
    if let Some(found) = look(maker, artifact, newest).await? {
        return Ok(Publication::reused(found));
    }
    let progress = Progress::new(sent);
    let zip = maker.zip(artifact, &progress).await?;
    let mut patience = Patience::new(maker.policy());
    let mut is_ours = false;
    loop {
        let failed = match maker.send(artifact, &zip, &progress).await {
            Ok(made) => return Ok(heal(maker, artifact, newest, made, is_ours).await),
            Err(failed) => failed,
        };
        let goes_on = patience.wait(&failed).await;
        if matches!(
            failed.class,
            Class::Server | Class::Network | Class::TimedOut
        ) {
            is_ours = true;
            if let Ok(Some(found)) = look(maker, artifact, newest).await
                && maker.has_bytes(artifact, &found).await?
            {
                return Ok(Publication {
                    reused: false,
                    ..Publication::reused(found)
                });
            }
        }
        if !goes_on {
            return Err(failed.error);
        }
    }
}

/// The first version that is the artifact, of those newer than `newest`.
async fn look(
    maker: &impl Maker,
    artifact: &Artifact,
    newest: Option<u64>,
) -> Result<Option<LayerVersion>, Error> {
    let newest = newest.unwrap_or(0);
    let mut versions = maker
        .versions_until(&artifact.layer, |versions| {
            versions.iter().any(|version| version.version <= newest)
        })
        .await?;
    versions.retain(|version| version.version > newest && is_artifact(version, artifact));
    Ok(versions.pop())
}

/// Where another run, or an earlier attempt of this one, made the same version before this
/// one, that is the one, and this one is deleted.
pub(crate) async fn heal(
    maker: &impl Maker,
    artifact: &Artifact,
    newest: Option<u64>,
    made: Made,
    is_ours: bool,
) -> Publication {
    // Where the number follows on the newest, there is nothing between them. And what was
    // made is made, whatever becomes of this look.
    let is_next = made.version == newest.unwrap_or(0) + 1;
    let first = if is_next {
        None
    } else {
        look(maker, artifact, newest).await.ok().flatten()
    };
    let Some(first) = first.filter(|first| first.version < made.version) else {
        return Publication {
            arn: made.arn,
            version: made.version,
            reused: false,
            duplicate: None,
        };
    };
    let deleted = maker.delete(&artifact.layer, made.version).await;
    Publication {
        reused: !is_ours,
        duplicate: deleted.err().map(|_| made.arn),
        ..Publication::reused(first)
    }
}
