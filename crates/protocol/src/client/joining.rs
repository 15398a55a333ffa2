//! Positions that a client and its relay do not have in common: an empty relay is filled, and the state of
//! another is fetched with what came after it, and handed to the store. Snapshots go the same ways.

use std::collections::{BTreeSet, VecDeque};

use notebook::{Envelope, EventId, Notebook, ReplicaId};

use super::blobs::names_of;
use super::following::is_unknown;
use super::large::{self, Opened};
use super::{Adoption, Client, Phase, Step, Tail, nonce};
use crate::codec;
use crate::history::History;
use crate::seal::Purpose;
use crate::snapshot::{NotNext, Parts, Snapshot, seal_parts};
use crate::wire::{Cursor, MAX_BATCH, MAX_PAYLOAD_BYTES, OrderedEvent, RelayId, SnapshotInfo, ToRelay};

impl Client {
    /// Takes in the store's answer to [`Step::Adopt`]: what it has and the relay lacks, oldest first.
    pub fn adopted(&mut self, pending: Vec<Envelope>) -> Vec<Step> {
        if matches!(self.phase, Phase::Adopted) {
            self.outbox = if self.may_write() { pending.into() } else { VecDeque::new() };
            self.filled = true;
            // The page that ended at the head was the relay's sign that what comes next is sent unasked.
            self.go_live();
            self.compact_if_long(false);
        }
        self.take_steps()
    }

    /// Takes in that the store cannot take the relay's state in without losing something. `united` holds all that is
    /// here and all that is there, if the store can make that: it takes the place of what the relay has.
    pub fn not_adopted(&mut self, united: Option<&Notebook>) -> Vec<Step> {
        // It is no position of what is here.
        let at = self.cursor.take();
        if let (Some(united), Some(Cursor { relay, seq, .. }), true) = (united, at, self.may_write()) {
            self.phase = Phase::Basing(Basing { relay, replaces: Some(seq), base: None });
            return self.base(united);
        }
        // Somebody must come who may write, and has by itself what is missing here or there.
        self.unmatched = at.map(|Cursor { relay, seq, .. }| (relay, seq));
        self.drop_connection();
        self.take_steps()
    }

    /// Fills an empty relay with what is here.
    pub(super) fn fill(&mut self, relay: RelayId) {
        if self.filled && self.may_write() {
            self.phase = Phase::Basing(Basing { relay, replaces: None, base: None });
            self.steps.push(Step::NeedBase);
        } else {
            // Somebody who has the notebook must come first.
            self.absent = true;
            self.drop_connection();
        }
    }

    /// Takes in the confirmed state, which an empty relay gets.
    pub fn base(&mut self, notebook: &Notebook) -> Vec<Step> {
        if let Phase::Basing(Basing { base, .. }) = &mut self.phase {
            *base = Some(Box::new(notebook.clone()));
            self.blobs.want_stored(names_of(notebook).into_iter());
            self.put_next_blob();
        }
        self.take_steps()
    }

    pub(super) fn put_snapshot(&mut self, seq: u64, notebook: &Notebook) {
        let replaces = if let Phase::Basing(Basing { replaces, .. }) = &self.phase { *replaces } else { None };
        let bytes = Snapshot::of(notebook).encode();
        // Those of later snapshots are the relay's own.
        let mut marks: Vec<_> = if seq == 0 { notebook.marks().collect() } else { Vec::new() };
        // Where they are so many that a frame has no room for them, they are not told.
        let names = names_of(notebook);
        let mut blobs = (codec::encode(&names).len() <= MAX_PAYLOAD_BYTES / 4).then_some(names);
        let entropy = self.entropy;
        let seal = |beside| {
            let purpose = |part, parts| Purpose::Snapshot { seq, part, parts };
            seal_parts(&self.sealer, &bytes, beside, || nonce(entropy), purpose)
        };
        let sealed = seal(codec::encode(&(&marks, &blobs)).len()).or_else(|| {
            blobs = None;
            seal(codec::encode(&marks).len())
        });
        let Some(sealed) = sealed else {
            if seq == 0 {
                self.refuse("this notebook is too large to be shared; clear large outputs first".to_owned());
            }
            return;
        };
        // Where it replaces something, the relay's answer is the end of the connection.
        if let (Phase::Basing(Basing { relay, replaces: None, .. }), Some(last)) = (&self.phase, sealed.last()) {
            self.phase = Phase::Based(Cursor { relay: *relay, seq, history: History::of_base(last) });
        }
        let parts = u32::try_from(sealed.len()).expect("invariant: there are few parts");
        for (sealed, part) in sealed.into_iter().zip(0..) {
            let (marks, blobs) =
                if part + 1 == parts { (std::mem::take(&mut marks), blobs.take()) } else { (Vec::new(), None) };
            self.send(&ToRelay::PutSnapshot { seq, replaces, part, parts, marks, blobs, sealed });
        }
    }

    pub(super) fn snapshot_stored(&mut self, seq: u64) {
        if let Phase::Based(cursor) = self.phase {
            self.phase = Phase::Following { live: false };
            self.order(Vec::new(), cursor);
            self.pull();
        }
        self.waiting.snapshots += 1;
        // Of a snapshot that another device put, all is known that came later.
        self.tail = Tail::after(seq);
    }

    pub(super) fn fetch_snapshot(&mut self, relay: RelayId, wanted: SnapshotInfo, older: Option<SnapshotInfo>) {
        self.phase = Phase::Fetching(Fetching { relay, wanted, older, got: Parts::default() });
        self.send(&ToRelay::PullSnapshot { seq: wanted.seq, part: 0 });
    }

    pub(super) fn snapshot_part(&mut self, seq: u64, part: u32, parts: u32, sealed: &[u8]) {
        let Phase::Fetching(Fetching { relay, wanted, got, .. }) = &mut self.phase else { return };
        let cursor = Cursor { relay: *relay, seq: wanted.seq, history: wanted.history };
        if seq != cursor.seq {
            return self.drop_connection();
        }
        let Ok(bytes) = self.sealer.open(&Purpose::Snapshot { seq, part, parts }, sealed) else {
            return self.unreadable("the notebook on the relay was made with another key".to_owned());
        };
        match got.add(part, parts, &bytes) {
            Ok(None) => self.send(&ToRelay::PullSnapshot { seq, part: part + 1 }),
            Ok(Some(bytes)) => match Snapshot::decode(&bytes) {
                Ok(snapshot) => self.adopt(snapshot.to_notebook(), cursor),
                Err(error) => self.unreadable(format!("the notebook on the relay could not be read: {error}")),
            },
            Err(NotNext) => self.drop_connection(),
        }
    }

    /// Takes the snapshot before one that cannot be read: all that came after it is there too.
    fn unreadable(&mut self, why: String) {
        let Phase::Fetching(Fetching { relay, older, .. }) = &self.phase else { return };
        let (relay, Some(older)) = (*relay, *older) else { return self.refuse(why) };
        self.unopened += 1;
        self.fetch_snapshot(relay, older, None);
    }

    pub(super) fn adopt(&mut self, base: Notebook, cursor: Cursor) {
        self.phase = Phase::Adopting(Box::new(Adopting {
            adoption: Adoption::of(base, cursor),
            come: cursor.seq,
            asked: cursor.seq.saturating_add(PAGE),
            ahead: PAGES_AHEAD,
            waiting: VecDeque::new(),
            is_whole: false,
        }));
        self.send(&ToRelay::Pull { after: cursor.seq });
    }

    /// Takes in a page of the relay's log after its snapshot. The next ones are on their way while this one is folded.
    pub(super) fn take_page(&mut self, events: Vec<OrderedEvent>, head: u64) {
        let Phase::Adopting(adopting) = &mut self.phase else { return };
        let is_folding = !adopting.waiting.is_empty();
        let asked = adopting.add(events, head);
        for after in asked {
            self.send(&ToRelay::Pull { after });
        }
        if !is_folding {
            self.steps.push(Step::Fold);
        }
    }

    /// Folds some of what came; after the last one the store takes all of it in.
    pub fn fold(&mut self) -> Vec<Step> {
        if let Phase::Adopting(adopting) = &mut self.phase {
            let Adopting { adoption, waiting, .. } = adopting.as_mut();
            for _ in 0..FOLDED_AT_ONCE {
                let Some(OrderedEvent { id, sealed }) = waiting.front() else { break };
                let opened = sealed.as_ref().map(|sealed| large::open(&self.sealer, &mut self.waiting, *id, sealed));
                match opened {
                    Some(Opened::Waits(blob)) => {
                        self.wait_for(blob);
                        return self.take_steps();
                    }
                    Some(Opened::Done(Some(envelope))) => {
                        self.unknown += u64::from(is_unknown(&envelope));
                        adoption.fold(envelope);
                    }
                    Some(Opened::Done(None)) | None => self.unopened += 1,
                }
                adoption.cursor = adoption.cursor.then(*id);
                waiting.pop_front();
            }
            if !adopting.waiting.is_empty() {
                self.steps.push(Step::Fold);
            } else if adopting.is_whole
                && let Phase::Adopting(adopting) = std::mem::replace(&mut self.phase, Phase::Adopted)
            {
                self.cursor = Some(adopting.adoption.cursor);
                self.steps.push(Step::Adopt(Box::new(adopting.adoption)));
            }
        }
        self.take_steps()
    }
}

/// Why a notebook goes on alone.
pub(super) const CONFLICT: &str = "the relay holds another history of this notebook, which lacks work that is here; \
                        make a copy to go on with this one";

/// A snapshot, on its way from the relay.
#[derive(Debug)]
pub(super) struct Fetching {
    /// The life of the relay's storage.
    relay: RelayId,
    /// Which one.
    wanted: SnapshotInfo,
    /// Which one is taken if this one cannot be read.
    older: Option<SnapshotInfo>,
    /// What came of it.
    got: Parts,
}

/// A base, on its way to the relay.
#[derive(Debug)]
pub(super) struct Basing {
    /// The life of the relay's storage.
    relay: RelayId,
    /// The head of what it replaces; `None`: the relay is empty.
    replaces: Option<u64>,
    /// The state, once it was given.
    pub(super) base: Option<Box<Notebook>>,
}

/// Events of a page, unless they are so large that fewer fill a frame.
const PAGE: u64 = MAX_BATCH as u64;
/// How many pages are on their way at once: each takes longer to come than to be folded.
const PAGES_AHEAD: u64 = 4;
/// How many events are folded before anything else may be done: a browser takes a large frame in piece by piece, and
/// each piece only when the worker is free.
const FOLDED_AT_ONCE: usize = 250;

/// The relay's log, on its way to the store.
#[derive(Debug)]
pub(super) struct Adopting {
    adoption: Adoption,
    /// Up to where pages came.
    pub(super) come: u64,
    /// Up to where they were asked for.
    asked: u64,
    /// How many may be on their way.
    ahead: u64,
    /// Those that came and are not folded. Invariant: while there are any, [`Step::Fold`] is on its way, or the blob
    /// that the first one waits for.
    waiting: VecDeque<OrderedEvent>,
    /// Whether the last one came.
    is_whole: bool,
}

impl Adopting {
    /// Adds the next page, and returns after which positions further ones are to be asked for.
    fn add(&mut self, events: Vec<OrderedEvent>, head: u64) -> Vec<u64> {
        let is_full = events.len() as u64 == PAGE;
        self.come += events.len() as u64;
        self.is_whole = self.come == head;
        self.waiting.extend(events);
        if !is_full && !self.is_whole {
            // Events are large here: what was asked for ahead does not follow this page, and is not taken.
            (self.asked, self.ahead) = (self.come, 1);
        }
        let mut wanted = Vec::new();
        while !self.is_whole && self.asked < head.min(self.come.saturating_add(self.ahead * PAGE)) {
            wanted.push(self.asked);
            self.asked = self.asked.saturating_add(PAGE);
        }
        wanted
    }
}

/// Returns a state that holds all of this one and all that a relay has; `None` when the relay's base holds events that
/// this state lacks, since those are not there one by one.
pub fn united(state: &Notebook, relay: &Adoption) -> Option<Notebook> {
    let is_whole = relay.base.marks().all(|(replica, counter)| state.mark(replica) >= counter);
    is_whole.then(|| {
        let mut united = state.clone();
        relay.events.iter().for_each(|(envelope, _)| drop(united.apply(envelope)));
        united
    })
}

/// Returns the events of a log that a state lacks, each once and in order; `None` when the state also lacks events
/// that the log no longer has, so that they would be lost.
pub fn lacking(
    state: &Notebook,
    marks: &[(ReplicaId, u64)],
    log: impl IntoIterator<Item = Envelope>,
) -> Option<Vec<Envelope>> {
    let mut lacks: Vec<_> = log.into_iter().filter(|envelope| !state.holds(envelope.id)).collect();
    // An event that a relay lost is in the log again where it came back. What it builds on is before its last place.
    let mut here = BTreeSet::new();
    lacks.reverse();
    lacks.retain(|envelope| here.insert(envelope.id));
    lacks.reverse();
    let whole = marks.iter().all(|(replica, counter)| {
        let mut missing = state.mark(*replica) + 1..=*counter;
        missing.all(|counter| here.contains(&EventId { replica: *replica, counter }))
    });
    whole.then_some(lacks)
}
