//! Values that live in the store's blob table, read when they are shown. Keeps the last ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::prelude::*;
use notebook::{BlobRef, Content};
use protocol::port::{FromStore, ToStore};

use crate::session::Session;

/// How many bytes of read values are kept; an image scrolled back into view need not be read again.
const KEPT_BYTES: usize = 32 << 20;

/// Why a value is not to be had that is neither here nor, just now, anywhere else.
pub(crate) const NOT_HERE: &str = "This value is not in this browser.";

#[derive(Debug, Default)]
struct Kept {
    bytes: usize,
    clock: u64,
    values: BTreeMap<Arc<str>, (u64, Arc<[u8]>)>,
}

/// The values read last.
#[derive(Clone, Copy)]
pub(crate) struct Blobs(StoredValue<Kept>);

impl Blobs {
    pub(crate) fn new() -> Self {
        Self(StoredValue::new(Kept::default()))
    }

    fn find(self, blob: &BlobRef) -> Option<Arc<[u8]>> {
        self.0.try_update_value(|kept| {
            kept.clock += 1;
            let clock = kept.clock;
            kept.values.get_mut(&blob.hash).map(|(used, bytes)| {
                *used = clock;
                Arc::clone(bytes)
            })
        })?
    }

    fn keep(self, blob: &BlobRef, bytes: &Arc<[u8]>) {
        self.0.try_update_value(|kept| {
            kept.clock += 1;
            kept.bytes += bytes.len();
            kept.values.insert(Arc::clone(&blob.hash), (kept.clock, Arc::clone(bytes)));
            while kept.bytes > KEPT_BYTES && kept.values.len() > 1 {
                let oldest = kept.values.iter().min_by_key(|(_, (used, _))| *used).map(|(hash, _)| Arc::clone(hash));
                if let Some((_, dropped)) = oldest.and_then(|hash| kept.values.remove(&hash)) {
                    kept.bytes -= dropped.len();
                }
            }
        });
    }
}

impl Session {
    /// Reads a blob, or says why it is not to be had.
    pub(crate) async fn read_blob(self, blob: &BlobRef) -> Result<Arc<[u8]>, String> {
        if let Some(bytes) = self.blobs.find(blob) {
            return Ok(bytes);
        }
        let wanted = blob.clone();
        match self.ask(|request| ToStore::ReadBlob { request, blob: wanted }).await {
            Ok(FromStore::Blob { bytes: Some(bytes), .. }) => {
                let bytes: Arc<[u8]> = bytes.into();
                self.blobs.keep(blob, &bytes);
                Ok(bytes)
            }
            Ok(_) => Err(NOT_HERE.to_owned()),
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    /// Reads a text.
    pub(crate) async fn read_text(self, content: &Content<String>) -> Result<String, String> {
        match content {
            Content::Inline(text) => Ok(text.clone()),
            Content::Blob(blob) => Ok(String::from_utf8_lossy(&self.read_blob(blob).await?).into_owned()),
        }
    }
}
