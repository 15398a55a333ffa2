//! How large a notebook's database becomes with work, and how long it takes to open, as JSON.
//! `tests/bench/measurements/growth.mjs` runs it; the work is that of `tests/bench/native/work.rs`.
//!
//! - `growth hour <folder>`: an hour of steady use, committed as it comes, in an unshared notebook.
//! - `growth make <file> <events>`: a database with so many events of that, for `open`.
//! - `growth open <file> <rest|work>`: how long it takes to open, at rest or as a killed browser leaves it.
//! - `growth compacted <folder> <cells> <events>`: what a device has that comes when all that is a snapshot.

#![expect(clippy::print_stdout, reason = "it answers on standard output")]
#![expect(clippy::disallowed_methods, reason = "it measures")]

use std::fs;
use std::path::Path;
use std::time::Instant;

use notebook::{Envelope, EventId, Notebook, ReplicaId};
use protocol::client::Adoption;
use protocol::history::History;
use protocol::snapshot::Snapshot;
use protocol::wire::{Cursor, RelayId};
use serde_json::json;
use store::{Store, connect};

#[path = "../../../tests/bench/native/work.rs"]
mod work;

use work::Work;

/// The cells of a notebook that somebody works in.
const CELLS: usize = 20;
const HOUR: u64 = 3_600;
/// So many events are committed together where only the database matters that they make.
const AT_ONCE: usize = 1_000;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words[at].parse::<usize>().expect("a number");
    let answer = match words[0].as_str() {
        "hour" => hour(Path::new(&words[1])),
        "make" => make(Path::new(&words[1]), number(2)),
        "open" => open_again(Path::new(&words[1]), words[2] == "rest"),
        "compacted" => compacted(Path::new(&words[1]), number(2), number(3)),
        other => panic!("{other} is not known"),
    };
    println!("{answer}");
}

fn open(path: &Path) -> Store {
    let connection = connect(path.to_str().expect("a text"), None).expect("it can be made");
    Store::open(connection, ReplicaId(1)).expect("it opens")
}

fn apply(store: &mut Store, events: impl IntoIterator<Item = Envelope>) {
    for event in events {
        store.apply(event, Some(("tab".to_owned(), 1)));
    }
}

fn bytes_of(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

fn live_bytes(notebook: &Notebook) -> usize {
    Snapshot::of(notebook).encode().len()
}

fn hour(folder: &Path) -> serde_json::Value {
    let path = folder.join("hour.db");
    let mut store = open(&path);
    let (mut work, events) = Work::begin(CELLS);
    apply(&mut store, events);
    store.commit().expect("it is saved");
    let (mut commits, mut events, mut logged, mut largest) = (0_u64, 0_u64, 0_usize, 0);
    for _ in 0..HOUR {
        for commit in work.second() {
            events += commit.len() as u64;
            logged += commit.iter().map(|event| protocol::codec::encode_event(&event.event).len()).sum::<usize>();
            apply(&mut store, commit);
            store.commit().expect("it is saved");
            commits += 1;
        }
        largest = largest.max(bytes_of(&path) + bytes_of(&folder.join("hour.db-wal")));
    }
    let ignored = store.diagnostics().expect("it answers").ignored;
    let (live, runs) = (live_bytes(store.notebook()), HOUR / 10);
    store.close().expect("it is saved");
    json!({
        "keys": HOUR * work::KEYS_PER_SECOND, "runs": runs, "events": events, "ignored": ignored,
        "commits": commits, "eventBytes": logged, "databaseBytes": bytes_of(&path), "withJournalBytes": largest,
        "liveBytes": live,
    })
}

/// The first so many events of steady use.
fn history(cells: usize, events: usize) -> impl Iterator<Item = Envelope> {
    let (mut work, mut first) = Work::begin(cells);
    first.extend(work.fill());
    first.into_iter().chain(std::iter::from_fn(move || Some(work.second())).flatten().flatten()).take(events)
}

fn make(path: &Path, events: usize) -> serde_json::Value {
    let began = Instant::now();
    let mut store = open(path);
    for (event, number) in history(CELLS, events).zip(1..) {
        apply(&mut store, [event]);
        if number % AT_ONCE == 0 {
            store.commit().expect("it is saved");
        }
    }
    let live = live_bytes(store.notebook());
    let found = store.diagnostics().expect("it answers");
    assert_eq!((found.events, found.ignored), (events as u64, 0), "all have an effect");
    store.close().expect("it is saved");
    json!({ "events": events, "liveBytes": live, "databaseBytes": bytes_of(path), "seconds": began.elapsed().as_secs_f64() })
}

fn open_again(path: &Path, rest: bool) -> serde_json::Value {
    if !rest {
        // Whatever is written takes back that it is at rest.
        let mut store = open(path);
        let title = notebook::Event::NotebookTitled { title: "Again".to_owned() };
        let actor = notebook::Actor::Person(notebook::PersonId::from_entropy([7; 16]));
        let id = EventId { replica: ReplicaId(1), counter: store.mark(ReplicaId(1)) + 1 };
        store.apply(Envelope { id, actor, at: 0, event: title }, None);
        store.commit().expect("it is saved");
    }
    let began = Instant::now();
    let store = open(path);
    let millis = began.elapsed().as_secs_f64() * 1e3;
    let cells = store.notebook().cell_count();
    store.close().expect("it is saved");
    json!({ "millis": millis, "cells": cells })
}

fn compacted(folder: &Path, cells: usize, events: usize) -> serde_json::Value {
    let mut notebook = Notebook::new();
    for event in history(cells, events) {
        notebook.apply(&event);
    }
    let live = live_bytes(&notebook);
    let text: usize = notebook.cells().map(|cell| cell.source.text().len()).sum();
    let path = folder.join("compacted.db");
    let mut store = open(&path);
    store.set_shared(true);
    let cursor = Cursor { relay: RelayId(1), seq: events as u64, history: History::default() };
    let adoption = Adoption::of(notebook, cursor);
    let adopted = store.adopt(adoption).expect("it is read");
    assert!(matches!(adopted, store::Adopted::All { .. }), "nothing is lost");
    store.close().expect("it is saved");
    json!({ "cells": cells, "events": events, "textBytes": text, "liveBytes": live, "databaseBytes": bytes_of(&path) })
}
