//! Compaction: a writer puts a snapshot on the relay when much came after the last one, and the relay drops what
//! nobody needs any more.

use notebook::Notebook;

use super::{Client, Step};
use crate::wire::Cursor;

/// How much may come after a snapshot before the next one is put. Who wrote the event that was too much puts it; the
/// others do where half as much again has come, since that one may be gone by then.
#[derive(Debug, Clone, Copy)]
pub struct Compaction {
    /// Events.
    pub events: u64,
    /// Their sealed bytes.
    pub bytes: u64,
}

impl Default for Compaction {
    fn default() -> Self {
        Self { events: 5_000, bytes: 8 << 20 }
    }
}

impl Compaction {
    fn is_due(&self, events: u64, bytes: u64, is_own: bool) -> bool {
        let beyond = |limit: u64| if is_own { limit } else { limit + limit / 2 };
        events > beyond(self.events) || bytes > beyond(self.bytes)
    }
}

/// What came after the relay's newest snapshot.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// Up to where that snapshot goes; 0: there is none, or one of the beginning.
    after: u64,
    /// Sealed bytes, as the relay said last.
    pub(super) bytes: u64,
    /// Whether a snapshot of this device is on its way.
    pub(super) asked: bool,
}

impl Tail {
    pub(super) fn after(seq: u64) -> Self {
        Self { after: seq, ..Self::default() }
    }
}

impl Client {
    /// Asks for a snapshot, if much came after the last one. `is_own` says whether what came last was written here.
    pub(super) fn compact_if_long(&mut self, is_own: bool) {
        let Some(cursor) = self.cursor.filter(|_| self.hears()) else { return };
        let events = cursor.seq.saturating_sub(self.tail.after);
        let is_due = self.compaction.is_due(events, self.tail.bytes, is_own);
        if is_due && self.unknown == 0 && !self.tail.asked && !self.held_back && self.may_write() {
            self.tail.asked = true;
            self.steps.push(Step::NeedSnapshot);
        }
    }

    /// Takes in the confirmed state, so that the relay may forget what led to it. `at` is where that state stands:
    /// more may have come since, and a snapshot must not claim what it does not hold.
    pub fn compact(&mut self, notebook: &Notebook, at: Option<Cursor>) -> Vec<Step> {
        if let Some(at) = at.filter(|_| self.hears()) {
            self.put_snapshot(at.seq, notebook);
        }
        self.take_steps()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_others_wait_longer_than_who_wrote_what_was_too_much() {
        let compaction = Compaction { events: 10, bytes: 100 };
        for (events, bytes, own, others) in [
            (10, 100, false, false),
            (11, 0, true, false),
            (15, 150, true, false),
            (16, 0, true, true),
            (0, 151, true, true),
        ] {
            assert_eq!(compaction.is_due(events, bytes, true), own, "{events} {bytes}");
            assert_eq!(compaction.is_due(events, bytes, false), others, "{events} {bytes}");
        }
    }
}
