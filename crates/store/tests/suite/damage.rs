//! Reliability case 9: the file is damaged. It is noticed, and what is readable is recovered.

use std::collections::BTreeSet;
use std::path::Path;

use notebook::{Envelope, ReplicaId};
use store::{Salvaged, Store, StoreError, connect, salvage};

use crate::workload::{Random, event, log, own, replay, state, work};

/// A notebook at rest, and its log.
struct Notebook {
    file: Vec<u8>,
    log: Vec<Envelope>,
    state: Vec<String>,
}

const BLOB: &str = "0f0f";

fn notebook(folder: &Path) -> Notebook {
    let path = folder.join("whole.db");
    let mut store = Store::open(connect(path.to_str().unwrap(), None).unwrap(), ReplicaId(1)).unwrap();
    work(&mut store, &mut Random(9), 400);
    store.put_blob(BLOB, (0..100_000_u32).flat_map(u32::to_le_bytes).collect());
    store.commit().unwrap();
    let (log, state) = (log(&store), state(store.notebook()));
    store.close().unwrap();
    Notebook { file: std::fs::read(path).unwrap(), log, state }
}

/// Opens a file's bytes and reads everything; what can be read must be what was there.
fn open(folder: &Path, file: &[u8], whole: &Notebook, what: &str) -> Result<(), StoreError> {
    let path = folder.join("damaged.db");
    drop(std::fs::remove_file(folder.join("damaged.db-wal")));
    std::fs::write(&path, file).unwrap();
    let store = Store::open(connect(path.to_str().unwrap(), None)?, ReplicaId(2))?;
    assert!(!store.is_new(), "{what}: opened as if it had been empty");
    assert_eq!(state(store.notebook()), whole.state, "{what}: opened with another state");
    let entries = store.log_page(None, u32::MAX)?;
    assert!(entries.iter().rev().map(|entry| &entry.envelope).eq(&whole.log), "{what}: opened with another log");
    assert_eq!(store.blob(BLOB)?.map(|bytes| bytes.len()), Some(400_000), "{what}: opened with another blob");
    Ok(())
}

/// Salvages; what is found must be what was there.
fn recover(file: &[u8], whole: &Notebook, what: &str) -> Salvaged {
    let found = salvage(file, &[]);
    let mut expected = whole.log.iter();
    for envelope in &found.envelopes {
        assert!(expected.any(|original| original == envelope), "{what}: {envelope:?} was not in the log there");
    }
    match (found.envelopes.last(), found.lost) {
        (Some(newest), Some(lost)) => assert_eq!(found.envelopes.len() as u64 + lost, newest.id.counter, "{what}"),
        (None, None) => {}
        other => panic!("{what}: {other:?}"),
    }
    found
}

#[test]
fn one_flipped_bit_is_noticed_or_harmless_and_costs_at_most_a_page_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let whole = notebook(folder.path());
    let (mut noticed, mut complete) = (0, 0);
    for round in 0..200 {
        let mut random = Random(round);
        let mut file = whole.file.clone();
        let bit = random.below(file.len() * 8);
        file[bit / 8] ^= 1 << (bit % 8);
        let what = format!("bit {bit}");
        match open(folder.path(), &file, &whole, &what) {
            Ok(()) => {}
            Err(StoreError::Damaged { .. } | StoreError::Newer { .. }) => noticed += 1,
            Err(error) => panic!("{what}: {error}"),
        }
        let found = recover(&file, &whole, &what);
        complete += usize::from(found.envelopes == whole.log);
        let page = 16384;
        assert!(found.envelopes.len() > whole.log.len() - page / 100, "{what}: only {} found", found.envelopes.len());
    }
    assert!(noticed > 120, "{noticed} of 200 noticed");
    assert!(complete > 100, "{complete} of 200 recovered completely");
}

#[test]
fn a_damaged_header_is_noticed_and_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let whole = notebook(folder.path());
    for byte in 0..100 {
        for bit in [0, 3, 7] {
            let mut file = whole.file.clone();
            file[byte] ^= 1 << bit;
            let what = format!("header byte {byte} bit {bit}");
            match open(folder.path(), &file, &whole, &what) {
                Ok(()) | Err(StoreError::Damaged { .. } | StoreError::Newer { .. }) => {}
                Err(error) => panic!("{what}: {error}"),
            }
            assert_eq!(recover(&file, &whole, &what).envelopes, whole.log, "{what}");
        }
    }
}

#[test]
fn a_truncated_file_is_noticed_and_what_is_left_of_it_is_recovered() {
    let folder = tempfile::tempdir().unwrap();
    let whole = notebook(folder.path());
    let mut random = Random(4);
    let mut lengths: BTreeSet<usize> = (0..60).map(|_| random.below(whole.file.len())).collect();
    lengths.extend((1..whole.file.len() / 16384).map(|pages| pages * 16384));
    lengths.extend([1, 15, 16, 99, 100, 512, whole.file.len() - 1]);
    let mut counts = Vec::new();
    for length in lengths {
        let file = &whole.file[..length];
        let what = format!("{length} bytes left");
        // Less than a header is nothing at all to SQLite.
        if length >= 100 {
            let opened = open(folder.path(), file, &whole, &what);
            assert!(matches!(opened, Err(StoreError::Damaged { .. })), "{what}: {opened:?}");
        }
        counts.push(recover(file, &whole, &what).envelopes.len());
    }
    assert!(counts.is_sorted(), "more of the file gives more of the log: {counts:?}");
    assert!(counts.iter().any(|count| *count > 0 && *count < whole.log.len()), "{counts:?}");
    assert_eq!(recover(&whole.file, &whole, "whole").envelopes, whole.log);
}

#[test]
fn a_zeroed_page_is_noticed_and_the_other_pages_are_recovered() {
    let folder = tempfile::tempdir().unwrap();
    let whole = notebook(folder.path());
    let pages = whole.file.len() / 16384;
    let mut found = 0;
    for page in 0..pages {
        let mut file = whole.file.clone();
        file[page * 16384..(page + 1) * 16384].fill(0);
        let what = format!("page {page} zeroed");
        match open(folder.path(), &file, &whole, &what) {
            Ok(()) | Err(StoreError::Damaged { .. }) => {}
            Err(error) => panic!("{what}: {error}"),
        }
        found += recover(&file, &whole, &what).envelopes.len();
    }
    assert!(found > (pages - 1) * whole.log.len() * 9 / 10, "{found} events in {pages} rounds");
}

#[test]
fn a_broken_tree_in_a_large_database_that_was_being_written_is_noticed_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.db");
    let mut store = Store::open(connect(path.to_str().unwrap(), None).unwrap(), ReplicaId(1)).unwrap();
    work(&mut store, &mut Random(9), 400);
    store.put_blob("large", vec![7; 17 << 20]);
    store.put_blob(BLOB, vec![0; 400_000]);
    store.commit().unwrap();
    let (log, state) = (log(&store), state(store.notebook()));
    drop(store);
    let roots: Vec<(String, usize)> = {
        let connection = connect(path.to_str().unwrap(), None).unwrap();
        let mut roots = connection.prepare("select name, rootpage from sqlite_schema where type = 'table'").unwrap();
        roots.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
    };
    let whole = Notebook { file: std::fs::read(path).unwrap(), log, state };
    open(folder.path(), &whole.file, &whole, "whole").unwrap();
    for (table, root) in roots {
        let mut file = whole.file.clone();
        file[(root - 1) * 16384..root * 16384].fill(0);
        let opened = open(folder.path(), &file, &whole, &table);
        // Nothing reads an empty base but recovery.
        assert!(matches!(opened, Err(StoreError::Damaged { .. })) || table == "base", "{table}: {opened:?}");
    }
}

#[test]
fn a_foreign_file_is_never_taken_for_an_empty_notebook() {
    let folder = tempfile::tempdir().unwrap();
    let whole = notebook(folder.path());
    let path = folder.path().join("foreign.db");
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign
        .execute_batch("create table log (seq integer primary key, event text); insert into log values (1, 'x')")
        .unwrap();
    drop(foreign);
    let foreign = std::fs::read(path).unwrap();
    let mut headless = whole.file.clone();
    headless[..16].copy_from_slice(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    for (what, file, recovered) in [
        ("another program's database", foreign, 0),
        ("a text", "hello ".repeat(10_000).into_bytes(), 0),
        ("zeros", vec![0; 100_000], 0),
        ("another header", headless, whole.log.len()),
    ] {
        let opened = open(folder.path(), &file, &whole, what);
        assert!(matches!(opened, Err(StoreError::Damaged { .. })), "{what}: {opened:?}");
        let found = recover(&file, &whole, what);
        assert_eq!((found.envelopes.len(), found.lost), (recovered, (recovered > 0).then_some(0)), "{what}");
    }
}

#[test]
fn an_empty_file_says_that_it_is_new_and_the_beginning_of_one_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    for length in 0..512 {
        let path = folder.path().join(format!("{length}.db"));
        std::fs::write(&path, &b"SQLite format 3\0".repeat(32)[..length]).unwrap();
        match Store::open(connect(path.to_str().unwrap(), None).unwrap(), ReplicaId(1)) {
            Ok(store) => assert!(store.is_new() && length < 100, "{length} bytes"),
            Err(error) => assert!(matches!(error, StoreError::Damaged { .. }), "{length} bytes: {error}"),
        }
    }
    assert_eq!(salvage(&[], &[]), Salvaged::default());
}

#[test]
fn what_is_only_in_the_write_ahead_log_is_recovered_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n.db");
    let mut store = Store::open(connect(path.to_str().unwrap(), None).unwrap(), ReplicaId(1)).unwrap();
    let mut random = Random(5);
    for step in 0..200 {
        let (actor, event) = event(random.next(), store.notebook());
        own(&mut store, actor, event);
        store.commit().unwrap();
        if step == 100 {
            store.checkpoint().unwrap();
        }
    }
    let expected = log(&store);
    let database = std::fs::read(&path).unwrap();
    let wal = std::fs::read(path.with_extension("db-wal")).unwrap();
    assert!(salvage(&database, &[]).envelopes.len() < 150);
    assert_eq!(salvage(&database, &wal).envelopes, expected);
    // Even where the database itself is gone.
    assert!(salvage(&[], &wal).envelopes.len() > 90);
}

#[test]
fn a_fresh_store_is_rebuilt_from_what_was_salvaged() {
    let folder = tempfile::tempdir().unwrap();
    let whole = notebook(folder.path());
    let mut file = whole.file.clone();
    file[..16].fill(0);
    let found = salvage(&file, &[]);
    let path = folder.path().join("fresh.db");
    let mut store = Store::open(connect(path.to_str().unwrap(), None).unwrap(), ReplicaId(2)).unwrap();
    for envelope in found.envelopes {
        store.apply(envelope, None);
    }
    for (hash, bytes) in found.blobs {
        store.put_blob(&hash, bytes);
    }
    assert_eq!(store.commit().unwrap().events, whole.log.len());
    drop(store);
    let store = Store::open(connect(path.to_str().unwrap(), None).unwrap(), ReplicaId(3)).unwrap();
    assert_eq!(state(store.notebook()), whole.state);
    assert_eq!(log(&store), whole.log);
    assert_eq!(state(&replay(&whole.log)), whole.state);
    assert_eq!(store.blob(BLOB).unwrap().map(|bytes| bytes.len()), Some(400_000));
}

#[test]
fn noise_is_salvaged_without_harm() {
    for seed in 0..200 {
        let mut random = Random(seed);
        let mut noise: Vec<u8> = (0..20_000).map(|_| random.next().to_le_bytes()[0]).collect();
        // Half of them look like leaves of a table.
        if seed % 2 == 0 {
            noise.chunks_mut(512).for_each(|page| page[0] = 0x0d);
        }
        assert_eq!(salvage(&noise, &noise), Salvaged::default());
    }
}
