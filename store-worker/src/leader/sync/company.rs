//! Who is here: what is said of this browser, whose kernel runs, and what the tabs are told of the others.

use notebook::{Command, EndReason, SessionId, has_work};
use protocol::client::Status;
use protocol::peer::{BEAT_MILLIS, Body, Location, Presence};
use protocol::port::{FromStore, KernelState};
use protocol::wire::ConnectionId;

use super::{Effect, Leader, Sync};

/// When this browser's tabs were told who is here, and whether they will be.
#[derive(Debug, Default)]
pub(super) struct Telling {
    last: Option<u64>,
    planned: bool,
}

/// How far apart, at least, tabs are told who is here: many may move at once.
const TELL_MILLIS: u64 = 50;

impl Leader {
    /// Says who uses this browser, and where they are.
    pub(in crate::leader) fn here(&mut self, name: String, place: Option<Location>) {
        if let Some(sync) = &mut self.sync {
            (sync.name, sync.place) = (name, place);
            self.say_presence(false);
        }
    }

    /// Says that another browser hosts the active session.
    pub(in crate::leader) fn is_hosted_elsewhere(&self) -> bool {
        let active = self.store.notebook().active_session();
        active.is_some_and(|active| Some(active) != self.kernel.session() && self.hosted_state(active).is_some())
    }

    /// Returns how a session is that another browser hosts.
    pub(in crate::leader) fn hosted_state(&self, session: &SessionId) -> Option<KernelState> {
        self.sync.as_ref()?.peers.kernel(session).cloned()
    }

    /// Says whether a session has work and no host, and this browser cannot end it.
    pub(in crate::leader) fn is_forsaken(&self, session: &SessionId) -> bool {
        self.sync.as_ref().is_some_and(|sync| sync.forsaken.as_ref() == Some(session))
    }

    pub(in crate::leader) fn peers(&self) -> Vec<(ConnectionId, Presence)> {
        let here = self.sync.iter().flat_map(|sync| sync.peers.presences());
        here.map(|(connection, presence)| (connection, presence.clone())).collect()
    }

    /// Says who is here, if that is news or somebody came who has not heard it.
    pub(in crate::leader) fn say_presence(&mut self, again: bool) {
        let now = self.now();
        let Some(sync) = &mut self.sync else { return };
        if sync.client.status() != Status::Live {
            sync.said = None;
            return;
        }
        let kernel = self.kernel.session().filter(|session| self.store.notebook().is_live(session)).cloned();
        let kernel = kernel.map(|session| (session, self.kernel.state(self.store.notebook())));
        let presence = Presence {
            person: self.identity.person.clone(),
            name: sync.name.clone(),
            place: sync.place.clone(),
            kernel,
        };
        if again || sync.said.as_ref() != Some(&presence) {
            sync.said = Some(presence.clone());
            sync.said_at = now;
            self.say(&Body::Presence(presence));
        }
    }

    /// Ends the active session when the browser that hosted it has been away or mute for too long; who may only view
    /// shows that it did. Where that is this browser, it lets the others hear that it is there while they wait for it.
    pub(in crate::leader) fn look_for_host(&mut self) {
        let now = self.now();
        let confirmed = self.store.confirmed();
        let Some(active) = confirmed.active_session().cloned() else { return };
        let has_work = has_work(confirmed, &active);
        let Some(sync) = &mut self.sync else { return };
        if sync.client.status() != Status::Live {
            return;
        }
        if self.kernel.session() == Some(&active) {
            let due = sync.said_at + BEAT_MILLIS;
            if has_work && due <= now {
                self.say_presence(true);
            }
            if has_work {
                self.look_again_in(if due <= now { BEAT_MILLIS } else { due - now });
            }
        } else {
            match sync.peers.abandoned_in(&active, has_work, now) {
                None => {}
                Some(0) if !sync.client.may_write() => {
                    sync.forsaken = Some(active).filter(|_| has_work);
                    self.tell_kernel();
                }
                Some(0) => {
                    log::warn!("nobody hosts the kernel session {active} any more");
                    self.command_of_own(Command::EndSession { session: active, reason: EndReason::TabClosed });
                }
                Some(millis) => self.look_again_in(millis),
            }
        }
    }

    /// Has the leader look again in so many milliseconds, unless it does so before that.
    fn look_again_in(&mut self, millis: u64) {
        let now = self.now();
        let Some(sync) = &mut self.sync else { return };
        let at = now + millis.max(1);
        if sync.look_at.is_none_or(|planned| planned <= now || planned > at) {
            sync.look_at = Some(at);
            self.effects.push(Effect::LookAround(u32::try_from(at - now).unwrap_or(u32::MAX)));
        }
    }

    /// Has the tabs told who is here: at once, or together with what else changes within a moment.
    pub(super) fn peers_changed(&mut self) {
        let now = self.now();
        let Some(Sync { telling, .. }) = &mut self.sync else { return };
        match telling.last.map_or(0, |last| (last + TELL_MILLIS).saturating_sub(now)) {
            _ if telling.planned => {}
            0 => {
                telling.last = Some(now);
                self.tell_all(FromStore::Peers(self.peers()));
            }
            wait => {
                telling.planned = true;
                self.effects.push(Effect::TellPeers(u32::try_from(wait).unwrap_or(u32::MAX)));
            }
        }
    }

    /// Tells the tabs who is here.
    pub fn tell_peers(&mut self) -> Vec<Effect> {
        let now = self.now();
        if let Some(sync) = &mut self.sync {
            sync.telling = Telling { last: Some(now), planned: false };
            self.tell_all(FromStore::Peers(self.peers()));
        }
        self.take_effects()
    }
}
