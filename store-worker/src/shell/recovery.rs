//! A damaged database is copied aside before anything else; what can be read of it is recovered.
//!
//! The copy is made first and kept, so a crash at any moment in between is made good at the next opening.

use browser::{BrowserError, clock, opfs};
use notebook::NotebookId;
use protocol::pool::{ASIDE, aside_prefix, directory};
use protocol::port::Storage;
use store::{Store, salvage};

use super::pool::{Pool, PoolError, read_raw};

/// Why a recovery did not succeed.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecoveryError {
    #[error(transparent)]
    Browser(#[from] BrowserError),
    #[error(transparent)]
    Pool(#[from] PoolError),
}

/// Copies the files of a damaged database aside and empties the place where they were.
pub(super) async fn set_aside(notebook: &NotebookId, pool: Option<&Pool>) -> Result<(), RecoveryError> {
    if let Some(pool) = pool {
        pool.pause()?;
    }
    let raw = read_raw(notebook).await?;
    // A part of a copy must not pass for the whole: the database, which is looked for, comes last.
    let name = format!("{ASIDE}/{}{}.db", aside_prefix(notebook), clock::now_millis());
    if !raw.wal.is_empty() {
        opfs::write_file(&format!("{name}-wal"), &raw.wal).await?;
    }
    opfs::write_file(&name, &raw.database).await?;
    if let Some(pool) = pool {
        Pool::open(notebook).await?;
        pool.clear()?;
    } else {
        opfs::remove_directory(&directory(notebook)).await?;
    }
    Ok(())
}

/// Fills a new store from the latest copy that was set aside, if there is one.
pub(super) async fn resume(notebook: &NotebookId, store: &mut Store) -> Result<Option<Storage>, RecoveryError> {
    if !store.is_new() {
        return Ok(None);
    }
    let copies = copies(notebook).await?.into_iter();
    let Some(aside) = copies.filter(|name| name.strip_suffix(".db").is_some()).max() else { return Ok(None) };
    let database = opfs::read_file(&format!("{ASIDE}/{aside}")).await?;
    // There is none when everything was in the database.
    let wal = opfs::read_file(&format!("{ASIDE}/{aside}-wal")).await.unwrap_or_default();
    let salvaged = salvage(&database, &wal);
    let events = salvaged.envelopes.len() as u64;
    for (hash, bytes) in salvaged.blobs {
        store.put_blob(&hash, bytes);
    }
    store.restore(salvaged.base.as_ref(), salvaged.envelopes);
    // What cannot be saved now stays unsaved, and the leader tries again.
    if let Err(error) = store.commit() {
        log::error!("what was recovered is not saved yet: {error}");
    }
    log::warn!("{events} events were recovered from {aside}");
    Ok(Some(Storage::Recovered { aside, events, lost: salvaged.lost }))
}

/// Returns the names of all copies of a notebook's files.
async fn copies(notebook: &NotebookId) -> Result<Vec<String>, BrowserError> {
    let prefix = aside_prefix(notebook);
    let entries = opfs::list(ASIDE).await?;
    Ok(entries.into_iter().map(|entry| entry.name).filter(|name| name.starts_with(&prefix)).collect())
}

/// Removes all copies of a notebook's files.
pub(super) async fn forget(notebook: &NotebookId) -> Result<(), BrowserError> {
    opfs::remove_files(ASIDE, &aside_prefix(notebook)).await
}
