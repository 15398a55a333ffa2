//! What the client does about a refusal.

use super::blobs::names;
use super::compaction::Tail;
use super::{Client, Phase, Step};
use crate::wire::Refusal;

/// When a relay that is full is tried again: somebody may have shortened the log.
const FULL_MILLIS: u32 = 60_000;

/// When a blob is put again that the relay dropped: no relay is to be asked without end.
const NO_BLOB_MILLIS: u32 = 1_000;

impl Client {
    /// Does what a refusal asks for: waits, begins anew, or ends.
    pub(super) fn refused(&mut self, refusal: Refusal) {
        match refusal {
            // A blob on its way to the relay begins again; those before it are there.
            Refusal::TooFast { retry_millis } if self.hears() || matches!(self.phase, Phase::Basing(..)) => {
                self.hold_back(retry_millis);
            }
            Refusal::Full { .. } | Refusal::TooManyReplicas { .. } if self.hears() => self.hold_until_room(refusal),
            // It was dropped since: it is put again, and then what points at it.
            Refusal::NoBlob { name } => {
                self.blobs.is_gone(&name);
                let named: Vec<_> = self.outbox.iter().flat_map(|own| names(&own.event)).collect();
                self.find_blobs(&named);
                self.hold_back(NO_BLOB_MILLIS);
            }
            // Another device was faster: begin anew with what it put there.
            Refusal::Superseded if matches!(self.phase, Phase::Basing(..) | Phase::Based(_)) => self.drop_connection(),
            // As does another device's snapshot that this one was not told of: it was not live then.
            Refusal::Superseded => self.tail = Tail::after(self.position()),
            // The relay lacks events that it had: it was set back. It gets again what it lost.
            Refusal::Gap { .. } => {
                self.cursor = None;
                self.drop_connection();
            }
            Refusal::TooMany { .. } | Refusal::Storage { .. } => {
                self.drop_connection();
                self.turned_away = Some(refusal);
            }
            // Who is too fast on the way begins anew, later: what was asked for is not asked for again.
            Refusal::TooFast { .. } | Refusal::Compacted { .. } | Refusal::Replaced | Refusal::TooSlow => {
                self.drop_connection();
            }
            Refusal::Unknown => {
                self.absent = true;
                self.drop_connection();
            }
            Refusal::Malformed { .. }
            | Refusal::Version { .. }
            | Refusal::Denied
            | Refusal::ReadOnly
            | Refusal::TooLarge { .. }
            | Refusal::TooMuchAtOnce { .. }
            | Refusal::TooManyReplicas { .. }
            | Refusal::Full { .. } => self.refuse(refusal.to_string()),
        }
    }

    pub(super) fn hold_until_room(&mut self, refusal: Refusal) {
        self.full = Some(refusal);
        self.hold_back(FULL_MILLIS);
    }

    /// Sends nothing for a while, and then all that is not acknowledged.
    fn hold_back(&mut self, millis: u32) {
        self.held_back = true;
        self.sent = 0;
        self.blobs.put_again();
        // It may have been a part of a snapshot.
        self.tail.asked = false;
        self.steps.push(Step::Wake(millis));
    }
}
