//! Snapshots and blobs: what comes in parts. Parts that are not yet a whole belong to the connection
//! that sends them, and go with it.

use std::collections::{BTreeMap, BTreeSet};

use notebook::ReplicaId;

use super::log::{check_count, check_size};
use super::outbox::Outbox;
use super::session::{Session, Upload};
use super::storage::{Contents, StoredBlob, StoredSnapshot, UploadId};
use super::{Connection, Relay, Storage};
use crate::history::History;
use crate::wire::{
    ConnectionId, FromRelay, MAX_BATCH, MAX_BLOB_NAME, MAX_PARTS, MAX_PAYLOAD_BYTES, Refusal, RelayId, SnapshotInfo,
};

/// One part of something that comes in parts.
pub(super) struct Piece {
    pub(super) part: u32,
    pub(super) parts: u32,
    pub(super) sealed: Vec<u8>,
}

/// Where a snapshot goes.
pub(super) struct Place {
    /// It holds all events up to here.
    pub(super) seq: u64,
    /// The head of what it replaces, if it does.
    pub(super) replaces: Option<u64>,
}

/// What a snapshot holds, as its last part says.
pub(super) struct Holds {
    /// How far each replica is in it. Only of a base.
    pub(super) marks: Vec<(ReplicaId, u64)>,
    /// The blobs that it points at, where that is said.
    pub(super) blobs: Option<Vec<String>>,
}

impl Piece {
    fn check(&self) -> Result<(), Refusal> {
        check_size(self.sealed.len(), MAX_PAYLOAD_BYTES)?;
        if self.part < self.parts && self.parts <= MAX_PARTS {
            return Ok(());
        }
        Err(Refusal::malformed(&"there is no such part"))
    }

    fn is_last(&self) -> bool {
        self.part + 1 == self.parts
    }
}

impl<S: Storage> Relay<S> {
    /// Takes a part of a snapshot; with the last one, drops what two generations do not need.
    pub(super) fn put_snapshot(
        &mut self,
        from: ConnectionId,
        place: &Place,
        part: &Piece,
        holds: &Holds,
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        self.check_writer(from)?;
        part.check()?;
        let seq = place.seq;
        let mut begun = self.take_upload(from, |session| session.snapshot.take());
        if !self.wants_snapshot(place) {
            self.drop_upload(begun)?;
            return Err(Refusal::Superseded);
        }
        let upload = self.next_place(from, seq, begun.take(), part)?;
        let kept: u64 = self.contents.snapshots.iter().map(|snapshot| snapshot.info.bytes).sum();
        let coming = self.uploading(|session| session.snapshot.as_ref().map(|upload| upload.bytes));
        let limit = self.limits.snapshot_bytes;
        if kept + coming + upload.bytes > limit {
            self.drop_upload(Some(upload))?;
            return Err(Refusal::Full { limit });
        }
        let replicas = self.limits.replicas;
        if holds.marks.len() > replicas {
            self.drop_upload(Some(upload))?;
            return Err(Refusal::TooManyReplicas { limit: replicas as u64 });
        }
        let store = |error| Refusal::storage(&error);
        if !part.is_last() {
            self.storage
                .transaction(|storage| storage.put_part(upload.id, part.part, &part.sealed))
                .map_err(|error: S::Error| store(error.to_string()))?;
            self.keep_upload(from, |session| session.snapshot = Some(upload));
            return Ok(());
        }
        if place.replaces.is_some() {
            return self.begin_anew(upload, part, holds, out);
        }
        // A base is where the order begins.
        let history = match seq {
            0 => Some(History::of_base(&part.sealed)),
            _ => self.history_at(seq).map_err(|error| store(error.to_string()))?,
        };
        let history = history.ok_or_else(|| Refusal::storage(&"events are missing"))?;
        let info = SnapshotInfo { seq, parts: upload.parts, bytes: upload.bytes, history };
        self.finish_snapshot(info, upload.id, part, holds).map_err(|error| store(error.to_string()))?;
        let stored = FromRelay::SnapshotStored { seq };
        out.send(from, &stored);
        self.broadcast(from, &stored, |other| other.session.live, out);
        Ok(())
    }

    /// Sends a part of a snapshot, or says which one there is now.
    pub(super) fn pull_snapshot(
        &mut self,
        from: ConnectionId,
        seq: u64,
        part: u32,
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        let snapshots = &self.contents.snapshots;
        let Some(found) = snapshots.iter().find(|snapshot| snapshot.info.seq == seq).copied() else {
            let newest = snapshots.last().map(|newest| Refusal::Compacted { snapshot: newest.info });
            return Err(newest.unwrap_or_else(|| Refusal::malformed(&"there is no snapshot")));
        };
        let sealed = self.read_part(found.upload, part, found.info.parts)?;
        out.send(from, &FromRelay::SnapshotPart { seq, part, parts: found.info.parts, sealed });
        Ok(())
    }

    /// Takes a part of a blob.
    pub(super) fn put_blob(
        &mut self,
        from: ConnectionId,
        name: String,
        part: &Piece,
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        self.check_writer(from)?;
        part.check()?;
        check_size(name.len(), MAX_BLOB_NAME)?;
        if let Some(Connection { session, .. }) = self.connections.get_mut(&from) {
            if part.part > 0 && session.unwanted.as_ref() == Some(&name) {
                return Ok(());
            }
            session.unwanted = None;
        }
        let begun = self.take_upload(from, |session| session.blob.take());
        if self.storage.blob(&name).map_err(|error| Refusal::storage(&error))?.is_some() {
            self.drop_upload(begun)?;
            out.send(from, &FromRelay::BlobStored { name });
            return Ok(());
        }
        let upload = self.next_place(from, name, begun, part)?;
        // Of a blob that several bring, one stays.
        let others = |of: &&Upload<String>| of.of != upload.of;
        let coming = self.uploading(|session| session.blob.as_ref().filter(others).map(|upload| upload.bytes));
        let limit = self.limits.blob_bytes;
        if self.contents.blob_bytes + coming + upload.bytes > limit {
            let name = upload.of.clone();
            self.drop_upload(Some(upload))?;
            if let Some(Connection { session, .. }) = self.connections.get_mut(&from) {
                session.unwanted = Some(name.clone());
            }
            out.send(from, &FromRelay::BlobRefused { name, limit });
            return Ok(());
        }
        let blob = StoredBlob { upload: upload.id, parts: upload.parts, bytes: upload.bytes, used: self.contents.head };
        self.storage
            .transaction(|storage| {
                storage.put_part(upload.id, part.part, &part.sealed)?;
                if part.is_last() { storage.put_blob(&upload.of, blob) } else { Ok(()) }
            })
            .map_err(|error| Refusal::storage(&error))?;
        if part.is_last() {
            self.contents.blob_bytes += upload.bytes;
            out.send(from, &FromRelay::BlobStored { name: upload.of });
        } else {
            self.keep_upload(from, |session| session.blob = Some(upload));
        }
        Ok(())
    }

    /// Says which of these blobs are not there.
    pub(super) fn find_blobs(
        &mut self,
        from: ConnectionId,
        mut names: Vec<String>,
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        check_count(names.len(), MAX_BATCH)?;
        let mut there = BTreeSet::new();
        for name in &names {
            check_size(name.len(), MAX_BLOB_NAME)?;
            if self.storage.blob(name).map_err(|error| Refusal::storage(&error))?.is_some() {
                there.insert(name.clone());
            }
        }
        names.retain(|name| !there.contains(name));
        out.send(from, &FromRelay::BlobsMissing { names });
        Ok(())
    }

    /// Sends a part of a blob, or says that there is no such blob.
    pub(super) fn pull_blob(
        &mut self,
        from: ConnectionId,
        name: String,
        part: u32,
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        check_size(name.len(), MAX_BLOB_NAME)?;
        let answer = match self.storage.blob(&name).map_err(|error| Refusal::storage(&error))? {
            Some(StoredBlob { upload, parts, .. }) => {
                let sealed = Some(self.read_part(upload, part, parts)?);
                FromRelay::BlobPart { name, part, parts, sealed }
            }
            None => FromRelay::BlobPart { name, part, parts: 0, sealed: None },
        };
        out.send(from, &answer);
        Ok(())
    }

    /// Says whether a snapshot up to here is newer than what there is. Up to 0 is the base of a
    /// notebook that was shared just now: only an empty relay takes it, or one whose head it replaces.
    fn wants_snapshot(&self, Place { seq, replaces }: &Place) -> bool {
        let contents = &self.contents;
        let newest = contents.snapshots.last().map(|snapshot| snapshot.info.seq);
        let is_empty = contents.head == 0 && newest.is_none();
        match (seq, replaces) {
            (0, None) => is_empty,
            (0, Some(head)) => !is_empty && *head == contents.head,
            (_, Some(_)) => false,
            (seq, None) => *seq <= contents.head && newest.is_none_or(|newest| *seq > newest),
        }
    }

    /// Puts a base in the place of all there is: a client holds that and more which it cannot tell event by event.
    /// Everybody who is connected comes again.
    fn begin_anew(
        &mut self,
        upload: Upload<u64>,
        part: &Piece,
        holds: &Holds,
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        let reached: BTreeMap<_, _> = holds.marks.iter().copied().collect();
        if self.contents.marks.iter().any(|(replica, counter)| reached.get(replica) < Some(counter)) {
            self.drop_upload(Some(upload))?;
            return Err(Refusal::malformed(&"a base that lacks what it replaces"));
        }
        let history = History::of_base(&part.sealed);
        let relay = RelayId::of_base(history);
        let info = SnapshotInfo { seq: 0, parts: upload.parts, bytes: upload.bytes, history };
        let base = StoredSnapshot { info, upload: upload.id, covers: 0 };
        let replaced: Vec<_> = self.contents.snapshots.iter().map(|snapshot| snapshot.upload).collect();
        self.storage
            .transaction(|storage: &mut S| {
                storage.put_part(upload.id, part.part, &part.sealed)?;
                storage.begin_anew(relay)?;
                for upload in replaced {
                    storage.drop_parts(upload)?;
                }
                storage.set_marks(&holds.marks)?;
                storage.put_snapshot(base, holds.blobs.as_deref())
            })
            .map_err(|error| Refusal::storage(&error))?;
        self.history = history;
        let Contents { reader, next, blob_bytes, .. } = self.contents;
        self.contents =
            Contents { relay, reader, next, head: 0, marks: reached, snapshots: vec![base], log_bytes: 0, blob_bytes };
        for connection in std::mem::take(&mut self.connections).into_keys() {
            out.refuse_and_close(connection, Refusal::Replaced);
        }
        // What they left unfinished is dropped before the next upload.
        self.is_swept = false;
        Ok(())
    }

    fn finish_snapshot(
        &mut self,
        info: SnapshotInfo,
        upload: UploadId,
        part: &Piece,
        holds: &Holds,
    ) -> Result<(), S::Error> {
        let covers = self.contents.tail_bytes().saturating_sub(self.storage.bytes_after(info.seq)?);
        let new = StoredSnapshot { info, upload, covers };
        let mut kept = self.contents.snapshots.clone();
        kept.push(new);
        let dropped: Vec<_> = kept.drain(..kept.len().saturating_sub(2)).collect();
        // The events up to the generation before this one.
        let up_to = if kept.len() == 2 { kept[0].info.seq } else { 0 };
        let is_base = info.seq == 0;
        let (bytes, blob_bytes) = self.storage.transaction(|storage| {
            storage.put_part(upload, part.part, &part.sealed)?;
            storage.put_snapshot(new, holds.blobs.as_deref())?;
            if is_base {
                storage.set_marks(&holds.marks)?;
            }
            for old in &dropped {
                storage.drop_snapshot(old.info.seq)?;
                storage.drop_parts(old.upload)?;
            }
            Ok((storage.drop_events(up_to)?, storage.drop_blobs(up_to)?))
        })?;
        self.contents.log_bytes = self.contents.log_bytes.saturating_sub(bytes);
        self.contents.blob_bytes = self.contents.blob_bytes.saturating_sub(blob_bytes);
        self.contents.snapshots = kept;
        if is_base {
            self.history = info.history;
            self.contents.marks.extend(holds.marks.iter().copied());
        }
        Ok(())
    }

    /// Returns where a part belongs: the first one begins an upload, each other one goes on with it.
    fn next_place<T: PartialEq>(
        &mut self,
        from: ConnectionId,
        of: T,
        begun: Option<Upload<T>>,
        part: &Piece,
    ) -> Result<Upload<T>, Refusal> {
        let bytes = part.sealed.len() as u64;
        if part.part == 0 {
            self.drop_upload(begun)?;
            self.sweep()?;
            let id = UploadId(self.allot().map_err(|error| Refusal::storage(&error))?);
            return Ok(Upload { of, id, next: 1, parts: part.parts, bytes });
        }
        match begun {
            Some(begun) if begun.of == of && begun.next == part.part && begun.parts == part.parts => {
                Ok(Upload { next: part.part + 1, bytes: begun.bytes + bytes, ..begun })
            }
            other => {
                self.drop_upload(other)?;
                let held_back = self.session(from).and_then(|session| session.held_back.clone());
                Err(held_back.unwrap_or_else(|| Refusal::malformed(&"a part out of order")))
            }
        }
    }

    fn read_part(&self, upload: UploadId, part: u32, parts: u32) -> Result<Vec<u8>, Refusal> {
        if part >= parts {
            return Err(Refusal::malformed(&"there is no such part"));
        }
        let sealed = self.storage.part(upload, part).map_err(|error| Refusal::storage(&error))?;
        sealed.ok_or_else(|| Refusal::storage(&"a part is missing"))
    }

    fn take_upload<T>(
        &mut self,
        from: ConnectionId,
        take: impl FnOnce(&mut Session) -> Option<Upload<T>>,
    ) -> Option<Upload<T>> {
        take(&mut self.connections.get_mut(&from)?.session)
    }

    fn keep_upload(&mut self, from: ConnectionId, keep: impl FnOnce(&mut Session)) {
        if let Some(Connection { session, .. }) = self.connections.get_mut(&from) {
            keep(session);
            session.held_back = None;
        }
    }

    fn drop_upload<T>(&mut self, upload: Option<Upload<T>>) -> Result<(), Refusal> {
        let Some(Upload { id, .. }) = upload else { return Ok(()) };
        self.storage.transaction(|storage| storage.drop_parts(id)).map_err(|error| Refusal::storage(&error))
    }

    /// Drops, before the first upload, what connections of an earlier relay left behind.
    fn sweep(&mut self) -> Result<(), Refusal> {
        if !self.is_swept {
            let unfinished: Vec<_> =
                self.connections.values().flat_map(|connection| connection.session.uploads()).collect();
            self.storage
                .transaction(|storage| storage.drop_abandoned(&unfinished))
                .map_err(|error| Refusal::storage(&error))?;
            self.is_swept = true;
        }
        Ok(())
    }

    /// Sums what connections have uploaded of what is not yet whole.
    fn uploading(&self, bytes: impl Fn(&Session) -> Option<u64>) -> u64 {
        self.connections.values().filter_map(|connection| bytes(&connection.session)).sum()
    }
}
