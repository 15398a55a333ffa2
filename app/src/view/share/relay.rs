//! Which relay this browser uses, for those who run one of their own.

use leptos::html;
use leptos::prelude::*;

use super::relay_is_another;
use crate::relay;
use crate::session::Session;

/// Shows the relay's address and lets it be set.
#[component]
pub(super) fn RelaySetting(
    session: Session,
    /// Whether it is not the one that this notebook was opened with.
    changed: RwSignal<bool>,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let refusal = RwSignal::new("");
    let choose = move |address: Option<String>| {
        let chosen = relay::choose(address.as_deref());
        if let (Ok(()), Some(field)) = (chosen, field.get_untracked()) {
            field.set_value(&relay::address().unwrap_or_default());
        }
        refusal.set(chosen.err().unwrap_or_default());
        changed.set(relay_is_another(session));
    };
    view! {
        <details class="share-advanced">
            <summary>"Advanced"</summary>
            <label>
                <span>"Relay"</span>
                <input class="field" node_ref=field spellcheck="false" autocomplete="off" placeholder="none" value=relay::address().unwrap_or_default() />
            </label>
            <p class="share-note">"All who share a notebook need the same relay. It holds for every notebook that this browser opens from now on."</p>
            <div class="dialog-actions">
                <button class="button" on:click=move |_| choose(None)>"Use this site’s"</button>
                <button class="button outline" on:click=move |_| choose(field.get_untracked().map(|field| field.value()))>"Set relay"</button>
            </div>
            <p role="alert">{refusal}</p>
        </details>
        // The tab that leads keeps its relay for all others.
        <p class="share-changed" role="status" hidden=move || !changed.get()>"Another relay is set. To use it here, close this notebook’s other tabs and "<button class="link" on:click=|_| { browser::page::reload().ok(); }>"reload this one"</button>"."</p>
    }
}
