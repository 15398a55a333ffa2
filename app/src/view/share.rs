//! The dialog that shares a notebook: starting, links, and stopping.

mod inline;
mod links;
mod relay;

use leptos::html;
use leptos::prelude::*;
use protocol::port::{SyncState, ToStore};

use super::dialog::{Confirm, follow};
use super::icon::{Glyph, Icon};
use crate::session::Session;
use crate::{copying, library};
use inline::InlineLink;
use links::Links;
use relay::RelaySetting;

/// The button in the bar, and the dialog it opens.
#[component]
pub(crate) fn Share(session: Session) -> impl IntoView {
    let open = RwSignal::new(false);
    let dialog = NodeRef::<html::Dialog>::new();
    follow(dialog, move || open.get());
    let stopping = RwSignal::new(false);
    view! {
        <button class="button share-button" class:outline=true aria-label="Share" title="Share this notebook" on:click=move |_| open.set(true)>
            <Glyph icon=Icon::Share />
            <span class="label">"Share"</span>
        </button>
        <dialog class="share" node_ref=dialog aria-label="Share this notebook" on:close=move |_| open.set(false)>
            // The links hold the keys: they are on the page only while they are looked at.
            <Show when=move || open.get()><Contents session stopping open /></Show>
        </dialog>
        <Confirm open=stopping title="Stop sharing?"
            text="You go on with a copy that has new keys and is yours alone. The shared notebook leaves this browser. Whoever has its link keeps what they have, and can go on with it without you."
            action="Stop sharing" on_confirm=move |()| copying::stop_sharing(session) />
    }
}

#[component]
fn Contents(session: Session, stopping: RwSignal<bool>, open: RwSignal<bool>) -> impl IntoView {
    let shared = Memo::new(move |_| session.is_shared());
    let may_write = session.access().may_write();
    let relay_changed = RwSignal::new(relay_is_another(session));
    view! {
        <h2>"Share this notebook"</h2>
        {move || match (shared.get(), may_write) {
            (false, true) => view! { <Beginning session relay_changed open /> }.into_any(),
            (false, false) => view! { <p>"This site has no relay, so the notebook is not shared from here."</p> }.into_any(),
            (true, _) => view! { <Links session /> }.into_any(),
        }}
        <Show when=move || !session.awaited.get()><InlineLink session /></Show>
        <RelaySetting session changed=relay_changed />
        <div class="dialog-actions">
            <Show when=move || shared.get() && may_write>
                <button class="button quiet share-stop" on:click=move |_| {
                    open.set(false);
                    stopping.set(true);
                }>"Stop sharing…"</button>
            </Show>
            <button class="button outline" on:click=move |_| open.set(false)>"Done"</button>
        </div>
    }
}

/// What is said before a notebook is shared for the first time.
#[component]
fn Beginning(session: Session, relay_changed: RwSignal<bool>, open: RwSignal<bool>) -> impl IntoView {
    let asked = RwSignal::new(false);
    let begin = move |_| {
        asked.set(true);
        session.flush();
        browser::spawn(async move {
            match session.ask(|request| ToStore::Share { request }).await {
                // Were its files deleted, it would come from the relay.
                Ok(_) => {
                    if let Err(reason) = library::note_shared(&session.notebook_id()).await {
                        log::warn!("{reason}");
                    }
                }
                Err(refusal) => {
                    // Behind the dialog nobody would see it.
                    open.set(false);
                    session.toasts.say(&refusal.to_string());
                }
            }
        });
    };
    let writable = move || session.is_writable();
    let relay = session.relay().is_some();
    view! {
        <p>"Whoever has the link is in this notebook with you, live. It is sealed in your browser: the relay that passes it on cannot read it."</p>
        {(!relay).then(|| view! { <p class="share-note">"This site has no relay. Set the address of one below, or use the copy inside a link."</p> })}
        <p><button class="button primary" disabled=move || !relay || relay_changed.get() || asked.get() || !writable() on:click=begin>
            {move || if asked.get() { "Starting…" } else { "Start sharing" }}
        </button></p>
    }
}

/// Says whether this notebook was opened before another relay was set.
fn relay_is_another(session: Session) -> bool {
    crate::relay::address() != session.relay()
}

/// Returns what the others can see of this notebook by now.
fn standing(state: &SyncState) -> String {
    match state {
        SyncState::Live { unsent: 0, .. } => "It is live: the links work now.".to_owned(),
        SyncState::Live { unsent, .. } => format!("It is live; {unsent} changes are on their way."),
        SyncState::Connecting => "It is being handed to the relay…".to_owned(),
        SyncState::Offline { reason: Some(reason), .. } => {
            format!(
                "The relay turned this browser away: {reason}. It is tried again by itself; the links work once it is let in."
            )
        }
        SyncState::Offline { reason: None, .. } => {
            "The relay cannot be reached just now. The links work as soon as it can.".to_owned()
        }
        SyncState::Absent => "It waits for somebody who has all of it.".to_owned(),
        SyncState::Refused { reason } => format!("The relay does not take it: {reason}."),
        SyncState::Local => String::new(),
    }
}
