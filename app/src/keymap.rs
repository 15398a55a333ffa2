//! Jupyter's keys. In edit mode the editor names them; in command mode they are read here.

use leptos::prelude::*;
use notebook::{CellId, CellKind, Place};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, KeyboardEvent};

use crate::action::Direction;
use crate::editor::Cursor;
use crate::session::Session;

/// Two presses of a key within this time are one command.
const PAIR_MILLIS: f64 = 800.0;

/// What the keys of one page need to remember.
#[derive(Clone, Copy)]
pub(crate) struct Keymap {
    session: Session,
    last: StoredValue<Option<(String, f64)>>,
}

impl Keymap {
    pub(crate) fn new(session: Session) -> Self {
        Self { session, last: StoredValue::new(None) }
    }

    /// Handles a key of the editor by the name the editor gives it.
    pub(crate) fn in_editor(self, cell: &CellId, name: &str) -> bool {
        let session = self.session;
        match name {
            "run" => {
                session.run_cell(cell);
                if session.cell(cell).is_some_and(|view| view.kind.get_untracked() != CellKind::Code) {
                    session.focus.select(cell);
                }
            }
            "run-advance" => session.run_and_advance(cell),
            "run-insert" => session.run_and_insert(cell),
            "save" => session.save_now(),
            "split" => session.split_cell(cell),
            "inspect" => return session.inspect(cell),
            "close" => return session.close_documentation(cell),
            "escape" => session.focus.select(cell),
            "up-out" => return self.step_out(cell, Direction::Up, Cursor::End),
            "down-out" => return self.step_out(cell, Direction::Down, Cursor::Start),
            _ => return false,
        }
        true
    }

    fn step_out(self, cell: &CellId, direction: Direction, cursor: Cursor) -> bool {
        let Some(next) = self.session.neighbour(cell, direction) else { return false };
        let is_code = self.session.cell(&next).is_some_and(|view| view.kind.get_untracked() == CellKind::Code);
        if is_code {
            self.session.focus.edit(&next, cursor);
        } else {
            self.session.focus.select(&next);
        }
        true
    }

    /// Handles a key pressed anywhere on the page.
    pub(crate) fn on_page(self, event: &KeyboardEvent) {
        if event.default_prevented() || event.is_composing() {
            return;
        }
        let accelerated = event.ctrl_key() || event.meta_key();
        let key = event.key();
        if accelerated && !event.shift_key() && !event.alt_key() && key.eq_ignore_ascii_case("s") {
            event.prevent_default();
            return self.session.save_now();
        }
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if target.as_ref().is_some_and(|target| takes_keys(target, &key)) {
            return;
        }
        if self.command(event, &key, accelerated) {
            event.prevent_default();
        }
    }

    fn command(self, event: &KeyboardEvent, key: &str, accelerated: bool) -> bool {
        let session = self.session;
        let Some(cell) = session.focus.selected.get_untracked() else {
            return self.without_selection(key, accelerated);
        };
        match (key, event.shift_key(), accelerated, event.alt_key()) {
            ("Enter", true, false, false) => session.run_and_advance(&cell),
            ("Enter", false, true, false) => session.run_cell(&cell),
            ("Enter", false, false, true) => session.run_and_insert(&cell),
            ("Enter", false, false, false) => session.focus.edit(&cell, Cursor::Stay),
            ("ArrowUp", true, true, false) => session.move_cell(&cell, Direction::Up),
            ("ArrowDown", true, true, false) => session.move_cell(&cell, Direction::Down),
            ("M" | "m", true, _, false) => session.merge_with(&cell, Direction::Down),
            ("Backspace", false, true, false) => session.merge_with(&cell, Direction::Up),
            (_, false, false, false) => return self.plain(&cell, key),
            _ => return false,
        }
        true
    }

    /// With nothing selected the arrows begin at the first cell.
    fn without_selection(self, key: &str, accelerated: bool) -> bool {
        let first = self.session.order.with_untracked(|order| order.first().cloned());
        match (key, first) {
            ("ArrowDown" | "ArrowUp" | "j" | "k", Some(first)) if !accelerated => self.session.focus.select(&first),
            _ => return false,
        }
        true
    }

    fn plain(self, cell: &CellId, key: &str) -> bool {
        let session = self.session;
        match key {
            "ArrowUp" | "k" => self.step(cell, Direction::Up),
            "ArrowDown" | "j" => self.step(cell, Direction::Down),
            // Who only views moves about.
            _ if !session.can_write() => return false,
            "a" => drop(session.insert_at(CellKind::Code, Place::Before(cell.clone()))),
            "b" => drop(session.insert_at(CellKind::Code, Place::After(cell.clone()))),
            "m" => session.change_kind(cell, CellKind::Markdown),
            "y" => session.change_kind(cell, CellKind::Code),
            "r" => session.change_kind(cell, CellKind::Raw),
            "z" => session.undo(),
            "d" if self.is_second(key) => session.delete_cell(cell),
            "i" if self.is_second(key) => session.interrupt(),
            "0" if self.is_second(key) => session.restart_or_ask(),
            "d" | "i" | "0" => {}
            _ => return false,
        }
        true
    }

    fn step(self, cell: &CellId, direction: Direction) {
        if let Some(next) = self.session.neighbour(cell, direction) {
            self.session.focus.select(&next);
        }
    }

    /// Says whether this key was the last one too, a moment ago; a third press begins anew.
    fn is_second(self, key: &str) -> bool {
        let now = browser::clock::performance_now();
        self.last
            .try_update_value(|last| {
                let second = last.take().is_some_and(|(known, at)| known == key && now - at < PAIR_MILLIS);
                if !second {
                    *last = Some((key.to_owned(), now));
                }
                second
            })
            .unwrap_or(false)
    }
}

/// Says whether an element uses a key itself: fields do, and buttons take Enter and Space.
fn takes_keys(target: &Element, key: &str) -> bool {
    let within = |selector: &str| target.closest(selector).ok().flatten().is_some();
    within("input, textarea, select, dialog, .cm-editor, [contenteditable='true']")
        || (matches!(key, "Enter" | " ") && within("button, a, summary"))
        || (within("details[open], .documentation") && matches!(key, "ArrowUp" | "ArrowDown"))
}
