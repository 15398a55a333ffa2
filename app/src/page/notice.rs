//! A page that only says why there is nothing else to see.

use leptos::prelude::*;

use crate::view::icon::Mark;

/// Says something, with a way home and, where it helps, a way to try again.
#[component]
pub(crate) fn Notice(
    title: &'static str,
    #[prop(into)] text: String,
    #[prop(optional)] reloads: bool,
) -> impl IntoView {
    view! {
        <main class="notice-page" data-notice>
            <Mark named=true />
            <h1>{title}</h1>
            <p>{text}</p>
            <p>
                {reloads.then(|| view! {
                    <button class="button primary" on:click=|_| { browser::page::reload().ok(); }>"Reload"</button>" "
                })}
                <a class="button outline" href="./">"All notebooks"</a>
            </p>
        </main>
    }
}
