//! A client of a relay that does nothing by itself, for scenarios.

use notebook::{EventId, ReplicaId};
use protocol::access::{Access, Secret};
use protocol::history::History;
use protocol::wire::{self, ConnectionId, Cursor, FromRelay, Refusal, RelayId, SealedEvent, SnapshotInfo, ToRelay};

use crate::host::{Host, Received, Socket};

/// What [`FromRelay::Welcome`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the frame")]
pub struct Welcome {
    pub connection: ConnectionId,
    pub head: u64,
    pub floor: u64,
    pub snapshot: Option<SnapshotInfo>,
    pub older: Option<SnapshotInfo>,
    pub cursor_known: bool,
    pub peers: Vec<ConnectionId>,
}

/// A connection with what it needs to be let in.
pub struct Client {
    socket: Box<dyn Socket>,
    access: Access,
    relay: RelayId,
    nonce: Vec<u8>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("access", &self.access).field("relay", &self.relay).finish_non_exhaustive()
    }
}

/// Returns the writer's access to a notebook of its own.
pub fn writer(number: u8) -> Access {
    Access::Writer(Secret::from_entropy([number; 32]))
}

/// Returns an event of a replica, with a body of that many bytes.
pub fn event(replica: u64, counter: u64, size: usize) -> SealedEvent {
    let id = EventId { replica: ReplicaId(replica), counter };
    let fill = u8::try_from((replica ^ counter) % 251).unwrap_or_default();
    SealedEvent { id, sealed: vec![fill; size] }
}

/// Returns the events of a replica with these numbers, small ones.
pub fn events(replica: u64, counters: std::ops::RangeInclusive<u64>) -> Vec<SealedEvent> {
    counters.map(|counter| event(replica, counter, 10)).collect()
}

/// Returns the events as everybody but their author gets them.
pub fn ordered(events: &[SealedEvent]) -> Vec<wire::OrderedEvent> {
    let ordered = |event: &SealedEvent| wire::OrderedEvent { id: event.id, sealed: Some(event.sealed.clone()) };
    events.iter().map(ordered).collect()
}

/// Returns the events as their author gets them.
pub fn named(events: &[SealedEvent]) -> Vec<wire::OrderedEvent> {
    events.iter().map(|event| wire::OrderedEvent { id: event.id, sealed: None }).collect()
}

/// Returns what led to a position: what the order began with, and the events since.
pub fn history(base: History, events: &[SealedEvent]) -> History {
    events.iter().fold(base, |history, event| history.then(event.id))
}

impl Client {
    /// Connects and takes nothing yet.
    pub fn unanswered(host: &mut dyn Host, access: &Access) -> Self {
        let socket = host.connect(&access.notebook());
        Self { socket, access: access.clone(), relay: RelayId(0), nonce: vec![] }
    }

    /// Connects and takes the greeting.
    pub fn greeted(host: &mut dyn Host, access: &Access) -> Self {
        let mut client = Self::unanswered(host, access);
        match client.take() {
            FromRelay::Greeting { protocol, relay, nonce } => {
                assert_eq!((protocol, nonce.len()), (wire::PROTOCOL, 32));
                (client.relay, client.nonce) = (relay, nonce);
            }
            other => panic!("a greeting was to come, not {other:?}"),
        }
        client
    }

    /// Connects and is let in, without a cursor.
    pub fn let_in(host: &mut dyn Host, access: &Access) -> (Self, Welcome) {
        Self::let_in_at(host, access, None)
    }

    /// Connects and is let in with a cursor.
    pub fn let_in_at(host: &mut dyn Host, access: &Access, cursor: Option<Cursor>) -> (Self, Welcome) {
        let mut client = Self::greeted(host, access);
        let hello = client.hello(cursor);
        client.send(&hello);
        let welcome = client.welcome();
        (client, welcome)
    }

    /// Connects, is let in, and pulls a log that fits one frame.
    pub fn live(host: &mut dyn Host, access: &Access) -> Self {
        let (mut client, welcome) = Self::let_in(host, access);
        client.send(&ToRelay::Pull { after: welcome.floor });
        let (_, _, head) = client.events();
        assert_eq!(head, welcome.head);
        client
    }

    /// Returns the Hello that answers the greeting.
    pub fn hello(&self, cursor: Option<Cursor>) -> ToRelay {
        let proof = self.access.prove(self.relay, &self.nonce);
        ToRelay::Hello { protocol: wire::PROTOCOL, proof, cursor }
    }

    /// Returns the position after these events, in an order that begins with them.
    pub fn cursor(&self, events: &[SealedEvent]) -> Cursor {
        Cursor { relay: self.relay, seq: events.len() as u64, history: history(History::default(), events) }
    }

    /// Returns the life of the relay's storage.
    pub fn relay(&self) -> RelayId {
        self.relay
    }

    /// Returns what the relay wants signed.
    pub fn nonce(&self) -> &[u8] {
        &self.nonce
    }

    /// Sends a frame.
    pub fn send(&mut self, frame: &ToRelay) {
        self.socket.send(&wire::encode(frame));
    }

    /// Sends any bytes.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.socket.send(bytes);
    }

    /// Pushes events.
    pub fn push(&mut self, events: &[SealedEvent]) {
        self.send(&ToRelay::Push { events: events.to_vec(), blobs: vec![] });
    }

    /// Pushes events on a live connection and takes the acknowledgement of all of them.
    pub fn push_acknowledged(&mut self, events: &[SealedEvent]) -> u64 {
        self.push(events);
        let (_, acknowledged, head) = self.events();
        assert_eq!(acknowledged, named(events));
        head
    }

    /// Uploads a snapshot in one part.
    pub fn put_snapshot(&mut self, seq: u64, marks: &[(u64, u64)], sealed: &[u8]) {
        let marks = marks.iter().map(|(replica, counter)| (ReplicaId(*replica), *counter)).collect();
        self.send(&ToRelay::PutSnapshot {
            seq,
            replaces: None,
            part: 0,
            parts: 1,
            marks,
            blobs: None,
            sealed: sealed.to_vec(),
        });
    }

    /// Uploads a base in one part, in the place of all up to this head.
    pub fn replace(&mut self, head: u64, marks: &[(u64, u64)], sealed: &[u8]) {
        let marks = marks.iter().map(|(replica, counter)| (ReplicaId(*replica), *counter)).collect();
        let (sealed, replaces) = (sealed.to_vec(), Some(head));
        self.send(&ToRelay::PutSnapshot { seq: 0, replaces, part: 0, parts: 1, marks, blobs: None, sealed });
    }

    /// Uploads a part of a blob.
    pub fn put_blob(&mut self, name: &str, part: u32, parts: u32, sealed: &[u8]) {
        self.send(&ToRelay::PutBlob { name: name.to_owned(), part, parts, sealed: sealed.to_vec() });
    }

    /// Takes the next frame.
    pub fn next_of_all(&mut self) -> FromRelay {
        self.next_or_end().unwrap_or_else(|code| panic!("a frame was to come, not the end ({code})"))
    }

    /// Takes the next frame that is not about who comes and goes: that is told in its own time.
    pub fn take(&mut self) -> FromRelay {
        loop {
            match self.next_of_all() {
                FromRelay::Joined { .. } | FromRelay::Left { .. } => {}
                frame => return frame,
            }
        }
    }

    /// Takes the next frame, or the close code.
    pub fn next_or_end(&mut self) -> Result<FromRelay, u16> {
        match self.socket.receive() {
            Received::Frame(frame) => Ok(wire::decode(&frame).expect("relays send frames of this protocol")),
            Received::Closed(code) => Err(code),
        }
    }

    /// Takes the next frame, or this refusal and the end.
    pub fn next_or_refusal(&mut self, refusal: &Refusal) -> Option<FromRelay> {
        let frame = self.take();
        if frame != FromRelay::Refused(refusal.clone()) {
            return Some(frame);
        }
        assert_eq!(self.socket.receive(), Received::Closed(refusal.close_code()));
        None
    }

    /// Takes the welcome.
    pub fn welcome(&mut self) -> Welcome {
        match self.take() {
            FromRelay::Welcome { connection, head, floor, snapshot, older, cursor_known, peers } => {
                Welcome { connection, head, floor, snapshot, older, cursor_known, peers }
            }
            other => panic!("a welcome was to come, not {other:?}"),
        }
    }

    /// Takes events: the position before them, the events, and the head.
    pub fn events(&mut self) -> (u64, Vec<wire::OrderedEvent>, u64) {
        match self.take() {
            FromRelay::Events { after, events, head, .. } => (after, events, head),
            other => panic!("events were to come, not {other:?}"),
        }
    }

    /// Pulls from the head and takes how many sealed bytes came after the newest snapshot.
    pub fn pull_tail(&mut self, head: u64) -> u64 {
        self.send(&ToRelay::Pull { after: head });
        self.tail()
    }

    /// Takes events, and of them how many sealed bytes came after the newest snapshot.
    pub fn tail(&mut self) -> u64 {
        match self.take() {
            FromRelay::Events { tail, .. } => tail,
            other => panic!("events were to come, not {other:?}"),
        }
    }

    /// Takes a refusal.
    pub fn refused(&mut self) -> Refusal {
        match self.take() {
            FromRelay::Refused(refusal) => refusal,
            other => panic!("a refusal was to come, not {other:?}"),
        }
    }

    /// Takes a refusal and the end of the connection, which say the same.
    pub fn refused_and_closed(&mut self) -> Refusal {
        let refusal = self.refused();
        assert_eq!(self.socket.receive(), Received::Closed(refusal.close_code()), "{refusal:?}");
        refusal
    }

    /// Shows that nothing else is on its way to this connection: the answer to a pull comes next.
    pub fn nothing_else(&mut self, head: u64) {
        self.send(&ToRelay::Pull { after: head });
        assert_eq!(self.events(), (head, vec![], head));
    }
}
