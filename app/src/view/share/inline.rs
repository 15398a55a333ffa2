//! The link that carries a small notebook inside itself.

use leptos::prelude::*;

use super::links::CopyField;
use crate::inline::{self, MAX_LINK_LEN};
use crate::session::Session;

/// Offers the link, as the notebook is now, or says that it is too large for one.
#[component]
pub(super) fn InlineLink(session: Session) -> impl IntoView {
    let made = RwSignal::new(None::<Result<String, String>>);
    let begin = move |_| {
        session.flush();
        browser::spawn(async move {
            made.try_set(Some(inline::link(session).await));
        });
    };
    view! {
        <div class="share-link">
            <h3>"A copy inside a link"</h3>
            <p class="share-note">"For small notebooks: the link holds cells and outputs as they are now. It needs no relay; who opens it gets a notebook of their own."</p>
            {move || match made.get() {
                None => view! { <button class="button outline" on:click=begin>"Make the link"</button> }.into_any(),
                Some(Ok(link)) if link.len() <= MAX_LINK_LEN => {
                    view! { <CopyField name="Link with a copy inside" address=link /> }.into_any()
                }
                Some(Ok(link)) => view! {
                    <p role="status">{format!(
                        "It is too large for a link: {} kB, at most {} kB. Clear its outputs to make it smaller, or download it from the menu.",
                        link.len().div_ceil(1024), MAX_LINK_LEN / 1024
                    )}</p>
                }.into_any(),
                Some(Err(reason)) => view! { <p role="alert">{reason}</p> }.into_any(),
            }}
        </div>
    }
}
