//! Opening a link: the notebook it names is found in this browser's list, or listed.

use browser::BrowserError;
use browser::idb::{Entry, Library};
use leptos::prelude::*;
use notebook::NotebookId;
use protocol::access::{Access, InvalidLink};
use protocol::port::{Role, SyncState};

use crate::link;
use crate::session::{Phase, Session};

/// What an address leads to.
#[derive(Debug, Clone)]
pub(crate) enum Found {
    Entry(Box<Entry>),
    /// It is not in this browser, and the address carries no key.
    Unknown,
    /// It is not in this browser, and the key is of no use.
    Broken(InvalidLink),
}

/// Finds the notebook of an address; one that a link brings is listed.
pub(crate) async fn find(id: &NotebookId, fragment: Option<&str>) -> Result<Found, String> {
    let library = Library::open().await.map_err(|error| error.to_string())?;
    let known = library.find(id).await.map_err(|error| error.to_string())?;
    match (known, fragment.map(|fragment| link::access(id, fragment))) {
        (known, Some(Ok(access))) => {
            let entry = listed(known.clone(), &access, browser::clock::now_millis());
            if known.as_ref() != Some(&entry) && !known.as_ref().is_some_and(|known| is_doubtful(known, &entry)) {
                library.add(&entry).await.map_err(|error| error.to_string())?;
            }
            Ok(Found::Entry(Box::new(entry)))
        }
        // What follows the “#” of a notebook that is here does not matter.
        (Some(entry), None | Some(Err(_))) if entry.deleted_at.is_none() => Ok(Found::Entry(Box::new(entry))),
        (_, Some(Err(invalid))) => Ok(Found::Broken(invalid)),
        (_, None) => Ok(Found::Unknown),
    }
}

/// Returns the entry that a link makes of the one that is there. A link to view takes nothing away.
fn listed(known: Option<Entry>, access: &Access, now: i64) -> Entry {
    match known {
        Some(entry) if !entry.viewing => Entry { deleted_at: None, ..entry },
        Some(entry) => {
            let viewing = !access.may_write();
            let unproven = entry.unproven && viewing;
            Entry { secret: access.to_kept(), viewing, unproven, deleted_at: None, joined: true, ..entry }
        }
        None => Entry {
            id: access.notebook(),
            // Its own title is not known before it has arrived.
            title: String::new(),
            created: now,
            last_opened: now,
            secret: access.to_kept(),
            viewing: !access.may_write(),
            joined: true,
            unproven: !access.may_write(),
            deleted_at: None,
        },
    }
}

/// Says whether the relay has to say first which of two keys to view is the right one: a notebook has only one.
fn is_doubtful(known: &Entry, entry: &Entry) -> bool {
    let may_be_right = known.deleted_at.is_none() && known.viewing && !known.unproven;
    may_be_right && entry.viewing && known.secret != entry.secret
}

/// Settles what a link to view brought once the relay has let its key in: it is kept, and the notebook is listed.
pub(crate) fn settle(session: Session, entry: Entry) {
    let entry = StoredValue::new(entry);
    Effect::new(move |done: Option<bool>| {
        // It is with the key of the tab that leads that one that follows is let in.
        let is_judged = session.role.get() == Role::Leader && matches!(session.sync.get(), SyncState::Live { .. });
        if done == Some(true) || session.phase.get() != Phase::Open || !is_judged {
            return done == Some(true);
        }
        browser::spawn(async move {
            if let Err(error) = keep(entry.get_value()).await {
                log::warn!("{error}");
            }
        });
        true
    });
}

async fn keep(entry: Entry) -> Result<(), BrowserError> {
    let library = Library::open().await?;
    let known = library.find(&entry.id).await?.filter(|known| known.viewing);
    match known.filter(|known| known.unproven || known.secret != entry.secret) {
        Some(known) => library.add(&Entry { secret: entry.secret, unproven: false, ..known }).await,
        None => Ok(()),
    }
}
