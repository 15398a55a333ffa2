//! The leader and its relay: own events go out when they are committed, ordered ones come in; who is here,
//! and whose kernel runs.

use std::collections::BTreeMap;

use notebook::{Change, Envelope, Reach, SessionId};
use protocol::access::Access;
use protocol::client::{Adoption, Client, Status, Step};
use protocol::peer::{Body, Location, Peers, Presence};
use protocol::port::{FromStore, RequestId, SyncState};
use protocol::wire::ConnectionId;
use store::Adopted;

use super::{Effect, Leader, Requester};

mod company;

use company::Telling;

/// What the leader wants of its socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Socket {
    /// Open it; then call [`Leader::on_relay`] and [`Leader::relay_closed`].
    Open,
    /// Close it; nothing more is heard of it.
    Close,
    /// Send a frame.
    Send(Vec<u8>),
}

/// All that is known while a notebook is shared.
#[derive(Debug)]
pub(super) struct Sync {
    client: Client,
    peers: Peers,
    /// Own events that are not given to the client, since they are not committed.
    uncommitted: Vec<Envelope>,
    name: String,
    place: Option<Location>,
    /// Whom a blob that the relay may have is for.
    wanted: BTreeMap<String, Vec<(Requester, RequestId)>>,
    said: Option<Presence>,
    /// When it was said last, in milliseconds as [`Leader::now`] tells them.
    said_at: u64,
    /// When the leader looks again who hosts the kernel.
    look_at: Option<u64>,
    /// The session that lost its host while it had work, where that may only be seen: the log is for who may write.
    forsaken: Option<SessionId>,
    told: SyncState,
    telling: Telling,
}

impl Leader {
    /// Connects, if the notebook is shared and there is a relay.
    pub(super) fn begin_sync(&mut self) {
        if self.identity.relay.is_none() || !self.store.is_shared() {
            return;
        }
        let client = Client::new(
            self.identity.access.clone(),
            self.store.cursor(),
            self.store.pending().cloned(),
            self.store.is_filled(),
            self.edge.entropy,
        );
        self.sync = Some(Sync {
            client,
            peers: Peers::default(),
            uncommitted: Vec::new(),
            name: String::new(),
            place: None,
            wanted: BTreeMap::new(),
            said: None,
            said_at: 0,
            look_at: None,
            forsaken: None,
            told: SyncState::Connecting,
            telling: Telling::default(),
        });
        self.tell_all(FromStore::Sync(SyncState::Connecting));
        self.with_client(Client::start);
    }

    /// Takes over that the notebook may be changed from now on, where another tab of this browser has the key to it.
    pub(super) fn take_access(&mut self, access: Access) {
        let is_more = access.may_write() && !self.identity.access.may_write();
        if is_more && access.notebook() == self.identity.access.notebook() {
            self.identity.access = access;
            self.give_up_blobs();
            if self.sync.take().is_some() {
                self.effects.push(Effect::Relay(Socket::Close));
                self.begin_sync();
            }
        }
    }

    /// Hands the notebook to the relay.
    pub(super) fn share(&mut self, from: &Requester, request: RequestId) {
        if self.identity.relay.is_none() {
            let message = "This site has no relay, so a notebook cannot be shared live.".to_owned();
            return self.reply(from, FromStore::RequestFailed { request, message });
        }
        if self.sync.is_none() {
            self.store.set_shared(true);
            self.begin_sync();
        }
        self.awaiting.push((from.clone(), request));
        self.commit_soon();
    }

    /// Takes a frame of the relay.
    pub fn on_relay(&mut self, frame: &[u8]) -> Vec<Effect> {
        self.turn(|client| client.received(frame))
    }

    /// Takes in that the socket is closed, or could not be opened.
    pub fn relay_closed(&mut self) -> Vec<Effect> {
        self.turn(Client::closed)
    }

    /// Takes in that a wait that the client asked for is over, or that the network came back.
    pub fn wake_relay(&mut self) -> Vec<Effect> {
        self.turn(Client::woken)
    }

    /// Takes in that the relay has had its time to answer.
    pub fn watch_relay(&mut self) -> Vec<Effect> {
        self.turn(Client::watched)
    }

    /// Folds what came of the relay's log.
    pub fn fold(&mut self) -> Vec<Effect> {
        self.turn(Client::fold)
    }

    /// Takes in that some time has passed: a kernel session may have been abandoned by now.
    pub fn look_around(&mut self) -> Vec<Effect> {
        if let Some(sync) = &mut self.sync {
            sync.look_at = None;
        }
        self.after_relay()
    }

    fn turn(&mut self, act: impl FnOnce(&mut Client) -> Vec<Step>) -> Vec<Effect> {
        self.with_client(act);
        self.after_relay()
    }

    fn after_relay(&mut self) -> Vec<Effect> {
        if !self.store.is_saved() {
            self.commit_soon();
        }
        self.pump();
        self.take_effects()
    }

    /// Says whether the others can be asked.
    pub(super) fn reach(&self) -> Reach {
        match self.sync.as_ref().map(|sync| sync.client.status()) {
            None if !self.store.is_shared() => Reach::Unshared,
            Some(Status::Connecting | Status::Live) => Reach::Together,
            None | Some(Status::Offline | Status::Absent | Status::Refused(_)) => Reach::Alone,
        }
    }

    /// Says whether the notebook may be changed here; if not, why.
    pub(super) fn may_change(&self) -> Result<(), notebook::Rejection> {
        if !self.identity.access.may_write() {
            Err(notebook::Rejection::ReadOnly)
        } else if self.identity.joined && !self.store.is_filled() {
            Err(notebook::Rejection::NotHere)
        } else {
            Ok(())
        }
    }

    /// Notes an own event, which goes out when it is committed.
    pub(super) fn will_send(&mut self, envelope: Envelope) {
        if let Some(sync) = &mut self.sync {
            sync.uncommitted.push(envelope);
        }
    }

    /// Sends what is committed now.
    pub(super) fn send_committed(&mut self) {
        let Some(sync) = &mut self.sync else { return };
        for envelope in std::mem::take(&mut sync.uncommitted) {
            self.with_client(|client| client.append(envelope));
        }
        self.tell_sync();
    }

    /// Passes on what was typed in this browser.
    pub(super) fn typed(&mut self, from: &Requester, cell: notebook::CellId, update: Vec<u8>) {
        if self.may_change().is_err() || !notebook::source::is_update(&update) {
            return;
        }
        let news = FromStore::Typed { cell: cell.clone(), update: update.clone() };
        self.tell_others(from, news);
        self.say(&Body::Typed { cell, update });
    }

    /// Interrupts the kernel wherever it runs.
    pub(super) fn interrupt_elsewhere(&mut self) {
        if let Some(session) = self.store.notebook().active_session().cloned() {
            self.say(&Body::Interrupt { session });
        }
    }

    /// Says whether the others hear what is said now.
    pub(super) fn is_heard(&self) -> bool {
        self.sync.as_ref().is_some_and(|sync| sync.client.is_heard())
    }

    /// Says something to the others.
    pub(super) fn say(&mut self, body: &Body) {
        self.with_client(|client| client.say(body));
    }

    /// Asks the relay for a blob that is not here. Returns false when it cannot be asked.
    pub(super) fn fetch_blob(&mut self, from: &Requester, request: RequestId, name: &str) -> bool {
        let Some(sync) = &mut self.sync else { return false };
        if !sync.client.hears() && sync.client.status() != Status::Connecting {
            return false;
        }
        sync.wanted.entry(name.to_owned()).or_default().push((from.clone(), request));
        self.with_client(|client| client.fetch(name));
        true
    }

    pub(super) fn sync_state(&self) -> SyncState {
        let Some(sync) = &self.sync else { return SyncState::Local };
        let unsent = (sync.client.unsent() + sync.uncommitted.len()) as u64;
        match sync.client.status() {
            Status::Connecting => SyncState::Connecting,
            Status::Live => SyncState::Live { unsent, keeps_blobs: sync.client.keeps_blobs() },
            Status::Absent => SyncState::Absent,
            Status::Offline => {
                SyncState::Offline { unsent, reason: sync.client.turned_away().map(ToString::to_string) }
            }
            Status::Refused(reason) => SyncState::Refused { reason },
        }
    }

    /// Returns how much of what came did not open.
    pub(super) fn unopened(&self) -> u64 {
        self.sync.as_ref().map_or(0, |sync| sync.client.unopened())
    }

    fn with_client(&mut self, act: impl FnOnce(&mut Client) -> Vec<Step>) {
        let Some(sync) = &mut self.sync else { return };
        let steps = act(&mut sync.client);
        for step in steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Connect => {
                // Whoever was heard on a connection that never went live is not heard leaving it either.
                if let Some(sync) = &mut self.sync {
                    sync.peers = Peers::default();
                }
                self.effects.push(Effect::Relay(Socket::Open));
            }
            Step::Disconnect => self.effects.push(Effect::Relay(Socket::Close)),
            Step::Send(frame) => self.effects.push(Effect::Relay(Socket::Send(frame))),
            Step::Fold => self.effects.push(Effect::Fold),
            Step::Wake(millis) => self.effects.push(Effect::WakeRelay(millis)),
            Step::Watch(millis) => self.effects.push(Effect::WatchRelay(millis)),
            Step::Order(ordered, cursor) => {
                let changes = self.store.order(ordered, cursor);
                self.ordered(changes);
                self.tell_sync();
            }
            Step::Adopt(adoption) => self.adopt(*adoption),
            Step::NeedBase => {
                let confirmed = self.store.confirmed().clone();
                self.with_client(|client| client.base(&confirmed));
            }
            Step::NeedNames => {
                let confirmed = self.store.confirmed().clone();
                self.with_client(|client| client.names(&confirmed));
            }
            Step::NeedSnapshot => {
                let (confirmed, at) = (self.store.confirmed().clone(), self.store.cursor());
                self.with_client(|client| client.compact(&confirmed, at));
            }
            Step::NeedBlob(name) => match self.store.blob(&name) {
                Ok(bytes) => self.with_client(|client| client.blob(&name, bytes.as_deref())),
                // It is not gone, and must not count as that.
                Err(error) => {
                    log::error!("a blob for the relay cannot be read: {error}");
                    self.break_off();
                }
            },
            Step::Blob(name, bytes) => self.blob_came(&name, bytes),
            Step::Heard(from, body) => self.heard(from, body),
            Step::Joined(connection) => {
                let now = self.now();
                if let Some(sync) = &mut self.sync {
                    sync.peers.joined(connection, now);
                }
                self.say_presence(true);
            }
            Step::Left(connection) => {
                let now = self.now();
                if self.sync.as_mut().is_some_and(|sync| sync.peers.left(connection, now)) {
                    self.peers_changed();
                    self.tell_kernel();
                }
            }
            Step::Status => self.status_changed(),
        }
    }

    fn ordered(&mut self, changes: Vec<Change>) {
        self.fresh.extend(changes);
        self.show();
    }

    fn adopt(&mut self, adoption: Adoption) {
        match self.store.adopt(adoption) {
            Ok(Adopted::All { pending, shown }) => {
                if let Some(sync) = &mut self.sync {
                    // They are among what is pending.
                    sync.uncommitted.clear();
                }
                self.ordered(shown);
                self.with_client(|client| client.adopted(pending));
            }
            Ok(Adopted::Not(united)) => self.with_client(|client| client.not_adopted(united.as_deref())),
            // What is unsaved must be saved before; the next attempt comes by itself.
            Err(error) => {
                log::error!("the relay's state is not taken in: {error}");
                self.break_off();
            }
        }
    }

    /// Ends the connection; the next attempt comes by itself.
    fn break_off(&mut self) {
        self.effects.push(Effect::Relay(Socket::Close));
        self.with_client(Client::closed);
    }

    /// Answers who waits for a blob of the relay that it does not come.
    fn give_up_blobs(&mut self) {
        let wanted = self.sync.as_mut().map(|sync| std::mem::take(&mut sync.wanted)).unwrap_or_default();
        for (from, request) in wanted.into_values().flatten() {
            self.reply(&from, FromStore::Blob { request, bytes: None });
        }
    }

    fn status_changed(&mut self) {
        let Some(sync) = &mut self.sync else { return };
        if sync.client.status() == Status::Live {
            log::info!("the relay is live, {} others are here", sync.peers.presences().count());
            sync.said = None;
        } else if !sync.client.hears() {
            sync.peers = Peers::default();
            self.give_up_blobs();
            self.tell_all(FromStore::Peers(Vec::new()));
        }
        self.tell_sync();
        self.say_presence(false);
        self.tell_kernel();
    }

    fn heard(&mut self, from: ConnectionId, body: Body) {
        let now = self.now();
        match body {
            Body::Presence(presence) => {
                let Some(sync) = &mut self.sync else { return };
                let hosted = presence.kernel.as_ref().map(|(session, _)| session);
                let is_back = hosted.is_some() && hosted == sync.forsaken.as_ref();
                if is_back {
                    sync.forsaken = None;
                }
                if sync.peers.is(from, presence, now) || is_back {
                    self.peers_changed();
                    self.tell_kernel();
                }
            }
            Body::Typed { cell, update } => self.tell_all(FromStore::Typed { cell, update }),
            Body::Interrupt { session } if self.kernel.session() == Some(&session) => self.interrupt(),
            Body::Interrupt { .. } => {}
            Body::Inspect { session, id, question } => self.inspect_for_peer(&session, id, question),
            Body::Inspected { id, answer } => self.peer_answers(from, id, answer),
        }
    }

    fn blob_came(&mut self, name: &str, bytes: Option<Vec<u8>>) {
        let waiting = self.sync.as_mut().and_then(|sync| sync.wanted.remove(name)).unwrap_or_default();
        for (from, request) in waiting {
            self.reply(&from, FromStore::Blob { request, bytes: bytes.clone() });
        }
        if let Some(bytes) = bytes {
            self.store.put_blob(name, bytes);
        }
    }

    fn tell_sync(&mut self) {
        let state = self.sync_state();
        if let Some(sync) = &mut self.sync
            && sync.told != state
        {
            sync.told = state.clone();
            self.tell_all(FromStore::Sync(state));
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time since the page was opened")]
    pub(super) fn now(&self) -> u64 {
        (self.edge.elapsed)() as u64
    }
}
