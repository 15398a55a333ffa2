//! A browser with the real store worker in it: its leader on SQLite in real files, and the real sync client.
//! Only the page and Python are models.

use std::cell::Cell;
use std::collections::BTreeMap;

use notebook::{Change, Notebook, Replica, ReplicaId};
use protocol::client::Status;
use protocol::port::{FromStore, Storage, SyncState, ToStore};
use store::{Store, connect};
use store_worker::leader::{Edge, Effect, Identity, Leader, Socket};
use store_worker::saving::Due;
use tempfile::TempDir;

use crate::machine::{Machine, Moment, Owner, Timer, Wish};
use crate::page::{Asked, LOOK_MILLIS, Page};
use crate::plan::Act;
use crate::random::{Random, entropy};

mod python;

use python::Python;

thread_local! {
    // The leader takes the time from plain functions.
    static NOW: Cell<u64> = const { Cell::new(0) };
    static CLOCK: Cell<i64> = const { Cell::new(0) };
}

#[expect(clippy::cast_precision_loss, reason = "a schedule is over long before")]
const EDGE: Edge = Edge { now: || CLOCK.get() + NOW.get().cast_signed(), elapsed: || NOW.get() as f64, entropy };

/// A browser.
#[derive(Debug)]
pub struct Worker {
    owner: Owner,
    // Invariant: dropped before the folder under it.
    tab: Option<Tab>,
    folder: TempDir,
}

#[derive(Debug)]
struct Tab {
    owner: Owner,
    clock: i64,
    leader: Leader,
    page: Page,
    python: Python,
    requests: u64,
    /// Asked for and not answered.
    asked: BTreeMap<u64, Asked>,
    sync: SyncState,
}

impl Worker {
    /// Makes a browser that has nothing of the notebook.
    pub fn new(owner: Owner) -> Self {
        // Files in memory where there are such: what is tested is what survives a tab, not a machine.
        let memory = std::path::Path::new("/dev/shm");
        let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        let folder = folder.expect("there is room for temporary files");
        Self { owner, tab: None, folder }
    }

    fn call(&mut self, moment: &mut Moment<'_>, act: impl FnOnce(&mut Tab, &mut Moment<'_>) -> Vec<Effect>) {
        if let Some(tab) = &mut self.tab {
            NOW.set(moment.now);
            CLOCK.set(tab.clock);
            let effects = act(tab, moment);
            tab.perform(effects, moment);
        }
    }
}

impl Machine for Worker {
    fn open(&mut self, clock: i64, moment: &mut Moment<'_>) {
        NOW.set(moment.now);
        CLOCK.set(clock);
        let replica = ReplicaId(moment.random.number());
        let text_client = moment.random.number() | 2;
        let path = self.folder.path().join("notebook.db");
        let connection = connect(&path.to_string_lossy(), None).expect("the file opens");
        let store = Store::open(connection, replica).expect("what was committed opens");
        let is_first = self.owner.number == 0;
        let identity = Identity {
            tab: format!("{replica:?}"),
            person: self.owner.person.clone(),
            access: self.owner.access.clone(),
            joined: !is_first,
            relay: Some("ws://relay".to_owned()),
            title: if is_first { "Untitled".to_owned() } else { String::new() },
            verbose: false,
        };
        let (leader, effects) = Leader::begin(store, Storage::Opfs, identity, EDGE);
        let mut tab = Tab {
            owner: self.owner.clone(),
            clock,
            leader,
            page: Page::new(text_client, &[]),
            python: Python::default(),
            requests: 0,
            asked: BTreeMap::new(),
            sync: SyncState::Local,
        };
        tab.perform(effects, moment);
        self.tab = Some(tab);
    }

    fn end(&mut self) {
        self.tab = None;
    }

    fn is_open(&self) -> bool {
        self.tab.is_some()
    }

    fn set_clock(&mut self, clock: i64) {
        if let Some(tab) = &mut self.tab {
            tab.clock = clock;
        }
    }

    fn act(&mut self, act: Act, choice: u64, moment: &mut Moment<'_>) {
        self.call(moment, |tab, moment| tab.act(act, choice, moment));
    }

    fn revive(&mut self, moment: &mut Moment<'_>) {
        self.call(moment, |tab, _| {
            let waits = !tab.page.notebook().pending().is_empty();
            if waits && tab.python.is_dead() { tab.leader.on_ui(ToStore::WarmKernel) } else { Vec::new() }
        });
    }

    fn received(&mut self, frame: &[u8], moment: &mut Moment<'_>) {
        self.call(moment, |tab, _| tab.leader.on_relay(frame));
    }

    fn closed(&mut self, moment: &mut Moment<'_>) {
        self.call(moment, |tab, _| tab.leader.relay_closed());
    }

    fn online(&mut self, moment: &mut Moment<'_>) {
        self.call(moment, |tab, _| tab.leader.wake_relay());
    }

    fn timer(&mut self, timer: Timer, moment: &mut Moment<'_>) {
        self.call(moment, |tab, moment| match timer {
            Timer::Wake => tab.leader.wake_relay(),
            Timer::Watch => tab.leader.watch_relay(),
            Timer::Commit => tab.leader.commit(),
            Timer::Flush => {
                let typed = tab.page.take_typed();
                tab.ask_all(typed)
            }
            Timer::Heard => tab.look_at_heard(moment),
            Timer::Look => tab.leader.look_around(),
            Timer::KernelUp(generation) => tab.python.up(generation, &mut tab.leader),
            Timer::KernelStep(generation) => tab.python.step(generation, tab.owner.number, &mut tab.leader, moment),
        });
    }

    fn status(&self) -> Option<Status> {
        match &self.tab.as_ref()?.sync {
            SyncState::Local => None,
            SyncState::Connecting => Some(Status::Connecting),
            SyncState::Live { .. } => Some(Status::Live),
            SyncState::Offline { .. } => Some(Status::Offline),
            SyncState::Absent => Some(Status::Absent),
            SyncState::Refused { reason } => Some(Status::Refused(reason.clone())),
        }
    }

    fn unsent(&self) -> usize {
        match self.tab.as_ref().map(|tab| &tab.sync) {
            Some(SyncState::Live { unsent, .. } | SyncState::Offline { unsent, .. }) => {
                usize::try_from(*unsent).unwrap_or(usize::MAX)
            }
            _ => 0,
        }
    }

    fn lacks_blob(&self) -> Option<String> {
        // It fetches them when a page asks.
        None
    }

    fn page(&self) -> Option<&Notebook> {
        self.tab.as_ref().map(|tab| tab.page.notebook())
    }

    fn state(&self) -> Option<&Replica> {
        self.tab.as_ref().map(|tab| tab.leader.store().state())
    }
}

impl Tab {
    fn act(&mut self, act: Act, choice: u64, moment: &mut Moment<'_>) -> Vec<Effect> {
        let mut random = Random::new(choice);
        match act {
            Act::Type | Act::Erase => {
                let may = self.owner.access.may_write();
                let idle = !self.page.has_typed();
                let edited = may.then(|| self.page.edits(act, &mut random, moment.oracle)).flatten();
                let Some((cell, update)) = edited else { return Vec::new() };
                if idle {
                    let millis = random.within(0..=1_000);
                    moment.at(millis, Timer::Flush);
                }
                return self.leader.on_ui(ToStore::Typed { cell, update });
            }
            Act::Interrupt => return self.leader.on_ui(ToStore::Interrupt),
            Act::Crash => return self.python.crash(&mut self.leader),
            Act::Share if self.owner.number == 0 => {
                self.requests += 1;
                return self.leader.on_ui(ToStore::Share { request: self.requests });
            }
            _ => {}
        }
        // What was typed is logged before it runs.
        let mut effects = if matches!(act, Act::Run | Act::RunAll) { self.flush() } else { Vec::new() };
        if let Some(asked) = self.page.asks(act, &mut random, moment.oracle) {
            effects.extend(self.ask(asked));
        }
        effects
    }

    fn ask(&mut self, asked: Asked) -> Vec<Effect> {
        self.requests += 1;
        let message = ToStore::Command { request: self.requests, command: asked.0.clone() };
        self.asked.insert(self.requests, asked);
        self.leader.on_ui(message)
    }

    fn ask_all(&mut self, asked: Vec<Asked>) -> Vec<Effect> {
        asked.into_iter().flat_map(|asked| self.ask(asked)).collect()
    }

    fn flush(&mut self) -> Vec<Effect> {
        let shown = if self.owner.access.may_write() { self.page.take_all() } else { Vec::new() };
        self.ask_all(shown)
    }

    fn look_at_heard(&mut self, moment: &mut Moment<'_>) -> Vec<Effect> {
        let (asked, again) = self.page.looks(self.owner.access.may_write());
        if again {
            let millis = moment.random.within(LOOK_MILLIS);
            moment.at(millis, Timer::Heard);
        }
        self.ask_all(asked)
    }

    fn perform(&mut self, effects: Vec<Effect>, moment: &mut Moment<'_>) {
        for effect in effects {
            match effect {
                Effect::Ui(message) => self.told(message, moment),
                Effect::Commit(Due::Soon) => {
                    // After the messages that wait already: a tab may end before their turn is over.
                    let millis = moment.random.within(0..=20);
                    moment.at(millis, Timer::Commit);
                }
                Effect::Commit(Due::In(millis)) => moment.at(millis.into(), Timer::Commit),
                Effect::Relay(Socket::Open) => moment.wishes.push(Wish::Connect),
                Effect::Relay(Socket::Close) => moment.wishes.push(Wish::Disconnect),
                Effect::Relay(Socket::Send(frame)) => moment.wishes.push(Wish::Send(frame)),
                Effect::Fold => {
                    let effects = self.leader.fold();
                    self.perform(effects, moment);
                }
                Effect::WakeRelay(millis) => moment.at(millis.into(), Timer::Wake),
                Effect::WatchRelay(millis) => moment.at(millis.into(), Timer::Watch),
                Effect::LookAround(millis) => moment.at(millis.into(), Timer::Look),
                Effect::Kernel(message) => self.python.told(message, moment),
                Effect::Frame(message) => self.python.told_frame(&message, moment),
                Effect::Disconnect => self.python.stop(),
                _ => {}
            }
        }
    }

    /// Notes ends of sessions, as seen by who hears of them: at first that is who ended them.
    fn note(&self, changes: &[Change], moment: &mut Moment<'_>) {
        let shown = self.page.notebook();
        for change in changes {
            match change {
                Change::Session(session) if session.ended.is_some() && shown.is_live(&session.id) => {
                    moment.oracle.ends(&session.id, shown);
                }
                Change::OutputsCleared { execution } => {
                    shown.execution(execution).into_iter().for_each(|cleared| moment.oracle.clears(&cleared.cell));
                }
                _ => {}
            }
        }
    }

    fn told(&mut self, message: FromStore, moment: &mut Moment<'_>) {
        match message {
            FromStore::Opened { changes, .. } | FromStore::Changed { changes } => {
                self.note(&changes, moment);
                self.page.patch(&changes);
            }
            FromStore::Sync(sync) => self.sync = sync,
            FromStore::Typed { cell, update } if self.page.hears(&cell, &update) => {
                let millis = moment.random.within(LOOK_MILLIS);
                moment.at(millis, Timer::Heard);
            }
            FromStore::Kernel(state) => self.python.is_said(&state),
            FromStore::StartKernel => self.python.start(moment),
            FromStore::StopKernel => self.python.stop(),
            FromStore::Done { request } => {
                if let Some((command, brings)) = self.asked.remove(&request) {
                    moment.oracle.done(&command);
                    moment.oracle.brought(&brings);
                }
            }
            FromStore::Rejected { request, .. } => drop(self.asked.remove(&request)),
            FromStore::Saved(protocol::port::SaveState::Saved) => {
                let mut last = self.leader.store().next_event_id();
                last.counter -= 1;
                moment.oracle.acknowledged_up_to(self.owner.number, last);
            }
            _ => {}
        }
    }
}
