//! The decisions of the store worker, without the web: what a leader, a follower and the host of a
//! kernel do with a message. They return effects; the binary performs them.
//!
//! No clock, no randomness, no ports here: those come in through [`leader::Edge`] and go out as effects.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod follower;
pub mod guard;
pub mod kernel;
pub mod leader;
pub mod offload;
pub mod reader;
pub mod saving;
