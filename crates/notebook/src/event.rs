//! Facts in the past tense: the only thing that is stored for ever.
//!
//! Shapes are append-only: a field that is added gets a serde default, a kind is never removed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Json;
use crate::cell::CellKind;
use crate::execution::Outcome;
use crate::id::{BatchId, CellId, DisplayId, ExecutionId, PersonId, ReplicaId, SessionId};
use crate::order::OrderKey;
use crate::output::{Content, MimeBundle, Output, StreamName};
use crate::session::EndReason;
use crate::source::{Character, Run};

/// Names an event: who appended it, and as their how-manieth (from 1, without gaps).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventId {
    /// The appending replica.
    pub replica: ReplicaId,
    /// Its how-manieth event, from 1.
    pub counter: u64,
}

/// Who caused an event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Actor {
    /// A person.
    Person(PersonId),
    /// A kernel session.
    Kernel(SessionId),
}

impl Actor {
    /// Returns the person, if it is one.
    pub fn person(&self) -> Option<&PersonId> {
        match self {
            Self::Person(person) => Some(person),
            Self::Kernel(_) => None,
        }
    }
}

/// An event with its name, author and time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Its name.
    pub id: EventId,
    /// Who caused it.
    pub actor: Actor,
    /// Wall-clock milliseconds since 1970: shown, never used to decide.
    pub at: i64,
    /// What happened.
    pub event: Event,
}

/// What can happen to a notebook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the terms of the types they have")]
pub enum Event {
    /// The notebook got a title.
    NotebookTitled { title: String },
    /// The notebook's nbformat metadata was replaced.
    NotebookMetadataSet { metadata: Json },
    /// A cell was added. Every replica seeds its text from `source` in the same way.
    CellInserted { cell: CellId, kind: CellKind, order: OrderKey, source: String, metadata: Json },
    /// A cell was deleted; it can be restored.
    CellDeleted { cell: CellId },
    /// A deleted cell came back.
    CellRestored { cell: CellId },
    /// A cell got another place.
    CellMoved { cell: CellId, order: OrderKey },
    /// A cell holds something else now.
    CellKindChanged { cell: CellId, kind: CellKind },
    /// A cell's nbformat metadata was replaced.
    CellMetadataSet { cell: CellId, metadata: Json },
    /// A cell's text changed: one yrs update (v1 encoding).
    SourceEdited {
        cell: CellId,
        #[serde(with = "serde_bytes")]
        update: Vec<u8>,
    },
    /// What stands in a cell from this character on, or nothing, went to a new cell right below it, wherever the
    /// character is by then.
    CellSplit { cell: CellId, at: Option<Character>, new: CellId },
    /// A cell's text went to the end of another one's, and the cell with it. `update` inserts the text that is `moved`,
    /// from the character `inserted` on; `separated`: behind a line break. What is no longer there is not moved.
    CellsMerged {
        into: CellId,
        from: CellId,
        #[serde(with = "serde_bytes")]
        update: Vec<u8>,
        inserted: Character,
        separated: bool,
        moved: Vec<Run>,
    },
    /// A person asked to run a cell.
    ExecutionRequested { execution: ExecutionId, cell: CellId, source: Arc<str>, batch: Option<BatchId> },
    /// A session claimed an execution; the first claim wins.
    ExecutionAssigned { execution: ExecutionId, session: SessionId },
    /// Python began to run it.
    ExecutionStarted { execution: ExecutionId },
    /// An output that is not stream text. `index` numbers the output events of the execution from 0.
    OutputAdded { execution: ExecutionId, index: u32, output: Output },
    /// Stream text; joins the last output when that is the same stream.
    StreamAppended { execution: ExecutionId, index: u32, name: StreamName, text: Content<String> },
    /// Everything shown under this display id, in any cell, was replaced.
    DisplayUpdated { display_id: DisplayId, data: MimeBundle, metadata: Json },
    /// The code cleared its outputs; with `wait`, when the next one comes.
    OutputsCleared { execution: ExecutionId, index: u32, wait: bool },
    /// It is over. Comes after its last output.
    ExecutionCompleted { execution: ExecutionId, outcome: Outcome },
    /// A person withdrew a request that had not started.
    ExecutionCancelled { execution: ExecutionId },
    /// A file brought a run and its outputs; it never ran here.
    ExecutionImported { execution: ExecutionId, cell: CellId, count: Option<u32>, outputs: Vec<Output> },
    /// A person cleared what a cell shows.
    CellOutputsCleared { cell: CellId },
    /// A kernel session began.
    KernelSessionStarted { session: SessionId },
    /// A kernel session is over.
    KernelSessionEnded { session: SessionId, reason: EndReason },
    /// A kind this version does not know: kept as it came, relayed and ignored.
    #[serde(skip)]
    Unknown { kind: String, bytes: Vec<u8> },
}

impl Event {
    /// Returns the kind's name, as diagnostics show it.
    pub fn kind(&self) -> &str {
        match self {
            Self::NotebookTitled { .. } => "NotebookTitled",
            Self::NotebookMetadataSet { .. } => "NotebookMetadataSet",
            Self::CellInserted { .. } => "CellInserted",
            Self::CellDeleted { .. } => "CellDeleted",
            Self::CellRestored { .. } => "CellRestored",
            Self::CellMoved { .. } => "CellMoved",
            Self::CellKindChanged { .. } => "CellKindChanged",
            Self::CellMetadataSet { .. } => "CellMetadataSet",
            Self::SourceEdited { .. } => "SourceEdited",
            Self::CellSplit { .. } => "CellSplit",
            Self::CellsMerged { .. } => "CellsMerged",
            Self::ExecutionRequested { .. } => "ExecutionRequested",
            Self::ExecutionAssigned { .. } => "ExecutionAssigned",
            Self::ExecutionStarted { .. } => "ExecutionStarted",
            Self::OutputAdded { .. } => "OutputAdded",
            Self::StreamAppended { .. } => "StreamAppended",
            Self::DisplayUpdated { .. } => "DisplayUpdated",
            Self::OutputsCleared { .. } => "OutputsCleared",
            Self::ExecutionCompleted { .. } => "ExecutionCompleted",
            Self::ExecutionCancelled { .. } => "ExecutionCancelled",
            Self::ExecutionImported { .. } => "ExecutionImported",
            Self::CellOutputsCleared { .. } => "CellOutputsCleared",
            Self::KernelSessionStarted { .. } => "KernelSessionStarted",
            Self::KernelSessionEnded { .. } => "KernelSessionEnded",
            Self::Unknown { kind, .. } => kind,
        }
    }
}
