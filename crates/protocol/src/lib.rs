//! All that crosses a thread or a socket: port messages, wire frames, sealing, notebook keys.
//!
//! Pure: bytes in, bytes out. Who sends them is the business of the binaries.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::wildcard_enum_match_arm)]

pub mod access;
pub mod blob;
pub mod client;
pub mod codec;
pub mod history;
pub mod inspect;
pub mod peer;
pub mod pool;
pub mod port;
pub mod relay;
pub mod seal;
pub mod snapshot;
pub mod wire;
