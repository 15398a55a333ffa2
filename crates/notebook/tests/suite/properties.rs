//! What holds for every sequence of events whatever.

use notebook::replica::Replica;
use notebook::{Applied, Envelope, ExecutionStatus, Notebook, Outcome, PersonId, Reach, ReplicaId, next_step};
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

/// Returns what a copy that is kept in step must show: all but the order of the sessions, which changes do not carry.
fn shown(notebook: &Notebook) -> Notebook {
    let mut changes = notebook.to_changes();
    changes.sort_by_key(|change| match change {
        notebook::Change::Session(session) => Some(session.id.clone()),
        _ => None,
    });
    from_changes(&changes)
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
    fn confirmed_and_pending_end_up_as_the_servers_order(log in envelopes(), mine in 0_u64..2, early in prop::collection::vec(any::<bool>(), 60), held in prop::collection::vec(any::<bool>(), 60), rebased in 0_usize..90) {
        let mut replica = Replica::new(Notebook::new());
        let mut copy = Notebook::new();
        let show = |copy: &mut Notebook, changes: &[notebook::Change]| for change in changes { copy.patch(change); };
        let mut own = log.iter().filter(|envelope| envelope.id.replica == ReplicaId(mine));
        let mut appended = 0;
        // What the order holds already and this replica was not told yet: it hears of several at once.
        let mut unheard = Vec::new();
        for (at, ((envelope, early), held)) in log.iter().zip(early).zip(held).enumerate() {
            if early && let Some(next) = own.next() {
                if let Applied::Changed(changes) = replica.append(next.clone()) { show(&mut copy, &changes); }
                appended += 1;
            }
            // An own event reaches the order only after it was appended here.
            if envelope.id.replica == ReplicaId(mine) {
                while appended < envelope.id.counter {
                    if let Applied::Changed(changes) = replica.append(own.next().unwrap().clone()) { show(&mut copy, &changes); }
                    appended += 1;
                }
            }
            unheard.push(envelope.clone());
            if at == rebased {
                let confirmed = replay(&log[..=at]);
                let pending = replica.pending().filter(|own| !confirmed.holds(own.id)).cloned().collect();
                show(&mut copy, &replica.adopt(confirmed, pending));
                unheard.clear();
            } else if !held || at + 1 == log.len() {
                for confirmed in replica.confirm_all(&std::mem::take(&mut unheard)) {
                    show(&mut copy, &confirmed.into_shown());
                }
            }
            let mut expected = replica.confirmed().clone();
            for pending in replica.pending() {
                expected.apply(pending);
            }
            prop_assert!(replica.pending().all(|own| !replica.confirmed().holds(own.id)));
            prop_assert_eq!(replica.visible(), &expected);
            prop_assert_eq!(shown(&copy), shown(&expected));
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
            let somebody = PersonId::parse("ada").unwrap();
            let replica = Replica::new(notebook.clone());
            let step = next_step(&replica, active, &somebody, Reach::Together);
            prop_assert_eq!(step.is_some(), idle && !notebook.pending().is_empty());
        }
    }
}
