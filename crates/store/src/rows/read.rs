//! Reading rows. A row that is not exactly what was written is damage.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use notebook::{Change, ExecutionId, Notebook, Output, gather};
use protocol::codec;
use rusqlite::{Connection, Row};

use super::{Rows, output_key};
use crate::StoreError;
use crate::checksum::checksum;

/// Reads the whole state.
pub(crate) fn read(connection: &Connection) -> Result<(Notebook, Rows), StoreError> {
    let mut notebook = Notebook::new();
    let texts = [
        ("meta", "select key, checksum, value from meta where key in ('title', 'metadata')"),
        ("cells", "select cell, checksum, change from cells order by cell"),
        ("sources", "select cell, checksum, change from sources order by cell"),
    ];
    for (table, sql) in texts {
        each(connection, sql, |row| {
            let key: String = row.get(0)?;
            notebook.patch(&change(row, &[key.as_bytes()], table)?);
            Ok(())
        })?;
    }
    each(connection, "select position, checksum, change from sessions order by position", |row| {
        notebook.patch(&change(row, &[&row.get::<_, i64>(0)?.to_le_bytes()], "sessions")?);
        Ok(())
    })?;
    let (mut rows, ids) = read_executions(connection, &mut notebook)?;
    read_outputs(connection, &mut notebook, &mut rows, &ids)?;
    Ok((notebook, rows))
}

fn each(
    connection: &Connection,
    sql: &str,
    mut read: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        read(row)?;
    }
    Ok(())
}

/// Reads a row's change; its columns are the key, the checksum, the change.
fn change(row: &Row<'_>, key: &[&[u8]], table: &str) -> Result<Change, StoreError> {
    let bytes = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
    let mut parts = key.to_vec();
    parts.push(bytes);
    let decoded = if checksum(&parts) == row.get::<_, i64>(1)? { codec::decode(bytes).ok() } else { None };
    decoded.ok_or_else(|| StoreError::damaged(format!("a row of {table} is not what was written")))
}

fn read_executions(
    connection: &Connection,
    notebook: &mut Notebook,
) -> Result<(Rows, BTreeMap<i64, Option<ExecutionId>>), StoreError> {
    let mut rows = Rows::new();
    let mut found = BTreeMap::new();
    each(connection, "select slot, checksum, change, forgets from executions order by slot", |row| {
        let slot: i64 = row.get(0)?;
        let forgets: Option<Vec<u8>> = row.get(3)?;
        let change = change(row, &[&slot.to_le_bytes(), forgets.as_deref().unwrap_or_default()], "executions")?;
        let Change::Execution(execution) = change else {
            return Err(StoreError::damaged("a row of executions is not an execution"));
        };
        rows.next_slot = rows.next_slot.max(slot + 1);
        if let Some(forgets) = forgets {
            let forgets: Vec<i64> = codec::decode(&forgets).map_err(|error| {
                StoreError::damaged(format!("a row of executions is not what was written: {error}"))
            })?;
            // A slot that is still named as forgotten must not be used again, though its rows are gone.
            rows.next_slot = forgets.iter().fold(rows.next_slot, |next, slot| next.max(slot + 1));
            rows.forgets.insert(slot, forgets);
        }
        found.insert(slot, execution);
        Ok(())
    })?;
    let forgotten: BTreeSet<i64> = gather(rows.forgets.values().flatten().copied());
    let mut ids = BTreeMap::new();
    for (slot, execution) in found {
        let gone = forgotten.contains(&slot);
        ids.insert(slot, (!gone).then(|| execution.id.clone()));
        if !gone {
            rows.slots.insert(execution.id.clone(), slot);
            notebook.patch(&Change::Execution(execution));
        }
    }
    // A slot that was swept is named no more, so that the lists stay short.
    for forgets in rows.forgets.values_mut() {
        forgets.retain(|slot| ids.contains_key(slot));
    }
    rows.forgets.retain(|_, forgets| !forgets.is_empty());
    Ok((rows, ids))
}

/// An output whose rows are being read.
struct Parts {
    slot: i64,
    position: u32,
    read: u32,
    change: Change,
}

fn read_outputs(
    connection: &Connection,
    notebook: &mut Notebook,
    rows: &mut Rows,
    ids: &BTreeMap<i64, Option<ExecutionId>>,
) -> Result<(), StoreError> {
    let misplaced = || StoreError::damaged("a row of outputs is out of place");
    let mut open: Option<Parts> = None;
    let mut next = (0, 0);
    let sql = "select slot, checksum, change, position, part from outputs order by slot, position, part";
    each(connection, sql, |row| {
        let (slot, position, part): (i64, u32, u32) = (row.get(0)?, row.get(3)?, row.get(4)?);
        let Some(execution) = ids.get(&slot).ok_or_else(misplaced)? else { return Ok(()) };
        let change = change(row, &[&output_key(slot, position, part)], "outputs")?;
        match &mut open {
            Some(parts) if (parts.slot, parts.position, parts.read) == (slot, position, part) => {
                parts.append(&change).ok_or_else(misplaced)?;
            }
            _ => {
                let follows = if next.0 == slot { position == next.1 } else { position == 0 };
                let fits = matches!(&change, Change::Output { execution: of, .. } if of == execution);
                if part != 0 || !fits || !follows {
                    return Err(misplaced());
                }
                next = (slot, position + 1);
                if let Some(done) = open.replace(Parts { slot, position, read: 1, change }) {
                    done.finish(notebook, rows);
                }
            }
        }
        Ok(())
    })?;
    if let Some(done) = open {
        done.finish(notebook, rows);
    }
    Ok(())
}

impl Parts {
    /// Adds a further segment. Segments are not joined: they are as `apply` left them.
    fn append(&mut self, further: &Change) -> Option<()> {
        let Change::StreamAppended { text: segment, next_index: further, .. } = further else { return None };
        let Change::Output { output, next_index, .. } = &mut self.change else { return None };
        let Output::Stream { text, .. } = Arc::make_mut(output) else { return None };
        text.push(segment.clone());
        *next_index = (*next_index).max(*further);
        self.read += 1;
        Some(())
    }

    fn finish(self, notebook: &mut Notebook, rows: &mut Rows) {
        notebook.patch(&self.change);
        rows.parts.insert((self.slot, self.position), self.read);
    }
}
