//! What can be done with a cell: the small toolbar at its corner, and the place between two cells.

use leptos::prelude::*;
use notebook::{CellId, CellKind, Place};

use super::icon::{Glyph, Icon};
use crate::action::Direction;
use crate::session::Session;

/// The toolbar of one cell.
#[component]
pub(crate) fn CellTools(session: Session, cell: CellId, kind: ArcRwSignal<CellKind>) -> impl IntoView {
    let cell = StoredValue::new(cell);
    let is_code = Memo::new(move |_| kind.get() == CellKind::Code);
    let other = move || if is_code.get() { CellKind::Markdown } else { CellKind::Code };
    let other_name = move || if is_code.get() { "Change to Markdown" } else { "Change to code" };
    view! {
        <div class="cell-tools" role="toolbar" aria-label="Cell">
            <Small icon=Icon::Up name="Move up" on_press=move |()| session.move_cell(&cell.get_value(), Direction::Up) />
            <Small icon=Icon::Down name="Move down" on_press=move |()| session.move_cell(&cell.get_value(), Direction::Down) />
            <button class="button square" aria-label=other_name title=other_name on:click=move |_| session.change_kind(&cell.get_value(), untrack(other))>
                {move || view! { <Glyph icon=if is_code.get() { Icon::Text } else { Icon::Code } /> }}
            </button>
            <Small icon=Icon::Split name="Split at the cursor" keys="Ctrl+Shift+Minus" on_press=move |()| session.split_cell(&cell.get_value()) />
            <Small icon=Icon::Merge name="Merge with the cell below" keys="Shift+M" on_press=move |()| session.merge_with(&cell.get_value(), Direction::Down) />
            <Small icon=Icon::Trash name="Delete cell" on_press=move |()| session.delete_cell(&cell.get_value()) />
        </div>
    }
}

#[component]
fn Small(
    icon: Icon,
    name: &'static str,
    #[prop(optional)] keys: Option<&'static str>,
    #[prop(into)] on_press: Callback<()>,
) -> impl IntoView {
    let title = keys.map_or_else(|| name.to_owned(), |keys| format!("{name} ({keys})"));
    view! { <button class="button square" aria-label=name title=title on:click=move |_| on_press.run(())><Glyph icon /></button> }
}

/// Makes a cell right below this one.
#[component]
pub(crate) fn Between(session: Session, cell: CellId) -> impl IntoView {
    let below = StoredValue::new(cell);
    let insert = move |kind| drop(session.insert_cell(kind, Place::After(below.get_value())));
    view! {
        <div class="between">
            <button class="button" aria-label="Insert code below" on:click=move |_| insert(CellKind::Code)><Glyph icon=Icon::Plus />"Code"</button>
            <button class="button" aria-label="Insert Markdown below" on:click=move |_| insert(CellKind::Markdown)><Glyph icon=Icon::Plus />"Markdown"</button>
        </div>
    }
}
