//! Following the log: what the relay ordered comes in, own events go out.

use notebook::{Envelope, Event, EventId};

use super::large::{self, Opened};
use super::{Client, Ordered, Phase, Step};
use crate::seal::OVERHEAD;
use crate::wire::{Cursor, MAX_BATCH, MAX_BLOB_NAME, MAX_PAYLOAD_BYTES, OrderedEvent, SealedEvent, ToRelay};

/// What the name of a blob takes in a frame, in bytes.
const NAME_BYTES: usize = MAX_BLOB_NAME + 2;

/// Says whether an event is of a version that this one does not know.
pub(super) fn is_unknown(envelope: &Envelope) -> bool {
    matches!(envelope.event, Event::Unknown { .. })
}

impl Client {
    pub(super) fn pull(&mut self) {
        self.send(&ToRelay::Pull { after: self.position() });
    }

    /// Returns up to where the log is here.
    pub(super) fn position(&self) -> u64 {
        self.cursor.map_or(0, |cursor| cursor.seq)
    }

    pub(super) fn events(&mut self, after: u64, events: Vec<OrderedEvent>, head: u64) {
        let count = events.len() as u64;
        let (Some(end), true) = (after.checked_add(count), events.len() <= MAX_BATCH) else {
            return self.drop_connection();
        };
        if end > head || (count == 0 && end < head) {
            return self.drop_connection();
        }
        match &mut self.phase {
            Phase::Adopting(adopting) if adopting.come == after => self.take_page(events, head),
            Phase::Following { live } => {
                let live = *live;
                if self.waiting.blob.is_some() {
                    return self.hold(after, events, head);
                }
                let Some(cursor) = self.cursor else { return self.drop_connection() };
                if after > cursor.seq {
                    // A broadcast was missed.
                    return self.drop_connection();
                }
                let known = usize::try_from(cursor.seq - after).unwrap_or(usize::MAX);
                let is_own = events.last().is_some_and(|last| last.sealed.is_none());
                let rest = self.follow(cursor, events.into_iter().skip(known));
                if !rest.is_empty() {
                    self.hold(end - rest.len() as u64, rest, head);
                } else if end < head {
                    self.pull();
                } else if !live {
                    self.go_live();
                }
                if self.waiting.blob.is_none() {
                    self.compact_if_long(is_own);
                }
            }
            // A page that was asked for where it was thought to begin, or events that come again with a page.
            Phase::Adopting(..) => {}
            Phase::Waiting
            | Phase::Opening
            | Phase::Hello(_)
            | Phase::Basing(..)
            | Phase::Based(_)
            | Phase::Fetching(..)
            | Phase::Adopted
            | Phase::Refused(_) => self.drop_connection(),
        }
    }

    /// Takes in that all of the log is here: the relay sends what comes from now on.
    pub(super) fn go_live(&mut self) {
        self.phase = Phase::Following { live: true };
        self.attempts = 0;
        self.sent = 0;
        self.absent = false;
        self.unmatched = None;
        self.push();
        self.fetch_again();
        if self.may_write() {
            self.steps.push(Step::NeedNames);
        }
        // Before what a long log makes to do.
        self.told_status();
    }

    /// Takes in what comes next; returns what has to wait for a blob.
    fn follow(&mut self, cursor: Cursor, events: impl Iterator<Item = OrderedEvent>) -> Vec<OrderedEvent> {
        let (mut cursor, mut events) = (cursor, events);
        let (mut ordered, mut rest) = (Vec::new(), Vec::new());
        while let Some(event) = events.next() {
            match self.open(event.id, event.sealed.as_deref()) {
                Opened::Done(envelope) => {
                    self.unknown += u64::from(envelope.as_ref().is_some_and(is_unknown));
                    cursor = cursor.then(event.id);
                    ordered.push(Ordered { id: event.id, envelope });
                }
                Opened::Waits(blob) => {
                    self.wait_for(blob);
                    rest.push(event);
                    rest.extend(events);
                    break;
                }
            }
        }
        if !ordered.is_empty() {
            self.order(ordered, cursor);
        }
        rest
    }

    /// Opens an event, unless it is an own one that is here.
    fn open(&mut self, id: EventId, sealed: Option<&[u8]>) -> Opened {
        // Own events come back in the order in which they were sent.
        if let Some(at) = self.outbox.iter().position(|own| own.id == id) {
            let own = self.outbox.remove(at);
            if at < self.sent {
                self.sent -= 1;
            } else if let Some(own) = &own {
                // Somebody else who had it was faster, and may not have had its blobs.
                self.blobs.want_stored(self.blobs.missing(&own.event).into_iter());
                self.put_next_blob();
            }
            self.full = None;
            return Opened::Done(own);
        }
        let opened = sealed.map(|sealed| large::open(&self.sealer, &mut self.waiting, id, sealed));
        if matches!(opened, None | Some(Opened::Done(None))) {
            self.unopened += 1;
        }
        opened.unwrap_or(Opened::Done(None))
    }

    pub(super) fn order(&mut self, ordered: Vec<Ordered>, cursor: Cursor) {
        self.absent = false;
        self.unmatched = None;
        self.cursor = Some(cursor);
        self.filled = true;
        self.steps.push(Step::Order(ordered, cursor));
    }

    /// Sends what has not been sent: events after the blobs they point at.
    pub(super) fn push(&mut self) {
        if !self.hears() || self.held_back || !self.may_write() {
            return;
        }
        while self.sent < self.outbox.len() {
            let (mut events, mut blobs) = (Vec::new(), Vec::new());
            let mut size = 0;
            while let Some(envelope) = self.outbox.get(self.sent) {
                let missing = self.blobs.missing(&envelope.event);
                if !missing.is_empty() {
                    self.blobs.want_stored(missing.into_iter());
                    break;
                }
                let id = envelope.id;
                let Some((sealed, mut named)) = self.seal_event(self.sent) else { break };
                // What there is no room for is named by the next snapshot.
                named.truncate((MAX_PAYLOAD_BYTES - sealed.len()) / NAME_BYTES);
                let needed = sealed.len() + named.len() * NAME_BYTES;
                if !events.is_empty() && (events.len() == MAX_BATCH || size + needed > MAX_PAYLOAD_BYTES) {
                    break;
                }
                size += needed + OVERHEAD;
                blobs.extend(named);
                events.push(SealedEvent { id, sealed });
                self.sent += 1;
            }
            if events.is_empty() {
                self.put_next_blob();
                return;
            }
            self.send(&ToRelay::Push { events, blobs });
        }
    }
}
