//! Encoding: CBOR with named fields. Decoding bounds what it reads and says what was wrong.

use notebook::Event;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why bytes could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not CBOR of the wanted shape.
    #[error("not a valid message: {reason}")]
    Malformed {
        /// What the decoder said.
        reason: String,
    },
}

/// Encodes a port message.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    cbor4ii::serde::to_vec(Vec::new(), value).expect("invariant: our own types always encode")
}

/// Decodes a port message.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    cbor4ii::serde::from_slice(bytes).map_err(|error| DecodeError::Malformed { reason: error.to_string() })
}

/// Encodes an event as the log stores it. An unknown kind keeps its bytes.
pub fn encode_event(event: &Event) -> Vec<u8> {
    if let Event::Unknown { bytes, .. } = event { bytes.clone() } else { encode(event) }
}

/// Decodes an event of the log. Total: what this version cannot read becomes [`Event::Unknown`].
pub fn decode_event(bytes: &[u8]) -> Event {
    decode(bytes).unwrap_or_else(|_| Event::Unknown { kind: kind_of(bytes), bytes: bytes.to_vec() })
}

/// Serialises an envelope with its event as the log stores it, so that an unknown kind crosses a port too.
pub(crate) mod stored {
    use notebook::{Actor, Envelope, EventId};
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use serde_bytes::ByteBuf;

    pub(crate) fn serialize<S: Serializer>(envelope: &Envelope, serializer: S) -> Result<S::Ok, S::Error> {
        let event = ByteBuf::from(super::encode_event(&envelope.event));
        (envelope.id, &envelope.actor, envelope.at, event).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Envelope, D::Error> {
        let (id, actor, at, event) = <(EventId, Actor, i64, ByteBuf)>::deserialize(deserializer)?;
        Ok(Envelope { id, actor, at, event: super::decode_event(&event) })
    }
}

/// Returns the kind that an encoded event names, or "" where it names none.
#[expect(clippy::zero_sized_map_values, reason = "the bytes hold a map; only its key is of interest")]
fn kind_of(bytes: &[u8]) -> String {
    const LONGEST: usize = 64;
    let kind = match decode::<std::collections::BTreeMap<String, serde::de::IgnoredAny>>(bytes) {
        Ok(named) if named.len() == 1 => named.into_keys().next().unwrap_or_default(),
        Ok(_) => String::new(),
        Err(_) => decode::<String>(bytes).unwrap_or_default(),
    };
    kind.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use notebook::{CellId, Event};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_event_of_a_newer_version_keeps_its_bytes() {
        #[derive(Serialize)]
        enum Newer {
            CellPainted { cell: CellId, colour: u32 },
        }
        let bytes = encode(&Newer::CellPainted { cell: CellId::parse("a").unwrap(), colour: 7 });
        let event = decode_event(&bytes);
        assert_eq!(event.kind(), "CellPainted");
        assert_eq!(encode_event(&event), bytes);
    }

    #[test]
    fn an_event_of_a_known_kind_and_another_shape_is_kept_too() {
        #[derive(Serialize)]
        enum Other {
            CellDeleted { cells: u32 },
        }
        let bytes = encode(&Other::CellDeleted { cells: 3 });
        let event = decode_event(&bytes);
        assert!(matches!(event, Event::Unknown { .. }));
        assert_eq!(encode_event(&event), bytes);
    }

    #[test]
    fn an_event_of_a_newer_version_crosses_a_port() {
        use crate::port::{FromStore, LogEntry};
        let envelope = notebook::Envelope {
            id: notebook::EventId { replica: notebook::ReplicaId(1), counter: 1 },
            actor: notebook::Actor::Person(notebook::PersonId::parse("ada").unwrap()),
            at: 5,
            event: decode_event(&encode(&"Newer")),
        };
        let entries = vec![LogEntry { seq: 1, envelope, ignored: None, size: 6 }];
        let message = FromStore::Log { request: 1, entries };
        assert_eq!(decode::<FromStore>(&encode(&message)), Ok(message));
    }

    proptest! {
        #[test]
        fn any_bytes_decode_and_encode_back(bytes: Vec<u8>) {
            let event = decode_event(&bytes);
            if matches!(event, Event::Unknown { .. }) {
                prop_assert_eq!(encode_event(&event), bytes);
            }
        }
    }
}
