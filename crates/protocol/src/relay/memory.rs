//! A storage in memory, for simulations and tests.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;

use notebook::ReplicaId;

use super::storage::{Contents, Storage, StoredBlob, StoredSnapshot, UploadId};
use crate::history::History;
use crate::wire::{RelayId, SealedEvent};

/// Keeps a notebook in memory; a clone is a copy as of now. It never fails.
#[derive(Debug, Clone, Default)]
pub struct MemoryStorage {
    relay: Option<RelayId>,
    reader: Option<[u8; 32]>,
    next: u64,
    /// The position before the first event that is kept.
    dropped: u64,
    events: VecDeque<(SealedEvent, History)>,
    marks: BTreeMap<ReplicaId, u64>,
    parts: BTreeMap<(UploadId, u32), Vec<u8>>,
    snapshots: Vec<StoredSnapshot>,
    /// The blobs that each snapshot points at, where that is known.
    held: BTreeMap<u64, BTreeSet<String>>,
    blobs: BTreeMap<String, StoredBlob>,
    log_bytes: u64,
}

impl MemoryStorage {
    /// Returns the events that are kept with their positions.
    pub fn log(&self) -> impl Iterator<Item = (u64, &SealedEvent)> {
        (self.dropped + 1..).zip(self.events.iter().map(|(event, _)| event))
    }

    /// Returns all sealed bytes that are kept: what somebody who reads the relay's disk can see.
    pub fn sealed(&self) -> impl Iterator<Item = &[u8]> {
        let events = self.events.iter().map(|(event, _)| event.sealed.as_slice());
        events.chain(self.parts.values().map(Vec::as_slice))
    }

    fn index(&self, seq: u64) -> Option<usize> {
        usize::try_from(seq.checked_sub(self.dropped + 1)?).ok()
    }
}

impl Storage for MemoryStorage {
    type Error = Infallible;

    fn load(&self) -> Result<Option<Contents>, Infallible> {
        Ok(self.relay.map(|relay| Contents {
            relay,
            reader: self.reader,
            next: self.next,
            head: self.dropped + self.events.len() as u64,
            marks: self.marks.clone(),
            snapshots: self.snapshots.clone(),
            log_bytes: self.log_bytes,
            blob_bytes: self.blobs.values().map(|blob| blob.bytes).sum(),
        }))
    }

    fn transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Infallible>) -> Result<T, Infallible> {
        work(self)
    }

    fn begin(&mut self, relay: RelayId) -> Result<(), Infallible> {
        self.relay = Some(relay);
        Ok(())
    }

    fn begin_anew(&mut self, relay: RelayId) -> Result<(), Infallible> {
        let Self { reader, next, parts, mut blobs, .. } = std::mem::take(self);
        for blob in blobs.values_mut() {
            blob.used = 0;
        }
        *self = Self { relay: Some(relay), reader, next, parts, blobs, ..Self::default() };
        Ok(())
    }

    fn set_reader(&mut self, reader: [u8; 32]) -> Result<(), Infallible> {
        self.reader = Some(reader);
        Ok(())
    }

    fn set_next(&mut self, next: u64) -> Result<(), Infallible> {
        self.next = next;
        Ok(())
    }

    fn append(&mut self, first: u64, events: &[(SealedEvent, History)]) -> Result<(), Infallible> {
        debug_assert_eq!(first, self.dropped + self.events.len() as u64 + 1);
        for (event, history) in events {
            self.marks.insert(event.id.replica, event.id.counter);
            self.log_bytes += event.sealed.len() as u64;
            self.events.push_back((event.clone(), *history));
        }
        Ok(())
    }

    fn history_at(&self, seq: u64) -> Result<Option<History>, Infallible> {
        Ok(self.index(seq).and_then(|index| self.events.get(index)).map(|(_, history)| *history))
    }

    fn events(&self, after: u64, count: usize, bytes: usize) -> Result<Vec<SealedEvent>, Infallible> {
        let from = usize::try_from(after.saturating_sub(self.dropped)).unwrap_or(usize::MAX);
        let (mut page, mut sum) = (vec![], 0);
        for (event, _) in self.events.iter().skip(from).take(count) {
            sum += event.sealed.len();
            if sum > bytes && !page.is_empty() {
                break;
            }
            page.push(event.clone());
        }
        Ok(page)
    }

    fn bytes_after(&self, seq: u64) -> Result<u64, Infallible> {
        let after = self.log().filter(|(at, _)| *at > seq);
        Ok(after.map(|(_, event)| event.sealed.len() as u64).sum())
    }

    fn drop_events(&mut self, up_to: u64) -> Result<u64, Infallible> {
        let mut bytes = 0;
        while self.dropped < up_to
            && let Some((event, _)) = self.events.pop_front()
        {
            self.dropped += 1;
            bytes += event.sealed.len() as u64;
        }
        self.log_bytes -= bytes;
        Ok(bytes)
    }

    fn set_marks(&mut self, marks: &[(ReplicaId, u64)]) -> Result<(), Infallible> {
        self.marks.extend(marks.iter().copied());
        Ok(())
    }

    fn put_part(&mut self, upload: UploadId, part: u32, sealed: &[u8]) -> Result<(), Infallible> {
        self.parts.insert((upload, part), sealed.to_vec());
        Ok(())
    }

    fn part(&self, upload: UploadId, part: u32) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(self.parts.get(&(upload, part)).cloned())
    }

    fn drop_parts(&mut self, upload: UploadId) -> Result<(), Infallible> {
        self.parts.retain(|(of, _), _| *of != upload);
        Ok(())
    }

    fn drop_abandoned(&mut self, unfinished: &[UploadId]) -> Result<(), Infallible> {
        let snapshots = self.snapshots.iter().map(|snapshot| snapshot.upload);
        let kept: Vec<_> = snapshots.chain(self.blobs.values().map(|blob| blob.upload)).collect();
        self.parts.retain(|(of, _), _| kept.contains(of) || unfinished.contains(of));
        Ok(())
    }

    fn put_snapshot(&mut self, snapshot: StoredSnapshot, blobs: Option<&[String]>) -> Result<(), Infallible> {
        self.snapshots.push(snapshot);
        self.held.extend(blobs.map(|blobs| (snapshot.info.seq, blobs.iter().cloned().collect())));
        Ok(())
    }

    fn drop_snapshot(&mut self, seq: u64) -> Result<(), Infallible> {
        self.snapshots.retain(|snapshot| snapshot.info.seq != seq);
        self.held.remove(&seq);
        Ok(())
    }

    fn put_blob(&mut self, name: &str, blob: StoredBlob) -> Result<(), Infallible> {
        self.blobs.insert(name.to_owned(), blob);
        Ok(())
    }

    fn use_blobs(&mut self, names: &[String], used: u64) -> Result<(), Infallible> {
        for name in names {
            if let Some(blob) = self.blobs.get_mut(name) {
                blob.used = used;
            }
        }
        Ok(())
    }

    fn drop_blobs(&mut self, up_to: u64) -> Result<u64, Infallible> {
        if self.snapshots.iter().any(|snapshot| !self.held.contains_key(&snapshot.info.seq)) {
            return Ok(0);
        }
        let Self { blobs, parts, held, .. } = self;
        let mut dropped = 0;
        blobs.retain(|name, blob| {
            let stays = blob.used > up_to || held.values().any(|held| held.contains(name));
            if !stays {
                dropped += blob.bytes;
                parts.retain(|(of, _), _| *of != blob.upload);
            }
            stays
        });
        Ok(dropped)
    }

    fn blob(&self, name: &str) -> Result<Option<StoredBlob>, Infallible> {
        Ok(self.blobs.get(name).copied())
    }
}
