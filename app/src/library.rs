//! The list of notebooks of this browser, as the pages use it.

use browser::idb::{Entry, Library};
use browser::opfs;
use notebook::NotebookId;
use notebook::ipynb::Imported;
use protocol::access::{Access, Secret};
use protocol::pool;

use crate::relay;
use crate::session::Opening;

/// The title of a notebook that nobody has named yet.
pub(crate) const UNTITLED: &str = "Untitled";

/// What the page that made a notebook does first, and no other page.
#[derive(Debug, Clone)]
pub(crate) enum Beginning {
    /// One empty code cell.
    Empty,
    /// The cells of a file.
    Imported(Box<Imported>),
}

/// Makes a notebook: a secret, from which its name follows, and an entry in the list.
pub(crate) async fn create(title: &str) -> Result<Entry, String> {
    let secret = Secret::from_entropy(browser::entropy::bytes32());
    let now = browser::clock::now_millis();
    let entry = Entry {
        id: secret.notebook_id(),
        title: title.to_owned(),
        created: now,
        last_opened: now,
        secret: secret.as_bytes().to_vec(),
        viewing: false,
        joined: false,
        unproven: false,
        deleted_at: None,
    };
    let library = Library::open().await.map_err(|error| error.to_string())?;
    library.add(&entry).await.map_err(|error| error.to_string())?;
    Ok(entry)
}

/// Lists a notebook again that is open, and whose entry was deleted with all else of this site.
pub(crate) async fn put_back(entry: &Entry) -> Result<(), String> {
    let library = Library::open().await.map_err(|error| error.to_string())?;
    library.add(entry).await.map_err(|error| error.to_string())
}

/// Notes that a notebook is shared from here.
pub(crate) async fn note_shared(id: &NotebookId) -> Result<(), String> {
    let library = Library::open().await.map_err(|error| error.to_string())?;
    library.note_shared(id).await.map_err(|error| error.to_string())
}

/// Returns what opens a notebook of the list; `None` when its entry is damaged.
pub(crate) fn opening(entry: &Entry) -> Option<Opening> {
    Some(Opening {
        access: Access::from_kept(&entry.id, &entry.secret, entry.viewing).ok()?,
        title: entry.title.clone(),
        joined: entry.joined,
        relay: relay::address(),
        verbose: crate::page::is_verbose(),
    })
}

/// Takes a notebook out of the list; its files go when the list is next shown.
pub(crate) async fn delete(id: &NotebookId) -> Result<(), String> {
    let library = Library::open().await.map_err(|error| error.to_string())?;
    library.delete(id, browser::clock::now_millis()).await.map_err(|error| error.to_string())
}

/// Returns the address of a notebook, relative to the page.
pub(crate) fn address(id: &NotebookId) -> String {
    let debug = if crate::page::is_verbose() { "&debug" } else { "" };
    format!("./?notebook={id}{debug}")
}

/// Forgets notebooks that were deleted and whose time to be brought back has passed.
pub(crate) async fn purge(library: &Library, entries: &[Entry], grace_millis: i64) {
    let now = browser::clock::now_millis();
    for entry in entries {
        if entry.deleted_at.is_none_or(|at| now.saturating_sub(at) < grace_millis) {
            continue;
        }
        // The files go first: an entry without files is harmless, files without an entry are lost space.
        match remove_files(&entry.id).await {
            Ok(()) | Err(browser::BrowserError::Missing { .. }) => {
                if let Err(error) = library.purge(&entry.id).await {
                    log::warn!("{error}");
                }
            }
            // Another tab may still have it open; the next visit tries again.
            Err(error) => log::warn!("a deleted notebook's files stay for now: {error}"),
        }
    }
}

/// Removes a notebook's files, those included that were set aside when they were damaged.
async fn remove_files(id: &NotebookId) -> Result<(), browser::BrowserError> {
    opfs::remove_directory(&pool::directory(id)).await?;
    opfs::remove_files(pool::ASIDE, &pool::aside_prefix(id)).await
}
