//! What `apply` altered: the one language that rows and views are written from.
//!
//! A notebook can be sent as changes ([`crate::Notebook::to_changes`]) and rebuilt by
//! [`crate::Notebook::patch`]; so a row, a view and a follower's copy all read the same thing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Json;
use crate::cell::CellKind;
use crate::execution::ExecutionStatus;
use crate::id::{BatchId, CellId, ExecutionId, PersonId, SessionId};
use crate::order::OrderKey;
use crate::output::{Content, Output, StreamName};
use crate::session::Session;

/// One alteration. Each says the new value, so a later one of the same key replaces an earlier one;
/// `SourceEdited` and `StreamAppended` add to what is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the terms of the types they have")]
pub enum Change {
    /// The title is this.
    Title(String),
    /// The notebook's metadata is this.
    Metadata(Json),
    /// The cell, without its text, is this. A cell seen for the first time has an empty text.
    Cell {
        cell: CellId,
        kind: CellKind,
        order: OrderKey,
        metadata: Json,
        deleted: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        split_from: Option<CellId>,
    },
    /// The cell's text takes in this yrs update; twice does no harm.
    SourceEdited {
        cell: CellId,
        #[serde(with = "serde_bytes")]
        update: Vec<u8>,
    },
    /// The cell's text is this, as one yrs update, and nothing else that was shown before it was settled.
    SourceReplaced {
        cell: CellId,
        #[serde(with = "serde_bytes")]
        update: Vec<u8>,
    },
    /// The execution, without its outputs, is this.
    Execution(ExecutionRow),
    /// A newer execution of the cell started: this one and its outputs are gone from the state.
    ExecutionForgotten { execution: ExecutionId },
    /// The output at this position is this; the position may be one past the end.
    /// `next_index` is the execution's from now on; it never shrinks.
    Output { execution: ExecutionId, position: u32, output: Arc<Output>, next_index: u32 },
    /// The stream output at this position grew. It exists already.
    StreamAppended { execution: ExecutionId, position: u32, name: StreamName, text: Content<String>, next_index: u32 },
    /// The execution has no outputs any more.
    OutputsCleared { execution: ExecutionId },
    /// The session is this.
    Session(Session),
}

/// An execution without its outputs; the fields are those of [`crate::Execution`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented at `Execution`")]
pub struct ExecutionRow {
    pub id: ExecutionId,
    pub cell: CellId,
    pub batch: Option<BatchId>,
    #[serde(default)]
    pub by: Option<PersonId>,
    pub source: Arc<str>,
    pub status: ExecutionStatus,
    pub session: Option<SessionId>,
    pub count: Option<u32>,
    pub queue: u64,
    pub requested_at: i64,
    pub started_at: Option<i64>,
    pub completed_at: Option<i64>,
    pub next_index: u32,
    pub clear_pending: bool,
    pub shown: bool,
}
