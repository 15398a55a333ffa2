//! What led to a position of a relay's order, as one short value.

use notebook::EventId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// All that led to a position, in its order: the base and the names of the events. Two orders that differ in any of
/// it differ in this. The default is that of an order that begins with nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History(#[serde(with = "serde_bytes")] [u8; Self::LEN]);

impl History {
    /// Its length in bytes.
    pub const LEN: usize = 16;

    /// Returns that of an order which begins with a base, by the base's last sealed part: what is sealed holds a
    /// random nonce, so no two are the same.
    pub fn of_base(sealed: &[u8]) -> Self {
        Self::default().and(sealed)
    }

    /// Returns that of the next position, where this event is.
    #[must_use]
    pub fn then(self, id: EventId) -> Self {
        let [replica, counter] = [id.replica.0, id.counter].map(u64::to_be_bytes);
        self.and(&[replica, counter].concat())
    }

    /// Returns its bytes, as they are stored.
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        self.0
    }

    /// Takes it from stored bytes.
    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    fn and(self, bytes: &[u8]) -> Self {
        let digest = Sha256::new().chain_update(self.0).chain_update(bytes).finalize();
        let mut folded = [0; Self::LEN];
        folded.copy_from_slice(&digest[..Self::LEN]);
        Self(folded)
    }
}

#[cfg(test)]
mod tests {
    use notebook::ReplicaId;

    use super::*;

    fn after(base: History, ids: &[(u64, u64)]) -> History {
        ids.iter().fold(base, |history, (replica, counter)| {
            history.then(EventId { replica: ReplicaId(*replica), counter: *counter })
        })
    }

    #[test]
    fn orders_that_differ_anywhere_differ() {
        let base = History::of_base(b"sealed");
        let orders = [
            after(History::default(), &[]),
            after(base, &[]),
            after(History::of_base(b"sealed anew"), &[]),
            after(base, &[(1, 1)]),
            after(base, &[(1, 1), (2, 1)]),
            after(base, &[(2, 1), (1, 1)]),
            after(base, &[(1, 2), (2, 1)]),
            after(History::default(), &[(1, 1), (2, 1)]),
        ];
        for (index, order) in orders.iter().enumerate() {
            assert!(!orders[..index].contains(order), "{index}");
        }
        assert_eq!(History::from_bytes(orders[4].to_bytes()), after(orders[3], &[(2, 1)]));
    }
}
