//! The links to a shared notebook: copied, or scanned.

use leptos::html;
use leptos::prelude::*;
use protocol::access::Access;
use qrcodegen::{QrCode, QrCodeEcc};
use wasm_bindgen_futures::JsFuture;

use super::standing;
use crate::link;
use crate::relay;
use crate::session::Session;

/// How far from the edge a scanner wants the code to be, in modules.
const QUIET: i32 = 4;

/// Shows the links that this access can give.
#[component]
pub(super) fn Links(session: Session) -> impl IntoView {
    let access = session.access();
    let scanned = RwSignal::new(None::<&'static str>);
    // A link does not name it: who follows one would tell a relay of somebody else's choice where they are.
    let own_relay = session.relay().filter(|relay| Some(relay) != relay::of_site().as_ref());
    view! {
        <p role="status">{move || session.sync.with(standing)}</p>
        {access.may_write().then(|| view! {
            <LinkRow name="Link to edit" note="Read, write and run. Give it to people you work with." access=access.clone() scanned />
        })}
        <LinkRow name="Link to view" note="See everything live, change nothing." access=access.for_viewing() scanned />
        {own_relay.map(|relay| view! {
            <p class="share-own-relay" role="note">{format!("These links need the relay {relay}, which is not this site’s. A link does not carry it: who follows one waits until they set it too, under “Share”, “Advanced”, and reload the page.")}</p>
        })}
        <p class="share-note">"A link is the key: who has it, gets in. Keep it as you would a password."</p>
    }
}

#[component]
fn LinkRow(
    name: &'static str,
    note: &'static str,
    access: Access,
    /// Whose code is shown.
    scanned: RwSignal<Option<&'static str>>,
) -> impl IntoView {
    let address = StoredValue::new(link::to(&access));
    let is_scanned = move || scanned.get() == Some(name);
    view! {
        <div class="share-link">
            <h3>{name}</h3>
            <p class="share-note">{note}</p>
            <CopyField name address=address.get_value()>
                <button class="button outline" aria-label=format!("QR code: {name}") aria-expanded=move || is_scanned().to_string()
                    on:click=move |_| scanned.set(if untrack(is_scanned) { None } else { Some(name) })>"QR"</button>
            </CopyField>
            <Show when=is_scanned>
                {address.with_value(|address| outline(address)).map(|(size, path)| view! {
                    <svg class="share-code" role="img" aria-label=format!("QR code: {name}") data-qr viewBox=format!("0 0 {size} {size}") shape-rendering="crispEdges">
                        <path d=path></path>
                    </svg>
                })}
            </Show>
        </div>
    }
}

/// A link that can be read and copied. Children follow the button.
#[component]
pub(super) fn CopyField(
    name: &'static str,
    address: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let said = RwSignal::new("");
    let address = StoredValue::new(address);
    let select = move |_| {
        if let Some(field) = field.get_untracked() {
            field.select();
        }
    };
    let copy = move |_| {
        browser::spawn(async move {
            let copied = match window().navigator().clipboard() {
                clipboard if !clipboard.is_undefined() => {
                    JsFuture::from(clipboard.write_text(&address.get_value())).await.is_ok()
                }
                _ => false,
            };
            if let Some(field) = field.get_untracked().filter(|_| !copied) {
                field.focus().ok();
                field.select();
            }
            said.try_set(if copied { "Copied" } else { "Selected: copy it now" });
            browser::timer::after(2_500).await;
            said.try_set("");
        });
    };
    view! {
        <div class="share-field">
            <input class="field" node_ref=field readonly aria-label=name spellcheck="false" value=address.get_value()
                on:focus=select />
            <button class="button primary" aria-label=format!("Copy: {name}") on:click=copy>
                {move || if said.get().is_empty() { "Copy" } else { said.get() }}
            </button>
            {children.map(|children| children())}
            <span class="only-read" role="status">{said}</span>
        </div>
    }
}

/// Returns the side of a code in modules, and its dark ones as the path of an SVG.
fn outline(text: &str) -> Option<(i32, String)> {
    use std::fmt::Write as _;
    let code = QrCode::encode_binary(text.as_bytes(), QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let begin = x;
            while x < code.size() && code.get_module(x, y) {
                x += 1;
            }
            if x > begin {
                let run = x - begin;
                write!(path, "M{} {}h{run}v1h-{run}z", begin + QUIET, y + QUIET).ok()?;
            }
            x += 1;
        }
    }
    Some((code.size() + 2 * QUIET, path))
}
