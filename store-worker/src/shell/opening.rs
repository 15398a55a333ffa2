//! Opens a notebook's database, wherever it can live, and never an empty one in place of a full one.

use std::cell::RefCell;
use std::rc::Rc;

use browser::timer::{self, Timeout};
use browser::{entropy, opfs};
use notebook::ReplicaId;
use protocol::pool::directory;
use protocol::port::{FromStore, OpenFailure, Storage};
use store::{ReadOnly, Store, StoreError};

use super::pool::{DATABASE, Pool, PoolError};
use super::{Shell, recovery, tell};

/// After this long it is said that the files are not to be had; the wait goes on.
const PATIENCE_MILLIS: u32 = 5_000;
const FIRST_WAIT_MILLIS: u32 = 10;
const LAST_WAIT_MILLIS: u32 = 400;

/// A database that is open.
pub(super) enum Opened {
    /// It can be written.
    Store(Box<Store>, Storage),
    /// It may only be read.
    ReadOnly(Box<ReadOnly>),
}

/// What one attempt came to.
enum Attempt {
    Opened(Opened),
    /// The files are held: try again.
    Held(String),
    Failed(OpenFailure),
}

/// Opens the database.
pub(super) async fn open(shell: &Rc<Shell>) -> Result<Opened, OpenFailure> {
    // The browser itself may be silent, as Chromium is for a while after a site's data was cleared.
    let reason = Rc::new(RefCell::new("the browser does not answer".to_owned()));
    let _patience = {
        let (shell, reason) = (Rc::clone(shell), Rc::clone(&reason));
        Timeout::new(PATIENCE_MILLIS, move || {
            let failure = OpenFailure::Locked { reason: reason.borrow().clone() };
            tell(&shell.ui, &FromStore::OpenFailed { failure });
        })
    };
    let mut wait = FIRST_WAIT_MILLIS;
    loop {
        match attempt(shell).await {
            Attempt::Opened(opened) => return Ok(opened),
            Attempt::Failed(failure) => return Err(failure),
            Attempt::Held(held) => {
                log::info!("the files are still held: {held}");
                *reason.borrow_mut() = held;
            }
        }
        timer::after(wait).await;
        wait = (wait * 2).min(LAST_WAIT_MILLIS);
    }
}

async fn attempt(shell: &Rc<Shell>) -> Attempt {
    if let Err(error) = opfs::available().await {
        return in_memory(&error.to_string());
    }
    let known = shell.pool.borrow().clone();
    let pool = match known {
        Some(pool) => pool,
        None => match Pool::open(&shell.notebook).await {
            Ok(pool) => pool,
            Err(PoolError::Held(error)) => return Attempt::Held(error.to_string()),
            Err(PoolError::Damaged(error)) => return set_aside(shell, None, &error.to_string()).await,
            Err(PoolError::Other(error)) => return without_pool(shell, &error.to_string()).await,
        },
    };
    *shell.pool.borrow_mut() = Some(pool.clone());
    match connect(&pool) {
        Ok(mut store) => match recovery::resume(&shell.notebook, &mut store).await {
            Ok(recovered) => Attempt::Opened(Opened::Store(Box::new(store), recovered.unwrap_or(Storage::Opfs))),
            Err(error) => Attempt::Failed(OpenFailure::Store { reason: error.to_string() }),
        },
        Err(StoreError::Busy { source }) => Attempt::Held(source.to_string()),
        Err(StoreError::Damaged { reason }) => set_aside(shell, Some(&pool), &reason).await,
        Err(StoreError::Newer { .. }) => match store::connect(DATABASE, Some(pool.vfs())).and_then(ReadOnly::open) {
            Ok(read_only) => Attempt::Opened(Opened::ReadOnly(Box::new(read_only))),
            Err(error) => Attempt::Failed(OpenFailure::Store { reason: error.to_string() }),
        },
        Err(error @ (StoreError::Full { .. } | StoreError::Io { .. })) => {
            Attempt::Failed(OpenFailure::Store { reason: error.to_string() })
        }
    }
}

pub(super) fn replica() -> ReplicaId {
    let mut bytes = [0; 8];
    entropy::fill(&mut bytes);
    ReplicaId(u64::from_be_bytes(bytes))
}

pub(super) fn connect(pool: &Pool) -> Result<Store, StoreError> {
    Store::open(store::connect(DATABASE, Some(pool.vfs()))?, replica())
}

/// Keeps a copy of a damaged database, empties the pool, and lets the next attempt recover.
async fn set_aside(shell: &Rc<Shell>, pool: Option<&Pool>, reason: &str) -> Attempt {
    log::error!("the database is damaged: {reason}");
    match recovery::set_aside(&shell.notebook, pool).await {
        Ok(()) => {
            // A pool that was let go of is taken hold of again by the next attempt.
            *shell.pool.borrow_mut() = None;
            Attempt::Held(reason.to_owned())
        }
        Err(error) => {
            Attempt::Failed(OpenFailure::Store { reason: format!("{reason}; it could not be set aside: {error}") })
        }
    }
}

/// Where files exist that cannot be reached, an empty notebook would look like a lost one.
async fn without_pool(shell: &Rc<Shell>, reason: &str) -> Attempt {
    let opaque = format!("{}/.opaque", directory(&shell.notebook));
    match opfs::is_populated(&opaque).await {
        Ok(true) => Attempt::Failed(OpenFailure::Store { reason: reason.to_owned() }),
        Ok(false) | Err(_) => in_memory(reason),
    }
}

fn in_memory(reason: &str) -> Attempt {
    log::warn!("the notebook lives in memory: {reason}");
    match store::connect_in_memory().and_then(|connection| Store::open(connection, replica())) {
        Ok(store) => Attempt::Opened(Opened::Store(Box::new(store), Storage::Memory { reason: reason.to_owned() })),
        Err(error) => Attempt::Failed(OpenFailure::Store { reason: error.to_string() }),
    }
}
