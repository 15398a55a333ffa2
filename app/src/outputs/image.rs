//! Pictures, sound and film. An SVG is a picture too: in an `<img>` its scripts and links are dead.

use leptos::prelude::*;
use render::mime::Size;

/// Shows a picture, at the size its author asked for and never wider than the page.
#[component]
pub(crate) fn Picture(address: String, size: Size) -> impl IntoView {
    view! {
        <div class="shown-image">
            <img src=address alt="Output picture" decoding="async" width=size.width.map(|width| width.to_string()) height=size.height.map(|height| height.to_string()) />
        </div>
    }
}

/// Plays sound or film.
#[component]
pub(crate) fn Media(mime: String, base64: String) -> impl IntoView {
    let address = format!("data:{mime};base64,{base64}");
    if mime.starts_with("video/") {
        view! { <div class="shown-image"><video controls src=address></video></div> }.into_any()
    } else {
        view! { <div><audio controls src=address></audio></div> }.into_any()
    }
}
