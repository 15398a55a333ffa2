//! Questions: blobs, pages of the log, figures, the database file.

use notebook::BlobRef;
use protocol::port::{Diagnostics, FromStore, RequestId};
use store::StoreError;

use super::{Leader, Requester};

/// The most entries of the log that one answer holds.
const MAX_PAGE: u32 = 1_000;

impl Leader {
    pub(super) fn read_blob(&mut self, from: &Requester, request: RequestId, blob: &BlobRef) {
        let found = self.store.blob(&blob.hash);
        if matches!(found, Ok(None)) && self.fetch_blob(from, request, &blob.hash) {
            return;
        }
        self.answer(from, request, found, |bytes| FromStore::Blob { request, bytes });
    }

    pub(super) fn read_log(&mut self, from: &Requester, request: RequestId, before: Option<u64>, limit: u32) {
        let page = self.store.log_page(before, limit.min(MAX_PAGE));
        self.answer(from, request, page, |entries| FromStore::Log { request, entries });
    }

    pub(super) fn diagnose(&mut self, from: &Requester, request: RequestId) {
        let commit_millis = self.commit_millis.iter().copied().collect();
        let unopened = self.unopened();
        let figures = self.store.diagnostics().map(|figures| Diagnostics { commit_millis, unopened, ..figures });
        self.answer(from, request, figures, |figures| FromStore::Diagnostics { request, figures });
    }

    pub(super) fn export(&mut self, from: &Requester, request: RequestId) {
        let bytes = self.store.export();
        self.answer(from, request, bytes, |bytes| FromStore::Database { request, bytes });
    }

    fn answer<T>(
        &mut self,
        from: &Requester,
        request: RequestId,
        found: Result<T, StoreError>,
        answer: impl FnOnce(T) -> FromStore,
    ) {
        let message = match found {
            Ok(found) => answer(found),
            Err(error) => FromStore::RequestFailed { request, message: error.to_string() },
        };
        self.reply(from, message);
    }
}
