//! How much one notebook may ask of its relay.

use serde::{Deserialize, Serialize};

/// Bounds per notebook. What one frame may hold is part of the protocol ([`crate::wire`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections at once, those not let in yet included.
    pub connections: usize,
    /// Connections at once that may only read: the rest is for who may write.
    pub readers: usize,
    /// Connections at once that are not let in yet. One more pushes the oldest of them out, so that
    /// nobody without a key can keep others from coming.
    pub strangers: usize,
    /// Frames per second that one connection may send for long.
    pub frames_per_second: u32,
    /// Frames that one connection may send at once.
    pub frames_at_once: u32,
    /// Bytes per second that one connection may send for long.
    pub bytes_per_second: u32,
    /// Bytes that one connection may send at once.
    pub bytes_at_once: u32,
    /// Bytes per second that one that may only read may send for long: questions, and who is here.
    pub reader_bytes_per_second: u32,
    /// Bytes that such a one may send at once: too few to make others fall behind.
    pub reader_bytes_at_once: u32,
    /// Refusals in a row after which a connection is closed.
    pub patience: u32,
    /// Bytes that a connection may be sent unasked since its last frame: more, and it is taken for one
    /// that does not read.
    pub unread_bytes: u64,
    /// Replicas that ever wrote.
    pub replicas: usize,
    /// Bytes of sealed events that are kept.
    pub log_bytes: u64,
    /// Bytes of sealed blobs, those that are being uploaded included.
    pub blob_bytes: u64,
    /// Bytes of sealed snapshots, those that are being uploaded included.
    pub snapshot_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 500,
            readers: 400,
            strangers: 64,
            frames_per_second: 200,
            frames_at_once: 2_000,
            bytes_per_second: 8 << 20,
            bytes_at_once: 256 << 20,
            reader_bytes_per_second: 32 << 10,
            reader_bytes_at_once: 256 << 10,
            patience: 256,
            unread_bytes: 32 << 20,
            replicas: 50_000,
            log_bytes: 256 << 20,
            blob_bytes: 1 << 30,
            snapshot_bytes: 1 << 30,
        }
    }
}
