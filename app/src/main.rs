//! The UI thread: pages, components, the editor binding, the host of the kernel's frame.
//!
//! It asks the store worker for everything and holds no rule about notebooks.
#![forbid(unsafe_code)]
#![expect(unreachable_pub, reason = "Leptos's component macro makes public items")]

mod action;
mod afterwards;
mod blobs;
mod editor;
mod file;
mod focus;
mod kernel_host;
mod keymap;
mod library;
mod module;
mod nearness;
mod outputs;
mod page;
mod report;
mod session;
mod support;
mod theme;
mod toast;
mod view;

use browser::idb::Entry;
use leptos::prelude::*;
use protocol::port::BUILD;

use crate::library::Beginning;
use crate::page::Route;
use crate::page::diagnostics::DiagnosticsPage;
use crate::page::home::HomePage;
use crate::page::notebook::NotebookPage;
use crate::page::notice::Notice;

fn main() {
    browser::logger::install("app", page::is_verbose());
    browser::panic::install("The page", BUILD, |text| report::show(&text));
    theme::Theme::load().show();
    if let Some(missing) = support::missing() {
        let text = format!(
            "Cathode needs {missing}, which this browser does not offer here. Please use a current version of Chrome, Edge, Firefox or Safari."
        );
        return mount_to_body(move || view! { <Notice title="This browser cannot run Cathode" text=text.clone() /> });
    }
    mount_to_body(move || view! { <App /> });
}

/// What fills the page.
#[derive(Clone)]
enum Shown {
    Home,
    Looking,
    Notebook(Box<Entry>, Option<Beginning>),
    Diagnostics(Box<Entry>),
    Unknown,
    Malformed,
    Failed(String),
}

#[component]
fn App() -> impl IntoView {
    let shown = RwSignal::new(Shown::Looking);
    match Route::of_address() {
        Route::Home => shown.set(Shown::Home),
        Route::Malformed => shown.set(Shown::Malformed),
        Route::Notebook(id) => browser::spawn(async move {
            shown.set(look(&id).await.map_or_else(|other| other, |entry| Shown::Notebook(entry, None)));
        }),
        Route::Diagnostics(id) => browser::spawn(async move {
            shown.set(look(&id).await.map_or_else(|other| other, Shown::Diagnostics));
        }),
    }
    let open = Callback::new(move |(entry, beginning): (Entry, Option<Beginning>)| {
        go_to(&library::address(&entry.id));
        shown.set(Shown::Notebook(Box::new(entry), beginning));
    });
    view! {
        {move || match shown.get() {
            Shown::Home => view! { <HomePage open /> }.into_any(),
            Shown::Looking => ().into_any(),
            Shown::Notebook(entry, beginning) => view! { <NotebookPage entry=*entry beginning /> }.into_any(),
            Shown::Diagnostics(entry) => view! { <DiagnosticsPage entry=*entry /> }.into_any(),
            Shown::Unknown => view! {
                <Notice title="This notebook is not in this browser"
                    text="Notebooks live in the browser that made them. This one may have been made in another browser or profile, or deleted here. Nothing was created." />
            }.into_any(),
            Shown::Malformed => view! {
                <Notice title="This is not a notebook's address"
                    text="After “?notebook=” comes a notebook's name: 1 to 64 letters, digits, “-” or “_”. The link may have been cut off." />
            }.into_any(),
            Shown::Failed(reason) => view! { <Notice title="The list of notebooks could not be read" text=reason reloads=true /> }.into_any(),
        }}
    }
}

async fn look(id: &::notebook::NotebookId) -> Result<Box<Entry>, Shown> {
    match library::find(id).await {
        Ok(Some(entry)) => Ok(Box::new(entry)),
        Ok(None) => Err(Shown::Unknown),
        Err(reason) => Err(Shown::Failed(reason)),
    }
}

/// Changes the address without loading anything; going back loads the page it names.
fn go_to(address: &str) {
    let pushed = window()
        .history()
        .and_then(|history| history.push_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(address)));
    if pushed.is_err() {
        browser::page::navigate(address).ok();
    }
    let here = Route::of_address();
    let listener = window_event_listener(leptos::ev::popstate, move |_| {
        // A link within the page comes this way too, and leaves the page where it is.
        if Route::of_address() != here {
            browser::page::reload().ok();
        }
    });
    // It has to outlive the page that is being left.
    std::mem::forget(listener);
}
