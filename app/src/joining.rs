//! Opening a link: the notebook it names is found in this browser's list, or listed.

use browser::idb::{Entry, Library};
use notebook::NotebookId;
use protocol::access::{Access, InvalidLink};

use crate::link;

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
            if known.as_ref() != Some(&entry) {
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
            Entry { secret: access.to_kept(), viewing: !access.may_write(), deleted_at: None, joined: true, ..entry }
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
            deleted_at: None,
        },
    }
}
