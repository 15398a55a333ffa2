//! What `display` and the last expression gave: the best representation that can be shown here.

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use notebook::{BlobRef, Json, MimeBundle};
use render::mime::{Plan, Shown, plan};

use super::frame::Frame;
use super::image::{Media, Picture};
use super::markup::{self, Made};
use super::math;
use super::missing::Missing;
use super::palette::themed;
use super::tree::Tree;
use crate::session::Session;

/// Shows a bundle.
#[component]
pub(crate) fn Rich(session: Session, data: MimeBundle, metadata: Json) -> impl IntoView {
    match plan(&data, &metadata, |_| None) {
        Plan::Ready(shown) => show(shown),
        Plan::Nothing => nothing(&data),
        Plan::Needs(blob, _) => view! { <Stored session data metadata blob /> }.into_any(),
    }
}

/// Shows a bundle whose best representation lies in the blob table.
#[component]
fn Stored(session: Session, data: MimeBundle, metadata: Json, blob: BlobRef) -> impl IntoView {
    let found = RwSignal::new(None::<Result<Shown, String>>);
    let size = blob.size;
    let read = move || {
        let (data, metadata, blob) = (data.clone(), metadata.clone(), blob.clone());
        browser::spawn(async move {
            let result = read_and_plan(session, &data, &metadata, blob).await;
            found.try_set(Some(result));
        });
    };
    read();
    let read = Callback::new(move |()| read());
    move || match found.get() {
        None => view! { <p class="waiting">{format!("Reading {}…", bytes(size))}</p> }.into_any(),
        Some(Ok(shown)) => show(shown),
        Some(Err(reason)) => view! { <Missing session reason again=read /> }.into_any(),
    }
}

async fn read_and_plan(session: Session, data: &MimeBundle, metadata: &Json, first: BlobRef) -> Result<Shown, String> {
    let mut read: BTreeMap<BlobRef, Arc<[u8]>> = BTreeMap::new();
    let mut wanted = first;
    loop {
        let bytes = session.read_blob(&wanted).await?;
        read.insert(wanted, bytes);
        match plan(data, metadata, |blob| read.get(blob).map(AsRef::as_ref)) {
            Plan::Ready(shown) => return Ok(shown),
            Plan::Nothing => return Err("This output cannot be shown.".to_owned()),
            Plan::Needs(blob, _) => wanted = blob,
        }
    }
}

fn show(shown: Shown) -> AnyView {
    match shown {
        Shown::Html(text) => view! { <Html text /> }.into_any(),
        Shown::Sandboxed(markup) => view! { <Frame document=render::sandbox::document(&markup) /> }.into_any(),
        Shown::Image { mime, base64, size } => {
            view! { <Picture address=format!("data:{mime};base64,{base64}") size /> }.into_any()
        }
        Shown::Svg { address, size } => view! { <Picture address size /> }.into_any(),
        Shown::Media { mime, base64 } => view! { <Media mime base64 /> }.into_any(),
        Shown::Json(value) => view! { <Tree value /> }.into_any(),
        Shown::Latex(markup) => view! { <Formulas markup class="shown-math" /> }.into_any(),
        Shown::Markdown(text) => view! { <Markdown text /> }.into_any(),
        Shown::Text(text) => {
            view! { <pre class="terminal" inner_html=themed(&render::ansi::to_html(&text))></pre> }.into_any()
        }
    }
}

fn nothing(data: &MimeBundle) -> AnyView {
    let kinds = data.keys().cloned().collect::<Vec<_>>().join(", ");
    view! { <p class="waiting">{if kinds.is_empty() { "An empty output.".to_owned() } else { format!("An output of a kind that cannot be shown here: {kinds}.") }}</p> }.into_any()
}

/// Foreign HTML: within the page if it can be cleaned, else in a frame of its own.
#[component]
fn Html(text: String) -> impl IntoView {
    move || match markup::from_html(&text) {
        Made::Nothing => ().into_any(),
        Made::Markup(markup) => view! { <div class="shown-html" inner_html=markup></div> }.into_any(),
        Made::Foreign => view! { <Frame document=render::sandbox::document(&text) /> }.into_any(),
    }
}

#[component]
fn Markdown(text: String) -> impl IntoView {
    move || {
        let markup = match markup::from_markdown(&text) {
            Made::Nothing => return ().into_any(),
            Made::Markup(markup) => markup,
            Made::Foreign => markup::plain(&text),
        };
        view! { <Formulas markup class="prose" /> }.into_any()
    }
}

#[component]
fn Formulas(markup: String, class: &'static str) -> impl IntoView {
    let element = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(element) = element.get() {
            math::typeset(&element);
        }
    });
    view! { <div class=class node_ref=element inner_html=markup></div> }
}

/// Writes a size the way a person reads one.
pub(crate) fn bytes(size: u64) -> String {
    match size {
        0..1000 => format!("{size} bytes"),
        1000..1_000_000 => format!("{} KB", size / 1000),
        1_000_000..1_000_000_000 => format!("{}.{} MB", size / 1_000_000, size / 100_000 % 10),
        _ => format!("{}.{} GB", size / 1_000_000_000, size / 100_000_000 % 10),
    }
}
