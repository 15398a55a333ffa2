//! Characters by name. A split takes the names along, so a character is the same one in every cell that came of it.

use serde::{Deserialize, Serialize};
use yrs::types::text::YChange;
use yrs::{
    Assoc, ClientID, ID, IndexScope, Out, ReadTxn as _, Snapshot, StateVector, StickyIndex, Text as _, Transact as _,
};

use super::{Source, SourceError, Splice, update};

/// Names a UTF-16 unit: whose it is, and as their how-manieth in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(u32, u32)", into = "(u32, u32)")]
pub struct Character {
    /// The replica that typed it.
    pub client: u32,
    /// Its how-manieth.
    pub clock: u32,
}

/// Characters that were typed one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(Character, u32)", into = "(Character, u32)")]
pub struct Run {
    /// The first of them.
    pub first: Character,
    /// How many they are.
    pub len: u32,
}

// Stored as tuples: a merge names each run that it moves, and names of fields would be most of it.
impl From<(u32, u32)> for Character {
    fn from((client, clock): (u32, u32)) -> Self {
        Self { client, clock }
    }
}

impl From<Character> for (u32, u32) {
    fn from(character: Character) -> Self {
        (character.client, character.clock)
    }
}

impl From<(Character, u32)> for Run {
    fn from((first, len): (Character, u32)) -> Self {
        Self { first, len }
    }
}

impl From<Run> for (Character, u32) {
    fn from(run: Run) -> Self {
        (run.first, run.len)
    }
}

impl Run {
    fn end(self) -> u64 {
        u64::from(self.first.clock) + u64::from(self.len)
    }

    /// Returns the part of it that begins and ends at these clocks.
    fn part(self, from: u64, to: u64) -> Self {
        let clock = u32::try_from(from).unwrap_or(u32::MAX);
        let len = u32::try_from(to.saturating_sub(from)).unwrap_or(u32::MAX);
        Self { first: Character { clock, ..self.first }, len }
    }
}

/// Cuts runs where they enter and leave others, which do not overlap. Gets each part, how many characters of the runs
/// come before it, and whether the others have it.
pub(crate) fn compare(runs: &[Run], others: &[Run], mut each: impl FnMut(Run, u64, bool)) {
    let mut others = others.to_vec();
    others.sort_unstable();
    let mut before = 0;
    for run in runs {
        let (mut at, end) = (u64::from(run.first.clock), run.end());
        let mut next = others.partition_point(|other| (other.first.client, other.end()) <= (run.first.client, at));
        while at < end {
            let other = others.get(next).filter(|other| other.first.client == run.first.client);
            let (to, known) = match other {
                Some(other) if u64::from(other.first.clock) <= at => (end.min(other.end()), true),
                Some(other) => (end.min(other.first.clock.into()), false),
                None => (end, false),
            };
            each(run.part(at, to), before, known);
            before += to - at;
            at = to;
            next += usize::from(known);
        }
    }
}

/// Returns what runs have of others, or what they have besides.
pub(crate) fn select(runs: &[Run], others: &[Run], common: bool) -> Vec<Run> {
    let mut selected = Vec::new();
    compare(runs, others, |part, _, known| selected.extend((known == common).then_some(part)));
    selected
}

/// Says whether no character is named twice.
pub(crate) fn are_disjoint(runs: &[Run]) -> bool {
    let mut sorted = runs.to_vec();
    sorted.sort_unstable();
    sorted
        .windows(2)
        .all(|pair| pair[0].first.client != pair[1].first.client || pair[0].end() <= pair[1].first.clock.into())
}

impl Source {
    /// Returns the characters of the text, from its beginning to its end.
    pub(crate) fn runs(&self) -> Vec<Run> {
        let mut transaction = self.doc().transact_mut();
        let now = transaction.snapshot();
        let parts = self.text.diff_range(&mut transaction, Some(&now), Some(&Snapshot::default()), YChange::identity);
        let mut runs: Vec<Run> = Vec::new();
        for part in parts {
            let (Some(YChange { id, .. }), Out::Any(yrs::Any::String(text))) = (part.ychange, part.insert) else {
                continue;
            };
            let client = u32::try_from(id.client.get()).unwrap_or(u32::MAX);
            let first = Character { client, clock: id.clock };
            let len = u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX);
            match runs.last_mut() {
                Some(last) if last.first.client == client && last.end() == u64::from(first.clock) => last.len += len,
                _ => runs.push(Run { first, len }),
            }
        }
        runs
    }

    /// Names the character that stands at an offset; `None`: none does, it is the end.
    pub fn character_at(&self, offset: u32) -> Option<Character> {
        let mut before = 0;
        for run in self.runs() {
            if offset < before + run.len {
                return Some(Character { clock: run.first.clock + (offset - before), ..run.first });
            }
            before += run.len;
        }
        None
    }

    /// Says whether a character is in the text.
    pub(crate) fn shows(&self, character: Character) -> bool {
        !select(&[Run { first: character, len: 1 }], &self.runs(), true).is_empty()
    }

    /// Returns where a character is, or was before it was erased. The halves of a pair are at one place.
    pub fn offset_of(&self, character: Character) -> Option<u32> {
        let id = ID::new(ClientID::new(character.client.into()), character.clock);
        let place = StickyIndex::new(IndexScope::Relative(id), Assoc::After);
        let offset = place.get_offset(&self.doc().transact())?.index;
        let units: Vec<u16> = self.text().encode_utf16().collect();
        let offset = (offset as usize).min(units.len());
        let is_low = units.get(offset).is_some_and(|unit| (0xDC00..0xE000).contains(unit));
        u32::try_from(offset - usize::from(is_low && offset > 0)).ok()
    }

    /// Erases characters, where they are there. Returns the update that tells others.
    pub(crate) fn erase(&mut self, runs: &[Run]) -> Vec<u8> {
        let update = update::erasing(&select(runs, &self.runs(), true));
        self.take_in(&update).expect("invariant: what erases is an update");
        update
    }

    /// Cuts off the text from an offset on. Returns what was cut off, and the update that tells others.
    pub(crate) fn cut(&mut self, offset: u32) -> Result<(Vec<Run>, Vec<u8>), SourceError> {
        let whole = self.runs();
        let update = self.edit(&[Splice { from: offset, to: self.len_utf16(), insert: String::new() }])?;
        Ok((select(&whole, &self.runs(), false), update))
    }

    /// Says whether something that was typed here stands next to something that is not here, and waits for that.
    pub(crate) fn waits(&self) -> bool {
        self.doc().transact().has_missing_updates()
    }

    /// Returns, as one update, all but what waits.
    pub(crate) fn settled(&self) -> Vec<u8> {
        self.doc().transact().encode_diff_v1(&StateVector::default())
    }

    /// Returns the update that makes room for what was or will be typed next to something that only another text has:
    /// it brings all that this one does not know, and shows nothing of it. `None`: there is no such thing.
    pub(crate) fn room_for(&self, other: &Self) -> Option<Vec<u8>> {
        if self.has_all_of(other) {
            return None;
        }
        let known = self.doc().transact().state_vector();
        Some(update::erasing_what_it_inserts(&other.doc().transact().encode_diff_v1(&known)))
    }

    /// Says whether a copy of an earlier text becomes this one by taking it in.
    pub(crate) fn follows(&self, earlier: &Self) -> bool {
        let (now, then) = (self.doc().transact().snapshot(), earlier.doc().transact().snapshot());
        // Who numbers what they type as others do makes two texts of the same names.
        let becomes = || {
            let mut copy = earlier.clone();
            copy.take_in(&self.state()).is_ok() && copy == *self
        };
        then.delete_set.diff(&now.delete_set).is_empty() && self.has_all_of(earlier) && (self == earlier || becomes())
    }
}
