//! How long to wait before the next attempt to connect, and how long for an answer.

use super::{Client, Phase, Step};

const FIRST_MILLIS: u32 = 250;
const LAST_MILLIS: u32 = 15_000;

/// Returns the wait before an attempt, from 1: twice as long each time, spread over half of itself so that
/// those who were cut off together do not come back together. `random` is any byte.
pub fn backoff_millis(attempt: u32, random: u8) -> u32 {
    let longest = FIRST_MILLIS.saturating_mul(1 << attempt.saturating_sub(1).min(10)).min(LAST_MILLIS);
    longest / 2 + longest / 2 * u32::from(random) / 255
}

/// How long the relay may say nothing while a connection begins.
const GREETING_MILLIS: u64 = 10_000;
/// How long it may say nothing while it is to answer.
const ANSWER_MILLIS: u64 = 30_000;
/// So many bytes a millisecond go over a line that is slow and yet of use.
const SLOW_BYTES: u64 = 16;

/// A line may break without anybody being told: whoever is to answer and is not heard is taken for gone.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Whether a wait is under way.
    waits: bool,
    /// How long it has been waited since a frame was heard, in milliseconds; a wait counts from its beginning.
    waited: u64,
    /// Bytes that were sent since a frame was heard.
    unanswered: u64,
}

impl Watch {
    /// Takes in that something was heard, or that the line is another one.
    pub(super) fn heard(&mut self) {
        (self.waited, self.unanswered) = (0, 0);
    }

    pub(super) fn sent(&mut self, bytes: usize) {
        self.unanswered += bytes as u64;
    }
}

impl Client {
    /// Takes in that the time of [`Step::Watch`] is over.
    pub fn watched(&mut self) -> Vec<Step> {
        self.watch.waits = false;
        if self.patience().is_some_and(|patience| self.watch.waited >= patience) {
            self.drop_connection();
        }
        self.take_steps()
    }

    /// Begins a wait, if the relay is to answer and none is under way.
    pub(super) fn keep_watch(&mut self) {
        let Some(patience) = self.patience().filter(|_| !self.watch.waits) else { return };
        let millis = patience.saturating_sub(self.watch.waited);
        self.watch.waits = true;
        self.watch.waited += millis;
        self.steps.push(Step::Watch(u32::try_from(millis).unwrap_or(u32::MAX)));
    }

    /// Returns how long the relay may say nothing; `None`: it has nothing to answer.
    fn patience(&self) -> Option<u64> {
        let base = match &self.phase {
            Phase::Waiting | Phase::Adopted | Phase::Refused(_) => return None,
            Phase::Following { live: true } if self.sent == 0 && self.blobs.are_at_rest() => return None,
            Phase::Opening | Phase::Hello(_) => GREETING_MILLIS,
            Phase::Basing(..)
            | Phase::Based(_)
            | Phase::Fetching(..)
            | Phase::Adopting(..)
            | Phase::Following { .. } => ANSWER_MILLIS,
        };
        Some(base + self.watch.unanswered / SLOW_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_are_spread() {
        assert_eq!([1, 2, 3, 7, 60].map(|attempt| backoff_millis(attempt, 255)), [250, 500, 1_000, 15_000, 15_000]);
        assert_eq!([1, 2, 3, 7, 60].map(|attempt| backoff_millis(attempt, 0)), [125, 250, 500, 7_500, 7_500]);
    }
}
