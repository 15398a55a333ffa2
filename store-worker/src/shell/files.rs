//! Whether the notebook's files are still there. A browser lets a worker go on writing to files that were deleted
//! under it, as when a site's data is cleared: without looking, everything would be called saved.

use std::cell::Cell;
use std::rc::Rc;

use crate::leader::{Requester, reply};
use browser::{opfs, spawn, timer};
use protocol::pool::directory;
use protocol::port::{FromStore, RequestId, Storage};
use store::{Store, StoreError};

use super::Shell;
use super::opening::{connect, replica};
use super::pool::{Pool, PoolError};

/// How long after a commit the files are looked for, so that a run does not wait for it and many commits share it.
const LOOK_MILLIS: u32 = 100;

/// Whether somebody looks already.
#[derive(Default)]
pub(super) struct Watch {
    planned: Cell<bool>,
}

/// Why the notebook could not be put into files again.
#[derive(Debug, thiserror::Error)]
enum FilesError {
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Looks for the files shortly, and goes on in memory when they are gone.
pub(super) fn look(shell: &Rc<Shell>) {
    if shell.pool.borrow().is_none() || shell.files.planned.replace(true) {
        return;
    }
    let shell = Rc::clone(shell);
    spawn(async move {
        timer::after(LOOK_MILLIS).await;
        shell.files.planned.set(false);
        match opfs::is_populated(&format!("{}/.opaque", directory(&shell.notebook))).await {
            Ok(true) => {}
            Ok(false) => go_on_in_memory(&shell),
            // What cannot be looked at may be there: commits say by themselves when they fail.
            Err(error) => log::warn!("the files could not be looked for: {error}"),
        }
    });
}

fn go_on_in_memory(shell: &Rc<Shell>) {
    let mut mode = shell.mode.borrow_mut();
    let Some(leader) = mode.leader().filter(|leader| leader.storage().keeps()) else { return };
    log::error!("the notebook's files were deleted");
    // The deleted files can still be read by who has them open.
    let copy = leader.image().and_then(|image| Store::open(store::connect_to_image(&image)?, replica()));
    match copy {
        Ok(store) => {
            let effects = leader.move_to(store, Storage::Cleared);
            drop(mode);
            if let Some(Err(error)) = shell.pool.borrow_mut().take().map(Pool::give_up) {
                log::warn!("the deleted files are still held: {error}");
            }
            shell.perform(effects);
        }
        // Then commits fail too, and say so.
        Err(error) => log::error!("the notebook could not be copied into memory: {error}"),
    }
}

/// Puts the notebook into files again, and answers who asked.
pub(super) async fn save_again(shell: Rc<Shell>, from: Requester, request: RequestId) {
    let answer = match put_back(&shell).await {
        Ok(()) => FromStore::Done { request },
        Err(error) => {
            let message = format!("The notebook could not be saved again: {error}. Download it to keep it.");
            FromStore::RequestFailed { request, message }
        }
    };
    shell.perform(vec![reply(&from, answer)]);
}

async fn put_back(shell: &Rc<Shell>) -> Result<(), FilesError> {
    let pool = Pool::open(&shell.notebook).await?;
    let mut mode = shell.mode.borrow_mut();
    // Somebody may have asked twice.
    let Some(leader) = mode.leader().filter(|leader| !leader.storage().keeps()) else { return Ok(()) };
    pool.clear()?;
    pool.put(&leader.image()?)?;
    let effects = leader.move_to(connect(&pool)?, Storage::Opfs);
    drop(mode);
    *shell.pool.borrow_mut() = Some(pool);
    shell.perform(effects);
    Ok(())
}
