//! The home page's list of notebooks, in `IndexedDB`. It holds names and secrets, never contents.

mod closing;

use indexed_db_futures::database::Database;
use indexed_db_futures::object_store::ObjectStore;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::TransactionMode;
use protocol::access::NotebookId;
use serde::{Deserialize, Serialize};

pub use closing::on_closed_by_browser;

use crate::error::BrowserError;

const DATABASE: &str = "cathode";
const NOTEBOOKS: &str = "notebooks";
const VERSION: u8 = 1;

/// One notebook of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name.
    pub id: NotebookId,
    /// Its title when it was last open.
    pub title: String,
    /// Wall-clock milliseconds.
    pub created: i64,
    /// Wall-clock milliseconds.
    pub last_opened: i64,
    /// The notebook's secret, 32 bytes.
    #[serde(with = "serde_bytes")]
    pub secret: Vec<u8>,
    /// Whether the secret is only the key of those who view.
    #[serde(default)]
    pub viewing: bool,
    /// Whether its beginning may be elsewhere: it came by a link, or was shared.
    #[serde(default)]
    pub joined: bool,
    /// Whether nobody has said yet that the key to view it is the right one: only the relay can. It is not listed.
    #[serde(default)]
    pub unproven: bool,
    /// When it was deleted; it can be restored until it is purged.
    #[serde(default)]
    pub deleted_at: Option<i64>,
}

/// The list.
#[derive(Debug, Clone)]
pub struct Library {
    database: Database,
}

const READ: &str = "read";
const WRITTEN: &str = "written";

fn failed<E: std::fmt::Display>(operation: &'static str) -> impl Fn(E) -> BrowserError {
    move |error| BrowserError::Library { operation, reason: error.to_string() }
}

impl Library {
    /// Opens the list; makes it the first time.
    pub async fn open() -> Result<Self, BrowserError> {
        let database = Database::open(DATABASE)
            .with_version(VERSION)
            .with_on_upgrade_needed(|event, database| {
                // A number that is added here stays: every older version passes through its steps.
                if event.old_version() < 1.0 {
                    database.create_object_store(NOTEBOOKS).with_key_path("id".into()).build()?;
                }
                Ok(())
            })
            .await
            .map_err(failed("opened"))?;
        Ok(Self { database })
    }

    /// Returns all notebooks, deleted ones included, last opened first.
    pub async fn list(&self) -> Result<Vec<Entry>, BrowserError> {
        let transaction = self.database.transaction(NOTEBOOKS).build().map_err(failed(READ))?;
        let store = transaction.object_store(NOTEBOOKS).map_err(failed(READ))?;
        let found = store.get_all::<Entry>().serde().map_err(failed(READ))?.await.map_err(failed(READ))?;
        let mut entries = found.collect::<Result<Vec<Entry>, _>>().map_err(failed(READ))?;
        entries.sort_by(|a, b| b.last_opened.cmp(&a.last_opened).then_with(|| a.id.cmp(&b.id)));
        Ok(entries)
    }

    /// Returns one notebook.
    pub async fn find(&self, id: &NotebookId) -> Result<Option<Entry>, BrowserError> {
        let transaction = self.database.transaction(NOTEBOOKS).build().map_err(failed(READ))?;
        get(&transaction.object_store(NOTEBOOKS).map_err(failed(READ))?, id).await
    }

    /// Adds a notebook, or replaces the entry that has its id.
    pub async fn add(&self, entry: &Entry) -> Result<(), BrowserError> {
        self.write(async |store| put(store, entry).await).await
    }

    /// Gives a notebook another title.
    pub async fn rename(&self, id: &NotebookId, title: &str) -> Result<(), BrowserError> {
        self.update(id, |entry| title.clone_into(&mut entry.title)).await
    }

    /// Notes that a relay has a notebook: if its files are gone, it comes from there.
    pub async fn note_shared(&self, id: &NotebookId) -> Result<(), BrowserError> {
        self.update(id, |entry| entry.joined = true).await
    }

    /// Notes that a notebook was opened.
    pub async fn touch(&self, id: &NotebookId, now: i64) -> Result<(), BrowserError> {
        self.update(id, |entry| entry.last_opened = now).await
    }

    /// Marks a notebook as deleted; its contents stay until it is purged.
    pub async fn delete(&self, id: &NotebookId, now: i64) -> Result<(), BrowserError> {
        self.update(id, |entry| entry.deleted_at = Some(now)).await
    }

    /// Takes a deletion back.
    pub async fn restore(&self, id: &NotebookId) -> Result<(), BrowserError> {
        self.update(id, |entry| entry.deleted_at = None).await
    }

    /// Forgets a notebook for good. Its files are removed by [`crate::opfs::remove_directory`].
    pub async fn purge(&self, id: &NotebookId) -> Result<(), BrowserError> {
        self.write(async |store| {
            store.delete(id.as_str()).primitive().map_err(failed(WRITTEN))?.await.map_err(failed(WRITTEN))
        })
        .await
    }

    async fn update(&self, id: &NotebookId, alter: impl FnOnce(&mut Entry)) -> Result<(), BrowserError> {
        self.write(async |store| {
            let mut entry = get(store, id).await?.ok_or(BrowserError::NoSuchEntry)?;
            alter(&mut entry);
            put(store, &entry).await
        })
        .await
    }

    /// Writes in a transaction of its own, which a failure takes back.
    async fn write(
        &self,
        write: impl AsyncFnOnce(&ObjectStore<'_>) -> Result<(), BrowserError>,
    ) -> Result<(), BrowserError> {
        let transaction = self.database.transaction(NOTEBOOKS).with_mode(TransactionMode::Readwrite).build();
        let transaction = transaction.map_err(failed(WRITTEN))?;
        write(&transaction.object_store(NOTEBOOKS).map_err(failed(WRITTEN))?).await?;
        transaction.commit().await.map_err(failed(WRITTEN))
    }
}

async fn get(store: &ObjectStore<'_>, id: &NotebookId) -> Result<Option<Entry>, BrowserError> {
    store.get::<Entry, _, _>(id.as_str()).serde().map_err(failed(READ))?.await.map_err(failed(READ))
}

async fn put(store: &ObjectStore<'_>, entry: &Entry) -> Result<(), BrowserError> {
    store.put(entry).serde().map_err(failed(WRITTEN))?.await.map_err(failed(WRITTEN))?;
    Ok(())
}
