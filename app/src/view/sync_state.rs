//! How the notebook stands with the others: a word in the bar, and what fills the page until it has arrived.

use browser::timer::Timeout;
use leptos::prelude::*;
use protocol::port::SyncState;
use send_wrapper::SendWrapper;

use crate::session::Session;

/// After this long it is said that fetching takes longer than it should.
const PATIENCE_MILLIS: u32 = 8_000;

fn name(state: &SyncState) -> &'static str {
    match state {
        SyncState::Local => "local",
        SyncState::Connecting => "connecting",
        SyncState::Live { .. } => "live",
        SyncState::Offline { .. } => "offline",
        SyncState::Absent => "absent",
        SyncState::Refused { .. } => "refused",
    }
}

fn unsent(state: &SyncState) -> u64 {
    match state {
        SyncState::Live { unsent, .. } | SyncState::Offline { unsent, .. } => *unsent,
        SyncState::Local | SyncState::Connecting | SyncState::Absent | SyncState::Refused { .. } => 0,
    }
}

/// Returns the words, and those that say what they mean.
fn words(state: &SyncState, views: bool) -> (String, String) {
    let (short, long) = match state {
        SyncState::Local => (String::new(), "This notebook is in this browser only.".to_owned()),
        SyncState::Connecting => {
            ("Connecting…".to_owned(), "On the way to the relay, which joins you with the others.".to_owned())
        }
        SyncState::Live { keeps_blobs: true, .. } => (
            "Live without large outputs".to_owned(),
            "The relay has no room for more large outputs: those that are new show in this browser only. All else reaches the others.".to_owned(),
        ),
        SyncState::Live { .. } => (
            "Live".to_owned(),
            "Who has a link sees every change as it happens. The relay in between cannot read any of it.".to_owned(),
        ),
        SyncState::Offline { reason: Some(reason), .. } => (
            "Turned away".to_owned(),
            format!("The relay turned this browser away: {reason}. It is tried again by itself. You can go on: your changes are kept here and reach the others later."),
        ),
        SyncState::Offline { reason: None, .. } => (
            "Offline".to_owned(),
            "The relay cannot be reached. You can go on: your changes are kept here and reach the others later."
                .to_owned(),
        ),
        SyncState::Absent => (
            "Waiting for others".to_owned(),
            "The relay does not have all of this notebook. The rest comes as soon as somebody who has it is online."
                .to_owned(),
        ),
        SyncState::Refused { reason } => (
            format!("Refused: {reason}"),
            format!("The relay does not take this notebook: {reason}. What you do is kept in this browser."),
        ),
    };
    match (views, short.is_empty()) {
        (false, _) => (short, long),
        (true, true) => ("Read-only".to_owned(), "This link is for viewing: make a copy to change it.".to_owned()),
        (true, false) => {
            (format!("Read-only · {short}"), format!("This link is for viewing: make a copy to change it. {long}"))
        }
    }
}

/// Returns what follows the short words while the relay cannot be reached.
fn waiting(state: &SyncState) -> String {
    match state {
        SyncState::Offline { unsent: 1, .. } => "· 1 change waiting".to_owned(),
        SyncState::Offline { unsent: 2.., .. } => format!("· {} changes waiting", unsent(state)),
        _ => String::new(),
    }
}

/// Returns how it stands, in a few words.
pub(crate) fn in_short(state: &SyncState) -> String {
    let (short, _) = words(state, false);
    if short.is_empty() { "No".to_owned() } else { format!("{short} {}", waiting(state)) }
}

/// The word in the bar.
#[component]
pub(crate) fn SyncWord(session: Session) -> impl IntoView {
    let views = !session.access().may_write();
    let state = session.sync;
    let words = Memo::new(move |_| state.with(|state| words(state, views)));
    view! {
        <span class="state sync" role="status" data-sync=move || state.with(name) data-unsent=move || state.with(unsent).to_string()
            title=move || words.with(|(_, long)| long.clone())>
            <span class="sync-dot" aria-hidden="true"></span>
            <span class="sync-words">{move || words.with(|(short, _)| short.clone())}</span>
            // It changes with every letter, which nobody wants to have read out.
            <span class="sync-words" aria-live="off">{move || state.with(waiting)}</span>
        </span>
    }
}

/// What is said in place of cells that have not arrived yet.
#[component]
pub(crate) fn Awaited(session: Session) -> impl IntoView {
    let slow = RwSignal::new(false);
    Effect::new(move |_| {
        // Dropped, and so withdrawn, with this view.
        SendWrapper::new(Timeout::new(PATIENCE_MILLIS, move || {
            slow.try_set(true);
        }))
    });
    let text = move || {
        match session.sync.get() {
        SyncState::Connecting | SyncState::Live { .. } if slow.get() => (
            "Still fetching the notebook…",
            "This takes longer than usual. The relay may be busy, or your connection slow; it goes on by itself.".to_owned(),
        ),
        SyncState::Connecting | SyncState::Live { .. } => {
            ("Fetching the notebook…", "It comes sealed from the relay and is opened here, in your browser.".to_owned())
        }
        SyncState::Absent => (
            "Waiting for someone who has it",
            "The relay does not have this notebook, or no longer. It appears here as soon as somebody who has it is online. You can leave this page open, or come back later.".to_owned(),
        ),
        SyncState::Offline { reason: Some(reason), .. } => (
            "Waiting to be let in",
            format!("The relay says: {reason}. This page keeps trying, and the notebook is fetched once the relay lets it in."),
        ),
        SyncState::Offline { reason: None, .. } => (
            "Waiting for the relay",
            "It cannot be reached just now: you may be offline. This page keeps trying, and the notebook is fetched once it can be.".to_owned(),
        ),
        SyncState::Refused { reason } => (
            "The relay does not give out this notebook",
            format!("It says: {reason}. If the link is not whole or sharing was stopped, ask for the link again."),
        ),
        SyncState::Local => (
            "This site has no relay",
            "A notebook that was shared by a link cannot be fetched without one. Its address can be set on the page of any notebook of yours, under “Share”.".to_owned(),
        ),
    }
    };
    let waits = move || session.sync.with(|sync| !matches!(sync, SyncState::Refused { .. } | SyncState::Local));
    view! {
        <div class="awaited" role="status" data-awaited>
            <Show when=waits><span class="awaited-pulse" aria-hidden="true"></span></Show>
            <h2>{move || text().0}</h2>
            <p>{move || text().1}</p>
        </div>
    }
}
