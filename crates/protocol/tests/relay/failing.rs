//! A storage that fails after so many writes, and then undoes its transaction.

use std::cell::Cell;

use notebook::ReplicaId;
use protocol::history::History;
use protocol::relay::MemoryStorage;
use protocol::relay::storage::{Contents, Storage, StoredBlob, StoredSnapshot, UploadId};
use protocol::wire::{RelayId, SealedEvent};

#[derive(Debug, Clone, Default)]
pub(crate) struct FailingStorage {
    kept: MemoryStorage,
    /// How many writes still succeed; `None`: all.
    writes_left: Cell<Option<u32>>,
}

impl FailingStorage {
    pub(crate) fn fail_after(&mut self, writes: u32) {
        self.writes_left.set(Some(writes));
    }

    pub(crate) fn repair(&mut self) {
        self.writes_left.set(None);
    }

    /// Uses the storage for a write.
    fn write<T>(
        &mut self,
        write: impl FnOnce(&mut MemoryStorage) -> Result<T, std::convert::Infallible>,
    ) -> Outcome<T> {
        let left = self.writes_left.get();
        if left == Some(0) {
            return Err("the disk is broken");
        }
        self.writes_left.set(left.map(|left| left - 1));
        let Ok(value) = write(&mut self.kept);
        Ok(value)
    }
}

type Outcome<T> = Result<T, &'static str>;

fn read<T>(read: Result<T, std::convert::Infallible>) -> Outcome<T> {
    read.map_err(|never| match never {})
}

impl Storage for FailingStorage {
    type Error = &'static str;

    fn load(&self) -> Outcome<Option<Contents>> {
        read(self.kept.load())
    }

    fn transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        let before = self.kept.clone();
        work(self).inspect_err(|_| self.kept = before)
    }

    fn begin(&mut self, relay: RelayId) -> Outcome<()> {
        self.write(|kept| kept.begin(relay))
    }

    fn begin_anew(&mut self, relay: RelayId) -> Outcome<()> {
        self.write(|kept| kept.begin_anew(relay))
    }

    fn set_reader(&mut self, reader: [u8; 32]) -> Outcome<()> {
        self.write(|kept| kept.set_reader(reader))
    }

    fn set_next(&mut self, next: u64) -> Outcome<()> {
        self.write(|kept| kept.set_next(next))
    }

    fn append(&mut self, first: u64, events: &[(SealedEvent, History)]) -> Outcome<()> {
        // One write for each, so that a batch can fail in its middle.
        self.transaction(|within| {
            (first..)
                .zip(events)
                .try_for_each(|(seq, event)| within.write(|kept| kept.append(seq, std::slice::from_ref(event))))
        })
    }

    fn history_at(&self, seq: u64) -> Outcome<Option<History>> {
        read(self.kept.history_at(seq))
    }

    fn events(&self, after: u64, count: usize, bytes: usize) -> Outcome<Vec<SealedEvent>> {
        read(self.kept.events(after, count, bytes))
    }

    fn bytes_after(&self, seq: u64) -> Outcome<u64> {
        read(self.kept.bytes_after(seq))
    }

    fn drop_events(&mut self, up_to: u64) -> Outcome<u64> {
        self.write(|kept| kept.drop_events(up_to))
    }

    fn set_marks(&mut self, marks: &[(ReplicaId, u64)]) -> Outcome<()> {
        self.write(|kept| kept.set_marks(marks))
    }

    fn put_part(&mut self, upload: UploadId, part: u32, sealed: &[u8]) -> Outcome<()> {
        self.write(|kept| kept.put_part(upload, part, sealed))
    }

    fn part(&self, upload: UploadId, part: u32) -> Outcome<Option<Vec<u8>>> {
        read(self.kept.part(upload, part))
    }

    fn drop_parts(&mut self, upload: UploadId) -> Outcome<()> {
        self.write(|kept| kept.drop_parts(upload))
    }

    fn drop_abandoned(&mut self, unfinished: &[UploadId]) -> Outcome<()> {
        self.write(|kept| kept.drop_abandoned(unfinished))
    }

    fn put_snapshot(&mut self, snapshot: StoredSnapshot, blobs: Option<&[String]>) -> Outcome<()> {
        self.write(|kept| kept.put_snapshot(snapshot, blobs))
    }

    fn drop_snapshot(&mut self, seq: u64) -> Outcome<()> {
        self.write(|kept| kept.drop_snapshot(seq))
    }

    fn put_blob(&mut self, name: &str, blob: StoredBlob) -> Outcome<()> {
        self.write(|kept| kept.put_blob(name, blob))
    }

    fn use_blobs(&mut self, names: &[String], used: u64) -> Outcome<()> {
        self.write(|kept| kept.use_blobs(names, used))
    }

    fn drop_blobs(&mut self, up_to: u64) -> Outcome<u64> {
        self.write(|kept| kept.drop_blobs(up_to))
    }

    fn blob(&self, name: &str) -> Outcome<Option<StoredBlob>> {
        read(self.kept.blob(name))
    }
}
