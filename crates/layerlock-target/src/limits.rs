/// What a provider accepts, in bytes and counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Unzipped bytes of a function together with all its layers.
    pub unzipped: u64,
    /// Bytes of a zip that is sent in the request itself; a larger one has to
    /// come from object storage.
    pub zip_in_request: u64,
    /// Layers that one function can use.
    pub layers_per_function: usize,
}

impl Limits {
    /// [AWS Lambda quotas](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
    pub const AWS_LAMBDA: Self = Self {
        unzipped: 262_144_000,
        zip_in_request: 52_428_800,
        layers_per_function: 5,
    };
}
