//! Copies of a notebook: its cells and outputs under keys of their own, known to nobody else.

use browser::idb::Entry;
use browser::timer;
use futures::future::{Either, select};
use leptos::prelude::*;
use notebook::Command;
use notebook::ipynb::{self, Imported};

use crate::file;
use crate::library::{self, UNTITLED};
use crate::session::Session;

/// After this long a copy that is not there has failed.
const PATIENCE_MILLIS: u32 = 30_000;

/// Makes a copy under this title and returns its entry in the list. It is saved when this returns, or not listed.
async fn make(session: Session, title: &str) -> Result<Entry, String> {
    session.flush();
    let text = file::to_ipynb(session).await?;
    let imported = ipynb::parse(&text).map_err(|error| error.to_string())?;
    let entry = library::create(title).await?;
    if let Err(reason) = fill(&entry, imported).await {
        library::delete(&entry.id).await.ok();
        return Err(format!("{reason} Nothing was changed. You can download the notebook instead."));
    }
    Ok(entry)
}

async fn fill(entry: &Entry, imported: Imported) -> Result<(), String> {
    let opening = library::opening(entry).ok_or("The copy's entry in the list is damaged.")?;
    // A store of its own takes the cells in; it ends with this page, which is left for the copy.
    let copy = Session::open(opening);
    let saved = Box::pin(copy.give(Command::Import { file: Box::new(imported) }));
    match select(saved, Box::pin(timer::after(PATIENCE_MILLIS))).await {
        Either::Left((Ok(()), _)) => match copy.storage.get_untracked() {
            Some(storage) if storage.keeps() => Ok(()),
            _ => Err("A copy would be gone at once: this browser keeps no files for this site.".to_owned()),
        },
        Either::Left((Err(refusal), _)) => Err(refusal.to_string()),
        Either::Right(_) => Err("The copy could not be saved in time.".to_owned()),
    }
}

/// Makes a copy that the person here owns, and goes there.
pub(crate) fn make_and_open(session: Session) {
    browser::spawn(async move {
        let title = title_of(session);
        session.toasts.say("Making a copy…");
        match make(session, &format!("{title} (copy)")).await {
            Ok(entry) => go_to(session, &entry),
            Err(reason) => offer_file(session, &reason),
        }
    });
}

/// Goes on with a copy in place of the shared notebook, which leaves this browser's list.
pub(crate) fn stop_sharing(session: Session) {
    browser::spawn(async move {
        match make(session, &title_of(session)).await {
            Ok(entry) => {
                if let Err(reason) = library::delete(&session.notebook_id()).await {
                    log::warn!("the shared notebook stays in the list: {reason}");
                }
                go_to(session, &entry);
            }
            Err(reason) => offer_file(session, &reason),
        }
    });
}

fn offer_file(session: Session, reason: &str) {
    session.toasts.offer(reason, "Download", move || file::download_notebook(session));
}

fn go_to(session: Session, entry: &Entry) {
    if let Err(error) = browser::page::navigate(&library::address(&entry.id)) {
        session.toasts.say(&error.to_string());
    }
}

fn title_of(session: Session) -> String {
    let title = session.title.get_untracked();
    if title.trim().is_empty() { UNTITLED.to_owned() } else { title }
}
