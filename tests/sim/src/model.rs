//! A model of the store worker, for many schedules: the real sync client and the real rules on a disk in memory,
//! and the loop between them, which keeps to the documented order: commit, then acknowledge and send.

use std::collections::VecDeque;

use notebook::{
    Actor, Applied, Change, Command, Context, EndReason, Envelope, Event, EventId, Notebook, Reach, Replica, ReplicaId,
    SessionId, decide::decide,
};
use protocol::client::{Client, Status, Step};
use protocol::peer::{Body, Peers, Presence};
use protocol::port::KernelState;
use store::Adopted;

use crate::machine::{Machine, Moment, Owner, Timer, Wish};
use crate::page::{Asked, LOOK_MILLIS, Page};
use crate::plan::Act;
use crate::random::{Random, entropy};

mod disk;
mod kernel;
mod queue;

use disk::Disk;
use kernel::{Kernel, Phase};

/// A browser.
#[derive(Debug)]
pub struct Model {
    owner: Owner,
    disk: Disk,
    tab: Option<Tab>,
}

impl Model {
    /// Makes a browser that has nothing of the notebook.
    pub fn new(owner: Owner) -> Self {
        Self { owner, disk: Disk::default(), tab: None }
    }

    fn with_tab(&mut self, act: impl FnOnce(&mut Tab, &mut Disk)) {
        if let Some(tab) = &mut self.tab {
            act(tab, &mut self.disk);
        }
    }
}

impl Machine for Model {
    fn open(&mut self, clock: i64, moment: &mut Moment<'_>) {
        self.tab = Some(Tab::open(self.owner.clone(), &mut self.disk, clock, moment));
    }

    fn end(&mut self) {
        self.tab = None;
    }

    fn is_open(&self) -> bool {
        self.tab.is_some()
    }

    fn set_clock(&mut self, clock: i64) {
        self.with_tab(|tab, _| tab.clock = clock);
    }

    fn act(&mut self, act: Act, choice: u64, moment: &mut Moment<'_>) {
        self.with_tab(|tab, disk| tab.act(act, choice, disk, moment));
    }

    fn revive(&mut self, moment: &mut Moment<'_>) {
        self.with_tab(|tab, disk| {
            tab.revive();
            tab.react(disk, moment);
        });
    }

    fn received(&mut self, frame: &[u8], moment: &mut Moment<'_>) {
        self.with_tab(|tab, disk| tab.with_client(disk, moment, |client| client.received(frame)));
    }

    fn closed(&mut self, moment: &mut Moment<'_>) {
        self.with_tab(|tab, disk| tab.with_client(disk, moment, Client::closed));
    }

    fn online(&mut self, moment: &mut Moment<'_>) {
        self.with_tab(|tab, disk| tab.with_client(disk, moment, Client::woken));
    }

    fn timer(&mut self, timer: Timer, moment: &mut Moment<'_>) {
        self.with_tab(|tab, disk| tab.timer(timer, disk, moment));
    }

    fn status(&self) -> Option<Status> {
        self.tab.as_ref()?.status()
    }

    fn unsent(&self) -> usize {
        self.tab.as_ref().and_then(|tab| tab.client.as_ref()).map_or(0, Client::unsent)
    }

    fn lacks_blob(&self) -> Option<String> {
        self.disk.lacks()
    }

    fn page(&self) -> Option<&Notebook> {
        self.tab.as_ref().map(|tab| tab.page.notebook())
    }

    fn state(&self) -> Option<&Replica> {
        Some(self.disk.state()).filter(|_| self.is_open())
    }
}

/// What is open.
#[derive(Debug)]
struct Tab {
    owner: Owner,
    /// How far the wall clock is off.
    clock: i64,
    client: Option<Client>,
    page: Page,
    kernel: Kernel,
    peers: Peers,
    /// Appended and not committed, with the characters that each brings.
    fresh: Vec<(Envelope, Vec<char>)>,
    commit_due: bool,
    look_at: Option<u64>,
    told: Option<SessionId>,
    /// When the host of a kernel that has work said so.
    told_at: u64,
}

impl Tab {
    /// Opens the notebook in a browser.
    fn open(owner: Owner, disk: &mut Disk, clock: i64, moment: &mut Moment<'_>) -> Self {
        let replica = ReplicaId(moment.random.number());
        disk.open(replica);
        // Above 1, and in the lower 32 bits.
        let text_client = moment.random.number() | 2;
        let page = Page::new(text_client, &disk.state().visible().to_changes());
        let mut tab = Self {
            owner,
            clock,
            client: None,
            page,
            kernel: Kernel::new(),
            peers: Peers::default(),
            fresh: Vec::new(),
            commit_due: false,
            look_at: None,
            told: None,
            told_at: 0,
        };
        if !disk.is_shared() {
            if tab.owner.number > 0 {
                // It came by a link.
                disk.share();
            } else if !disk.is_filled() {
                tab.command(Command::SetTitle { title: "Untitled".into() }, Vec::new(), disk, moment);
            }
        }
        let person = tab.owner.person.clone();
        let sessions = disk.state().visible().sessions().iter();
        let mine = sessions.filter(|session| session.by.as_ref() == Some(&person) && session.ended.is_none());
        for session in mine.map(|session| session.id.clone()).collect::<Vec<_>>() {
            tab.command(Command::EndSession { session, reason: EndReason::TabClosed }, Vec::new(), disk, moment);
        }
        tab.commit(disk, moment);
        moment.oracle.hosts(tab.owner.number, None);
        if disk.is_shared() {
            tab.connect(disk, moment);
        }
        tab
    }

    /// Hands the notebook over to the relay.
    fn share(&mut self, disk: &mut Disk, moment: &mut Moment<'_>) {
        if self.client.is_none() && self.owner.number == 0 {
            self.commit(disk, moment);
            disk.share();
            self.connect(disk, moment);
        }
    }

    fn connect(&mut self, disk: &mut Disk, moment: &mut Moment<'_>) {
        let pending: Vec<Envelope> = disk.state().pending().cloned().collect();
        let filled = disk.is_filled();
        let mut client = Client::new(self.owner.access.clone(), disk.cursor(), pending, filled, entropy)
            .compacting(self.owner.compaction);
        let mut steps = client.start();
        self.client = Some(client);
        steps.extend(self.fetch(&disk.state().visible().to_changes(), disk));
        self.perform(steps, disk, moment);
    }

    /// Returns how it stands with the relay; `None` when it is not shared.
    fn status(&self) -> Option<Status> {
        self.client.as_ref().map(Client::status)
    }

    /// Makes a start of the kernel possible again after a death, as running a cell does.
    fn revive(&mut self) {
        if self.kernel.phase == Phase::Dead {
            self.kernel.phase = Phase::Off;
        }
    }

    fn reach(&self) -> Reach {
        match self.status() {
            None => Reach::Unshared,
            Some(Status::Connecting | Status::Live) => Reach::Together,
            Some(Status::Offline | Status::Absent | Status::Refused(_)) => Reach::Alone,
        }
    }

    fn with_client(&mut self, disk: &mut Disk, moment: &mut Moment<'_>, act: impl FnOnce(&mut Client) -> Vec<Step>) {
        if let Some(client) = &mut self.client {
            let steps = act(client);
            self.perform(steps, disk, moment);
        }
    }

    /// A person does something.
    fn act(&mut self, act: Act, choice: u64, disk: &mut Disk, moment: &mut Moment<'_>) {
        let mut random = Random::new(choice);
        match act {
            Act::Type | Act::Erase => {
                let idle = !self.page.has_typed();
                let may = self.may_write(disk);
                let edited = may.then(|| self.page.edits(act, &mut random, moment.oracle)).flatten();
                let Some((cell, update)) = edited else { return };
                if idle {
                    // Typing is logged once per second, or sooner when something depends on it.
                    let millis = random.within(0..=1_000);
                    moment.at(millis, Timer::Flush);
                }
                let body = Body::Typed { cell, update };
                return self.with_client(disk, moment, |client| client.say(&body));
            }
            Act::Interrupt => return self.ask_to_interrupt(disk, moment),
            Act::Crash => return self.crash(disk, moment),
            Act::Share => return self.share(disk, moment),
            Act::Compact => {
                if self.owner.access.may_write() {
                    let state = disk.state().confirmed().clone();
                    let at = disk.cursor();
                    self.with_client(disk, moment, |client| client.compact(&state, at));
                }
                return;
            }
            Act::Run | Act::RunAll => {
                // What was typed is logged before it runs.
                self.flush(disk, moment);
                self.revive();
            }
            _ => {}
        }
        let asked = self.page.asks(act, &mut random, moment.oracle);
        if let Some((command, brings)) = asked
            && self.command(command, brings, disk, moment)
        {
            if act == Act::Restart {
                self.restart(disk, moment);
            }
            self.react(disk, moment);
        }
    }

    /// Logs all that the page shows.
    fn flush(&mut self, disk: &mut Disk, moment: &mut Moment<'_>) {
        if self.may_write(disk) {
            let shown = self.page.take_all();
            self.ask(shown, disk, moment);
        }
    }

    fn ask(&mut self, asked: Vec<Asked>, disk: &mut Disk, moment: &mut Moment<'_>) {
        for (command, brings) in asked {
            self.command(command, brings, disk, moment);
        }
    }

    fn look_at_heard(&mut self, disk: &mut Disk, moment: &mut Moment<'_>) {
        let (asked, again) = self.page.looks(self.may_write(disk));
        self.ask(asked, disk, moment);
        if again {
            let millis = moment.random.within(LOOK_MILLIS);
            moment.at(millis, Timer::Heard);
        }
    }

    /// Takes in that a time has come.
    fn timer(&mut self, timer: Timer, disk: &mut Disk, moment: &mut Moment<'_>) {
        match timer {
            Timer::Wake => self.with_client(disk, moment, Client::woken),
            Timer::Watch => self.with_client(disk, moment, Client::watched),
            Timer::Commit => {
                self.commit_due = false;
                self.commit(disk, moment);
                self.react(disk, moment);
            }
            Timer::Flush => {
                let typed = self.page.take_typed();
                self.ask(typed, disk, moment);
            }
            Timer::Heard => self.look_at_heard(disk, moment),
            Timer::KernelUp(generation) => self.kernel_up(generation, disk, moment),
            Timer::KernelStep(generation) => self.kernel_step(generation, disk, moment),
            Timer::Look => {
                self.look_at = None;
                self.react(disk, moment);
            }
        }
    }

    /// Does what the client wants, in its order.
    fn perform(&mut self, steps: Vec<Step>, disk: &mut Disk, moment: &mut Moment<'_>) {
        let mut steps = VecDeque::from(steps);
        while let Some(step) = steps.pop_front() {
            let Some(client) = &mut self.client else { return };
            match step {
                Step::Connect => {
                    self.peers = Peers::default();
                    moment.wishes.push(Wish::Connect);
                }
                Step::Disconnect => moment.wishes.push(Wish::Disconnect),
                Step::Wake(millis) => moment.at(millis.into(), Timer::Wake),
                Step::Watch(millis) => moment.at(millis.into(), Timer::Watch),
                Step::Send(frame) => moment.wishes.push(Wish::Send(frame)),
                Step::Fold => steps.extend(client.fold()),
                Step::Order(ordered, cursor) => {
                    let shown = disk.order(&ordered, cursor);
                    self.page.patch(&shown);
                    steps.extend(self.committed(disk, moment));
                    steps.extend(self.fetch(&shown, disk));
                }
                Step::Adopt(adoption) => {
                    // Adopting commits; what was not committed is now.
                    steps.extend(self.committed(disk, moment));
                    let Some(client) = &mut self.client else { return };
                    match disk.adopt(*adoption) {
                        Adopted::All { pending, shown } => {
                            self.page.patch(&shown);
                            disk.commit();
                            steps.extend(client.adopted(pending));
                            steps.extend(self.fetch(&shown, disk));
                        }
                        Adopted::Not(united) => steps.extend(client.not_adopted(united.as_deref())),
                    }
                }
                Step::NeedBase => steps.extend(client.base(disk.state().confirmed())),
                Step::NeedNames => steps.extend(client.names(disk.state().confirmed())),
                Step::NeedSnapshot => steps.extend(client.compact(disk.state().confirmed(), disk.cursor())),
                Step::NeedBlob(name) => steps.extend(client.blob(&name, disk.blob(&name))),
                Step::Blob(name, Some(bytes)) => disk.put_blob(name, bytes),
                Step::Heard(from, Body::Presence(presence)) => drop(self.peers.is(from, presence, moment.now)),
                Step::Heard(_, Body::Interrupt { session }) => {
                    if self.kernel.session() == Some(&session) {
                        self.interrupt(disk, moment);
                    }
                }
                Step::Heard(_, Body::Typed { cell, update }) if self.page.hears(&cell, &update) => {
                    let millis = moment.random.within(LOOK_MILLIS);
                    moment.at(millis, Timer::Heard);
                }
                Step::Blob(_, None)
                | Step::Heard(_, Body::Typed { .. } | Body::Inspect { .. } | Body::Inspected { .. }) => {}
                Step::Joined(connection) => {
                    self.peers.joined(connection, moment.now);
                    steps.extend(self.presence(disk));
                }
                Step::Left(connection) => {
                    let mut here = self.peers.presences();
                    let left = here.find(|(peer, _)| *peer == connection);
                    if let Some((session, _)) = left.and_then(|(_, presence)| presence.kernel.as_ref()) {
                        // Its time begins, also while another session is the active one.
                        moment.oracle.looks_for(self.owner.number, session, moment.now);
                    }
                    drop(here);
                    self.peers.left(connection, moment.now);
                }
                Step::Status => {
                    if self.status() != Some(Status::Live) {
                        self.peers = Peers::default();
                    }
                    steps.extend(self.presence(disk));
                }
            }
        }
        self.react(disk, moment);
    }

    /// Fetches what is large and shown, as a page does.
    fn fetch(&mut self, shown: &[Change], disk: &Disk) -> Vec<Step> {
        let Some(client) = &mut self.client else { return Vec::new() };
        let blobs = shown.iter().flat_map(|change| match change {
            Change::Output { output, .. } => output.blobs().collect(),
            Change::StreamAppended { text, .. } => text.blob().into_iter().collect(),
            _ => Vec::new(),
        });
        let names = blobs.map(|blob| blob.hash.as_ref()).filter(|name| disk.blob(name).is_none());
        names.flat_map(|name| client.fetch(name)).collect()
    }

    /// Returns the session that others may rely on: one that is in the notebook and not over.
    fn hosted<'a>(&'a self, disk: &Disk) -> Option<&'a SessionId> {
        self.kernel.session().filter(|session| disk.state().visible().is_live(session))
    }

    /// Says who is here and which kernel.
    fn presence(&mut self, disk: &Disk) -> Vec<Step> {
        let hosted = self.hosted(disk).cloned();
        if self.status() != Some(Status::Live) {
            self.told = None;
            return Vec::new();
        }
        self.told.clone_from(&hosted);
        let kernel = hosted.map(|session| (session, KernelState::Idle));
        let presence = Presence { person: self.owner.person.clone(), name: String::new(), place: None, kernel };
        let client = self.client.as_mut();
        client.map(|client| client.say(&Body::Presence(presence))).unwrap_or_default()
    }

    fn person(&self) -> Actor {
        Actor::Person(self.owner.person.clone())
    }

    fn may_write(&self, disk: &Disk) -> bool {
        self.owner.access.may_write() && (disk.is_filled() || self.owner.number == 0)
    }

    /// Decides a command and appends what it makes. Says whether it was taken.
    fn command(&mut self, command: Command, typed: Vec<char>, disk: &mut Disk, moment: &mut Moment<'_>) -> bool {
        if !self.may_write(disk) {
            return false;
        }
        let given = self.kernel.flight.as_ref().map(|flight| flight.execution.clone());
        // What the kernel was given may be running: it can no longer be withdrawn, only interrupted.
        let given = given.filter(|_| !matches!(command, Command::RestartKernel));
        let actor = self.person();
        let mut fresh = entropy;
        let mut context = Context { now: self.wall(moment), actor: actor.clone(), entropy: &mut fresh };
        let Ok(events) = decide(disk.state().visible(), command, &mut context) else { return false };
        let withdraws = |event: &Event| matches!((event, &given), (Event::ExecutionCancelled { execution }, Some(given)) if execution == given);
        let events: Vec<Event> = events.into_iter().filter(|event| !withdraws(event)).collect();
        let mut typed = Some(typed);
        for event in events {
            self.append(&actor, event, typed.take().unwrap_or_default(), disk, moment);
        }
        self.commit_within(20, moment);
        true
    }

    fn wall(&self, moment: &Moment<'_>) -> i64 {
        self.clock + moment.now.cast_signed()
    }

    fn append(&mut self, actor: &Actor, event: Event, typed: Vec<char>, disk: &mut Disk, moment: &mut Moment<'_>) {
        match &event {
            Event::KernelSessionEnded { session, .. } => moment.oracle.ends(session, disk.state().visible()),
            Event::CellOutputsCleared { cell } => moment.oracle.clears(cell),
            _ => {}
        }
        let id: EventId = disk.next_event_id();
        let envelope = Envelope { id, actor: actor.clone(), at: self.wall(moment), event };
        if let Applied::Changed(changes) = disk.append(envelope.clone()) {
            self.page.patch(&changes);
        }
        self.fresh.push((envelope, typed));
    }

    fn commit_within(&mut self, millis: u64, moment: &mut Moment<'_>) {
        if !self.commit_due {
            self.commit_due = true;
            let millis = moment.random.within(0..=millis);
            moment.at(millis, Timer::Commit);
        }
    }

    /// Commits; only then is anything acknowledged or given to the client.
    fn committed(&mut self, disk: &mut Disk, moment: &mut Moment<'_>) -> Vec<Step> {
        disk.commit();
        let mut steps = Vec::new();
        for (envelope, typed) in self.fresh.drain(..) {
            moment.oracle.acknowledged(self.owner.number, &envelope);
            moment.oracle.brought(&typed);
            if let Some(client) = &mut self.client {
                steps.extend(client.append(envelope));
            }
        }
        steps
    }

    fn commit(&mut self, disk: &mut Disk, moment: &mut Moment<'_>) {
        let steps = self.committed(disk, moment);
        if !steps.is_empty() {
            self.perform(steps, disk, moment);
        }
    }
}
