//! The relay's rules, for one notebook: who is let in, what is put in order and kept, who is sent what.
//!
//! Pure: time, nonces and the id of a fresh storage are arguments, what is to be sent is returned.
//! It never looks into what is sealed. Whatever comes, it answers or refuses; it does not panic.
//!
//! Connections that catch up pull page by page and are sent no events unasked; those that have the
//! head are *live* and are sent what is new. So nobody who is slow makes the relay buffer a log.

mod bucket;
mod entry;
mod limits;
mod log;
pub mod memory;
mod outbox;
mod session;
pub mod storage;
mod uploads;

use std::collections::BTreeMap;

use notebook::NotebookId;

pub use self::limits::Limits;
pub use self::memory::MemoryStorage;
pub use self::outbox::Effect;
use self::outbox::Outbox;
pub use self::session::{Session, Standing};
use self::storage::Contents;
pub use self::storage::Storage;
use crate::history::History;
use crate::wire::{self, ConnectionId, Refusal, RelayId, ToRelay};

/// How many numbers are reserved with one write.
const RESERVED_AT_ONCE: u64 = 64;

/// One notebook's relay.
#[derive(Debug)]
pub struct Relay<S> {
    notebook: NotebookId,
    storage: S,
    limits: Limits,
    /// What the storage holds, or would if it had begun.
    contents: Contents,
    /// What led to the head.
    history: History,
    /// Whether the storage has begun: that takes a writer, so that strangers cost no storage.
    has_begun: bool,
    /// The next number for a connection or an upload. Those below `contents.next` are reserved.
    next: u64,
    /// Whether uploads that a relay before this one left unfinished are gone.
    is_swept: bool,
    connections: BTreeMap<ConnectionId, Connection>,
}

/// What a relay knows of a connection.
#[derive(Debug)]
struct Connection {
    session: Session,
    frames: bucket::Bucket,
    bytes: bucket::Bucket,
    /// Refusals since something was last done for it.
    refusals: u32,
    /// Bytes that it was sent unasked since its last frame.
    unread: u64,
}

impl Connection {
    fn new(session: Session, limits: &Limits) -> Self {
        let frames = bucket::Bucket::full(limits.frames_at_once);
        Self { session, frames, bytes: bucket::Bucket::full(limits.bytes_at_once), refusals: 0, unread: 0 }
    }
}

impl<S: Storage> Relay<S> {
    /// Opens the relay of a notebook. `fresh` is drawn at random and becomes the relay's id when the
    /// storage is empty.
    pub fn open(notebook: NotebookId, storage: S, limits: Limits, fresh: RelayId) -> Result<Self, S::Error> {
        let stored = storage.load()?;
        let has_begun = stored.is_some();
        let contents = stored.unwrap_or_else(|| Contents {
            relay: fresh,
            reader: None,
            next: 1,
            head: 0,
            marks: BTreeMap::new(),
            snapshots: vec![],
            log_bytes: 0,
            blob_bytes: 0,
        });
        let next = contents.next;
        let (history, connections) = (History::default(), BTreeMap::new());
        let mut relay =
            Self { notebook, storage, limits, contents, history, has_begun, next, is_swept: false, connections };
        relay.history = relay.history_at(relay.contents.head)?.unwrap_or_default();
        Ok(relay)
    }

    /// Takes a connection and greets it. `nonce` is drawn at random.
    pub fn connect(&mut self, nonce: [u8; 32]) -> (ConnectionId, Vec<Effect>) {
        let mut out = Outbox::default();
        let (connection, number) = match self.allot() {
            Ok(number) => (ConnectionId(number), Ok(())),
            Err(error) => (ConnectionId(self.next), Err(Refusal::storage(&error))),
        };
        let limit = self.limits.connections;
        let room = if self.connections.len() < limit { Ok(()) } else { Err(too_many(limit)) };
        if let Err(refusal) = number.and(room) {
            out.refuse_and_close(connection, refusal);
            return (connection, out.effects);
        }
        self.make_room_for_a_stranger(&mut out);
        let session = Session::new(self.contents.relay, nonce);
        self.connections.insert(connection, Connection::new(session, &self.limits));
        out.send(
            connection,
            &wire::FromRelay::Greeting { protocol: wire::PROTOCOL, relay: self.contents.relay, nonce: nonce.to_vec() },
        );
        (connection, out.effects)
    }

    /// Takes a frame from a connection. `now_millis` is only for how fast frames come.
    pub fn receive(&mut self, from: ConnectionId, frame: &[u8], now_millis: u64) -> Vec<Effect> {
        let mut out = Outbox::default();
        match self.take(from, frame, now_millis, &mut out) {
            Ok(()) => {
                if let Some(connection) = self.connections.get_mut(&from) {
                    connection.refusals = 0;
                }
            }
            Err(refusal) => self.refuse(from, refusal, &mut out),
        }
        out.effects
    }

    /// Forgets a connection that is gone.
    pub fn disconnect(&mut self, connection: ConnectionId) -> Vec<Effect> {
        let mut out = Outbox::default();
        self.remove(connection, &mut out);
        out.effects
    }

    /// Returns what must be kept of a connection while this relay's memory may go.
    pub fn session(&self, connection: ConnectionId) -> Option<&Session> {
        self.connections.get(&connection).map(|connection| &connection.session)
    }

    /// Takes up a connection that was open before this relay was. One that another life of the storage
    /// greeted is closed.
    pub fn resume(&mut self, connection: ConnectionId, session: Session) -> Vec<Effect> {
        let mut out = Outbox::default();
        if !self.has_begun && self.connections.is_empty() && !session.is_let_in() {
            // Nothing is stored yet, so what it was told is as good an id as any.
            self.contents.relay = session.relay;
        }
        let is_ours = session.relay == self.contents.relay && (self.has_begun || !session.is_let_in());
        if is_ours {
            self.next = self.next.max(connection.0 + 1);
            self.connections.insert(connection, Connection::new(session, &self.limits));
        } else {
            out.refuse_and_close(connection, Refusal::Replaced);
        }
        out.effects
    }

    /// Returns the life of this relay's storage.
    pub fn id(&self) -> RelayId {
        self.contents.relay
    }

    /// Returns the last position.
    pub fn head(&self) -> u64 {
        self.contents.head
    }

    /// Returns the connections.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        self.connections.keys().copied()
    }

    /// Returns the storage.
    pub fn storage(&self) -> &S {
        &self.storage
    }

    /// Returns the storage, to be changed behind the relay's back: to break it, for one.
    pub fn storage_mut(&mut self) -> &mut S {
        &mut self.storage
    }

    /// Gives the storage back; all connections are gone.
    pub fn into_storage(self) -> S {
        self.storage
    }

    /// Checks how large a frame is and how fast it comes, reads it, and does what it asks for.
    fn take(&mut self, from: ConnectionId, frame: &[u8], now: u64, out: &mut Outbox) -> Result<(), Refusal> {
        let Some(connection) = self.connections.get_mut(&from) else { return Ok(()) };
        connection.unread = 0;
        let size = frame.len() as u64;
        if frame.len() <= wire::MAX_FRAME_BYTES {
            let limits = &self.limits;
            let too_fast = |retry_millis| Refusal::TooFast { retry_millis };
            connection.frames.take(1, limits.frames_per_second, limits.frames_at_once, now).map_err(too_fast)?;
            let (per_second, at_once) = match connection.session.standing() {
                Standing::Reader => (limits.reader_bytes_per_second, limits.reader_bytes_at_once),
                Standing::Writer | Standing::Stranger => (limits.bytes_per_second, limits.bytes_at_once),
            };
            connection.bytes.take(size, per_second, at_once, now).map_err(too_fast)?;
        }
        if !connection.session.is_let_in() {
            return self.hello(from, frame, out);
        }
        match wire::decode(frame)? {
            ToRelay::Hello { .. } => Err(Refusal::malformed(&"a second Hello")),
            ToRelay::Pull { after } => self.pull(from, after, out),
            ToRelay::Push { events, blobs } => self.push(from, events, &blobs, out),
            ToRelay::Ephemeral { sealed } => self.pass_on(from, sealed, out),
            ToRelay::PutSnapshot { seq, replaces, part, parts, marks, blobs, sealed } => {
                let part = uploads::Piece { part, parts, sealed };
                let holds = uploads::Holds { marks, blobs };
                self.put_snapshot(from, &uploads::Place { seq, replaces }, &part, &holds, out)
            }
            ToRelay::PullSnapshot { seq, part } => self.pull_snapshot(from, seq, part, out),
            ToRelay::PutBlob { name, part, parts, sealed } => {
                self.put_blob(from, name, &uploads::Piece { part, parts, sealed }, out)
            }
            ToRelay::FindBlobs { names } => self.find_blobs(from, names, out),
            ToRelay::PullBlob { name, part } => self.pull_blob(from, name, part, out),
        }
    }

    /// Takes the next number; reserves more with one write when they run out.
    fn allot(&mut self) -> Result<u64, S::Error> {
        if self.has_begun && self.next >= self.contents.next {
            let reserved = self.next + RESERVED_AT_ONCE;
            self.storage.transaction(|storage| storage.set_next(reserved))?;
            self.contents.next = reserved;
        }
        self.next += 1;
        Ok(self.next - 1)
    }

    fn make_room_for_a_stranger(&mut self, out: &mut Outbox) {
        let limit = self.limits.strangers.max(1);
        let mut strangers = self.connections.iter().filter(|(_, connection)| !connection.session.is_let_in());
        let oldest = strangers.next().map(|(id, _)| *id);
        if let Some(oldest) = oldest
            && strangers.count() + 1 >= limit
        {
            self.refuse(oldest, too_many(limit), out);
        }
    }
}

fn too_many(limit: usize) -> Refusal {
    Refusal::TooMany { limit: u32::try_from(limit).unwrap_or(u32::MAX) }
}
