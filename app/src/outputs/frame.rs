//! Output that carries script: a document of its own origin, which sees nothing of this page and
//! may only say how tall it is.

use js_sys::Reflect;
use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use web_sys::MessageEvent;

/// The tallest that a frame may become, in pixels.
const TALLEST: f64 = 4000.0;

/// Shows a document in a sandboxed frame.
#[component]
pub(crate) fn Frame(document: String) -> impl IntoView {
    let frame = NodeRef::<html::Iframe>::new();
    let height = RwSignal::new(None::<f64>);
    let listener = window_event_listener(ev::message, move |event: MessageEvent| {
        let Some(frame) = frame.get_untracked() else { return };
        // Only this very frame speaks of its height; the origin "null" says nothing about who it is.
        let from_frame = match (event.source(), frame.content_window()) {
            (Some(source), Some(window)) => js_sys::Object::is(&source, &window),
            _ => false,
        };
        if from_frame && let Some(wanted) = wanted_height(&event) {
            height.set(Some(wanted));
        }
    });
    on_cleanup(move || listener.remove());
    view! {
        <iframe class="shown-frame" node_ref=frame sandbox="allow-scripts" referrerpolicy="no-referrer" srcdoc=document
            title="Output with script" style:height=move || height.get().map(|height| format!("{height}px"))></iframe>
    }
}

fn wanted_height(event: &MessageEvent) -> Option<f64> {
    let height = Reflect::get(&event.data(), &"height".into()).ok()?.as_f64()?;
    height.is_finite().then(|| height.clamp(0.0, TALLEST).ceil())
}
