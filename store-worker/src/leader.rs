//! The tab that writes: it decides commands, appends events, commits, and tells everyone.

mod command;
mod commit;
mod files;
mod inspect;
mod kernel;
mod read;
mod sync;

use std::collections::{BTreeSet, VecDeque};

use notebook::{Actor, Change, Command, PersonId};
use protocol::access::Access;
use protocol::port::{FromStore, KernelState, RequestId, Role, Storage, TabMessage, ToFrame, ToKernel, ToStore};
use store::Store;

use crate::kernel::KernelHost;
use crate::saving::{Due, Saving};
pub use sync::Socket;
use sync::Sync;

/// What the leader takes from the world: the time, and entropy for ids.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    /// Returns wall-clock milliseconds since 1970.
    pub now: fn() -> i64,
    /// Returns milliseconds from any fixed moment; never goes back.
    pub elapsed: fn() -> f64,
    /// Returns fresh entropy.
    pub entropy: fn() -> [u8; 16],
}

/// What the leader wants done, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Tell the own page.
    Ui(FromStore),
    /// Tell the other tabs.
    Tabs(TabMessage),
    /// Tell the kernel's worker.
    Kernel(ToKernel),
    /// Tell the thread of the kernel's frame.
    Frame(ToFrame),
    /// Close both ports of the kernel.
    Disconnect,
    /// Tell the relay.
    Relay(Socket),
    /// Call [`Leader::fold`].
    Fold,
    /// Call [`Leader::wake_relay`] in so many milliseconds.
    WakeRelay(u32),
    /// Call [`Leader::watch_relay`] in so many milliseconds.
    WatchRelay(u32),
    /// Call [`Leader::look_around`] in so many milliseconds.
    LookAround(u32),
    /// Call [`Leader::tell_peers`] in so many milliseconds.
    TellPeers(u32),
    /// Call [`Leader::commit`] then.
    Commit(Due),
    /// See whether the database's files are still there.
    LookForFiles,
    /// Put the database into files again; then answer this request.
    SaveAgain {
        /// Who asked.
        from: Requester,
        /// Which request it was.
        request: RequestId,
    },
    /// Delete the database and start over; then answer this request.
    Reset {
        /// Who asked.
        from: Requester,
        /// Which request it was.
        request: RequestId,
    },
}

/// Whose request it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Requester {
    /// The leader's own page.
    Own,
    /// Another tab.
    Tab(String),
}

/// What names a leader and what it leads.
#[derive(Debug, Clone)]
pub struct Identity {
    /// This tab.
    pub tab: String,
    /// The person of this browser profile.
    pub person: PersonId,
    /// What may be done with the notebook.
    pub access: Access,
    /// Whether it came by a link, so that its beginning is elsewhere.
    pub joined: bool,
    /// The relay's address, if there is one.
    pub relay: Option<String>,
    /// The title of a notebook that is new.
    pub title: String,
    /// Whether everything is logged.
    pub verbose: bool,
}

/// The leader of a notebook in this browser.
#[derive(Debug)]
pub struct Leader {
    store: Store,
    storage: Storage,
    identity: Identity,
    edge: Edge,
    kernel: KernelHost,
    saving: Saving,
    // Invariant: the changes that are applied and not yet told, in order.
    fresh: Vec<Change>,
    // Invariant: the commands that are applied and not yet answered.
    awaiting: Vec<(Requester, RequestId)>,
    tabs: BTreeSet<String>,
    version: u64,
    commit_millis: VecDeque<f64>,
    told_kernel: KernelState,
    questions: Vec<inspect::Waiting>,
    // Invariant: there when the notebook is shared and there is a relay.
    sync: Option<Sync>,
    effects: Vec<Effect>,
}

impl Leader {
    /// Takes over a store: sessions that this leader did not start have nobody left who runs them.
    pub fn begin(store: Store, storage: Storage, identity: Identity, edge: Edge) -> (Self, Vec<Effect>) {
        let in_memory = !storage.keeps();
        let mut leader = Self {
            store,
            storage,
            identity,
            edge,
            kernel: KernelHost::new(),
            saving: Saving::new(in_memory),
            fresh: Vec::new(),
            awaiting: Vec::new(),
            tabs: BTreeSet::new(),
            version: 0,
            commit_millis: VecDeque::new(),
            told_kernel: KernelState::None,
            questions: Vec::new(),
            sync: None,
            effects: Vec::new(),
        };
        if leader.identity.joined {
            leader.store.set_shared(true);
        }
        leader.set_title_of_new();
        leader.end_abandoned_sessions();
        leader.fresh.clear();
        let opened = leader.opened();
        leader.tell_ui(opened);
        leader.tell_ui(FromStore::Saved(leader.saving.state()));
        leader.tell_ui(FromStore::Kernel(KernelState::None));
        let leading = TabMessage::Leading { leader: leader.identity.tab.clone() };
        leader.effects.push(Effect::Tabs(leading));
        leader.begin_sync();
        let effects = leader.commit();
        (leader, effects)
    }

    /// Takes a message of the own page. A message with a kernel's ports goes to [`Self::kernel_connected`].
    pub fn on_ui(&mut self, message: ToStore) -> Vec<Effect> {
        self.serve(&Requester::Own, message);
        self.take_effects()
    }

    /// Takes a message of another tab.
    pub fn on_tab(&mut self, message: TabMessage) -> Vec<Effect> {
        match message {
            TabMessage::Join { tab, access } => {
                self.take_access(access);
                self.welcome(tab);
            }
            // A tab that has not joined this leader may have sent earlier requests to the one before, which
            // must come first: it is made to join and sends all again, in order.
            TabMessage::Request { tab, .. } if !self.tabs.contains(&tab) => {
                self.effects.push(Effect::Tabs(TabMessage::Leading { leader: self.identity.tab.clone() }));
            }
            TabMessage::Request { tab, message } => self.serve(&Requester::Tab(tab), message),
            TabMessage::Reply { .. }
            | TabMessage::News { .. }
            | TabMessage::Welcome { .. }
            | TabMessage::Leading { .. } => {}
        }
        self.take_effects()
    }

    /// Returns what it leads.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Ends the leading; the database is closed when the store is dropped.
    pub fn into_store(self) -> Store {
        self.store
    }

    fn serve(&mut self, from: &Requester, message: ToStore) {
        match message {
            ToStore::Command { request, command } => self.command(from, request, command),
            ToStore::ReadBlob { request, blob } => self.read_blob(from, request, &blob),
            ToStore::ReadLog { request, before, limit } => self.read_log(from, request, before, limit),
            ToStore::Diagnose { request } => self.diagnose(from, request),
            ToStore::ExportDatabase { request } => self.export(from, request),
            ToStore::Reset { request } => self.reset(from.clone(), request),
            ToStore::SaveAgain { request } => self.save_again(from, request),
            ToStore::LookForFiles => self.effects.push(Effect::LookForFiles),
            ToStore::Share { request } => self.share(from, request),
            ToStore::Here { name, place } => self.here(name, place),
            ToStore::Typed { cell, update } => self.typed(from, cell, update),
            ToStore::Online => self.effects.push(Effect::WakeRelay(0)),
            ToStore::Interrupt => self.interrupt(),
            ToStore::Inspect { request, question } => self.inspect(from, request, question),
            ToStore::WarmKernel => {
                // Where others are, one of them has a kernel or will: not every browser needs one in advance.
                if self.may_change().is_ok() && (self.kernel.is_dead() || self.peers().is_empty()) {
                    self.kernel.revive();
                    self.ask_for_kernel();
                }
            }
            ToStore::Kernel(report) if *from == Requester::Own => self.kernel_report(report),
            ToStore::Open { .. } | ToStore::Kernel(_) => log::warn!("a message out of place was not served"),
        }
    }

    fn welcome(&mut self, tab: String) {
        self.show();
        self.tabs.insert(tab.clone());
        let welcome = TabMessage::Welcome {
            tab,
            leader: self.identity.tab.clone(),
            version: self.version,
            storage: self.storage.clone(),
            changes: self.store.notebook().to_changes(),
            saved: self.saving.state(),
            kernel: self.told_kernel.clone(),
            sync: self.sync_state(),
            peers: self.peers(),
        };
        self.effects.push(Effect::Tabs(welcome));
    }

    fn opened(&self) -> FromStore {
        FromStore::Opened {
            storage: self.storage.clone(),
            role: Role::Leader,
            changes: self.store.notebook().to_changes(),
        }
    }

    fn reset(&mut self, from: Requester, request: RequestId) {
        self.take_kernel_down();
        self.effects.push(Effect::Reset { from, request });
    }

    fn person(&self) -> Actor {
        Actor::Person(self.identity.person.clone())
    }

    fn set_title_of_new(&mut self) {
        let title = self.identity.title.clone();
        if self.store.is_new() && !title.is_empty() && !self.identity.joined {
            self.command_of_own(Command::SetTitle { title });
        }
    }

    fn end_abandoned_sessions(&mut self) {
        // Of a shared notebook only what this browser ran: others may be at work.
        let (shared, me) = (self.store.is_shared(), &self.identity.person);
        let sessions = self.store.notebook().sessions().iter();
        let live = sessions.filter(|session| session.ended.is_none() && (!shared || session.by.as_ref() == Some(me)));
        let abandoned: Vec<_> = live.map(|session| session.id.clone()).collect();
        for session in abandoned {
            self.command_of_own(Command::EndSession { session, reason: notebook::EndReason::TabClosed });
        }
    }

    fn tell_ui(&mut self, message: FromStore) {
        self.effects.push(Effect::Ui(message));
    }

    /// Tells the own page and every tab.
    fn tell_all(&mut self, message: FromStore) {
        self.version += 1;
        if !self.tabs.is_empty() {
            let news =
                TabMessage::News { leader: self.identity.tab.clone(), version: self.version, message: message.clone() };
            self.effects.push(Effect::Tabs(news));
        }
        self.tell_ui(message);
    }

    /// Tells the own page and every tab, but not whom it came from.
    fn tell_others(&mut self, from: &Requester, message: FromStore) {
        if *from == Requester::Own {
            for tab in self.tabs.clone() {
                self.reply(&Requester::Tab(tab), message.clone());
            }
        } else {
            let tabs = self.tabs.iter().filter(|tab| Requester::Tab((*tab).clone()) != *from).cloned();
            for tab in tabs.collect::<Vec<_>>() {
                self.reply(&Requester::Tab(tab), message.clone());
            }
            self.tell_ui(message);
        }
    }

    fn reply(&mut self, to: &Requester, message: FromStore) {
        self.effects.push(reply(to, message));
    }

    fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }
}

/// Returns the effect that answers whoever asked.
pub fn reply(to: &Requester, message: FromStore) -> Effect {
    match to {
        Requester::Own => Effect::Ui(message),
        Requester::Tab(tab) => Effect::Tabs(TabMessage::Reply { tab: tab.clone(), message }),
    }
}
