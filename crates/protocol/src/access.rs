//! A notebook's secret and all that is derived from it: who may read, who may write, and how they show it.
//!
//! The secret travels in a link's fragment, which browsers never send. The notebook's id is the
//! fingerprint of its verifying key, so sharing a notebook later does not change its URL.
//!
//! `secret → signing key → id`, and `secret → read key → sealing key, read token`: who has the read key
//! opens everything and can sign nothing.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use hkdf::Hkdf;
pub use notebook::NotebookId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::seal::Sealer;
use crate::wire::{Proof, Refusal, RelayId, greeting_to_sign};

/// Length of a secret in bytes.
pub const SECRET_LEN: usize = 32;

/// Says that a text or bytes are not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key in this link is not complete: it must be {SECRET_LEN} bytes in base64url")]
pub struct InvalidSecret;

/// The one thing that gives access to a notebook. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; SECRET_LEN]);

impl Secret {
    /// Makes a secret from entropy that the caller brings.
    pub fn from_entropy(entropy: [u8; SECRET_LEN]) -> Self {
        Self(entropy)
    }

    /// Reads a secret as it is kept.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, InvalidSecret> {
        bytes.try_into().map(Self).map_err(|_other| InvalidSecret)
    }

    /// Reads a secret as a link carries it.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_other| InvalidSecret)?;
        Self::from_slice(&bytes)
    }

    /// Returns the bytes, to be kept on this device only.
    pub fn as_bytes(&self) -> &[u8; SECRET_LEN] {
        &self.0
    }

    /// Returns the text for a link's fragment.
    pub fn to_text(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Returns the notebook's id: the fingerprint of the verifying key.
    pub fn notebook_id(&self) -> NotebookId {
        fingerprint(self.signing_key().verifying_key().as_bytes())
    }

    /// Returns the key that names this notebook's blobs.
    pub fn blob_key(&self) -> [u8; 32] {
        derive(&self.0, "cathode 1 blob names")
    }

    /// Returns the key of those who may only read.
    pub fn read_key(&self) -> ReadKey {
        ReadKey(derive(&self.0, "cathode 1 reading"))
    }

    fn signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(&derive(&self.0, "cathode 1 signing"))
    }
}

/// Opens what is sealed and lets into the relay as a reader. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct ReadKey([u8; SECRET_LEN]);

impl ReadKey {
    fn sealing_key(&self) -> [u8; 32] {
        derive(&self.0, "cathode 1 sealing")
    }

    fn token(&self) -> [u8; 32] {
        derive(&self.0, "cathode 1 read token")
    }
}

/// What this device may do with a notebook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(NotebookId, String)", into = "(NotebookId, String)")]
pub enum Access {
    /// Read and write.
    Writer(Secret),
    /// Read. The id cannot be told from the key, so the link's is kept.
    Reader(NotebookId, ReadKey),
}

/// What the fragment of a view link begins with.
const VIEW: &str = "view.";

/// Why a link does not open a notebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLink {
    /// It was cut off or changed on its way.
    #[error("{InvalidSecret}; ask for the link again and copy all of it")]
    Key,
    /// The key is that of another notebook.
    #[error("the key in this link belongs to another notebook; ask for the link again and copy all of it")]
    OtherNotebook,
}

impl Access {
    /// Reads the fragment of a link to a notebook, without the `#`.
    pub fn parse(notebook: &NotebookId, fragment: &str) -> Result<Self, InvalidLink> {
        if let Some(key) = fragment.strip_prefix(VIEW) {
            let Secret(key) = Secret::parse(key).map_err(|InvalidSecret| InvalidLink::Key)?;
            return Ok(Self::Reader(notebook.clone(), ReadKey(key)));
        }
        let secret = Secret::parse(fragment).map_err(|InvalidSecret| InvalidLink::Key)?;
        if secret.notebook_id() == *notebook { Ok(Self::Writer(secret)) } else { Err(InvalidLink::OtherNotebook) }
    }

    /// Returns the fragment of a link that gives this access.
    pub fn fragment(&self) -> String {
        match self {
            Self::Writer(secret) => secret.to_text(),
            Self::Reader(_, ReadKey(key)) => format!("{VIEW}{}", BASE64_URL_SAFE_NO_PAD.encode(key)),
        }
    }

    /// Returns the access that only reads.
    #[must_use]
    pub fn for_viewing(&self) -> Self {
        match self {
            Self::Writer(secret) => Self::Reader(secret.notebook_id(), secret.read_key()),
            Self::Reader(..) => self.clone(),
        }
    }

    /// Returns the notebook's id.
    pub fn notebook(&self) -> NotebookId {
        match self {
            Self::Writer(secret) => secret.notebook_id(),
            Self::Reader(notebook, _) => notebook.clone(),
        }
    }

    /// Says whether it may write.
    pub fn may_write(&self) -> bool {
        matches!(self, Self::Writer(_))
    }

    /// Returns the key that names blobs. Who only reads names none.
    pub fn blob_key(&self) -> [u8; 32] {
        match self {
            Self::Writer(secret) => secret.blob_key(),
            Self::Reader(..) => [0; 32],
        }
    }

    /// Reads what a device keeps: the secret, or the read key of one that may only view.
    pub fn from_kept(notebook: &NotebookId, bytes: &[u8], viewing: bool) -> Result<Self, InvalidSecret> {
        let secret = Secret::from_slice(bytes)?;
        Ok(if viewing { Self::Reader(notebook.clone(), ReadKey(secret.0)) } else { Self::Writer(secret) })
    }

    /// Returns what this device is to keep; read again by [`Access::from_kept`].
    pub fn to_kept(&self) -> Vec<u8> {
        match self {
            Self::Writer(Secret(key)) | Self::Reader(_, ReadKey(key)) => key.to_vec(),
        }
    }

    /// Returns what seals and opens this notebook's events.
    pub fn sealer(&self) -> Sealer {
        let key = match self {
            Self::Writer(secret) => secret.read_key(),
            Self::Reader(_, key) => key.clone(),
        };
        Sealer::new(self.notebook(), &key.sealing_key())
    }

    /// Answers a relay's greeting.
    pub fn prove(&self, relay: RelayId, nonce: &[u8]) -> Proof {
        match self {
            Self::Writer(secret) => {
                let signing = secret.signing_key();
                let notebook = fingerprint(signing.verifying_key().as_bytes());
                let signature = signing.sign(&greeting_to_sign(&notebook, relay, nonce));
                Proof::Writer {
                    key: signing.verifying_key().as_bytes().to_vec(),
                    signature: signature.to_bytes().to_vec(),
                    reader: Sha256::digest(secret.read_key().token()).to_vec(),
                }
            }
            Self::Reader(_, key) => Proof::Reader { token: key.token().to_vec() },
        }
    }
}

impl TryFrom<(NotebookId, String)> for Access {
    type Error = InvalidLink;

    fn try_from((notebook, fragment): (NotebookId, String)) -> Result<Self, InvalidLink> {
        Self::parse(&notebook, &fragment)
    }
}

impl From<Access> for (NotebookId, String) {
    fn from(access: Access) -> Self {
        (access.notebook(), access.fragment())
    }
}

/// What the relay lets a connection do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Right {
    /// Write; readers are known by this hash of their token from now on.
    Write {
        /// SHA-256 of the read token.
        reader: [u8; 32],
    },
    /// Read.
    Read,
}

/// Checks a proof, as the relay does. `reader` is what the last writer said of the read token.
pub fn verify(
    notebook: &NotebookId,
    relay: RelayId,
    nonce: &[u8],
    proof: &Proof,
    reader: Option<[u8; 32]>,
) -> Result<Right, Refusal> {
    match proof {
        Proof::Writer { key, signature, reader } => {
            let key: [u8; 32] = key.as_slice().try_into().map_err(|_malformed| Refusal::Denied)?;
            let reader: [u8; 32] = reader.as_slice().try_into().map_err(|_malformed| Refusal::Denied)?;
            let signature = Signature::from_slice(signature).map_err(|_malformed| Refusal::Denied)?;
            if fingerprint(&key) != *notebook {
                return Err(Refusal::Denied);
            }
            let key = VerifyingKey::from_bytes(&key).map_err(|_malformed| Refusal::Denied)?;
            let signed = greeting_to_sign(notebook, relay, nonce);
            key.verify_strict(&signed, &signature).map_err(|_malformed| Refusal::Denied)?;
            Ok(Right::Write { reader })
        }
        Proof::Reader { token } => match reader {
            // Comparing hashes gives nothing away by how long it takes.
            Some(known) if Sha256::digest(token).as_slice() == known => Ok(Right::Read),
            Some(_) => Err(Refusal::Denied),
            None => Err(Refusal::Unknown),
        },
    }
}

fn fingerprint(verifying_key: &[u8; 32]) -> NotebookId {
    let digest = Sha256::digest(verifying_key);
    let mut fingerprint = [0; 16];
    fingerprint.copy_from_slice(&digest[..16]);
    NotebookId::from_entropy(fingerprint)
}

fn derive(key: &[u8; SECRET_LEN], purpose: &str) -> [u8; 32] {
    let mut derived = [0; 32];
    Hkdf::<Sha256>::new(None, key)
        .expand(purpose.as_bytes(), &mut derived)
        .expect("invariant: 32 bytes are within HKDF's limit");
    derived
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Debug for ReadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadKey(…)")
    }
}

/// Writes bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_survives_its_link_and_names_one_notebook() {
        let secret = Secret::from_entropy([7; 32]);
        let read = Secret::parse(&secret.to_text()).unwrap();
        assert_eq!(read.notebook_id(), secret.notebook_id());
        // The derivation is a promise: a link made today opens the same notebook for ever.
        assert_eq!(secret.notebook_id().as_str().len(), 32);
        assert_ne!(Secret::from_entropy([8; 32]).notebook_id(), secret.notebook_id());
    }

    #[test]
    fn damaged_links_are_refused() {
        for text in ["", "short", "!!!!", &"A".repeat(42), &"A".repeat(44)] {
            assert_eq!(Secret::parse(text), Err(InvalidSecret), "{text}");
        }
    }

    #[test]
    fn nothing_of_a_secret_reaches_a_log() {
        let writer = Access::Writer(Secret::from_entropy([9; 32]));
        assert_eq!(format!("{writer:?}"), "Writer(Secret(…))");
        assert!(format!("{:?}", writer.for_viewing()).ends_with("ReadKey(…))"));
    }

    #[test]
    fn a_link_gives_the_access_it_was_made_for() {
        let writer = Access::Writer(Secret::from_entropy([7; 32]));
        let (id, viewer) = (writer.notebook(), writer.for_viewing());
        assert_eq!(Access::parse(&id, &writer.fragment()), Ok(writer.clone()));
        assert_eq!(Access::parse(&id, &viewer.fragment()), Ok(viewer.clone()));
        assert_eq!(viewer.for_viewing(), viewer);
        let other = Access::Writer(Secret::from_entropy([8; 32]));
        assert_eq!(Access::parse(&id, &other.fragment()), Err(InvalidLink::OtherNotebook));
        for fragment in ["", "view.", "view.short", &viewer.fragment()[..40], &format!("{}A", writer.fragment())] {
            assert_eq!(Access::parse(&id, fragment), Err(InvalidLink::Key), "{fragment}");
        }
    }

    #[test]
    fn the_relay_lets_in_whom_the_notebook_knows() {
        let (relay, nonce) = (RelayId(5), [3; 32]);
        let writer = Access::Writer(Secret::from_entropy([7; 32]));
        let id = writer.notebook();
        let judge = |proof: &Proof, reader| verify(&id, relay, &nonce, proof, reader);
        let proof = writer.prove(relay, &nonce);
        let Ok(Right::Write { reader }) = judge(&proof, None) else { panic!("the writer is let in") };
        let viewer = writer.for_viewing().prove(relay, &nonce);
        assert_eq!(judge(&viewer, Some(reader)), Ok(Right::Read));
        assert_eq!(judge(&viewer, None), Err(Refusal::Unknown), "no writer came yet");

        let stranger = Access::Writer(Secret::from_entropy([8; 32]));
        assert_eq!(judge(&stranger.prove(relay, &nonce), Some(reader)), Err(Refusal::Denied), "another key");
        assert_eq!(judge(&stranger.for_viewing().prove(relay, &nonce), Some(reader)), Err(Refusal::Denied));
        assert_eq!(verify(&id, relay, &[4; 32], &proof, None), Err(Refusal::Denied), "an old answer");
        assert_eq!(verify(&id, RelayId(6), &nonce, &proof, None), Err(Refusal::Denied), "another relay's");
        let Proof::Writer { key, reader: hash, .. } = proof else { unreachable!() };
        let forged = Proof::Writer { key, signature: vec![0; 64], reader: hash };
        assert_eq!(judge(&forged, None), Err(Refusal::Denied));
    }
}
