//! The meaning of a notebook: ids, events, commands, the reducer and the execution rules.
//!
//! Pure: no clock, no randomness, no I/O, no async, no web, no SQL.
//! Times and ids enter through [`Context`]; everything else is a function of the event log.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::wildcard_enum_match_arm)]

pub mod apply;
pub mod cell;
pub mod change;
pub mod command;
pub mod decide;
mod difference;
pub mod draft;
pub mod event;
pub mod execution;
mod gather;
pub mod id;
pub mod ipynb;
pub mod order;
pub mod output;
pub mod replica;
pub mod session;
pub mod source;
pub mod state;
pub mod step;

pub use apply::{Applied, IgnoreReason};
pub use cell::{Cell, CellKind};
pub use change::Change;
pub use command::{Command, Context, Place, Rejection};
pub use decide::decide;
pub use draft::Drafts;
pub use event::{Actor, Envelope, Event, EventId};
pub use execution::{Execution, ExecutionStatus, Outcome};
pub use gather::gather;
pub use id::{BatchId, CellId, DisplayId, ExecutionId, NotebookId, PersonId, ReplicaId, SessionId};
pub use order::OrderKey;
pub use output::{BlobRef, Content, MimeBundle, Output, StreamName};
pub use replica::Replica;
pub use session::{EndReason, Session};
pub use source::Source;
pub use state::Notebook;
pub use step::{KernelStep, Reach, has_work, next_step, wants_kernel};

/// A JSON object, as nbformat uses it for metadata.
pub type Json = serde_json::Map<String, serde_json::Value>;
