//! What goes wrong with a package, and what to do about it.
//!
//! These are the parts of [`Error`](crate::Error) that say more than a line. They know
//! nothing of it, so that it can name them.

mod advice;
mod build;
mod no_wheel;
mod wheel_misfit;

pub use advice::Advice;
pub(crate) use build::not_taken;
pub use build::{BuildError, BuildProblem};
pub use no_wheel::NoWheel;
pub(crate) use wheel_misfit::WheelMisfit;
