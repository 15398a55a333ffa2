//! Cells that become two, and two that become one. Every character stays in one cell, whatever others did meanwhile.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{IgnoreReason, Outcome};
use crate::change::Change;
use crate::id::CellId;
use crate::order::OrderKey;
use crate::source::{Character, Run, are_disjoint, compare, select};
use crate::state::Notebook;

/// A text on its way from one cell to another.
pub(super) struct Moving<'a> {
    pub(super) update: &'a [u8],
    pub(super) inserted: Character,
    pub(super) separated: bool,
    pub(super) moved: &'a [Run],
}

impl Notebook {
    pub(super) fn split_cell(&mut self, cell: &CellId, at: Option<Character>, new: &CellId) -> Outcome {
        if self.cells.contains_key(new) {
            return Err(IgnoreReason::AlreadyThere);
        }
        let named = self.cells.get(cell).ok_or(IgnoreReason::NoSuchCell)?;
        let family = self.family(cell);
        let shows = |id: &&CellId| at.is_some_and(|at| self.cells[*id].source.shows(at));
        let holder = Arc::clone(family.iter().find(shows).map_or(named, |id| &self.cells[id]));
        let offset = at.and_then(|at| holder.source.offset_of(at)).unwrap_or(u32::MAX);

        let mut head = holder.source.clone();
        let length = head.len_utf16();
        let Ok((tail, cut)) = head.cut(offset.min(length)) else { return Err(IgnoreReason::BadUpdate) };
        let mut source = self.empty_source(new);
        source.take_in(&holder.source.settled()).map_err(|_unreadable| IgnoreReason::BadUpdate)?;
        let others = select(&source.runs(), &tail, false);
        source.erase(&others);
        // Its author may have seen it come of another cell than this one, and typed there.
        for id in &family {
            if let Some(room) = source.room_for(&self.cells[id].source) {
                source.take_in(&room).ok();
            }
        }

        let place = (holder.order.clone(), holder.id.clone());
        let next = self.order.range((std::ops::Bound::Excluded(&place), std::ops::Bound::Unbounded)).next();
        let order = OrderKey::between(Some(&holder.order), next.map(|(key, _)| key));
        let gone = holder.deleted && tail.is_empty();
        self.put_cell(new, holder.kind, order, holder.metadata.clone(), gone);
        self.set_split_from(new, Some(&holder.id));
        self.alter_cell(&holder.id, |cell| cell.source = head)?;
        let update = source.state();
        let mut changes = vec![Change::SourceEdited { cell: holder.id.clone(), update: cut }];
        changes.extend(self.alter_cell(new, |cell| cell.source = source)?);
        changes.push(Change::SourceEdited { cell: new.clone(), update });
        Ok(changes)
    }

    /// Returns a cell and all that came of the same one by splits.
    fn family(&self, cell: &CellId) -> BTreeSet<CellId> {
        let (mut family, mut next) = (BTreeSet::new(), vec![cell.clone()]);
        while let Some(member) = next.pop() {
            let Some(known) = self.cells.get(&member) else { continue };
            if family.insert(member.clone()) {
                next.extend(known.split_from.clone());
                next.extend(self.splits.get(&member).into_iter().flatten().cloned());
            }
        }
        family
    }

    /// Lets what waits in a cell's family find what it stands next to: where a relay lost a split, and somebody
    /// brought it back, what was typed behind it may have stayed above.
    pub(super) fn unite_family(&mut self, cell: &CellId) -> Outcome {
        let alone = self.cells.get(cell).is_none_or(|known| known.split_from.is_none());
        if alone && !self.splits.contains_key(cell) {
            return Ok(Vec::new());
        }
        let family = self.family(cell);
        let waiting: Vec<_> = family.iter().filter(|member| self.cells[*member].source.waits()).collect();
        let mut changes = Vec::new();
        for member in waiting {
            for other in &family {
                if let Some(room) = self.cells[member].source.room_for(&self.cells[other].source) {
                    changes.extend(self.take_in(member, &room)?);
                }
            }
        }
        Ok(changes)
    }

    pub(super) fn merge_cells(&mut self, into: &CellId, from: &CellId, text: &Moving<'_>, at: i64) -> Outcome {
        if into == from || !are_disjoint(text.moved) {
            return Err(IgnoreReason::WrongStatus);
        }
        let there = self.cells.get(from).ok_or(IgnoreReason::NoSuchCell)?.source.runs();
        let alone = self.cells.get(into).is_some_and(|cell| cell.source.len_utf16() == 0);
        let mut changes = self.edit_source(into, text.update)?;

        let (mut taken, mut left) = (Vec::new(), Vec::new());
        let inserted = |before: u64, len: u32| {
            let clock = u32::try_from(u64::from(text.inserted.clock) + before).ok()?;
            Some(Run { first: Character { clock, ..text.inserted }, len })
        };
        compare(text.moved, &there, |part, before, is_there| {
            if is_there {
                taken.push(part);
            } else {
                left.extend(inserted(before, part.len));
            }
        });
        if (alone || taken.is_empty()) && text.separated {
            let clock = text.inserted.clock.checked_sub(1);
            left.extend(clock.map(|clock| Run { first: Character { clock, ..text.inserted }, len: 1 }));
        }
        for (cell, runs) in [(into, left), (from, taken)] {
            let mut update = Vec::new();
            self.alter_cell(cell, |cell| update = cell.source.erase(&runs))?;
            changes.push(Change::SourceEdited { cell: cell.clone(), update });
        }
        if self.cells[from].source.len_utf16() == 0 && !self.cells[from].deleted {
            changes.extend(self.delete_cell(from, at)?);
        }
        if self.cells[into].deleted {
            changes.extend(self.place_cell(into, None, false)?);
        }
        Ok(changes)
    }
}
