//! A notebook's secret and all that is derived from it.
//!
//! The secret travels in a link's fragment, which browsers never send. The notebook's id is the
//! fingerprint of its verifying key, so sharing a notebook later does not change its URL.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use hkdf::Hkdf;
pub use notebook::NotebookId;
use sha2::{Digest as _, Sha256};

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
        let signing = SigningKey::from_bytes(&self.derive("cathode 1 signing"));
        let digest = Sha256::digest(signing.verifying_key().as_bytes());
        let mut fingerprint = [0; 16];
        fingerprint.copy_from_slice(&digest[..16]);
        NotebookId::from_entropy(fingerprint)
    }

    /// Returns the key that names this notebook's blobs.
    pub fn blob_key(&self) -> [u8; 32] {
        self.derive("cathode 1 blob names")
    }

    fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, &self.0)
            .expand(purpose.as_bytes(), &mut key)
            .expect("invariant: 32 bytes are within HKDF's limit");
        key
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
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
        assert_eq!(format!("{:?}", Secret::from_entropy([9; 32])), "Secret(…)");
    }
}
