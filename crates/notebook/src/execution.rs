//! One run of one cell, and the states it goes through.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::{BatchId, CellId, ExecutionId, PersonId, SessionId};
use crate::output::Output;

/// How a completed execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The code ran to its end.
    Ok,
    /// The code raised.
    Error,
    /// A person interrupted it.
    Interrupted,
    /// It never started.
    Cancelled,
    /// Its kernel session ended while it ran.
    Lost,
}

/// Where an execution stands: `pending → assigned → executing → completed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExecutionStatus {
    /// Waits for a kernel session.
    Pending,
    /// Claimed by a session.
    Assigned(SessionId),
    /// Runs in a session.
    Executing(SessionId),
    /// Over.
    Completed(Outcome),
}

/// One execution. Times are wall-clock milliseconds since 1970, shown and never used to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Its name.
    pub id: ExecutionId,
    /// The cell it runs.
    pub cell: CellId,
    /// The executions asked for together with it.
    pub batch: Option<BatchId>,
    /// The person who asked for it; unknown for runs that a file brought.
    pub by: Option<PersonId>,
    /// The source as it was when the run was asked for.
    pub source: Arc<str>,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// The session that started it.
    pub session: Option<SessionId>,
    /// Its place in the session's count, from 1. `None` until it starts.
    pub count: Option<u32>,
    /// Position among all requests of the log: the queue's order.
    pub queue: u64,
    /// When it was asked for.
    pub requested_at: i64,
    /// When it started.
    pub started_at: Option<i64>,
    /// When it completed.
    pub completed_at: Option<i64>,
    /// Its outputs.
    pub outputs: Vec<Arc<Output>>,
    /// The number its next output event must carry.
    pub next_index: u32,
    /// Whether the outputs vanish when the next one comes (`clear_output(wait=True)`).
    pub clear_pending: bool,
    /// Whether its outputs are shown; false once a person cleared them.
    pub shown: bool,
}
