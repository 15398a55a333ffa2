//! Which relay this browser uses, for those who run one of their own.

use leptos::html;
use leptos::prelude::*;

use crate::relay;

/// Shows the relay's address and lets it be set.
#[component]
pub(super) fn RelaySetting() -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let said = RwSignal::new(None::<Result<(), &'static str>>);
    let choose = move |address: Option<String>| {
        let chosen = relay::choose(address.as_deref());
        if let (Ok(()), Some(field)) = (chosen, field.get_untracked()) {
            field.set_value(&relay::address().unwrap_or_default());
        }
        said.set(Some(chosen));
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
            {move || said.get().map(|said| match said {
                Ok(()) => view! {
                    <p role="status">"Set. "<button class="link" on:click=|_| { browser::page::reload().ok(); }>"Reload this notebook"</button>" to use it here."</p>
                }.into_any(),
                Err(reason) => view! { <p role="alert">{reason}</p> }.into_any(),
            })}
        </details>
    }
}
