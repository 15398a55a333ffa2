//! Writing rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use notebook::{Change, ExecutionId, Notebook, Output};
use protocol::codec;
use rusqlite::{Connection, params};

use super::{Alteration, Rows, SWEPT_AT, delete, output_key};
use crate::checksum::checksum;
use crate::log::put_meta;
use crate::unsaved::{Extent, Stale};

type Written = Result<(), rusqlite::Error>;

/// Writes what is stale of a notebook.
#[derive(Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) connection: &'a Connection,
    pub(super) notebook: &'a Notebook,
    pub(super) stale: &'a Stale,
}

impl Writer<'_> {
    pub(super) fn executions(self, rows: &Rows, alteration: &mut Alteration) -> Written {
        let Self { connection, notebook, stale } = self;
        let mut next_slot = rows.next_slot;
        let mut stale_rows = BTreeMap::new();
        for execution in stale.executions.iter().filter_map(|id| notebook.execution(id)) {
            // An id that was forgotten and came back is another execution, with its own slot.
            let known = rows.slots.get(&execution.id).filter(|_| !stale.forgotten.contains(&execution.id));
            let slot = known.copied().unwrap_or_else(|| {
                next_slot += 1;
                alteration.slots.insert(execution.id.clone(), next_slot - 1);
                next_slot - 1
            });
            stale_rows.insert(slot, execution.row());
        }
        let forgotten: Vec<ExecutionId> =
            stale.forgotten.iter().filter(|id| rows.slots.contains_key(*id)).cloned().collect();
        let gone: Vec<i64> = forgotten.iter().filter_map(|id| rows.slots.get(id)).copied().collect();
        alteration.forgotten = forgotten;

        let waiting = rows.forgets.values().map(Vec::len).sum::<usize>();
        let carrier = stale_rows.keys().next_back().copied();
        match carrier {
            _ if gone.is_empty() => {}
            Some(carrier) if waiting + gone.len() < SWEPT_AT => {
                let mut forgets = rows.forgets.get(&carrier).cloned().unwrap_or_default();
                forgets.extend(gone);
                alteration.forgets = Some((carrier, forgets));
            }
            Some(_) | None => {
                delete(connection, rows.forgets.values().flatten().chain(&gone))?;
                alteration.swept = true;
            }
        }

        let mut statement = connection.prepare_cached(
            "insert into executions (slot, checksum, forgets, change) values (?, ?, ?, ?)
             on conflict (slot) do update
             set checksum = excluded.checksum, forgets = excluded.forgets, change = excluded.change",
        )?;
        for (slot, row) in stale_rows {
            let forgets = match &alteration.forgets {
                Some((carrier, forgets)) if *carrier == slot => Some(forgets),
                _ if alteration.swept => None,
                _ => rows.forgets.get(&slot),
            };
            let forgets = forgets.map(codec::encode);
            let change = codec::encode(&Change::Execution(row));
            let sum = checksum(&[&slot.to_le_bytes(), forgets.as_deref().unwrap_or_default(), &change]);
            statement.execute(params![slot, sum, forgets, change])?;
        }
        Ok(())
    }

    pub(super) fn outputs(self, rows: &Rows, alteration: &mut Alteration) -> Written {
        let Self { connection, notebook, stale } = self;
        for execution in &stale.cleared {
            if let Some(slot) = rows.known_slot(execution, alteration) {
                connection.prepare_cached("delete from outputs where slot = ?")?.execute(params![slot])?;
                alteration.cleared.insert(slot);
            }
        }
        let mut statement = connection.prepare_cached(
            "insert into outputs (slot, position, part, checksum, change) values (?, ?, ?, ?, ?)
             on conflict (slot, position, part) do update set checksum = excluded.checksum, change = excluded.change",
        )?;
        for ((execution, position), extent) in &stale.outputs {
            let Some(execution) = notebook.execution(execution) else { continue };
            let Some(output) = execution.outputs.get(*position as usize) else { continue };
            let known = rows.known_slot(&execution.id, alteration);
            let Some(slot) = known.or_else(|| alteration.slots.get(&execution.id).copied()) else { continue };
            let written = if alteration.cleared.contains(&slot) { None } else { rows.parts.get(&(slot, *position)) };
            let written = written.copied().unwrap_or(0);
            let parts = parts(output);
            let first = match extent {
                Extent::Whole => 0,
                Extent::Tail => written.saturating_sub(1),
            };
            for part in first..parts {
                let change = codec::encode(&part_change(&execution.id, *position, output, part, execution.next_index));
                let sum = checksum(&[&output_key(slot, *position, part), &change]);
                statement.execute(params![slot, position, part, sum, change])?;
            }
            if written > parts {
                connection
                    .prepare_cached("delete from outputs where slot = ? and position = ? and part >= ?")?
                    .execute(params![slot, position, parts])?;
            }
            alteration.parts.push(((slot, *position), parts));
        }
        Ok(())
    }

    pub(super) fn cells(self) -> Written {
        let Self { connection, notebook, stale } = self;
        let mut statement = connection.prepare_cached(
            "insert into cells (cell, checksum, change) values (?, ?, ?)
             on conflict (cell) do update set checksum = excluded.checksum, change = excluded.change",
        )?;
        for cell in stale.cells.iter().filter_map(|id| notebook.cell(id)) {
            let change = codec::encode(&Change::Cell {
                cell: cell.id.clone(),
                kind: cell.kind,
                order: cell.order.clone(),
                metadata: cell.metadata.clone(),
                deleted: cell.deleted,
                split_from: cell.split_from.clone(),
            });
            let id = cell.id.as_str();
            statement.execute(params![id, checksum(&[id.as_bytes(), &change]), change])?;
        }
        let mut statement = connection.prepare_cached(
            "insert into sources (cell, checksum, change, text) values (?, ?, ?, ?)
             on conflict (cell) do update set checksum = excluded.checksum, change = excluded.change, text = excluded.text",
        )?;
        for cell in stale.sources.iter().filter_map(|id| notebook.cell(id)) {
            let change = codec::encode(&Change::SourceEdited { cell: cell.id.clone(), update: cell.source.state() });
            let id = cell.id.as_str();
            statement.execute(params![id, checksum(&[id.as_bytes(), &change]), change, cell.source.text()])?;
        }
        Ok(())
    }

    pub(super) fn sessions(self) -> Written {
        let Self { connection, notebook, stale } = self;
        if stale.sessions.is_empty() {
            return Ok(());
        }
        let mut statement = connection.prepare_cached(
            "insert into sessions (position, checksum, change) values (?, ?, ?)
             on conflict (position) do update set checksum = excluded.checksum, change = excluded.change",
        )?;
        for (session, position) in notebook.sessions().iter().zip(0_i64..) {
            if stale.sessions.contains(&session.id) {
                let change = codec::encode(&Change::Session(session.clone()));
                statement.execute(params![position, checksum(&[&position.to_le_bytes(), &change]), change])?;
            }
        }
        Ok(())
    }

    pub(super) fn meta(self) -> Written {
        let Self { connection, notebook, stale } = self;
        if stale.title {
            put_meta(connection, "title", &codec::encode(&Change::Title(notebook.title().to_owned())))?;
        }
        if stale.metadata {
            put_meta(connection, "metadata", &codec::encode(&Change::Metadata(notebook.metadata().clone())))?;
        }
        Ok(())
    }
}

impl Rows {
    /// Returns the slot that an execution has in the database, unless that one is being forgotten.
    fn known_slot(&self, execution: &ExecutionId, alteration: &Alteration) -> Option<i64> {
        self.slots.get(execution).filter(|_| !alteration.forgotten.contains(execution)).copied()
    }
}

/// Returns how many rows an output has.
fn parts(output: &Output) -> u32 {
    match output {
        Output::Stream { text, .. } => u32::try_from(text.len()).unwrap_or(u32::MAX).max(1),
        Output::DisplayData { .. } | Output::ExecuteResult { .. } | Output::Error { .. } => 1,
    }
}

/// Returns one of an output's rows: the output with its first segment, or a further segment.
fn part_change(execution: &ExecutionId, position: u32, output: &Arc<Output>, part: u32, next_index: u32) -> Change {
    let execution = execution.clone();
    match &**output {
        Output::Stream { name, text } if text.len() > 1 => {
            let text = text[part as usize].clone();
            if part == 0 {
                let output = Arc::new(Output::Stream { name: *name, text: vec![text] });
                Change::Output { execution, position, output, next_index }
            } else {
                Change::StreamAppended { execution, position, name: *name, text, next_index }
            }
        }
        Output::Stream { .. } | Output::DisplayData { .. } | Output::ExecuteResult { .. } | Output::Error { .. } => {
            Change::Output { execution, position, output: Arc::clone(output), next_index }
        }
    }
}
