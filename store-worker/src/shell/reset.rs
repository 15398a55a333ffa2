//! Deletes the notebook's data in this browser and starts over, for every tab.

use std::rc::Rc;

use crate::leader::{Requester, reply};
use browser::opfs;
use protocol::pool::directory;
use protocol::port::{FromStore, RequestId};

use super::mode::Mode;
use super::recovery::{self, RecoveryError};
use super::{Shell, election, follower};

/// Resets; whoever asked is answered when the new notebook is open.
pub(super) async fn run(shell: Rc<Shell>, from: Requester, request: RequestId) {
    let follower = Mode::Following(follower(&shell.identity));
    // This closes the database. What comes from now on waits for the new one.
    drop(std::mem::replace(&mut *shell.mode.borrow_mut(), follower));
    let answer = match delete(&shell).await {
        Ok(()) => FromStore::Done { request },
        Err(error) => {
            FromStore::RequestFailed { request, message: format!("This notebook's data could not be deleted: {error}") }
        }
    };
    election::lead(&shell).await;
    shell.perform(vec![reply(&from, answer)]);
}

async fn delete(shell: &Rc<Shell>) -> Result<(), RecoveryError> {
    if opfs::available().await.is_err() {
        return Ok(());
    }
    let pool = shell.pool.borrow().clone();
    match pool {
        Some(pool) => pool.clear()?,
        None => opfs::remove_directory(&directory(&shell.notebook)).await?,
    }
    recovery::forget(&shell.notebook).await?;
    Ok(())
}
