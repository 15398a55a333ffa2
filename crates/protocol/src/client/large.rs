//! Events that no frame holds: the log names a blob that holds the event. Whoever reads the log waits for it there,
//! since what comes after may build on it.

use std::collections::VecDeque;

use notebook::{BlobRef, Envelope, Event, EventId};
use serde::{Deserialize, Serialize};

use super::blobs::names;
use super::{Client, Phase, Step};
use crate::blob::reference;
use crate::codec;
use crate::seal::{OVERHEAD, Sealer};
use crate::wire::{MAX_PAYLOAD_BYTES, OrderedEvent, ToRelay};

const _: () = assert!(MAX_EVENT_PARTS as usize * (MAX_PAYLOAD_BYTES - OVERHEAD) >= MAX_EVENT_BYTES);

/// The largest event that is sent or taken in, in bytes.
pub const MAX_EVENT_BYTES: usize = 64 << 20;
/// The most parts that the blob of an event is taken in.
pub(super) const MAX_EVENT_PARTS: u32 = 84;

/// What stands in the log for the event, in the shape of an event: a version that does not know it keeps it as one.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Pointer {
    /// A blob holds it.
    EventInBlob(BlobRef),
}

/// What became of an event that came.
pub(super) enum Opened {
    /// It is here; `None` when its seal could not be opened.
    Done(Option<Envelope>),
    /// It goes on when this blob is here.
    Waits(String),
}

/// An answer of the relay whose beginning is done, or none of it.
#[derive(Debug)]
pub(super) struct Held {
    after: u64,
    events: Vec<OrderedEvent>,
    head: u64,
}

/// What waits for the blob of an event.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// The blob's name.
    pub(super) blob: Option<String>,
    /// How many snapshots the relay took meanwhile. With the second one it drops what the log before the first needs.
    pub(super) snapshots: u32,
    /// The one that waited last, and what came.
    came: Option<(String, Option<Vec<u8>>)>,
    held: VecDeque<Held>,
}

/// Opens an event that came; `waiting` has the blob that was waited for.
pub(super) fn open(sealer: &Sealer, waiting: &mut Waiting, id: EventId, bytes: &[u8]) -> Opened {
    let Ok(envelope) = sealer.open_event(id, bytes) else { return Opened::Done(None) };
    let Some(Pointer::EventInBlob(blob)) = pointer(&envelope.event) else { return Opened::Done(Some(envelope)) };
    match waiting.came.take_if(|(name, _)| **name == *blob.hash) {
        Some((_, bytes)) => {
            Opened::Done(bytes.map(|bytes| Envelope { event: codec::decode_event(&bytes), ..envelope }))
        }
        None => Opened::Waits(blob.hash.as_ref().to_owned()),
    }
}

fn pointer(event: &Event) -> Option<Pointer> {
    let Event::Unknown { bytes, .. } = event else { return None };
    codec::decode(bytes).ok()
}

impl Client {
    /// Seals an own event, and returns it with the blobs that it points at. One that no frame holds is put on the relay
    /// as a blob first: `None` until it is there.
    pub(super) fn seal_event(&mut self, at: usize) -> Option<(Vec<u8>, Vec<String>)> {
        let envelope = self.outbox.get(at)?;
        let sealed = self.sealer.seal_event(self.nonce(), envelope);
        let mut blobs = self.blobs.there(names(&envelope.event));
        if sealed.len() <= MAX_PAYLOAD_BYTES {
            return Some((sealed, blobs));
        }
        let bytes = codec::encode_event(&envelope.event);
        if bytes.len() > MAX_EVENT_BYTES {
            let size = bytes.len();
            self.refuse(format!("a change is too large to be shared: {size} bytes, at most {MAX_EVENT_BYTES}"));
            return None;
        }
        let blob = reference(&self.access.blob_key(), &bytes);
        if !self.blobs.is_stored(&blob.hash) {
            self.blobs.want_own(blob.hash.as_ref().to_owned(), bytes);
            return None;
        }
        blobs.insert(0, blob.hash.as_ref().to_owned());
        let event = codec::decode_event(&codec::encode(&Pointer::EventInBlob(blob)));
        let stands_for_it = Envelope { event, actor: envelope.actor.clone(), ..*envelope };
        Some((self.sealer.seal_event(self.nonce(), &stands_for_it), blobs))
    }

    /// Waits with what came until the blob is here.
    pub(super) fn wait_for(&mut self, blob: String) {
        self.blobs.begin_fetching(&blob);
        self.send(&ToRelay::PullBlob { name: blob.clone(), part: 0 });
        self.waiting.blob = Some(blob);
        self.waiting.snapshots = 0;
    }

    /// Keeps what came for when the blob is here.
    pub(super) fn hold(&mut self, after: u64, events: Vec<OrderedEvent>, head: u64) {
        self.waiting.held.push_back(Held { after, events, head });
    }

    /// Takes in the blob that is waited for, and goes on; `None`: the relay does not have it.
    pub(super) fn event_came(&mut self, name: String, bytes: Option<Vec<u8>>) {
        self.waiting.blob = None;
        if bytes.is_none() && self.waiting.snapshots >= 2 {
            // It is in those snapshots.
            return self.drop_connection();
        }
        self.waiting.came = Some((name, bytes));
        if matches!(self.phase, Phase::Adopting(_)) {
            self.steps.push(Step::Fold);
        }
        let held = std::mem::take(&mut self.waiting.held);
        for Held { after, events, head } in held {
            self.events(after, events, head);
        }
    }
}
