//! Folds events into the state. Total: an event that lost a race or makes no sense is ignored, with a reason.

use std::fmt;
use std::sync::Arc;

use crate::change::Change;
use crate::event::{Actor, Envelope, Event};
use crate::id::{CellId, ExecutionId, SessionId};
use crate::state::Notebook;
use crate::{Json, OrderKey};

mod execution;
mod output;
mod split;

/// Longest id of a display that is accepted, in bytes.
pub const MAX_DISPLAY_ID_LEN: usize = 256;

/// What an event did.
#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    /// It altered the state. An event that said what was so already altered nothing: the list is empty.
    Changed(Vec<Change>),
    /// It had no effect.
    Ignored(IgnoreReason),
}

/// Why an event had no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IgnoreReason {
    /// The state holds this event already.
    Duplicate,
    /// A newer version's event.
    UnknownKind,
    /// There is no such cell.
    NoSuchCell,
    /// The cell, execution or session is there already.
    AlreadyThere,
    /// There is no such execution; it may have been superseded.
    NoSuchExecution,
    /// There is no such session, or it is over.
    NoSuchSession,
    /// The execution is not in a status from which this can happen.
    WrongStatus,
    /// The author is not the session that holds the execution.
    NotItsKernel,
    /// The output is not the next one of its execution.
    OutOfTurn,
    /// Nothing is shown under this display id.
    NoSuchDisplay,
    /// The update of the text cannot be read.
    BadUpdate,
}

impl fmt::Display for IgnoreReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Duplicate => "duplicate",
            Self::UnknownKind => "unknown kind",
            Self::NoSuchCell => "no such cell",
            Self::AlreadyThere => "already there",
            Self::NoSuchExecution => "no such execution",
            Self::NoSuchSession => "no such session",
            Self::WrongStatus => "not possible in its status",
            Self::NotItsKernel => "not from its kernel",
            Self::OutOfTurn => "output out of turn",
            Self::NoSuchDisplay => "no such display",
            Self::BadUpdate => "unreadable update",
        })
    }
}

type Outcome = Result<Vec<Change>, IgnoreReason>;

impl Notebook {
    /// Folds one event in. Never fails, never panics.
    pub fn apply(&mut self, envelope: &Envelope) -> Applied {
        let mark = self.mark(envelope.id.replica);
        if envelope.id.counter <= mark {
            return Applied::Ignored(IgnoreReason::Duplicate);
        }
        self.set_mark(envelope.id.replica, envelope.id.counter);
        match self.fold(envelope) {
            Ok(changes) => Applied::Changed(changes),
            Err(reason) => Applied::Ignored(reason),
        }
    }

    fn fold(&mut self, envelope: &Envelope) -> Outcome {
        let at = envelope.at;
        match &envelope.event {
            Event::NotebookTitled { title } => {
                self.title.clone_from(title);
                Ok(vec![Change::Title(title.clone())])
            }
            Event::NotebookMetadataSet { metadata } => {
                self.metadata.clone_from(metadata);
                Ok(vec![Change::Metadata(metadata.clone())])
            }
            Event::CellInserted { cell, kind, order, source, metadata } => {
                if self.cells.contains_key(cell) {
                    return Err(IgnoreReason::AlreadyThere);
                }
                self.put_cell(cell, *kind, order.clone(), metadata.clone(), false);
                let mut seeded = self.empty_source(cell);
                seeded.seed(source);
                let mut changes = vec![self.cells[cell].change()];
                if !source.is_empty() {
                    changes.push(Change::SourceEdited { cell: cell.clone(), update: seeded.state() });
                }
                self.alter_cell(cell, |known| known.source = seeded)?;
                Ok(changes)
            }
            Event::CellDeleted { cell } => self.delete_cell(cell, at),
            Event::CellRestored { cell } => self.place_cell(cell, None, false),
            Event::CellMoved { cell, order } => {
                let deleted = self.cells.get(cell).is_some_and(|known| known.deleted);
                self.place_cell(cell, Some(order), deleted)
            }
            Event::CellKindChanged { cell, kind } => self.alter_cell(cell, |known| known.kind = *kind),
            Event::CellMetadataSet { cell, metadata } => self.set_metadata(cell, metadata),
            Event::SourceEdited { cell, update } => self.edit_source(cell, update),
            Event::CellSplit { cell, at, new } => self.split_cell(cell, *at, new),
            Event::CellsMerged { into, from, update, inserted, separated, moved } => {
                let text = split::Moving { update, inserted: *inserted, separated: *separated, moved };
                self.merge_cells(into, from, &text, at)
            }
            Event::ExecutionRequested { execution, cell, source, batch } => {
                self.request(execution, cell, source, batch.as_ref(), envelope.actor.person(), at)
            }
            Event::ExecutionAssigned { execution, session } => self.assign(execution, session, &envelope.actor),
            Event::ExecutionStarted { execution } => self.start(execution, &envelope.actor, at),
            Event::OutputAdded { execution, index, output } => {
                self.add_output(execution, *index, output, &envelope.actor)
            }
            Event::StreamAppended { execution, index, name, text } => {
                self.append_stream(execution, *index, *name, text, &envelope.actor)
            }
            Event::DisplayUpdated { display_id, data, metadata } => {
                self.update_displays(display_id, data, metadata, &envelope.actor)
            }
            Event::OutputsCleared { execution, index, wait } => {
                self.clear_outputs(execution, *index, *wait, &envelope.actor)
            }
            Event::ExecutionCompleted { execution, outcome } => self.complete(execution, *outcome, &envelope.actor, at),
            Event::ExecutionCancelled { execution } => self.cancel(execution, at),
            Event::ExecutionImported { execution, cell, count, outputs } => {
                self.import(execution, cell, *count, outputs, at)
            }
            Event::CellOutputsCleared { cell } => self.clear_cell(cell),
            Event::KernelSessionStarted { session } => self.begin_session(session, envelope.actor.person()),
            Event::KernelSessionEnded { session, reason } => self.end_session(session, *reason, at),
            Event::Unknown { .. } => Err(IgnoreReason::UnknownKind),
        }
    }

    fn edit_source(&mut self, id: &CellId, update: &[u8]) -> Outcome {
        let mut changes = self.take_in(id, update)?;
        changes.extend(self.unite_family(id)?);
        Ok(changes)
    }

    fn take_in(&mut self, id: &CellId, update: &[u8]) -> Outcome {
        let known = self.cells.get_mut(id).ok_or(IgnoreReason::NoSuchCell)?;
        let was_gone = known.deleted && known.source.len_utf16() == 0;
        let source = &mut Arc::make_mut(known).source;
        source.take_in(update).map_err(|_unreadable| IgnoreReason::BadUpdate)?;
        // Its text went elsewhere or was none; what somebody typed there who did not see that is in view.
        let comes_back = was_gone && source.len_utf16() > 0;
        let mut changes = if comes_back { self.place_cell(id, None, false)? } else { Vec::new() };
        changes.push(Change::SourceEdited { cell: id.clone(), update: update.to_vec() });
        Ok(changes)
    }

    fn alter_cell(&mut self, id: &CellId, alter: impl FnOnce(&mut crate::Cell)) -> Outcome {
        let cell = Arc::make_mut(self.cells.get_mut(id).ok_or(IgnoreReason::NoSuchCell)?);
        alter(cell);
        Ok(vec![cell.change()])
    }

    fn set_metadata(&mut self, id: &CellId, metadata: &Json) -> Outcome {
        self.alter_cell(id, |cell| cell.metadata.clone_from(metadata))
    }

    fn place_cell(&mut self, id: &CellId, order: Option<&OrderKey>, deleted: bool) -> Outcome {
        let cell = self.cells.get(id).ok_or(IgnoreReason::NoSuchCell)?;
        let order = order.unwrap_or(&cell.order).clone();
        let (kind, metadata) = (cell.kind, cell.metadata.clone());
        self.put_cell(id, kind, order, metadata, deleted);
        Ok(vec![self.cells[id].change()])
    }

    fn delete_cell(&mut self, id: &CellId, at: i64) -> Outcome {
        let mut changes = self.place_cell(id, None, true)?;
        let waiting: Vec<ExecutionId> = self
            .executions_of(id)
            .filter(|execution| execution.is_pending())
            .map(|execution| execution.id.clone())
            .collect();
        for execution in waiting {
            changes.extend(self.cancel(&execution, at)?);
        }
        Ok(changes)
    }
}

/// Returns the session that speaks, if it is one.
fn kernel(actor: &Actor) -> Result<&SessionId, IgnoreReason> {
    match actor {
        Actor::Kernel(session) => Ok(session),
        Actor::Person(_) => Err(IgnoreReason::NotItsKernel),
    }
}
