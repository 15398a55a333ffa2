//! The relay's host: the real relay on a storage in memory, which fate restarts, empties and sets back.

use std::collections::{BTreeMap, BTreeSet};

use notebook::EventId;
use protocol::access::Access;
use protocol::codec;
use protocol::relay::{Effect, Limits, MemoryStorage, Relay, Session};
use protocol::wire::{ConnectionId, RelayId, SealedEvent};

use super::World;
use super::guest::Backup;
use super::network::{LinkId, brief};
use crate::random::Random;

/// How many frames are kept for those who replay them.
const RECORDED: usize = 8;

/// The relay and what fate does with it.
#[derive(Debug)]
pub(super) struct RelayHost {
    pub(super) access: Access,
    relay: Relay<MemoryStorage>,
    limits: Limits,
    pub(super) links: BTreeMap<ConnectionId, LinkId>,
    random: Random,
    down_until: u64,
    /// The process ends with the next frame that it answers; so much of the answer is sent, in quarters.
    pub(super) crash: Option<u64>,
    pub(super) backups: Vec<Backup>,
    /// What guests put there.
    pub(super) guests: Vec<SealedEvent>,
    /// Frames that browsers sent.
    pub(super) recorded: Vec<Vec<u8>>,
    /// It lost what it had stored, at least once.
    pub(super) lossy: bool,
}

impl RelayHost {
    pub(super) fn new(access: Access, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let fresh = RelayId(random.number());
        // Some relays are strict, so that what goes too fast is refused and comes again.
        let limits = if random.chance(150) {
            Limits { frames_per_second: 20, frames_at_once: 15, ..Limits::default() }
        } else {
            Limits::default()
        };
        let Ok(relay) = Relay::open(access.notebook(), MemoryStorage::default(), limits, fresh);
        Self {
            access,
            limits,
            relay,
            links: BTreeMap::new(),
            random,
            down_until: 0,
            crash: None,
            backups: Vec::new(),
            guests: Vec::new(),
            recorded: Vec::new(),
            lossy: false,
        }
    }

    pub(super) fn is_down(&self, now: u64) -> bool {
        now < self.down_until
    }

    pub(super) fn connect(&mut self, nonce: [u8; 16]) -> (ConnectionId, Vec<Effect>) {
        let mut whole = [0; 32];
        whole[..16].copy_from_slice(&nonce);
        self.relay.connect(whole)
    }

    pub(super) fn disconnect(&mut self, connection: ConnectionId) -> Vec<Effect> {
        self.relay.disconnect(connection)
    }

    pub(super) fn receive(&mut self, from: ConnectionId, frame: &[u8], now: u64) -> Vec<Effect> {
        self.relay.receive(from, frame, now)
    }

    pub(super) fn relay(&self) -> &Relay<MemoryStorage> {
        &self.relay
    }

    /// Returns an event that is in the order twice, if one is.
    pub(super) fn stored_twice(&self) -> Option<EventId> {
        let mut seen = BTreeSet::new();
        self.relay.storage().log().map(|(_, event)| event.id).find(|id| !seen.insert(*id))
    }

    pub(super) fn record(&mut self, frame: &[u8]) {
        if self.recorded.len() < RECORDED {
            self.recorded.push(frame.to_vec());
        } else if self.random.chance(50) {
            let at = self.random.index(RECORDED);
            self.recorded[at] = frame.to_vec();
        }
    }

    /// Opens the relay again on this storage.
    fn open(&mut self, storage: MemoryStorage) {
        let fresh = RelayId(self.random.number());
        let Ok(relay) = Relay::open(self.access.notebook(), storage, self.limits, fresh);
        self.relay = relay;
    }

    /// Drops the memory and keeps the connections, as a Durable Object does that sleeps.
    pub(super) fn sleep(&mut self) -> Vec<Effect> {
        let session = |id| Some((id, codec::encode(self.relay.session(id)?)));
        let kept: Vec<_> = self.relay.connections().filter_map(session).collect();
        self.open(self.relay.storage().clone());
        let mut effects = Vec::new();
        for (id, session) in kept {
            let session: Session = codec::decode(&session).expect("a session reads what it wrote");
            effects.extend(self.relay.resume(id, session));
        }
        effects
    }
}

impl World {
    pub(super) fn relay_receives(&mut self, from: ConnectionId, frame: &[u8]) {
        if self.story.is_some() {
            let what = protocol::wire::decode::<protocol::wire::ToRelay>(frame);
            let browser = self.relay.links.get(&from).and_then(|link| self.links.get(link)).map(|link| link.browser);
            self.tell(|| format!("relay <- {browser:?} {}", brief(&what)));
        }
        let life = self.relay.relay().id();
        let mut effects = self.relay.receive(from, frame, self.now);
        if self.relay.relay().id() != life {
            self.tell(|| "what the relay has is replaced".to_owned());
            self.oracle.counts.replaced += 1;
        }
        if effects.is_empty() {
            return;
        }
        if let Some(quarters) = self.relay.crash.take() {
            let sent = effects.len() * usize::try_from(quarters).unwrap_or(0) / 4;
            effects.truncate(sent);
            self.route(effects);
            self.restart_relay(None);
        } else {
            self.route(effects);
        }
    }

    /// Does what the relay wants.
    pub(super) fn route(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { to, frame } => {
                    if let Some(id) = self.relay.links.get(&to) {
                        self.send_down(*id, frame);
                    }
                }
                Effect::Close { connection, .. } => {
                    if let Some(id) = self.relay.links.remove(&connection) {
                        self.end_down(id);
                    }
                }
            }
        }
    }

    /// Ends the relay's process, and begins it again on its storage or on another.
    pub(super) fn restart_relay(&mut self, storage: Option<MemoryStorage>) {
        self.tell(|| "the relay restarts".to_owned());
        self.relay.crash = None;
        let storage = storage.unwrap_or_else(|| self.relay.relay().storage().clone());
        self.relay.open(storage);
        let away = self.relay.random.below(3_000);
        self.relay.down_until = self.now + away;
        for (_, id) in std::mem::take(&mut self.relay.links) {
            if self.relay.random.chance(500) {
                self.end_down(id);
            } else {
                if let Some(link) = self.links.get_mut(&id) {
                    link.connection = None;
                }
                self.cut(id);
            }
            if let Some(number) = self.links.get(&id).map(|link| link.browser) {
                self.note_liveness(number);
            }
        }
    }

    pub(super) fn heal_relay(&mut self) {
        self.relay.crash = None;
        self.relay.down_until = self.now;
    }
}
