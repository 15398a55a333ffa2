//! One row of the notebook.

use leptos::html;
use leptos::prelude::*;
use notebook::{CellId, CellKind};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast as _;

use super::cell_run::{RunGutter, RunNote, duration};
use super::cell_source::{CellSource, Text, Writing};
use super::cell_tools::{Between, CellTools};
use super::documentation::DocumentationPanel;
use super::people::{self, PeopleHere};
use crate::editor::{Cursor, Editor, EditorBundle};
use crate::focus::Row;
use crate::keymap::Keymap;
use crate::nearness::Nearness;
use crate::outputs::list::OutputList;
use crate::session::{CellView, RunStatus, RunView, Session};

/// What all rows of a page share.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    pub(crate) session: Session,
    pub(crate) keymap: Keymap,
    pub(crate) bundle: EditorBundle,
    pub(crate) nearness: Nearness,
}

/// Shows a cell.
#[component]
pub(crate) fn CellRow(page: Page, cell: CellId, view: CellView) -> impl IntoView {
    let Page { session, keymap, bundle, .. } = page;
    let element = NodeRef::<html::Section>::new();
    let writing =
        Writing { wanted: RwSignal::new(false), active: RwSignal::new(false), cursor: StoredValue::new(None) };
    join(page, &cell, element, writing, view.kind.clone());

    let selected = {
        let cell = cell.clone();
        Memo::new(move |_| session.focus.selected.with(|selected| selected.as_ref() == Some(&cell)))
    };
    let label = {
        let (cell, kind, run, here) = (cell.clone(), view.kind.clone(), view.run.clone(), view.people.clone());
        move || {
            let at = session.order.with(|order| order.iter().position(|id| *id == cell)).map_or(0, |at| at + 1);
            format!("Cell {at}, {}{}{}", kind.get().as_str(), run.with(spoken), here.with(|here| people::spoken(here)))
        }
    };
    let (kind, run) = (view.kind.clone(), view.run.clone());
    let (status, outcome) = (run.clone(), run.clone());
    let focused = cell.clone();
    let on_focus = move |event: web_sys::FocusEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let in_editor = target.is_some_and(|target| target.closest(".cm-editor").ok().flatten().is_some());
        session.focus.note(&focused, in_editor);
    };
    let pressed = cell.clone();
    let on_press = move |_| session.focus.note(&pressed, session.focus.editing.get_untracked());
    let is_code = Memo::new(move |_| kind.get() == CellKind::Code);
    let (gutter_cell, tools_cell, between_cell, list_cell) = (cell.clone(), cell.clone(), cell.clone(), cell.clone());
    let (gutter_run, tools_kind, kind_name) = (run.clone(), view.kind.clone(), view.kind.clone());
    let (outputs, people) = (view.outputs.clone(), view.people.clone());
    let edge = people.clone();
    let (documented, shown) = (cell.clone(), view.clone());
    let text = Text { session, keymap, bundle, cell: cell.clone(), view, writing };
    view! {
        <section class="cell" class:selected=move || selected.get() tabindex="-1" node_ref=element
            style=("--peer", move || edge.with(|here| people::mark(here)))
            data-cell=cell.to_string()
            data-kind=move || kind_name.get().as_str()
            data-status=move || status.with(|run| run.status.as_str())
            data-outcome=move || outcome.with(RunView::outcome_str)
            aria-label=label
            on:focusin=on_focus
            on:pointerdown=on_press>
            {move || if is_code.get() {
                view! { <RunGutter session cell=gutter_cell.clone() run=gutter_run.clone() /> }.into_any()
            } else {
                view! { <div class="gutter"></div> }.into_any()
            }}
            <div class="cell-body">
                <CellSource text />
                <DocumentationPanel session cell=documented view=shown />
                <RunNote run />
                <OutputList session cell=list_cell outputs />
            </div>
            <PeopleHere people />
            <Show when=move || session.is_writable()>
                <CellTools session cell=tools_cell.clone() kind=tools_kind.clone() />
                <Between session cell=between_cell.clone() />
            </Show>
        </section>
    }
}

/// Makes the row known to the focus and to the watch over what is near.
fn join(page: Page, cell: &CellId, element: NodeRef<html::Section>, writing: Writing, kind: ArcRwSignal<CellKind>) {
    let Page { session, nearness, .. } = page;
    let near = RwSignal::new(false);
    let joined = cell.clone();
    let writable_kind = kind.clone();
    Effect::new(move |_| {
        let Some(element) = element.get() else { return };
        nearness.watch(&joined, &element, near);
        let row_cell = joined.clone();
        let kind = writable_kind.clone();
        let edit = Callback::new(move |cursor: Cursor| {
            writing.active.set(true);
            if let Some(editor) = session.editor(&row_cell).filter(Editor::is_mounted) {
                editor.focus(cursor);
            } else {
                writing.cursor.set_value(Some(cursor));
                writing.wanted.set(true);
            }
        });
        let rest = Callback::new(move |()| {
            writing.active.set(false);
            // What is rendered needs no editor until someone writes again.
            if kind.get_untracked() == CellKind::Markdown {
                writing.wanted.set(false);
            }
        });
        let row = Row { element: SendWrapper::new(element.unchecked_into()), edit, rest };
        session.focus.register(&joined, row);
    });
    let chosen = cell.clone();
    let selected = Memo::new(move |_| session.focus.selected.with(|selected| selected.as_ref() == Some(&chosen)));
    // What is near has an editor, except Markdown that is only read; so has what is selected, which may have the focus.
    Effect::new(move |_| {
        let written = kind.get() != CellKind::Markdown || writing.active.get();
        if near.get() && written {
            writing.wanted.set(true);
        } else if !near.get() && !selected.get() {
            writing.wanted.set(false);
        }
    });
    let gone = cell.clone();
    on_cleanup(move || {
        session.focus.unregister(&gone);
        nearness.forget(&gone, None);
    });
}

fn spoken(run: &RunView) -> String {
    match run.status {
        RunStatus::Idle => String::new(),
        RunStatus::Pending | RunStatus::Assigned => ", queued".to_owned(),
        RunStatus::Executing => ", running".to_owned(),
        RunStatus::Completed => {
            let took = run
                .started_at
                .zip(run.completed_at)
                .map(|(started, completed)| duration(completed.saturating_sub(started)));
            match (run.outcome_str(), took) {
                (Some("ok") | None, Some(took)) => format!(", completed in {took}"),
                (Some("ok") | None, None) => ", completed".to_owned(),
                (Some(outcome), _) => format!(", {outcome}"),
            }
        }
    }
}
