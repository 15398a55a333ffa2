//! A cell's text: highlighted and still until it comes near, then an editor; Markdown is rendered
//! until someone writes in it.

use leptos::html;
use leptos::prelude::*;
use notebook::{CellId, CellKind};

use crate::editor::{Callbacks, Cursor, Editor, EditorBundle, Setup};
use crate::keymap::Keymap;
use crate::outputs::math;
use crate::session::{CellView, Session};

/// What the text of a row shares with the row.
#[derive(Clone, Copy)]
pub(crate) struct Writing {
    /// Whether an editor is wanted.
    pub(crate) wanted: RwSignal<bool>,
    /// Whether the text is being written; Markdown is rendered while it is not.
    pub(crate) active: RwSignal<bool>,
    /// Where the cursor goes once the editor is there.
    pub(crate) cursor: StoredValue<Option<Cursor>>,
}

/// Shows the text of a cell.
#[component]
pub(crate) fn CellSource(
    session: Session,
    keymap: Keymap,
    bundle: EditorBundle,
    cell: CellId,
    view: CellView,
    writing: Writing,
) -> impl IntoView {
    let kind = view.kind.clone();
    let prose = Memo::new(move |_| kind.get() == CellKind::Markdown && !writing.active.get());
    let shared = StoredValue::new((cell, view));
    view! {
        {move || {
            let (cell, view) = shared.get_value();
            if prose.get() {
                view! { <Prose session cell view writing /> }.into_any()
            } else {
                view! { <EditorHost session keymap bundle cell view writing /> }.into_any()
            }
        }}
    }
}

#[component]
fn Prose(session: Session, cell: CellId, view: CellView, writing: Writing) -> impl IntoView {
    let element = NodeRef::<html::Div>::new();
    let for_text = cell.clone();
    let text = Memo::new(move |_| {
        view.edited.track();
        session.text(&for_text)
    });
    Effect::new(move |_| {
        text.track();
        if let Some(element) = element.get() {
            math::typeset(&element);
        }
    });
    let write = move |_| {
        writing.cursor.set_value(Some(Cursor::Stay));
        writing.wanted.set(true);
        writing.active.set(true);
    };
    view! {
        <div class="prose" data-editor node_ref=element on:dblclick=write
            class:placeholder=move || text.with(|text| text.trim().is_empty())
            inner_html=move || text.with(|text| if text.trim().is_empty() {
                "Empty text. Double-click or press Enter to write.".to_owned()
            } else {
                render::markdown::to_html(text)
            })></div>
    }
}

#[component]
fn EditorHost(
    session: Session,
    keymap: Keymap,
    bundle: EditorBundle,
    cell: CellId,
    view: CellView,
    writing: Writing,
) -> impl IntoView {
    let host = NodeRef::<html::Div>::new();
    let mounted = RwSignal::new(false);
    let shared = StoredValue::new((cell.clone(), view.clone()));
    Effect::new(move |_| {
        if mounted.get_untracked() || !writing.wanted.get() || !bundle.is_ready() {
            return;
        }
        let Some(host) = host.get() else { return };
        let (cell, view) = shared.get_value();
        let text = session.text(&cell);
        let setup = Setup {
            parent: &host,
            text: &text,
            kind: view.kind.get_untracked(),
            read_only: !session.can_write(),
            label: "Source of the cell",
        };
        let Some(editor) = bundle.mount(&setup, callbacks(session, keymap, &cell, &host)) else { return };
        session.register_editor(&cell, editor.clone());
        mounted.set(true);
        if let Some(cursor) = writing.cursor.try_update_value(Option::take).flatten() {
            editor.focus(cursor);
        }
    });
    // Another kind means another language, a read-only store means a read-only editor.
    Effect::new(move |_| {
        let (cell, view) = shared.get_value();
        let (kind, writable) = (view.kind.get(), session.is_writable());
        if let Some(editor) = mounted.get().then(|| session.editor(&cell)).flatten() {
            editor.set_kind(kind);
            editor.set_read_only(!writable);
        }
    });
    let gone = cell.clone();
    on_cleanup(move || {
        if let Some(editor) = session.try_editor(&gone) {
            session.flush();
            session.unregister_editor(&gone);
            Editor::destroy(&editor);
        }
    });
    let markup = move || {
        view.edited.track();
        let text = session.text(&cell);
        bundle.highlight(&text, view.kind.get()).unwrap_or_else(|| escape(&text))
    };
    let begin = move |_| {
        writing.cursor.set_value(Some(Cursor::Start));
        writing.wanted.set(true);
    };
    view! {
        <div class="editor" data-editor node_ref=host>
            <Show when=move || !mounted.get()>
                <pre class="still" on:pointerdown=begin inner_html=markup.clone()></pre>
            </Show>
        </div>
    }
}

fn callbacks(session: Session, keymap: Keymap, cell: &CellId, host: &web_sys::Element) -> Callbacks {
    let host = host.clone();
    let scroller = move || host.query_selector(".cm-scroller").ok().flatten();
    let (changed, focused, keyed) = (cell.clone(), cell.clone(), cell.clone());
    Callbacks {
        change: Box::new(move |splices| session.type_in(&changed, &splices)),
        focus: Box::new(move || session.focus.note(&focused, true)),
        blur: Box::new(move || {
            session.flush();
            session.focus.editing.try_set(false);
            // A long line that is left shows its beginning again.
            if let Some(scroller) = scroller() {
                // In a frame, which lays the page out in any case.
                request_animation_frame(move || scroller.set_scroll_left(0));
            }
        }),
        key: Box::new(move |name| keymap.in_editor(&keyed, name)),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
