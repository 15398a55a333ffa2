//! What a person must know about how this notebook is kept, until it is no longer so.

use leptos::prelude::*;
use protocol::port::{KernelState, SaveState, Storage};

use crate::editor::EditorBundle;
use crate::file;
use crate::session::Session;

/// All that apply now.
#[component]
pub(crate) fn Banners(session: Session, bundle: EditorBundle) -> impl IntoView {
    view! {
        <div class="banners">
            {move || session.storage.get().and_then(storage_words).map(|words| view! {
                <Banner><p>{words}</p><Download session /></Banner>
            })}
            {move || match session.stored.get() {
                SaveState::Failed { reason, events } => Some(view! {
                    <Banner failed=true>
                        <p>{format!("{} could not be saved: {reason}. They are kept in this tab, and saving is tried again. Do not close it; download the notebook to be safe.", count(events))}</p>
                        <Download session />
                    </Banner>
                }),
                SaveState::Saved | SaveState::Saving | SaveState::Memory => None,
            }}
            {move || match session.kernel.get() {
                KernelState::Dead { reason } => Some(view! {
                    <Banner failed=true>
                        <p>{reason}</p>
                        <button class="button outline" on:click=move |_| session.warm_kernel()>"Start Python again"</button>
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

fn count(events: u64) -> String {
    if events == 1 { "1 change".to_owned() } else { format!("{events} changes") }
}

fn storage_words(storage: Storage) -> Option<String> {
    match storage {
        Storage::Opfs => None,
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
