//! When to commit, and what to say about it. Nothing is called saved before its commit.

use protocol::port::SaveState;

/// How long output of a kernel gathers before it is committed together.
const GATHER_MILLIS: u32 = 15;
/// How long typing waits for the run that may be right behind it; the page may be about to close, so not longer.
const TYPING_MILLIS: u32 = 2;
const FIRST_RETRY_MILLIS: u32 = 250;
const LAST_RETRY_MILLIS: u32 = 5_000;

/// When the next commit is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// After the messages that wait already.
    Soon,
    /// In so many milliseconds.
    In(u32),
}

/// Plans commits and tells news about them once.
#[derive(Debug)]
pub struct Saving {
    in_memory: bool,
    told: Option<SaveState>,
    planned: Option<Due>,
    failures: u32,
}

impl Saving {
    /// Makes a plan for a store on disk, or for one in memory, which saves nothing.
    pub fn new(in_memory: bool) -> Self {
        Self { in_memory, told: None, planned: None, failures: 0 }
    }

    /// Notes that the store moved to disk or into memory: what was told before says nothing any more.
    pub fn moved(&mut self, in_memory: bool) {
        self.in_memory = in_memory;
        self.told = None;
        self.failures = 0;
    }

    /// Asks for a commit soon: somebody waits for it. Returns when to commit, unless that is planned already.
    pub fn soon(&mut self) -> Option<Due> {
        self.plan(Due::Soon)
    }

    /// Asks for a commit within a few milliseconds, so that more can join it.
    pub fn later(&mut self) -> Option<Due> {
        self.plan(Due::In(GATHER_MILLIS))
    }

    /// Asks for a commit of what was typed. Returns when to commit, unless that is planned already.
    pub fn typed(&mut self) -> Option<Due> {
        self.plan(Due::In(TYPING_MILLIS))
    }

    fn plan(&mut self, due: Due) -> Option<Due> {
        // After a failure only the retry commits: what comes meanwhile joins it.
        if self.failures > 0 || self.planned.is_some_and(|planned| planned <= due) {
            return None;
        }
        self.planned = Some(due);
        self.planned
    }

    /// Notes that a commit is being made now; whatever was planned is done with it.
    pub fn begin(&mut self) {
        self.planned = None;
    }

    /// Notes that it failed, and returns when to try again.
    pub fn failed(&mut self) -> Due {
        let wait = FIRST_RETRY_MILLIS.saturating_mul(1 << self.failures.min(10)).min(LAST_RETRY_MILLIS);
        self.failures += 1;
        let due = Due::In(wait);
        self.planned = Some(due);
        due
    }

    /// Notes that it succeeded.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Says whether the last commit failed.
    pub fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// Returns this state if it is news.
    pub fn tell(&mut self, state: SaveState) -> Option<SaveState> {
        let state = if self.in_memory { SaveState::Memory } else { state };
        if self.told.as_ref() == Some(&state) {
            return None;
        }
        self.told = Some(state.clone());
        Some(state)
    }

    /// Returns what was told last.
    pub fn state(&self) -> SaveState {
        self.told.clone().unwrap_or(if self.in_memory { SaveState::Memory } else { SaveState::Saved })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_overtakes_gathering_output_and_joins_what_is_planned() {
        let mut saving = Saving::new(false);
        assert_eq!(saving.later(), Some(Due::In(15)));
        assert_eq!(saving.later(), None, "joins");
        assert_eq!(saving.typed(), Some(Due::In(2)), "overtakes");
        assert_eq!(saving.soon(), Some(Due::Soon), "overtakes");
        assert_eq!((saving.soon(), saving.later()), (None, None), "join");
        saving.begin();
        assert_eq!(saving.later(), Some(Due::In(15)));
    }

    #[test]
    fn retries_wait_longer_and_longer_up_to_five_seconds() {
        let mut saving = Saving::new(false);
        let waits: Vec<_> = (0..7).map(|_| saving.failed()).collect();
        assert_eq!(waits, [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000].map(Due::In));
        assert_eq!(saving.soon(), None, "only the retry commits");
        saving.begin();
        saving.succeeded();
        assert_eq!(saving.soon(), Some(Due::Soon));
    }

    #[test]
    fn the_same_state_is_told_once_and_memory_is_never_called_saved() {
        let mut saving = Saving::new(false);
        assert_eq!(saving.tell(SaveState::Saved), Some(SaveState::Saved));
        assert_eq!(saving.tell(SaveState::Saved), None);
        let mut memory = Saving::new(true);
        assert_eq!(memory.tell(SaveState::Saved), Some(SaveState::Memory));
        assert_eq!(memory.tell(SaveState::Saving), None);
        memory.moved(false);
        assert_eq!(memory.tell(SaveState::Saved), Some(SaveState::Saved), "it is on disk now");
    }
}
