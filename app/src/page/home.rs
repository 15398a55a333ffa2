//! The home page: the notebooks of this browser.

use ::notebook::NotebookId;
use browser::idb::{Entry, Library};
use leptos::html;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use web_sys::File;

use crate::file;
use crate::library::{self, Beginning, UNTITLED};
use crate::toast::{TOAST_MILLIS, ToastList, Toasts};
use crate::view::bar::ThemeMenu;
use crate::view::drop_zone::DropZone;
use crate::view::icon::{Glyph, Icon, Mark};

/// Opens a notebook in this page.
pub(crate) type Open = Callback<(Entry, Option<Beginning>)>;

/// What the list shows.
#[derive(Debug, Clone, PartialEq)]
enum Shelf {
    Reading,
    Read(Vec<Entry>),
    Failed(String),
}

#[derive(Clone, Copy)]
struct Home {
    shelf: RwSignal<Shelf>,
    toasts: Toasts,
    open: Open,
}

/// Shows the home page.
#[component]
pub(crate) fn HomePage(open: Open) -> impl IntoView {
    let home = Home { shelf: RwSignal::new(Shelf::Reading), toasts: Toasts::new(), open };
    browser::page::set_title("Cathode");
    browser::spawn(home.read(true));
    let dropped = Callback::new(move |file: SendWrapper<File>| home.import(file.take()));
    view! {
        <main class="home">
            <div class="home-head">
                <Mark named=true />
                <ThemeMenu />
            </div>
            <h1>"Python, in this tab."</h1>
            <p class="lede">"A notebook that needs no install, no account and no server. What you write stays in this browser."</p>
            <div class="home-actions">
                <button class="button primary" on:click=move |_| home.create()><Glyph icon=Icon::Plus />"New notebook"</button>
                <button class="button outline" on:click=move |_| file::choose(move |file| home.import(file))><Glyph icon=Icon::Open />"Open .ipynb…"</button>
            </div>
            <h2>"Notebooks in this browser"</h2>
            {move || match home.shelf.get() {
                Shelf::Reading => view! { <p class="empty" aria-busy="true"></p> }.into_any(),
                Shelf::Failed(reason) => view! { <p class="empty" role="alert">{reason}</p> }.into_any(),
                Shelf::Read(entries) if entries.is_empty() => view! {
                    <p class="empty">"Nothing here yet. Make a notebook, or drop an .ipynb file anywhere on this page."</p>
                }.into_any(),
                Shelf::Read(entries) => view! {
                    <ul class="shelf">{entries.into_iter().map(|entry| view! { <ShelfRow home entry /> }).collect_view()}</ul>
                }.into_any(),
            }}
        </main>
        <DropZone text="Drop to open as a new notebook" on_file=dropped />
        <ToastList toasts=home.toasts />
    }
}

impl Home {
    async fn read(self, purge: bool) {
        let found = match list().await {
            Ok((listed, entries)) => {
                let kept =
                    entries.iter().filter(|entry| entry.deleted_at.is_none() && !entry.unproven).cloned().collect();
                if purge {
                    browser::spawn(async move { library::purge(&listed, &entries, i64::from(TOAST_MILLIS) * 2).await });
                }
                Shelf::Read(kept)
            }
            Err(reason) => Shelf::Failed(reason),
        };
        self.shelf.try_set(found);
    }

    fn create(self) {
        browser::spawn(async move {
            match library::create(UNTITLED).await {
                Ok(entry) => self.open.run((entry, Some(Beginning::Empty))),
                Err(reason) => self.toasts.say(&reason),
            }
        });
    }

    fn import(self, file: File) {
        browser::spawn(async move {
            let made = match file::read(&file).await {
                Ok(imported) => {
                    let title = imported.title.clone().unwrap_or_else(|| UNTITLED.to_owned());
                    library::create(&title).await.map(|entry| (entry, imported))
                }
                Err(reason) => Err(reason),
            };
            match made {
                Ok((entry, imported)) => self.open.run((entry, Some(Beginning::Imported(Box::new(imported))))),
                Err(reason) => self.toasts.say(&reason),
            }
        });
    }

    fn delete(self, entry: &Entry) {
        let (id, title) = (entry.id.clone(), entry.title.clone());
        browser::spawn(async move {
            let now = browser::clock::now_millis();
            let restored = id.clone();
            match self.alter(async |library| library.delete(&id, now).await).await {
                Ok(()) => self.toasts.offer(&format!("“{title}” deleted."), "Undo", move || {
                    let id = restored.clone();
                    browser::spawn(async move {
                        if let Err(reason) = self.alter(async |library| library.restore(&id).await).await {
                            self.toasts.say(&reason);
                        }
                    });
                }),
                Err(reason) => self.toasts.say(&reason),
            }
        });
    }

    fn rename(self, id: NotebookId, title: String) {
        browser::spawn(async move {
            if let Err(reason) = self.alter(async |library| library.rename(&id, &title).await).await {
                self.toasts.say(&reason);
            }
        });
    }

    async fn alter(self, alter: impl AsyncFnOnce(&Library) -> Result<(), browser::BrowserError>) -> Result<(), String> {
        let library = Library::open().await.map_err(|error| error.to_string())?;
        alter(&library).await.map_err(|error| error.to_string())?;
        self.read(false).await;
        Ok(())
    }
}

async fn list() -> Result<(Library, Vec<Entry>), String> {
    let library = Library::open().await.map_err(|error| error.to_string())?;
    let entries = library.list().await.map_err(|error| error.to_string())?;
    Ok((library, entries))
}

#[component]
fn ShelfRow(home: Home, entry: Entry) -> impl IntoView {
    let renaming = RwSignal::new(false);
    let entry = StoredValue::new(entry);
    let follow = move |event: web_sys::MouseEvent| {
        // With a modifier the browser opens a tab of its own.
        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
            event.prevent_default();
            home.open.run((entry.get_value(), None));
        }
    };
    // One that came by a link has no title before it has arrived.
    let title = move || {
        let title = entry.with_value(|entry| entry.title.clone());
        if title.is_empty() { "Shared notebook".to_owned() } else { title }
    };
    view! {
        <li class="shelf-row" data-notebook=entry.with_value(|entry| entry.id.to_string())>
            {move || if renaming.get() {
                view! { <RenameField home entry renaming /> }.into_any()
            } else {
                view! {
                    <a href=library::address(&entry.with_value(|entry| entry.id.clone())) on:click=follow>
                        <span class="shelf-title">{title}</span>
                        <span class="shelf-time">{entry.with_value(|entry| ago(browser::clock::now_millis() - entry.last_opened))}</span>
                    </a>
                    <span class="shelf-tools">
                        <button class="button square quiet" aria-label=format!("Rename {}", title()) title="Rename" on:click=move |_| renaming.set(true)><Glyph icon=Icon::Pencil /></button>
                        <button class="button square quiet" aria-label=format!("Delete {}", title()) title="Delete" on:click=move |_| home.delete(&entry.get_value())><Glyph icon=Icon::Trash /></button>
                    </span>
                }.into_any()
            }}
        </li>
    }
}

#[component]
fn RenameField(home: Home, entry: StoredValue<Entry>, renaming: RwSignal<bool>) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            field.focus().ok();
            field.select();
        }
    });
    // The field is only taken away once it has lost the focus: a focused one would speak up while it goes.
    let rename = move |_| {
        let typed = field.get_untracked().map(|field| field.value().trim().to_owned()).unwrap_or_default();
        if !typed.is_empty() && entry.with_value(|entry| entry.title != typed) {
            home.rename(entry.with_value(|entry| entry.id.clone()), typed);
        }
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        let input: web_sys::HtmlInputElement = event_target(&event);
        match event.key().as_str() {
            "Enter" => drop(input.blur()),
            "Escape" => {
                input.set_value(&entry.with_value(|entry| entry.title.clone()));
                drop(input.blur());
            }
            _ => {}
        }
    };
    view! {
        <input
            class="field"
            aria-label="Title"
            node_ref=field
            value=entry.with_value(|entry| entry.title.clone())
            on:change=rename
            on:blur=move |_| renaming.set(false)
            on:keydown=on_key
        />
    }
}

/// Writes how long ago something was.
fn ago(millis: i64) -> String {
    let minutes = millis / 60_000;
    let (number, unit) = match minutes {
        ..1 => return "just now".to_owned(),
        1..60 => (minutes, "minute"),
        60..1440 => (minutes / 60, "hour"),
        1440..43_200 => (minutes / 1440, "day"),
        43_200..525_600 => (minutes / 43_200, "month"),
        _ => (minutes / 525_600, "year"),
    };
    format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" })
}
