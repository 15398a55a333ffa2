//! The list of notebooks of this browser, as the pages use it.

use browser::idb::{Entry, Library};
use notebook::NotebookId;
use notebook::ipynb::Imported;
use protocol::access::Secret;

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
        deleted_at: None,
    };
    let library = Library::open().await.map_err(|error| error.to_string())?;
    library.add(&entry).await.map_err(|error| error.to_string())?;
    Ok(entry)
}

/// Finds a notebook that is not deleted.
pub(crate) async fn find(id: &NotebookId) -> Result<Option<Entry>, String> {
    let library = Library::open().await.map_err(|error| error.to_string())?;
    let found = library.find(id).await.map_err(|error| error.to_string())?;
    Ok(found.filter(|entry| entry.deleted_at.is_none()))
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
        let removed = browser::opfs::remove_directory(&protocol::pool::directory(&entry.id)).await;
        match removed {
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
