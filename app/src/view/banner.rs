//! What a person must know about how this notebook is kept, until it is no longer so.

use browser::idb::Entry;
use leptos::prelude::*;
use protocol::port::{KernelState, SaveState, Storage, SyncState, ToStore};

use crate::copying;
use crate::editor::EditorBundle;
use crate::file;
use crate::library;
use crate::session::{Phase, Session};

/// All that apply now. `entry` is what the list of notebooks says of this one; `made_here` tells that this page made it.
#[component]
pub(crate) fn Banners(
    session: Session,
    bundle: EditorBundle,
    entry: StoredValue<Entry>,
    made_here: bool,
) -> impl IntoView {
    // What came by a link is fetched again.
    let at_home = !made_here && !entry.with_value(|entry| entry.joined);
    let empty = Memo::new(move |_| {
        let there_is_none = session.phase.get() == Phase::Open && session.order.with(Vec::is_empty);
        at_home && there_is_none && session.read(|notebook| notebook.all_cells().next().is_none())
    });
    view! {
        <div class="banners">
            {move || empty.get().then(|| view! {
                <Banner failed=true>
                    <p>"Nothing of this notebook is in this browser any more: this site's data was cleared, or it was never saved. It is empty, and what you write now begins it anew."</p>
                </Banner>
            })}
            {move || session.storage.get().and_then(storage_words).map(|words| view! {
                <Banner><p>{words}</p><Download session /></Banner>
            })}
            {move || (session.storage.get() == Some(Storage::Cleared)).then(|| view! {
                <Banner failed=true>
                    <p>"This notebook was deleted from this browser while it was open, as when the site's data is cleared. What you see is kept in this tab only: save it again, or download it, before you close the tab."</p>
                    <button class="button outline" on:click=move |_| save_again(session, entry.get_value())>"Save again"</button>
                    <Download session />
                </Banner>
            })}
            {move || match session.stored.get() {
                SaveState::Failed { reason, events } => Some(view! {
                    <Banner failed=true>
                        <p>{format!("{} could not be saved: {}. What you do is kept in this tab, and saving is tried again. Keep this tab open; download the notebook to be safe.", count(events), reason.trim_end_matches('.'))}</p>
                        <Download session />
                    </Banner>
                }),
                SaveState::Saved | SaveState::Saving | SaveState::Memory => None,
            }}
            {move || match session.sync.get() {
                SyncState::Refused { reason } if !session.awaited.get() => Some(view! {
                    <Banner failed=true>
                        <p>{format!("Sharing stopped: {reason}. What others do does not arrive here; what you do is kept in this browser.")}</p>
                        // Who views has it in the note below.
                        {session.access().may_write().then(|| view! {
                            <button class="button outline" on:click=move |_| copying::make_and_open(session)>"Make a copy"</button>
                        })}
                        <button class="button outline" on:click=|_| { browser::page::reload().ok(); }>"Reload"</button>
                    </Banner>
                }),
                SyncState::Local
                | SyncState::Connecting
                | SyncState::Live { .. }
                | SyncState::Offline { .. }
                | SyncState::Absent
                | SyncState::Refused { .. } => None,
            }}
            {move || match session.kernel.get() {
                KernelState::Dead { reason } => Some(view! {
                    <Banner failed=true>
                        <p>{reason}</p>
                        <Show when=move || session.is_writable()>
                            <button class="button outline" on:click=move |_| session.warm_kernel()>"Start Python again"</button>
                        </Show>
                    </Banner>
                }),
                KernelState::None | KernelState::Starting { .. } | KernelState::Idle | KernelState::Busy => None,
            }}
            {move || bundle.failure().map(|reason| view! {
                <Banner failed=true><p>{format!("The editor could not be loaded ({reason}). The notebook can be read and run; reload the page to edit it.")}</p></Banner>
            })}
        </div>
    }
}

/// Puts the notebook back into this browser: into its list, then into files.
fn save_again(session: Session, entry: Entry) {
    session.flush();
    let entry = Entry { title: session.title.get_untracked(), ..entry };
    browser::spawn(async move {
        let listed = library::put_back(&entry).await;
        let saved = session.ask(|request| ToStore::SaveAgain { request }).await;
        match listed.and(saved.map(drop).map_err(|refusal| refusal.to_string())) {
            // Chromium may forget, when it ends, files that were made where it had just deleted others.
            Ok(()) => session.toasts.say(
                "Saved again. A browser may forget what is saved right after its data was cleared: download a copy before you close it.",
            ),
            Err(reason) => session.toasts.say(&reason),
        }
    });
}

fn count(events: u64) -> String {
    if events == 1 { "1 change".to_owned() } else { format!("{events} changes") }
}

fn storage_words(storage: Storage) -> Option<String> {
    match storage {
        // What can be done about files that are gone has a banner of its own.
        Storage::Opfs | Storage::Cleared => None,
        Storage::Memory { reason } => Some(format!(
            "This notebook lives in memory only and is gone when the tab closes: {reason}. Download it to keep it."
        )),
        Storage::ReadOnly { version } => Some(format!(
            "A newer version of Cathode wrote this notebook (format {version}). It is shown, but not changed. Reload the page to get the newer version."
        )),
        Storage::Recovered { aside, events, lost } => {
            let lost = match lost {
                Some(0) => "nothing was lost".to_owned(),
                Some(lost) => format!("{} could not be read", count(lost)),
                None => "what followed them could not be read".to_owned(),
            };
            Some(format!(
                "This notebook's database was damaged. {} were recovered; {lost}. The damaged file is kept as {aside}.",
                count(events)
            ))
        }
    }
}

#[component]
fn Banner(#[prop(optional)] failed: bool, children: Children) -> impl IntoView {
    view! { <div class="banner" class:failed=failed role="alert">{children()}</div> }
}

#[component]
fn Download(session: Session) -> impl IntoView {
    view! { <button class="button outline" on:click=move |_| file::download_notebook(session)>"Download"</button> }
}
