//! The state of a notebook: what its events add up to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cell::{Cell, CellKind};
use crate::change::{Change, ExecutionRow};
use crate::event::EventId;
use crate::execution::{Execution, ExecutionStatus, Outcome};
use crate::id::{CellId, ExecutionId, ReplicaId, SessionId};
use crate::order::OrderKey;
use crate::output::{BlobRef, Content, Output};
use crate::session::Session;
use crate::source::Splice;
use crate::{Json, Source, gather};

/// A notebook. Cloning is cheap; cells and executions are shared until one of them changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Notebook {
    pub(crate) title: String,
    pub(crate) metadata: Json,
    pub(crate) cells: BTreeMap<CellId, Arc<Cell>>,
    // Invariant: exactly the cells that are not deleted.
    pub(crate) order: BTreeSet<(OrderKey, CellId)>,
    pub(crate) executions: BTreeMap<ExecutionId, Arc<Execution>>,
    // Invariant: every execution, under its cell, in the order of the requests.
    pub(crate) by_cell: BTreeMap<CellId, Vec<ExecutionId>>,
    // Invariant: the cells that came of a split, under the one that each came of.
    pub(crate) splits: BTreeMap<CellId, BTreeSet<CellId>>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) marks: BTreeMap<ReplicaId, u64>,
    pub(crate) text_client: u64,
}

impl Notebook {
    /// Makes an empty notebook that only reads: its texts must not be edited in place.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an empty notebook whose texts may be edited in place ([`Self::source_mut`]);
    /// `client` is random and above 1, and no other replica uses it.
    pub fn for_editing(client: u64) -> Self {
        Self { text_client: client, ..Self::default() }
    }

    /// Returns the title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Returns the nbformat metadata.
    pub fn metadata(&self) -> &Json {
        &self.metadata
    }

    /// Returns the cells that are not deleted, in order.
    pub fn cells(&self) -> impl DoubleEndedIterator<Item = &Arc<Cell>> {
        self.order.iter().filter_map(|(_, id)| self.cells.get(id))
    }

    /// Returns the number of cells that are not deleted.
    pub fn cell_count(&self) -> usize {
        self.order.len()
    }

    /// Returns a cell, deleted ones included.
    pub fn cell(&self, id: &CellId) -> Option<&Arc<Cell>> {
        self.cells.get(id)
    }

    /// Returns a cell that is not deleted.
    pub fn live_cell(&self, id: &CellId) -> Option<&Arc<Cell>> {
        self.cell(id).filter(|cell| !cell.deleted)
    }

    /// Returns all cells, deleted ones included, by id.
    pub fn all_cells(&self) -> impl Iterator<Item = &Arc<Cell>> {
        self.cells.values()
    }

    /// Returns a cell's text for editing in place (see [`Self::for_editing`]).
    pub fn source_mut(&mut self, id: &CellId) -> Option<&mut Source> {
        self.cells.get_mut(id).map(|cell| &mut Arc::make_mut(cell).source)
    }

    /// Returns an execution.
    pub fn execution(&self, id: &ExecutionId) -> Option<&Arc<Execution>> {
        self.executions.get(id)
    }

    /// Returns all executions in the state, by id.
    pub fn executions(&self) -> impl Iterator<Item = &Arc<Execution>> {
        self.executions.values()
    }

    /// Returns a cell's executions in the order of the requests.
    pub fn executions_of(&self, cell: &CellId) -> impl DoubleEndedIterator<Item = &Arc<Execution>> {
        self.by_cell.get(cell).into_iter().flatten().filter_map(|id| self.executions.get(id))
    }

    /// Returns the execution that a cell's status speaks of: the one that runs, else the latest asked for.
    pub fn current_execution(&self, cell: &CellId) -> Option<&Arc<Execution>> {
        self.executions_of(cell)
            .find(|execution| matches!(execution.status, ExecutionStatus::Executing(_)))
            .or_else(|| self.executions_of(cell).next_back())
    }

    /// Returns the execution whose outputs a cell shows: the latest that began, unless cleared.
    pub fn shown_execution(&self, cell: &CellId) -> Option<&Arc<Execution>> {
        self.executions_of(cell).rev().find(|execution| execution.began()).filter(|execution| execution.shown)
    }

    /// Returns the executions that wait, first come first.
    pub fn pending(&self) -> Vec<&Arc<Execution>> {
        let mut pending: Vec<_> =
            self.executions.values().filter(|execution| execution.status == ExecutionStatus::Pending).collect();
        pending.sort_by(|a, b| (a.queue, &a.id).cmp(&(b.queue, &b.id)));
        pending
    }

    /// Returns the sessions in log order.
    pub fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    /// Returns the session that may claim work: the earliest live one in log order.
    pub fn active_session(&self) -> Option<&SessionId> {
        self.sessions.iter().find(|session| session.ended.is_none()).map(|session| &session.id)
    }

    /// Returns the execution that a session has claimed and not completed.
    pub fn claimed_by(&self, session: &SessionId) -> Option<&Arc<Execution>> {
        self.executions.values().find(|execution| match &execution.status {
            ExecutionStatus::Assigned(by) | ExecutionStatus::Executing(by) => by == session,
            ExecutionStatus::Pending | ExecutionStatus::Completed(_) => false,
        })
    }

    /// Says whether a session began and is not over.
    pub fn is_live(&self, session: &SessionId) -> bool {
        self.sessions.iter().any(|known| known.id == *session && known.ended.is_none())
    }

    /// Returns the number that the session's next execution gets.
    pub fn next_count(&self, session: &SessionId) -> u32 {
        let last = self.executions.values().filter(|execution| execution.session.as_ref() == Some(session));
        last.filter_map(|execution| execution.count).max().unwrap_or(0).saturating_add(1)
    }

    /// Returns how many events of a replica have been applied.
    pub fn mark(&self, replica: ReplicaId) -> u64 {
        self.marks.get(&replica).copied().unwrap_or(0)
    }

    /// Says whether an event has been applied.
    pub fn holds(&self, id: EventId) -> bool {
        id.counter <= self.mark(id.replica)
    }

    /// Returns how many events of each replica have been applied.
    pub fn marks(&self) -> impl Iterator<Item = (ReplicaId, u64)> {
        self.marks.iter().map(|(replica, counter)| (*replica, *counter))
    }

    /// Says that a replica's events up to this one are in the state already.
    pub fn set_mark(&mut self, replica: ReplicaId, counter: u64) {
        self.marks.insert(replica, counter);
    }

    /// Returns every blob that the state points at.
    pub fn blobs(&self) -> BTreeSet<BlobRef> {
        let outputs = self.executions.values().flat_map(|execution| &execution.outputs);
        gather(outputs.flat_map(|output| output.blobs().cloned().collect::<Vec<_>>()))
    }

    /// Returns the key for a cell at a place among the live cells.
    pub(crate) fn order_at(&self, place: &crate::Place) -> Option<OrderKey> {
        use crate::Place;
        let keys: Vec<_> = self.order.iter().collect();
        let find = |cell: &CellId| keys.iter().position(|(_, id)| id == cell);
        let at = match place {
            Place::First => 0,
            Place::Last => keys.len(),
            Place::Before(cell) => find(cell)?,
            Place::After(cell) => find(cell)? + 1,
        };
        let before = at.checked_sub(1).and_then(|index| keys.get(index)).map(|(key, _)| key);
        Some(OrderKey::between(before, keys.get(at).map(|(key, _)| key)))
    }
}

impl Execution {
    /// Says whether it ever ran, here or where a file comes from.
    pub fn began(&self) -> bool {
        self.session.is_some()
            || matches!(self.status, ExecutionStatus::Completed(Outcome::Ok | Outcome::Error | Outcome::Interrupted))
    }

    /// Says whether it is over.
    pub fn is_completed(&self) -> bool {
        matches!(self.status, ExecutionStatus::Completed(_))
    }

    /// Returns it without its outputs.
    pub fn row(&self) -> ExecutionRow {
        ExecutionRow {
            id: self.id.clone(),
            cell: self.cell.clone(),
            batch: self.batch.clone(),
            by: self.by.clone(),
            source: Arc::clone(&self.source),
            status: self.status.clone(),
            session: self.session.clone(),
            count: self.count,
            queue: self.queue,
            requested_at: self.requested_at,
            started_at: self.started_at,
            completed_at: self.completed_at,
            next_index: self.next_index,
            clear_pending: self.clear_pending,
            shown: self.shown,
        }
    }

    fn from_row(row: &ExecutionRow, outputs: Vec<Arc<Output>>) -> Self {
        Self {
            id: row.id.clone(),
            cell: row.cell.clone(),
            batch: row.batch.clone(),
            by: row.by.clone(),
            source: Arc::clone(&row.source),
            status: row.status.clone(),
            session: row.session.clone(),
            count: row.count,
            queue: row.queue,
            requested_at: row.requested_at,
            started_at: row.started_at,
            completed_at: row.completed_at,
            outputs,
            next_index: row.next_index,
            clear_pending: row.clear_pending,
            shown: row.shown,
        }
    }
}

impl Output {
    /// Returns the blobs it points at.
    pub fn blobs(&self) -> impl Iterator<Item = &BlobRef> {
        let (text, data) = match self {
            Self::Stream { text, .. } => (Some(text), None),
            Self::DisplayData { data, .. } | Self::ExecuteResult { data, .. } => (None, Some(data)),
            Self::Error { .. } => (None, None),
        };
        let texts = text.into_iter().flatten().filter_map(Content::blob);
        texts.chain(data.into_iter().flat_map(|data| data.values()).filter_map(Content::blob))
    }
}

impl<T> Content<T> {
    /// Returns where the value is, when it is not here.
    pub fn blob(&self) -> Option<&BlobRef> {
        match self {
            Self::Inline(_) => None,
            Self::Blob(blob) => Some(blob),
        }
    }
}

/// The state as changes, and a copy kept in step by changes.
impl Notebook {
    /// Returns the whole state as the changes that make it from nothing.
    pub fn to_changes(&self) -> Vec<Change> {
        let mut changes = vec![Change::Title(self.title.clone()), Change::Metadata(self.metadata.clone())];
        changes.extend(self.sessions.iter().cloned().map(Change::Session));
        for cell in self.cells.values() {
            changes.push(cell.change());
            changes.push(Change::SourceEdited { cell: cell.id.clone(), update: cell.source.state() });
        }
        for execution in self.executions.values() {
            changes.push(Change::Execution(execution.row()));
            changes.extend(execution.outputs.iter().zip(0..).map(|(output, position)| Change::Output {
                execution: execution.id.clone(),
                position,
                output: Arc::clone(output),
                next_index: execution.next_index,
            }));
        }
        changes
    }

    /// Brings a copy in step. Total: a change that does not fit (its cell is not there) does nothing.
    /// Returns what a `SourceEdited` did to the text, for an editor that shows it.
    pub fn patch(&mut self, change: &Change) -> Vec<Splice> {
        match change {
            Change::Title(title) => self.title.clone_from(title),
            Change::Metadata(metadata) => self.metadata.clone_from(metadata),
            Change::Cell { cell, kind, order, metadata, deleted, split_from } => {
                self.put_cell(cell, *kind, order.clone(), metadata.clone(), *deleted);
                self.set_split_from(cell, split_from.as_ref());
            }
            Change::SourceEdited { cell, update } => {
                return self.source_mut(cell).and_then(|source| source.merge(update).ok()).unwrap_or_default();
            }
            Change::SourceReplaced { cell, update } => {
                if let Some(source) = self.source_mut(cell) {
                    let mut replacing = source.renewed();
                    if replacing.take_in(update).is_ok() {
                        let before = std::mem::replace(source, replacing);
                        return Splice::between(&before.text(), &source.text()).into_iter().collect();
                    }
                }
            }
            Change::Execution(row) => {
                let outputs = self.executions.get(&row.id).map(|known| known.outputs.clone()).unwrap_or_default();
                self.put_execution(Execution::from_row(row, outputs));
            }
            Change::ExecutionForgotten { execution } => self.forget(execution),
            Change::Output { execution, position, output, next_index } => {
                self.with_execution(execution, |execution| {
                    let position = *position as usize;
                    if position < execution.outputs.len() {
                        execution.outputs[position] = Arc::clone(output);
                    } else {
                        execution.outputs.push(Arc::clone(output));
                    }
                    execution.next_index = execution.next_index.max(*next_index);
                });
            }
            Change::StreamAppended { execution, position, text, next_index, .. } => {
                self.with_execution(execution, |execution| {
                    if let Some(output) = execution.outputs.get_mut(*position as usize)
                        && let Output::Stream { text: segments, .. } = Arc::make_mut(output)
                    {
                        append_segment(segments, text);
                    }
                    execution.next_index = execution.next_index.max(*next_index);
                });
            }
            Change::OutputsCleared { execution } => {
                self.with_execution(execution, |execution| execution.outputs.clear());
            }
            Change::Session(session) => match self.sessions.iter_mut().find(|known| known.id == session.id) {
                Some(known) => known.clone_from(session),
                None => self.sessions.push(session.clone()),
            },
        }
        Vec::new()
    }

    pub(crate) fn put_cell(&mut self, id: &CellId, kind: CellKind, order: OrderKey, metadata: Json, deleted: bool) {
        let (source, split_from) = match self.cells.remove(id) {
            Some(known) => {
                self.order.remove(&(known.order.clone(), id.clone()));
                let known = Arc::unwrap_or_clone(known);
                (known.source, known.split_from)
            }
            None => (self.empty_source(id), None),
        };
        if !deleted {
            self.order.insert((order.clone(), id.clone()));
        }
        let cell = Cell { id: id.clone(), kind, order, metadata, deleted, split_from, source };
        self.cells.insert(id.clone(), Arc::new(cell));
    }

    pub(crate) fn set_split_from(&mut self, id: &CellId, from: Option<&CellId>) {
        let Some(cell) = self.cells.get_mut(id).filter(|cell| cell.split_from.as_ref() != from) else { return };
        let before = std::mem::replace(&mut Arc::make_mut(cell).split_from, from.cloned());
        if let Some(before) = before
            && let Some(siblings) = self.splits.get_mut(&before)
        {
            siblings.remove(id);
            if siblings.is_empty() {
                self.splits.remove(&before);
            }
        }
        if let Some(from) = from {
            self.splits.entry(from.clone()).or_default().insert(id.clone());
        }
    }

    /// Returns an empty text for a cell. What is typed into texts that were one has different names in each.
    pub(crate) fn empty_source(&self, cell: &CellId) -> Source {
        let hash = cell.as_str().bytes().fold(0, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Source::empty(self.text_client ^ u64::from(hash >> 1))
    }

    pub(crate) fn put_execution(&mut self, execution: Execution) {
        let ids = self.by_cell.entry(execution.cell.clone()).or_default();
        // Its place in the queue changes when the order is settled in another way than it was shown.
        let placed = self.executions.get(&execution.id).is_some_and(|known| known.queue == execution.queue);
        if !placed {
            ids.retain(|id| *id != execution.id);
            let key = (execution.queue, execution.id.clone());
            let at = ids.partition_point(|id| {
                self.executions.get(id).is_some_and(|other| (other.queue, other.id.clone()) < key)
            });
            ids.insert(at, execution.id.clone());
        }
        self.executions.insert(execution.id.clone(), Arc::new(execution));
    }

    pub(crate) fn forget(&mut self, id: &ExecutionId) {
        if let Some(execution) = self.executions.remove(id)
            && let Some(ids) = self.by_cell.get_mut(&execution.cell)
        {
            ids.retain(|known| known != id);
            if ids.is_empty() {
                self.by_cell.remove(&execution.cell);
            }
        }
    }

    pub(crate) fn with_execution(&mut self, id: &ExecutionId, alter: impl FnOnce(&mut Execution)) {
        if let Some(execution) = self.executions.get_mut(id) {
            alter(Arc::make_mut(execution));
        }
    }
}

impl Cell {
    /// Returns it as a change, without its text.
    pub(crate) fn change(&self) -> Change {
        Change::Cell {
            cell: self.id.clone(),
            kind: self.kind,
            order: self.order.clone(),
            metadata: self.metadata.clone(),
            deleted: self.deleted,
            split_from: self.split_from.clone(),
        }
    }
}

/// Adds a segment to a stream's text; small ones join, so that a stream of many writes stays short.
pub(crate) fn append_segment(segments: &mut Vec<Content<String>>, text: &Content<String>) {
    const JOINED: usize = 64 * 1024;
    match (segments.last_mut(), text) {
        (Some(Content::Inline(last)), Content::Inline(more)) if last.len() + more.len() <= JOINED => {
            last.push_str(more);
        }
        (Some(_) | None, _) => segments.push(text.clone()),
    }
}
