//! Typing: local edits go into the page's copy at once, to others at once, and to the store merged, at most once a
//! second.

use browser::timer::Timeout;
use leptos::prelude::*;
use notebook::draft::{Drafts, Updates};
use notebook::source::Splice;
use notebook::{CellId, Command, Notebook};
use protocol::port::{SyncState, ToStore};

use super::{Inner, Session};

/// How long typing is gathered.
const GATHER_MILLIS: u32 = 1000;

/// How long what others type may stay unlogged, at least: who types logs it sooner.
const LOOK_MILLIS: u32 = 5000;
/// How much longer it may be, so that of many who see it one logs it and the others see that.
const LOOK_APART_MILLIS: u32 = 10_000;

/// What is shown and may not be logged.
#[derive(Default)]
pub(super) struct Edits {
    pub(super) drafts: Drafts,
    gathered: Option<Timeout>,
    look: Option<Timeout>,
}

/// Returns a number that no other replica of a text uses.
pub(super) fn fresh_client() -> u64 {
    let [a, b, c, d, ..] = browser::entropy::bytes16();
    // yrs is built for numbers of 32 bits, and the lowest ones are taken by what seeds a text.
    u64::from(u32::from_le_bytes([a, b, c, d]) | 1 << 31)
}

impl Session {
    /// Takes in what was typed into a cell's editor.
    pub(crate) fn type_in(self, cell: &CellId, splices: &[Splice]) {
        let edited = self.inner.try_update_value(|inner| {
            let Inner { notebook, edits, .. } = inner;
            let update = edits.drafts.edit(notebook, cell, splices)?;
            edits.gathered.get_or_insert_with(|| Timeout::new(GATHER_MILLIS, move || self.log_typed()));
            inner.cells.get(cell).map(|view| (view.edited.clone(), update))
        });
        match edited.flatten() {
            Some((edited, update)) => {
                if self.is_watched() {
                    self.post(&ToStore::Typed { cell: cell.clone(), update });
                }
                edited.update(|count| *count += 1);
                if !self.unsent.get_untracked() {
                    self.unsent.set(true);
                }
            }
            // The editor and the copy disagree: the copy is right, since it is what gets saved.
            None => {
                if let Some(editor) = self.editor(cell) {
                    editor.replace(&self.text(cell));
                }
            }
        }
    }

    /// Sends all that is shown and not logged; what is sent after this comes after it.
    pub(crate) fn flush(self) {
        if self.may_log() {
            self.log(Drafts::take_all);
        }
    }

    fn log_typed(self) {
        self.log(Drafts::take_typed);
    }

    fn log(self, take: impl FnOnce(&mut Drafts, &Notebook) -> Vec<Updates>) {
        let taken = self.inner.try_update_value(|inner| {
            let taken = take(&mut inner.edits.drafts, &inner.notebook);
            let waits = inner.edits.drafts.has_typed();
            if !waits {
                inner.edits.gathered = None;
            }
            (taken, waits)
        });
        let Some((taken, waits)) = taken else { return };
        for (cell, updates) in taken {
            for update in updates {
                self.command(Command::EditSource { cell: cell.clone(), update });
            }
        }
        self.unsent.try_set(waits);
    }

    /// Takes in what somebody else is typing, which is not in the log yet and may never be.
    pub(super) fn take_in_typing(self, cell: &CellId, update: &[u8]) {
        let heard = self.inner.try_update_value(|inner| {
            let Inner { notebook, edits, .. } = inner;
            let splices = edits.drafts.hear(notebook, cell, update);
            if edits.drafts.has_heard() {
                edits.look.get_or_insert_with(|| self.look_later());
            }
            let view = inner.cells.get(cell).filter(|_| !splices.is_empty())?;
            Some((view.edited.clone(), inner.editors.get(cell).cloned(), splices))
        });
        if let Some((edited, editor, splices)) = heard.flatten() {
            edited.update(|count| *count += 1);
            if let Some(editor) = editor {
                editor.apply(&splices);
            }
        }
    }

    /// Settles what was heard of somebody who has been quiet since, and whose typing is not logged.
    fn look_at_heard(self) {
        if self.may_log() {
            self.log(Drafts::take_abandoned);
        } else {
            self.withdraw_heard();
        }
        self.inner.try_update_value(|inner| {
            inner.edits.look = inner.edits.drafts.has_heard().then(|| self.look_later());
        });
    }

    fn look_later(self) -> Timeout {
        let [a, b, ..] = browser::entropy::bytes16();
        let apart = u32::from(u16::from_le_bytes([a, b])) * LOOK_APART_MILLIS / u32::from(u16::MAX);
        Timeout::new(LOOK_MILLIS + apart, move || self.look_at_heard())
    }

    fn withdraw_heard(self) {
        let withdrawn = self.inner.try_update_value(|inner| {
            let Inner { notebook, edits, .. } = inner;
            edits.drafts.withdraw_abandoned(notebook)
        });
        for cell in withdrawn.unwrap_or_default() {
            if let Some(view) = self.cell(&cell) {
                view.edited.update(|count| *count += 1);
            }
            if let Some(editor) = self.editor(&cell) {
                editor.replace(&self.text(&cell));
            }
        }
    }

    fn may_log(self) -> bool {
        self.inner.try_with_value(|inner| inner.opening.access.may_write()).unwrap_or(false)
    }

    /// Says whether somebody would see what is typed here.
    fn is_watched(self) -> bool {
        let live = self.sync.with_untracked(|sync| matches!(sync, SyncState::Live { .. }));
        live && self.peers.with_untracked(|peers| !peers.is_empty())
    }
}
