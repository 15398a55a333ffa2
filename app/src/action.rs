//! What buttons and keys do: each becomes a command or moves the focus.

use leptos::prelude::*;
use notebook::source::{Character, Splice};
use notebook::{CellId, CellKind, Command, Place};
use protocol::port::{KernelState, SaveState};

use crate::editor::Cursor;
use crate::session::{Refusal, RunStatus, Session};

/// Which way a cell moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// What was done to cells on this page and can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Deleted(CellId),
    Split {
        cell: CellId,
        new: CellId,
    },
    /// `at` begins what came from the other cell, behind `separator` where that was put between them.
    Merged {
        cell: CellId,
        separator: Option<Character>,
        at: Option<Character>,
        kind: CellKind,
    },
}

impl Session {
    fn kind(self, cell: &CellId) -> Option<CellKind> {
        self.cell(cell).map(|view| view.kind.get_untracked())
    }

    /// Returns the cell above or below.
    pub(crate) fn neighbour(self, cell: &CellId, direction: Direction) -> Option<CellId> {
        self.order.with_untracked(|order| {
            let at = order.iter().position(|id| id == cell)?;
            match direction {
                Direction::Up => order.get(at.checked_sub(1)?).cloned(),
                Direction::Down => order.get(at + 1).cloned(),
            }
        })
    }

    /// Runs a code cell; a Markdown cell is rendered.
    pub(crate) fn run_cell(self, cell: &CellId) {
        match self.kind(cell) {
            Some(CellKind::Code) => {
                self.flush();
                self.command(Command::RunCells { cells: vec![cell.clone()] });
            }
            Some(CellKind::Markdown | CellKind::Raw) => self.focus.rest(cell),
            None => {}
        }
    }

    /// Runs a cell and goes to the next one; behind the last one a new one is made.
    pub(crate) fn run_and_advance(self, cell: &CellId) {
        let code = self.kind(cell) == Some(CellKind::Code);
        self.run_cell(cell);
        let ran = cell.clone();
        if code {
            self.afterwards.put(move || self.advance(&ran));
        } else {
            self.advance(cell);
        }
    }

    fn advance(self, cell: &CellId) {
        match self.neighbour(cell, Direction::Down) {
            Some(next) => self.focus.select(&next),
            None if self.can_write() => {
                self.insert_cell(CellKind::Code, Place::After(cell.clone()));
            }
            None => self.focus.select(cell),
        }
    }

    /// Runs a cell and makes a new one below it.
    pub(crate) fn run_and_insert(self, cell: &CellId) {
        self.run_cell(cell);
        if !self.can_write() {
            return;
        }
        let place = Place::After(cell.clone());
        self.afterwards.put(move || drop(self.insert_cell(CellKind::Code, place)));
    }

    /// Runs every code cell.
    pub(crate) fn run_all(self) {
        self.flush();
        self.command(Command::RunAll);
    }

    /// Makes an empty cell and edits it.
    pub(crate) fn insert_cell(self, kind: CellKind, place: Place) -> CellId {
        let cell = self.put_cell(kind, place);
        self.focus.edit(&cell, Cursor::Start);
        cell
    }

    /// Makes an empty cell and selects it for commands.
    pub(crate) fn insert_at(self, kind: CellKind, place: Place) -> CellId {
        let cell = self.put_cell(kind, place);
        self.focus.select(&cell);
        cell
    }

    /// Shows a new cell at once, so that not a keystroke goes elsewhere, and asks for it.
    fn put_cell(self, kind: CellKind, place: Place) -> CellId {
        let cell = CellId::from_entropy(browser::entropy::bytes16());
        self.foresee_cell(&cell, kind, &place);
        let answer = self.give(Command::InsertCell { cell: cell.clone(), kind, place, source: String::new() });
        let asked = cell.clone();
        browser::spawn(async move {
            if let Err(refusal) = answer.await {
                self.withdraw_cell(&asked);
                self.toasts.say(&refusal.to_string());
            }
        });
        cell
    }

    /// Makes an empty cell below the selected one, or at the end.
    pub(crate) fn add_cell(self, kind: CellKind) {
        let place = match self.focus.selected.get_untracked() {
            Some(cell) => Place::After(cell),
            None => Place::Last,
        };
        self.insert_cell(kind, place);
    }

    /// Deletes a cell; for a while it can be brought back.
    pub(crate) fn delete_cell(self, cell: &CellId) {
        let next = self.neighbour(cell, Direction::Down).or_else(|| self.neighbour(cell, Direction::Up));
        self.flush();
        self.command(Command::DeleteCell { cell: cell.clone() });
        match next {
            Some(next) => self.focus.select(&next),
            None => self.focus.selected.set(None),
        }
        self.note(Step::Deleted(cell.clone()), Some("Cell deleted."));
    }

    /// Splits a cell at its cursor and edits what comes of it.
    pub(crate) fn split_cell(self, cell: &CellId) {
        if !self.can_write() {
            return;
        }
        let cursor = self.editor(cell).and_then(|editor| editor.cursor());
        let at = cursor.and_then(|at| self.read(|notebook| notebook.cell(cell)?.source.character_at(at)));
        let new = CellId::from_entropy(browser::entropy::bytes16());
        self.flush();
        let answer = self.give(Command::SplitCell { cell: cell.clone(), at, new: new.clone() });
        self.focus.edit(&new, Cursor::Start);
        let step = Step::Split { cell: cell.clone(), new: new.clone() };
        browser::spawn(async move {
            match answer.await {
                Ok(()) => self.note(step, None),
                Err(refusal) => self.miss(&new, &refusal),
            }
        });
    }

    /// Says why a cell did not come that was to get the focus.
    fn miss(self, cell: &CellId, refusal: &Refusal) {
        self.focus.withdraw(cell);
        self.toasts.say(&refusal.to_string());
    }

    /// Gives a command, and the focus to a cell that is there after it.
    fn command_and_select(self, command: Command, cell: &CellId) {
        let answer = self.give(command);
        self.focus.select(cell);
        let cell = cell.clone();
        browser::spawn(async move {
            if let Err(refusal) = answer.await {
                self.miss(&cell, &refusal);
            }
        });
    }

    /// Joins a cell and its neighbour; the upper one stays.
    pub(crate) fn merge_with(self, cell: &CellId, direction: Direction) {
        let Some(other) = self.neighbour(cell, direction).filter(|_| self.can_write()) else { return };
        let (into, from) = match direction {
            Direction::Up => (other, cell.clone()),
            Direction::Down => (cell.clone(), other),
        };
        self.flush();
        let length = |cell| self.read(|notebook| notebook.cell(cell).map_or(0, |cell| cell.source.len_utf16()));
        let end = length(&into);
        let separated = end > 0 && length(&from) > 0;
        let Some(kind) = self.kind(&from) else { return };
        let answer = self.give(Command::MergeCells { into: into.clone(), from, separated });
        self.focus.select(&into);
        browser::spawn(async move {
            if let Err(refusal) = answer.await {
                return self.toasts.say(&refusal.to_string());
            }
            let character = |offset| self.read(|notebook| notebook.cell(&into)?.source.character_at(offset));
            let separator = separated.then(|| character(end)).flatten();
            let at = character(end + u32::from(separated));
            let step = Step::Merged { cell: into.clone(), separator, at, kind };
            // What others typed meanwhile may have moved it all; then nobody knows where to part it again.
            let is_there = !separated || self.text(&into).encode_utf16().nth(end as usize) == Some(u16::from(b'\n'));
            if is_there {
                self.note(step, Some("Cells merged."));
            }
        });
    }

    /// Notes what can be taken back, and offers it where that is said.
    fn note(self, step: Step, told: Option<&str>) {
        self.steps.update_value(|steps| steps.push(step.clone()));
        if let Some(told) = told {
            self.toasts.offer(told, "Undo", move || self.take_back(&step));
        }
    }

    /// Takes back what was done to cells last.
    pub(crate) fn undo(self) {
        if let Some(step) = self.steps.with_value(|steps| steps.last().cloned()) {
            self.take_back(&step);
        }
    }

    fn take_back(self, step: &Step) {
        let known = self.steps.try_update_value(|steps| {
            let known = steps.len();
            steps.retain(|known| known != step);
            steps.len() < known
        });
        // It was offered in two places.
        if known != Some(true) {
            return;
        }
        match step {
            Step::Deleted(cell) => self.command_and_select(Command::RestoreCell { cell: cell.clone() }, cell),
            Step::Split { cell, new } => {
                self.flush();
                let merge = Command::MergeCells { into: cell.clone(), from: new.clone(), separated: false };
                self.command_and_select(merge, cell);
            }
            Step::Merged { cell, separator, at, kind } => {
                let place = |separator| {
                    self.read(|notebook| {
                        let source = &notebook.cell(cell)?.source;
                        source.offset_of(separator).filter(|at| source.character_at(*at) == Some(separator))
                    })
                };
                let from = separator.and_then(place);
                // What was typed in front of it since belongs below.
                let behind = |from| self.read(|notebook| notebook.cell(cell)?.source.character_at(from + 1));
                let at = from.map_or(*at, behind);
                if let Some(from) = from {
                    let splice = [Splice { from, to: from + 1, insert: String::new() }];
                    self.type_in(cell, &splice);
                    if let Some(editor) = self.editor(cell) {
                        editor.apply(&splice);
                    }
                }
                self.flush();
                let new = CellId::from_entropy(browser::entropy::bytes16());
                self.command(Command::SplitCell { cell: cell.clone(), at, new: new.clone() });
                if self.kind(cell) != Some(*kind) {
                    self.command(Command::ChangeKind { cell: new, kind: *kind });
                }
            }
        }
    }

    /// Moves a cell by one place; it keeps the focus.
    pub(crate) fn move_cell(self, cell: &CellId, direction: Direction) {
        let Some(other) = self.neighbour(cell, direction) else { return };
        let place = match direction {
            Direction::Up => Place::Before(other),
            Direction::Down => Place::After(other),
        };
        let answer = self.give(Command::MoveCell { cell: cell.clone(), place });
        let moved = cell.clone();
        browser::spawn(async move {
            match answer.await {
                // The row may have been taken out and put back, which costs it the focus.
                Ok(()) => self.focus.select(&moved),
                Err(refusal) => self.toasts.say(&refusal.to_string()),
            }
        });
    }

    /// Makes a cell another kind.
    pub(crate) fn change_kind(self, cell: &CellId, kind: CellKind) {
        if self.kind(cell) != Some(kind) {
            self.flush();
            self.command(Command::ChangeKind { cell: cell.clone(), kind });
        }
    }

    /// Withdraws a queued run or interrupts a running one.
    pub(crate) fn stop_cell(self, cell: &CellId) {
        let run = self.cell(cell).map(|view| view.run.get_untracked()).unwrap_or_default();
        match (run.status, run.execution) {
            (RunStatus::Pending, Some(execution)) => self.command(Command::CancelExecution { execution }),
            (RunStatus::Assigned | RunStatus::Executing, _) => self.interrupt(),
            (RunStatus::Idle | RunStatus::Completed | RunStatus::Pending, _) => {}
        }
    }

    /// Restarts the kernel; asks first when that would stop a run.
    pub(crate) fn restart_or_ask(self) {
        match self.kernel.get_untracked() {
            KernelState::Busy => self.restart_asked.set(true),
            // There is nothing to stop, and what is queued still waits to run.
            KernelState::Dead { .. } => self.warm_kernel(),
            KernelState::None | KernelState::Starting { .. } | KernelState::Idle => self.restart(),
        }
    }

    /// Restarts the kernel.
    pub(crate) fn restart(self) {
        self.restart_asked.set(false);
        let answer = self.give(Command::RestartKernel);
        browser::spawn(async move {
            // Without a live session there is nothing to end; a kernel is started all the same.
            answer.await.ok();
            self.warm_kernel();
        });
    }

    /// Clears every cell's outputs.
    pub(crate) fn clear_outputs(self) {
        self.command(Command::ClearAllOutputs);
    }

    /// Gives the notebook another title.
    pub(crate) fn rename(self, title: &str) {
        let title = title.trim();
        if !title.is_empty() && self.title.with_untracked(|known| known != title) {
            self.command(Command::SetTitle { title: title.to_owned() });
        }
    }

    /// Sends what was typed and says that it is saved, once it is.
    pub(crate) fn save_now(self) {
        self.flush();
        browser::spawn(async move {
            // Saving takes milliseconds; whatever lasts longer shows in the status.
            for _ in 0..40 {
                browser::timer::after(25).await;
                match untrack(|| self.saving()) {
                    SaveState::Saving => {}
                    SaveState::Saved => return self.toasts.say("Saved in this browser."),
                    SaveState::Memory => {
                        return self.toasts.say("Kept in memory only: download the notebook to keep it.");
                    }
                    SaveState::Failed { reason, .. } => return self.toasts.say(&format!("Not saved yet: {reason}")),
                }
            }
        });
    }
}
