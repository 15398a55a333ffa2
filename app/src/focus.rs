//! Which cell is selected, and whether keys go to its text or to the notebook.

use std::collections::BTreeMap;

use leptos::prelude::*;
use notebook::CellId;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast as _;
use web_sys::{FocusOptions, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};

use crate::editor::Cursor;

/// What a row offers to whoever wants to focus it.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) element: SendWrapper<HtmlElement>,
    /// Asks for the text to be edited: mounts the editor if need be and gives it the focus.
    pub(crate) edit: Callback<Cursor>,
    /// Asks for the text to be left: Markdown is rendered.
    pub(crate) rest: Callback<()>,
}

/// Where the focus shall go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Select,
    Edit(Cursor),
}

/// The selection of one notebook page.
#[derive(Clone, Copy)]
pub(crate) struct Focus {
    pub(crate) selected: RwSignal<Option<CellId>>,
    pub(crate) editing: RwSignal<bool>,
    rows: StoredValue<BTreeMap<CellId, Row>, LocalStorage>,
    /// A wish for a cell whose row is not on the page yet.
    wish: StoredValue<Option<(CellId, Wish)>, LocalStorage>,
}

impl Focus {
    pub(crate) fn new() -> Self {
        Self {
            selected: RwSignal::new(None),
            editing: RwSignal::new(false),
            rows: StoredValue::new_local(BTreeMap::new()),
            wish: StoredValue::new_local(None),
        }
    }

    /// Notes a row that is on the page now, and fulfils what was wished for it.
    pub(crate) fn register(self, cell: &CellId, row: Row) {
        self.rows.update_value(|rows| {
            rows.insert(cell.clone(), row);
        });
        let wish = self.wish.with_value(|wish| wish.clone().filter(|(wished, _)| wished == cell));
        if let Some((cell, wish)) = wish {
            self.wish.set_value(None);
            self.fulfil(&cell, wish);
        }
    }

    pub(crate) fn unregister(self, cell: &CellId) {
        self.rows.try_update_value(|rows| rows.remove(cell));
    }

    /// Selects a cell for commands.
    pub(crate) fn select(self, cell: &CellId) {
        self.go(cell, Wish::Select);
    }

    /// Selects a cell and edits its text.
    pub(crate) fn edit(self, cell: &CellId, cursor: Cursor) {
        self.go(cell, Wish::Edit(cursor));
    }

    /// Takes back a wish for a cell that does not come.
    pub(crate) fn withdraw(self, cell: &CellId) {
        self.wish.update_value(|wish| {
            wish.take_if(|(wished, _)| *wished == *cell);
        });
    }

    /// Brings a cell into view; the focus stays where it is.
    pub(crate) fn reveal(self, cell: CellId) {
        // By then the row of a cell that is new is on the page.
        request_animation_frame(move || {
            if let Some(row) = self.rows.try_with_value(|rows| rows.get(&cell).cloned()).flatten() {
                scroll_to(&row.element, ScrollLogicalPosition::Center);
            }
        });
    }

    /// Leaves a cell's text, if it is being edited.
    pub(crate) fn rest(self, cell: &CellId) {
        if let Some(row) = self.rows.with_value(|rows| rows.get(cell).cloned()) {
            row.rest.run(());
        }
    }

    /// Notes that a cell got the focus by itself.
    pub(crate) fn note(self, cell: &CellId, editing: bool) {
        if self.selected.with_untracked(|selected| selected.as_ref() != Some(cell)) {
            self.selected.set(Some(cell.clone()));
        }
        if self.editing.get_untracked() != editing {
            self.editing.set(editing);
        }
    }

    /// Unselects a cell that is not there any more; its neighbour takes over.
    pub(crate) fn forget_missing(self, order: &[CellId]) {
        let missing =
            self.selected.with_untracked(|selected| selected.as_ref().is_some_and(|cell| !order.contains(cell)));
        let wished = self.wish.with_value(|wish| wish.as_ref().map(|(cell, _)| cell.clone()));
        if missing && wished.is_none() {
            self.selected.set(None);
            self.editing.set(false);
        }
    }

    fn go(self, cell: &CellId, wish: Wish) {
        if self.rows.with_value(|rows| rows.contains_key(cell)) {
            self.wish.set_value(None);
            self.fulfil(cell, wish);
        } else {
            self.wish.set_value(Some((cell.clone(), wish)));
        }
    }

    fn fulfil(self, cell: &CellId, wish: Wish) {
        let Some(row) = self.rows.with_value(|rows| rows.get(cell).cloned()) else { return };
        match wish {
            Wish::Select => {
                self.note(cell, false);
                // The row's own focus handler must not take this for editing.
                let options = FocusOptions::new();
                options.set_prevent_scroll(true);
                row.element.focus_with_options(&options).ok();
                self.editing.set(false);
            }
            Wish::Edit(cursor) => {
                self.note(cell, true);
                row.edit.run(cursor);
            }
        }
        // Where a row lies is only known by laying the page out, which the next frame does in any case.
        request_animation_frame(move || scroll_to(&row.element, ScrollLogicalPosition::Nearest));
    }
}

fn scroll_to(element: &HtmlElement, block: ScrollLogicalPosition) {
    let options = ScrollIntoViewOptions::new();
    options.set_block(block);
    element.unchecked_ref::<web_sys::Element>().scroll_into_view_with_scroll_into_view_options(&options);
}
