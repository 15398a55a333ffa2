//! What a relay remembers of one connection while its own memory may be taken away.

use serde::{Deserialize, Serialize};

use super::storage::UploadId;
use crate::wire::{Refusal, RelayId};

/// What a connection may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// It has not shown a proof.
    Stranger,
    /// It reads.
    Reader,
    /// It reads and writes.
    Writer,
}

/// A snapshot or blob that is being uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Upload<T> {
    /// Which.
    pub(super) of: T,
    /// Where its parts are kept.
    pub(super) id: UploadId,
    /// The part that comes next.
    pub(super) next: u32,
    /// Of how many.
    pub(super) parts: u32,
    /// The sealed bytes so far.
    pub(super) bytes: u64,
}

/// All that must outlive a relay's memory as long as the connection is open: under 2 KB encoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The relay that greeted it.
    pub(super) relay: RelayId,
    #[serde(with = "serde_bytes")]
    pub(super) nonce: [u8; 32],
    pub(super) standing: Standing,
    /// Whether it gets what is new as it comes.
    pub(super) live: bool,
    pub(super) snapshot: Option<Upload<u64>>,
    pub(super) blob: Option<Upload<String>>,
    /// What it was refused and will send again: frames that were under way behind that one are
    /// no mistake of the client.
    pub(super) held_back: Option<Refusal>,
    /// The blob that there was no room for: its other parts were under way.
    #[serde(default)]
    pub(super) unwanted: Option<String>,
}

impl Session {
    pub(super) fn new(relay: RelayId, nonce: [u8; 32]) -> Self {
        Self {
            relay,
            nonce,
            standing: Standing::Stranger,
            live: false,
            snapshot: None,
            blob: None,
            held_back: None,
            unwanted: None,
        }
    }

    /// Returns what the connection may do.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Says whether the connection gets what is new as it comes.
    pub fn is_live(&self) -> bool {
        self.live
    }

    pub(super) fn is_let_in(&self) -> bool {
        self.standing != Standing::Stranger
    }

    pub(super) fn uploads(&self) -> impl Iterator<Item = UploadId> {
        self.snapshot.iter().map(|upload| upload.id).chain(self.blob.iter().map(|upload| upload.id))
    }
}
