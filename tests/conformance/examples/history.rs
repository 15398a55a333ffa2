//! Fills a relay with a notebook that was long worked in, and says, as JSON, where it is and how it was made.
//! `tests/bench/measurements/catch-up.mjs` runs it; the work is that of `tests/bench/native/work.rs`.
//!
//! `history <port> <number> <events> <log|snapshots>`: every event is really made, folded, sealed and pushed, in
//! frames as full as they may be. With `snapshots` the state goes to the relay as often as the app puts it there, so
//! that the relay forgets what came long before; with `log` it keeps all events.

#![expect(clippy::print_stdout, reason = "it answers on standard output")]

use std::net::TcpStream;
use std::time::{Duration, Instant};

use notebook::{Envelope, Event, Notebook};
use protocol::access::{Access, Secret};
use protocol::client::Compaction;
use protocol::seal::{NONCE_LEN, Purpose, Sealer};
use protocol::snapshot::{Snapshot, seal_parts};
use protocol::wire::{self, FromRelay, MAX_BATCH, SealedEvent, ToRelay};
use serde_json::json;
use tungstenite::{Message, WebSocket};

#[path = "../../bench/native/work.rs"]
mod work;

use work::Work;

const CELLS: usize = 20;
/// A connection may send only so much at once, so another one takes over.
const FRAMES_PER_CONNECTION: usize = 500;
const DEADLINE: Duration = Duration::from_mins(1);
const TITLE: &str = "Everything is here";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words[at].parse::<usize>().expect("a number");
    let access = Access::Writer(Secret::from_entropy([u8::try_from(number(1)).expect("a small number"); 32]));
    let began = Instant::now();
    let (notebook, pushed, sealed) =
        Filling::begin(number(0), access.clone(), words[3] == "snapshots").fill(number(2) as u64);
    let live = Snapshot::of(&notebook).encode().len();
    println!(
        "{}",
        json!({
            "notebook": access.notebook().as_str(), "fragment": access.fragment(), "title": TITLE,
            "events": pushed, "sealedBytes": sealed, "liveBytes": live, "cells": notebook.cell_count(),
            "seconds": began.elapsed().as_secs_f64(),
        })
    );
}

struct Filling {
    port: usize,
    access: Access,
    sealer: Sealer,
    nonces: u64,
    socket: WebSocket<TcpStream>,
    frames: usize,
    notebook: Notebook,
    head: u64,
    compacted: u64,
    bytes: u64,
    snapshots: bool,
}

impl Filling {
    fn begin(port: usize, access: Access, snapshots: bool) -> Self {
        let (socket, head) = connect(port, &access);
        assert_eq!(head, 0, "the relay has something of this notebook");
        let sealer = access.sealer();
        let notebook = Notebook::new();
        let mut filling = Self {
            port,
            access,
            sealer,
            nonces: 0,
            socket,
            frames: 0,
            notebook,
            head,
            compacted: 0,
            bytes: 0,
            snapshots,
        };
        // The base of an empty relay.
        filling.put_snapshot();
        filling.pull();
        filling
    }

    /// Pushes the first so many events of steady use, the title as the last one.
    fn fill(mut self, events: u64) -> (Notebook, u64, u64) {
        let (mut work, mut coming) = Work::begin(CELLS);
        coming.extend(work.fill());
        let mut batch = vec![];
        let mut left = events - 1;
        while left > 0 {
            for event in std::mem::take(&mut coming).into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
                left -= 1;
                self.take(event, &mut batch);
            }
            coming = work.second().into_iter().flatten().collect();
        }
        let title = work.by_person(Event::NotebookTitled { title: TITLE.to_owned() });
        // What was made beyond the number of events never happened, so its number is the title's.
        let id = notebook::EventId { counter: self.notebook.mark(title.id.replica) + 1, ..title.id };
        self.take(Envelope { id, ..title }, &mut batch);
        if !batch.is_empty() {
            self.push(batch);
        }
        assert_eq!(self.head, events);
        (self.notebook, self.head, self.bytes)
    }

    fn take(&mut self, event: Envelope, batch: &mut Vec<SealedEvent>) {
        let applied = self.notebook.apply(&event);
        assert!(matches!(applied, notebook::Applied::Changed(_)), "{applied:?}");
        batch.push(SealedEvent { id: event.id, sealed: self.sealer.seal_event(nonce(&mut self.nonces), &event) });
        if batch.len() == MAX_BATCH {
            self.push(std::mem::take(batch));
        }
    }

    /// Pushes events and waits until they are ordered.
    fn push(&mut self, events: Vec<SealedEvent>) {
        self.frames += 1;
        if self.frames.is_multiple_of(FRAMES_PER_CONNECTION) {
            self.socket = connect(self.port, &self.access).0;
            self.pull();
        }
        let wanted = self.head + events.len() as u64;
        self.bytes += events.iter().map(|event| event.sealed.len() as u64).sum::<u64>();
        send(&mut self.socket, &ToRelay::Push { events, blobs: vec![] });
        self.wait_for(wanted);
        if self.snapshots && self.head - self.compacted > Compaction::default().events {
            self.put_snapshot();
        }
    }

    fn pull(&mut self) {
        send(&mut self.socket, &ToRelay::Pull { after: self.head });
        self.wait_for(self.head);
    }

    fn wait_for(&mut self, wanted: u64) {
        loop {
            match read(&mut self.socket) {
                FromRelay::Events { head, .. } if head == wanted => break,
                FromRelay::Events { .. } | FromRelay::Joined { .. } | FromRelay::Left { .. } => {}
                other => panic!("not {other:?}"),
            }
        }
        self.head = wanted;
    }

    /// Puts the state on the relay, as the app's client does.
    fn put_snapshot(&mut self) {
        let (seq, bytes) = (self.head, Snapshot::of(&self.notebook).encode());
        let nonces = &mut self.nonces;
        let purpose = |part, parts| Purpose::Snapshot { seq, part, parts };
        let sealed = seal_parts(&self.sealer, &bytes, 0, || nonce(nonces), purpose).expect("it is not too large");
        let parts = u32::try_from(sealed.len()).expect("few");
        for (sealed, part) in sealed.into_iter().zip(0..) {
            let marks = if part + 1 == parts { self.notebook.marks().collect() } else { vec![] };
            send(
                &mut self.socket,
                &ToRelay::PutSnapshot { seq, replaces: None, part, parts, marks, blobs: None, sealed },
            );
        }
        while !matches!(read(&mut self.socket), FromRelay::SnapshotStored { seq: stored } if stored == seq) {}
        self.compacted = seq;
    }
}

/// Connects and is let in. Returns the head.
fn connect(port: usize, access: &Access) -> (WebSocket<TcpStream>, u64) {
    let stream = TcpStream::connect(format!("127.0.0.1:{port}")).expect("the relay listens");
    stream.set_nodelay(true).expect("it is a socket");
    stream.set_read_timeout(Some(DEADLINE)).expect("it is a socket");
    let address = format!("ws://127.0.0.1:{port}/sync/{}", access.notebook());
    let (mut socket, _) = tungstenite::client(address, stream).expect("it upgrades");
    let FromRelay::Greeting { relay, nonce, .. } = read(&mut socket) else { panic!("no greeting") };
    let proof = access.prove(relay, &nonce);
    send(&mut socket, &ToRelay::Hello { protocol: wire::PROTOCOL, proof, cursor: None });
    loop {
        match read(&mut socket) {
            FromRelay::Welcome { head, .. } => return (socket, head),
            FromRelay::Refused(refusal) => panic!("{refusal}"),
            _ => {}
        }
    }
}

fn read(socket: &mut WebSocket<TcpStream>) -> FromRelay {
    match socket.read().expect("a message") {
        Message::Binary(frame) => wire::decode(&frame).expect("it is one of the relay's"),
        other => panic!("not {other:?}"),
    }
}

fn send(socket: &mut WebSocket<TcpStream>, frame: &ToRelay) {
    socket.send(Message::binary(wire::encode(frame))).expect("it is open");
}

/// Counts: nothing here is a secret, and none comes twice.
fn nonce(drawn: &mut u64) -> [u8; NONCE_LEN] {
    *drawn += 1;
    let mut nonce = [0; NONCE_LEN];
    nonce[..8].copy_from_slice(&drawn.to_le_bytes());
    nonce
}
