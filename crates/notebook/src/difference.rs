//! The changes that lead from one state to another, for views that show the first.

use std::sync::Arc;

use crate::change::Change;
use crate::execution::Execution;
use crate::source::Source;
use crate::state::Notebook;

impl Notebook {
    /// Returns the changes that turn a copy of `before` into this one. What both share is not looked at.
    ///
    /// A text is told as its whole state, which a copy takes in without losing what it typed meanwhile; one that lost
    /// something, or got back what was erased, as splits and merges make them, takes the place of the copy's.
    /// The order of sessions is not told: only who claims work looks at it, and no view does.
    pub fn difference(&self, before: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        if self.title != before.title {
            changes.push(Change::Title(self.title.clone()));
        }
        if self.metadata != before.metadata {
            changes.push(Change::Metadata(self.metadata.clone()));
        }
        if self.sessions != before.sessions {
            changes.extend(
                self.sessions.iter().filter(|session| !before.sessions.contains(session)).cloned().map(Change::Session),
            );
        }
        for (id, cell) in &self.cells {
            let known = before.cells.get(id);
            if known.is_some_and(|known| Arc::ptr_eq(known, cell)) {
                continue;
            }
            if known.is_none_or(|known| known.change() != cell.change()) {
                changes.push(cell.change());
            }
            if known.is_some_and(|known| !cell.source.follows(&known.source)) {
                changes.push(Change::SourceReplaced { cell: id.clone(), update: cell.source.state() });
                continue;
            }
            // Equal texts may hide what was typed and erased again, which later typing stands behind.
            let same = |known: &Source| known == &cell.source && known.has_all_of(&cell.source);
            if known.is_none_or(|known| !same(&known.source)) {
                changes.push(Change::SourceEdited { cell: id.clone(), update: cell.source.state() });
            }
        }
        let gone = before.executions.keys().filter(|id| !self.executions.contains_key(*id));
        changes.extend(gone.map(|execution| Change::ExecutionForgotten { execution: execution.clone() }));
        for (id, execution) in &self.executions {
            match before.executions.get(id) {
                Some(known) if Arc::ptr_eq(known, execution) => {}
                known => tell_execution(known.map(|known| &**known), execution, &mut changes),
            }
        }
        changes
    }
}

fn tell_execution(known: Option<&Execution>, now: &Execution, changes: &mut Vec<Change>) {
    if known.is_none_or(|known| known.row() != now.row()) {
        changes.push(Change::Execution(now.row()));
    }
    let shown = known.map_or(&[][..], |known| &known.outputs);
    let same =
        shown.len() <= now.outputs.len() && shown.iter().zip(&now.outputs).all(|(a, b)| Arc::ptr_eq(a, b) || a == b);
    let from = if same {
        shown.len()
    } else {
        changes.push(Change::OutputsCleared { execution: now.id.clone() });
        0
    };
    changes.extend(now.outputs.iter().zip(0..).skip(from).map(|(output, position)| Change::Output {
        execution: now.id.clone(),
        position,
        output: Arc::clone(output),
        next_index: now.next_index,
    }));
}
