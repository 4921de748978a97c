/*!
Puts layers where functions use them.

A finished zip and its facts are an [`Artifact`]. A [`Publisher`] makes it a
numbered, immutable version of a layer at one provider, and does nothing where
the newest version already is that artifact. Two backends:

- [`LocalDirectory`]: a directory on disk. Needs no account, so the whole job runs
  anywhere; the default.
- `AwsLambda` (cargo feature `aws`): AWS Lambda.

# When a version is used again

AWS makes a new version at each publish, same bytes or not, and each new version
makes every stack that names it redeploy. So a publisher first asks what the
newest version is, and keeps it where its zip has the same SHA-256 and it
declares the same compatible runtimes and architectures. A new description or
license alone is no reason for a new version. Only the newest counts: where the
newest differs and an older version matches, going back is a change, and a
change is a new version.

# Blocking

All calls block until they are done, and may be made from any thread, one inside
an async runtime included (which then waits for them: use its blocking pool).
*/

#[cfg(feature = "aws")]
mod aws;
mod error;
mod grant;
mod local;
mod model;
mod rules;

#[cfg(feature = "aws")]
pub use aws::{AwsLambda, AwsSettings};
pub use error::Error;
pub use grant::Grant;
pub use local::LocalDirectory;
pub use model::{Artifact, LayerVersion, PublishPlan, Published};

/// A place that keeps layers.
pub trait Publisher: Send + Sync {
    /// The provider's name in reports: `local` or `aws`.
    fn provider(&self) -> &'static str;

    /// The provider's region, where it has regions.
    fn region(&self) -> Option<&str>;

    /// What [`publish`](Self::publish) would do now. Reads only.
    fn plan(&self, artifact: &Artifact) -> Result<PublishPlan, Error>;

    /// Makes the artifact the newest version of its layer, or returns the
    /// newest version where it already is this artifact.
    fn publish(&self, artifact: &Artifact) -> Result<Published, Error>;

    /// Every version of a layer, newest first. A layer that does not exist has
    /// no versions; that is not an error.
    fn list(&self, layer: &str) -> Result<Vec<LayerVersion>, Error>;

    /// Deletes one version. A version that does not exist is deleted already;
    /// its number is not used again.
    fn delete(&self, layer: &str, version: u64) -> Result<(), Error>;

    /// Lets others use one version. A grant that exists already is kept.
    ///
    /// Grants belong to a version, not to the layer: each new version needs its
    /// own.
    fn grant(&self, layer: &str, version: u64, grant: &Grant) -> Result<(), Error>;
}
