//! Tests of the store, natively, on files and on a disk that forgets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod crash;
mod damage;
mod disk;
mod migration;
mod opening;
mod quota;
mod rows;
mod sharing;
mod state;
mod workload;
