//! A model of the store: the same promises without SQL, for many schedules.

use std::collections::BTreeMap;

use notebook::replica::Confirmed;
use notebook::{Applied, BlobRef, Change, Envelope, EventId, Replica, ReplicaId};
use protocol::client::{Adoption, Ordered, lacking, united};
use protocol::snapshot::Snapshot;
use protocol::wire::Cursor;
use store::Adopted;

use crate::random::entropy;

/// What is committed, and what is not yet.
#[derive(Debug, Default)]
pub(super) struct Disk {
    state: Replica,
    replica: Option<ReplicaId>,
    shared: bool,
    cursor: Option<Cursor>,
    /// What was ever ordered here, in order.
    log: Vec<Envelope>,
    /// So many of the last pending events are not committed.
    unsaved: usize,
    opened: u64,
    /// What is large, by its name. It is kept as soon as it is there: losing some of it is not simulated.
    blobs: BTreeMap<String, Vec<u8>>,
}

impl Disk {
    /// Opens the store for a tab: only what was committed is there.
    pub(super) fn open(&mut self, replica: ReplicaId) {
        self.replica = Some(replica);
        self.opened += 1;
        let kept = self.state.pending().len() - self.unsaved;
        let pending: Vec<Envelope> = self.state.pending().take(kept).cloned().collect();
        let confirmed = self.state.confirmed();
        // Reading rows is reading the changes that make the state; doing it every time would cost too much.
        let confirmed =
            if self.opened.is_multiple_of(2) { Snapshot::of(confirmed).to_notebook() } else { confirmed.clone() };
        self.state = Replica::new(confirmed);
        for envelope in pending {
            self.state.append(envelope);
        }
        self.unsaved = 0;
    }

    /// Returns the state with what of it is ordered.
    pub(super) fn state(&self) -> &Replica {
        &self.state
    }

    /// Returns the id that the next own event must carry.
    pub(super) fn next_event_id(&self) -> EventId {
        let replica = self.replica.unwrap_or(ReplicaId(0));
        EventId { replica, counter: self.state.visible().mark(replica) + 1 }
    }

    /// Adds an own event.
    pub(super) fn append(&mut self, envelope: Envelope) -> Applied {
        let before = self.state.pending().len();
        let applied = self.state.append(envelope);
        self.unsaved += self.state.pending().len() - before;
        applied
    }

    /// Returns how many events wait for a commit.
    pub(super) fn unsaved(&self) -> usize {
        self.unsaved
    }

    /// Commits all there is.
    pub(super) fn commit(&mut self) {
        self.unsaved = 0;
        if !self.shared {
            // Without a relay the store settles the order itself.
            let pending: Vec<Envelope> = self.state.pending().cloned().collect();
            for envelope in pending {
                self.state.confirm(&envelope);
                self.log.push(envelope);
            }
        }
    }

    /// Says whether a relay orders the notebook.
    pub(super) fn is_shared(&self) -> bool {
        self.shared
    }

    /// Hands the order over to a relay.
    pub(super) fn share(&mut self) {
        self.commit();
        self.shared = true;
    }

    /// Returns up to where the relay's order is in the state.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        self.cursor
    }

    /// Says whether there is anything of the notebook here.
    pub(super) fn is_filled(&self) -> bool {
        self.cursor.is_some() || self.state.visible().marks().next().is_some()
    }

    /// Folds in what the relay ordered. Returns what changed of what is visible.
    pub(super) fn order(&mut self, ordered: &[Ordered], cursor: Cursor) -> Vec<Change> {
        let envelopes: Vec<_> = ordered.iter().filter_map(|ordered| ordered.envelope.clone()).collect();
        let shown = self.state.confirm_all(&envelopes).into_iter().flat_map(Confirmed::into_shown).collect();
        self.log.extend(envelopes);
        self.cursor = Some(cursor);
        self.unsaved = self.unsaved.min(self.state.pending().len());
        shown
    }

    /// Puts the relay's state in place of this one, unless something would be lost.
    pub(super) fn adopt(&mut self, adoption: Adoption) -> Adopted {
        self.commit();
        let marks: Vec<(ReplicaId, u64)> = self.state.visible().marks().collect();
        let known: Vec<Envelope> = self.log.iter().chain(self.state.pending()).cloned().collect();
        let Some(pending) = lacking(&adoption.state, &marks, known) else {
            return Adopted::Not(united(self.state.confirmed(), &adoption).map(Box::new));
        };
        let Adoption { events, state, cursor, .. } = adoption;
        self.log.extend(events.into_iter().map(|(envelope, _)| envelope));
        self.cursor = Some(cursor);
        let shown = self.state.adopt(state, pending.clone());
        Adopted::All { pending, shown }
    }

    /// Makes something large.
    pub(super) fn make_blob(&mut self) -> BlobRef {
        let bytes = entropy().repeat(3);
        // As a keyed hash looks like.
        let hash = format!("{:064x}", u128::from_le_bytes(entropy()));
        let blob = BlobRef { hash: hash.as_str().into(), size: bytes.len() as u64 };
        self.blobs.insert(hash, bytes);
        blob
    }

    /// Keeps something large.
    pub(super) fn put_blob(&mut self, name: String, bytes: Vec<u8>) {
        self.blobs.insert(name, bytes);
    }

    /// Returns something large, if it is here.
    pub(super) fn blob(&self, name: &str) -> Option<&[u8]> {
        self.blobs.get(name).map(Vec::as_slice)
    }

    /// Returns the name of something large that the state points at and that is not here, if there is such.
    pub(super) fn lacks(&self) -> Option<String> {
        let blobs = self.state.confirmed().blobs();
        blobs.into_iter().map(|blob| blob.hash.as_ref().to_owned()).find(|name| !self.blobs.contains_key(name))
    }
}
