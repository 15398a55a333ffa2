//! Databases that released versions wrote open for ever.
//!
//! `tests/fixtures/vN.db` was written by the version whose schema was N. It is never edited; a new
//! schema adds its own, which the test below writes when it is missing.

use std::path::PathBuf;

use notebook::{Event, ReplicaId, SessionId};
use store::{Connection, ReadOnly, SCHEMA, Store, connect};

use crate::workload::{Random, event, insert, log, own, person, replay, run, state};

fn fixture(version: u32) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/v{version}.db"))
}

/// Writes a fixture: some of everything, and something at the end that is easy to recognise.
fn write(path: &str) {
    let mut store = Store::open(connect(path, None).unwrap(), ReplicaId(1)).unwrap();
    let mut random = Random(36);
    for _ in 0..120 {
        let (actor, event) = event(random.next(), store.notebook());
        // Its texts are long, and the fixture is small.
        if !matches!(event, Event::StreamAppended { .. }) {
            own(&mut store, actor, event);
        }
        store.commit().unwrap();
    }
    while let Some(session) = store.notebook().active_session().cloned() {
        let reason = notebook::EndReason::Restarted;
        own(&mut store, person(), Event::KernelSessionEnded { session, reason });
    }
    while let Some(pending) = store.notebook().pending().first().map(|pending| pending.id.clone()) {
        own(&mut store, person(), Event::ExecutionCancelled { execution: pending });
    }
    let session = SessionId::parse("kept").unwrap();
    own(&mut store, person(), Event::KernelSessionStarted { session: session.clone() });
    let kept = insert(&mut random, store.notebook(), "print('kept ✓')");
    own(&mut store, person(), kept);
    let cell = store.notebook().cells().next_back().unwrap().id.clone();
    for (actor, event) in run(&mut random, &cell, &session) {
        own(&mut store, actor, event);
    }
    own(&mut store, person(), Event::NotebookTitled { title: "Fixture".into() });
    store.put_blob(&"0f".repeat(32), b"kept".to_vec());
    store.close().unwrap();
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("pragma journal_mode = delete; pragma page_size = 1024; vacuum").unwrap();
}

#[test]
fn this_version_has_a_fixture() {
    let path = fixture(SCHEMA);
    if !path.exists() {
        write(path.to_str().unwrap());
        panic!("{} was missing and has been written: keep it with the sources", path.display());
    }
}

/// Returns a state as a version's rows hold it: those of version 1 do not say who asked for a run.
fn state_of(version: u32, notebook: &notebook::Notebook) -> Vec<String> {
    let unknown = |line: String| match line.split_once("by: Some(") {
        Some((before, after)) if version == 1 => {
            let (_, after) = after.split_once(')').unwrap();
            format!("{before}by: None{after}")
        }
        _ => line,
    };
    state(notebook).into_iter().map(unknown).collect()
}

#[test]
fn case_36_every_released_database_opens_with_what_it_held() {
    for version in 1..=SCHEMA {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("n.db");
        std::fs::copy(fixture(version), &path).unwrap();
        let path = path.to_str().unwrap();

        let viewed = ReadOnly::open(connect(path, None).unwrap()).unwrap();
        let visible = state_of(version, viewed.notebook());
        assert_eq!(viewed.version(), version);
        drop(viewed);

        let mut store = Store::open(connect(path, None).unwrap(), ReplicaId(2)).unwrap();
        assert_eq!((store.title(), store.diagnostics().unwrap().schema), ("Fixture", SCHEMA));
        assert_eq!(state_of(version, store.notebook()), visible, "rows and log of version {version} agree");
        assert_eq!(state_of(version, &replay(&log(&store))), visible);
        assert_eq!(store.blob(&"0f".repeat(32)).unwrap().as_deref(), Some(b"kept".as_slice()));
        let cell = store.notebook().cells().next_back().unwrap();
        assert_eq!(cell.source.text(), "print('kept ✓')");
        let shown = store.notebook().shown_execution(&cell.id).unwrap();
        assert_eq!((shown.count, shown.outputs.len()), (Some(1), 1));

        own(&mut store, person(), Event::NotebookTitled { title: "Edited".into() });
        store.close().unwrap();
        let store = Store::open(connect(path, None).unwrap(), ReplicaId(3)).unwrap();
        assert_eq!(store.title(), "Edited");
    }
}
