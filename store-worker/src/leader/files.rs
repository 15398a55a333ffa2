//! A notebook's files may be deleted while it is open. What is open is kept in memory then, and put into files again
//! when a person asks for it.

use protocol::port::{FromStore, RequestId, Storage};
use store::{Store, StoreError};

use super::{Effect, Leader, Requester};

impl Leader {
    /// Returns where the notebook lives.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Returns the whole database as one file, what is unsaved included.
    pub fn image(&mut self) -> Result<Vec<u8>, StoreError> {
        self.store.export()
    }

    /// Goes on over a store that was made of [`Self::image`], with nothing in between.
    pub fn move_to(&mut self, store: Store, storage: Storage) -> Vec<Effect> {
        self.store = store;
        self.saving.moved(!storage.keeps());
        self.storage = storage.clone();
        self.tell_all(FromStore::Moved(storage));
        // Shows and answers what waited for a commit: the image holds it.
        self.commit()
    }

    pub(super) fn save_again(&mut self, from: &Requester, request: RequestId) {
        if self.storage == Storage::Cleared {
            self.effects.push(Effect::SaveAgain { from: from.clone(), request });
        } else {
            self.reply(from, FromStore::Done { request });
        }
    }
}
