//! The order of cells: fractional indexes, so that a move is one event and never a renumbering.

use fractional_index::FractionalIndex;
use serde::{Deserialize, Serialize};

/// Longest key accepted, in bytes. Thousands of inserts at one place stay far below it.
pub const MAX_KEY_LEN: usize = 4096;

/// A cell's place. Keys compare as bytes; equal keys are ordered by cell id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "serde_bytes::ByteBuf", into = "serde_bytes::ByteBuf")]
pub struct OrderKey(FractionalIndex);

/// Says that bytes are not an order key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an order key")]
pub struct InvalidOrderKey;

impl OrderKey {
    /// Returns a key between two others; either may be missing.
    /// Where there is no room (equal or swapped keys) the result is right after the first.
    pub fn between(before: Option<&Self>, after: Option<&Self>) -> Self {
        let key = match (before, after) {
            (None, None) => FractionalIndex::default(),
            (Some(before), None) => FractionalIndex::new_after(&before.0),
            (None, Some(after)) => FractionalIndex::new_before(&after.0),
            (Some(before), Some(after)) => FractionalIndex::new_between(&before.0, &after.0)
                .unwrap_or_else(|| FractionalIndex::new_after(&before.0)),
        };
        // One that nobody could read is none; equal keys are ordered by their cells.
        match before {
            Some(before) if key.as_bytes().len() > MAX_KEY_LEN => before.clone(),
            _ => Self(key),
        }
    }
}

impl TryFrom<serde_bytes::ByteBuf> for OrderKey {
    type Error = InvalidOrderKey;
    fn try_from(bytes: serde_bytes::ByteBuf) -> Result<Self, InvalidOrderKey> {
        if bytes.len() > MAX_KEY_LEN {
            return Err(InvalidOrderKey);
        }
        match FractionalIndex::from_bytes(bytes.into_vec()) {
            Ok(key) => Ok(Self(key)),
            Err(_invalid) => Err(InvalidOrderKey),
        }
    }
}

impl From<OrderKey> for serde_bytes::ByteBuf {
    fn from(key: OrderKey) -> Self {
        Self::from(key.0.as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_thousand_inserts_at_one_place_keep_their_order() {
        let mut keys = vec![OrderKey::between(None, None)];
        for _ in 0..1000 {
            let key = OrderKey::between(Some(&keys[0]), keys.get(1));
            keys.insert(1, key);
        }
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(keys.iter().all(|key| key.0.as_bytes().len() <= MAX_KEY_LEN));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_key_or_refused_and_between_is_total(left: Vec<u8>, right: Vec<u8>) {
            let left = OrderKey::try_from(serde_bytes::ByteBuf::from(left)).ok();
            let right = OrderKey::try_from(serde_bytes::ByteBuf::from(right)).ok();
            let key = OrderKey::between(left.as_ref(), right.as_ref());
            if let (Some(left), Some(right)) = (&left, &right) {
                prop_assert!(left >= right || (*left < key && key < *right));
            }
        }
    }
}
