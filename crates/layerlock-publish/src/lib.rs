/*!
Publishes layers.

An [`Artifact`] is a finished zip and what is known about it. A [`Publisher`] makes
it a numbered, immutable version of a layer at one provider. It does nothing where
the newest version already is that artifact. There are two backends:

- [`LocalDirectory`]: a directory on disk. It needs no account, so that publishing
  can be tried anywhere. This is the command's default.
- `AwsLambda` (cargo feature `aws`): AWS Lambda.

# When a version is used again

AWS makes a new version at each publish, even of the same bytes, and each new
version makes every stack that uses it redeploy. So a publisher first looks at the
newest version. It reuses it if its zip has the same SHA-256 and it declares the same
compatible runtimes and architectures. A new description or license alone makes no
new version. Older versions are never reused: going back to their content is a
change, which makes a new version.

# Blocking

All calls block until they are done. They can be made from any thread; within an
async runtime, use its blocking pool.
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

/// A provider that stores layers.
pub trait Publisher: Send + Sync {
    /// The provider's name in reports: `local` or `aws`.
    fn provider(&self) -> &'static str;

    /// The region, if the provider has regions.
    fn region(&self) -> Option<&str>;

    /// What [`publish`](Self::publish) would do now. Changes nothing.
    fn plan(&self, artifact: &Artifact) -> Result<PublishPlan, Error>;

    /// Makes the artifact the newest version of its layer, or returns the newest
    /// version if it already is this artifact.
    fn publish(&self, artifact: &Artifact) -> Result<Published, Error>;

    /// Every version of a layer, newest first; none for a layer that does not exist.
    fn list(&self, layer: &str) -> Result<Vec<LayerVersion>, Error>;

    /// Deletes one version, whose number is not used again. It is no error if the
    /// version does not exist.
    fn delete(&self, layer: &str, version: u64) -> Result<(), Error>;

    /// Lets others use one version. It is no error if the grant exists.
    ///
    /// Grants belong to a version, not to the layer: each new version needs its own.
    fn grant(&self, layer: &str, version: u64, grant: &Grant) -> Result<(), Error>;
}
