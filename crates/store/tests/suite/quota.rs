//! Reliability case 6: there is no space left.

use notebook::{Event, ReplicaId};
use rusqlite::ffi::{SQLITE_FULL, SQLITE_IOERR_WRITE};
use store::{Store, StoreError, connect};

use crate::disk::{self, Files};
use crate::workload::{Random, log, own, person, state, work};

#[test]
fn case_6_a_full_disk_loses_nothing_and_saving_goes_on_when_there_is_space() {
    for code in [SQLITE_FULL, SQLITE_IOERR_WRITE] {
        disk::load(Files::new());
        let open = || Store::open(connect("n.db", Some(disk::NAME)).unwrap(), ReplicaId(1)).unwrap();
        let mut store = open();
        let mut random = Random(6);
        work(&mut store, &mut random, 50);
        store.commit().unwrap();
        let saved = state(store.notebook());
        disk::refuse_writes(Some(code));
        for round in 1..=20 {
            work(&mut store, &mut random, 10);
            let refused = store.commit();
            assert!(matches!(refused, Err(StoreError::Full { .. })), "{refused:?}");
            assert_eq!(store.unsaved(), round * 10, "what is visible waits");
        }
        assert!(matches!(store.checkpoint(), Err(StoreError::Full { .. })));
        let visible = state(store.notebook());
        assert_ne!(visible, saved);

        // What is saved is on the disk, and everything can be exported, though nothing can be written.
        let exported = store.export().unwrap();
        let files = disk::files();
        disk::refuse_writes(None);
        let commit = store.commit().unwrap();
        assert_eq!((commit.events, commit.head, store.unsaved()), (200, 250, 0));
        own(&mut store, person(), Event::NotebookTitled { title: "after".into() });
        store.commit().unwrap();
        let after = log(&store);
        drop(store);
        assert_eq!(log(&open()), after);

        disk::load(files);
        let before = open();
        assert_eq!(state(before.notebook()), saved);
        drop(before);
        disk::load(Files::from([("n.db".to_owned(), exported)]));
        assert_eq!(state(open().notebook()), visible);
    }
}
