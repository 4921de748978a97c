/*!
Publishes layers.

An [`Artifact`] is a finished zip and what is known about it. A [`Publisher`] makes
it a numbered, immutable version of a layer at one provider. It does nothing where
a version already is that artifact. There are three backends:

- [`LocalDirectory`]: a directory on disk. It needs no account, so that publishing
  can be tried anywhere. This is the command's default.
- `AwsLambda` (cargo feature `aws`): AWS Lambda.
- `AliyunFc` (cargo feature `aliyun`): Alibaba Cloud Function Compute.

# When a version is used again

AWS makes a new version at each publish, even of the same bytes, and each new
version makes every stack that uses it redeploy. So a publisher first looks at what is
there. A version that has the same bytes, description, license, runtimes and
architectures is used again, also an old one. A [mark](Artifact::marked_description) in
the description says which project published which bytes; a layer whose newest version
is another project's is refused.

Publishing has two steps: [`Publisher::survey`] and [`Publisher::plan`] change nothing,
and [`Publisher::carry_out`] does what a plan says.

# Blocking

All calls block until they are done. They can be made from any thread; within an
async runtime, use its blocking pool.
*/

#[cfg(feature = "aliyun")]
mod aliyun;
#[cfg(feature = "aws")]
mod aws;
#[cfg(any(feature = "aws", feature = "aliyun"))]
mod blocking;
mod bucket_fault;
mod error;
#[cfg(any(feature = "aws", feature = "aliyun"))]
mod failed;
mod fc_error;
mod grant;
mod local;
#[cfg(any(feature = "aws", feature = "aliyun"))]
mod lock;
mod mark;
mod model;
#[cfg(any(feature = "aws", feature = "aliyun"))]
mod moving;
#[cfg(any(feature = "aws", feature = "aliyun"))]
mod once;
#[cfg(any(feature = "aws", feature = "aliyun"))]
mod patience;
mod plan;
mod rules;
mod time;

use std::path::{Path, PathBuf};

use layerlock_target::Provider;

#[cfg(feature = "aliyun")]
pub use aliyun::{AliyunFc, AliyunSettings};
#[cfg(feature = "aws")]
pub use aws::{AwsLambda, AwsRole, AwsSettings};
pub use bucket_fault::BucketFault;
pub use error::Error;
pub use fc_error::FcError;
pub use grant::Grant;
pub use local::LocalDirectory;
pub use model::{
    Artifact, Change, LayerVersion, Publication, PublishPlan, Storage, StoredObject, Use,
};

/// A provider that stores layers.
pub trait Publisher: Send + Sync {
    /// The provider's name in reports: `local`, `aws` or `aliyun`.
    fn provider(&self) -> &'static str;

    /// The region, if the provider has regions.
    fn region(&self) -> Option<&str>;

    /// The account, as far as it is known before a version is seen.
    fn account(&self) -> Option<String> {
        None
    }

    /// The directory of a version on this machine, where the provider is one.
    fn directory(&self, _layer: &str, _version: u64) -> Option<PathBuf> {
        None
    }

    /// The largest zip that can be published, in bytes.
    fn zip_limit(&self) -> Option<u64> {
        None
    }

    /// The versions of a layer, newest first, as far back as it takes to plan these
    /// artifacts, all of which are of that layer. Changes nothing.
    fn survey(&self, layer: &str, artifacts: &[Artifact]) -> Result<Vec<LayerVersion>, Error>;

    /// What there is to do for an artifact, given its layer's versions. Changes nothing.
    fn plan(&self, artifact: &Artifact, versions: &[LayerVersion]) -> Result<PublishPlan, Error> {
        plan::of(Provider::Aws, artifact, versions, self.zip_limit())
    }

    /// Does what was planned. `sent` is told how many more bytes of the zip are
    /// on their way.
    fn carry_out(
        &self,
        artifact: &Artifact,
        plan: &PublishPlan,
        sent: &(dyn Fn(u64) + Sync),
    ) -> Result<Publication, Error>;

    /// Makes the artifact a version of its layer, or returns the version that is it.
    fn publish(&self, artifact: &Artifact) -> Result<Publication, Error> {
        let versions = self.survey(&artifact.layer, std::slice::from_ref(artifact))?;
        let plan = self.plan(artifact, &versions)?;
        self.carry_out(artifact, &plan, &|_| {})
    }

    /// Every version of a layer, newest first; none for a layer that does not exist.
    fn list(&self, layer: &str) -> Result<Vec<LayerVersion>, Error>;

    /// A version of a list with the hash and size of its zip.
    fn detail(&self, version: &LayerVersion) -> Result<LayerVersion, Error> {
        Ok(version.clone())
    }

    /// A version of anybody's layer, with the hash and size of its zip.
    fn by_arn(&self, arn: &str) -> Result<LayerVersion, Error> {
        let _ = arn;
        Err(self.without("layers of others"))
    }

    /// Writes the zip of a version, of which the detail is known, into a file. The hash is
    /// compared on the way.
    fn download(&self, version: &LayerVersion, to: &Path) -> Result<(), Error> {
        let _ = (version, to);
        Err(self.without("downloads"))
    }

    /// Deletes one version, whose number is not used again. It is no error if the
    /// version does not exist.
    fn delete(&self, layer: &str, version: u64) -> Result<(), Error>;

    /// Lets others use one version. It is no error if the grant exists.
    ///
    /// Grants belong to a version, not to the layer: each new version needs its own.
    fn grant(&self, layer: &str, version: u64, grant: &Grant) -> Result<(), Error>;

    /// Who may use one version, besides its own account.
    fn grants(&self, layer: &str, version: u64) -> Result<Vec<Grant>, Error>;

    /// What a parameter has, where functions find a version's ARN; `None` where there is no
    /// such parameter.
    fn parameter(&self, name: &str) -> Result<Option<String>, Error> {
        let _ = name;
        Err(self.without("parameters"))
    }

    /// Sets a parameter, and makes it where there is none.
    fn set_parameter(&self, name: &str, value: &str) -> Result<(), Error> {
        let _ = (name, value);
        Err(self.without("parameters"))
    }

    /// The error of what a provider does not have.
    fn without(&self, what: &'static str) -> Error {
        Error::Unsupported {
            provider: self.provider(),
            what,
        }
    }

    /// Which functions use which versions, of all layers: also by published versions of
    /// functions, and so by their aliases.
    fn uses(&self) -> Result<Vec<Use>, Error>;
}
