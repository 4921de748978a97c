//! What selections are compared for.

const PYTHONS: [&str; 5] = ["3.10", "3.11", "3.12", "3.13", "3.14"];
/// What layerlock and what markers call them.
const PROCESSORS: [(&str, &str); 2] = [("x86_64", "x86_64"), ("arm64", "aarch64")];

/// Each Python on each processor.
pub(super) fn targets() -> impl Iterator<Item = (&'static str, (&'static str, &'static str))> {
    PYTHONS.into_iter().flat_map(|python| {
        PROCESSORS
            .into_iter()
            .map(move |processor| (python, processor))
    })
}
