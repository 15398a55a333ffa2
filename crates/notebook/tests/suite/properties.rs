//! What holds for every sequence of events whatever.

use notebook::replica::Replica;
use notebook::{Applied, Envelope, ExecutionStatus, Notebook, Outcome, ReplicaId, next_step};
use proptest::prelude::*;

use crate::arbitrary::envelopes;

fn replay(log: &[Envelope]) -> Notebook {
    let mut notebook = Notebook::new();
    for envelope in log {
        notebook.apply(envelope);
    }
    notebook
}

fn from_changes(changes: &[notebook::Change]) -> Notebook {
    let mut notebook = Notebook::new();
    for change in changes {
        notebook.patch(change);
    }
    notebook
}

/// Marks are no part of what changes carry.
fn with_marks_of(mut notebook: Notebook, other: &Notebook) -> Notebook {
    for replica in [ReplicaId(0), ReplicaId(1)] {
        if other.mark(replica) > 0 {
            notebook.set_mark(replica, other.mark(replica));
        }
    }
    notebook
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changes_keep_a_copy_in_step_and_carry_the_whole_state(log in envelopes()) {
        let (mut notebook, mut copy) = (Notebook::new(), Notebook::new());
        for envelope in &log {
            let before = notebook.clone();
            match notebook.apply(envelope) {
                Applied::Changed(changes) => for change in &changes { copy.patch(change); },
                Applied::Ignored(_) => prop_assert_eq!(&with_marks_of(before, &notebook), &notebook),
            }
            copy = with_marks_of(copy, &notebook);
            prop_assert_eq!(&copy, &notebook);
        }
        prop_assert_eq!(with_marks_of(from_changes(&notebook.to_changes()), &notebook), notebook);
    }

    #[test]
    fn a_retry_does_nothing(log in envelopes()) {
        let mut notebook = replay(&log);
        let before = notebook.clone();
        for envelope in &log {
            notebook.apply(envelope);
        }
        prop_assert_eq!(notebook, before);
    }

    #[test]
    fn confirmed_and_pending_end_up_as_the_servers_order(log in envelopes(), mine in 0_u64..2, early in prop::collection::vec(any::<bool>(), 60)) {
        let mut replica = Replica::new(Notebook::new());
        let mut own = log.iter().filter(|envelope| envelope.id.replica == ReplicaId(mine));
        let mut appended = 0;
        for (envelope, early) in log.iter().zip(early) {
            if early && let Some(next) = own.next() {
                replica.append(next.clone());
                appended += 1;
            }
            // An own event reaches the order only after it was appended here.
            if envelope.id.replica == ReplicaId(mine) {
                while appended < envelope.id.counter {
                    replica.append(own.next().unwrap().clone());
                    appended += 1;
                }
            }
            replica.confirm(envelope);
            let mut expected = replica.confirmed().clone();
            for pending in replica.pending() {
                expected.apply(pending);
            }
            prop_assert_eq!(replica.visible(), &expected);
        }
        prop_assert_eq!(replica.confirmed(), &replay(&log));
    }

    #[test]
    fn each_execution_has_one_winner_counts_are_unique_and_the_queue_never_stalls(log in envelopes()) {
        let notebook = replay(&log);
        let mut counts = std::collections::BTreeSet::new();
        for execution in notebook.executions() {
            if let (Some(session), Some(count)) = (&execution.session, execution.count) {
                prop_assert!(counts.insert((session.clone(), count)), "count {} twice", count);
            }
            if let ExecutionStatus::Assigned(by) | ExecutionStatus::Executing(by) = &execution.status {
                let live = notebook.sessions().iter().any(|session| session.id == *by && session.ended.is_none());
                prop_assert!(live, "held by a session that is over");
            }
            if execution.status == ExecutionStatus::Completed(Outcome::Cancelled) {
                prop_assert!(!execution.began() || execution.session.is_some());
            }
        }
        if let Some(active) = notebook.active_session() {
            let idle = notebook.claimed_by(active).is_none();
            prop_assert_eq!(next_step(&notebook, active).is_some(), idle && !notebook.pending().is_empty());
        }
    }
}
