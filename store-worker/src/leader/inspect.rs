//! Questions to Python: passed on to the kernel, wherever it runs, and answered to who asked. None of it is kept.

use notebook::SessionId;
use protocol::inspect::{Answer, Question, Refusal};
use protocol::peer::Body;
use protocol::port::{FromStore, KernelState, RequestId, ToKernel};
use protocol::wire::ConnectionId;

use super::{Effect, Leader, Requester};

/// The most questions that wait for an answer.
const MAX_WAITING: usize = 32;
/// How long one waits: what another browser is asked, or answers, may be lost on the way.
const PATIENCE_MILLIS: u64 = 10_000;

/// A question that waits for its answer.
#[derive(Debug)]
pub(super) struct Waiting {
    id: u64,
    asker: Asker,
    host: Host,
    since: u64,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asker {
    /// A tab of this browser.
    Tab(Requester, RequestId),
    /// Another browser, whose question this is.
    Peer(u64),
}

/// Where Python is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    /// Here, of the kernel of this session.
    Own(SessionId),
    /// In the browser that hosts this session.
    Peer(SessionId),
}

impl Leader {
    /// Takes a question of a tab.
    pub(super) fn inspect(&mut self, from: &Requester, request: RequestId, question: Question) {
        let asker = Asker::Tab(from.clone(), request);
        if self.questions.iter().any(|waiting| waiting.asker == asker) {
            return; // Its answer follows.
        }
        self.ask_python(self.host_to_ask(), asker, question);
    }

    /// Takes a question of another browser, if it is for the kernel of this one.
    pub(super) fn inspect_for_peer(&mut self, session: &SessionId, id: u64, question: Question) {
        if self.kernel.session() != Some(session) {
            return;
        }
        self.ask_python(self.own_kernel(), Asker::Peer(id), question);
    }

    /// Takes an answer of the own kernel.
    pub(super) fn kernel_answers(&mut self, id: u64, answer: Answer) {
        self.answered(id, answer, |host| matches!(host, Host::Own(_)));
    }

    /// Takes an answer of another browser: that of whoever hosts the session that was asked.
    pub(super) fn peer_answers(&mut self, from: ConnectionId, id: u64, answer: Answer) {
        let kernel = self.peers().into_iter().find(|(connection, _)| *connection == from);
        let hosted = kernel.and_then(|(_, presence)| presence.kernel).map(|(session, _)| session);
        self.answered(id, answer, |host| matches!(host, Host::Peer(session) if Some(session) == hosted.as_ref()));
    }

    /// Answers what waits for a kernel that is gone. Called whenever that may have happened.
    pub(super) fn refuse_unanswerable(&mut self) {
        for waiting in std::mem::take(&mut self.questions) {
            let refusal = match &waiting.host {
                Host::Own(session) => (self.kernel.session() != Some(session)).then_some(Refusal::NotRunning),
                Host::Peer(session) => self.hosted_state(session).is_none().then_some(Refusal::Gone),
            };
            match refusal {
                Some(refusal) => self.answer_question(waiting.asker, Answer::Refused(refusal)),
                None => self.questions.push(waiting),
            }
        }
    }

    fn answered(&mut self, id: u64, answer: Answer, may_answer: impl Fn(&Host) -> bool) {
        let found = self.questions.iter().position(|waiting| waiting.id == id && may_answer(&waiting.host));
        if let Some(at) = found {
            let waiting = self.questions.remove(at);
            self.answer_question(waiting.asker, answer);
        }
    }

    fn host_to_ask(&self) -> Result<Host, Refusal> {
        if !self.identity.access.may_write() {
            return Err(Refusal::ViewOnly);
        }
        let active = self.store.notebook().active_session();
        let Some(elsewhere) = active.filter(|active| Some(*active) != self.kernel.session()) else {
            return self.own_kernel();
        };
        match self.hosted_state(elsewhere).filter(|_| self.is_heard()) {
            Some(KernelState::Idle) => Ok(Host::Peer(elsewhere.clone())),
            Some(KernelState::Busy) => Err(Refusal::Busy),
            Some(KernelState::None | KernelState::Starting { .. } | KernelState::Dead { .. }) => {
                Err(Refusal::NotRunning)
            }
            None if self.kernel.is_up() => self.own_kernel(),
            None => Err(Refusal::Gone),
        }
    }

    fn own_kernel(&self) -> Result<Host, Refusal> {
        match self.kernel.idle_session() {
            Some(session) => Ok(Host::Own(session.clone())),
            None if self.kernel.in_flight().is_some() => Err(Refusal::Busy),
            None => Err(Refusal::NotRunning),
        }
    }

    fn ask_python(&mut self, host: Result<Host, Refusal>, asker: Asker, question: Question) {
        let now = self.now();
        let is_lost =
            |waiting: &mut Waiting| matches!(waiting.host, Host::Peer(_)) && waiting.since + PATIENCE_MILLIS <= now;
        for lost in self.questions.extract_if(.., is_lost).collect::<Vec<_>>() {
            self.answer_question(lost.asker, Answer::Refused(Refusal::Gone));
        }
        // The own kernel is asked one thing at a time: it is busy with that, and may be for long.
        let is_free = self.questions.len() < MAX_WAITING
            && !(matches!(host, Ok(Host::Own(_)))
                && self.questions.iter().any(|waiting| matches!(waiting.host, Host::Own(_))));
        let host = match host {
            Ok(host) if is_free => host,
            Ok(_) => return self.answer_question(asker, Answer::Refused(Refusal::Busy)),
            Err(refusal) => return self.answer_question(asker, Answer::Refused(refusal)),
        };
        let id = u64::from_le_bytes(*(self.edge.entropy)().first_chunk().expect("invariant: 16 are at least 8"));
        self.questions.push(Waiting { id, asker, host: host.clone(), since: now });
        match host {
            Host::Own(_) => self.effects.push(Effect::Kernel(ToKernel::Inspect { id, question })),
            Host::Peer(session) => self.say(&Body::Inspect { session, id, question }),
        }
    }

    fn answer_question(&mut self, asker: Asker, answer: Answer) {
        match asker {
            Asker::Tab(from, request) => self.reply(&from, FromStore::Inspected { request, answer }),
            Asker::Peer(id) => self.say(&Body::Inspected { id, answer }),
        }
    }
}
