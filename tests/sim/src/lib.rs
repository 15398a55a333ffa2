//! A simulation of everything between people and the relay: many browsers, kernels, disks and a network that
//! fails, in virtual time, out of one seed. What is simulated is the real code wherever it is pure.
//!
//! Nothing here asks for the time or for randomness; the same seed is the same schedule.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod machine;
pub mod minimise;
pub mod model;
pub mod oracle;
mod page;
pub mod plan;
pub mod random;
pub mod schedules;
mod trace;
pub mod worker;
pub mod world;

pub use machine::{Machine, Owner};
pub use model::Model;
pub use oracle::Counts;
pub use plan::Plan;
pub use worker::Worker;
pub use world::{Ending, run};
