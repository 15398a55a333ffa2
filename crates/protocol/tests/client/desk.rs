//! Devices and a relay on one desk: what one sends, the other has at once.

use std::cell::Cell;
use std::collections::VecDeque;

use notebook::{Actor, Envelope, Event, EventId, Notebook, PersonId, Replica, ReplicaId};
use protocol::access::{Access, Secret};
use protocol::client::{Client, Compaction, Step, lacking, united};
use protocol::relay::{Effect, Limits, MemoryStorage, Relay};
use protocol::wire::{self, ConnectionId, Cursor, FromRelay, RelayId};

/// When the devices shorten the log.
const COMPACTION: Compaction = Compaction { events: 6, bytes: 10_000 };

thread_local! {
    static COUNTER: Cell<u64> = const { Cell::new(0) };
}

pub(crate) fn entropy() -> [u8; 16] {
    COUNTER.set(COUNTER.get() + 1);
    u128::from(COUNTER.get()).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes()
}

pub(crate) fn access() -> Access {
    Access::Writer(Secret::from_entropy([7; 32]))
}

pub(crate) fn titled(replica: u64, counter: u64) -> Envelope {
    let id = EventId { replica: ReplicaId(replica), counter };
    let actor = Actor::Person(PersonId::parse("ada").unwrap());
    Envelope { id, actor, at: 0, event: Event::NotebookTitled { title: format!("{replica}.{counter}") } }
}

/// One device: a client, the state that it keeps, and its line.
pub(crate) struct Device {
    pub(crate) client: Client,
    pub(crate) state: Replica,
    pub(crate) line: Option<ConnectionId>,
    /// What was wanted that is not done here.
    pub(crate) wanted: Vec<Step>,
    pub(crate) cursor: Option<Cursor>,
    /// Whether it gives up nothing for the relay's state.
    pub(crate) keeps: bool,
    /// Frames of blobs, while they are kept from it.
    pub(crate) slow: Option<Vec<Vec<u8>>>,
}

pub(crate) struct Desk {
    pub(crate) relay: Relay<MemoryStorage>,
    pub(crate) devices: Vec<Device>,
    pub(crate) now: u64,
    limits: Limits,
}

impl Desk {
    pub(crate) fn new(limits: Limits) -> Self {
        let relay = Relay::open(access().notebook(), MemoryStorage::default(), limits, RelayId(1)).unwrap();
        Self { relay, devices: Vec::new(), now: 0, limits }
    }

    /// Connects a device that begins with this state.
    pub(crate) fn join(&mut self, state: Notebook, cursor: Option<Cursor>) -> usize {
        self.join_as(access(), state, cursor)
    }

    /// Connects a device that may do this.
    pub(crate) fn join_as(&mut self, access: Access, state: Notebook, cursor: Option<Cursor>) -> usize {
        let filled = state.marks().next().is_some();
        let client = Client::new(access, cursor, [], filled, entropy).compacting(COMPACTION);
        let state = Replica::new(state);
        self.devices.push(Device { client, state, line: None, wanted: Vec::new(), cursor, keeps: false, slow: None });
        let number = self.devices.len() - 1;
        self.with(number, Client::start);
        number
    }

    pub(crate) fn with(&mut self, number: usize, act: impl FnOnce(&mut Client) -> Vec<Step>) {
        let steps = act(&mut self.devices[number].client);
        let mut todo: VecDeque<(usize, Step)> = steps.into_iter().map(|step| (number, step)).collect();
        while let Some((number, step)) = todo.pop_front() {
            let Device { client, state, line, wanted, cursor, keeps, slow: _ } = &mut self.devices[number];
            let (more, effects) = match step {
                Step::Connect => {
                    let (connection, effects) = self.relay.connect([9; 32]);
                    *line = Some(connection);
                    (Vec::new(), effects)
                }
                Step::Disconnect => {
                    (Vec::new(), line.take().map(|line| self.relay.disconnect(line)).unwrap_or_default())
                }
                Step::Send(frame) => {
                    (Vec::new(), line.map(|line| self.relay.receive(line, &frame, self.now)).unwrap_or_default())
                }
                Step::Fold => (client.fold(), Vec::new()),
                Step::Order(ordered, at) => {
                    let envelopes: Vec<_> = ordered.into_iter().filter_map(|ordered| ordered.envelope).collect();
                    state.confirm_all(&envelopes);
                    *cursor = Some(at);
                    (Vec::new(), Vec::new())
                }
                Step::Adopt(adoption)
                    if *keeps
                        && lacking(&adoption.state, &state.visible().marks().collect::<Vec<_>>(), []).is_none() =>
                {
                    (client.not_adopted(united(state.confirmed(), &adoption).as_ref()), Vec::new())
                }
                Step::Adopt(adoption) => {
                    state.adopt(adoption.state.clone(), Vec::new());
                    *cursor = Some(adoption.cursor);
                    wanted.push(Step::Adopt(adoption));
                    (client.adopted(Vec::new()), Vec::new())
                }
                Step::NeedBase => (client.base(state.confirmed()), Vec::new()),
                Step::NeedNames => (client.names(state.confirmed()), Vec::new()),
                Step::NeedSnapshot => {
                    wanted.push(step);
                    (client.compact(state.confirmed(), *cursor), Vec::new())
                }
                other => {
                    wanted.push(other);
                    (Vec::new(), Vec::new())
                }
            };
            todo.extend(more.into_iter().map(|step| (number, step)));
            for effect in effects {
                let (to, frame) = match effect {
                    Effect::Send { to, frame } => (to, Some(frame)),
                    Effect::Close { connection, .. } => (connection, None),
                };
                let Some(number) = self.devices.iter().position(|device| device.line == Some(to)) else { continue };
                let Device { client, slow, .. } = &mut self.devices[number];
                if let (Some(slow), Some(frame)) = (slow, &frame)
                    && matches!(wire::decode(frame), Ok(FromRelay::BlobPart { .. }))
                {
                    slow.push(frame.to_vec());
                    continue;
                }
                let steps = frame.map_or_else(Vec::new, |frame| client.received(&frame));
                todo.extend(steps.into_iter().map(|step| (number, step)));
            }
        }
    }

    /// Loses a device's connection.
    pub(crate) fn cut(&mut self, number: usize) {
        let line = self.devices[number].line.take().unwrap();
        self.relay.disconnect(line);
        self.with(number, Client::closed);
    }

    /// Sets the relay back to a copy of its storage; nobody is connected then.
    pub(crate) fn set_back(&mut self, storage: MemoryStorage) {
        for number in 0..self.devices.len() {
            if self.devices[number].line.is_some() {
                self.cut(number);
            }
        }
        self.relay = Relay::open(access().notebook(), storage, self.limits, RelayId(2)).unwrap();
    }

    pub(crate) fn push(&mut self, number: usize, envelope: Envelope) {
        self.devices[number].state.append(envelope.clone());
        self.with(number, |client| client.append(envelope));
    }
}
