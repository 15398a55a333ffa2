//! What a page shows: a copy of the notebook that is only ever patched with changes and typed into; and what a
//! person does who looks at it.

use std::collections::BTreeMap;

use notebook::draft::{Drafts, Updates};
use notebook::source::Splice;
use notebook::{CellId, CellKind, Change, Command, Notebook, Place};

use crate::oracle::Oracle;
use crate::plan::Act;
use crate::random::{Random, entropy};

/// How long what others are heard typing may stay unlogged.
pub(crate) const LOOK_MILLIS: std::ops::RangeInclusive<u64> = 5_000..=15_000;

/// A command, and the characters that it brings.
pub(crate) type Asked = (Command, Vec<char>);

/// A page.
#[derive(Debug)]
pub(crate) struct Page {
    copy: Notebook,
    drafts: Drafts,
    /// Characters that were typed here and not yet given to the store.
    typed: BTreeMap<CellId, Vec<char>>,
}

impl Page {
    /// Makes a page; `client` is its own in every text.
    pub(crate) fn new(client: u64, changes: &[Change]) -> Self {
        let mut page = Self { copy: Notebook::for_editing(client), drafts: Drafts::default(), typed: BTreeMap::new() };
        page.patch(changes);
        page
    }

    pub(crate) fn notebook(&self) -> &Notebook {
        &self.copy
    }

    pub(crate) fn patch(&mut self, changes: &[Change]) {
        for change in changes {
            self.drafts.patch(&mut self.copy, change);
        }
    }

    /// Returns what a person asks for, if there is anything to ask it of.
    pub(crate) fn asks(&self, act: Act, random: &mut Random, oracle: &mut Oracle) -> Option<Asked> {
        let mut brings = Vec::new();
        let command = match act {
            Act::Insert => {
                let place = self.place(random);
                let text: String = (0..random.within(1..=5)).map(|_| oracle.fresh_char(random)).collect();
                brings.extend(text.chars());
                let kind = if random.chance(150) { CellKind::Markdown } else { CellKind::Code };
                Some(Command::InsertCell { cell: CellId::from_entropy(entropy()), kind, place, source: text })
            }
            Act::Delete => self.cell(random).map(|cell| Command::DeleteCell { cell }),
            Act::Restore => {
                let deleted: Vec<_> = self.copy.all_cells().filter(|cell| cell.deleted).collect();
                deleted.get(random.index(deleted.len())).map(|cell| Command::RestoreCell { cell: cell.id.clone() })
            }
            Act::Move => self.cell(random).map(|cell| Command::MoveCell { cell, place: self.place(random) }),
            Act::Split => self.cell(random).map(|cell| {
                let text = self.copy.cell(&cell).map(|cell| cell.source.text()).unwrap_or_default();
                let characters: Vec<char> = text.chars().collect();
                let at = utf16(&characters[..random.index(characters.len() + 1)]);
                let at = self.copy.cell(&cell).and_then(|cell| cell.source.character_at(at));
                Command::SplitCell { cell, at, new: CellId::from_entropy(entropy()) }
            }),
            Act::Merge => self.cell(random).zip(self.cell(random)).map(|(into, from)| {
                let separated = random.chance(700);
                Command::MergeCells { into, from, separated }
            }),
            Act::Kind => self.cell(random).map(|cell| {
                let kind = if random.chance(700) { CellKind::Code } else { CellKind::Markdown };
                Command::ChangeKind { cell, kind }
            }),
            Act::Title => Some(Command::SetTitle { title: format!("Title {}", random.below(1_000)) }),
            Act::Run => self.cell(random).map(|cell| Command::RunCells { cells: vec![cell] }),
            Act::RunAll => Some(Command::RunAll),
            Act::Restart => Some(Command::RestartKernel),
            Act::Cancel => {
                let pending = self.copy.pending();
                let execution = pending.get(random.index(pending.len()));
                execution.map(|execution| Command::CancelExecution { execution: execution.id.clone() })
            }
            Act::Clear => self.cell(random).map(|cell| Command::ClearOutputs { cell }),
            _ => None,
        };
        command.map(|command| (command, brings))
    }

    /// Types or erases. Returns where, and the update that tells others.
    pub(crate) fn edits(&mut self, act: Act, random: &mut Random, oracle: &mut Oracle) -> Option<(CellId, Vec<u8>)> {
        let cell = self.cell(random)?;
        let text = self.copy.cell(&cell).map(|cell| cell.source.text()).unwrap_or_default();
        // The boundaries of characters, since a person cannot type into the middle of one.
        let characters: Vec<char> = text.chars().collect();
        let (splice, typed) = if act == Act::Erase {
            let from = random.index(characters.len());
            let to = (from + 1 + random.index(4)).min(characters.len());
            for erased in &characters[from..to] {
                oracle.erased(*erased);
            }
            let (from, to) = (utf16(&characters[..from]), utf16(&characters[..to]));
            (Splice { from, to, insert: String::new() }, Vec::new())
        } else {
            let insert: String = (0..random.within(1..=4)).map(|_| oracle.fresh_char(random)).collect();
            let at = utf16(&characters[..random.index(characters.len() + 1)]);
            let typed = insert.chars().collect();
            (Splice { from: at, to: at, insert }, typed)
        };
        let update = self.drafts.edit(&mut self.copy, &cell, &[splice])?;
        self.typed.entry(cell.clone()).or_default().extend(typed);
        Some((cell, update))
    }

    /// Says whether something was typed and not given to the store.
    pub(crate) fn has_typed(&self) -> bool {
        self.drafts.has_typed()
    }

    /// Hears what somebody else types. Says whether that is to be looked at after a while.
    pub(crate) fn hears(&mut self, cell: &CellId, update: &[u8]) -> bool {
        let looks = self.drafts.has_heard();
        self.drafts.hear(&mut self.copy, cell, update);
        !looks && self.drafts.has_heard()
    }

    /// Takes what was typed, to be logged.
    pub(crate) fn take_typed(&mut self) -> Vec<Asked> {
        let taken = self.drafts.take_typed(&self.copy);
        self.ask_for(taken)
    }

    /// Takes all that is shown and not logged.
    pub(crate) fn take_all(&mut self) -> Vec<Asked> {
        let taken = self.drafts.take_all(&self.copy);
        self.ask_for(taken)
    }

    /// Looks at what was heard. Returns what is to be logged of it, and whether to look again.
    pub(crate) fn looks(&mut self, may_log: bool) -> (Vec<Asked>, bool) {
        let taken = if may_log {
            self.drafts.take_abandoned(&self.copy)
        } else {
            self.drafts.withdraw_abandoned(&mut self.copy);
            Vec::new()
        };
        (self.ask_for(taken), self.drafts.has_heard())
    }

    fn ask_for(&mut self, taken: Vec<Updates>) -> Vec<Asked> {
        let mut asked = Vec::new();
        for (cell, updates) in taken {
            let mut brings = self.typed.remove(&cell).unwrap_or_default();
            // The last of them is with the store when all are.
            for (left, update) in (0..updates.len()).rev().zip(updates) {
                let brings = if left == 0 { std::mem::take(&mut brings) } else { Vec::new() };
                asked.push((Command::EditSource { cell: cell.clone(), update }, brings));
            }
        }
        asked
    }

    fn cell(&self, random: &mut Random) -> Option<CellId> {
        let at = random.index(self.copy.cell_count());
        self.copy.cells().nth(at).map(|cell| cell.id.clone())
    }

    fn place(&self, random: &mut Random) -> Place {
        let cell = self.cell(random);
        match (random.below(4), cell) {
            (0, _) | (_, None) => Place::Last,
            (1, _) => Place::First,
            (2, Some(cell)) => Place::Before(cell),
            (_, Some(cell)) => Place::After(cell),
        }
    }
}

fn utf16(characters: &[char]) -> u32 {
    characters.iter().map(|character| if character.len_utf16() == 2 { 2 } else { 1 }).sum()
}

/// Says in what a page differs from the state that it shows; `None`: in nothing.
pub(crate) fn difference_of_page(page: &Notebook, shown: &Notebook) -> Option<String> {
    // No page looks at the order of sessions.
    let sessions = |notebook: &Notebook| {
        let sessions = notebook.sessions().iter().map(|session| format!("{session:?}"));
        sessions.collect::<std::collections::BTreeSet<_>>()
    };
    if sessions(page) != sessions(shown) {
        return Some(format!("sessions: {:?} and {:?}", sessions(page), sessions(shown)));
    }
    difference_but_sessions(page, shown)
}

/// Says in what two states differ for those who look at them; `None`: in nothing.
pub(crate) fn difference(left: &Notebook, right: &Notebook) -> Option<String> {
    if left.sessions() != right.sessions() {
        return Some(format!("sessions: {:?} and {:?}", left.sessions(), right.sessions()));
    }
    difference_but_sessions(left, right)
}

fn difference_but_sessions(left: &Notebook, right: &Notebook) -> Option<String> {
    let told = |what: &str, left: String, right: String| Some(format!("{what}: {left} and {right}"));
    if left.title() != right.title() {
        return told("titles", left.title().to_owned(), right.title().to_owned());
    }
    if left.metadata() != right.metadata() {
        return Some("metadata".to_owned());
    }
    let order = |notebook: &Notebook| notebook.cells().map(|cell| cell.id.clone()).collect::<Vec<_>>();
    if order(left) != order(right) {
        return told("orders of cells", format!("{:?}", order(left)), format!("{:?}", order(right)));
    }
    if left.all_cells().count() != right.all_cells().count() {
        return Some("numbers of cells".to_owned());
    }
    for (one, other) in left.all_cells().zip(right.all_cells()) {
        if one != other {
            return told("cells", format!("{one:?}"), format!("{other:?}"));
        }
        let runs = |notebook: &Notebook| notebook.executions_of(&one.id).map(|run| run.id.clone()).collect::<Vec<_>>();
        if runs(left) != runs(right) {
            return told("orders of runs of a cell", format!("{:?}", runs(left)), format!("{:?}", runs(right)));
        }
    }
    if left.executions().count() != right.executions().count() {
        return Some("numbers of executions".to_owned());
    }
    let unlike = left.executions().zip(right.executions()).find(|(one, other)| one != other);
    unlike.and_then(|(one, other)| told("executions", format!("{one:?}"), format!("{other:?}")))
}
