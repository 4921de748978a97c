//! Crafted layers, with one fault each.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input has failed"
)]

mod crafted;
mod layers;
mod several;
