//! What a person sees who has a link to view: that nothing can be changed, and how to get a copy.

use leptos::prelude::*;

use crate::copying;
use crate::session::Session;

/// The note above the cells of a notebook that is only viewed.
#[component]
pub(crate) fn ViewingNote(session: Session) -> impl IntoView {
    let shown = move || !session.access().may_write() && !session.awaited.get();
    view! {
        <Show when=shown>
            <div class="viewing" role="note">
                <p>"You are viewing this notebook: you see everything live, and change and run nothing."</p>
                <button class="button outline" on:click=move |_| copying::make_and_open(session)>"Make a copy"</button>
            </div>
        </Show>
    }
}
