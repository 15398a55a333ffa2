//! How executions and kernel sessions go through their states.

use std::sync::Arc;

use super::{IgnoreReason, Outcome as Folded, kernel};
use crate::change::Change;
use crate::event::Actor;
use crate::execution::{Execution, ExecutionStatus, Outcome};
use crate::id::{BatchId, CellId, ExecutionId, PersonId, SessionId};
use crate::output::Output;
use crate::session::{EndReason, Session};
use crate::state::Notebook;

/// A cell with this tag may raise without stopping its batch, as in nbclient.
const RAISES: &str = "raises-exception";

impl Execution {
    /// Says whether it waits for a session.
    pub fn is_pending(&self) -> bool {
        self.status == ExecutionStatus::Pending
    }
}

impl Notebook {
    pub(super) fn request(
        &mut self,
        id: &ExecutionId,
        cell: &CellId,
        source: &Arc<str>,
        batch: Option<&BatchId>,
        by: Option<&PersonId>,
        at: i64,
    ) -> Folded {
        if self.executions.contains_key(id) {
            return Err(IgnoreReason::AlreadyThere);
        }
        self.live_cell(cell).ok_or(IgnoreReason::NoSuchCell)?;
        let mut changes = self.forget_others(cell, id, |other| !other.began());
        let queue = self.executions.values().map(|execution| execution.queue).max().unwrap_or(0).saturating_add(1);
        let execution = Execution {
            id: id.clone(),
            cell: cell.clone(),
            batch: batch.cloned(),
            by: by.cloned(),
            source: Arc::clone(source),
            status: ExecutionStatus::Pending,
            session: None,
            count: None,
            queue,
            requested_at: at,
            started_at: None,
            completed_at: None,
            outputs: Vec::new(),
            next_index: 0,
            clear_pending: false,
            shown: true,
        };
        changes.push(Change::Execution(execution.row()));
        self.put_execution(execution);
        Ok(changes)
    }

    pub(super) fn import(
        &mut self,
        id: &ExecutionId,
        cell: &CellId,
        count: Option<u32>,
        outputs: &[Output],
        at: i64,
    ) -> Folded {
        let mut changes = self.request(id, cell, &"".into(), None, None, at)?;
        let failed = outputs.iter().any(|output| matches!(output, Output::Error { .. }));
        self.with_execution(id, |execution| {
            execution.status = ExecutionStatus::Completed(if failed { Outcome::Error } else { Outcome::Ok });
            execution.count = count;
            execution.outputs = outputs.iter().cloned().map(Arc::new).collect();
        });
        changes.extend(self.row(id));
        changes.extend(outputs.iter().cloned().zip(0..).map(|(output, position)| Change::Output {
            execution: id.clone(),
            position,
            output: Arc::new(output),
            next_index: 0,
        }));
        Ok(changes)
    }

    pub(super) fn assign(&mut self, id: &ExecutionId, session: &SessionId, actor: &Actor) -> Folded {
        if kernel(actor)? != session {
            return Err(IgnoreReason::NotItsKernel);
        }
        let execution = self.executions.get(id).ok_or(IgnoreReason::NoSuchExecution)?;
        if !execution.is_pending() {
            return Err(IgnoreReason::WrongStatus);
        }
        // Which session should claim is the sessions' own affair; of two claims the first one counts.
        if !self.is_live(session) {
            return Err(IgnoreReason::NoSuchSession);
        }
        self.with_execution(id, |execution| {
            execution.status = ExecutionStatus::Assigned(session.clone());
        });
        Ok(self.row(id))
    }

    pub(super) fn start(&mut self, id: &ExecutionId, actor: &Actor, at: i64) -> Folded {
        let session = kernel(actor)?;
        let execution = self.executions.get(id).ok_or(IgnoreReason::NoSuchExecution)?;
        match &execution.status {
            ExecutionStatus::Assigned(by) if by == session => {}
            ExecutionStatus::Assigned(_) => return Err(IgnoreReason::NotItsKernel),
            ExecutionStatus::Pending | ExecutionStatus::Executing(_) | ExecutionStatus::Completed(_) => {
                return Err(IgnoreReason::WrongStatus);
            }
        }
        let cell = execution.cell.clone();
        let count = self.next_count(session);
        self.with_execution(id, |execution| {
            execution.status = ExecutionStatus::Executing(session.clone());
            execution.session = Some(session.clone());
            execution.count = Some(count);
            execution.started_at = Some(at);
        });
        let mut changes = self.forget_others(&cell, id, Execution::is_completed);
        changes.extend(self.row(id));
        Ok(changes)
    }

    pub(super) fn complete(&mut self, id: &ExecutionId, outcome: Outcome, actor: &Actor, at: i64) -> Folded {
        self.executing(id, actor)?;
        Ok(self.end(id, outcome, at))
    }

    pub(super) fn cancel(&mut self, id: &ExecutionId, at: i64) -> Folded {
        let execution = self.executions.get(id).ok_or(IgnoreReason::NoSuchExecution)?;
        if !execution.is_pending() {
            return Err(IgnoreReason::WrongStatus);
        }
        Ok(self.end(id, Outcome::Cancelled, at))
    }

    pub(super) fn begin_session(&mut self, id: &SessionId, by: Option<&PersonId>) -> Folded {
        if self.sessions.iter().any(|session| session.id == *id) {
            return Err(IgnoreReason::AlreadyThere);
        }
        let session = Session { id: id.clone(), by: by.cloned(), ended: None };
        self.sessions.push(session.clone());
        Ok(vec![Change::Session(session)])
    }

    pub(super) fn end_session(&mut self, id: &SessionId, reason: EndReason, at: i64) -> Folded {
        let session = self.sessions.iter_mut().find(|session| session.id == *id && session.ended.is_none());
        let session = session.ok_or(IgnoreReason::NoSuchSession)?;
        session.ended = Some(reason);
        let mut changes = vec![Change::Session(session.clone())];
        let held = self.executions.values().filter_map(|execution| match &execution.status {
            ExecutionStatus::Assigned(by) if by == id => Some((execution.id.clone(), false)),
            ExecutionStatus::Executing(by) if by == id => Some((execution.id.clone(), true)),
            ExecutionStatus::Pending
            | ExecutionStatus::Assigned(_)
            | ExecutionStatus::Executing(_)
            | ExecutionStatus::Completed(_) => None,
        });
        let held: Vec<_> = held.collect();
        for (execution, began) in held {
            if began {
                changes.extend(self.end(&execution, Outcome::Lost, at));
            } else {
                self.with_execution(&execution, |execution| {
                    execution.status = ExecutionStatus::Pending;
                });
                changes.extend(self.row(&execution));
            }
        }
        Ok(changes)
    }

    /// Checks that the author is the session in which the execution runs.
    pub(super) fn executing(&self, id: &ExecutionId, actor: &Actor) -> Result<&Arc<Execution>, IgnoreReason> {
        let session = kernel(actor)?;
        let execution = self.executions.get(id).ok_or(IgnoreReason::NoSuchExecution)?;
        match &execution.status {
            ExecutionStatus::Executing(by) if by == session => Ok(execution),
            ExecutionStatus::Executing(_) => Err(IgnoreReason::NotItsKernel),
            ExecutionStatus::Pending | ExecutionStatus::Assigned(_) | ExecutionStatus::Completed(_) => {
                Err(IgnoreReason::WrongStatus)
            }
        }
    }

    pub(super) fn row(&self, id: &ExecutionId) -> Vec<Change> {
        self.executions.get(id).map(|execution| Change::Execution(execution.row())).into_iter().collect()
    }

    /// Completes an execution; what was asked for together with it does not run after a failure.
    fn end(&mut self, id: &ExecutionId, outcome: Outcome, at: i64) -> Vec<Change> {
        self.with_execution(id, |execution| {
            execution.status = ExecutionStatus::Completed(outcome);
            execution.completed_at = Some(at);
            execution.clear_pending = false;
        });
        let mut changes = self.row(id);
        let stops = match outcome {
            Outcome::Error => !self.may_raise(id),
            Outcome::Interrupted | Outcome::Lost => true,
            Outcome::Ok | Outcome::Cancelled => false,
        };
        let batch = self.executions.get(id).and_then(|execution| execution.batch.clone()).filter(|_| stops);
        if let Some(batch) = batch {
            let rest = self.pending().into_iter().filter(|execution| execution.batch.as_ref() == Some(&batch));
            for execution in rest.map(|execution| execution.id.clone()).collect::<Vec<_>>() {
                changes.extend(self.end(&execution, Outcome::Cancelled, at));
            }
        }
        changes
    }

    fn may_raise(&self, id: &ExecutionId) -> bool {
        let cell = self.executions.get(id).and_then(|execution| self.cells.get(&execution.cell));
        cell.is_some_and(|cell| cell.has_tag(RAISES))
    }

    fn forget_others(&mut self, cell: &CellId, but: &ExecutionId, which: impl Fn(&Execution) -> bool) -> Vec<Change> {
        let others = self.executions_of(cell).filter(|other| other.id != *but && other.is_completed() && which(other));
        let others: Vec<_> = others.map(|other| other.id.clone()).collect();
        others
            .into_iter()
            .map(|execution| {
                self.forget(&execution);
                Change::ExecutionForgotten { execution }
            })
            .collect()
    }
}

impl crate::Cell {
    /// Says whether the cell's metadata carries a tag.
    pub fn has_tag(&self, tag: &str) -> bool {
        let tags = self.metadata.get("tags").and_then(serde_json::Value::as_array);
        tags.is_some_and(|tags| tags.iter().any(|known| known.as_str() == Some(tag)))
    }
}
