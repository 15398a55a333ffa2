//! What the leader knows of its kernel: how far it is, which session it is, what it was given.

use notebook::{ExecutionId, Notebook, SessionId};
use protocol::port::KernelState;

/// How far a kernel is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// There is none.
    Off,
    /// The page was asked for one.
    Asked,
    /// Its ports are here and it was greeted as this session.
    Greeted(SessionId),
    /// Python is up.
    Ready(SessionId),
    /// It ended by itself, or could not start.
    Dead(String),
}

/// One kernel at a time.
#[derive(Debug)]
pub struct KernelHost {
    phase: Phase,
    step: String,
    percent: u8,
    in_flight: Option<ExecutionId>,
    disowned: bool,
    can_interrupt: bool,
    received: u64,
}

impl Default for KernelHost {
    fn default() -> Self {
        Self::new()
    }
}

impl KernelHost {
    /// Makes a host without a kernel.
    pub fn new() -> Self {
        Self {
            phase: Phase::Off,
            step: String::new(),
            percent: 0,
            in_flight: None,
            disowned: false,
            can_interrupt: true,
            received: 0,
        }
    }

    /// Notes that a kernel is being asked for. Returns false if there is one, or one that died.
    pub fn ask(&mut self) -> bool {
        if self.phase != Phase::Off {
            return false;
        }
        *self = Self { phase: Phase::Asked, ..Self::new() };
        true
    }

    /// Notes how far the start is.
    pub fn progress(&mut self, step: String, percent: u8) {
        self.step = step;
        self.percent = percent.min(100);
    }

    /// Takes the kernel's ports. Returns false when none was asked for.
    pub fn greet(&mut self, session: SessionId) -> bool {
        if self.phase != Phase::Asked {
            return false;
        }
        self.phase = Phase::Greeted(session);
        true
    }

    /// Notes that Python is up.
    pub fn ready(&mut self) {
        if let Phase::Greeted(session) = &self.phase {
            self.phase = Phase::Ready(session.clone());
        }
    }

    /// Notes that it ended by itself. Returns its session, if it had one.
    pub fn die(&mut self, reason: String) -> Option<SessionId> {
        let session = self.session().cloned();
        self.phase = Phase::Dead(reason);
        self.in_flight = None;
        session
    }

    /// Forgets the kernel. Returns its session, if it had one.
    pub fn stop(&mut self) -> Option<SessionId> {
        let session = self.session().cloned();
        *self = Self::new();
        session
    }

    /// Says whether it ended by itself, or could not start.
    pub fn is_dead(&self) -> bool {
        matches!(self.phase, Phase::Dead(_))
    }

    /// Makes a start possible again after a death.
    pub fn revive(&mut self) {
        if self.is_dead() {
            self.stop();
        }
    }

    /// Says whether the page was asked for a kernel and has not delivered it.
    pub fn is_asked(&self) -> bool {
        self.phase == Phase::Asked
    }

    /// Says whether the page has a kernel that it must take down before the next.
    pub fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Greeted(_) | Phase::Ready(_))
    }

    /// Returns the session of the kernel whose ports are here.
    pub fn session(&self) -> Option<&SessionId> {
        match &self.phase {
            Phase::Greeted(session) | Phase::Ready(session) => Some(session),
            Phase::Off | Phase::Asked | Phase::Dead(_) => None,
        }
    }

    /// Returns the session of a kernel that is ready for work.
    pub fn idle_session(&self) -> Option<&SessionId> {
        match &self.phase {
            Phase::Ready(session) if self.in_flight.is_none() => Some(session),
            _ => None,
        }
    }

    /// Notes that it was given this execution.
    pub fn give(&mut self, execution: ExecutionId) {
        self.in_flight = Some(execution);
        self.disowned = false;
    }

    /// Returns what it was given and has not completed.
    pub fn in_flight(&self) -> Option<&ExecutionId> {
        self.in_flight.as_ref()
    }

    /// Notes that what it was given is not its own any more. Returns whether that is news.
    pub fn disown(&mut self) -> bool {
        !std::mem::replace(&mut self.disowned, true)
    }

    /// Notes that it completed what it was given.
    pub fn completed(&mut self) {
        self.in_flight = None;
    }

    /// Notes whether it can be interrupted without ending it.
    pub fn set_interruptible(&mut self, can: bool) {
        self.can_interrupt = can;
    }

    /// Says whether it can be interrupted without ending it.
    pub fn can_interrupt(&self) -> bool {
        self.can_interrupt
    }

    /// Counts bytes that were taken in, and returns how many there were in total.
    pub fn count_received(&mut self, bytes: usize) -> u64 {
        self.received += bytes as u64;
        self.received
    }

    /// Returns the state as every tab shows it.
    pub fn state(&self, notebook: &Notebook) -> KernelState {
        match &self.phase {
            Phase::Off => KernelState::None,
            Phase::Asked | Phase::Greeted(_) => {
                KernelState::Starting { step: self.step.clone(), percent: self.percent }
            }
            Phase::Ready(session) if notebook.claimed_by(session).is_some() => KernelState::Busy,
            Phase::Ready(_) => KernelState::Idle,
            Phase::Dead(reason) => KernelState::Dead { reason: reason.clone() },
        }
    }
}
