//! Turns commands into events, or refuses them. Reads the state, never writes it.

use crate::cell::CellKind;
use crate::command::{Command, Context, Place, Rejection};
use crate::event::Event;
use crate::id::{BatchId, CellId, ExecutionId};
use crate::ipynb::{Imported, with_attachments_of};
use crate::order::OrderKey;
use crate::output::Output;
use crate::source::{self, Character, Source, Splice};
use crate::state::Notebook;

/// Longest title, in bytes.
pub const MAX_TITLE_LEN: u64 = 1000;
/// Largest source of a cell, in bytes.
pub const MAX_SOURCE_LEN: u64 = 4 << 20;
/// Largest metadata of a cell or notebook, in bytes of JSON.
pub const MAX_METADATA_LEN: u64 = 1 << 20;
/// Largest source and metadata of a cell that a file brings, in bytes: pictures may be attached to it.
pub const MAX_IMPORTED_LEN: u64 = 32 << 20;

/// A cell with this tag is left out by "Run all", as in nbclient.
const SKIP: &str = "skip-execution";

type Decision = Result<Vec<Event>, Rejection>;

/// Decides on a command. The events, applied in order to `notebook`, do what was asked.
pub fn decide(notebook: &Notebook, command: Command, cx: &mut Context<'_>) -> Decision {
    match command {
        Command::SetTitle { title } => {
            bounded("The title", title.len(), MAX_TITLE_LEN)?;
            Ok(vec![Event::NotebookTitled { title }])
        }
        Command::InsertCell { cell, kind, place, source } => {
            if notebook.cell(&cell).is_some() {
                return Err(Rejection::CellExists);
            }
            bounded("The cell", source.len(), MAX_SOURCE_LEN)?;
            let order = notebook.order_at(&place).ok_or(Rejection::NoSuchCell)?;
            Ok(vec![Event::CellInserted { cell, kind, order, source, metadata: crate::Json::new() }])
        }
        Command::DeleteCell { cell } => live(notebook, &cell).map(|_| vec![Event::CellDeleted { cell }]),
        Command::RestoreCell { cell } => {
            let known = notebook.cell(&cell).ok_or(Rejection::NoSuchCell)?;
            if known.deleted { Ok(vec![Event::CellRestored { cell }]) } else { Err(Rejection::NotDeleted) }
        }
        Command::MoveCell { cell, place } => move_cell(notebook, cell, &place),
        Command::ChangeKind { cell, kind } => {
            if live(notebook, &cell)?.kind == kind {
                return Ok(Vec::new());
            }
            Ok(vec![Event::CellKindChanged { cell, kind }])
        }
        Command::SetCellMetadata { cell, metadata } => {
            live(notebook, &cell)?;
            bounded("The metadata", json_len(&metadata), MAX_METADATA_LEN)?;
            Ok(vec![Event::CellMetadataSet { cell, metadata }])
        }
        Command::EditSource { cell, update } => edit(notebook, cell, update),
        Command::SplitCell { cell, at, new } => {
            live(notebook, &cell)?;
            if notebook.cell(&new).is_some() {
                return Err(Rejection::CellExists);
            }
            Ok(vec![Event::CellSplit { cell, at, new }])
        }
        Command::MergeCells { into, from, separated } => merge(notebook, into, from, separated, cx),
        Command::RunCells { cells } => run(notebook, &cells, cx),
        Command::RunAll => {
            let cells = notebook.cells().filter(|cell| cell.kind == CellKind::Code && !cell.has_tag(SKIP));
            let cells: Vec<_> = cells.map(|cell| cell.id.clone()).collect();
            run(notebook, &cells, cx)
        }
        Command::CancelExecution { execution } => {
            let pending = notebook.execution(&execution).is_some_and(|execution| execution.is_pending());
            if pending { Ok(vec![Event::ExecutionCancelled { execution }]) } else { Err(Rejection::NotPending) }
        }
        Command::CancelPending => Ok(cancel_pending(notebook)),
        Command::ClearOutputs { cell } => {
            live(notebook, &cell)?;
            Ok(clear(notebook, &cell).into_iter().collect())
        }
        Command::ClearAllOutputs => Ok(notebook.cells().filter_map(|cell| clear(notebook, &cell.id)).collect()),
        Command::Import { file } => import(notebook, *file, cx),
        Command::StartSession { session } => Ok(vec![Event::KernelSessionStarted { session }]),
        Command::EndSession { session, reason } => {
            let live = notebook.sessions().iter().any(|known| known.id == session && known.ended.is_none());
            if live { Ok(vec![Event::KernelSessionEnded { session, reason }]) } else { Err(Rejection::NoSession) }
        }
        Command::RestartKernel => {
            let mut events = cancel_pending(notebook);
            events.extend(notebook.active_session().map(|session| Event::KernelSessionEnded {
                session: session.clone(),
                reason: crate::session::EndReason::Restarted,
            }));
            Ok(events)
        }
    }
}

fn bounded(what: &str, size: usize, limit: u64) -> Result<(), Rejection> {
    let size = size as u64;
    if size <= limit { Ok(()) } else { Err(Rejection::TooLarge { what: what.to_owned(), size, limit }) }
}

fn json_len(json: &crate::Json) -> usize {
    serde_json::to_vec(json).map_or(usize::MAX, |bytes| bytes.len())
}

fn live<'a>(notebook: &'a Notebook, cell: &CellId) -> Result<&'a crate::Cell, Rejection> {
    notebook.live_cell(cell).map(|cell| &**cell).ok_or(Rejection::NoSuchCell)
}

fn move_cell(notebook: &Notebook, cell: CellId, place: &Place) -> Decision {
    live(notebook, &cell)?;
    let stays = matches!(place, Place::Before(other) | Place::After(other) if *other == cell);
    if stays {
        return Ok(Vec::new());
    }
    let mut without = notebook.clone();
    without.order.retain(|(_, id)| *id != cell);
    let order = without.order_at(place).ok_or(Rejection::NoSuchCell)?;
    Ok(vec![Event::CellMoved { cell, order }])
}

fn edit(notebook: &Notebook, cell: CellId, update: Vec<u8>) -> Decision {
    // A cell that was just deleted still takes edits: restoring it must bring all that was typed.
    let known = notebook.cell(&cell).ok_or(Rejection::NoSuchCell)?;
    bounded("The edit", update.len(), MAX_SOURCE_LEN * 2)?;
    if !source::is_update(&update) {
        return Err(Rejection::BadUpdate);
    }
    bounded("The cell", known.source.len_utf16() as usize, MAX_SOURCE_LEN)?;
    Ok(vec![Event::SourceEdited { cell, update }])
}

fn merge(notebook: &Notebook, into: CellId, from: CellId, separated: bool, cx: &mut Context<'_>) -> Decision {
    if into == from {
        return Err(Rejection::NoSuchCell);
    }
    let (above, below) = (live(notebook, &into)?, live(notebook, &from)?);
    let (upper, lower) = (&above.source, &below.source);
    let end = upper.len_utf16();
    bounded("The cell", end.saturating_add(lower.len_utf16()) as usize, MAX_SOURCE_LEN)?;
    let separated = separated && end > 0 && lower.len_utf16() > 0;
    let insert = if separated { format!("\n{}", lower.text()) } else { lower.text() };
    let [a, b, c, d, ..] = (cx.entropy)();
    let client = u32::from_le_bytes([a, b, c, d]) | 1 << 31;
    let mut copy = Source::empty(client.into());
    let update = copy.take_in(&upper.state()).and_then(|()| copy.edit(&[Splice { from: end, to: end, insert }]));
    let update = update.map_err(|_unreadable| Rejection::BadUpdate)?;
    let inserted = Character { client, clock: separated.into() };
    let mut events = Vec::new();
    if let Some(metadata) = with_attachments_of(&above.metadata, &below.metadata) {
        bounded("The metadata", json_len(&metadata), MAX_IMPORTED_LEN)?;
        events.push(Event::CellMetadataSet { cell: into.clone(), metadata });
    }
    events.push(Event::CellsMerged { into, from, update, inserted, separated, moved: lower.runs() });
    Ok(events)
}

fn run(notebook: &Notebook, cells: &[CellId], cx: &mut Context<'_>) -> Decision {
    let mut events = Vec::new();
    let mut refused = Rejection::NothingToRun;
    let batch = (cells.len() > 1).then(|| BatchId::from_entropy((cx.entropy)()));
    for id in cells {
        let cell = live(notebook, id)?;
        if cell.kind != CellKind::Code {
            refused = Rejection::NotCode;
            continue;
        }
        let source = cell.source.text();
        let waiting = notebook.executions_of(id).find(|execution| execution.is_pending());
        if let Some(waiting) = waiting {
            if *waiting.source == *source {
                refused = Rejection::AlreadyQueued;
                continue;
            }
            events.push(Event::ExecutionCancelled { execution: waiting.id.clone() });
        }
        if source.trim().is_empty() {
            events.extend(clear(notebook, id));
            continue;
        }
        let execution = ExecutionId::from_entropy((cx.entropy)());
        events.push(Event::ExecutionRequested {
            execution,
            cell: id.clone(),
            source: source.into(),
            batch: batch.clone(),
        });
    }
    if events.is_empty() { Err(refused) } else { Ok(events) }
}

fn clear(notebook: &Notebook, cell: &CellId) -> Option<Event> {
    notebook.shown_execution(cell).map(|_| Event::CellOutputsCleared { cell: cell.clone() })
}

fn cancel_pending(notebook: &Notebook) -> Vec<Event> {
    let pending = notebook.pending();
    pending.into_iter().map(|execution| Event::ExecutionCancelled { execution: execution.id.clone() }).collect()
}

fn import(notebook: &Notebook, file: Imported, cx: &mut Context<'_>) -> Decision {
    let mut events = Vec::new();
    let blank: Vec<_> = notebook.cells().cloned().collect();
    if blank.iter().all(|cell| cell.source.text().trim().is_empty()) {
        events.extend(blank.iter().map(|cell| Event::CellDeleted { cell: cell.id.clone() }));
        events.push(Event::NotebookMetadataSet { metadata: file.metadata });
        events.extend(file.title.map(|title| Event::NotebookTitled { title }));
    }
    let mut last = notebook.cells().next_back().map(|cell| cell.order.clone());
    let mut taken = std::collections::BTreeSet::new();
    for cell in file.cells {
        bounded("A cell of the file", cell.source.len() + json_len(&cell.metadata), MAX_IMPORTED_LEN)?;
        let free = |id: &CellId| notebook.cell(id).is_none() && !taken.contains(id);
        let id = cell.id.filter(free).unwrap_or_else(|| CellId::from_entropy((cx.entropy)()));
        taken.insert(id.clone());
        let order = OrderKey::between(last.as_ref(), None);
        last = Some(order.clone());
        events.push(Event::CellInserted {
            cell: id.clone(),
            kind: cell.kind,
            order,
            source: cell.source,
            metadata: cell.metadata,
        });
        if cell.count.is_some() || !cell.outputs.is_empty() {
            events.push(imported_execution(id, cell.count, cell.outputs, cx));
        }
    }
    Ok(events)
}

fn imported_execution(cell: CellId, count: Option<u32>, outputs: Vec<Output>, cx: &mut Context<'_>) -> Event {
    Event::ExecutionImported { execution: ExecutionId::from_entropy((cx.entropy)()), cell, count, outputs }
}
