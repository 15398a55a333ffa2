//! Why a relay refuses something, in a frame of its own or as a close code.

use notebook::ReplicaId;
use serde::{Deserialize, Serialize};

use super::SnapshotInfo;

/// The longest reason that a refusal gives, in characters: a decoder's words may quote what came.
const MAX_REASON: usize = 100;

/// Why the relay refuses something. Each is also a WebSocket close code: [`Refusal::close_code`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// The frame is not one of this protocol.
    #[error("the relay could not read a message: {reason}")]
    Malformed {
        /// What was wrong.
        reason: String,
    },
    /// The other end speaks another version.
    #[error("this page and its relay are of different versions (relay: {relay}); reload to update")]
    Version {
        /// The relay's [`PROTOCOL`].
        relay: u32,
    },
    /// The proof is not one for this notebook.
    #[error("the key in this link does not open this notebook on the relay")]
    Denied,
    /// No writer has brought this notebook yet, so no reader can be known.
    #[error("the relay does not have this notebook yet; its author must open it once")]
    Unknown,
    /// A reader tried to write.
    #[error("this link is for viewing only")]
    ReadOnly,
    /// The frame, or a part of it, is too large.
    #[error("a message is larger than the relay takes ({size} bytes, at most {limit})")]
    TooLarge {
        /// What came, in bytes.
        size: u64,
        /// What is taken, in bytes.
        limit: u64,
    },
    /// The frame holds too many events, or names of blobs.
    #[error("a message holds more than the relay takes at once ({count}, at most {limit})")]
    TooMuchAtOnce {
        /// How many came.
        count: u64,
        /// How many are taken.
        limit: u64,
    },
    /// Messages come faster than the relay takes them.
    #[error("too much is sent at once; it goes on in {retry_millis} ms")]
    TooFast {
        /// When to send again.
        retry_millis: u32,
    },
    /// There are too many connections.
    #[error("this notebook is open in too many places (at most {limit})")]
    TooMany {
        /// The limit.
        limit: u32,
    },
    /// The notebook's share of the relay is used up.
    #[error("this notebook is larger than the relay keeps ({limit} bytes)")]
    Full {
        /// The limit, in bytes.
        limit: u64,
    },
    /// More replicas wrote than the relay keeps apart. A page that is reloaded is another one.
    #[error(
        "this notebook was edited in more pages than the relay keeps apart (at most {limit}); go on in a copy of it"
    )]
    TooManyReplicas {
        /// The limit.
        limit: u64,
    },
    /// A replica's events have a gap: the client lost some.
    #[error("an event is missing before number {counter} of a device")]
    Gap {
        /// Whose event it is.
        replica: ReplicaId,
        /// The number that came.
        counter: u64,
        /// The number that was expected.
        expected: u64,
    },
    /// An event points at a blob that is not there, or no longer. Nothing of the batch is taken.
    #[error("the relay does not have what a message points at")]
    NoBlob {
        /// Its name.
        name: String,
    },
    /// Those events are only in the snapshot any more.
    #[error("what was asked for is only in the snapshot")]
    Compacted {
        /// The newest snapshot.
        snapshot: SnapshotInfo,
    },
    /// The snapshot cannot be taken: the relay is not empty, or it is older than the one it holds.
    #[error("the relay holds something newer")]
    Superseded,
    /// What the relay held when it greeted this connection is replaced.
    #[error("the relay holds another history of this notebook now")]
    Replaced,
    /// The client does not read what it is sent.
    #[error("this browser did not keep up with the relay")]
    TooSlow,
    /// The relay's own storage failed; nothing of the frame was kept.
    #[error("the relay could not store this, and nothing of it is stored: {reason}")]
    Storage {
        /// What the storage said.
        reason: String,
    },
}

impl Refusal {
    /// Makes the refusal of a frame, with a short reason.
    pub fn malformed(reason: &impl ToString) -> Self {
        Self::Malformed { reason: reason.to_string().chars().take(MAX_REASON).collect() }
    }

    /// Makes the refusal that says what the relay's storage said, shortened.
    pub fn storage(reason: &impl ToString) -> Self {
        Self::Storage { reason: reason.to_string().chars().take(MAX_REASON).collect() }
    }

    /// Says whether the connection ends with it.
    pub fn closes(&self) -> bool {
        !matches!(
            self,
            Self::TooFast { .. }
                | Self::Full { .. }
                | Self::TooManyReplicas { .. }
                | Self::NoBlob { .. }
                | Self::Compacted { .. }
                | Self::Superseded
                | Self::ReadOnly
        )
    }

    /// Says whether what is on its way behind what it refuses is refused for the same reason.
    pub fn holds_back(&self) -> bool {
        matches!(self, Self::TooFast { .. } | Self::Full { .. } | Self::TooManyReplicas { .. } | Self::NoBlob { .. })
    }

    /// Returns the close code that says the same.
    pub fn close_code(&self) -> u16 {
        match self {
            Self::Malformed { .. } => 4400,
            Self::Version { .. } => 4426,
            Self::Denied => 4403,
            Self::Unknown => 4404,
            Self::ReadOnly => 4405,
            Self::TooLarge { .. } => 4413,
            Self::TooMuchAtOnce { .. } => 4414,
            Self::TooFast { .. } => 4429,
            Self::TooMany { .. } => 4430,
            Self::Full { .. } => 4507,
            Self::TooManyReplicas { .. } => 4508,
            Self::Gap { .. } => 4409,
            Self::NoBlob { .. } => 4424,
            Self::Compacted { .. } => 4410,
            Self::Superseded => 4412,
            Self::Replaced => 4411,
            Self::TooSlow => 4408,
            Self::Storage { .. } => 4500,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;
    use std::collections::BTreeSet;

    #[test]
    fn each_refusal_has_a_close_code_of_its_own() {
        let snapshot = SnapshotInfo { seq: 1, parts: 1, bytes: 1, history: History::default() };
        let refusals = [
            Refusal::malformed(&"nonsense"),
            Refusal::Version { relay: 0 },
            Refusal::Denied,
            Refusal::Unknown,
            Refusal::ReadOnly,
            Refusal::TooLarge { size: 2, limit: 1 },
            Refusal::TooMuchAtOnce { count: 2, limit: 1 },
            Refusal::TooFast { retry_millis: 1 },
            Refusal::TooMany { limit: 1 },
            Refusal::Full { limit: 1 },
            Refusal::TooManyReplicas { limit: 1 },
            Refusal::Gap { replica: ReplicaId(1), counter: 2, expected: 1 },
            Refusal::NoBlob { name: String::new() },
            Refusal::Compacted { snapshot },
            Refusal::Superseded,
            Refusal::Replaced,
            Refusal::TooSlow,
            Refusal::storage(&"broken"),
        ];
        let codes: BTreeSet<u16> = refusals.iter().map(Refusal::close_code).collect();
        assert_eq!(codes.len(), refusals.len());
        assert!(codes.iter().all(|code| (4_400..4_600).contains(code)), "{codes:?}");
    }
}
