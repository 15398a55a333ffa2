//! Reliability case 3: the machine stops at every write and flush of a recorded workload.
//!
//! Three ways of losing what was not flushed: all of it; nothing but a part of the last write; any
//! sectors. After each the store must open with a prefix of the events that holds everything a
//! commit had reported, its rows must agree with its log, and SQLite must find nothing wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use notebook::{Envelope, Notebook, ReplicaId};
use store::{Store, connect};

use crate::disk::{self, Files, Op};
use crate::workload::{Random, event, log, own, state};

const DB: &str = "n.db";
const EVENTS: usize = 200;
const SECTOR: usize = 512;

/// What was done, and what had been promised by when.
struct Recording {
    ops: Vec<Op>,
    /// The head that was reported saved once so many operations were done.
    promised: BTreeMap<usize, u64>,
    envelopes: Vec<Envelope>,
    states: Vec<Vec<String>>,
}

fn record(seed: u64) -> Recording {
    disk::load(Files::new());
    disk::record();
    let mut random = Random(seed);
    let mut store = Store::open(connect(DB, Some(disk::NAME)).unwrap(), ReplicaId(1)).unwrap();
    let mut promised = BTreeMap::from([(0, 0)]);
    for applied in 1..=EVENTS {
        let (actor, event) = event(random.next(), store.notebook());
        own(&mut store, actor, event);
        if random.below(2) == 0 {
            let head = store.commit().unwrap().head;
            promised.insert(disk::recorded(), head);
        }
        if applied % 60 == 0 {
            store.checkpoint().unwrap();
            promised.insert(disk::recorded(), applied as u64);
        }
    }
    store.close().unwrap();
    promised.insert(disk::recorded(), EVENTS as u64);
    let ops = disk::take_record();

    let store = Store::open(connect(DB, Some(disk::NAME)).unwrap(), ReplicaId(2)).unwrap();
    let envelopes = log(&store);
    assert_eq!(envelopes.len(), EVENTS);
    let mut notebook = Notebook::new();
    let mut states = vec![state(&notebook)];
    for envelope in &envelopes {
        notebook.apply(envelope);
        states.push(state(&notebook));
    }
    Recording { ops, promised, envelopes, states }
}

/// What is on the disk for certain, and what may be.
#[derive(Default)]
struct Image {
    flushed: Files,
    current: Files,
    unflushed: Vec<Op>,
}

impl Image {
    fn perform(&mut self, op: &Op) {
        disk::perform(&mut self.current, op);
        match op {
            // The names of files are durable at once.
            Op::Create { .. } | Op::Delete { .. } => disk::perform(&mut self.flushed, op),
            Op::Flush { file } => {
                self.flushed.insert(file.clone(), self.current[file].clone());
                self.unflushed.retain(|other| name(other) != file);
            }
            Op::Write { .. } | Op::Truncate { .. } => self.unflushed.push(op.clone()),
        }
        if let Op::Delete { file } = op {
            self.unflushed.retain(|other| name(other) != file);
        }
    }

    /// Everything up to now is there, and the first sectors of the next write.
    fn torn(&self, next: &Op, random: &mut Random) -> Files {
        let mut files = self.current.clone();
        if let Op::Write { file, at, bytes } = next {
            let kept = SECTOR * random.below(bytes.len() / SECTOR + 1);
            disk::perform(&mut files, &Op::Write { file: file.clone(), at: *at, bytes: bytes[..kept].to_vec() });
        }
        files
    }

    /// Each sector that was not flushed is there or not.
    fn scattered(&self, random: &mut Random) -> Files {
        let mut files = self.flushed.clone();
        for op in &self.unflushed {
            match op {
                Op::Write { file, at, bytes } => {
                    let mut offset = 0;
                    while offset < bytes.len() {
                        let end = ((at + offset) / SECTOR * SECTOR + SECTOR - at).min(bytes.len());
                        if random.below(2) == 0 {
                            let bytes = bytes[offset..end].to_vec();
                            disk::perform(&mut files, &Op::Write { file: file.clone(), at: at + offset, bytes });
                        }
                        offset = end;
                    }
                }
                other => {
                    if random.below(2) == 0 {
                        disk::perform(&mut files, other);
                    }
                }
            }
        }
        files
    }
}

fn name(op: &Op) -> &String {
    match op {
        Op::Create { file }
        | Op::Write { file, .. }
        | Op::Truncate { file, .. }
        | Op::Flush { file }
        | Op::Delete { file } => file,
    }
}

impl Recording {
    /// Opens what a crash left and returns how many events it holds.
    fn check(&self, files: Files, promised: u64, what: &str) -> u64 {
        disk::load(files);
        let store = Store::open(connect(DB, Some(disk::NAME)).unwrap(), ReplicaId(3));
        let store = store.unwrap_or_else(|error| panic!("{what}: {error}"));
        let held = log(&store);
        assert!(held.len() as u64 >= promised, "{what}: {} events, but {promised} were reported saved", held.len());
        assert_eq!(held, self.envelopes[..held.len()], "{what}: not a prefix");
        assert_eq!(state(store.notebook()), self.states[held.len()], "{what}: the rows are not those of the log");
        drop(store);
        let connection = connect(DB, Some(disk::NAME)).unwrap();
        connection.pragma_update(None, "locking_mode", "exclusive").unwrap();
        let verdict: String = connection.query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok", "{what}");
        held.len() as u64
    }
}

#[test]
fn case_3_a_crash_at_any_write_or_flush_leaves_a_prefix_that_holds_all_that_was_saved() {
    let recording = record(200);
    let flushes = recording.ops.iter().filter(|op| matches!(op, Op::Flush { .. })).count();
    assert!(flushes > 80, "{flushes} flushes: too few to mean anything");
    let mut random = Random(3);
    let mut image = Image::default();
    let mut seen = BTreeMap::new();
    let mut outcomes = BTreeSet::new();
    for (index, op) in recording.ops.iter().enumerate() {
        let promised = *recording.promised.range(..=index).next_back().unwrap().1;
        for (model, files) in [
            ("all lost", image.flushed.clone()),
            ("torn", image.torn(op, &mut random)),
            ("scattered", image.scattered(&mut random)),
        ] {
            let mut hasher = DefaultHasher::new();
            files.hash(&mut hasher);
            let held = *seen.entry(hasher.finish()).or_insert_with(|| {
                recording.check(
                    files,
                    promised,
                    &format!("{model}, before operation {index} ({} of {})", name(op), recording.ops.len()),
                )
            });
            assert!(
                held >= promised,
                "{model}, before operation {index}: {held} events, but {promised} were reported saved"
            );
            outcomes.insert(held);
        }
        image.perform(op);
    }
    assert_eq!(recording.check(image.flushed, EVENTS as u64, "at the end"), EVENTS as u64);
    assert!(seen.len() > 500, "{} different crashes", seen.len());
    assert!(outcomes.len() > 60, "{} different prefixes", outcomes.len());
}

#[test]
fn a_commit_that_is_not_flushed_is_noticed() {
    // The check above can fail: without a disk that keeps what is flushed, promises break.
    let recording = record(7);
    let (done, promised) = recording.promised.iter().rfind(|(_, head)| **head < 60).unwrap();
    let mut image = Image::default();
    for op in &recording.ops[..*done] {
        if !matches!(op, Op::Flush { file } if file.ends_with("-wal")) {
            image.perform(op);
        }
    }
    let broken = std::panic::catch_unwind(|| recording.check(image.flushed, *promised, "no flush"));
    assert!(*promised > 0 && broken.is_err());
}
