//! The rows say what the log says.

use notebook::{Actor, Envelope, Event, EventId, ReplicaId};
use proptest::prelude::*;
use store::{Store, StoreError, connect, connect_in_memory};

use crate::disk;
use crate::workload::{Random, event, insert, log, own, person, replay, reshape, state};

/// What happens between two events.
#[derive(Debug, Clone, Copy)]
enum Pause {
    None,
    Commit,
    Checkpoint,
    Reopen,
}

fn pauses() -> impl Strategy<Value = Pause> {
    prop_oneof![
        6 => Just(Pause::None),
        4 => Just(Pause::Commit),
        1 => Just(Pause::Checkpoint),
        1 => Just(Pause::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_read_back_are_the_log_replayed(steps in prop::collection::vec((any::<u64>(), pauses()), 1..250)) {
        disk::load(disk::Files::new());
        let mut replica = 1;
        let mut store = Store::open(connect("n.db", Some(disk::NAME)).unwrap(), ReplicaId(replica)).unwrap();
        for (choice, pause) in steps {
            let reshaped = if choice % 8 == 0 { reshape(choice, store.notebook()) } else { None };
            let (actor, event) = reshaped.unwrap_or_else(|| event(choice, store.notebook()));
            own(&mut store, actor, event);
            match pause {
                Pause::None => {}
                Pause::Commit => drop(store.commit().unwrap()),
                Pause::Checkpoint => store.checkpoint().unwrap(),
                Pause::Reopen => {
                    store.commit().unwrap();
                    let visible = state(store.notebook());
                    drop(store);
                    replica += 1;
                    store = Store::open(connect("n.db", Some(disk::NAME)).unwrap(), ReplicaId(replica)).unwrap();
                    prop_assert_eq!(state(store.notebook()), visible);
                }
            }
        }
        let visible = state(store.notebook());
        let marks: Vec<u64> = (1..=replica).map(|replica| store.mark(ReplicaId(replica))).collect();
        store.close().unwrap();
        let store = Store::open(connect("n.db", Some(disk::NAME)).unwrap(), ReplicaId(99)).unwrap();
        let log = log(&store);
        let replayed = replay(&log);
        prop_assert_eq!(state(store.notebook()), state(&replayed));
        prop_assert_eq!(state(store.notebook()), visible);
        for (replica, mark) in (1..).zip(marks) {
            prop_assert_eq!(store.mark(ReplicaId(replica)), mark);
            prop_assert_eq!(replayed.mark(ReplicaId(replica)), mark);
        }
    }
}

fn title(replica: u64, counter: u64) -> Envelope {
    let id = EventId { replica: ReplicaId(replica), counter };
    Envelope { id, actor: person(), at: 5, event: Event::NotebookTitled { title: format!("{replica}/{counter}") } }
}

#[test]
fn a_duplicate_is_not_logged_again_even_after_reopening() -> Result<(), StoreError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n.db");
    let mut store = Store::open(connect(path.to_str().unwrap(), None)?, ReplicaId(1))?;
    for counter in 1..=2500 {
        store.apply(title(8, counter), None);
        if counter % 100 == 0 {
            store.commit()?;
        }
    }
    drop(store);
    let mut store = Store::open(connect(path.to_str().unwrap(), None)?, ReplicaId(1))?;
    assert_eq!(store.mark(ReplicaId(8)), 2500);
    store.apply(title(8, 2500), None);
    assert_eq!(store.unsaved(), 0);
    store.apply(title(8, 2501), None);
    assert_eq!((store.unsaved(), store.commit()?.head), (1, 2501));
    Ok(())
}

#[test]
fn a_request_counts_as_seen_when_it_is_committed_and_is_remembered() -> Result<(), StoreError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n.db");
    let open = || Store::open(connect(path.to_str().unwrap(), None)?, ReplicaId(1));
    let mut store = open()?;
    store.apply(title(8, 1), Some(("tab a".into(), 4)));
    assert_eq!(store.seen_request("tab a"), 0);
    store.commit()?;
    assert_eq!(store.seen_request("tab a"), 4);
    for counter in 2..=3000 {
        store.apply(title(8, counter), Some(("tab b".into(), counter)));
    }
    store.commit()?;
    drop(store);
    let store = open()?;
    assert_eq!((store.seen_request("tab a"), store.seen_request("tab b"), store.seen_request("c")), (4, 3000, 0));
    Ok(())
}

#[test]
fn a_page_of_the_log_holds_what_is_unsaved_too() -> Result<(), StoreError> {
    let mut store = Store::open(connect_in_memory()?, ReplicaId(1))?;
    for counter in 1..=7 {
        store.apply(title(8, counter), None);
        if counter == 4 {
            store.commit()?;
        }
    }
    let seqs = |before, limit| -> Result<Vec<u64>, StoreError> {
        Ok(store.log_page(before, limit)?.into_iter().map(|entry| entry.seq).collect())
    };
    assert_eq!(seqs(None, 5)?, [7, 6, 5, 4, 3]);
    assert_eq!(seqs(Some(6), 1)?, [5]);
    assert_eq!(seqs(Some(4), 9)?, [3, 2, 1]);
    assert_eq!(seqs(None, 0)?, [0; 0]);
    assert_eq!(seqs(Some(0), 9)?, [0; 0]);
    Ok(())
}

#[test]
fn blobs_are_found_before_and_after_they_are_saved() -> Result<(), StoreError> {
    let mut store = Store::open(connect_in_memory()?, ReplicaId(1))?;
    store.put_blob("h", vec![3; 200_000]);
    assert_eq!(store.blob("h")?, Some(vec![3; 200_000]));
    assert_eq!(store.commit()?.rows, 1);
    store.put_blob("h", vec![3; 200_000]);
    assert_eq!(store.commit()?.rows, 0);
    assert_eq!(store.blob("h")?, Some(vec![3; 200_000]));
    assert_eq!(store.blob("i")?, None);
    assert_eq!(store.diagnostics()?.blobs, (1, 200_000));
    Ok(())
}

#[test]
fn an_export_is_a_whole_database_and_holds_what_is_unsaved() -> Result<(), StoreError> {
    let folder = tempfile::tempdir().unwrap();
    for (name, path) in [("file", folder.path().join("n.db").to_str().unwrap()), ("memory", ":memory:")] {
        let mut store = Store::open(connect(path, None)?, ReplicaId(1))?;
        let mut random = Random(3);
        for step in 0..40 {
            let event = insert(&mut random, store.notebook(), "a = 1");
            own(&mut store, person(), event);
            if step == 30 {
                store.commit()?;
            }
        }
        let exported = folder.path().join(format!("{name}.db"));
        std::fs::write(&exported, store.export()?).unwrap();
        assert_eq!(store.unsaved(), 9, "exporting saves nothing");
        let copy = Store::open(connect(exported.to_str().unwrap(), None)?, ReplicaId(2))?;
        assert_eq!(state(copy.notebook()), state(store.notebook()));
        assert_eq!(log(&copy), log(&store));
    }
    Ok(())
}

#[test]
fn an_unknown_event_keeps_its_bytes() -> Result<(), StoreError> {
    let mut store = Store::open(connect_in_memory()?, ReplicaId(1))?;
    let bytes = protocol::codec::encode(&serde_json::json!({ "CellPainted": { "colour": "red" } }));
    let event = Event::Unknown { kind: "CellPainted".into(), bytes };
    own(&mut store, Actor::Person(notebook::PersonId::from_entropy([1; 16])), event.clone());
    store.commit()?;
    let entry = store.log_page(None, 1)?.remove(0);
    assert_eq!((entry.envelope.event, entry.ignored.as_deref()), (event, Some("unknown kind")));
    assert_eq!(store.diagnostics()?.ignored, 1);
    Ok(())
}
