//! The notebook page.

use ::notebook::{CellKind, Place};
use browser::idb::{self, Entry, Library};
use browser::idle::Idle;
use browser::timer;
use leptos::ev;
use leptos::prelude::*;
use protocol::port::{KernelState, OpenFailure, Role, ToStore};
use send_wrapper::SendWrapper;
use web_sys::File;

use super::notice::Notice;
use crate::editor::EditorBundle;
use crate::file;
use crate::joining;
use crate::keymap::Keymap;
use crate::library::{self, Beginning};
use crate::nearness::Nearness;
use crate::session::{Phase, Session};
use crate::toast::ToastList;
use crate::view::banner::Banners;
use crate::view::bar::Bar;
use crate::view::cell::{CellRow, Page};
use crate::view::drop_zone::DropZone;
use crate::view::icon::{Glyph, Icon};
use crate::view::people::{self, Following};
use crate::view::sync_state::Awaited;
use crate::view::viewing::ViewingNote;
use crate::whereabouts;

/// How long the page rests before it warms a kernel that nobody asked for yet, so that the first keys come first.
const WARM_MILLIS: u32 = 300;
/// How long others have to say that they are here.
const COMPANY_MILLIS: u32 = 1000;

/// Shows a notebook of the list.
#[component]
pub(crate) fn NotebookPage(entry: Entry, beginning: Option<Beginning>) -> impl IntoView {
    let Some(opening) = library::opening(&entry) else {
        return view! { <Notice title="This notebook cannot be opened" text="Its entry in this browser's list is damaged." /> }.into_any();
    };
    let session = Session::open(opening);
    // A new notebook is written first; an old one may be run at once.
    if beginning.is_none() && session.access().may_write() {
        prefetch_once_here(session);
    }
    note_opening(session, &entry);
    if entry.viewing {
        joining::settle(session, entry.clone());
    }
    watch_files(session);
    let made_here = beginning.is_some();
    begin(session, beginning);
    warm_when_idle(session);
    if let Err(error) = browser::page::on_hidden(move || session.flush()) {
        log::error!("{error}");
    }
    join_the_others(session);
    let page = Page { session, keymap: Keymap::new(session), bundle: EditorBundle::load(), nearness: Nearness::new() };
    let on_key = window_event_listener(ev::keydown, move |event| page.keymap.on_page(&event));
    on_cleanup(move || on_key.remove());
    let entry = StoredValue::new(entry);
    // The sheet stays while the store opens, and when another tab takes over: somebody may be writing in it.
    let failure = Memo::new(move |_| match session.phase.get() {
        Phase::Failed(failure) => Some(failure),
        Phase::Opening | Phase::Open => None,
    });
    view! {
        {move || match failure.get() {
            Some(failure) => view! { <OpenFailed failure /> }.into_any(),
            None => view! { <Sheet page entry made_here /> }.into_any(),
        }}
    }
    .into_any()
}

#[component]
fn Sheet(page: Page, entry: StoredValue<Entry>, made_here: bool) -> impl IntoView {
    let session = page.session;
    let opened = Memo::new(move |_| session.phase.get() == Phase::Open);
    let dropped = Callback::new(move |file: SendWrapper<File>| file::import_into(session, file.take()));
    view! {
        <Bar session />
        <Banners session bundle=page.bundle entry made_here />
        <ViewingNote session />
        <main class="sheet" aria-label="Cells" aria-busy=move || (!opened.get()).to_string()>
            <Show when=move || opened.get() && session.awaited.get()><Awaited session /></Show>
            <For each=move || session.order.get() key=Clone::clone let(cell)>
                {session.cell(&cell).map(|view| view! { <CellRow page cell=cell.clone() view /> })}
            </For>
            <Show when=move || opened.get() && session.is_writable()><AddRow session /></Show>
        </main>
        <div class="only-read" role="status" aria-live="polite">{move || session.announcement.get()}</div>
        <DropZone text="Drop to add its cells to this notebook" on_file=dropped />
        <Following session />
        <ToastList toasts=session.toasts />
    }
}

/// Keeps in touch with the other people in the notebook.
fn join_the_others(session: Session) {
    whereabouts::tell(session);
    session.keep_following();
    session.keep_people_marked();
    people::watch_for_own_ways(session);
    let online = window_event_listener(ev::online, move |_| session.post(&ToStore::Online));
    on_cleanup(move || online.remove());
}

/// The quiet pair of buttons below the last cell.
#[component]
fn AddRow(session: Session) -> impl IntoView {
    let add = move |kind| drop(session.insert_cell(kind, Place::Last));
    view! {
        <div class="add-row">
            <button class="button" aria-label="Append code" on:click=move |_| add(CellKind::Code)><Glyph icon=Icon::Plus />"Code"</button>
            <button class="button" aria-label="Append Markdown" on:click=move |_| add(CellKind::Markdown)><Glyph icon=Icon::Plus />"Markdown"</button>
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
        browser::page::set_title(&if title.is_empty() { "Cathode".to_owned() } else { format!("{title} · Cathode") });
        if session.phase.get() != Phase::Open || title.is_empty() {
            return;
        }
        if listed.get_value() == title {
            compared.set_value(true);
            return;
        }
        // What the page renames, it lists at once: a difference on opening comes from the home page. One that came by
        // a link is listed without a title until it has arrived.
        let is_first = !compared.get_value();
        compared.set_value(true);
        if is_first && session.can_write() && listed.with_value(|listed| !listed.is_empty()) {
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

/// Has the store look for its files whenever something suggests that they are gone.
fn watch_files(session: Session) {
    if let Err(error) = idb::on_closed_by_browser(move || session.look_for_files()) {
        log::warn!("{error}");
    }
    // Who clears a site's data does it elsewhere, and comes back.
    let back = window_event_listener(ev::focus, move |_| session.look_for_files());
    on_cleanup(move || back.remove());
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

/// Brings what a kernel needs. A notebook that is still under way comes first, and where others are, one of them has
/// a kernel or will.
fn prefetch_once_here(session: Session) {
    let came_by_link = session.awaited.get_untracked();
    Effect::new(move |seen: Option<bool>| {
        let here = !session.awaited.get();
        if here && seen != Some(true) {
            browser::spawn(async move {
                if came_by_link {
                    timer::after(COMPANY_MILLIS).await;
                }
                if session.peers.try_with_untracked(Vec::is_empty) == Some(true) {
                    session.host.prefetch(session);
                }
            });
        }
        here
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
            Idle::new(WARM_MILLIS).push(move || {
                if session.kernel.try_get_untracked() == Some(KernelState::None) {
                    session.warm_kernel();
                }
            });
        });
    });
}
