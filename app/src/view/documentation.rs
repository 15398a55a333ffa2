//! What Python knows about a name, under the text that it is in.

use leptos::html::Pre;
use leptos::prelude::*;
use notebook::{CellId, CellKind};
use web_sys::KeyboardEvent;

use crate::editor::Cursor;
use crate::outputs::palette::themed;
use crate::session::{CellView, Session};

/// Shows what was asked about a cell's text, until it is closed.
#[component]
pub(crate) fn DocumentationPanel(session: Session, cell: CellId, view: CellView) -> impl IntoView {
    let CellView { kind, documentation, .. } = view;
    let open = documentation.clone();
    let is_open = move || kind.get() == CellKind::Code && open.with(|documentation| documentation.shown.is_some());
    let close = Callback::new(move |()| {
        session.close_documentation(&cell);
        session.focus.edit(&cell, Cursor::Stay);
    });
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.prevent_default();
            close.run(());
        }
    };
    let (text, entered) = (NodeRef::<Pre>::new(), documentation.clone());
    Effect::new(move |before: Option<u64>| {
        let times = entered.with(|documentation| documentation.entered);
        if let Some(text) = text.get_untracked().filter(|_| before.is_some_and(|before| before != times)) {
            text.focus().ok();
        }
        times
    });
    let markup = move || {
        let text = documentation.with(|documentation| documentation.shown.clone());
        themed(&render::ansi::to_html(&text.unwrap_or_default()))
    };
    view! {
        <Show when=is_open>
            <div class="documentation" role="region" aria-label="Documentation" on:keydown=on_key>
                <pre class="terminal" tabindex="0" node_ref=text inner_html=markup.clone()></pre>
                <button class="button quiet" on:click=move |_| close.run(())>"Close"</button>
            </div>
        </Show>
    }
}
