//! What is judged: a layer, or a function with all of its layers.

/// What findings speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// One layer.
    Layer,
    /// All layers of a function, and its code.
    Function,
}

impl Scope {
    /// As in "neither in the layer nor in the runtime".
    pub(crate) fn within(self) -> &'static str {
        match self {
            Self::Layer => "in the layer",
            Self::Function => "in the function's layers",
        }
    }

    /// As in "which is not in the layer".
    pub(crate) fn lacks_it(self) -> &'static str {
        match self {
            Self::Layer => "is not in the layer",
            Self::Function => "is in none of the function's layers",
        }
    }

    /// As in "and the layer has six 1.0".
    pub(crate) fn has(self) -> &'static str {
        match self {
            Self::Layer => "the layer has",
            Self::Function => "the function's layers have",
        }
    }
}
