//! Leaders of several browsers and the relay between them, frame by frame.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::Cell;
use std::collections::VecDeque;

use notebook::{
    CellId, CellKind, Command, Content, EndReason, Event, ExecutionStatus, Notebook, Outcome, PersonId, Place,
    Rejection, ReplicaId, SessionId, StreamName,
};
use protocol::access::{Access, Secret};
use protocol::port::{
    BUILD, FromKernel, FromStore, KernelReport, KernelState, Storage, SyncState, ToFrame, ToKernel, ToStore,
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

fn next() -> u64 {
    COUNTER.with(|counter| counter.replace(counter.get() + 1))
}

fn entropy() -> [u8; 16] {
    u128::from(next() + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes()
}

fn elapsed() -> f64 {
    NOW.with(Cell::get)
}

const EDGE: Edge = Edge { now: || 1_700_000_000_000, elapsed, entropy };

fn secret() -> Access {
    Access::Writer(Secret::from_entropy([7; 32]))
}

fn cell(number: u8) -> CellId {
    CellId::from_entropy([number; 16])
}

/// One browser: its leader, its line to the relay, and a kernel that prints and is done, unless it is told to hang.
struct Browser {
    leader: Leader,
    line: Option<ConnectionId>,
    online: bool,
    hangs: bool,
    session: Option<SessionId>,
    ui: Vec<FromStore>,
    runs: u32,
    interrupts: u32,
    /// What a page keeps in step by the changes it is told.
    copy: Notebook,
}

struct World {
    relay: Relay<MemoryStorage>,
    browsers: Vec<Browser>,
    todo: VecDeque<(usize, Effect)>,
    requests: u64,
}

impl World {
    fn new() -> Self {
        let relay = Relay::open(secret().notebook(), MemoryStorage::default(), Limits::default(), RelayId(1)).unwrap();
        Self { relay, browsers: Vec::new(), todo: VecDeque::new(), requests: 0 }
    }

    /// Opens the notebook in a further browser. The first one makes it.
    fn open(&mut self, access: Access) -> usize {
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
            hangs: false,
            session: None,
            ui: Vec::new(),
            runs: 0,
            interrupts: 0,
            copy: Notebook::new(),
        });
        self.perform(number, effects);
        self.settle();
        number
    }

    fn ask(&mut self, browser: usize, command: Command) {
        self.requests += 1;
        let request = self.requests;
        self.tell(browser, ToStore::Command { request, command });
    }

    fn tell(&mut self, browser: usize, message: ToStore) {
        let effects = self.browsers[browser].leader.on_ui(message);
        self.perform(browser, effects);
        self.settle();
    }

    fn share(&mut self) {
        self.requests += 1;
        let request = self.requests;
        self.tell(0, ToStore::Share { request });
    }

    fn perform(&mut self, browser: usize, effects: Vec<Effect>) {
        self.todo.extend(effects.into_iter().map(|effect| (browser, effect)));
    }

    fn settle(&mut self) {
        while let Some((number, effect)) = self.todo.pop_front() {
            let effects = self.one(number, effect);
            self.perform(number, effects);
        }
    }

    fn one(&mut self, number: usize, effect: Effect) -> Vec<Effect> {
        let browser = &mut self.browsers[number];
        match effect {
            Effect::Commit(_) => browser.leader.commit(),
            Effect::Fold => browser.leader.fold(),
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
                if let Some(line) = browser.line {
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
            Effect::Frame(ToFrame::Interrupt) => {
                browser.interrupts += 1;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn relayed(&mut self, effects: Vec<RelayEffect>) {
        for effect in effects {
            match effect {
                RelayEffect::Send { to, frame } => {
                    let Some(number) = self.browsers.iter().position(|browser| browser.line == Some(to)) else {
                        continue;
                    };
                    let effects = self.browsers[number].leader.on_relay(&frame);
                    self.perform(number, effects);
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

    fn cut(&mut self, number: usize) {
        if let Some(line) = self.browsers[number].line.take() {
            let effects = self.relay.disconnect(line);
            self.relayed(effects);
        }
    }

    fn go_offline(&mut self, number: usize) {
        self.browsers[number].online = false;
        self.cut(number);
        let effects = self.browsers[number].leader.relay_closed();
        self.perform(number, effects);
        self.settle();
    }

    fn go_online(&mut self, number: usize) {
        self.browsers[number].online = true;
        let effects = self.browsers[number].leader.wake_relay();
        self.perform(number, effects);
        self.settle();
    }

    /// Lets time pass, and everybody look who is still here.
    fn wait(&mut self, millis: f64) {
        NOW.with(|now| now.set(now.get() + millis));
        for number in 0..self.browsers.len() {
            if self.browsers[number].online {
                let effects = self.browsers[number].leader.look_around();
                self.perform(number, effects);
            }
        }
        self.settle();
    }

    fn text(&self, browser: usize) -> String {
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

    fn all_show(&self, expected: &str) {
        for number in 0..self.browsers.len() {
            assert_eq!(self.text(number), expected, "browser {number}");
        }
    }

    fn sync(&self, browser: usize) -> SyncState {
        let mut states = self.browsers[browser].ui.iter().filter_map(|message| match message {
            FromStore::Sync(state) => Some(state.clone()),
            _ => None,
        });
        states.next_back().unwrap_or_default()
    }

    fn kernel(&self, browser: usize) -> KernelState {
        let mut states = self.browsers[browser].ui.iter().filter_map(|message| match message {
            FromStore::Kernel(state) => Some(state.clone()),
            _ => None,
        });
        states.next_back().unwrap_or(KernelState::None)
    }

    fn runs(&self) -> Vec<u32> {
        self.browsers.iter().map(|browser| browser.runs).collect()
    }
}

fn outputs(run: &notebook::Execution) -> String {
    let texts = run.outputs.iter().map(|output| match &**output {
        notebook::Output::Stream { text, .. } => match text.as_slice() {
            [Content::Inline(text)] => text.clone(),
            other => format!("{other:?}"),
        },
        other => format!("{other:?}"),
    });
    texts.collect::<Vec<_>>().join(",")
}

fn insert(number: u8, source: &str) -> Command {
    Command::InsertCell { cell: cell(number), kind: CellKind::Code, place: Place::Last, source: source.to_owned() }
}

fn run(number: u8) -> Command {
    Command::RunCells { cells: vec![cell(number)] }
}

/// A notebook with one cell that is shared, open in so many browsers.
fn shared(browsers: usize) -> World {
    let mut world = World::new();
    world.open(secret());
    world.ask(0, insert(1, "a"));
    world.share();
    for _ in 1..browsers {
        world.open(secret());
    }
    world
}

#[test]
fn a_link_opens_the_same_notebook_and_what_one_does_the_others_see() {
    let mut world = shared(3);
    world.all_show("a");
    assert_eq!(world.sync(0), SyncState::Live { unsent: 0 });
    assert_eq!(world.sync(2), SyncState::Live { unsent: 0 });
    world.ask(1, insert(2, "b"));
    world.ask(2, Command::SetTitle { title: "Ebb".into() });
    world.ask(0, Command::MoveCell { cell: cell(2), place: Place::First });
    world.all_show("b; a");
    assert_eq!(world.browsers[0].copy.title(), "Ebb");
}

#[test]
fn a_run_in_one_browser_is_done_by_the_kernel_of_another() {
    let mut world = shared(3);
    world.ask(0, run(1));
    world.ask(2, insert(2, "b"));
    world.ask(2, run(2));
    world.all_show("a Ok of 0; b Ok of 0");
    assert_eq!(world.runs(), [2, 0, 0]);
    assert_eq!((world.kernel(1), world.kernel(2)), (KernelState::Idle, KernelState::Idle), "its state is everybody's");
}

#[test]
fn case_13_two_browsers_that_ask_at_once_get_one_kernel_and_one_run() {
    let mut world = shared(2);
    // Neither has heard of the other's request, and each starts a kernel.
    for number in 0..2 {
        world.requests += 1;
        let message = ToStore::Command { request: world.requests, command: run(1) };
        let effects = world.browsers[number].leader.on_ui(message);
        world.perform(number, effects);
    }
    world.settle();
    assert_eq!(
        world.runs().iter().sum::<u32>(),
        2,
        "{:?}: each request ran once, the second after the first",
        world.runs()
    );
    assert!(world.runs().contains(&0), "{:?}: by one kernel", world.runs());
}

#[test]
fn a_run_is_interrupted_from_another_browser() {
    let mut world = shared(2);
    world.browsers[0].hangs = true;
    world.ask(0, run(1));
    world.all_show("a runs of 0");
    assert_eq!(world.kernel(1), KernelState::Busy);
    world.tell(1, ToStore::Interrupt);
    assert_eq!(world.browsers[0].interrupts, 1);
}

#[test]
fn case_14_a_kernel_whose_browser_left_is_lost_and_the_next_run_starts_one() {
    let mut world = shared(2);
    world.browsers[0].hangs = true;
    world.ask(0, run(1));
    world.go_offline(0);
    world.wait(5_000.0);
    assert_eq!(world.text(1), "a runs of 0", "it may come back");
    world.wait(2_000.0);
    assert_eq!(world.text(1), "a Lost of 0");
    world.ask(1, run(1));
    assert_eq!(world.text(1), "a Ok of 1");
    world.go_online(0);
    world.all_show("a Ok of 1");
    assert!(matches!(world.kernel(0), KernelState::Idle | KernelState::Dead { .. }), "{:?}", world.kernel(0));
}

#[test]
fn case_13_offline_both_run_and_one_result_is_shown() {
    let mut world = shared(2);
    world.ask(0, run(1));
    world.go_offline(1);
    world.ask(1, insert(2, "b"));
    world.ask(1, run(2));
    assert_eq!(world.text(1), "a Ok of 0; b Ok of 1", "alone it runs here");
    assert_eq!(world.sync(1), SyncState::Offline { unsent: 7 });
    world.ask(0, insert(3, "c"));
    world.go_online(1);
    world.all_show("a Ok of 0; b Ok of 1; c");
    assert_eq!(world.runs(), [1, 1]);
    world.ask(1, run(3));
    world.all_show("a Ok of 0; b Ok of 1; c Ok of 0");
}

#[test]
fn a_viewer_sees_everything_and_changes_nothing() {
    let mut world = shared(1);
    let viewer = world.open(secret().for_viewing());
    world.ask(0, run(1));
    world.all_show("a Ok of 0");
    world.ask(viewer, insert(2, "b"));
    world.ask(viewer, run(1));
    world.tell(viewer, ToStore::Interrupt);
    world.all_show("a Ok of 0");
    let refused = world.browsers[viewer]
        .ui
        .iter()
        .filter(|message| matches!(message, FromStore::Rejected { rejection: Rejection::ReadOnly, .. }));
    assert_eq!((refused.count(), world.browsers[0].interrupts), (2, 0));
}

#[test]
fn who_comes_before_the_notebook_waits_for_it() {
    let mut world = World::new();
    world.open(secret());
    world.ask(0, insert(1, "a"));
    let early = world.open(secret());
    assert_eq!(world.sync(early), SyncState::Absent);
    world.ask(early, insert(2, "b"));
    assert!(
        world.browsers[early]
            .ui
            .iter()
            .any(|message| { matches!(message, FromStore::Rejected { rejection: Rejection::NotHere, .. }) })
    );
    world.share();
    world.go_online(early);
    world.all_show("a");
}

#[test]
fn case_22_a_relay_that_was_wiped_is_filled_again_and_nothing_is_lost() {
    let mut world = shared(2);
    world.go_offline(0);
    world.go_offline(1);
    world.ask(1, insert(2, "b"));
    world.relay = Relay::open(secret().notebook(), MemoryStorage::default(), Limits::default(), RelayId(2)).unwrap();
    world.go_online(1);
    world.ask(0, insert(3, "c"));
    world.go_online(0);
    world.all_show("a; b; c");
    world.ask(0, insert(4, "d"));
    world.all_show("a; b; c; d");
}

#[test]
fn case_22_a_relay_that_was_set_back_gets_again_what_it_lost() {
    let mut world = shared(2);
    let backup = world.relay.storage().clone();
    world.ask(0, insert(2, "b"));
    world.ask(1, insert(3, "c"));
    world.go_offline(0);
    world.go_offline(1);
    world.relay = Relay::open(secret().notebook(), backup, Limits::default(), RelayId(3)).unwrap();
    world.go_online(0);
    world.go_online(1);
    world.all_show("a; b; c");
    assert_eq!(world.sync(1), SyncState::Live { unsent: 0 });
}

#[test]
fn typing_is_passed_on_before_it_is_kept() {
    let mut world = shared(2);
    let mut source = world.browsers[0].copy.cell(&cell(1)).unwrap().source.clone();
    let update = source.edit(&[notebook::source::Splice { from: 1, to: 1, insert: "!".into() }]).unwrap();
    let before = world.relay.head();
    world.tell(0, ToStore::Typed { cell: cell(1), update: update.clone() });
    let heard = FromStore::Typed { cell: cell(1), update };
    assert!(world.browsers[1].ui.contains(&heard));
    assert_eq!(world.relay.head(), before, "it is not kept");
}

#[test]
fn a_restart_from_another_browser_restarts_the_kernel_where_it_runs() {
    let mut world = shared(2);
    world.ask(0, run(1));
    let before = world.browsers[0].session.clone();
    world.ask(1, Command::RestartKernel);
    assert_ne!(world.browsers[0].session, before, "a new one");
    assert_eq!(world.browsers[1].session, None, "not here");
    let ended = world.browsers[1].copy.sessions()[0].ended;
    assert_eq!(ended, Some(EndReason::Restarted));
}
