//! What the zip of a layer tells.

use layerlock_target::Target;

use crate::{Code, Finding};

/// Checks the size of a zip, in bytes, against what the target's provider takes.
pub fn check_zip_size(size: u64, target: &Target) -> Option<Finding> {
    let limit = target.limits().zip_in_request;
    (size > limit).then(|| {
        Finding::new(
            Code::ZipTooLargeForRequest,
            format!(
                "the zip has {size} bytes, a request takes {limit}: it has to be published by \
                 way of object storage"
            ),
        )
    })
}
