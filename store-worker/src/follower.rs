//! A tab that does not write: it passes requests to the leader and news to its own page.
//!
//! What the leader has not answered is kept, and sent again to the next leader, which knows it by number.

use std::collections::BTreeMap;

use protocol::access::Access;
use protocol::port::{FromStore, OpenFailure, RequestId, Role, SaveState, TabMessage, ToStore};

/// What a follower wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Tell the own page.
    Ui(FromStore),
    /// Tell the other tabs.
    Tabs(TabMessage),
}

/// A following tab.
#[derive(Debug)]
pub struct Follower {
    tab: String,
    access: Access,
    leader: Option<(String, u64)>,
    unanswered: BTreeMap<RequestId, ToStore>,
    saved: SaveState,
    stalled: bool,
}

/// Returns the number by which a request is answered, for those that are answered.
pub fn request_id(message: &ToStore) -> Option<RequestId> {
    match message {
        ToStore::Command { request, .. }
        | ToStore::ReadBlob { request, .. }
        | ToStore::ReadLog { request, .. }
        | ToStore::Diagnose { request }
        | ToStore::Inspect { request, .. }
        | ToStore::ExportDatabase { request }
        | ToStore::Reset { request }
        | ToStore::SaveAgain { request }
        | ToStore::Share { request } => Some(*request),
        ToStore::Open { .. }
        | ToStore::LookForFiles
        | ToStore::Here { .. }
        | ToStore::Typed { .. }
        | ToStore::Online
        | ToStore::Interrupt
        | ToStore::WarmKernel
        | ToStore::Kernel(_) => None,
    }
}

/// Returns the number of the request that a message answers.
fn answered(message: &FromStore) -> Option<RequestId> {
    match message {
        FromStore::Done { request }
        | FromStore::Rejected { request, .. }
        | FromStore::Blob { request, .. }
        | FromStore::Log { request, .. }
        | FromStore::Diagnostics { request, .. }
        | FromStore::Database { request, .. }
        | FromStore::Inspected { request, .. }
        | FromStore::RequestFailed { request, .. } => Some(*request),
        _ => None,
    }
}

impl Follower {
    /// Makes a follower; `tab` names it among the tabs, `access` is what its page may do.
    pub fn new(tab: String, access: Access) -> Self {
        Self { tab, access, leader: None, unanswered: BTreeMap::new(), saved: SaveState::Saved, stalled: false }
    }

    /// Asks whoever leads for the whole state.
    pub fn join(&mut self) -> Vec<Effect> {
        self.leader = None;
        vec![Effect::Tabs(TabMessage::Join { tab: self.tab.clone(), access: self.access.clone() })]
    }

    /// Takes a message of the own page.
    pub fn on_ui(&mut self, message: ToStore) -> Vec<Effect> {
        if let Some(request) = request_id(&message) {
            self.unanswered.insert(request, message.clone());
        } else if matches!(message, ToStore::Open { .. } | ToStore::Kernel(_)) {
            // Only the leader's tab hosts a kernel.
            return Vec::new();
        }
        if self.leader.is_some() { vec![self.request(message)] } else { Vec::new() }
    }

    /// Takes a message of another tab.
    pub fn on_tab(&mut self, message: TabMessage) -> Vec<Effect> {
        let mut effects = self.heard(message);
        if self.stalled && effects.iter().any(|effect| matches!(effect, Effect::Ui(_))) {
            self.stalled = false;
            effects.push(Effect::Ui(FromStore::Saved(self.saved.clone())));
        }
        effects
    }

    fn heard(&mut self, message: TabMessage) -> Vec<Effect> {
        match message {
            TabMessage::Welcome { tab, leader, version, storage, changes, saved, kernel, sync, peers }
                if tab == self.tab =>
            {
                self.leader = Some((leader, version));
                self.saved.clone_from(&saved);
                let mut effects = vec![
                    Effect::Ui(FromStore::Opened { storage, role: Role::Follower, changes }),
                    Effect::Ui(FromStore::Saved(saved)),
                    Effect::Ui(FromStore::Kernel(kernel)),
                    Effect::Ui(FromStore::Sync(sync)),
                    Effect::Ui(FromStore::Peers(peers)),
                ];
                effects.extend(self.unanswered.values().cloned().map(|message| self.request(message)));
                effects
            }
            TabMessage::Reply { tab, message } if tab == self.tab => {
                if let Some(request) = answered(&message) {
                    // A second answer to a request that was sent twice says nothing new.
                    if self.unanswered.remove(&request).is_none() {
                        return Vec::new();
                    }
                }
                vec![Effect::Ui(message)]
            }
            TabMessage::News { leader, version, message } => self.news(&leader, version, message),
            TabMessage::Leading { .. } => self.join(),
            TabMessage::Request { .. }
            | TabMessage::Join { .. }
            | TabMessage::Welcome { .. }
            | TabMessage::Reply { .. } => Vec::new(),
        }
    }

    fn news(&mut self, from: &str, version: u64, message: FromStore) -> Vec<Effect> {
        let Some((leader, known)) = &mut self.leader else {
            return Vec::new(); // The welcome that is on its way holds this already.
        };
        if leader == from && version <= *known {
            return Vec::new();
        }
        if leader == from && version == *known + 1 {
            *known = version;
            if let FromStore::Saved(saved) = &message {
                self.saved.clone_from(saved);
            }
            return vec![Effect::Ui(message)];
        }
        // Something was missed; only the whole state helps.
        self.join()
    }

    /// Is told that the leader has been silent for too long. It may be frozen, so the wait goes on.
    pub fn waited(&self) -> Vec<Effect> {
        if self.leader.is_some() {
            return Vec::new();
        }
        let reason = "it does not answer, perhaps because the browser has put it to sleep".to_owned();
        vec![Effect::Ui(FromStore::OpenFailed { failure: OpenFailure::Locked { reason } })]
    }

    /// Is told that this request was sent a while ago. What is not answered is not saved, and the page must know.
    pub fn overdue(&mut self, request: RequestId) -> Vec<Effect> {
        let changes = |message: &ToStore| matches!(message, ToStore::Command { .. });
        if self.leader.is_none() || !self.unanswered.get(&request).is_some_and(changes) {
            return Vec::new();
        }
        self.stalled = true;
        let reason = "The tab that saves this notebook does not answer. Show that tab, or close it.".to_owned();
        let events = self.unanswered.values().filter(|message| changes(message)).count() as u64;
        vec![Effect::Ui(FromStore::Saved(SaveState::Failed { reason, events }))]
    }

    /// Ends the following: this tab leads from now on and has these requests to serve itself.
    pub fn into_unanswered(self) -> impl Iterator<Item = ToStore> {
        self.unanswered.into_values()
    }

    fn request(&self, message: ToStore) -> Effect {
        Effect::Tabs(TabMessage::Request { tab: self.tab.clone(), message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notebook::Command;
    use protocol::port::{KernelState, SaveState, Storage};

    fn access() -> Access {
        Access::Writer(protocol::access::Secret::from_entropy([1; 32]))
    }

    fn command(request: RequestId) -> ToStore {
        ToStore::Command { request, command: Command::RunAll }
    }

    fn welcome(tab: &str, leader: &str, version: u64) -> TabMessage {
        TabMessage::Welcome {
            tab: tab.into(),
            leader: leader.into(),
            version,
            storage: Storage::Opfs,
            changes: Vec::new(),
            saved: SaveState::Saved,
            kernel: KernelState::None,
            sync: protocol::port::SyncState::Local,
            peers: Vec::new(),
        }
    }

    fn news(leader: &str, version: u64) -> TabMessage {
        TabMessage::News { leader: leader.into(), version, message: FromStore::Saved(SaveState::Saving) }
    }

    fn sent(effects: &[Effect]) -> Vec<RequestId> {
        let requests = effects.iter().filter_map(|effect| match effect {
            Effect::Tabs(TabMessage::Request { message, .. }) => request_id(message),
            _ => None,
        });
        requests.collect()
    }

    fn joined(leader: &str, version: u64) -> Follower {
        let mut follower = Follower::new("me".into(), access());
        follower.on_tab(welcome("me", leader, version));
        follower
    }

    #[test]
    fn what_is_asked_before_the_welcome_is_sent_after_it_in_order() {
        let mut follower = Follower::new("me".into(), access());
        assert_eq!(follower.join(), [Effect::Tabs(TabMessage::Join { tab: "me".into(), access: access() })]);
        assert!(sent(&follower.on_ui(command(1))).is_empty());
        assert!(sent(&follower.on_ui(command(2))).is_empty());
        assert!(follower.on_tab(welcome("other", "a", 3)).is_empty(), "not mine");
        assert_eq!(sent(&follower.on_tab(welcome("me", "a", 3))), [1, 2]);
        assert_eq!(sent(&follower.on_ui(command(3))), [3]);
    }

    #[test]
    fn a_new_leader_gets_exactly_what_was_not_answered() {
        let mut follower = joined("a", 0);
        for request in 1..=3 {
            follower.on_ui(command(request));
        }
        let done = TabMessage::Reply { tab: "me".into(), message: FromStore::Done { request: 2 } };
        assert_eq!(follower.on_tab(done.clone()).len(), 1);
        assert!(follower.on_tab(done).is_empty(), "an answer is passed on once");
        assert_eq!(
            follower.on_tab(TabMessage::Leading { leader: "b".into() }),
            [Effect::Tabs(TabMessage::Join { tab: "me".into(), access: access() })]
        );
        assert!(sent(&follower.on_ui(command(4))).is_empty(), "not before the welcome");
        assert_eq!(sent(&follower.on_tab(welcome("me", "b", 0))), [1, 3, 4]);
        assert_eq!(follower.into_unanswered().count(), 3);
    }

    #[test]
    fn news_are_passed_on_in_order_and_a_gap_asks_for_everything() {
        let mut follower = joined("a", 5);
        assert!(follower.on_tab(news("a", 5)).is_empty(), "the welcome held it");
        assert!(matches!(follower.on_tab(news("a", 6)).as_slice(), [Effect::Ui(_)]));
        assert!(matches!(follower.on_tab(news("a", 8)).as_slice(), [Effect::Tabs(TabMessage::Join { .. })]));
        assert!(follower.on_tab(news("a", 9)).is_empty(), "waits for the welcome");
        let mut follower = joined("a", 5);
        assert!(
            matches!(follower.on_tab(news("b", 6)).as_slice(), [Effect::Tabs(TabMessage::Join { .. })]),
            "another leader"
        );
    }

    #[test]
    fn a_leader_that_stops_answering_is_named_until_it_is_heard_again() {
        let mut follower = joined("a", 0);
        follower.on_ui(command(1));
        let told = follower.overdue(1);
        assert!(matches!(told.as_slice(), [Effect::Ui(FromStore::Saved(SaveState::Failed { events: 1, .. }))]));
        let done = TabMessage::Reply { tab: "me".into(), message: FromStore::Done { request: 1 } };
        let effects = follower.on_tab(done);
        assert_eq!(effects.last(), Some(&Effect::Ui(FromStore::Saved(SaveState::Saved))));
        assert!(follower.overdue(1).is_empty(), "it is answered");
        follower.on_ui(ToStore::Diagnose { request: 2 });
        assert!(follower.overdue(2).is_empty(), "what is read is not unsaved");
    }

    #[test]
    fn a_silent_leader_is_named_until_it_answers() {
        let mut follower = Follower::new("me".into(), access());
        assert!(matches!(follower.waited().as_slice(), [Effect::Ui(FromStore::OpenFailed { .. })]));
        follower.on_tab(welcome("me", "a", 0));
        assert!(follower.waited().is_empty());
    }
}
