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
        .with_hint(
            "name a bucket: set `bucket` in [tool.layerlock.publish.aws], or use `layerlock publish \
             --bucket`",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::target;

    #[test]
    fn what_a_request_just_takes_is_no_finding() {
        let target = target("python3.12");
        let limit = target.limits().zip_in_request;
        for size in [0, limit - 1, limit] {
            assert_eq!(check_zip_size(size, &target), None, "{size}");
        }
        let finding = check_zip_size(limit + 1, &target).unwrap();
        assert_eq!(
            finding.to_string(),
            "warning[zip-too-large-for-request]: the zip has 52428801 bytes, a request takes \
             52428800: it has to be published by way of object storage\n  hint: name a bucket: set \
             `bucket` in [tool.layerlock.publish.aws], or use `layerlock publish --bucket`"
        );
    }
}
