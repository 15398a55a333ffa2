//! What a kernel may say. Its Python runs anybody's code, so its messages are checked, one by one.

use notebook::{Event, ExecutionId, SessionId};

/// The largest message taken from a kernel, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 64 << 20;

/// Why an event of a kernel was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Kernels do not cause this kind of event.
    Kind,
    /// It speaks for another session.
    Session,
    /// It speaks of an execution that this session was not given, or that is over.
    Execution,
}

/// Checks one event of `session`, which was given `execution` to run.
pub fn check(event: &Event, session: &SessionId, execution: Option<&ExecutionId>) -> Result<(), Refusal> {
    let about = match event {
        Event::ExecutionAssigned { session: named, .. } if named != session => return Err(Refusal::Session),
        Event::ExecutionAssigned { execution, .. }
        | Event::ExecutionStarted { execution }
        | Event::StreamAppended { execution, .. }
        | Event::OutputAdded { execution, .. }
        | Event::OutputsCleared { execution, .. }
        | Event::ExecutionCompleted { execution, .. } => execution,
        // It names a display, which any cell of the notebook may show.
        Event::DisplayUpdated { .. } => return Ok(()),
        _ => return Err(Refusal::Kind),
    };
    if execution == Some(about) { Ok(()) } else { Err(Refusal::Execution) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notebook::{CellId, Outcome};

    #[test]
    fn a_kernel_speaks_only_of_its_own_work() {
        let (mine, other) = (SessionId::from_entropy([1; 16]), SessionId::from_entropy([2; 16]));
        let (given, foreign) = (ExecutionId::from_entropy([3; 16]), ExecutionId::from_entropy([4; 16]));
        let judge = |event: Event| check(&event, &mine, Some(&given));
        assert_eq!(judge(Event::ExecutionAssigned { execution: given.clone(), session: mine.clone() }), Ok(()));
        assert_eq!(judge(Event::ExecutionAssigned { execution: given.clone(), session: other }), Err(Refusal::Session));
        assert_eq!(judge(Event::ExecutionStarted { execution: foreign }), Err(Refusal::Execution));
        assert_eq!(judge(Event::CellDeleted { cell: CellId::from_entropy([5; 16]) }), Err(Refusal::Kind));
        assert_eq!(judge(Event::KernelSessionStarted { session: mine.clone() }), Err(Refusal::Kind));
        let late = Event::ExecutionCompleted { execution: given.clone(), outcome: Outcome::Ok };
        assert_eq!(check(&late, &mine, None), Err(Refusal::Execution), "nothing is in flight any more");
    }
}
