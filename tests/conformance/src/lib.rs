//! What every relay must do, as scenarios over frames: the same ones for the pure relay in memory and
//! for the Durable Object in a real workerd.
//!
//! A scenario waits only for what must come. That something does not come is shown by what comes
//! instead of it.
#![forbid(unsafe_code)]
#![expect(clippy::missing_panics_doc, clippy::must_use_candidate, reason = "these are tests")]

pub mod client;
pub mod host;
pub mod pure;
pub mod scenarios;
pub mod workerd;
