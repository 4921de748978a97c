//! Who is told how a publish goes.

use std::fmt;

use layerlock_install::{Reporter, Silent};

use crate::bytes::Bytes;

/// One upload of a layer.
#[derive(Debug, Clone)]
pub struct Upload<'u> {
    /// The layer's name at the provider.
    pub name: &'u str,
    /// The provider.
    pub provider: &'static str,
    /// The provider's region, where it has regions.
    pub region: Option<&'u str>,
    /// Bytes of the zip.
    pub size: u64,
}

/// `shop (30.0 MB) to aws in eu-west-1`
impl fmt::Display for Upload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = Bytes(self.size);
        write!(f, "{} ({size}) to {}", self.name, self.provider)?;
        match self.region {
            Some(region) => write!(f, " in {region}"),
            None => Ok(()),
        }
    }
}

/// What [`publish()`](crate::publish()) tells on its way, from several threads. All of it
/// can be ignored.
pub trait PublishReporter: Reporter {
    /// A layer is to be uploaded.
    fn upload_planned(&self, upload: &Upload<'_>) {
        let _ = upload;
    }

    /// So many more bytes of a layer's zip are on their way.
    fn upload_progressed(&self, upload: &Upload<'_>, bytes: u64) {
        let _ = (upload, bytes);
    }

    /// An upload has ended, well or not.
    fn upload_finished(&self, upload: &Upload<'_>) {
        let _ = upload;
    }
}

impl PublishReporter for Silent {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_says_what_goes_where() {
        let upload = Upload {
            name: "shop",
            provider: "aws",
            region: Some("eu-west-1"),
            size: 30_000_000,
        };
        assert_eq!(upload.to_string(), "shop (30.0 MB) to aws in eu-west-1");
    }
}
