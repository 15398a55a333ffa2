//! The store worker: what a leader, a follower and the host of a kernel do with a message. They return
//! effects, and in a browser the shell performs them: it listens, posts, opens files and keeps time.
//!
//! No clock, no randomness, no ports outside of the shell: those come in through [`leader::Edge`] and go
//! out as effects.
#![warn(missing_docs)]

pub mod follower;
pub mod guard;
pub mod kernel;
pub mod leader;
pub mod offload;
pub mod reader;
pub mod saving;
#[cfg(target_arch = "wasm32")]
mod shell;

/// Starts listening: the event loop around one notebook's store, in a thread of its own.
#[cfg(target_arch = "wasm32")]
pub fn start() {
    shell::start();
}
