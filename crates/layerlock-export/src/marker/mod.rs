//! Environment markers as a lock writes them (PEP 508).
//!
//! [`parse`](fn@parse) reads one, [`Marker::evaluate`] settles it for a target, and
//! [`algebra`] joins several into the simplified form that `poetry export`
//! prints.

mod algebra;
mod constraint;
mod dialect;
mod extras;
mod merge;
mod parse;
mod parts;
mod python;
#[cfg(test)]
mod tests;
mod tree;
mod variable;

pub(crate) use algebra::Algebra;
pub(crate) use dialect::Dialect;
pub(crate) use merge::python_ranges;
pub(crate) use parse::{parse, parse_locked};
pub(crate) use python::python_marker;
pub(crate) use tree::Marker;
pub(crate) use variable::Variable;
