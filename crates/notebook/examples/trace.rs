//! Somebody's keystrokes through the text path, and through yrs alone, as JSON: how long each took.
//! `tests/bench/measurements/trace.mjs` runs it and gives it a trace of one person on its standard input:
//! `{startContent, endContent, txns: [{patches: [[position, deleted, inserted], …]}]}`.
//!
//! - `page`: what the page does at each key: [`Source::edit`], which returns the update that tells others.
//! - `yrs`: the least that could: a transaction for each key, and its update encoded.
//! - `path`: all that becomes of a key: the page's edit, five of them gathered into one update, the command decided
//!   on, the event folded into the store's notebook.

#![expect(clippy::print_stdout, reason = "it answers on standard output")]
#![expect(clippy::disallowed_methods, reason = "it measures")]

use std::hint::black_box;
use std::time::Instant;

use notebook::source::{Splice, merge_updates};
use notebook::{
    Actor, CellId, Command, Context, Envelope, EventId, Notebook, PersonId, Place, ReplicaId, Source, decide,
};
use serde_json::{Value, json};
use yrs::{
    ClientID, Doc, GetString as _, OffsetKind, Options, ReadTxn as _, StateVector, Text as _, TextRef, Transact as _,
};

/// So many keys are gathered: what somebody types in a second.
const GATHERED: usize = 5;
const CLIENT: u64 = 10;

fn main() {
    let trace: Value = serde_json::from_reader(std::io::stdin().lock()).expect("a trace is JSON");
    assert_eq!(trace["startContent"].as_str().unwrap_or_default(), "", "traces begin empty");
    let end = trace["endContent"].as_str().expect("a text");
    let keys = read(&trace);
    let edits: usize = keys.iter().map(Vec::len).sum();

    // In turns, so that the machine's drift hits all alike; which one is first changes from run to run.
    let arms: [(&str, Arm); 3] = [("page", page), ("yrs", alone), ("path", path)];
    let turn = std::env::args().nth(1).map_or(0, |turn| turn.parse().expect("a number"));
    let mut answer = json!({ "transactions": keys.len(), "edits": edits, "characters": end.chars().count() });
    for at in 0..arms.len() {
        let (name, play) = arms[(at + turn) % arms.len()];
        let began = Clock::start();
        let played = play(&keys);
        let millis = began.millis();
        let equal = played.text == end;
        answer[name] =
            json!({ "millis": millis, "equal": equal, "updateBytes": played.updates, "stateBytes": played.state });
    }
    println!("{answer}");
}

/// How long this thread worked, where the system tells that; otherwise how long it took. Others on the machine then
/// count less.
struct Clock(Instant, Option<f64>);

impl Clock {
    fn start() -> Self {
        Self(Instant::now(), Self::worked())
    }

    fn millis(&self) -> f64 {
        let took = || self.0.elapsed().as_secs_f64() * 1e3;
        self.1.zip(Self::worked()).map_or_else(took, |(before, now)| now - before)
    }

    fn worked() -> Option<f64> {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        stat.split_whitespace().next()?.parse::<f64>().ok().map(|nanos| nanos / 1e6)
    }
}

/// What somebody did key by key: each key's changes one after another.
fn read(trace: &Value) -> Vec<Vec<Splice>> {
    let number = |value: &Value| u32::try_from(value.as_u64().expect("a number")).expect("a small one");
    let splice = |patch: &Value| {
        let from = number(&patch[0]);
        Splice { from, to: from + number(&patch[1]), insert: patch[2].as_str().expect("a text").to_owned() }
    };
    let splices = |key: &Value| key["patches"].as_array().expect("patches").iter().map(splice).collect();
    trace["txns"].as_array().expect("transactions").iter().map(splices).collect()
}

/// Plays all keys in one way.
type Arm = fn(&[Vec<Splice>]) -> Played;

struct Played {
    text: String,
    updates: usize,
    state: usize,
}

fn page(keys: &[Vec<Splice>]) -> Played {
    let mut source = Source::empty(CLIENT);
    let mut updates = 0;
    for splices in keys {
        updates += black_box(source.edit(splices).expect("it lies within the text")).len();
    }
    Played { text: source.text(), updates, state: source.state().len() }
}

struct Plain {
    doc: Doc,
    text: TextRef,
}

impl Plain {
    fn new(client: u64) -> Self {
        let mut options = Options::with_guid_and_client_id("plain".into(), ClientID::new(client));
        options.offset_kind = OffsetKind::Utf16;
        let doc = Doc::with_options(options);
        let text = doc.get_or_insert_text("source");
        Self { doc, text }
    }

    fn edit(&self, splices: &[Splice]) -> Vec<u8> {
        let mut transaction = self.doc.transact_mut();
        for Splice { from, to, insert } in splices {
            if to > from {
                self.text.remove_range(&mut transaction, *from, to - from);
            }
            if !insert.is_empty() {
                self.text.insert(&mut transaction, *from, insert);
            }
        }
        transaction.encode_update_v1()
    }

    fn played(&self, updates: usize) -> Played {
        let transaction = self.doc.transact();
        let state = transaction.encode_state_as_update_v1(&StateVector::default()).len();
        Played { text: self.text.get_string(&transaction), updates, state }
    }
}

fn alone(keys: &[Vec<Splice>]) -> Played {
    let plain = Plain::new(CLIENT);
    let updates = keys.iter().map(|splices| black_box(plain.edit(splices)).len()).sum();
    plain.played(updates)
}

fn path(keys: &[Vec<Splice>]) -> Played {
    let cell = CellId::from_entropy([1; 16]);
    let mut store = Notebook::new();
    let mut page = Source::empty(CLIENT);
    let mut counter = 0;
    let mut command = |store: &mut Notebook, command: Command| {
        let actor = Actor::Person(PersonId::from_entropy([7; 16]));
        let mut context = Context { now: 0, actor: actor.clone(), entropy: &mut || [3; 16] };
        for event in decide(store, command, &mut context).expect("it is allowed") {
            counter += 1;
            let id = EventId { replica: ReplicaId(1), counter };
            store.apply(&Envelope { id, actor: actor.clone(), at: 0, event });
        }
    };
    let insert = Command::InsertCell {
        cell: cell.clone(),
        kind: notebook::CellKind::Code,
        place: Place::Last,
        source: String::new(),
    };
    command(&mut store, insert);
    let mut bytes = 0;
    for second in keys.chunks(GATHERED) {
        let updates: Vec<Vec<u8>> =
            second.iter().map(|splices| page.edit(splices).expect("it lies within the text")).collect();
        let update = merge_updates(&updates).expect("they are its own");
        bytes += update.len();
        command(&mut store, Command::EditSource { cell: cell.clone(), update });
    }
    let text = &store.cell(&cell).expect("it is there").source;
    Played { text: text.text(), updates: bytes, state: text.state().len() }
}
