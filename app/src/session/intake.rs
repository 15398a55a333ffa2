//! Taking in what the store worker sends: changes become a patched copy and a few signals.

use std::sync::Arc;

use leptos::prelude::*;
use notebook::source::Splice;
use notebook::{CellId, CellKind, Change, Command, ExecutionId, Json, Notebook, OrderKey, Output, Place};

use super::inspect::Documentation;
use super::view::{CellView, OutputShape, OutputView, RunStatus, RunView};
use super::{Inner, Session, edit};
use crate::editor::Editor;

/// What has to be done once the copy is no longer borrowed.
#[derive(Default)]
struct After {
    order_changed: bool,
    title_changed: bool,
    remote: Vec<(Editor, Vec<Splice>)>,
    finished: Vec<(CellId, RunView)>,
}

impl Session {
    /// Takes in the whole state, in place of what was there.
    pub(super) fn take_whole(self, changes: Vec<Change>) {
        self.inner.update_value(|inner| {
            // A second whole state comes after a change of leader: unsent typing is edited in again below.
            let client = edit::fresh_client();
            let old = std::mem::replace(&mut inner.notebook, Notebook::for_editing(client));
            for change in &changes {
                inner.notebook.patch(change);
            }
            inner.carry_unsettled(&old);
            let gone: Vec<CellId> =
                inner.cells.keys().filter(|id| inner.notebook.cell(id).is_none()).cloned().collect();
            for id in gone {
                inner.cells.remove(&id);
                inner.shown.remove(&id);
            }
            inner.carry_edits(&old);
            inner.rebuild_views();
        });
        self.publish_order();
        self.title.set(self.read(|notebook| notebook.title().to_owned()));
    }

    /// Takes in what changed.
    pub(super) fn take_in(self, changes: &[Change]) {
        let after = self.inner.try_update_value(|inner| {
            let mut after = After::default();
            for change in changes {
                inner.take_change(change, &mut after);
            }
            after
        });
        let Some(after) = after else { return };
        if after.order_changed {
            self.publish_order();
        }
        if after.title_changed {
            self.title.set(self.read(|notebook| notebook.title().to_owned()));
        }
        for (editor, splices) in after.remote {
            editor.apply(&splices);
        }
        for (cell, run) in after.finished {
            self.announce(&cell, &run);
        }
    }

    /// Takes in whether what runs is lost although the log does not say so: nobody is here who may write that.
    pub(super) fn note_forsaken(self, forsaken: bool) {
        let finished = self.inner.try_update_value(|inner| {
            let mut after = After::default();
            if std::mem::replace(&mut inner.forsaken, forsaken) != forsaken {
                for cell in inner.cells.keys().cloned().collect::<Vec<_>>() {
                    inner.refresh_run(&cell, &mut after);
                }
            }
            after.finished
        });
        for (cell, run) in finished.into_iter().flatten() {
            self.announce(&cell, &run);
        }
    }

    /// Shows a cell before the store has made it. The store's own change says the same or corrects it.
    pub(crate) fn foresee_cell(self, cell: &CellId, kind: CellKind, place: &Place) {
        let order = self.read(|notebook| {
            let cells: Vec<_> = notebook.cells().collect();
            let find = |wanted: &CellId| cells.iter().position(|cell| cell.id == *wanted);
            let at = match place {
                Place::First => Some(0),
                Place::Last => Some(cells.len()),
                Place::Before(cell) => find(cell),
                Place::After(cell) => find(cell).map(|at| at + 1),
            }?;
            let before = at.checked_sub(1).and_then(|before| cells.get(before)).map(|cell| &cell.order);
            Some(OrderKey::between(before, cells.get(at).map(|cell| &cell.order)))
        });
        if let Some(order) = order {
            self.take_in(&[foreseen(cell, kind, order, false)]);
        }
    }

    /// Hides a cell that the store refused to make.
    pub(crate) fn withdraw_cell(self, cell: &CellId) {
        let known = self.read(|notebook| notebook.cell(cell).map(|cell| (cell.kind, cell.order.clone())));
        if let Some((kind, order)) = known {
            self.take_in(&[foreseen(cell, kind, order, true)]);
        }
    }

    fn publish_order(self) {
        let order: Vec<CellId> = self.read(|notebook| notebook.cells().map(|cell| cell.id.clone()).collect());
        if self.order.with_untracked(|known| *known != order) {
            self.focus.forget_missing(&order);
            self.order.set(order);
        }
    }

    fn announce(self, cell: &CellId, run: &RunView) {
        let at = self.order.with_untracked(|order| order.iter().position(|id| id == cell));
        if let (Some(at), Some(outcome)) = (at, run.outcome_str()) {
            self.announcement.set(format!("Cell {}: {}", at + 1, if outcome == "ok" { "completed" } else { outcome }));
        }
    }
}

/// A cell as it is shown before the store has made it.
fn foreseen(cell: &CellId, kind: CellKind, order: OrderKey, deleted: bool) -> Change {
    Change::Cell { cell: cell.clone(), kind, order, metadata: Json::new(), deleted, split_from: None }
}

impl Inner {
    fn take_change(&mut self, change: &Change, after: &mut After) {
        let forgotten = match change {
            Change::ExecutionForgotten { execution } => self.cell_of(execution),
            _ => None,
        };
        let splices = self.edits.drafts.patch(&mut self.notebook, change);
        match change {
            Change::Title(_) => after.title_changed = true,
            Change::Metadata(_) | Change::Session(_) => {}
            Change::Cell { cell, kind, .. } => {
                let view = self.cells.entry(cell.clone()).or_insert_with(|| CellView::new(*kind));
                if view.kind.get_untracked() != *kind {
                    view.documentation.try_update(Documentation::close);
                    view.kind.set(*kind);
                }
                after.order_changed = true;
            }
            Change::SourceEdited { cell, .. } | Change::SourceReplaced { cell, .. } => {
                if splices.is_empty() {
                    return;
                }
                if let Some(view) = self.cells.get(cell) {
                    view.edited.update(|count| *count += 1);
                }
                if let Some(editor) = self.editors.get(cell) {
                    after.remote.push((editor.clone(), splices));
                }
            }
            Change::Execution(row) => self.refresh_run(&row.cell, after),
            Change::ExecutionForgotten { .. } => {
                if let Some(cell) = forgotten {
                    self.refresh_run(&cell, after);
                }
            }
            Change::Output { execution, position, output, .. } => self.put_output(execution, *position, output),
            Change::StreamAppended { execution, position, .. } => {
                self.with_outputs(execution, |outputs, _| {
                    if let Some(OutputShape::Stream { grown, .. }) =
                        outputs.get(*position as usize).map(|view| &view.shape)
                    {
                        grown.update(|count| *count += 1);
                    }
                    false
                });
            }
            Change::OutputsCleared { execution } => self.with_outputs(execution, |outputs, _| {
                outputs.clear();
                true
            }),
        }
    }

    fn cell_of(&self, execution: &ExecutionId) -> Option<CellId> {
        self.notebook.execution(execution).map(|execution| execution.cell.clone())
    }

    /// Brings a cell's run and, when another execution is shown now, its outputs up to date.
    fn refresh_run(&mut self, cell: &CellId, after: &mut After) {
        let Some(view) = self.cells.get(cell).cloned() else { return };
        let run = RunView::of(&self.notebook, cell, self.forsaken);
        let known = view.run.get_untracked();
        if run != known {
            if known.status.is_active() && run.status == RunStatus::Completed {
                after.finished.push((cell.clone(), run.clone()));
            }
            if run.status.is_active() && !known.status.is_active() {
                view.documentation.try_update(Documentation::close);
            }
            view.run.set(run);
        }
        let shown = self.notebook.shown_execution(cell).cloned();
        if shown.as_ref().map(|execution| &execution.id) == self.shown.get(cell) {
            return;
        }
        let outputs = if let Some(execution) = shown {
            self.shown.insert(cell.clone(), execution.id.clone());
            (0..)
                .zip(&execution.outputs)
                .map(|(position, output)| self.output_view(&execution.id, position, output))
                .collect()
        } else {
            self.shown.remove(cell);
            Vec::new()
        };
        view.outputs.set(outputs);
    }

    fn rebuild_views(&mut self) {
        let cells: Vec<_> = self.notebook.all_cells().map(|cell| (cell.id.clone(), cell.kind)).collect();
        self.shown.clear();
        for (id, kind) in cells {
            let view = self.cells.entry(id.clone()).or_insert_with(|| CellView::new(kind)).clone();
            view.kind.set(kind);
            view.edited.update(|count| *count += 1);
            view.outputs.update(Vec::clear);
            self.refresh_run(&id, &mut After::default());
        }
    }

    fn output_view(&mut self, execution: &ExecutionId, position: u32, output: &Arc<Output>) -> OutputView {
        self.next_key += 1;
        OutputView { key: self.next_key, execution: execution.clone(), position, shape: OutputShape::of(output) }
    }

    fn put_output(&mut self, execution: &ExecutionId, position: u32, output: &Arc<Output>) {
        let view = self.output_view(execution, position, output);
        self.with_outputs(execution, |outputs, _| {
            match outputs.get_mut(position as usize) {
                Some(known) => {
                    if let (OutputShape::Rich(shown), OutputShape::Rich(_)) = (&known.shape, &view.shape) {
                        shown.set(Arc::clone(output));
                        return false;
                    }
                    *known = view;
                }
                None => outputs.push(view),
            }
            true
        });
    }

    /// Alters the outputs in view, if it is this execution that its cell shows.
    fn with_outputs(&mut self, execution: &ExecutionId, alter: impl FnOnce(&mut Vec<OutputView>, &Notebook) -> bool) {
        let Some(cell) = self.cell_of(execution) else { return };
        if self.shown.get(&cell) != Some(execution) {
            return;
        }
        if let Some(view) = self.cells.get(&cell) {
            view.outputs.maybe_update(|outputs| alter(outputs, &self.notebook));
        }
    }

    /// Shows in the new copy what was shown in the old one and is on its way to the store, which will do it yet.
    fn carry_unsettled(&mut self, old: &Notebook) {
        for command in self.unsettled.values() {
            match command {
                Command::InsertCell { cell, .. } if self.notebook.cell(cell).is_none() => {
                    if let Some(known) = old.live_cell(cell) {
                        self.notebook.patch(&foreseen(cell, known.kind, known.order.clone(), false));
                    }
                }
                Command::EditSource { cell, update } => {
                    self.notebook.source_mut(cell).map(|source| source.take_in(update));
                }
                _ => {}
            }
        }
    }

    /// Makes sure that what was typed into the old copy is in the new one.
    fn carry_edits(&mut self, old: &Notebook) {
        self.edits.drafts.carry(old, &mut self.notebook);
        for (cell, editor) in &self.editors {
            if let Some(cell) = self.notebook.cell(cell) {
                editor.replace(&cell.source.text());
            }
        }
    }
}
