//! Commits in groups. What was asked for is answered after its commit, never before.

use protocol::port::{FromStore, SaveState};

use store::StoreError;

use super::{Effect, Leader};

/// How many of the last commits are measured.
const MEASURED: usize = 100;

impl Leader {
    /// Commits what is unsaved, shows it and answers who asked for it.
    ///
    /// Where that fails it is shown all the same, as unsaved, and tried again.
    pub fn commit(&mut self) -> Vec<Effect> {
        self.saving.begin();
        let committed = if self.store.is_saved() { Ok(()) } else { self.commit_store() };
        match committed {
            Ok(()) => {
                self.saving.succeeded();
                self.show();
                for (from, request) in std::mem::take(&mut self.awaiting) {
                    self.reply(&from, FromStore::Done { request });
                }
                self.tell_saved(SaveState::Saved);
                self.send_committed();
            }
            Err(error) => {
                log::error!("not saved: {error}");
                self.show();
                let events = self.store.unsaved() as u64;
                self.tell_saved(SaveState::Failed { reason: error.to_string(), events });
                let due = self.saving.failed();
                self.effects.push(Effect::Commit(due));
            }
        }
        self.pump();
        self.take_effects()
    }

    fn commit_store(&mut self) -> Result<(), StoreError> {
        let began = (self.edge.elapsed)();
        self.store.commit()?;
        if self.commit_millis.len() == MEASURED {
            self.commit_millis.pop_front();
        }
        self.commit_millis.push_back((self.edge.elapsed)() - began);
        Ok(())
    }

    /// Uses an idle moment to bring the database to rest, so that it opens fast the next time.
    pub fn rest(&mut self) {
        if self.store.unsaved() == 0
            && let Err(error) = self.store.checkpoint()
        {
            log::warn!("the database was not brought to rest: {error}");
        }
    }

    /// Tells what changed since the last time.
    pub(super) fn show(&mut self) {
        if self.fresh.is_empty() {
            return;
        }
        let changes = std::mem::take(&mut self.fresh);
        self.tell_all(FromStore::Changed { changes });
        if self.store.unsaved() > 0 && !self.saving.is_failing() {
            self.tell_saved(SaveState::Saving);
        }
    }

    pub(super) fn commit_soon(&mut self) {
        let due = self.saving.soon();
        self.effects.extend(due.map(Effect::Commit));
    }

    pub(super) fn commit_typing(&mut self) {
        let due = self.saving.typed();
        self.effects.extend(due.map(Effect::Commit));
    }

    pub(super) fn commit_later(&mut self) {
        let due = self.saving.later();
        self.effects.extend(due.map(Effect::Commit));
    }

    fn tell_saved(&mut self, state: SaveState) {
        if let Some(news) = self.saving.tell(state) {
            self.tell_all(FromStore::Saved(news));
        }
    }
}
