//! How long requests may take.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;

/// For establishing a connection. The SDK's default of 3.1 s is short for a busy proxy.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// From the first byte of a request without a zip to the first of the response.
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// The same for one with a zip, which is watched on its way.
pub(super) const UPLOAD_TIMEOUT: Duration = Duration::from_hours(6);
/// The same for one that makes Lambda read a zip from a bucket.
pub(super) const COPY_TIMEOUT: Duration = Duration::from_mins(2);

/// How long an answer may take; for one without a zip also all of it.
pub(super) fn timeouts(read: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(read)
        .operation_attempt_timeout(read + CONNECT_TIMEOUT)
        .build()
}
