//! Browsers with the real leader and the real relay between them, which pass on frame by frame.

use std::cell::Cell;
use std::collections::VecDeque;

use notebook::{
    CellId, CellKind, Command, Content, Event, ExecutionStatus, Notebook, Outcome, PersonId, Place, ReplicaId,
    SessionId, StreamName,
};
use protocol::access::{Access, Secret};
use protocol::inspect::{Answer, Text};
use protocol::port::{
    BUILD, FromKernel, FromStore, KernelReport, KernelState, Storage, SyncState, TabMessage, ToFrame, ToKernel, ToStore,
};
use protocol::relay::memory::MemoryStorage;
use protocol::relay::{Effect as RelayEffect, Limits, Relay};
use protocol::wire::{ConnectionId, RelayId};
use store::Store;
use store_worker::leader::{Edge, Effect, Identity, Leader, Socket};

thread_local! {
    static COUNTER: Cell<u64> = const { Cell::new(0) };
    static NOW: Cell<f64> = const { Cell::new(0.0) };
}

pub(crate) fn next() -> u64 {
    COUNTER.with(|counter| counter.replace(counter.get() + 1))
}

pub(crate) fn entropy() -> [u8; 16] {
    u128::from(next() + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes()
}

pub(crate) fn elapsed() -> f64 {
    NOW.with(Cell::get)
}

pub(crate) const EDGE: Edge = Edge { now: || 1_700_000_000_000, elapsed, entropy };

pub(crate) fn secret() -> Access {
    Access::Writer(Secret::from_entropy([7; 32]))
}

pub(crate) fn cell(number: u8) -> CellId {
    CellId::from_entropy([number; 16])
}

/// One browser: its leader, its line to the relay, and a kernel that prints and is done, unless it is told to hang.
pub(crate) struct Browser {
    pub(crate) leader: Leader,
    pub(crate) line: Option<ConnectionId>,
    pub(crate) online: bool,
    /// Whether its line is broken and nobody was told.
    pub(crate) muffled: bool,
    pub(crate) hangs: bool,
    pub(crate) session: Option<SessionId>,
    pub(crate) ui: Vec<FromStore>,
    pub(crate) runs: u32,
    pub(crate) interrupts: u32,
    /// How often it asked to tell later who is here.
    pub(crate) tells: u32,
    /// What a page keeps in step by the changes it is told.
    pub(crate) copy: Notebook,
}

pub(crate) struct World {
    pub(crate) relay: Relay<MemoryStorage>,
    pub(crate) browsers: Vec<Browser>,
    pub(crate) todo: VecDeque<(usize, Effect)>,
    pub(crate) requests: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        let relay = Relay::open(secret().notebook(), MemoryStorage::default(), Limits::default(), RelayId(1)).unwrap();
        Self { relay, browsers: Vec::new(), todo: VecDeque::new(), requests: 0 }
    }

    /// Opens the notebook in a further browser. The first one makes it.
    pub(crate) fn open(&mut self, access: Access) -> usize {
        let number = self.browsers.len();
        let store = Store::open(store::connect_in_memory().unwrap(), ReplicaId(next() + 100)).unwrap();
        let identity = Identity {
            tab: format!("tab{number}"),
            person: PersonId::from_entropy([u8::try_from(number).unwrap() + 1; 16]),
            access,
            joined: number > 0,
            relay: Some("ws://relay/sync".into()),
            title: if number == 0 { "Tides".into() } else { String::new() },
            verbose: false,
        };
        let (leader, effects) = Leader::begin(store, Storage::Opfs, identity, EDGE);
        self.browsers.push(Browser {
            leader,
            line: None,
            online: true,
            muffled: false,
            hangs: false,
            session: None,
            ui: Vec::new(),
            runs: 0,
            interrupts: 0,
            tells: 0,
            copy: Notebook::new(),
        });
        self.perform(number, effects);
        self.settle();
        number
    }

    pub(crate) fn ask(&mut self, browser: usize, command: Command) {
        self.requests += 1;
        let request = self.requests;
        self.tell(browser, ToStore::Command { request, command });
    }

    /// Has another tab of a browser say something to the one that leads.
    pub(crate) fn tab(&mut self, browser: usize, message: TabMessage) {
        let effects = self.browsers[browser].leader.on_tab(message);
        self.perform(browser, effects);
        self.settle();
    }

    pub(crate) fn tell(&mut self, browser: usize, message: ToStore) {
        let effects = self.browsers[browser].leader.on_ui(message);
        self.perform(browser, effects);
        self.settle();
    }

    pub(crate) fn share(&mut self) {
        self.requests += 1;
        let request = self.requests;
        self.tell(0, ToStore::Share { request });
    }

    pub(crate) fn perform(&mut self, browser: usize, effects: Vec<Effect>) {
        self.todo.extend(effects.into_iter().map(|effect| (browser, effect)));
    }

    pub(crate) fn settle(&mut self) {
        while let Some((number, effect)) = self.todo.pop_front() {
            let effects = self.one(number, effect);
            self.perform(number, effects);
        }
    }

    pub(crate) fn one(&mut self, number: usize, effect: Effect) -> Vec<Effect> {
        let browser = &mut self.browsers[number];
        match effect {
            Effect::Commit(_) => browser.leader.commit(),
            Effect::Fold => browser.leader.fold(),
            // When time passes.
            Effect::TellPeers(_) => {
                browser.tells += 1;
                Vec::new()
            }
            Effect::Relay(Socket::Open) if browser.online => {
                let (line, effects) = self.relay.connect([9; 32]);
                browser.line = Some(line);
                self.relayed(effects);
                Vec::new()
            }
            Effect::Relay(Socket::Open) => browser.leader.relay_closed(),
            Effect::Relay(Socket::Close) => {
                self.cut(number);
                Vec::new()
            }
            Effect::Relay(Socket::Send(frame)) => {
                if let Some(line) = browser.line.filter(|_| !browser.muffled) {
                    let effects = self.relay.receive(line, &frame, 0);
                    self.relayed(effects);
                }
                Vec::new()
            }
            Effect::Ui(FromStore::StartKernel) => {
                let report = KernelReport::Starting { step: String::new(), percent: 1 };
                let mut effects = browser.leader.on_ui(ToStore::Kernel(report));
                effects.extend(browser.leader.kernel_connected());
                effects
            }
            Effect::Ui(message) => {
                if let FromStore::Changed { changes } | FromStore::Opened { changes, .. } = &message {
                    for change in changes {
                        browser.copy.patch(change);
                    }
                }
                browser.ui.push(message);
                Vec::new()
            }
            Effect::Kernel(ToKernel::Hello { session, .. }) => {
                browser.session = Some(session);
                let ready = FromKernel::Ready {
                    build: BUILD.into(),
                    python: "3".into(),
                    from_snapshot: true,
                    boot_millis: 1.0,
                };
                browser.leader.on_kernel(ready, 10)
            }
            Effect::Kernel(ToKernel::Claim { execution, .. }) => {
                browser.runs += 1;
                let session = browser.session.clone().unwrap();
                let mut events = vec![
                    Event::ExecutionAssigned { execution: execution.clone(), session },
                    Event::ExecutionStarted { execution: execution.clone() },
                    Event::StreamAppended {
                        execution: execution.clone(),
                        index: 0,
                        name: StreamName::Stdout,
                        text: Content::Inline(format!("of {number}")),
                    },
                ];
                if !browser.hangs {
                    events.push(Event::ExecutionCompleted { execution, outcome: Outcome::Ok });
                }
                browser.leader.on_kernel(FromKernel::Events(events), 10)
            }
            Effect::Kernel(ToKernel::Inspect { id, question }) => {
                let text = Text::cut(format!("{} of {number}", question.code()));
                browser.leader.on_kernel(FromKernel::Inspected { id, answer: Answer::Found(text) }, 10)
            }
            Effect::Frame(ToFrame::Interrupt) => {
                browser.interrupts += 1;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    pub(crate) fn relayed(&mut self, effects: Vec<RelayEffect>) {
        for effect in effects {
            match effect {
                RelayEffect::Send { to, frame } => {
                    let Some(number) = self.browsers.iter().position(|browser| browser.line == Some(to)) else {
                        continue;
                    };
                    if !self.browsers[number].muffled {
                        let effects = self.browsers[number].leader.on_relay(&frame);
                        self.perform(number, effects);
                    }
                }
                RelayEffect::Close { connection, .. } => {
                    if let Some(number) = self.browsers.iter().position(|browser| browser.line == Some(connection)) {
                        self.cut(number);
                        let effects = self.browsers[number].leader.relay_closed();
                        self.perform(number, effects);
                    }
                }
            }
        }
    }

    pub(crate) fn cut(&mut self, number: usize) {
        if let Some(line) = self.browsers[number].line.take() {
            let effects = self.relay.disconnect(line);
            self.relayed(effects);
        }
    }

    pub(crate) fn go_offline(&mut self, number: usize) {
        self.browsers[number].online = false;
        self.cut(number);
        let effects = self.browsers[number].leader.relay_closed();
        self.perform(number, effects);
        self.settle();
    }

    pub(crate) fn go_online(&mut self, number: usize) {
        self.browsers[number].online = true;
        let effects = self.browsers[number].leader.wake_relay();
        self.perform(number, effects);
        self.settle();
    }

    /// Lets time pass, and everybody look who is still here.
    pub(crate) fn wait(&mut self, millis: f64) {
        NOW.with(|now| now.set(now.get() + millis));
        for number in 0..self.browsers.len() {
            if self.browsers[number].online {
                let effects = self.browsers[number].leader.look_around();
                self.perform(number, effects);
            }
            for _ in 0..std::mem::take(&mut self.browsers[number].tells) {
                let effects = self.browsers[number].leader.tell_peers();
                self.perform(number, effects);
            }
        }
        self.settle();
    }

    pub(crate) fn text(&self, browser: usize) -> String {
        let copy = &self.browsers[browser].copy;
        let cells = copy.cells().map(|cell| {
            let run = copy.current_execution(&cell.id).map(|run| match &run.status {
                ExecutionStatus::Completed(outcome) => format!(" {outcome:?} {}", outputs(run)),
                ExecutionStatus::Executing(_) => format!(" runs {}", outputs(run)),
                ExecutionStatus::Assigned(_) => " assigned".to_owned(),
                ExecutionStatus::Pending => " waits".to_owned(),
            });
            format!("{}{}", cell.source.text(), run.unwrap_or_default())
        });
        cells.collect::<Vec<_>>().join("; ")
    }

    pub(crate) fn all_show(&self, expected: &str) {
        for number in 0..self.browsers.len() {
            assert_eq!(self.text(number), expected, "browser {number}");
        }
    }

    pub(crate) fn sync(&self, browser: usize) -> SyncState {
        let mut states = self.browsers[browser].ui.iter().filter_map(|message| match message {
            FromStore::Sync(state) => Some(state.clone()),
            _ => None,
        });
        states.next_back().unwrap_or_default()
    }

    pub(crate) fn kernel(&self, browser: usize) -> KernelState {
        let mut states = self.browsers[browser].ui.iter().filter_map(|message| match message {
            FromStore::Kernel(state) => Some(state.clone()),
            _ => None,
        });
        states.next_back().unwrap_or(KernelState::None)
    }

    pub(crate) fn runs(&self) -> Vec<u32> {
        self.browsers.iter().map(|browser| browser.runs).collect()
    }
}

pub(crate) fn outputs(run: &notebook::Execution) -> String {
    let texts = run.outputs.iter().map(|output| match &**output {
        notebook::Output::Stream { text, .. } => match text.as_slice() {
            [Content::Inline(text)] => text.clone(),
            other => format!("{other:?}"),
        },
        other => format!("{other:?}"),
    });
    texts.collect::<Vec<_>>().join(",")
}

pub(crate) fn insert(number: u8, source: &str) -> Command {
    Command::InsertCell { cell: cell(number), kind: CellKind::Code, place: Place::Last, source: source.to_owned() }
}

pub(crate) fn run(number: u8) -> Command {
    Command::RunCells { cells: vec![cell(number)] }
}

/// A notebook with one cell that is shared, open in so many browsers.
pub(crate) fn shared(browsers: usize) -> World {
    let mut world = World::new();
    world.open(secret());
    world.ask(0, insert(1, "a"));
    world.share();
    for _ in 1..browsers {
        world.open(secret());
    }
    world
}
