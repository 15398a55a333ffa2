//! A cell's text: an editor while it is near, else highlighted and still; Markdown is rendered until
//! someone writes in it.

use browser::idle::Idle;
use leptos::html;
use leptos::prelude::*;
use notebook::{CellId, CellKind};

use super::attachment;
use crate::editor::{Callbacks, Cursor, Editor, EditorBundle, Setup};
use crate::keymap::Keymap;
use crate::outputs::markup::{self, Made};
use crate::outputs::math;
use crate::session::{CellView, Session};

/// By when the text of a cell without an editor has its colours, however busy the page is.
const COLOURED_MILLIS: u32 = 2_000;

thread_local! {
    static COLOURING: Idle = Idle::new(COLOURED_MILLIS);
}

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

/// The text of a cell, and what showing and writing it takes.
#[derive(Clone)]
pub(crate) struct Text {
    pub(crate) session: Session,
    pub(crate) keymap: Keymap,
    pub(crate) bundle: EditorBundle,
    pub(crate) cell: CellId,
    pub(crate) view: CellView,
    pub(crate) writing: Writing,
}

/// Shows the text of a cell.
#[component]
pub(crate) fn CellSource(text: Text) -> impl IntoView {
    let (kind, active) = (text.view.kind.clone(), text.writing.active);
    let markdown = Memo::new(move |_| kind.get() == CellKind::Markdown);
    let prose = Memo::new(move |_| markdown.get() && !active.get());
    // A text that is being written is rendered as soon as it is left.
    Effect::new(move |_| {
        if markdown.get() {
            markup::load();
        }
    });
    let text = StoredValue::new(text);
    view! {
        {move || {
            let text = text.get_value();
            if prose.get() { view! { <Prose text /> }.into_any() } else { view! { <EditorHost text /> }.into_any() }
        }}
    }
}

#[component]
fn Prose(text: Text) -> impl IntoView {
    let Text { session, cell, view, writing, .. } = text;
    let element = NodeRef::<html::Div>::new();
    let (for_text, carrier) = (cell.clone(), cell);
    let text = Memo::new(move |_| {
        view.edited.track();
        session.text(&for_text)
    });
    let shown = Memo::new(move |_| text.with(|text| rendered(text)));
    Effect::new(move |_| {
        shown.track();
        if let Some(element) = element.get() {
            math::typeset(&element);
            attachment::fill(session, &carrier, &element);
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
            inner_html=move || shown.get()></div>
    }
}

fn rendered(text: &str) -> String {
    if text.trim().is_empty() {
        return "Empty text. Double-click or press Enter to write.".to_owned();
    }
    match markup::from_markdown(text) {
        Made::Nothing => String::new(),
        Made::Markup(markup) => markup,
        Made::Foreign => markup::plain(text),
    }
}

#[component]
fn EditorHost(text: Text) -> impl IntoView {
    let Text { session, keymap, bundle, cell, view, writing } = text;
    let host = NodeRef::<html::Div>::new();
    let mounted = RwSignal::new(false);
    let shared = StoredValue::new((cell.clone(), view.clone()));
    Effect::new(move |_| {
        let (cell, view) = shared.get_value();
        if !writing.wanted.get() {
            if mounted.get_untracked() {
                give_back(session, &cell);
                mounted.set(false);
            }
            return;
        }
        if mounted.get_untracked() || !bundle.is_ready() {
            return;
        }
        let Some(host) = host.get() else { return };
        let editor = if let Some(resting) = session.editor(&cell) {
            resting.wake();
            resting
        } else {
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
            editor
        };
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
    // Cells in view are about to have editors, and colours of the others nobody sees yet.
    let coloured = RwSignal::new(false);
    COLOURING.with(|colouring| {
        colouring.push(move || {
            coloured.try_set(true);
        });
    });
    let markup = move || {
        view.edited.track();
        let text = session.text(&cell);
        let highlighted = coloured.get().then(|| bundle.highlight(&text, view.kind.get())).flatten();
        highlighted.unwrap_or_else(|| escape(&text))
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

/// Takes a cell's editor off the page. Where it was written in, it rests; else a new one does as well.
fn give_back(session: Session, cell: &CellId) {
    let Some(editor) = session.editor(cell) else { return };
    session.flush();
    if !editor.rest() {
        session.unregister_editor(cell);
        editor.destroy();
    }
}

fn callbacks(session: Session, keymap: Keymap, cell: &CellId, host: &web_sys::Element) -> Callbacks {
    let host = host.clone();
    let scroller = move || host.query_selector(".cm-scroller").ok().flatten();
    let (changed, selected, focused, keyed) = (cell.clone(), cell.clone(), cell.clone(), cell.clone());
    Callbacks {
        change: Box::new(move |splices| session.type_in(&changed, &splices)),
        select: Box::new(move |anchor, head, moved| {
            // Nobody else would see it.
            if untrack(|| session.is_shared()) {
                session.company.select((selected.clone(), (anchor, head)), moved);
            }
        }),
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
