//! Zips that were downloaded before anybody asked for them.

use tempfile::NamedTempFile;

/// A zip that was downloaded, and the ARN of its version.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) arn: String,
    pub(super) zip: NamedTempFile,
}
