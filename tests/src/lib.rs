//! Rules about the repository itself: who may import whom, what is documented, how files look.
//!
//! Each rule reads a [`Tree`] and returns its violations as sentences. The rules are pure, so
//! each shows on a small tree in memory that it can fail; `tests/tidy.rs` runs them on the
//! repository.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod tree;

pub mod imports;

pub mod documents;

pub mod sources;

pub mod pins;

pub use tree::Tree;
