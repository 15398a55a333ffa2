//! A model of the kernel: it takes its time, it prints, it ends, it dies.

use notebook::{ExecutionId, SessionId};

/// How far a kernel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// There is none.
    Off,
    /// The page was asked for one.
    Asked,
    /// Python is up.
    Ready(SessionId),
    /// It ended by itself; the next run brings another.
    Dead,
}

/// What it was given.
#[derive(Debug, Clone)]
pub(crate) struct Flight {
    pub(crate) execution: ExecutionId,
    /// When that was.
    pub(crate) given: u64,
    /// Whether Python began to run it.
    pub(crate) begun: bool,
    /// The number of the next output.
    pub(crate) index: u32,
    /// The lines that it printed.
    pub(crate) lines: u32,
    /// Outputs to come.
    pub(crate) left: u64,
}

/// One kernel at a time.
#[derive(Debug)]
pub(crate) struct Kernel {
    pub(crate) phase: Phase,
    pub(crate) flight: Option<Flight>,
    /// Timers of another generation are of a kernel or a run that is gone.
    pub(crate) generation: u64,
}

impl Kernel {
    pub(crate) fn new() -> Self {
        Self { phase: Phase::Off, flight: None, generation: 0 }
    }

    pub(crate) fn session(&self) -> Option<&SessionId> {
        match &self.phase {
            Phase::Ready(session) => Some(session),
            Phase::Off | Phase::Asked | Phase::Dead => None,
        }
    }

    /// Returns the session of a kernel that can be given work.
    pub(crate) fn idle(&self) -> Option<&SessionId> {
        self.session().filter(|_| self.flight.is_none())
    }

    /// Ends what there is.
    pub(crate) fn end(&mut self, phase: Phase) -> Option<SessionId> {
        let session = self.session().cloned();
        self.phase = phase;
        self.drop_flight();
        session
    }

    pub(crate) fn drop_flight(&mut self) {
        self.flight = None;
        self.generation += 1;
    }
}
