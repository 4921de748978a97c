/// Whose way to simplify a marker is followed. The meaning is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Dialect {
    /// That of Poetry 2 (poetry-core 2).
    #[default]
    Two,
    /// That of Poetry 1.8 (poetry-core 1.9): an intersection stays in
    /// disjunctive normal form, parts are dropped only where they are equal to
    /// others, and minor versions of Python are not reckoned with.
    One,
}
