//! Sealing: XChaCha20-Poly1305 around everything that goes to the relay, bound to the notebook and to
//! what it is, so that nothing can be passed off as something else.
//!
//! A sealed value is a nonce of 24 bytes, drawn at random by the caller, and the ciphertext with its tag.

use std::fmt;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use notebook::{Envelope, EventId, NotebookId};
use serde::{Deserialize, Serialize};

use crate::codec;

/// Length of a nonce in bytes.
pub const NONCE_LEN: usize = 24;
/// How many bytes longer a sealed value is.
pub const OVERHEAD: usize = NONCE_LEN + 16;

/// What a sealed value is. It does not travel with the value: who opens it says what it expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// The event of this name.
    Event(EventId),
    /// A part of the snapshot up to this position.
    Snapshot {
        /// The position.
        seq: u64,
        /// Which part, from 0.
        part: u32,
        /// Of how many.
        parts: u32,
    },
    /// A part of the blob of this name.
    Blob {
        /// Its name.
        name: &'a str,
        /// Which part, from 0.
        part: u32,
        /// Of how many.
        parts: u32,
    },
    /// An ephemeral frame.
    Ephemeral,
}

/// Says that a value does not open: it was altered, is something else, or was sealed with another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message could not be opened with this notebook's key")]
pub struct Unopenable;

/// An envelope as it is sealed: its id is outside, in the clear, and bound to it.
#[derive(Serialize, Deserialize)]
struct Body(notebook::Actor, i64, serde_bytes::ByteBuf);

/// Seals and opens what belongs to one notebook.
#[derive(Clone)]
pub struct Sealer {
    cipher: XChaCha20Poly1305,
    notebook: NotebookId,
}

impl Sealer {
    pub(crate) fn new(notebook: NotebookId, key: &[u8; 32]) -> Self {
        Self { cipher: XChaCha20Poly1305::new(key.into()), notebook }
    }

    /// Seals bytes. `nonce` is random and never used twice.
    pub fn seal(&self, nonce: [u8; NONCE_LEN], purpose: &Purpose<'_>, bytes: &[u8]) -> Vec<u8> {
        let payload = Payload { msg: bytes, aad: &self.bind(purpose) };
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .expect("invariant: memory holds what is far below the cipher's limit");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what was sealed for this purpose.
    pub fn open(&self, purpose: &Purpose<'_>, sealed: &[u8]) -> Result<Vec<u8>, Unopenable> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Unopenable)?;
        let payload = Payload { msg: sealed, aad: &self.bind(purpose) };
        self.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_malformed| Unopenable)
    }

    /// Seals an envelope for its id.
    pub fn seal_event(&self, nonce: [u8; NONCE_LEN], envelope: &Envelope) -> Vec<u8> {
        let event = serde_bytes::ByteBuf::from(codec::encode_event(&envelope.event));
        let body = codec::encode(&Body(envelope.actor.clone(), envelope.at, event));
        self.seal(nonce, &Purpose::Event(envelope.id), &body)
    }

    /// Opens the envelope of this id. What is sealed well and makes no sense does not open either.
    pub fn open_event(&self, id: EventId, sealed: &[u8]) -> Result<Envelope, Unopenable> {
        let body = self.open(&Purpose::Event(id), sealed)?;
        let Body(actor, at, event) = codec::decode(&body).map_err(|_malformed| Unopenable)?;
        Ok(Envelope { id, actor, at, event: codec::decode_event(&event) })
    }

    /// Returns what a sealed value is bound to.
    fn bind(&self, purpose: &Purpose<'_>) -> Vec<u8> {
        let mut bound = b"cathode 1 ".to_vec();
        bound.extend_from_slice(self.notebook.as_str().as_bytes());
        let numbers: [u64; 3] = match *purpose {
            Purpose::Event(EventId { replica, counter }) => {
                bound.extend_from_slice(b" event ");
                [replica.0, counter, 0]
            }
            Purpose::Snapshot { seq, part, parts } => {
                bound.extend_from_slice(b" snapshot ");
                [seq, part.into(), parts.into()]
            }
            Purpose::Blob { name, part, parts } => {
                bound.extend_from_slice(b" blob ");
                bound.extend_from_slice(name.as_bytes());
                [name.len() as u64, part.into(), parts.into()]
            }
            Purpose::Ephemeral => {
                bound.extend_from_slice(b" ephemeral ");
                [0; 3]
            }
        };
        bound.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
        bound
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("notebook", &self.notebook).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use notebook::{Actor, Event, PersonId, ReplicaId};
    use proptest::prelude::*;

    use super::*;
    use crate::access::{Access, Secret};

    fn sealer(secret: u8) -> Sealer {
        Access::Writer(Secret::from_entropy([secret; 32])).sealer()
    }

    fn envelope() -> Envelope {
        let id = EventId { replica: ReplicaId(3), counter: 4 };
        let actor = Actor::Person(PersonId::parse("ada").unwrap());
        Envelope { id, actor, at: -5, event: Event::NotebookTitled { title: "Tides".into() } }
    }

    #[test]
    fn an_event_opens_under_its_own_id_and_key_only() {
        let (mine, envelope) = (sealer(1), envelope());
        let sealed = mine.seal_event([9; NONCE_LEN], &envelope);
        assert_eq!(mine.open_event(envelope.id, &sealed), Ok(envelope.clone()));
        let viewer = Access::Writer(Secret::from_entropy([1; 32])).for_viewing().sealer();
        assert_eq!(viewer.open_event(envelope.id, &sealed), Ok(envelope.clone()));
        let other = EventId { counter: 5, ..envelope.id };
        assert_eq!(mine.open_event(other, &sealed), Err(Unopenable));
        assert_eq!(sealer(2).open_event(envelope.id, &sealed), Err(Unopenable));
        assert!(!sealed.windows(5).any(|window| window == b"Tides"));
    }

    #[test]
    fn nothing_passes_for_something_else() {
        let mine = sealer(1);
        let purposes = [
            Purpose::Event(EventId { replica: ReplicaId(1), counter: 2 }),
            Purpose::Snapshot { seq: 1, part: 2, parts: 0 },
            Purpose::Snapshot { seq: 1, part: 0, parts: 2 },
            Purpose::Blob { name: "a", part: 2, parts: 0 },
            Purpose::Blob { name: "b", part: 2, parts: 0 },
            Purpose::Ephemeral,
        ];
        for sealed_as in &purposes {
            let sealed = mine.seal([7; NONCE_LEN], sealed_as, b"value");
            for opened_as in &purposes {
                assert_eq!(mine.open(opened_as, &sealed).is_ok(), sealed_as == opened_as);
            }
        }
    }

    #[test]
    fn a_good_seal_around_nonsense_does_not_open() {
        let (mine, id) = (sealer(1), envelope().id);
        let sealed = mine.seal([7; NONCE_LEN], &Purpose::Event(id), b"\xff\xff nonsense");
        assert_eq!(mine.open_event(id, &sealed), Err(Unopenable));
    }

    proptest! {
        #[test]
        fn altered_bytes_never_open(at in 0_usize..100, bit in 0_u8..8, cut in 0_usize..100) {
            let (mine, envelope) = (sealer(1), envelope());
            let sealed = mine.seal_event([9; NONCE_LEN], &envelope);
            let mut altered = sealed.clone();
            altered[at % sealed.len()] ^= 1 << bit;
            prop_assert_eq!(mine.open_event(envelope.id, &altered), Err(Unopenable));
            prop_assert_eq!(mine.open_event(envelope.id, &sealed[..cut % sealed.len()]), Err(Unopenable));
        }
    }
}
