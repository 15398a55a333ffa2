//! The UI thread: pages, components, the editor binding, the host of the kernel's frame.
//!
//! It asks the store worker for everything and holds no rule about notebooks.
#![forbid(unsafe_code)]
#![expect(unreachable_pub, reason = "Leptos's component macro makes public items")]

mod action;
mod afterwards;
mod blobs;
mod company;
mod copying;
mod editor;
mod file;
mod focus;
mod inline;
mod joining;
mod kernel_host;
mod keymap;
mod library;
mod link;
mod module;
mod nearness;
mod outputs;
mod page;
mod person;
mod relay;
mod report;
mod session;
mod support;
mod theme;
mod toast;
mod view;
mod whereabouts;

use ::notebook::NotebookId;
use ::notebook::ipynb::Imported;
use browser::idb::Entry;
use leptos::ev;
use leptos::prelude::*;
use protocol::access::InvalidLink;
use protocol::port::BUILD;

use crate::joining::Found;
use crate::library::Beginning;
use crate::page::Route;
use crate::page::diagnostics::DiagnosticsPage;
use crate::page::home::HomePage;
use crate::page::inline::InlinePage;
use crate::page::notebook::NotebookPage;
use crate::page::notice::Notice;

fn main() {
    // The store's thread runs this program too, so that what both hold is downloaded once.
    if web_sys::window().is_none() {
        return store_worker::start();
    }
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
    /// What a link carries that holds a whole notebook.
    Inline(Box<Imported>),
    /// A link that is of no use, and why.
    Broken(String),
    Unknown,
    Malformed,
    Failed(String),
}

#[component]
fn App() -> impl IntoView {
    let shown = RwSignal::new(Shown::Looking);
    let fragment = link::take_fragment();
    match Route::of_address() {
        Route::Home => match fragment.filter(|fragment| link::packed(fragment).is_some()) {
            Some(fragment) => browser::spawn(async move { shown.set(unpack(&fragment).await) }),
            None => shown.set(Shown::Home),
        },
        Route::Malformed => shown.set(Shown::Malformed),
        Route::Notebook(id) => browser::spawn(async move {
            let found = look(&id, fragment.as_deref()).await;
            shown.set(found.map_or_else(|other| other, |entry| Shown::Notebook(entry, None)));
        }),
        Route::Diagnostics(id) => browser::spawn(async move {
            let found = look(&id, fragment.as_deref()).await;
            shown.set(found.map_or_else(|other| other, Shown::Diagnostics));
        }),
    }
    open_pasted_links();
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
            Shown::Inline(imported) => view! { <InlinePage imported=*imported open /> }.into_any(),
            Shown::Broken(reason) => view! {
                <Notice title="This link does not open a notebook" text=reason />
            }.into_any(),
            Shown::Unknown => view! {
                <Notice title="This notebook is not in this browser"
                    text="Notebooks live in the browsers that made or opened them. If somebody shared this one with you, ask for the whole link: what follows its “#” is the key, and this address has none. If it was yours, it was made in another browser or profile, or deleted here. Nothing was created." />
            }.into_any(),
            Shown::Malformed => view! {
                <Notice title="This is not a notebook's address"
                    text="After “?notebook=” comes a notebook's name: 1 to 64 letters, digits, “-” or “_”. The link may have been cut off." />
            }.into_any(),
            Shown::Failed(reason) => view! { <Notice title="The list of notebooks could not be read" text=reason reloads=true /> }.into_any(),
        }}
    }
}

async fn look(id: &NotebookId, fragment: Option<&str>) -> Result<Box<Entry>, Shown> {
    match joining::find(id, fragment).await {
        Ok(Found::Entry(entry)) => Ok(entry),
        Ok(Found::Unknown) => Err(Shown::Unknown),
        Ok(Found::Broken(invalid)) => Err(Shown::Broken(match invalid {
            InvalidLink::Key => "The key in it is not complete: it was cut off or changed on its way. Ask for the link again and copy all of it. Nothing was created.".to_owned(),
            InvalidLink::OtherNotebook => "The key in it belongs to another notebook: a part of the link was changed on its way. Ask for the link again and copy all of it. Nothing was created.".to_owned(),
        })),
        Err(reason) => Err(Shown::Failed(reason)),
    }
}

async fn unpack(fragment: &str) -> Shown {
    match inline::read(link::packed(fragment).unwrap_or_default()).await {
        Ok(imported) => Shown::Inline(Box::new(imported)),
        Err(error) => Shown::Broken(format!("The notebook inside it cannot be read. {error} Nothing was created.")),
    }
}

/// Opens a link that is put into the address bar over a page that differs in nothing but the fragment, where the
/// browser loads nothing by itself.
fn open_pasted_links() {
    let listener = window_event_listener(ev::hashchange, move |_| {
        let Some(fragment) = browser::page::fragment() else { return };
        let carries = match Route::of_address() {
            Route::Notebook(id) | Route::Diagnostics(id) => link::access(&id, &fragment).is_ok(),
            Route::Home => link::packed(&fragment).is_some(),
            Route::Malformed => false,
        };
        if carries {
            browser::page::reload().ok();
        }
    });
    on_cleanup(move || listener.remove());
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
