//! Names of large values: a keyed hash, so that equal blobs of two notebooks look unrelated.

use hmac::{Hmac, KeyInit as _, Mac as _};
use notebook::BlobRef;
use sha2::Sha256;

/// Values longer than this many bytes live in the blob table.
pub const BLOB_THRESHOLD: usize = 64 * 1024;

/// Returns the reference to these bytes under a notebook's blob key.
pub fn reference(key: &[u8], bytes: &[u8]) -> BlobRef {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("invariant: HMAC takes keys of any length");
    mac.update(bytes);
    let hash = crate::access::hex(&mac.finalize().into_bytes());
    BlobRef { hash: hash.into(), size: bytes.len() as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_depends_on_the_bytes_and_on_the_key() {
        let name = reference(&[1; 32], b"value");
        assert_eq!(name, reference(&[1; 32], b"value"));
        assert_ne!(name.hash, reference(&[1; 32], b"other").hash);
        assert_ne!(name.hash, reference(&[2; 32], b"value").hash);
        assert_eq!((name.hash.len(), name.size), (64, 5));
    }
}
