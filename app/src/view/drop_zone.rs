//! Files dropped anywhere on the page.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{DataTransfer, DragEvent, Element, File};

/// Hands over every file that is dropped; shows a veil while one is held over the page.
#[component]
pub(crate) fn DropZone(
    /// What will happen on a drop.
    text: &'static str,
    on_file: Callback<send_wrapper::SendWrapper<File>>,
) -> impl IntoView {
    let over = RwSignal::new(false);
    let on_over = window_event_listener(ev::dragover, move |event: DragEvent| {
        if carries_files(&event) {
            event.prevent_default();
            over.set(true);
        }
    });
    let on_leave = window_event_listener(ev::dragleave, move |event: DragEvent| {
        // Leaving one element for another inside the page is not leaving the page.
        if event.related_target().is_none() {
            over.set(false);
        }
    });
    let on_drop = window_event_listener(ev::drop, move |event: DragEvent| {
        over.set(false);
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if !carries_files(&event) || target.is_some_and(|target| target.closest("iframe").ok().flatten().is_some()) {
            return;
        }
        event.prevent_default();
        if let Some(file) = event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0)) {
            on_file.run(send_wrapper::SendWrapper::new(file));
        }
    });
    on_cleanup(move || {
        on_over.remove();
        on_leave.remove();
        on_drop.remove();
    });
    view! { <Show when=move || over.get()><div class="drop-veil" aria-hidden="true">{text}</div></Show> }
}

fn carries_files(event: &DragEvent) -> bool {
    let types = event.data_transfer().as_ref().map(DataTransfer::types);
    types.is_some_and(|types| types.iter().any(|kind| kind.as_string().as_deref() == Some("Files")))
}
