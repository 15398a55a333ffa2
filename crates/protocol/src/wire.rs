//! Frames between a store worker and the relay, each one CBOR value in one binary WebSocket message.
//!
//! The relay sees ids, counters, sizes and times. Everything else is sealed ([`crate::seal`]).
//!
//! A connection: the relay greets with a nonce, the client answers with [`ToRelay::Hello`], the relay
//! with [`FromRelay::Welcome`]. The client then pulls until it has the head; from that answer on the
//! connection is live and gets what is new as it comes. Every position (`seq`) counts from 1.

use cbor4ii::core::dec::Read as _;
use cbor4ii::core::utils::SliceReader;
use cbor4ii::serde::Deserializer;
use notebook::{EventId, ReplicaId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::history::History;

mod refusal;

pub use refusal::Refusal;

/// The version of this protocol. Another one is refused with [`Refusal::Version`].
pub const PROTOCOL: u32 = 2;
/// The largest frame that is read or written, in bytes.
pub const MAX_FRAME_BYTES: usize = 900_000;
/// The most sealed bytes that one frame's events, or one part of a snapshot or blob, may hold:
/// it leaves room for what is around them.
pub const MAX_PAYLOAD_BYTES: usize = 800_000;
/// The most events in one frame.
pub const MAX_BATCH: usize = 1_000;
/// The largest ephemeral frame's body, in bytes.
pub const MAX_EPHEMERAL_BYTES: usize = 64 * 1024;
/// The most parts of one snapshot or blob.
pub const MAX_PARTS: u32 = 256;
/// The longest name of a blob, in bytes.
pub const MAX_BLOB_NAME: usize = 64;

/// Names one life of a relay's storage for one notebook, at random: drawn when it is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RelayId(pub u64);

impl RelayId {
    /// Returns that of a life which began in the middle of another, with this base.
    pub fn of_base(history: History) -> Self {
        Self(history.to_bytes().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

/// Names one connection to a notebook's relay; never used twice in one life of the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConnectionId(pub u64);

/// Where a client stands in the order, and whose order that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The relay that gave the position.
    pub relay: RelayId,
    /// The position; 0 before the first event.
    pub seq: u64,
    /// What led there, so that a relay that was set back and went on another way is noticed. Where a store kept
    /// a position without it, no relay knows that position.
    #[serde(default)]
    pub history: History,
}

impl Cursor {
    /// Returns the next position, where this event is.
    #[must_use]
    pub fn then(self, id: EventId) -> Self {
        Self { relay: self.relay, seq: self.seq.saturating_add(1), history: self.history.then(id) }
    }
}

/// What a client may do, and how it shows that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proof {
    /// Reads and writes.
    Writer {
        /// The verifying key (32 bytes); its fingerprint is the notebook's id.
        #[serde(with = "serde_bytes")]
        key: Vec<u8>,
        /// The key's signature (64 bytes) of [`greeting_to_sign`].
        #[serde(with = "serde_bytes")]
        signature: Vec<u8>,
        /// SHA-256 of the read token (32 bytes), so that the relay knows readers.
        #[serde(with = "serde_bytes")]
        reader: Vec<u8>,
    },
    /// Reads.
    Reader {
        /// The read token (32 bytes).
        #[serde(with = "serde_bytes")]
        token: Vec<u8>,
    },
}

/// An event as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedEvent {
    /// Its name, in the clear.
    pub id: EventId,
    /// Its envelope, sealed and bound to the notebook and to the id.
    #[serde(with = "serde_bytes")]
    pub sealed: Vec<u8>,
}

/// An event with its place in the order, which follows from its place in the frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderedEvent {
    /// Its name.
    pub id: EventId,
    /// `None` on the connection that pushed it: an acknowledgement.
    #[serde(with = "serde_bytes")]
    pub sealed: Option<Vec<u8>>,
}

/// A snapshot that the relay holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotInfo {
    /// It holds all events up to here.
    pub seq: u64,
    /// In so many parts.
    pub parts: u32,
    /// Sealed bytes in all.
    pub bytes: u64,
    /// What led to its position.
    pub history: History,
}

/// From a client to the relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToRelay {
    /// First message.
    Hello {
        /// [`PROTOCOL`] of the client.
        protocol: u32,
        /// What it may do.
        proof: Proof,
        /// Where it stands, if it ever was with a relay.
        cursor: Option<Cursor>,
    },
    /// Asks for what comes after this position; answered by [`FromRelay::Events`].
    Pull {
        /// The last position that the client has.
        after: u64,
    },
    /// Appends events, in this order. Those that the relay holds already are dropped.
    Push {
        /// At most [`MAX_BATCH`].
        events: Vec<SealedEvent>,
        /// The blobs that they point at: the relay keeps them as long as it keeps these events.
        #[serde(default)]
        blobs: Vec<String>,
    },
    /// For everybody else on this notebook; not stored.
    Ephemeral {
        /// At most [`MAX_EPHEMERAL_BYTES`].
        #[serde(with = "serde_bytes")]
        sealed: Vec<u8>,
    },
    /// One part of a snapshot of all events up to `seq`, first part first. The last one is answered by
    /// [`FromRelay::SnapshotStored`]; of a base it begins the order's [`History`].
    PutSnapshot {
        /// It holds all events up to here. 0: the beginning of an order.
        seq: u64,
        /// Of a base: it takes the place of all that the relay has, while the head is this; `None`: the relay is
        /// empty. It must hold all that it replaces. The relay begins another life then, and all connections end.
        #[serde(default)]
        replaces: Option<u64>,
        /// Which part, from 0.
        part: u32,
        /// Of how many.
        parts: u32,
        /// How far each replica is in it. Only in the last part.
        marks: Vec<(ReplicaId, u64)>,
        /// The blobs that the state points at. Only in the last part; `None`: they are not told, and none is dropped.
        #[serde(default)]
        blobs: Option<Vec<String>>,
        /// At most [`MAX_PAYLOAD_BYTES`].
        #[serde(with = "serde_bytes")]
        sealed: Vec<u8>,
    },
    /// Asks for a part of the snapshot that [`FromRelay::Welcome`] or [`Refusal::Compacted`] named.
    PullSnapshot {
        /// Which snapshot.
        seq: u64,
        /// Which part, from 0.
        part: u32,
    },
    /// One part of a blob, first part first. The last one is answered by [`FromRelay::BlobStored`]; a blob
    /// that is there already is answered at once, and its other parts need not be sent. For one that there is no room
    /// for, the answer is [`FromRelay::BlobRefused`], once, and its other parts are not taken.
    PutBlob {
        /// Its name: a keyed hash.
        name: String,
        /// Which part, from 0.
        part: u32,
        /// Of how many.
        parts: u32,
        /// At most [`MAX_PAYLOAD_BYTES`].
        #[serde(with = "serde_bytes")]
        sealed: Vec<u8>,
    },
    /// Asks which of these blobs are not there; answered by [`FromRelay::BlobsMissing`].
    FindBlobs {
        /// At most [`MAX_BATCH`].
        names: Vec<String>,
    },
    /// Asks for a part of a blob; answered by [`FromRelay::BlobPart`].
    PullBlob {
        /// Its name.
        name: String,
        /// Which part, from 0.
        part: u32,
    },
}

/// From the relay to a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromRelay {
    /// First message.
    Greeting {
        /// [`PROTOCOL`] of the relay.
        protocol: u32,
        /// The life of the relay's storage.
        relay: RelayId,
        /// To be signed (32 bytes).
        #[serde(with = "serde_bytes")]
        nonce: Vec<u8>,
    },
    /// The client is let in.
    Welcome {
        /// The name of this connection.
        connection: ConnectionId,
        /// The last position; 0 when there is none.
        head: u64,
        /// Events above this position are there; those up to it are only in the snapshot.
        floor: u64,
        /// The newest snapshot.
        snapshot: Option<SnapshotInfo>,
        /// The one before it, for who cannot open the newest. A relay that does not tell says nothing.
        #[serde(default)]
        older: Option<SnapshotInfo>,
        /// Whether the client's cursor is a place in this relay's order. If not, it starts anew.
        cursor_known: bool,
        /// The other connections that are here.
        peers: Vec<ConnectionId>,
    },
    /// Events in order: the first one's position is `after + 1`.
    Events {
        /// The position before the first.
        after: u64,
        /// The events.
        events: Vec<OrderedEvent>,
        /// The last position. When the events reach it, the connection is live.
        head: u64,
        /// Sealed bytes of all events after the newest snapshot, whoever wrote them. A relay that does not count
        /// them says nothing.
        #[serde(default)]
        tail: u64,
    },
    /// From another connection; not stored.
    Ephemeral {
        /// Whose.
        from: ConnectionId,
        /// Whether that connection may write.
        writer: bool,
        /// The body.
        #[serde(with = "serde_bytes")]
        sealed: Vec<u8>,
    },
    /// A connection has come.
    Joined {
        /// Which.
        connection: ConnectionId,
    },
    /// A connection is gone.
    Left {
        /// Which.
        connection: ConnectionId,
    },
    /// A part of a snapshot.
    SnapshotPart {
        /// Which snapshot.
        seq: u64,
        /// Which part, from 0.
        part: u32,
        /// Of how many.
        parts: u32,
        /// The part.
        #[serde(with = "serde_bytes")]
        sealed: Vec<u8>,
    },
    /// A snapshot is stored in full. Said to who put it, and to all who follow the log.
    SnapshotStored {
        /// Which.
        seq: u64,
    },
    /// A part of a blob; `None` when there is no such blob.
    BlobPart {
        /// Its name.
        name: String,
        /// Which part, from 0.
        part: u32,
        /// Of how many.
        parts: u32,
        /// The part.
        #[serde(with = "serde_bytes")]
        sealed: Option<Vec<u8>>,
    },
    /// A blob is stored in full.
    BlobStored {
        /// Its name.
        name: String,
    },
    /// Of the blobs that were asked about, these are not there.
    BlobsMissing {
        /// Their names.
        names: Vec<String>,
    },
    /// There is no room for a blob. What does not need it goes on.
    BlobRefused {
        /// Its name.
        name: String,
        /// How much the blobs of a notebook may be, in bytes.
        limit: u64,
    },
    /// What was asked for is not done. Where [`Refusal::closes`], the connection ends with it.
    Refused(Refusal),
}

/// Returns the bytes that a writer signs to be let in: bound to the notebook, to this relay and to
/// this connection.
pub fn greeting_to_sign(notebook: &notebook::NotebookId, relay: RelayId, nonce: &[u8]) -> Vec<u8> {
    let mut bytes = b"cathode 1 hello\0".to_vec();
    bytes.extend_from_slice(notebook.as_str().as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(&relay.0.to_be_bytes());
    bytes.extend_from_slice(nonce);
    bytes
}

/// Encodes a frame.
pub fn encode<T: Serialize>(frame: &T) -> Vec<u8> {
    codec::encode(frame)
}

/// Decodes a frame of at most [`MAX_FRAME_BYTES`]. Nothing may follow it.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    if bytes.len() > MAX_FRAME_BYTES {
        return Err(Refusal::TooLarge { size: bytes.len() as u64, limit: MAX_FRAME_BYTES as u64 });
    }
    let mut reader = Deserializer::new(SliceReader::new(bytes));
    let frame = T::deserialize(&mut reader).map_err(|error| Refusal::malformed(&error))?;
    match reader.into_inner().fill(1) {
        Ok(rest) if rest.as_ref().is_empty() => Ok(frame),
        _ => Err(Refusal::malformed(&"something follows the message")),
    }
}
