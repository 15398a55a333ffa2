//! How much is written.

use notebook::{Actor, Content, Event, ReplicaId, SessionId, StreamName};
use store::{Store, StoreError, connect_in_memory};

use crate::workload::{Random, insert, own, person, run};

/// Makes a notebook of ten cells with a live kernel.
fn notebook(random: &mut Random) -> Result<(Store, SessionId), StoreError> {
    let mut store = Store::open(connect_in_memory()?, ReplicaId(1))?;
    for _ in 0..10 {
        let event = insert(random, store.notebook(), "print(42)");
        own(&mut store, person(), event);
    }
    let session = SessionId::from_entropy([5; 16]);
    own(&mut store, person(), Event::KernelSessionStarted { session: session.clone() });
    store.commit()?;
    Ok((store, session))
}

#[test]
fn a_run_writes_at_most_two_rows_per_event_even_if_each_is_committed_alone() -> Result<(), StoreError> {
    let mut random = Random(1);
    let (mut store, session) = notebook(&mut random)?;
    let cells: Vec<_> = store.notebook().cells().map(|cell| cell.id.clone()).collect();
    let before = store.diagnostics()?.rows_written;
    let mut rows = 0;
    for round in 0..200 {
        for (actor, event) in run(&mut random, &cells[round % 10], &session) {
            own(&mut store, actor, event);
            rows += store.commit()?.rows;
        }
    }
    let written = store.diagnostics()?.rows_written - before;
    assert_eq!(written, rows);
    // One more for the marks, which are written once in a thousand events.
    assert!(rows <= 200 * 5 * 2 + 2, "{rows} rows for 1000 events");
    assert!(rows >= 200 * 5 * 2 - 2, "{rows} rows: fewer would mean that state is not written");
    store.checkpoint()?;
    let figures = store.diagnostics()?;
    assert_eq!((figures.executions, figures.events), (10, 1011));
    assert!(figures.rows_written - written - before <= 2 * 190 + 2, "the rest deletes what was forgotten");
    Ok(())
}

#[test]
fn in_groups_a_run_writes_less() -> Result<(), StoreError> {
    let mut random = Random(1);
    let (mut store, session) = notebook(&mut random)?;
    let cells: Vec<_> = store.notebook().cells().map(|cell| cell.id.clone()).collect();
    let mut rows = 0;
    for round in 0..200 {
        let [requested, kernel @ ..] = run(&mut random, &cells[round % 10], &session);
        own(&mut store, requested.0, requested.1);
        rows += store.commit()?.rows;
        for (actor, event) in kernel {
            own(&mut store, actor, event);
        }
        rows += store.commit()?.rows;
    }
    assert!(rows <= 200 * 8 + 2, "{rows} rows for 1000 events");
    Ok(())
}

#[test]
fn a_long_stream_is_not_written_again_and_again() -> Result<(), StoreError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n.db");
    let mut store = Store::open(store::connect(path.to_str().unwrap(), None)?, ReplicaId(1))?;
    let mut random = Random(1);
    let event = insert(&mut random, store.notebook(), "print(42)");
    own(&mut store, person(), event);
    let session = SessionId::from_entropy([5; 16]);
    own(&mut store, person(), Event::KernelSessionStarted { session: session.clone() });
    let cell = store.notebook().cells().next().unwrap().id.clone();
    let [requested, assigned, started, printed, _completed] = run(&mut random, &cell, &session);
    let Event::StreamAppended { execution, .. } = printed.1 else { unreachable!("the fourth event prints") };
    for (actor, event) in [requested, assigned, started] {
        own(&mut store, actor, event);
    }
    store.commit()?;
    // 200 pieces of 32 KiB: 6.4 MB in 100 segments.
    for index in 0..200 {
        let text = Content::Inline("x".repeat(32 << 10));
        let printed = Event::StreamAppended { execution: execution.clone(), index, name: StreamName::Stdout, text };
        own(&mut store, Actor::Kernel(session.clone()), printed);
        let commit = store.commit()?;
        assert!(commit.rows <= 3, "{} rows", commit.rows);
    }
    store.checkpoint()?;
    drop(store);
    let size = std::fs::metadata(&path).unwrap().len();
    // Once in the log and once in the state; a segment is written again while it fills up.
    assert!(size < 4 * 200 * (32 << 10), "{size} bytes");
    Ok(())
}
