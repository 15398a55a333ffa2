//! The home page's list of notebooks, in `IndexedDB`. It holds names and secrets, never contents.

use indexed_db_futures::database::Database;
use indexed_db_futures::object_store::ObjectStore;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::TransactionMode;
use protocol::access::NotebookId;
use serde::{Deserialize, Serialize};

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
    /// When it was deleted; it can be restored until it is purged.
    #[serde(default)]
    pub deleted_at: Option<i64>,
}

/// The list.
#[derive(Debug, Clone)]
pub struct Library {
    database: Database,
}

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
        let read = failed("read");
        let transaction = self.database.transaction(NOTEBOOKS).build().map_err(failed("read"))?;
        let store = transaction.object_store(NOTEBOOKS).map_err(failed("read"))?;
        let found = store.get_all::<Entry>().serde().map_err(failed("read"))?.await.map_err(read)?;
        let mut entries = found.collect::<Result<Vec<Entry>, _>>().map_err(failed("read"))?;
        entries.sort_by(|a, b| b.last_opened.cmp(&a.last_opened).then_with(|| a.id.cmp(&b.id)));
        Ok(entries)
    }

    /// Returns one notebook.
    pub async fn find(&self, id: &NotebookId) -> Result<Option<Entry>, BrowserError> {
        let transaction = self.database.transaction(NOTEBOOKS).build().map_err(failed("read"))?;
        let store = transaction.object_store(NOTEBOOKS).map_err(failed("read"))?;
        get(&store, id).await
    }

    /// Adds a notebook, or replaces the entry that has its id.
    pub async fn add(&self, entry: &Entry) -> Result<(), BrowserError> {
        let transaction = self
            .database
            .transaction(NOTEBOOKS)
            .with_mode(TransactionMode::Readwrite)
            .build()
            .map_err(failed("written"))?;
        let store = transaction.object_store(NOTEBOOKS).map_err(failed("written"))?;
        store.put(entry).serde().map_err(failed("written"))?.await.map_err(failed("written"))?;
        transaction.commit().await.map_err(failed("written"))
    }

    /// Gives a notebook another title.
    pub async fn rename(&self, id: &NotebookId, title: &str) -> Result<(), BrowserError> {
        self.update(id, |entry| title.clone_into(&mut entry.title)).await
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
        let transaction = self
            .database
            .transaction(NOTEBOOKS)
            .with_mode(TransactionMode::Readwrite)
            .build()
            .map_err(failed("written"))?;
        let store = transaction.object_store(NOTEBOOKS).map_err(failed("written"))?;
        store.delete(id.as_str()).primitive().map_err(failed("written"))?.await.map_err(failed("written"))?;
        transaction.commit().await.map_err(failed("written"))
    }

    async fn update(&self, id: &NotebookId, alter: impl FnOnce(&mut Entry)) -> Result<(), BrowserError> {
        let transaction = self
            .database
            .transaction(NOTEBOOKS)
            .with_mode(TransactionMode::Readwrite)
            .build()
            .map_err(failed("written"))?;
        let store = transaction.object_store(NOTEBOOKS).map_err(failed("written"))?;
        let mut entry = get(&store, id).await?.ok_or(BrowserError::NoSuchEntry)?;
        alter(&mut entry);
        store.put(&entry).serde().map_err(failed("written"))?.await.map_err(failed("written"))?;
        transaction.commit().await.map_err(failed("written"))
    }
}

async fn get(store: &ObjectStore<'_>, id: &NotebookId) -> Result<Option<Entry>, BrowserError> {
    store.get::<Entry, _, _>(id.as_str()).serde().map_err(failed("read"))?.await.map_err(failed("read"))
}
