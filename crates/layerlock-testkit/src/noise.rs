//! Bytes without a pattern, the same on every machine.

use std::iter;

/// `length` bytes that deflate cannot make shorter. Each seed has its own.
pub fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed;
    iter::repeat_with(|| {
        // The linear congruential generator of Numerical Recipes: its high bits are the
        // best ones.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(length)
    .collect()
}
