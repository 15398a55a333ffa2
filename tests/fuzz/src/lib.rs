//! What faces the wire, fed with any bytes: each [`TARGETS`] entry takes an input and must neither panic nor take
//! memory beyond its input's measure. `libfuzzer/` runs them under cargo-fuzz; `tests/bounded.rs` runs them in CI.
//!
//! Fixed keys and ids: a failure repeats.
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a broken invariant is what is looked for")]

mod samples;

use notebook::ipynb::{self, Imported};
use notebook::{Actor, Command, Context, Envelope, EventId, Notebook, PersonId, ReplicaId, Source, decide};
use protocol::access::{Access, Secret};
use protocol::client::Client;
use protocol::relay::memory::MemoryStorage;
use protocol::relay::{Limits, Relay};
use protocol::seal::{NONCE_LEN, Purpose};
use protocol::snapshot::Snapshot;
use protocol::wire::{self, FromRelay, RelayId, ToRelay};
use protocol::{codec, peer};

pub use samples::samples;

/// One thing that takes bytes from outside.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, as the target of cargo-fuzz.
    pub name: &'static str,
    /// Feeds it.
    pub feed: fn(&[u8]),
}

/// All that faces the wire.
pub const TARGETS: &[Target] = &[
    Target { name: "frames", feed: frames },
    Target { name: "events", feed: events },
    Target { name: "snapshots", feed: snapshots },
    Target { name: "links", feed: links },
    Target { name: "files", feed: files },
    Target { name: "updates", feed: updates },
    Target { name: "words", feed: words },
    Target { name: "relay", feed: relay },
    Target { name: "client", feed: client },
];

/// Feeds the target of this name.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("invariant: it is one of the targets");
    (target.feed)(bytes);
}

/// Returns the notebook's access that every target uses.
pub(crate) fn access() -> Access {
    Access::Writer(Secret::from_entropy([7; 32]))
}

fn entropy() -> [u8; 16] {
    [3; 16]
}

/// Returns the event's id that every target uses.
pub(crate) fn id() -> EventId {
    EventId { replica: ReplicaId(9), counter: 1 }
}

fn frames(bytes: &[u8]) {
    if let Ok(frame) = wire::decode::<ToRelay>(bytes) {
        assert_eq!(wire::decode::<ToRelay>(&wire::encode(&frame)), Ok(frame), "a frame survives its encoding");
    }
    if let Ok(frame) = wire::decode::<FromRelay>(bytes) {
        assert_eq!(wire::decode::<FromRelay>(&wire::encode(&frame)), Ok(frame), "a frame survives its encoding");
    }
}

/// A good seal around any bytes.
fn events(bytes: &[u8]) {
    let keys = access().sealer();
    let sealed = keys.seal([1; NONCE_LEN], &Purpose::Event(id()), bytes);
    if let Ok(envelope) = keys.open_event(id(), &sealed) {
        fold(&envelope);
    }
    let actor = Actor::Person(PersonId::from_entropy([1; 16]));
    fold(&Envelope { id: id(), actor, at: 0, event: codec::decode_event(bytes) });
}

fn fold(envelope: &Envelope) {
    let mut notebook = Notebook::new();
    notebook.apply(envelope);
    let copy = Snapshot::of(&notebook).to_notebook();
    assert_eq!(copy, notebook, "a state survives its snapshot");
}

fn snapshots(bytes: &[u8]) {
    if let Ok(snapshot) = Snapshot::decode(bytes) {
        snapshot.to_notebook();
    }
}

fn links(bytes: &[u8]) {
    let fragment = String::from_utf8_lossy(bytes);
    let writer = access();
    if let Ok(read) = Access::parse(&writer.notebook(), &fragment) {
        assert_eq!(Access::parse(&writer.notebook(), &read.fragment()), Ok(read), "a link survives its writing");
    }
}

/// What a link unpacks to that carries a notebook inside, or a file that somebody opens.
fn files(bytes: &[u8]) {
    if let Ok(file) = ipynb::parse(&String::from_utf8_lossy(bytes)) {
        let written = write(file);
        let again = ipynb::parse(&written).expect("what was written can be read");
        assert_eq!(write(again), written, "a file survives its reading");
    }
}

/// Returns the file of a notebook that began with this one.
fn write(file: Imported) -> String {
    let mut notebook = Notebook::new();
    let actor = Actor::Person(PersonId::from_entropy([1; 16]));
    let mut fresh = (0_u128..).map(u128::to_be_bytes);
    let mut entropy = || fresh.next().expect("invariant: it never ends");
    let mut context = Context { now: 0, actor: actor.clone(), entropy: &mut entropy };
    let events = decide(&notebook, Command::Import { file: Box::new(file) }, &mut context);
    for (event, counter) in events.expect("an empty notebook takes any file").into_iter().zip(1..) {
        notebook.apply(&Envelope { id: EventId { counter, ..id() }, actor: actor.clone(), at: 0, event });
    }
    ipynb::export(&notebook, &|_| None).expect("nothing of it is in a blob")
}

fn updates(bytes: &[u8]) {
    let mut source = Source::seeded(10, "text");
    if source.merge(bytes).is_err() {
        assert_eq!(source.text(), "text", "what is refused does nothing");
    }
}

fn words(bytes: &[u8]) {
    if let Some((peer, body)) = peer::decode(bytes) {
        assert_eq!(peer::decode(&peer::encode(peer, &body)), Some((peer, body)), "a word survives its encoding");
    }
}

/// The bytes are one frame after another, each behind its length in two bytes; the writer has said hello.
fn relay(bytes: &[u8]) {
    let access = access();
    let mut relay = Relay::open(access.notebook(), MemoryStorage::default(), Limits::default(), RelayId(1))
        .expect("invariant: memory does not fail");
    let (stranger, _) = relay.connect([2; 32]);
    relay.receive(stranger, bytes, 0);
    let (writer, _) = relay.connect([3; 32]);
    let hello = ToRelay::Hello { protocol: wire::PROTOCOL, proof: access.prove(RelayId(1), &[3; 32]), cursor: None };
    relay.receive(writer, &wire::encode(&hello), 0);
    for frame in pieces(bytes) {
        relay.receive(writer, frame, 0);
    }
    relay.disconnect(writer);
}

/// As for the relay: any frames, for a client that waits for its greeting.
fn client(bytes: &[u8]) {
    let mut client = Client::new(access(), None, [], true, entropy);
    client.start();
    client.received(bytes);
    client.woken();
    for frame in pieces(bytes) {
        client.received(frame);
        client.fold();
        if matches!(client.status(), protocol::client::Status::Offline) {
            client.woken();
        }
    }
}

fn pieces(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
        let (piece, rest) = rest.split_at(length);
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}
