//! What is visible and not saved yet: events, blobs, and which rows no longer say what is so.
//!
//! Rows are named, not copied: a commit reads their values from the notebook. So many changes of
//! one row are one write, and a commit that failed can be tried again at any later time.

use std::collections::{BTreeMap, BTreeSet};

use notebook::{CellId, Change, ExecutionId, Notebook, SessionId};

use crate::log::Entry;
use crate::sharing::UnsavedSharing;

#[derive(Debug, Default)]
pub(crate) struct Unsaved {
    pub(crate) events: Vec<Entry>,
    pub(crate) blobs: BTreeMap<String, Vec<u8>>,
    pub(crate) stale: Stale,
    pub(crate) sharing: UnsavedSharing,
}

impl Unsaved {
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.blobs.is_empty() && self.sharing.is_empty()
    }
}

/// How much of an output's rows is stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// The last segment, and there may be more after it.
    Tail,
}

/// The rows that a commit has to write.
#[derive(Debug, Default)]
pub(crate) struct Stale {
    pub(crate) title: bool,
    pub(crate) metadata: bool,
    pub(crate) cells: BTreeSet<CellId>,
    pub(crate) sources: BTreeSet<CellId>,
    pub(crate) sessions: BTreeSet<SessionId>,
    pub(crate) executions: BTreeSet<ExecutionId>,
    /// Invariant: none of an execution in `forgotten`, unless it came back after that.
    pub(crate) outputs: BTreeMap<(ExecutionId, u32), Extent>,
    pub(crate) cleared: BTreeSet<ExecutionId>,
    pub(crate) forgotten: BTreeSet<ExecutionId>,
}

impl Stale {
    /// Returns that everything of a notebook is.
    pub(crate) fn all(notebook: &Notebook) -> Self {
        let mut stale = Self::default();
        for change in notebook.to_changes() {
            stale.mark(&change);
        }
        stale
    }

    /// Takes note of a change.
    pub(crate) fn mark(&mut self, change: &Change) {
        match change {
            Change::Title(_) => self.title = true,
            Change::Metadata(_) => self.metadata = true,
            Change::Cell { cell, .. } => insert(&mut self.cells, cell),
            Change::SourceEdited { cell, .. } | Change::SourceReplaced { cell, .. } => insert(&mut self.sources, cell),
            Change::Session(session) => insert(&mut self.sessions, &session.id),
            Change::Execution(row) => insert(&mut self.executions, &row.id),
            Change::Output { execution, position, .. } => {
                self.outputs.insert((execution.clone(), *position), Extent::Whole);
            }
            Change::StreamAppended { execution, position, .. } => {
                self.outputs.entry((execution.clone(), *position)).or_insert(Extent::Tail);
            }
            Change::OutputsCleared { execution } => {
                self.outputs.retain(|(of, _), _| of != execution);
                insert(&mut self.cleared, execution);
            }
            Change::ExecutionForgotten { execution } => {
                self.outputs.retain(|(of, _), _| of != execution);
                self.cleared.remove(execution);
                self.executions.remove(execution);
                insert(&mut self.forgotten, execution);
            }
        }
    }
}

fn insert<T: Clone + Ord>(set: &mut BTreeSet<T>, item: &T) {
    if !set.contains(item) {
        set.insert(item.clone());
    }
}
