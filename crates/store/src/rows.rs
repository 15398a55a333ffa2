//! The rows of the state: written from the notebook for what is stale, read back as changes.
//!
//! No rule lives here: a row is one encoded [`Change`], and reading is [`Notebook::patch`].

use std::collections::{BTreeMap, BTreeSet};

use notebook::{ExecutionId, Notebook};
use rusqlite::{Connection, params};

use crate::unsaved::Stale;

mod read;
mod write;

pub(crate) use read::read;
use write::Writer;

/// Forgotten executions are deleted in the middle of work only when so many have gathered;
/// otherwise at the next rest. So starting a run writes one row, not all those of the run before.
const SWEPT_AT: usize = 256;

/// What is known of the rows that are in the database.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// Under which number an execution's rows stand.
    slots: BTreeMap<ExecutionId, i64>,
    /// The next number; none is used twice.
    next_slot: i64,
    /// How many rows an output has, by slot and position.
    parts: BTreeMap<(i64, u32), u32>,
    /// Forgotten slots whose rows are still there, by the slot of the row that says so.
    forgets: BTreeMap<i64, Vec<i64>>,
}

/// What a transaction alters in [`Rows`], once it has committed.
#[derive(Debug, Default)]
pub(crate) struct Alteration {
    forgotten: Vec<ExecutionId>,
    slots: BTreeMap<ExecutionId, i64>,
    cleared: BTreeSet<i64>,
    parts: Vec<((i64, u32), u32)>,
    forgets: Option<(i64, Vec<i64>)>,
    swept: bool,
}

impl Rows {
    /// Returns what is known when there are no rows.
    pub(crate) fn new() -> Self {
        Self { next_slot: 1, ..Self::default() }
    }

    /// Writes what is stale, as the notebook has it.
    pub(crate) fn write(
        &self,
        connection: &Connection,
        notebook: &Notebook,
        stale: &Stale,
    ) -> Result<Alteration, rusqlite::Error> {
        let mut alteration = Alteration::default();
        let writer = Writer { connection, notebook, stale };
        writer.executions(self, &mut alteration)?;
        writer.outputs(self, &mut alteration)?;
        writer.cells()?;
        writer.sessions()?;
        writer.meta()?;
        Ok(alteration)
    }

    /// Deletes the rows of forgotten executions.
    pub(crate) fn sweep(&self, connection: &Connection) -> Result<Alteration, rusqlite::Error> {
        delete(connection, self.forgets.values().flatten())?;
        Ok(Alteration { swept: true, ..Alteration::default() })
    }

    /// Follows a transaction that has committed.
    pub(crate) fn alter(&mut self, alteration: Alteration) {
        let Alteration { forgotten, slots, cleared, parts, forgets, swept } = alteration;
        if swept {
            let gone: Vec<i64> = std::mem::take(&mut self.forgets).into_values().flatten().collect();
            for slot in gone {
                self.drop_parts(slot);
            }
        }
        for execution in forgotten {
            if let Some(slot) = self.slots.remove(&execution) {
                self.drop_parts(slot);
            }
        }
        if let Some((carrier, forgets)) = forgets {
            self.forgets.insert(carrier, forgets);
        }
        for slot in cleared {
            self.drop_parts(slot);
        }
        self.next_slot = slots.values().max().map_or(self.next_slot, |slot| self.next_slot.max(slot + 1));
        self.slots.extend(slots);
        self.parts.extend(parts);
    }

    fn drop_parts(&mut self, slot: i64) {
        let gone: Vec<_> = self.parts.range((slot, 0)..=(slot, u32::MAX)).map(|(key, _)| *key).collect();
        for key in gone {
            self.parts.remove(&key);
        }
    }
}

/// Deletes the rows of these slots.
fn delete<'a>(connection: &Connection, slots: impl Iterator<Item = &'a i64>) -> Result<(), rusqlite::Error> {
    for slot in slots {
        connection.prepare_cached("delete from outputs where slot = ?")?.execute(params![slot])?;
        connection.prepare_cached("delete from executions where slot = ?")?.execute(params![slot])?;
    }
    Ok(())
}

/// Returns what the checksum of an output's row covers besides its change.
fn output_key(slot: i64, position: u32, part: u32) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&slot.to_le_bytes());
    key[8..12].copy_from_slice(&position.to_le_bytes());
    key[12..].copy_from_slice(&part.to_le_bytes());
    key
}
