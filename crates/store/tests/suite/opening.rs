//! Opening reads rows; it never replays the log.

use notebook::{Event, ReplicaId, SessionId};
use store::{Connection, ReadOnly, Store, StoreError, connect, connect_in_memory};

use crate::workload::{Random, insert, log, own, person, run, state};

#[test]
fn a_log_of_100_000_events_is_not_decoded_at_open() -> Result<(), StoreError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n.db");
    let path = path.to_str().unwrap();
    let mut store = Store::open(connect(path, None)?, ReplicaId(1))?;
    let mut random = Random(1);
    for _ in 0..50 {
        let event = insert(&mut random, store.notebook(), "print(42)");
        own(&mut store, person(), event);
    }
    let session = SessionId::from_entropy([5; 16]);
    own(&mut store, person(), Event::KernelSessionStarted { session: session.clone() });
    let cells: Vec<_> = store.notebook().cells().map(|cell| cell.id.clone()).collect();
    for round in 0..20_000 {
        for (actor, event) in run(&mut random, &cells[round % 50], &session) {
            own(&mut store, actor, event);
        }
        if round % 500 == 0 {
            store.commit()?;
        }
    }
    store.commit()?;
    let (visible, next) = (state(store.notebook()), store.next_event_id());
    drop(store);

    // No event of the log can be decoded any more. Opening does not even notice.
    let connection = Connection::open(path).unwrap();
    let spoilt = connection.execute("update log set event = x'c1', actor = x'c1', checksum = 0", []).unwrap();
    assert_eq!(spoilt, 100_051);
    drop(connection);
    let store = Store::open(connect(path, None)?, ReplicaId(1))?;
    assert_eq!(state(store.notebook()), visible);
    assert_eq!((store.diagnostics()?.events, store.next_event_id()), (100_051, next));
    assert!(matches!(store.log_page(None, 1), Err(StoreError::Damaged { .. })));
    Ok(())
}

#[test]
fn a_new_store_is_set_up_as_it_should_be() -> Result<(), StoreError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n.db");
    let open = || Store::open(connect(path.to_str().unwrap(), None)?, ReplicaId(1));
    let mut store = open()?;
    let event = insert(&mut Random(1), store.notebook(), "");
    own(&mut store, person(), event);
    store.commit()?;
    assert!(store.is_new());
    let figures = store.diagnostics()?;
    assert_eq!((figures.journal.as_str(), figures.schema, figures.cells), ("wal", store::SCHEMA, 1));
    let before = std::fs::read(&path).unwrap();
    store.close()?;
    assert_ne!(std::fs::read(&path).unwrap(), before, "rest moves the log into the database");
    assert_eq!(std::fs::metadata(path.with_extension("db-wal")).map_or(0, |file| file.len()), 0);

    let rested = std::fs::read(&path).unwrap();
    let mut store = open()?;
    assert!(!store.is_new());
    store.checkpoint()?;
    store.close()?;
    assert_eq!(std::fs::read(&path).unwrap(), rested, "an idle notebook is not written");
    Ok(())
}

#[test]
fn in_memory_it_works_without_a_file() -> Result<(), StoreError> {
    let mut store = Store::open(connect_in_memory()?, ReplicaId(1))?;
    own(&mut store, person(), Event::NotebookTitled { title: "t".into() });
    assert_eq!(store.commit()?.head, 1);
    store.checkpoint()?;
    assert_eq!(store.diagnostics()?.journal, "memory");
    Ok(())
}

#[test]
fn a_second_opener_is_told_that_the_files_are_in_use() -> Result<(), StoreError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n.db");
    let mut first = Store::open(connect(path.to_str().unwrap(), None)?, ReplicaId(1))?;
    own(&mut first, person(), Event::NotebookTitled { title: "t".into() });
    first.commit()?;
    let second = Store::open(connect(path.to_str().unwrap(), None)?, ReplicaId(2));
    assert!(matches!(second, Err(StoreError::Busy { .. })), "{second:?}");
    Ok(())
}

#[test]
fn case_10_a_newer_database_opens_read_only_and_keeps_its_bytes() -> Result<(), StoreError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n.db");
    let path = path.to_str().unwrap();
    let mut store = Store::open(connect(path, None)?, ReplicaId(1))?;
    for step in 0..20 {
        let event = insert(&mut Random(step), store.notebook(), "a");
        own(&mut store, person(), event);
    }
    let bytes = protocol::codec::encode(&serde_json::json!({ "TableInserted": { "rows": 3 } }));
    own(&mut store, person(), Event::Unknown { kind: "TableInserted".into(), bytes });
    store.put_blob("h", vec![1, 2, 3]);
    store.commit()?;
    let (visible, envelopes) = (state(store.notebook()), log(&store));
    store.close()?;
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "user_version", 999).unwrap();
    connection.execute_batch("create table tables (id integer primary key)").unwrap();
    drop(connection);

    let before = std::fs::read(path).unwrap();
    let refused = Store::open(connect(path, None)?, ReplicaId(2));
    assert!(matches!(refused, Err(StoreError::Newer { version: 999 })), "{refused:?}");
    let mut viewed = ReadOnly::open(connect(path, None)?)?;
    assert_eq!((viewed.version(), state(viewed.notebook())), (999, visible));
    assert_eq!(viewed.blob("h")?, Some(vec![1, 2, 3]));
    let seen: Vec<_> = viewed.log_page(None, 100)?.into_iter().rev().map(|entry| entry.envelope).collect();
    assert_eq!(seen, envelopes);
    assert_eq!((viewed.diagnostics()?.events, viewed.diagnostics()?.ignored), (21, 1));
    assert_eq!(viewed.export()?.len(), before.len());
    drop(viewed);
    assert_eq!(std::fs::read(path).unwrap(), before);

    let connection = Connection::open(path).unwrap();
    connection.execute_batch("alter table log rename to events").unwrap();
    drop(connection);
    let unreadable = ReadOnly::open(connect(path, None)?);
    assert!(matches!(unreadable, Err(StoreError::Newer { version: 999 })), "{unreadable:?}");
    Ok(())
}
