/*!
The zip of a version, and its SHA-256.

`GetLayerVersion` tells a URL, signed for some minutes, from which anyone may download the
zip. It holds a credential, and is in no message. Function Compute tells the CRC-64 of a zip
and no SHA-256: who needs that gets it from the zip, which is kept until it is asked for.
*/

use std::io;
use std::path::Path;
use std::sync::PoisonError;

use fs_err as fs;
use layerlock_digest::{Algorithm, Hasher};
use reqwest::Method;
use tempfile::NamedTempFile;

use super::AliyunFc;
use super::failure::{self, Asked};
use super::http::{Request, UPLOAD_TIMEOUT, read};
use super::kept::Kept;
use super::storage;
use crate::failed::{Class, Failed};
use crate::patience::patiently;
use crate::{Error, LayerVersion};

const ACTION: &str = "fc:GetLayerVersion";
const DOWNLOAD: &str = "the download of a layer's zip";

impl AliyunFc {
    /// The version with what a list does not tell.
    pub(super) async fn detail_async(&self, version: &LayerVersion) -> Result<LayerVersion, Error> {
        let kept = Kept {
            arn: version.arn.clone(),
            zip: NamedTempFile::new()?,
        };
        let found = self.get(version, kept.zip.path()).await?;
        let mut hasher = Hasher::new(Algorithm::Sha256);
        io::copy(&mut fs::File::open(kept.zip.path())?, &mut hasher)?;
        let all = self.kept.lock();
        all.unwrap_or_else(PoisonError::into_inner).push(kept);
        Ok(LayerVersion {
            code_sha256: Some(hasher.finish().base64()),
            ..found
        })
    }

    pub(super) async fn download_async(
        &self,
        version: &LayerVersion,
        to: &Path,
    ) -> Result<(), Error> {
        if let Some(kept) = self.take(&version.arn) {
            fs::copy(kept.zip.path(), to)?;
            return Ok(());
        }
        self.get(version, to).await.map(drop)
    }

    fn take(&self, arn: &str) -> Option<Kept> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|kept| kept.arn == arn)?;
        Some(kept.swap_remove(at))
    }

    /// Writes the version's zip into a file.
    async fn get(&self, version: &LayerVersion, to: &Path) -> Result<LayerVersion, Error> {
        patiently(self.policy, || self.try_get(version, to)).await
    }

    async fn try_get(&self, version: &LayerVersion, to: &Path) -> Result<LayerVersion, Failed> {
        let found = self.api.version(&version.layer, version.version).await?;
        let gone = || {
            Failed::finally(Error::NoVersion {
                arn: version.arn.clone(),
            })
        };
        let found = found.ok_or_else(gone)?;
        let Some(url) = found.location().map(str::to_owned) else {
            return Err(failure::unexpected(
                ACTION,
                "it does not say where the zip is",
            ));
        };
        let expected = found.crc64();
        let found = found.into_version(&version.layer);
        let request = Request {
            method: Method::GET,
            url,
            headers: Vec::new(),
            body: None,
            timeout: UPLOAD_TIMEOUT,
        };
        let mut answer = self.api.http.open(DOWNLOAD, request).await?;
        if !answer.status().is_success() {
            let answer = read(DOWNLOAD, answer).await?;
            return Err(failure::refused(
                &Asked::new(DOWNLOAD, &self.api.region),
                &answer,
            ));
        }
        let written = storage::write(&mut answer, to, found.size).await?;
        if Some(written) == expected {
            return Ok(found);
        }
        Err(Failed {
            error: Error::Download {
                arn: version.arn.clone(),
                expected: format!("crc64 {}", expected.unwrap_or_default()),
                found: format!("crc64 {written}"),
            },
            class: Class::Network,
            retry_after: None,
        })
    }
}
