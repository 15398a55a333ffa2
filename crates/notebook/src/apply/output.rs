//! How outputs are added, updated and cleared.

use std::sync::Arc;

use super::{IgnoreReason, MAX_DISPLAY_ID_LEN, Outcome as Folded, kernel};
use crate::Json;
use crate::change::Change;
use crate::event::Actor;
use crate::id::{CellId, DisplayId, ExecutionId};
use crate::output::{Content, MimeBundle, Output, StreamName};
use crate::state::{Notebook, append_segment};

impl Notebook {
    pub(super) fn add_output(&mut self, id: &ExecutionId, index: u32, output: &Output, actor: &Actor) -> Folded {
        self.in_turn(id, index, actor)?;
        let mut changes = self.clear_if_pending(id);
        changes.push(self.push_output(id, Arc::new(output.clone())));
        Ok(changes)
    }

    pub(super) fn append_stream(
        &mut self,
        id: &ExecutionId,
        index: u32,
        name: StreamName,
        text: &Content<String>,
        actor: &Actor,
    ) -> Folded {
        self.in_turn(id, index, actor)?;
        let mut changes = self.clear_if_pending(id);
        let last = self.executions.get(id).and_then(|execution| {
            let position = execution.outputs.len().checked_sub(1)?;
            matches!(&*execution.outputs[position], Output::Stream { name: of, .. } if *of == name).then_some(position)
        });
        let Some(position) = last else {
            changes.push(self.push_output(id, Arc::new(Output::Stream { name, text: vec![text.clone()] })));
            return Ok(changes);
        };
        let next_index = index.saturating_add(1);
        self.with_execution(id, |execution| {
            if let Output::Stream { text: segments, .. } = Arc::make_mut(&mut execution.outputs[position]) {
                append_segment(segments, text);
            }
            execution.next_index = next_index;
        });
        let position = u32::try_from(position).unwrap_or(u32::MAX);
        changes.push(Change::StreamAppended { execution: id.clone(), position, name, text: text.clone(), next_index });
        Ok(changes)
    }

    pub(super) fn clear_outputs(&mut self, id: &ExecutionId, index: u32, wait: bool, actor: &Actor) -> Folded {
        self.in_turn(id, index, actor)?;
        self.with_execution(id, |execution| {
            execution.next_index = index.saturating_add(1);
            execution.clear_pending = wait;
            if !wait {
                execution.outputs.clear();
            }
        });
        let mut changes = self.row(id);
        if !wait {
            changes.push(Change::OutputsCleared { execution: id.clone() });
        }
        Ok(changes)
    }

    pub(super) fn update_displays(
        &mut self,
        display_id: &DisplayId,
        data: &MimeBundle,
        metadata: &Json,
        actor: &Actor,
    ) -> Folded {
        let session = kernel(actor)?;
        if display_id.0.len() > MAX_DISPLAY_ID_LEN {
            return Err(IgnoreReason::NoSuchDisplay);
        }
        let mut changes = Vec::new();
        for execution in self.executions.values_mut().filter(|execution| execution.session.as_ref() == Some(session)) {
            for position in 0..execution.outputs.len() {
                let Some(updated) = execution.outputs[position].updated(display_id, data, metadata) else {
                    continue;
                };
                let updated = Arc::new(updated);
                let execution = Arc::make_mut(execution);
                execution.outputs[position] = Arc::clone(&updated);
                changes.push(Change::Output {
                    execution: execution.id.clone(),
                    position: u32::try_from(position).unwrap_or(u32::MAX),
                    output: updated,
                    next_index: execution.next_index,
                });
            }
        }
        if changes.is_empty() { Err(IgnoreReason::NoSuchDisplay) } else { Ok(changes) }
    }

    pub(super) fn clear_cell(&mut self, cell: &CellId) -> Folded {
        self.cells.get(cell).ok_or(IgnoreReason::NoSuchCell)?;
        let Some(shown) = self.shown_execution(cell).map(|execution| execution.id.clone()) else {
            return Ok(Vec::new());
        };
        self.with_execution(&shown, |execution| {
            execution.outputs.clear();
            // A run that goes on will show what it still prints.
            execution.shown = !execution.is_completed();
        });
        let mut changes = self.row(&shown);
        changes.push(Change::OutputsCleared { execution: shown });
        Ok(changes)
    }

    fn in_turn(&self, id: &ExecutionId, index: u32, actor: &Actor) -> Result<(), IgnoreReason> {
        let execution = self.executing(id, actor)?;
        if execution.next_index == index { Ok(()) } else { Err(IgnoreReason::OutOfTurn) }
    }

    fn clear_if_pending(&mut self, id: &ExecutionId) -> Vec<Change> {
        if !self.executions.get(id).is_some_and(|execution| execution.clear_pending) {
            return Vec::new();
        }
        self.with_execution(id, |execution| {
            execution.clear_pending = false;
            execution.outputs.clear();
        });
        let mut changes = self.row(id);
        changes.push(Change::OutputsCleared { execution: id.clone() });
        changes
    }

    fn push_output(&mut self, id: &ExecutionId, output: Arc<Output>) -> Change {
        let (mut position, mut next_index) = (0, 0);
        self.with_execution(id, |execution| {
            position = u32::try_from(execution.outputs.len()).unwrap_or(u32::MAX);
            execution.next_index = execution.next_index.saturating_add(1);
            next_index = execution.next_index;
            execution.outputs.push(Arc::clone(&output));
        });
        Change::Output { execution: id.clone(), position, output, next_index }
    }
}

impl Output {
    /// Returns what it becomes when this display id is updated, if it is shown under it.
    fn updated(&self, id: &DisplayId, data: &MimeBundle, metadata: &Json) -> Option<Self> {
        match self {
            Self::DisplayData { display_id: Some(shown), .. } if shown == id => {
                Some(Self::DisplayData { data: data.clone(), metadata: metadata.clone(), display_id: Some(id.clone()) })
            }
            Self::ExecuteResult { display_id: Some(shown), .. } if shown == id => Some(Self::ExecuteResult {
                data: data.clone(),
                metadata: metadata.clone(),
                display_id: Some(id.clone()),
            }),
            Self::Stream { .. } | Self::DisplayData { .. } | Self::ExecuteResult { .. } | Self::Error { .. } => None,
        }
    }
}
