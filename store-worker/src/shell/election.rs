//! Who leads: the tab that holds the notebook's lock. The others wait for it while they follow.

use std::rc::Rc;

use crate::follower::Follower;
use crate::leader::{Effect, Leader};
use crate::reader::Reader;
use browser::{lock, spawn, timer};
use protocol::port::{FromStore, OpenFailure, RequestId};

use super::mode::{Mode, to_effects};
use super::opening::{self, Opened};
use super::{EDGE, Shell, follower};

/// How long a follower waits for the leader before it says so.
const PATIENCE_MILLIS: u32 = 5_000;

/// Leads at once if nobody does, else follows until it is this tab's turn.
pub(super) async fn run(shell: Rc<Shell>) {
    let room = shell.room();
    let free = lock::try_acquire(&room).await;
    let held = match free {
        Ok(Some(held)) => Ok(held),
        Ok(None) => {
            follow(&shell);
            lock::acquire(&room).await
        }
        Err(error) => Err(error),
    };
    match held {
        Ok(held) => *shell.lock.borrow_mut() = Some(held),
        // Without locks nobody can tell who leads: two leaders would write over each other.
        Err(error) => return fail(&shell, OpenFailure::Store { reason: error.to_string() }),
    }
    lead(&shell).await;
}

/// Opens the database and leads. It must be held that nobody else does.
pub(super) async fn lead(shell: &Rc<Shell>) {
    let opened = match opening::open(shell).await {
        Ok(opened) => opened,
        Err(failure) => return fail(shell, failure),
    };
    let follower = std::mem::replace(&mut *shell.mode.borrow_mut(), Mode::Following(follower(&shell.identity)));
    let (mut mode, effects) = match opened {
        Opened::Store(store, storage) => {
            let (leader, effects) = Leader::begin(*store, storage, shell.identity.clone(), EDGE);
            (Mode::Leading(Box::new(leader)), effects)
        }
        Opened::ReadOnly(store) => {
            let (reader, effects) = Reader::begin(*store, shell.identity.tab.clone());
            (Mode::Reading(Box::new(reader)), effects)
        }
    };
    shell.perform(effects);
    if let Mode::Following(follower) | Mode::Failed(follower) = follower {
        for message in follower.into_unanswered() {
            let effects = mode.on_ui(message);
            shell.perform(effects);
        }
    }
    *shell.mode.borrow_mut() = mode;
    shell.rest_later();
}

fn follow(shell: &Rc<Shell>) {
    let effects = shell.mode.borrow_mut().follower().map(Follower::join);
    shell.perform(to_effects(effects.unwrap_or_default()));
    let shell = Rc::clone(shell);
    spawn(async move {
        timer::after(PATIENCE_MILLIS).await;
        let effects = shell.mode.borrow_mut().follower().map(|follower| follower.waited());
        shell.perform(to_effects(effects.unwrap_or_default()));
    });
}

/// Says so when the leader has not answered this request for long.
pub(super) fn watch(shell: &Rc<Shell>, request: RequestId) {
    if shell.mode.borrow_mut().follower().is_none() {
        return;
    }
    let shell = Rc::clone(shell);
    spawn(async move {
        timer::after(PATIENCE_MILLIS).await;
        let effects = shell.mode.borrow_mut().follower().map(|follower| follower.overdue(request));
        shell.perform(to_effects(effects.unwrap_or_default()));
    });
}

fn fail(shell: &Rc<Shell>, failure: OpenFailure) {
    log::error!("{failure}");
    let mut mode = shell.mode.borrow_mut();
    let follower = std::mem::replace(&mut *mode, Mode::Failed(follower(&shell.identity)));
    if let Mode::Following(follower) | Mode::Failed(follower) = follower {
        *mode = Mode::Failed(follower);
    }
    drop(mode);
    shell.perform(vec![Effect::Ui(FromStore::OpenFailed { failure })]);
}
