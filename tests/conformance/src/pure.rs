//! The pure relay as a host: in memory, or as a Durable Object that sleeps whenever it can.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use notebook::NotebookId;
use protocol::codec;
use protocol::relay::{Effect, Limits, MemoryStorage, Relay, Session};
use protocol::wire::{ConnectionId, RelayId};

use crate::host::{Host, Received, Socket};

/// Runs pure relays.
#[derive(Debug)]
pub struct PureHost {
    limits: Limits,
    sleeps: bool,
    entropy: u64,
    clock: Rc<RefCell<u64>>,
    rooms: BTreeMap<NotebookId, Rc<RefCell<Room>>>,
    backups: BTreeMap<NotebookId, MemoryStorage>,
}

/// One notebook's relay and its connections.
#[derive(Debug)]
struct Room {
    notebook: NotebookId,
    limits: Limits,
    relay: Option<Relay<MemoryStorage>>,
    /// Whether the relay's memory is dropped after each frame, as hibernation does.
    sleeps: bool,
    entropy: u64,
    inboxes: BTreeMap<ConnectionId, VecDeque<Received>>,
}

impl Room {
    fn act(&mut self, act: impl FnOnce(&mut Relay<MemoryStorage>) -> Vec<Effect>) {
        let mut relay = self.relay.take().expect("invariant: it is put back below");
        for effect in act(&mut relay) {
            let (to, received) = match effect {
                Effect::Send { to, frame } => (to, Received::Frame(frame.to_vec())),
                Effect::Close { connection, refusal } => (connection, Received::Closed(refusal.close_code())),
            };
            self.inboxes.entry(to).or_default().push_back(received);
        }
        self.relay = Some(if self.sleeps { self.asleep_and_awake(relay) } else { relay });
    }

    /// Takes down what outlives a hibernation, and begins again from that.
    fn asleep_and_awake(&mut self, relay: Relay<MemoryStorage>) -> Relay<MemoryStorage> {
        let kept: Vec<_> = relay
            .connections()
            .map(|id| {
                let session = codec::encode(relay.session(id).expect("it has this connection"));
                assert!(session.len() < 2_000, "a session must fit a socket's attachment");
                (id, session)
            })
            .collect();
        self.entropy += 1;
        let mut relay = self.open(relay.into_storage());
        for (id, session) in kept {
            let session: Session = codec::decode(&session).expect("a session decodes");
            assert_eq!(relay.resume(id, session), [], "what was open goes on");
        }
        relay
    }

    fn open(&self, storage: MemoryStorage) -> Relay<MemoryStorage> {
        let fresh = RelayId(self.entropy);
        let Ok(relay) = Relay::open(self.notebook.clone(), storage, self.limits, fresh);
        relay
    }
}

struct PureSocket {
    room: Rc<RefCell<Room>>,
    clock: Rc<RefCell<u64>>,
    id: ConnectionId,
}

impl Socket for PureSocket {
    fn send(&mut self, frame: &[u8]) {
        let now = *self.clock.borrow();
        self.room.borrow_mut().act(|relay| relay.receive(self.id, frame, now));
    }

    fn receive(&mut self) -> Received {
        let mut room = self.room.borrow_mut();
        let received = room.inboxes.get_mut(&self.id).and_then(VecDeque::pop_front);
        received.expect("something was to come")
    }
}

impl Drop for PureSocket {
    fn drop(&mut self) {
        if let Ok(mut room) = self.room.try_borrow_mut()
            && room.relay.is_some()
        {
            room.act(|relay| relay.disconnect(self.id));
        }
    }
}

impl PureHost {
    /// Makes a host with these limits. One that sleeps forgets all but storage and sessions after each frame.
    pub fn new(limits: Limits, sleeps: bool) -> Self {
        Self { limits, sleeps, entropy: 1, clock: Rc::default(), rooms: BTreeMap::new(), backups: BTreeMap::new() }
    }

    /// Opens all rooms again, each on what is made of its storage.
    fn reopen(&mut self, mut storage: impl FnMut(&NotebookId, MemoryStorage) -> MemoryStorage) {
        for (notebook, room) in &mut self.rooms {
            let mut old = room.borrow_mut();
            let relay = old.relay.take().expect("invariant: it is there between frames");
            self.entropy += 1 << 32;
            let mut new = Room {
                notebook: old.notebook.clone(),
                limits: self.limits,
                relay: None,
                sleeps: self.sleeps,
                entropy: self.entropy,
                inboxes: BTreeMap::new(),
            };
            new.relay = Some(new.open(storage(notebook, relay.into_storage())));
            drop(old);
            *room = Rc::new(RefCell::new(new));
        }
    }
}

impl Host for PureHost {
    fn connect(&mut self, notebook: &NotebookId) -> Box<dyn Socket> {
        self.entropy += 1;
        let entropy = self.entropy;
        let room = self.rooms.entry(notebook.clone()).or_insert_with(|| {
            let (notebook, limits, sleeps) = (notebook.clone(), self.limits, self.sleeps);
            let mut room = Room { notebook, limits, relay: None, sleeps, entropy, inboxes: BTreeMap::new() };
            room.relay = Some(room.open(MemoryStorage::default()));
            Rc::new(RefCell::new(room))
        });
        let mut nonce = [0; 32];
        nonce[..8].copy_from_slice(&entropy.to_be_bytes());
        let mut id = ConnectionId(0);
        room.borrow_mut().act(|relay| {
            let (connection, effects) = relay.connect(nonce);
            id = connection;
            effects
        });
        Box::new(PureSocket { room: Rc::clone(room), clock: Rc::clone(&self.clock), id })
    }

    fn restart(&mut self) {
        self.reopen(|_, storage| storage);
    }

    fn wipe(&mut self) {
        self.reopen(|_, _| MemoryStorage::default());
    }

    fn back_up(&mut self) {
        let mut backups = BTreeMap::new();
        self.reopen(|notebook, storage| {
            backups.insert(notebook.clone(), storage.clone());
            storage
        });
        self.backups = backups;
    }

    fn set_back(&mut self) {
        let backups = std::mem::take(&mut self.backups);
        self.reopen(|notebook, _| backups.get(notebook).cloned().unwrap_or_default());
        self.backups = backups;
    }

    fn wait(&mut self, millis: u32) {
        *self.clock.borrow_mut() += u64::from(millis);
    }
}
