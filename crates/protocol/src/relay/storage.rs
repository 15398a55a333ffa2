//! What a relay needs of the place where one notebook is kept.

use std::collections::BTreeMap;
use std::fmt::Display;

use notebook::ReplicaId;
use serde::{Deserialize, Serialize};

use crate::history::History;
use crate::wire::{RelayId, SealedEvent, SnapshotInfo};

/// Names the parts of one upload; never used twice in one life of a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UploadId(pub u64);

/// A snapshot that is there in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredSnapshot {
    /// What it is.
    pub info: SnapshotInfo,
    /// Where its parts are.
    pub upload: UploadId,
    /// Sealed bytes of the events that it holds and the snapshot before it does not.
    pub covers: u64,
}

/// A blob that is there in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredBlob {
    /// Where its parts are.
    pub upload: UploadId,
    /// How many they are.
    pub parts: u32,
    /// Sealed bytes in all.
    pub bytes: u64,
    /// The last position whose event points at it, or the head when it came.
    pub used: u64,
}

/// What a relay keeps in memory of its storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The life of this storage.
    pub relay: RelayId,
    /// How readers are known.
    pub reader: Option<[u8; 32]>,
    /// The next number for a connection or an upload.
    pub next: u64,
    /// The last position; 0 when there was never an event.
    pub head: u64,
    /// How far each replica is, dropped events included.
    pub marks: BTreeMap<ReplicaId, u64>,
    /// The snapshots that are there in full, oldest first: none, one or two.
    pub snapshots: Vec<StoredSnapshot>,
    /// Bytes of the sealed events that are kept.
    pub log_bytes: u64,
    /// Bytes of the blobs that are there in full.
    pub blob_bytes: u64,
}

impl Contents {
    /// Returns the bytes of the sealed events after the newest snapshot.
    pub fn tail_bytes(&self) -> u64 {
        // The kept events are those after the snapshot before the newest one.
        self.log_bytes.saturating_sub(self.snapshots.last().map_or(0, |newest| newest.covers))
    }
}

/// Keeps one notebook. Synchronous, as a Durable Object's SQL is.
///
/// A relay writes only within [`Storage::transaction`], but for [`Storage::append`], and reads what it wrote at once.
pub trait Storage: Sized {
    /// What goes wrong.
    type Error: Display;

    /// Returns what is there, or `None` when [`Storage::begin`] was never committed.
    fn load(&self) -> Result<Option<Contents>, Self::Error>;

    /// Does all of the work or, when it fails, nothing.
    fn transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Self::Error>) -> Result<T, Self::Error>;

    /// Begins a life of this storage: the first write.
    fn begin(&mut self, relay: RelayId) -> Result<(), Self::Error>;

    /// Begins another life of this storage: no events, marks and snapshots are left. Parts and blobs are, used at the
    /// beginning; how readers are known, and the next number.
    fn begin_anew(&mut self, relay: RelayId) -> Result<(), Self::Error>;

    /// Keeps how readers are known.
    fn set_reader(&mut self, reader: [u8; 32]) -> Result<(), Self::Error>;

    /// Keeps the next number for a connection or an upload.
    fn set_next(&mut self, next: u64) -> Result<(), Self::Error>;

    /// Appends events with what led to each, itself included, the first one at this position, and moves the
    /// marks of their replicas. All of them or, when it fails, none: it is the one write of most frames, and may be
    /// quicker than a transaction.
    fn append(&mut self, first: u64, events: &[(SealedEvent, History)]) -> Result<(), Self::Error>;

    /// Returns what led to this position, if its event is kept.
    fn history_at(&self, seq: u64) -> Result<Option<History>, Self::Error>;

    /// Returns the events that are kept after this position, at most so many, and at most so many
    /// sealed bytes unless already the first has more.
    fn events(&self, after: u64, count: usize, bytes: usize) -> Result<Vec<SealedEvent>, Self::Error>;

    /// Returns how many bytes the events after this position have.
    fn bytes_after(&self, seq: u64) -> Result<u64, Self::Error>;

    /// Drops the events up to this position, but not their marks, and returns how many bytes they had.
    fn drop_events(&mut self, up_to: u64) -> Result<u64, Self::Error>;

    /// Sets marks of replicas none of whose events are kept.
    fn set_marks(&mut self, marks: &[(ReplicaId, u64)]) -> Result<(), Self::Error>;

    /// Keeps a part of an upload.
    fn put_part(&mut self, upload: UploadId, part: u32, sealed: &[u8]) -> Result<(), Self::Error>;

    /// Returns a part of an upload.
    fn part(&self, upload: UploadId, part: u32) -> Result<Option<Vec<u8>>, Self::Error>;

    /// Drops the parts of an upload.
    fn drop_parts(&mut self, upload: UploadId) -> Result<(), Self::Error>;

    /// Drops the parts of all uploads that are neither snapshots nor blobs nor among these.
    fn drop_abandoned(&mut self, unfinished: &[UploadId]) -> Result<(), Self::Error>;

    /// Makes a snapshot of an upload, which points at these blobs; `None`: it is not known at which.
    fn put_snapshot(&mut self, snapshot: StoredSnapshot, blobs: Option<&[String]>) -> Result<(), Self::Error>;

    /// Drops a snapshot, but not its parts.
    fn drop_snapshot(&mut self, seq: u64) -> Result<(), Self::Error>;

    /// Makes a blob of an upload.
    fn put_blob(&mut self, name: &str, blob: StoredBlob) -> Result<(), Self::Error>;

    /// Keeps that events up to this position point at these blobs.
    fn use_blobs(&mut self, names: &[String], used: u64) -> Result<(), Self::Error>;

    /// Drops the blobs that were used at this position last, or before, and that no snapshot points at, and returns
    /// how many bytes they had. None, while it is not known of all snapshots at which they point.
    fn drop_blobs(&mut self, up_to: u64) -> Result<u64, Self::Error>;

    /// Returns a blob that is there in full.
    fn blob(&self, name: &str) -> Result<Option<StoredBlob>, Self::Error>;
}
