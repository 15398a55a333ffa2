//! A notebook's state as of a position, as it is put on the relay: in sealed parts.

use notebook::{Change, Notebook, ReplicaId};
use serde::{Deserialize, Serialize};

use crate::codec::{self, DecodeError};
use crate::seal::{NONCE_LEN, OVERHEAD, Purpose, Sealer};
use crate::wire::{MAX_PARTS, MAX_PAYLOAD_BYTES};

/// The largest snapshot that is made or taken, in bytes.
pub const MAX_SNAPSHOT_BYTES: usize = (MAX_PAYLOAD_BYTES - OVERHEAD) * MAX_PARTS as usize;

/// The state and how far each replica is in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The last counter of each replica.
    pub marks: Vec<(ReplicaId, u64)>,
    /// The changes that make the state from nothing.
    pub changes: Vec<Change>,
}

impl Snapshot {
    /// Takes the state of a notebook.
    pub fn of(notebook: &Notebook) -> Self {
        Self { marks: notebook.marks().collect(), changes: notebook.to_changes() }
    }

    /// Returns the notebook as it was.
    pub fn to_notebook(&self) -> Notebook {
        let mut notebook = Notebook::new();
        for change in &self.changes {
            notebook.patch(change);
        }
        for (replica, counter) in &self.marks {
            notebook.set_mark(*replica, *counter);
        }
        notebook
    }

    /// Encodes it.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Decodes one.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(bytes)
    }
}

/// A value of several parts, while it comes in.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    of: Option<u32>,
    got: u32,
    bytes: Vec<u8>,
}

/// Says that a part is not the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotNext;

impl Parts {
    /// Returns which part is the next one.
    pub fn next(&self) -> u32 {
        self.got
    }

    /// Adds a part; returns the value when it was the last one.
    pub fn add(&mut self, part: u32, parts: u32, bytes: &[u8]) -> Result<Option<Vec<u8>>, NotNext> {
        let known = *self.of.get_or_insert(parts);
        if part != self.got || parts != known || parts == 0 || parts > MAX_PARTS || bytes.len() > MAX_PAYLOAD_BYTES {
            return Err(NotNext);
        }
        self.bytes.extend_from_slice(bytes);
        self.got += 1;
        Ok((self.got == parts).then(|| std::mem::take(&mut self.bytes)))
    }
}

/// Cuts bytes into parts that fit a frame together with so many bytes of something else, and seals each. `None`: they
/// are too many.
pub fn seal_parts<'a>(
    sealer: &Sealer,
    bytes: &[u8],
    beside: usize,
    mut nonce: impl FnMut() -> [u8; NONCE_LEN],
    purpose: impl Fn(u32, u32) -> Purpose<'a>,
) -> Option<Vec<Vec<u8>>> {
    let cut = (MAX_PAYLOAD_BYTES - OVERHEAD).checked_sub(beside).filter(|cut| *cut > 0)?;
    let parts = u32::try_from(bytes.len().div_ceil(cut).max(1)).ok().filter(|parts| *parts <= MAX_PARTS)?;
    let mut chunks = bytes.chunks(cut);
    let seal = |part| sealer.seal(nonce(), &purpose(part, parts), chunks.next().unwrap_or(&[]));
    Some((0..parts).map(seal).collect())
}
