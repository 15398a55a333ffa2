//! What people and tools ask for. A command may be refused; an event may not.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Json;
use crate::cell::CellKind;
use crate::event::Actor;
use crate::id::{CellId, ExecutionId, SessionId};
use crate::ipynb::Imported;
use crate::session::EndReason;
use crate::source::Character;

/// Where a cell goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// Before all others.
    First,
    /// After all others.
    Last,
    /// Right before this cell.
    Before(CellId),
    /// Right after this cell.
    After(CellId),
}

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the terms of the types they have")]
pub enum Command {
    SetTitle {
        title: String,
    },
    /// The asker chooses the id, so that it can show the cell at once.
    InsertCell {
        cell: CellId,
        kind: CellKind,
        place: Place,
        source: String,
    },
    DeleteCell {
        cell: CellId,
    },
    RestoreCell {
        cell: CellId,
    },
    MoveCell {
        cell: CellId,
        place: Place,
    },
    ChangeKind {
        cell: CellId,
        kind: CellKind,
    },
    SetCellMetadata {
        cell: CellId,
        metadata: Json,
    },
    EditSource {
        cell: CellId,
        #[serde(with = "serde_bytes")]
        update: Vec<u8>,
    },
    /// What stands in a cell from this character on, or nothing, goes to a new cell below.
    SplitCell {
        cell: CellId,
        at: Option<Character>,
        new: CellId,
    },
    /// A cell's text goes to the end of another one's, and the cell with it; `separated`: behind a line break.
    MergeCells {
        into: CellId,
        from: CellId,
        separated: bool,
    },
    /// Runs these cells in this order, as one batch.
    RunCells {
        cells: Vec<CellId>,
    },
    /// Runs every code cell, top to bottom, as one batch.
    RunAll,
    CancelExecution {
        execution: ExecutionId,
    },
    /// Withdraws everything that has not started.
    CancelPending,
    ClearOutputs {
        cell: CellId,
    },
    ClearAllOutputs,
    /// Fills an empty notebook from a file, or appends the file's cells to one that is not empty.
    Import {
        file: Box<Imported>,
    },
    /// A kernel is up and there is work for it.
    StartSession {
        session: SessionId,
    },
    EndSession {
        session: SessionId,
        reason: EndReason,
    },
    /// Ends the active session and withdraws what has not started.
    RestartKernel,
}

/// What `decide` cannot know by itself.
pub struct Context<'a> {
    /// Wall-clock milliseconds since 1970.
    pub now: i64,
    /// Who asks.
    pub actor: Actor,
    /// Brings fresh entropy for ids.
    pub entropy: &'a mut dyn FnMut() -> [u8; 16],
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("now", &self.now).field("actor", &self.actor).finish_non_exhaustive()
    }
}

/// Why a command was refused; shown to the person who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Rejection {
    /// No such cell, or it was deleted.
    #[error("This cell no longer exists.")]
    NoSuchCell,
    /// The cell is there already.
    #[error("A cell with this id exists already.")]
    CellExists,
    /// The cell was never deleted.
    #[error("This cell is not deleted.")]
    NotDeleted,
    /// Only code runs.
    #[error("Only code cells can run.")]
    NotCode,
    /// It already waits in the queue.
    #[error("This cell is already waiting to run.")]
    AlreadyQueued,
    /// It is too late to withdraw it.
    #[error("This run has already started or ended; interrupt it instead.")]
    NotPending,
    /// There is nothing to do.
    #[error("There is nothing to run.")]
    NothingToRun,
    /// No session is live.
    #[error("No kernel is running.")]
    NoSession,
    /// A value is larger than the limit.
    #[error("{what} is too large: {size} bytes, at most {limit}.")]
    TooLarge {
        /// What is too large.
        what: String,
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// The link gives no right to write.
    #[error("This link is for viewing only. Make a copy to change it.")]
    ReadOnly,
    /// The notebook came by a link and is not here yet.
    #[error("This notebook has not arrived yet. It will as soon as somebody who has it is online.")]
    NotHere,
    /// The update is not one that yrs can read.
    #[error("This edit could not be read and was not applied.")]
    BadUpdate,
}
