//! The order: what is pushed is appended once, kept, and sent to all that are live; what was missed is pulled.

use std::collections::BTreeMap;

use notebook::{EventId, ReplicaId};

use super::outbox::Outbox;
use super::{Relay, Standing, Storage};
use crate::wire::{
    ConnectionId, FromRelay, MAX_BATCH, MAX_BLOB_NAME, MAX_EPHEMERAL_BYTES, MAX_PAYLOAD_BYTES, OrderedEvent, Refusal,
    SealedEvent,
};

/// What a batch comes to.
struct Sorted {
    /// Those events that are new.
    fresh: Vec<SealedEvent>,
    /// How far their replicas are then.
    marks: BTreeMap<ReplicaId, u64>,
    /// Why the rest of the batch is not taken.
    gap: Option<Refusal>,
}

impl<S: Storage> Relay<S> {
    /// Sends a page of the log. When it reaches the head, the connection is live.
    pub(super) fn pull(&mut self, from: ConnectionId, after: u64, out: &mut Outbox) -> Result<(), Refusal> {
        let head = self.contents.head;
        if after > head {
            return Err(Refusal::malformed(&"a pull from beyond the head"));
        }
        if after < self.floor()
            && let Some(newest) = self.contents.snapshots.last()
        {
            return Err(Refusal::Compacted { snapshot: newest.info });
        }
        let page = self.storage.events(after, MAX_BATCH, MAX_PAYLOAD_BYTES);
        let page = page.map_err(|error| Refusal::storage(&error))?;
        if page.is_empty() && after < head {
            return Err(Refusal::storage(&"events are missing"));
        }
        if let Some(connection) = self.connections.get_mut(&from) {
            connection.session.live = after + page.len() as u64 == head;
        }
        out.send(from, &self.events_frame(after, page.into_iter().map(whole).collect()));
        Ok(())
    }

    /// Appends what is new in a batch. These are the blobs that it points at.
    pub(super) fn push(
        &mut self,
        from: ConnectionId,
        events: Vec<SealedEvent>,
        blobs: &[String],
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        self.check_writer(from)?;
        check_count(events.len(), MAX_BATCH)?;
        check_size(events.iter().map(|event| event.sealed.len()).sum(), MAX_PAYLOAD_BYTES)?;
        let Sorted { fresh, marks, gap } = self.sort(events)?;
        let is_fresh = !fresh.is_empty();
        if is_fresh {
            for name in blobs {
                check_size(name.len(), MAX_BLOB_NAME)?;
                if self.storage.blob(name).map_err(|error| Refusal::storage(&error))?.is_none() {
                    return Err(Refusal::NoBlob { name: name.clone() });
                }
            }
            self.append(from, fresh, blobs, marks, out)?;
        }
        let session = self.connections.get_mut(&from).map(|connection| &mut connection.session);
        match (gap, session) {
            // What the gap stands for was refused and is on its way again: these come again behind it.
            (Some(gap), Some(session)) => Err(session.held_back.clone().unwrap_or(gap)),
            (Some(gap), None) => Err(gap),
            (None, Some(session)) if is_fresh => {
                session.held_back = None;
                Ok(())
            }
            (None, _) => Ok(()),
        }
    }

    /// Passes an ephemeral frame on to everybody else. Readers may send them too: they are seen.
    pub(super) fn pass_on(&mut self, from: ConnectionId, sealed: Vec<u8>, out: &mut Outbox) -> Result<(), Refusal> {
        check_size(sealed.len(), MAX_EPHEMERAL_BYTES)?;
        let frame = FromRelay::Ephemeral { from, writer: self.check_writer(from).is_ok(), sealed };
        self.broadcast(from, &frame, |other| other.session.is_let_in(), out);
        Ok(())
    }

    /// Refuses what only a writer may do.
    pub(super) fn check_writer(&self, from: ConnectionId) -> Result<(), Refusal> {
        let is_writer = self.session(from).is_some_and(|session| session.standing == Standing::Writer);
        if is_writer { Ok(()) } else { Err(Refusal::ReadOnly) }
    }

    /// Tells what is new in a batch from what was there, up to the first gap.
    fn sort(&self, events: Vec<SealedEvent>) -> Result<Sorted, Refusal> {
        let mut sorted = Sorted { fresh: vec![], marks: BTreeMap::new(), gap: None };
        for event in events {
            let EventId { replica, counter } = event.id;
            if counter == 0 {
                return Err(Refusal::malformed(&"an event without a number"));
            }
            let mark = sorted.marks.get(&replica).or_else(|| self.contents.marks.get(&replica));
            let mark = mark.copied().unwrap_or(0);
            if counter <= mark {
                continue;
            }
            if counter != mark + 1 {
                sorted.gap = Some(Refusal::Gap { replica, counter, expected: mark + 1 });
                break;
            }
            sorted.marks.insert(replica, counter);
            sorted.fresh.push(event);
        }
        Ok(sorted)
    }

    fn append(
        &mut self,
        from: ConnectionId,
        events: Vec<SealedEvent>,
        blobs: &[String],
        marks: BTreeMap<ReplicaId, u64>,
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        let bytes = self.contents.log_bytes + events.iter().map(|event| event.sealed.len() as u64).sum::<u64>();
        if bytes > self.limits.log_bytes {
            return Err(Refusal::Full { limit: self.limits.log_bytes });
        }
        let known = &self.contents.marks;
        let replicas = known.len() + marks.keys().filter(|replica| !known.contains_key(replica)).count();
        if replicas > self.limits.replicas {
            return Err(Refusal::TooManyReplicas { limit: self.limits.replicas as u64 });
        }
        let before = self.contents.head;
        let mut history = self.history;
        let placed: Vec<_> = events
            .into_iter()
            .map(|event| {
                history = history.then(event.id);
                (event, history)
            })
            .collect();
        let appended = if blobs.is_empty() {
            self.storage.append(before + 1, &placed)
        } else {
            let last = before + placed.len() as u64;
            self.storage.transaction(|storage| {
                storage.append(before + 1, &placed)?;
                storage.use_blobs(blobs, last)
            })
        };
        appended.map_err(|error| Refusal::storage(&error))?;
        self.history = history;
        let events: Vec<_> = placed.into_iter().map(|(event, _)| event).collect();
        self.contents.head += events.len() as u64;
        self.contents.log_bytes = bytes;
        self.contents.marks.extend(marks);

        let is_live = |id| self.connections.get(&id).is_some_and(|connection| connection.session.live);
        if is_live(from) {
            let named = events.iter().map(|event| OrderedEvent { id: event.id, sealed: None }).collect();
            out.send(from, &self.events_frame(before, named));
        }
        let whole = events.into_iter().map(whole).collect();
        self.broadcast(from, &self.events_frame(before, whole), |other| other.session.live, out);
        Ok(())
    }

    fn events_frame(&self, after: u64, events: Vec<OrderedEvent>) -> FromRelay {
        FromRelay::Events { after, events, head: self.contents.head, tail: self.contents.tail_bytes() }
    }
}

fn whole(event: SealedEvent) -> OrderedEvent {
    OrderedEvent { id: event.id, sealed: Some(event.sealed) }
}

/// Refuses more than this protocol's frames hold.
pub(super) fn check_count(count: usize, limit: usize) -> Result<(), Refusal> {
    if count <= limit { Ok(()) } else { Err(Refusal::TooMuchAtOnce { count: count as u64, limit: limit as u64 }) }
}

/// Refuses what is larger than this protocol's frames hold, in bytes.
pub(super) fn check_size(size: usize, limit: usize) -> Result<(), Refusal> {
    if size <= limit { Ok(()) } else { Err(Refusal::TooLarge { size: size as u64, limit: limit as u64 }) }
}
