//! Drafts: what a page shows of its texts and the log may lack. What is typed here is gathered and logged together.
//! What others type is heard before it is logged, and they may be gone before it is.

use std::collections::BTreeMap;

use crate::change::Change;
use crate::id::CellId;
use crate::source::{Source, Splice, merge_updates};
use crate::state::Notebook;

/// Updates that are to be logged for a cell's text, one after another.
pub type Updates = (CellId, Vec<Vec<u8>>);

/// The drafts of a page, by cell.
#[derive(Debug, Default)]
pub struct Drafts(BTreeMap<CellId, Draft>);

#[derive(Debug, Default)]
struct Draft {
    /// Typed here, while nothing was heard.
    typed: Vec<Vec<u8>>,
    heard: Option<Heard>,
}

#[derive(Debug)]
struct Heard {
    /// The text with nothing of what was heard but what came by the log, and with [`Draft::typed`].
    logged: Source,
    /// Whether something was typed here since: it may stand on what was heard, so both are logged together.
    answered: bool,
    /// Whether nothing was heard since the last look.
    quiet: bool,
}

impl Draft {
    fn is_typed(&self) -> bool {
        !self.typed.is_empty() || self.heard.as_ref().is_some_and(|heard| heard.answered)
    }

    /// Returns what the log lacks of the text that is shown.
    fn into_updates(self, shown: &Source) -> Vec<Vec<u8>> {
        let mut updates = self.typed;
        updates.extend(self.heard.map(|heard| shown.update_since(&heard.logged)));
        match merge_updates(&updates) {
            Ok(merged) if !updates.is_empty() => vec![merged],
            _ => updates,
        }
    }
}

impl Drafts {
    /// Types into a cell's text. Returns the update that tells others;
    /// `None`, and nothing is changed, where the text is not as who types believes.
    pub fn edit(&mut self, notebook: &mut Notebook, cell: &CellId, splices: &[Splice]) -> Option<Vec<u8>> {
        let update = notebook.source_mut(cell)?.edit(splices).ok()?;
        let draft = self.0.entry(cell.clone()).or_default();
        match &mut draft.heard {
            Some(heard) => heard.answered = true,
            None => draft.typed.push(update.clone()),
        }
        Some(update)
    }

    /// Takes in what somebody else types and the log may never have. Returns what it did to the text.
    pub fn hear(&mut self, notebook: &mut Notebook, cell: &CellId, update: &[u8]) -> Vec<Splice> {
        let Some(source) = notebook.source_mut(cell) else { return Vec::new() };
        // What came before was not heard, which happens; the log will bring both.
        if !source.can_follow(update) {
            return Vec::new();
        }
        let draft = self.0.entry(cell.clone()).or_default();
        let heard = draft.heard.get_or_insert_with(|| Heard { logged: source.clone(), answered: false, quiet: false });
        heard.quiet = false;
        let splices = source.merge(update).unwrap_or_default();
        self.forget_logged(notebook, cell);
        splices
    }

    /// Brings the page's copy in step with the store's. Returns what that did to a text.
    pub fn patch(&mut self, notebook: &mut Notebook, change: &Change) -> Vec<Splice> {
        if let Change::SourceReplaced { cell, .. } = change {
            return self.replace(notebook, cell, change).unwrap_or_default();
        }
        let splices = notebook.patch(change);
        if let Change::SourceEdited { cell, update } = change {
            self.log(notebook, cell, update);
        }
        splices
    }

    /// Puts another text in the place of one, and on top of it what the log lacks.
    fn replace(&mut self, notebook: &mut Notebook, cell: &CellId, change: &Change) -> Option<Vec<Splice>> {
        let before = notebook.cell(cell)?.source.clone();
        let draft = self.0.remove(cell);
        notebook.patch(change);
        let source = notebook.source_mut(cell)?;
        if let Some(draft) = draft {
            let logged = source.clone();
            // What was only heard is still for its author to log.
            let (answered, was_heard) = (draft.is_typed(), draft.heard.is_some());
            let lacking = draft.into_updates(&before);
            for update in &lacking {
                source.take_in(update).ok();
            }
            let draft = if was_heard {
                Draft { typed: Vec::new(), heard: Some(Heard { logged, answered, quiet: false }) }
            } else {
                Draft { typed: lacking, heard: None }
            };
            self.0.insert(cell.clone(), draft);
        }
        let splice = Splice::between(&before.text(), &source.text());
        self.forget_logged(notebook, cell);
        Some(splice.into_iter().collect())
    }

    /// Notes that the log has an update, which the text has taken in.
    fn log(&mut self, notebook: &Notebook, cell: &CellId, update: &[u8]) {
        if let Some(heard) = self.0.get_mut(cell).and_then(|draft| draft.heard.as_mut()) {
            heard.logged.take_in(update).ok();
            self.forget_logged(notebook, cell);
        }
    }

    /// Forgets what was heard of a cell's text, if the log has all that is shown.
    fn forget_logged(&mut self, notebook: &Notebook, cell: &CellId) {
        let Some(draft) = self.0.get_mut(cell) else { return };
        let is_logged = |heard: &Heard| notebook.cell(cell).is_none_or(|cell| cell.source.is_same_as(&heard.logged));
        if draft.heard.as_ref().is_some_and(is_logged) {
            draft.heard = None;
        }
        if draft.heard.is_none() && draft.typed.is_empty() {
            self.0.remove(cell);
        }
    }

    /// Returns what was typed here, and what it may stand on, to be logged.
    pub fn take_typed(&mut self, notebook: &Notebook) -> Vec<Updates> {
        self.take(notebook, |draft| draft.is_typed())
    }

    /// Returns all that the log lacks, to be logged: what is run is what is seen.
    pub fn take_all(&mut self, notebook: &Notebook) -> Vec<Updates> {
        self.take(notebook, |_| true)
    }

    /// Looks at what was heard. Returns, to be logged, what is not logged although nothing more was heard since the
    /// last look: who typed it is gone.
    pub fn take_abandoned(&mut self, notebook: &Notebook) -> Vec<Updates> {
        self.take(notebook, |draft| draft.heard.as_mut().is_some_and(|heard| std::mem::replace(&mut heard.quiet, true)))
    }

    /// Takes back what [`Self::take_abandoned`] would log, where nothing may be logged. Returns whose text that was.
    pub fn withdraw_abandoned(&mut self, notebook: &mut Notebook) -> Vec<CellId> {
        let mut withdrawn = Vec::new();
        self.0.retain(|cell, draft| {
            let Some(heard) = &mut draft.heard else { return true };
            if !std::mem::replace(&mut heard.quiet, true) {
                return true;
            }
            if let Some(source) = notebook.source_mut(cell) {
                *source = heard.logged.clone();
                withdrawn.push(cell.clone());
            }
            false
        });
        withdrawn
    }

    /// Says whether something was heard that is not logged.
    pub fn has_heard(&self) -> bool {
        self.0.values().any(|draft| draft.heard.is_some())
    }

    /// Says whether something was typed here that was not taken.
    pub fn has_typed(&self) -> bool {
        self.0.values().any(Draft::is_typed)
    }

    /// Brings what was typed here into a copy that takes the place of the old one.
    /// What was only heard is not in it.
    pub fn carry(&mut self, old: &Notebook, new: &mut Notebook) {
        self.0.retain(|cell, draft| draft.is_typed() && old.cell(cell).is_some() && new.cell(cell).is_some());
        for cell in self.0.keys() {
            if let (Some(old), Some(new)) = (old.cell(cell), new.source_mut(cell)) {
                new.take_in(&old.source.state()).ok();
            }
        }
    }

    fn take(&mut self, notebook: &Notebook, mut which: impl FnMut(&mut Draft) -> bool) -> Vec<Updates> {
        let mut taken = Vec::new();
        for cell in self.0.keys().cloned().collect::<Vec<_>>() {
            if let Some(shown) = notebook.cell(&cell)
                && self.0.get_mut(&cell).is_some_and(&mut which)
                && let Some(draft) = self.0.remove(&cell)
            {
                taken.push((cell, draft.into_updates(&shown.source)));
            }
        }
        taken
    }
}
