//! Confirmed and pending: what people see while the order of their own events is not yet settled.

use std::collections::VecDeque;

use crate::apply::Applied;
use crate::event::Envelope;
use crate::state::Notebook;

/// A notebook with own events that are applied but not yet ordered.
#[derive(Debug, Clone)]
pub struct Replica {
    confirmed: Notebook,
    pending: VecDeque<Envelope>,
    // Invariant: `confirmed` and then `pending`, folded in this order.
    visible: Notebook,
}

impl Replica {
    /// Starts from a confirmed state.
    pub fn new(confirmed: Notebook) -> Self {
        Self { visible: confirmed.clone(), pending: VecDeque::new(), confirmed }
    }

    /// Returns what people see.
    pub fn visible(&self) -> &Notebook {
        &self.visible
    }

    /// Returns what is ordered.
    pub fn confirmed(&self) -> &Notebook {
        &self.confirmed
    }

    /// Returns the own events that are not ordered yet, oldest first.
    pub fn pending(&self) -> impl Iterator<Item = &Envelope> {
        self.pending.iter()
    }

    /// Adds an own event.
    pub fn append(&mut self, envelope: Envelope) -> Applied {
        let applied = self.visible.apply(&envelope);
        self.pending.push_back(envelope);
        applied
    }

    /// Takes the next event of the settled order, own or foreign. Returns what it did to the confirmed state.
    pub fn confirm(&mut self, envelope: &Envelope) -> Applied {
        let applied = self.confirmed.apply(envelope);
        if self.pending.front().is_some_and(|own| own.id == envelope.id) {
            self.pending.pop_front();
        } else {
            self.visible = self.confirmed.clone();
            for own in &self.pending {
                self.visible.apply(own);
            }
        }
        applied
    }
}
