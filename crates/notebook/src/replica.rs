//! Confirmed and pending: what people see while the order of their own events is not yet settled.

use std::collections::VecDeque;

use crate::apply::Applied;
use crate::change::Change;
use crate::event::{Envelope, Event};
use crate::state::Notebook;

/// A notebook with own events that are applied but not yet ordered.
#[derive(Debug, Clone, Default)]
pub struct Replica {
    confirmed: Notebook,
    pending: VecDeque<Envelope>,
    // Invariant: `confirmed` and then `pending`, folded in this order; `None` when nothing is pending.
    ahead: Option<Notebook>,
}

/// What the next event of the settled order did.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirmed {
    /// To the confirmed state.
    pub applied: Applied,
    /// To what people see; `None`: the same.
    shown: Option<Vec<Change>>,
}

impl Confirmed {
    /// Returns what it did to what people see.
    pub fn into_shown(self) -> Vec<Change> {
        self.shown.unwrap_or_else(|| changes_of(self.applied))
    }
}

impl Replica {
    /// Starts from a confirmed state.
    pub fn new(confirmed: Notebook) -> Self {
        Self { confirmed, pending: VecDeque::new(), ahead: None }
    }

    /// Returns what people see.
    pub fn visible(&self) -> &Notebook {
        self.ahead.as_ref().unwrap_or(&self.confirmed)
    }

    /// Returns what is ordered.
    pub fn confirmed(&self) -> &Notebook {
        &self.confirmed
    }

    /// Returns the own events that are not ordered yet, oldest first.
    pub fn pending(&self) -> impl ExactSizeIterator<Item = &Envelope> {
        self.pending.iter()
    }

    /// Adds an own event. One that the state holds already is not kept.
    pub fn append(&mut self, envelope: Envelope) -> Applied {
        if envelope.id.counter <= self.visible().mark(envelope.id.replica) {
            return Applied::Ignored(crate::apply::IgnoreReason::Duplicate);
        }
        let applied = self.ahead.get_or_insert_with(|| self.confirmed.clone()).apply(&envelope);
        self.pending.push_back(envelope);
        applied
    }

    /// Takes the next event of the settled order, own or foreign.
    pub fn confirm(&mut self, envelope: &Envelope) -> Confirmed {
        let mut former = None;
        let confirmed = self.confirm_next(envelope, &mut former);
        self.fold_after(former, confirmed)
    }

    /// Takes the next events of the settled order. What is pending is folded again at most once: what that did is said
    /// with the last event.
    pub fn confirm_all(&mut self, envelopes: &[Envelope]) -> Vec<Confirmed> {
        let mut former = None;
        let mut all: Vec<_> = envelopes.iter().map(|envelope| self.confirm_next(envelope, &mut former)).collect();
        if let Some(last) = all.pop() {
            all.push(self.fold_after(former, last));
        }
        all
    }

    /// Takes the next event. `former` is what people saw before `ahead` fell behind, if it did: then it is to be
    /// folded again.
    fn confirm_next(&mut self, envelope: &Envelope, former: &mut Option<Notebook>) -> Confirmed {
        if self.pending.front().is_some_and(|own| own.id == envelope.id) {
            self.pending.pop_front();
            if self.pending.is_empty() {
                // Dropped first, so that what both share is altered in place.
                self.ahead = None;
            }
            return Confirmed { applied: self.confirmed.apply(envelope), shown: Some(Vec::new()) };
        }
        if former.is_none() && self.ahead.is_none() {
            return Confirmed { applied: self.confirmed.apply(envelope), shown: None };
        }
        // Text commutes with everything but the coming and going of its cell; the rest is folded again. So is what is
        // pending: where a relay lost it, somebody else may have brought it back, in another order.
        let is_pending = self.pending.iter().any(|own| own.id == envelope.id);
        let commutes = !is_pending && self.ahead.as_ref().is_some_and(|ahead| self.commutes(ahead, envelope));
        let applied = self.confirmed.apply(envelope);
        let shown = match &mut self.ahead {
            Some(ahead) if commutes && matches!(applied, Applied::Changed(_)) => changes_of(ahead.apply(envelope)),
            _ => {
                self.pending.retain(|own| own.id != envelope.id);
                if let Some(ahead) = self.ahead.take() {
                    *former = Some(ahead);
                }
                Vec::new()
            }
        };
        Confirmed { applied, shown: Some(shown) }
    }

    fn commutes(&self, ahead: &Notebook, envelope: &Envelope) -> bool {
        let goes = |own: &Envelope| {
            matches!(own.event, Event::CellDeleted { .. } | Event::CellSplit { .. } | Event::CellsMerged { .. })
        };
        matches!(&envelope.event, Event::SourceEdited { cell, .. }
            if ahead.cell(cell).is_some() && self.confirmed.live_cell(cell).is_some())
            && !self.pending.iter().any(goes)
    }

    /// Folds what is pending again, if people saw something else before that.
    fn fold_after(&mut self, former: Option<Notebook>, last: Confirmed) -> Confirmed {
        let Some(former) = former else { return last };
        self.fold_pending();
        let mut shown = last.shown.unwrap_or_default();
        shown.extend(self.visible().difference(&former));
        Confirmed { shown: Some(shown), ..last }
    }

    /// Puts another confirmed state, and what comes after it, in place of this one.
    /// Returns what that did to what people see.
    pub fn adopt(&mut self, confirmed: Notebook, pending: Vec<Envelope>) -> Vec<Change> {
        let before = std::mem::replace(self, Self { confirmed, pending: pending.into(), ahead: None });
        self.fold_pending();
        self.visible().difference(before.visible())
    }

    fn fold_pending(&mut self) {
        self.ahead = (!self.pending.is_empty()).then(|| {
            let mut ahead = self.confirmed.clone();
            for own in &self.pending {
                ahead.apply(own);
            }
            ahead
        });
    }
}

fn changes_of(applied: Applied) -> Vec<Change> {
    match applied {
        Applied::Changed(changes) => changes,
        Applied::Ignored(_) => Vec::new(),
    }
}
