//! A menu: a `<details>` that closes when something was chosen, on Escape, and on a click elsewhere.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement, Node};

/// Shows a menu. `trigger` is what opens it; children are its buttons.
#[component]
pub(crate) fn Menu(
    /// Its accessible name.
    label: &'static str,
    #[prop(into)] trigger: ViewFn,
    children: Children,
) -> impl IntoView {
    let menu = NodeRef::<html::Details>::new();
    let close = move || {
        if let Some(menu) = menu.get_untracked() {
            menu.set_open(false);
        }
    };
    let outside = window_event_listener(ev::pointerdown, move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
        if menu.get_untracked().is_some_and(|menu| !menu.contains(target.as_ref())) {
            close();
        }
    });
    on_cleanup(move || outside.remove());
    let on_key = move |event: web_sys::KeyboardEvent| {
        if event.key() != "Escape" {
            return;
        }
        event.stop_propagation();
        close();
        let summary = menu.get_untracked().and_then(|menu| menu.query_selector("summary").ok().flatten());
        if let Some(summary) = summary.and_then(|summary| summary.dyn_into::<HtmlElement>().ok()) {
            summary.focus().ok();
        }
    };
    let on_choice = move |event: web_sys::MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if target.is_some_and(|target| target.closest("button, a").ok().flatten().is_some()) {
            close();
        }
    };
    view! {
        <details class="menu" node_ref=menu on:keydown=on_key>
            <summary class="button" aria-label=label title=label>{trigger.run()}</summary>
            <div class="menu-items" on:click=on_choice>{children()}</div>
        </details>
    }
}
