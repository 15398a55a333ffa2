//! The question before something that cannot be taken back.

use leptos::html;
use leptos::prelude::*;

/// Opens and closes a `<dialog>` as a signal says, modal while open.
pub(super) fn follow(dialog: NodeRef<html::Dialog>, open: impl Fn() -> bool + 'static) {
    Effect::new(move |_| {
        let open = open();
        let Some(dialog) = dialog.get() else { return };
        if open && !dialog.open() {
            // It can only fail when the element has left the page.
            dialog.show_modal().ok();
        } else if !open && dialog.open() {
            dialog.close();
        }
    });
}

/// Asks before something is done.
#[component]
pub(crate) fn Confirm(
    /// Whether it asks now.
    open: RwSignal<bool>,
    title: &'static str,
    text: &'static str,
    /// The button that does it.
    action: &'static str,
    /// A word that has to be typed first, where a slip would be bad.
    #[prop(optional)]
    word: Option<&'static str>,
    #[prop(into)] on_confirm: Callback<()>,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let typed = RwSignal::new(String::new());
    follow(dialog, move || open.get());
    let ready = move || word.is_none_or(|word| typed.with(|typed| typed.trim() == word));
    let confirm = move || {
        if untrack(ready) {
            open.set(false);
            typed.set(String::new());
            on_confirm.run(());
        }
    };
    view! {
        <dialog node_ref=dialog aria-label=title on:close=move |_| open.set(false)>
            <h2>{title}</h2>
            <p>{text}</p>
            {word.map(|word| view! {
                <label>
                    <span>"Type "<strong>{word}</strong>" to go on"</span>
                    <input class="field" autocomplete="off" spellcheck="false"
                        prop:value=move || typed.get()
                        on:input=move |event| typed.set(event_target_value(&event))
                        on:keydown=move |event| if event.key() == "Enter" { confirm(); } />
                </label>
            })}
            <div class="dialog-actions">
                <button class="button" on:click=move |_| open.set(false)>"Cancel"</button>
                <button class="button danger" disabled=move || !ready() on:click=move |_| confirm()>{action}</button>
            </div>
        </dialog>
    }
}
