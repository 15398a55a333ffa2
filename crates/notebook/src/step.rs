//! What a kernel session does next.

use std::sync::Arc;

use crate::execution::Execution;
use crate::id::{ExecutionId, PersonId, SessionId};
use crate::replica::Replica;
use crate::state::Notebook;

/// The next thing for a kernel session to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KernelStep {
    /// Claim this execution and run it.
    Claim {
        /// The execution.
        execution: ExecutionId,
        /// What to run.
        source: Arc<str>,
        /// The number that the run will have.
        count: u32,
    },
}

/// Whether others can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Nobody else has the notebook: whatever waits in it runs here, whoever asked for it.
    Unshared,
    /// The order is settled by somebody who can be reached: only the active session claims.
    Together,
    /// Nobody can be reached: a person's own requests run here, beside what others may be running.
    Alone,
}

/// Says whether requests wait that are this person's to run and there is no session that would run them, so
/// that a kernel should be started where that person is.
pub fn wants_kernel(replica: &Replica, person: &PersonId, mine: Option<&SessionId>, reach: Reach) -> bool {
    let notebook = replica.visible();
    let served = match reach {
        Reach::Together => notebook.active_session().is_some(),
        Reach::Unshared | Reach::Alone => mine.is_some_and(|mine| notebook.is_live(mine)),
    };
    !served && notebook.pending().iter().any(|execution| reach == Reach::Unshared || is_of(execution, person))
}

/// Says whether somebody waits for what this session, the active one, does.
pub fn has_work(notebook: &Notebook, session: &SessionId) -> bool {
    notebook.claimed_by(session).is_some() || !notebook.pending().is_empty()
}

/// Returns the session's next step; `None` when it is not its turn, it is at work, or nothing waits.
pub fn next_step(replica: &Replica, me: &SessionId, person: &PersonId, reach: Reach) -> Option<KernelStep> {
    let notebook = replica.visible();
    if !notebook.is_live(me) || notebook.claimed_by(me).is_some() {
        return None;
    }
    // Two browsers may each have started a session; which one is active is known once that is ordered.
    let takes_all = match reach {
        Reach::Unshared => true,
        Reach::Together => replica.confirmed().active_session() == Some(me),
        Reach::Alone => notebook.active_session() == Some(me),
    };
    let pending = notebook.pending();
    let next = match reach {
        _ if takes_all => pending.first(),
        Reach::Unshared | Reach::Together => None,
        Reach::Alone => pending.iter().find(|execution| is_of(execution, person)),
    }?;
    Some(KernelStep::Claim {
        execution: next.id.clone(),
        source: Arc::clone(&next.source),
        count: notebook.next_count(me),
    })
}

fn is_of(execution: &Execution, person: &PersonId) -> bool {
    execution.by.as_ref().is_none_or(|by| by == person)
}
