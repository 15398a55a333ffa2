//! The notebook page.

use ::notebook::{CellKind, Place};
use browser::idb::{Entry, Library};
use browser::timer;
use leptos::ev;
use leptos::prelude::*;
use protocol::access::Secret;
use protocol::port::{KernelState, OpenFailure, Role};
use send_wrapper::SendWrapper;
use web_sys::File;

use super::notice::Notice;
use crate::editor::EditorBundle;
use crate::file;
use crate::keymap::Keymap;
use crate::library::Beginning;
use crate::nearness::Nearness;
use crate::session::{Opening, Phase, Session};
use crate::toast::ToastList;
use crate::view::banner::Banners;
use crate::view::bar::Bar;
use crate::view::cell::{CellRow, Page};
use crate::view::drop_zone::DropZone;
use crate::view::icon::{Glyph, Icon};

/// How long the page rests before it warms a kernel that nobody asked for yet, so that the first keys come first.
const WARM_MILLIS: u32 = 300;

/// Shows a notebook of the list.
#[component]
pub(crate) fn NotebookPage(entry: Entry, beginning: Option<Beginning>) -> impl IntoView {
    let Ok(secret) = Secret::from_slice(&entry.secret) else {
        return view! { <Notice title="This notebook cannot be opened" text="Its entry in this browser's list is damaged." /> }.into_any();
    };
    let session = Session::open(Opening {
        id: entry.id.clone(),
        title: entry.title.clone(),
        key: secret.blob_key().to_vec(),
        verbose: super::is_verbose(),
    });
    // A new notebook is written first; an old one may be run at once.
    if beginning.is_none() {
        session.host.prefetch(session);
    }
    note_opening(session, &entry);
    begin(session, beginning);
    warm_when_idle(session);
    if let Err(error) = browser::page::on_hidden(move || session.flush()) {
        log::error!("{error}");
    }
    let page = Page { session, keymap: Keymap::new(session), bundle: EditorBundle::load(), nearness: Nearness::new() };
    let on_key = window_event_listener(ev::keydown, move |event| page.keymap.on_page(&event));
    on_cleanup(move || on_key.remove());
    view! {
        {move || match session.phase.get() {
            Phase::Failed(failure) => view! { <OpenFailed failure /> }.into_any(),
            Phase::Opening | Phase::Open => view! { <Sheet page /> }.into_any(),
        }}
    }
    .into_any()
}

#[component]
fn Sheet(page: Page) -> impl IntoView {
    let session = page.session;
    let opened = Memo::new(move |_| session.phase.get() == Phase::Open);
    let dropped = Callback::new(move |file: SendWrapper<File>| file::import_into(session, file.take()));
    view! {
        <Bar session />
        <Banners session bundle=page.bundle />
        <main class="sheet" aria-label="Cells" aria-busy=move || (!opened.get()).to_string()>
            <For each=move || session.order.get() key=Clone::clone let(cell)>
                {session.cell(&cell).map(|view| view! { <CellRow page cell=cell.clone() view /> })}
            </For>
            <Show when=move || opened.get() && session.is_writable()><AddRow session /></Show>
        </main>
        <div class="only-read" role="status" aria-live="polite">{move || session.announcement.get()}</div>
        <DropZone text="Drop to add its cells to this notebook" on_file=dropped />
        <ToastList toasts=session.toasts />
    }
}

/// The quiet pair of buttons below the last cell.
#[component]
fn AddRow(session: Session) -> impl IntoView {
    let add = move |kind| drop(session.insert_cell(kind, Place::Last));
    view! {
        <div class="add-row">
            <button class="button" aria-label="Append code" on:click=move |_| add(CellKind::Code)><Glyph icon=Icon::Plus />"Code"</button>
            <button class="button" aria-label="Append text" on:click=move |_| add(CellKind::Markdown)><Glyph icon=Icon::Plus />"Text"</button>
        </div>
    }
}

#[component]
fn OpenFailed(failure: OpenFailure) -> impl IntoView {
    let title = match failure {
        OpenFailure::OtherBuild => "Cathode was updated",
        OpenFailure::Locked { .. } => "This notebook is held by another tab",
        OpenFailure::Store { .. } => "This notebook could not be opened",
    };
    view! { <Notice title text=failure.to_string() reloads=true /> }
}

/// Keeps the list in step: when the notebook was opened and what it is called.
fn note_opening(session: Session, entry: &Entry) {
    let id = entry.id.clone();
    browser::spawn(async move {
        if let Ok(library) = Library::open().await {
            // The list is a convenience; a notebook opens without it.
            library.touch(&id, browser::clock::now_millis()).await.ok();
        }
    });
    let (id, listed) = (entry.id.clone(), StoredValue::new(entry.title.clone()));
    let compared = StoredValue::new(false);
    Effect::new(move |_| {
        let title = session.title.get();
        browser::page::set_title(&format!("{title} · Cathode"));
        if session.phase.get() != Phase::Open || title.is_empty() {
            return;
        }
        if listed.get_value() == title {
            compared.set_value(true);
            return;
        }
        // What the page renames, it lists at once: a difference on opening comes from the home page.
        if !compared.get_value() && session.can_write() {
            compared.set_value(true);
            session.rename(&listed.get_value());
            return;
        }
        listed.set_value(title.clone());
        let id = id.clone();
        browser::spawn(async move {
            if let Ok(library) = Library::open().await {
                library.rename(&id, &title).await.ok();
            }
        });
    });
}

/// Does what only the page that made the notebook does.
fn begin(session: Session, beginning: Option<Beginning>) {
    let beginning = StoredValue::new(beginning);
    Effect::new(move |_| {
        if session.phase.get() != Phase::Open {
            return;
        }
        match beginning.try_update_value(Option::take).flatten() {
            Some(Beginning::Empty) => drop(session.insert_cell(CellKind::Code, Place::Last)),
            Some(Beginning::Imported(imported)) => browser::spawn(file::give(session, *imported)),
            None => {}
        }
    });
}

fn warm_when_idle(session: Session) {
    let asked = StoredValue::new(false);
    Effect::new(move |_| {
        if session.phase.get() != Phase::Open || session.role.get() != Role::Leader || asked.get_value() {
            return;
        }
        asked.set_value(true);
        browser::spawn(async move {
            timer::after(WARM_MILLIS).await;
            timer::on_idle(WARM_MILLIS, move || {
                if session.kernel.try_get_untracked() == Some(KernelState::None) {
                    session.warm_kernel();
                }
            });
        });
    });
}
