//! The world of a schedule: virtual time, browsers, the network between them and the relay.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use notebook::PersonId;
use protocol::access::{Access, Secret};
use protocol::client::{Compaction, Status};

use crate::machine::{Machine, Moment, Owner, Timer, Wish};
use crate::oracle::{Counts, Oracle};
use crate::plan::{Act, Plan, Step};
use crate::random::{Random, seed_entropy};
use crate::trace::Trace;

mod fate;
mod guest;
mod network;
mod relay;
mod settle;

use network::{Link, LinkId};
use relay::RelayHost;

/// Milliseconds after the last step within which everything comes to rest.
const PATIENCE: u64 = 900_000;

/// Low enough that schedules come to it, by its events or by their bytes. Where it is lowest, much is known by
/// snapshots only.
const COMPACTIONS: [Compaction; 2] =
    [Compaction { events: 60, bytes: 12_000 }, Compaction { events: 10, bytes: 2_000 }];

/// A browser: what it keeps, and the tab while one is open.
#[derive(Debug)]
pub(crate) struct Browser {
    number: usize,
    /// Whether it may not write.
    views: bool,
    pub(crate) machine: Box<dyn Machine>,
    clock: i64,
    /// Counts the tabs: timers of an earlier one mean nothing.
    life: u64,
    random: Random,
    link: Option<LinkId>,
    /// Whether it has no network.
    parted: bool,
}

impl Browser {
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    pub(crate) fn views(&self) -> bool {
        self.views
    }

    pub(crate) fn is_refused(&self) -> bool {
        matches!(self.machine.status(), Some(Status::Refused(_)))
    }

    /// Says whether it cannot take in what the relay has: it or somebody else would lose something.
    pub(crate) fn is_left_out(&self) -> bool {
        self.is_refused() || self.machine.status() == Some(Status::Absent)
    }
}

/// What comes at a time.
#[derive(Debug)]
enum Due {
    Timer {
        browser: usize,
        life: u64,
        timer: Timer,
    },
    /// A connection reaches the relay.
    Open(LinkId),
    /// A frame reaches the relay.
    Up(LinkId, Vec<u8>),
    /// A frame reaches the browser.
    Down(LinkId, std::sync::Arc<[u8]>),
    /// The browser learns that the connection is gone.
    Gone(LinkId),
    /// The relay learns that the connection is gone.
    Shut(LinkId),
}

#[derive(Debug)]
struct Entry {
    at: u64,
    tick: u64,
    due: Due,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.tick) == (other.at, other.tick)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.tick).cmp(&(other.at, other.tick))
    }
}

/// How a schedule ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The hash of all that happened.
    pub trace: u64,
    /// What happened, in figures.
    pub counts: Counts,
    /// What was wrong.
    pub failures: Vec<String>,
}

/// Everything of one schedule.
#[derive(Debug)]
pub(crate) struct World {
    now: u64,
    tick: u64,
    queue: BinaryHeap<Reverse<Entry>>,
    browsers: Vec<Browser>,
    links: BTreeMap<LinkId, Link>,
    next_link: u64,
    relay: RelayHost,
    random: Random,
    oracle: Oracle,
    trace: Trace,
    story: Option<Vec<String>>,
}

/// Runs a plan. `machine` makes the browsers; `story` takes down what happens.
pub fn run(plan: &Plan, machine: impl Fn(Owner) -> Box<dyn Machine>, story: Option<&mut Vec<String>>) -> Ending {
    seed_entropy(plan.seed);
    let mut world = World::new(plan, machine, story.is_some());
    for step in &plan.steps {
        world.pass(step.after);
        world.step(*step);
    }
    world.settle();
    let lossy = world.relay.lossy;
    let twice = world.relay.stored_twice();
    world.oracle.failures.extend(twice.map(|id| format!("the relay stored {id:?} twice")));
    if world.oracle.failures.is_empty() {
        world.oracle.judge(&world.browsers, lossy);
    }
    if let (Some(told), Some(story)) = (story, world.story) {
        *told = story;
    }
    Ending { trace: world.trace.value(), counts: world.oracle.counts, failures: world.oracle.failures }
}

impl World {
    fn new(plan: &Plan, machine: impl Fn(Owner) -> Box<dyn Machine>, told: bool) -> Self {
        let mut random = Random::of(plan.seed, 2);
        let mut secret = [0; 32];
        secret[..16].copy_from_slice(&random.bytes());
        let access = Access::Writer(Secret::from_entropy(secret));
        let compaction = COMPACTIONS[random.index(COMPACTIONS.len())];
        let browsers = (0..plan.browsers).map(|number| {
            // Of several people one or the other only looks on.
            let views = number > 1 && random.chance(200);
            let access = if views { access.for_viewing() } else { access.clone() };
            let person = PersonId::from_entropy(random.bytes());
            Browser {
                number,
                views,
                machine: machine(Owner { number, person, access, compaction }),
                clock: 1_700_000_000_000,
                life: 0,
                random: Random::of(plan.seed, 100 + number as u64),
                link: None,
                parted: false,
            }
        });
        let browsers = browsers.collect();
        Self {
            now: 0,
            tick: 0,
            queue: BinaryHeap::new(),
            browsers,
            links: BTreeMap::new(),
            next_link: 0,
            relay: RelayHost::new(access, random.number()),
            random,
            oracle: Oracle::new(told),
            trace: Trace::default(),
            story: told.then(Vec::new),
        }
    }

    fn tell(&mut self, what: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.push(format!("{:>8} {}", self.now, what()));
        }
    }

    fn at(&mut self, at: u64, due: Due) {
        self.tick += 1;
        self.queue.push(Reverse(Entry { at, tick: self.tick, due }));
    }

    /// Lets time pass.
    fn pass(&mut self, millis: u64) {
        let until = self.now + millis;
        while self.queue.peek().is_some_and(|Reverse(entry)| entry.at <= until) {
            self.next();
        }
        self.now = until;
    }

    /// Lets the next thing happen. Returns false when nothing is left.
    fn next(&mut self) -> bool {
        let Some(Reverse(Entry { at, due, .. })) = self.queue.pop() else { return false };
        self.now = self.now.max(at);
        self.trace.add(at);
        match due {
            Due::Timer { browser, life, timer } => {
                if self.browsers[browser].life == life {
                    self.trace.add(browser as u64);
                    self.call(browser, |machine, moment| machine.timer(timer, moment));
                }
            }
            Due::Open(link) => self.open_link(link),
            Due::Up(link, frame) => self.arrive_at_relay(link, &frame),
            Due::Down(link, frame) => self.arrive_at_browser(link, &frame),
            Due::Gone(link) => self.learn_gone(link),
            Due::Shut(link) => self.learn_shut(link),
        }
        true
    }

    /// Calls a browser's tab, if one is open, and does what it wants.
    fn call(&mut self, number: usize, with: impl FnOnce(&mut dyn Machine, &mut Moment<'_>)) {
        let mut wishes = Vec::new();
        self.note_liveness(number);
        let Browser { machine, random, .. } = &mut self.browsers[number];
        let mut moment = Moment { now: self.now, oracle: &mut self.oracle, random, wishes: &mut wishes };
        with(machine.as_mut(), &mut moment);
        for note in self.oracle.notes.as_mut().map(std::mem::take).unwrap_or_default() {
            self.tell(|| note);
        }
        self.grant(number, wishes);
    }

    fn note_liveness(&mut self, number: usize) {
        let browser = &self.browsers[number];
        let connected = browser.link.and_then(|link| self.links.get(&link)).is_some_and(Link::is_whole);
        let live = connected && browser.machine.status() == Some(Status::Live);
        self.oracle.is_live(number, live, self.now);
    }

    fn grant(&mut self, number: usize, wishes: Vec<Wish>) {
        for wish in wishes {
            match wish {
                Wish::At(at, timer) => {
                    let life = self.browsers[number].life;
                    self.at(at, Due::Timer { browser: number, life, timer });
                }
                Wish::Connect => self.connect(number),
                Wish::Disconnect => self.disconnect(number),
                Wish::Send(frame) => self.send_up(number, frame),
            }
        }
        self.note_liveness(number);
    }

    fn step(&mut self, step: Step) {
        self.tell(|| format!("-- {step}"));
        self.trace.add(step.choice);
        let number = step.browser % self.browsers.len();
        match step.act {
            Act::Open => self.open(number),
            Act::Kill => self.kill(number),
            act if act.is_of_fate() => self.fate(number, step),
            act => self.call(number, |machine, moment| machine.act(act, step.choice, moment)),
        }
    }

    /// Opens a tab. One whose client gave up is opened anew, as a person would.
    fn open(&mut self, number: usize) {
        if self.browsers[number].is_refused() {
            self.kill(number);
        }
        let Browser { machine, life, clock, .. } = &mut self.browsers[number];
        if !machine.is_open() {
            *life += 1;
            let clock = *clock;
            self.call(number, |machine, moment| machine.open(clock, moment));
        }
    }

    /// Ends a tab at once.
    fn kill(&mut self, number: usize) {
        if self.browsers[number].machine.is_open() {
            self.browsers[number].machine.end();
            self.browsers[number].life += 1;
            self.disconnect(number);
        }
        self.note_liveness(number);
    }
}
