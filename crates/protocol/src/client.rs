//! The sync client: a store's side of the conversation with the relay, as a state machine.
//!
//! It opens and seals, numbers and acknowledges; it holds what is not acknowledged. It has no socket, no clock
//! and no state of the notebook: it is told what happens and returns [`Step`]s, which the caller performs in order.
//! It is told of an own event only when that is committed, and [`Step::Order`] is to be committed before the
//! next frame is given to it.

use std::collections::{BTreeMap, VecDeque};

use notebook::{Envelope, Notebook};

use crate::access::Access;
use crate::history::History;
use crate::peer::{Body, Peer};
use crate::seal::{NONCE_LEN, Purpose, Sealer};
use crate::wire::{
    self, ConnectionId, Cursor, FromRelay, MAX_EPHEMERAL_BYTES, PROTOCOL, Refusal, RelayId, SnapshotInfo, ToRelay,
};

mod blobs;
mod compaction;
mod following;
mod joining;
mod large;
mod refused;
mod retry;
mod step;

use blobs::{Blobs, names};
pub use compaction::Compaction;
use compaction::Tail;
use joining::{Adopting, Basing, CONFLICT, Fetching};
pub use joining::{lacking, united};
pub use large::MAX_EVENT_BYTES;
pub use retry::backoff_millis;
pub use step::{Adoption, Ordered, Status, Step};

/// How much may come before the relay is told that it is read, in bytes.
const UNREAD_BYTES: u64 = 8 << 20;

#[derive(Debug)]
enum Phase {
    /// Between two attempts.
    Waiting,
    /// The socket is being opened, or the greeting is awaited.
    Opening,
    /// The hello is sent.
    Hello(RelayId),
    /// The blobs are being put that the base points at, and then the base.
    Basing(Basing),
    /// The base is put: the relay answers when it has all of it.
    Based(Cursor),
    /// The relay's snapshot is being fetched.
    Fetching(Fetching),
    /// The relay's log after its snapshot is being fetched, to replace what is here.
    Adopting(Box<Adopting>),
    /// The store takes the relay's state in.
    Adopted,
    /// The log is followed, and this says whether to its end.
    Following { live: bool },
    /// For good.
    Refused(String),
}

/// The state machine.
#[derive(Debug)]
pub struct Client {
    access: Access,
    sealer: Sealer,
    entropy: fn() -> [u8; 16],
    phase: Phase,
    cursor: Option<Cursor>,
    // Invariant: own committed events that are not ordered, oldest first.
    outbox: VecDeque<Envelope>,
    // Invariant: so many of the outbox's first were sent on this connection.
    sent: usize,
    /// Whether this device has the notebook's state: else it must not fill an empty relay.
    filled: bool,
    blobs: Blobs,
    waiting: large::Waiting,
    me: Option<ConnectionId>,
    said: u64,
    /// Who is here, as it was said last.
    presence: Option<Body>,
    heard: BTreeMap<ConnectionId, u64>,
    compaction: Compaction,
    /// What came after the relay's newest snapshot.
    tail: Tail,
    attempts: u32,
    watch: retry::Watch,
    held_back: bool,
    /// Why the relay takes nothing more, while it gives what others put there before.
    full: Option<Refusal>,
    /// Why the relay let this device in no more when it was asked last.
    turned_away: Option<Refusal>,
    absent: bool,
    /// The relay and its head, where its state neither can be taken in nor replaced.
    unmatched: Option<(RelayId, u64)>,
    unopened: u64,
    /// How many events of a newer version came: a state of this one lacks what they did.
    unknown: u64,
    /// Bytes that came since something was sent.
    unread: u64,
    /// The status, whether blobs are kept, and whether it was turned away, as they were told last.
    told: Option<(Status, bool, bool)>,
    steps: Vec<Step>,
}

impl Client {
    /// Makes a client that stands at `cursor`. `pending` is what the store has and no relay ordered, oldest first.
    /// `filled` says whether the store has the notebook's state. `entropy` is random and never the same.
    pub fn new(
        access: Access,
        cursor: Option<Cursor>,
        pending: impl IntoIterator<Item = Envelope>,
        filled: bool,
        entropy: fn() -> [u8; 16],
    ) -> Self {
        // Of a reader it is what the relay lacks, and a writer has to bring.
        let outbox = if access.may_write() { pending.into_iter().collect() } else { VecDeque::new() };
        Self {
            sealer: access.sealer(),
            access,
            entropy,
            phase: Phase::Waiting,
            cursor,
            outbox,
            sent: 0,
            filled,
            blobs: Blobs::default(),
            waiting: large::Waiting::default(),
            me: None,
            said: 0,
            presence: None,
            heard: BTreeMap::new(),
            compaction: Compaction::default(),
            tail: Tail::default(),
            attempts: 0,
            watch: retry::Watch::default(),
            held_back: false,
            full: None,
            turned_away: None,
            absent: false,
            unmatched: None,
            unopened: 0,
            unknown: 0,
            unread: 0,
            told: None,
            steps: Vec::new(),
        }
    }

    /// Puts snapshots on the relay at other times than the usual ones.
    #[must_use]
    pub fn compacting(mut self, compaction: Compaction) -> Self {
        self.compaction = compaction;
        self
    }

    /// Returns how the notebook stands with its relay.
    pub fn status(&self) -> Status {
        if let Phase::Refused(why) = &self.phase {
            Status::Refused(why.clone())
        } else if self.hears() {
            self.full.as_ref().map_or(Status::Live, |full| Status::Refused(full.to_string()))
        } else if self.unmatched.is_some() && self.may_write() {
            Status::Refused(CONFLICT.to_owned())
        } else if self.absent || self.unmatched.is_some() {
            Status::Absent
        } else if self.attempts > 0 && matches!(self.phase, Phase::Waiting | Phase::Opening | Phase::Hello(_)) {
            Status::Offline
        } else {
            // Who is let in hears of the others' runs before it decides about its own.
            Status::Connecting
        }
    }

    /// Says whether what others do comes here as it happens, also where the relay has no room for what is done here.
    pub fn hears(&self) -> bool {
        matches!(self.phase, Phase::Following { live: true })
    }

    /// Says whether what is said now reaches the others.
    pub fn is_heard(&self) -> bool {
        self.hears() && !self.held_back
    }

    /// Returns why the relay that answers lets this device in no more, while it is [`Status::Offline`].
    pub fn turned_away(&self) -> Option<&Refusal> {
        self.turned_away.as_ref()
    }

    /// Returns how many own events the relay has not ordered.
    pub fn unsent(&self) -> usize {
        self.outbox.len()
    }

    /// Returns how many events did not open.
    pub fn unopened(&self) -> u64 {
        self.unopened
    }

    /// Says whether the relay had no room for blobs of this device: whatever else is in the notebook reaches the others.
    pub fn keeps_blobs(&self) -> bool {
        self.blobs.were_refused()
    }

    /// Says whether this device may write.
    pub fn may_write(&self) -> bool {
        self.access.may_write()
    }

    /// Connects for the first time.
    pub fn start(&mut self) -> Vec<Step> {
        self.connect();
        self.take_steps()
    }

    /// Takes in that the wait is over, or that the network came back: tries at once.
    pub fn woken(&mut self) -> Vec<Step> {
        if matches!(self.phase, Phase::Waiting) {
            self.connect();
        } else if std::mem::take(&mut self.held_back) {
            // What was refused may also have been a part of a blob, the question for one, or who is here.
            if !matches!(self.phase, Phase::Basing(..)) {
                self.push();
            }
            self.put_next_blob();
            self.fetch_again();
            if let Some(presence) = self.presence.clone() {
                self.utter(&presence);
            }
        }
        self.take_steps()
    }

    /// Takes in that the connection is gone, or could not be opened.
    pub fn closed(&mut self) -> Vec<Step> {
        if !matches!(self.phase, Phase::Refused(_) | Phase::Waiting) {
            self.turned_away = None;
            self.wait();
        }
        self.take_steps()
    }

    /// Adds an own event, which is committed.
    pub fn append(&mut self, envelope: Envelope) -> Vec<Step> {
        self.blobs.are_here(&names(&envelope.event));
        self.outbox.push_back(envelope);
        self.push();
        self.take_steps()
    }

    /// Says something to the other connections; it is lost where nobody listens.
    pub fn say(&mut self, body: &Body) -> Vec<Step> {
        if matches!(body, Body::Presence(_)) {
            self.presence = Some(body.clone());
        }
        self.utter(body);
        self.take_steps()
    }

    fn utter(&mut self, body: &Body) {
        if let Some(me) = self.me.filter(|_| self.is_heard()) {
            self.said += 1;
            let peer = Peer { connection: me, number: self.said };
            let bytes = crate::peer::encode(peer, body);
            let sealed = self.sealer.seal(self.nonce(), &Purpose::Ephemeral, &bytes);
            if sealed.len() <= MAX_EPHEMERAL_BYTES {
                self.send(&ToRelay::Ephemeral { sealed });
            }
        }
    }

    /// Takes in a frame of the relay.
    pub fn received(&mut self, frame: &[u8]) -> Vec<Step> {
        self.watch.heard();
        match wire::decode::<FromRelay>(frame) {
            Ok(frame) => self.frame(frame),
            // Not a relay, or not one of ours: perhaps a page of the network's provider.
            Err(_) => self.drop_connection(),
        }
        self.unread += frame.len() as u64;
        // A relay closes connections that it sends much to and hears nothing of.
        if self.unread > UNREAD_BYTES && self.hears() {
            self.pull();
        }
        self.take_steps()
    }

    fn frame(&mut self, frame: FromRelay) {
        match frame {
            FromRelay::Greeting { protocol, relay, nonce } => self.greeted(protocol, relay, &nonce),
            FromRelay::Welcome { connection, head, floor: _, snapshot, older, cursor_known, peers } => {
                self.welcomed(connection, head, [snapshot, older], cursor_known, peers);
            }
            FromRelay::Events { after, events, head, tail } => {
                self.tail.bytes = tail;
                self.events(after, events, head);
            }
            FromRelay::Ephemeral { from, writer, sealed } => self.heard(from, writer, &sealed),
            FromRelay::Joined { connection } => self.steps.push(Step::Joined(connection)),
            FromRelay::Left { connection } => {
                self.heard.remove(&connection);
                self.steps.push(Step::Left(connection));
            }
            FromRelay::SnapshotPart { seq, part, parts, sealed } => self.snapshot_part(seq, part, parts, &sealed),
            FromRelay::SnapshotStored { seq } => self.snapshot_stored(seq),
            FromRelay::BlobPart { name, part, parts, sealed } => self.blob_part(name, part, parts, sealed),
            FromRelay::BlobStored { name } => self.blob_stored(&name),
            FromRelay::BlobsMissing { names } => self.blobs_missing(names),
            FromRelay::BlobRefused { name, limit } => self.blob_refused(&name, limit),
            FromRelay::Refused(refusal) => self.refused(refusal),
        }
    }

    fn greeted(&mut self, protocol: u32, relay: RelayId, nonce: &[u8]) {
        if !matches!(self.phase, Phase::Opening) {
            return self.drop_connection();
        }
        if protocol != PROTOCOL {
            return self.refuse(Refusal::Version { relay: protocol }.to_string());
        }
        self.phase = Phase::Hello(relay);
        let proof = self.access.prove(relay, nonce);
        self.send(&ToRelay::Hello { protocol: PROTOCOL, proof, cursor: self.cursor });
    }

    fn welcomed(
        &mut self,
        me: ConnectionId,
        head: u64,
        [snapshot, older]: [Option<SnapshotInfo>; 2],
        cursor_known: bool,
        peers: Vec<ConnectionId>,
    ) {
        let Phase::Hello(relay) = self.phase else { return self.drop_connection() };
        self.me = Some(me);
        self.turned_away = None;
        self.heard.clear();
        self.tail = Tail::after(snapshot.map_or(0, |snapshot| snapshot.seq));
        self.steps.extend(peers.into_iter().map(Step::Joined));
        match (self.cursor.filter(|_| cursor_known), snapshot) {
            (Some(_), _) => {
                self.phase = Phase::Following { live: false };
                self.pull();
            }
            (None, None) if head == 0 => self.fill(relay),
            // Nothing came that would change it.
            (None, _) if self.unmatched == Some((relay, head)) => self.drop_connection(),
            (None, None) => {
                self.adopt(Notebook::new(), Cursor { relay, seq: 0, history: History::default() });
            }
            (None, Some(snapshot)) => self.fetch_snapshot(relay, snapshot, older),
        }
    }

    fn heard(&mut self, from: ConnectionId, writer: bool, sealed: &[u8]) {
        let opened = self.sealer.open(&Purpose::Ephemeral, sealed).ok().and_then(|bytes| crate::peer::decode(&bytes));
        let Some((peer, body)) = opened else {
            self.unopened += 1;
            return;
        };
        // A relay that repeats what was said before, or says it in another's name, is not listened to.
        let last = self.heard.entry(from).or_default();
        if peer.connection == from && peer.number > *last && (writer || !body.needs_writer()) {
            *last = peer.number;
            self.steps.push(Step::Heard(from, body));
        }
    }

    fn connect(&mut self) {
        self.phase = Phase::Opening;
        self.me = None;
        self.presence = None;
        self.sent = 0;
        self.held_back = false;
        self.full = None;
        self.blobs.disconnected();
        if let Some(blob) = std::mem::take(&mut self.waiting).blob {
            self.blobs.stop_fetching(&blob);
        }
        self.watch.heard();
        self.steps.push(Step::Connect);
    }

    /// Closes a connection that went wrong, and tries again later.
    fn drop_connection(&mut self) {
        self.steps.push(Step::Disconnect);
        self.wait();
    }

    fn wait(&mut self) {
        self.phase = Phase::Waiting;
        self.me = None;
        self.attempts = self.attempts.saturating_add(1);
        self.steps.push(Step::Wake(backoff_millis(self.attempts, (self.entropy)()[0])));
    }

    fn refuse(&mut self, why: String) {
        self.phase = Phase::Refused(why);
        self.me = None;
        self.steps.push(Step::Disconnect);
    }

    fn told_status(&mut self) {
        let status = Some((self.status(), self.keeps_blobs(), self.turned_away.is_some()));
        if self.told != status {
            self.told = status;
            self.steps.push(Step::Status);
        }
    }

    fn nonce(&self) -> [u8; NONCE_LEN] {
        nonce(self.entropy)
    }

    fn send(&mut self, frame: &ToRelay) {
        let frame = wire::encode(frame);
        self.unread = 0;
        self.watch.sent(frame.len());
        self.steps.push(Step::Send(frame));
    }

    fn take_steps(&mut self) -> Vec<Step> {
        self.told_status();
        self.keep_watch();
        std::mem::take(&mut self.steps)
    }
}

fn nonce(entropy: fn() -> [u8; 16]) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    nonce[..16].copy_from_slice(&entropy());
    nonce[16..].copy_from_slice(&entropy()[..8]);
    nonce
}
