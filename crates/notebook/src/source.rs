//! A cell's text: a yrs CRDT, so that concurrent typing merges. Positions are UTF-16 code units.

use yrs::types::{Delta, Observable as _};
use yrs::updates::decoder::Decode as _;
use yrs::updates::encoder::Encode as _;
use yrs::{
    Any, ClientID, Doc, GetString as _, OffsetKind, Options, Out, ReadTxn as _, StateVector, Text as _, TextRef,
    Transact as _, Update,
};

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

mod character;
mod update;

pub use character::{Character, Run};
pub(crate) use character::{are_disjoint, compare, select};

/// The client that seeds every text, so that all replicas seed it alike.
const SEED_CLIENT: u64 = 1;
const TEXT: &str = "source";
/// How many updates wait for one transaction.
const AT_ONCE: usize = 64;

/// Replaces the text from `from` up to `to` with `insert`. Positions are UTF-16 code units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    /// Where it begins.
    pub from: u32,
    /// Where it ends, in the text before it.
    pub to: u32,
    /// What stands there then.
    pub insert: String,
}

impl Splice {
    /// Returns the one splice that turns `before` into `after`, or `None` when they are equal.
    pub fn between(before: &str, after: &str) -> Option<Self> {
        if before == after {
            return None;
        }
        let before: Vec<u16> = before.encode_utf16().collect();
        let after: Vec<u16> = after.encode_utf16().collect();
        let is_low = |unit: Option<&u16>| unit.is_some_and(|unit| (0xDC00..0xE000).contains(unit));
        let mut head = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
        // A surrogate pair stays in one piece.
        if is_low(before.get(head)) || is_low(after.get(head)) {
            head = head.saturating_sub(1);
        }
        let room = before.len().min(after.len()) - head;
        let mut tail = before.iter().rev().zip(after.iter().rev()).take(room).take_while(|(a, b)| a == b).count();
        if is_low(before.get(before.len() - tail)) || is_low(after.get(after.len() - tail)) {
            tail = tail.saturating_sub(1);
        }
        let insert = String::from_utf16_lossy(&after[head..after.len() - tail]);
        Some(Self { from: u32::try_from(head).ok()?, to: u32::try_from(before.len() - tail).ok()?, insert })
    }
}

/// Why an edit was not applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The bytes are not a yrs update.
    #[error("the update cannot be read")]
    BadUpdate,
    /// A position lies outside the text.
    #[error("the edit lies outside the text")]
    OutOfRange,
}

/// One replica of a cell's text.
pub struct Source {
    doc: Doc,
    text: TextRef,
    /// Taken in and not integrated. A lock, since whoever reads the text integrates them.
    waiting: Mutex<Vec<Update>>,
}

impl Source {
    /// Makes an empty text whose own edits carry `client` (its lower 32 bits), which no other replica may use.
    pub fn empty(client: u64) -> Self {
        let mut options =
            Options::with_guid_and_client_id("source".into(), ClientID::new(client & u64::from(u32::MAX)));
        options.offset_kind = OffsetKind::Utf16;
        let doc = Doc::with_options(options);
        let text = doc.get_or_insert_text(TEXT);
        Self { doc, text, waiting: Mutex::default() }
    }

    /// Makes a text that begins as `text`; the same on every replica.
    pub fn seeded(client: u64, text: &str) -> Self {
        let mut source = Self::empty(client);
        source.seed(text);
        source
    }

    /// Makes an empty text in place of this one; what was typed here and is on its way has other names.
    pub(crate) fn renewed(&self) -> Self {
        let next = self.doc.client_id().get().wrapping_mul(0x9e37_79b1) & u64::from(u32::MAX);
        Self::empty(next | 1 << 31)
    }

    /// Begins an empty text as `text`.
    pub(crate) fn seed(&mut self, text: &str) {
        if !text.is_empty() {
            let seed = Self::empty(SEED_CLIENT);
            seed.text.insert(&mut seed.doc.transact_mut(), 0, text);
            self.take_in(&seed.state()).expect("invariant: a text reads its own state");
        }
    }

    /// Returns the text.
    pub fn text(&self) -> String {
        self.text.get_string(&self.doc().transact())
    }

    /// Returns the length in UTF-16 code units.
    pub fn len_utf16(&self) -> u32 {
        self.text.len(&self.doc().transact())
    }

    /// Returns everything as one update.
    pub fn state(&self) -> Vec<u8> {
        self.doc().transact().encode_state_as_update_v1(&StateVector::default())
    }

    /// Returns what another replica lacks of this one, as one update.
    pub fn update_since(&self, other: &Self) -> Vec<u8> {
        let known = other.doc().transact().snapshot();
        let transaction = self.doc().transact();
        let inserted = transaction.encode_state_as_update_v1(&known.state_map);
        // What both have erased may be back by the time this is taken in: a split or a merge moved it.
        let erased = transaction.snapshot().delete_set.diff(&known.delete_set);
        update::erasing_instead(&inserted, &erased.encode_v1())
    }

    /// Says whether every insertion of another replica is known to this one.
    pub fn has_all_of(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.doc().transact().state_vector(), other.doc().transact().state_vector());
        theirs.iter().all(|(client, clock)| mine.get(client) >= *clock)
    }

    /// Says whether another replica has the same insertions and deletions as this one.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.doc().transact().snapshot() == other.doc().transact().snapshot()
    }

    /// Says whether an update is one, and stands on nothing that is not here.
    pub fn can_follow(&self, update: &[u8]) -> bool {
        let known = self.doc().transact().state_vector();
        update::stands_on(update, |client| known.get(&ClientID::new(client)).into())
    }

    /// Applies own edits one after another and returns the update that tells others.
    /// On an error nothing has changed.
    pub fn edit(&mut self, splices: &[Splice]) -> Result<Vec<u8>, SourceError> {
        let mut length = self.len_utf16();
        for splice in splices {
            if splice.from > splice.to || splice.to > length {
                return Err(SourceError::OutOfRange);
            }
            let inserted =
                u32::try_from(splice.insert.encode_utf16().count()).map_err(|_too_long| SourceError::OutOfRange)?;
            length = length - (splice.to - splice.from) + inserted;
        }
        let mut transaction = self.doc.transact_mut();
        for splice in splices {
            if splice.to > splice.from {
                self.text.remove_range(&mut transaction, splice.from, splice.to - splice.from);
            }
            if !splice.insert.is_empty() {
                self.text.insert(&mut transaction, splice.from, &splice.insert);
            }
        }
        Ok(transaction.encode_update_v1())
    }

    /// Takes in an update of another replica; one that is known already does nothing.
    pub fn take_in(&mut self, update: &[u8]) -> Result<(), SourceError> {
        let waiting = self.waiting.get_mut().unwrap_or_else(PoisonError::into_inner);
        waiting.push(read(update)?);
        if waiting.len() == AT_ONCE {
            self.doc();
        }
        Ok(())
    }

    /// Takes in an update as [`Self::take_in`] does, for an editor that shows the text; takes longer for a long one.
    /// Returns what it did to the text, to be applied one after another.
    pub fn merge(&mut self, update: &[u8]) -> Result<Vec<Splice>, SourceError> {
        let update = read(update)?;
        self.doc();
        let splices = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&splices);
        self.text.observe("merge", move |transaction, event| {
            if let Ok(mut seen) = seen.lock() {
                seen.extend(to_splices(event.delta(transaction)));
            }
        });
        let applied = self.doc.transact_mut().apply_update(update);
        self.text.unobserve("merge");
        applied.map_err(|_unreadable| SourceError::BadUpdate)?;
        let splices = splices.lock().map(|mut found| std::mem::take(&mut *found)).unwrap_or_default();
        Ok(splices)
    }

    /// Integrates what waits. A transaction costs more than a keystroke, so a long history takes few of them.
    fn doc(&self) -> &Doc {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if !waiting.is_empty() {
            let mut transaction = self.doc.transact_mut();
            for update in std::mem::take(&mut *waiting) {
                // What stands on something that is no text is left out, by every replica alike.
                transaction.apply_update(update).ok();
            }
        }
        &self.doc
    }
}

/// Joins several updates into one.
pub fn merge_updates(updates: &[Vec<u8>]) -> Result<Vec<u8>, SourceError> {
    if !updates.iter().all(|update| update::is_sound(update)) {
        return Err(SourceError::BadUpdate);
    }
    yrs::merge_updates_v1(updates).map_err(|_unreadable| SourceError::BadUpdate)
}

/// Says whether bytes are a yrs update.
pub fn is_update(update: &[u8]) -> bool {
    read(update).is_ok()
}

fn read(update: &[u8]) -> Result<Update, SourceError> {
    if !update::is_sound(update) {
        return Err(SourceError::BadUpdate);
    }
    Update::decode_v1(update).map_err(|_unreadable| SourceError::BadUpdate)
}

fn to_splices(delta: &[Delta]) -> Vec<Splice> {
    let mut at = 0;
    let mut splices = Vec::new();
    for part in delta {
        match part {
            Delta::Retain(length, _) => at += length,
            Delta::Deleted(length) => splices.push(Splice { from: at, to: at + length, insert: String::new() }),
            Delta::Inserted(value, _) => {
                // Only text is ever inserted; anything else comes from a hostile update and shows as nothing.
                let insert = if let Out::Any(Any::String(text)) = value { text.to_string() } else { String::new() };
                let length = insert.encode_utf16().count();
                splices.push(Splice { from: at, to: at, insert });
                at += u32::try_from(length).unwrap_or(u32::MAX);
            }
        }
    }
    splices
}

impl Clone for Source {
    /// Copies the text: a clone that is edited leaves the original alone.
    fn clone(&self) -> Self {
        let mut copy = Self::empty(self.doc.client_id().get());
        copy.take_in(&self.state()).expect("invariant: a text reads its own state");
        copy
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.text()).finish()
    }
}
