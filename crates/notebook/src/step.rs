//! What a kernel session does next.

use std::sync::Arc;

use crate::id::{ExecutionId, SessionId};
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

/// Returns the session's next step; `None` when it is not the active one, is at work, or nothing waits.
pub fn next_step(notebook: &Notebook, me: &SessionId) -> Option<KernelStep> {
    if notebook.active_session() != Some(me) || notebook.claimed_by(me).is_some() {
        return None;
    }
    let next = *notebook.pending().first()?;
    Some(KernelStep::Claim {
        execution: next.id.clone(),
        source: Arc::clone(&next.source),
        count: notebook.next_count(me),
    })
}
