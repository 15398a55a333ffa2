//! Typing: local edits go into the page's copy at once and to the store merged, at most once a second.

use std::collections::{BTreeMap, BTreeSet};

use browser::timer::Timeout;
use leptos::prelude::*;
use notebook::source::{Splice, merge_updates};
use notebook::{CellId, Command};

use super::Session;

/// How long typing is gathered.
const GATHER_MILLIS: u32 = 1000;

/// What was typed and has not been sent.
#[derive(Default)]
pub(super) struct Edits {
    updates: BTreeMap<CellId, Vec<Vec<u8>>>,
    timer: Option<Timeout>,
}

impl Edits {
    pub(super) fn cells(&self) -> BTreeSet<CellId> {
        self.updates.keys().cloned().collect()
    }
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
            let source = inner.notebook.source_mut(cell)?;
            let update = source.edit(splices).ok()?;
            inner.edits.updates.entry(cell.clone()).or_default().push(update);
            if inner.edits.timer.is_none() {
                inner.edits.timer = Some(Timeout::new(GATHER_MILLIS, move || self.flush()));
            }
            inner.cells.get(cell).map(|view| view.edited.clone())
        });
        match edited.flatten() {
            Some(edited) => {
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

    /// Sends everything typed so far; what is sent after this comes after it.
    pub(crate) fn flush(self) {
        let updates = self.inner.try_update_value(|inner| {
            inner.edits.timer = None;
            std::mem::take(&mut inner.edits.updates)
        });
        for (cell, updates) in updates.unwrap_or_default() {
            match merge_updates(&updates) {
                Ok(update) => self.command(Command::EditSource { cell, update }),
                Err(_) => {
                    for update in updates {
                        self.command(Command::EditSource { cell: cell.clone(), update });
                    }
                }
            }
        }
        self.unsent.try_set(false);
    }
}
