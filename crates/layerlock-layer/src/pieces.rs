//! Files that go by piece by piece, since they may be larger than memory.

use std::ops::ControlFlow;

/// Takes bytes piece by piece, until it has enough.
pub type TakeUntil<'a> = &'a mut dyn FnMut(&[u8]) -> ControlFlow<()>;
