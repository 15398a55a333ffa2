//! Web Locks: exclusive, by name, across all tabs and workers of the origin.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use futures::channel::oneshot;
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

use crate::error::BrowserError;
use crate::navigator::{self, LockOptions};
use crate::spawn::spawn;

/// A lock that is held until this is dropped.
pub struct Held {
    release: Function,
}

impl Drop for Held {
    fn drop(&mut self) {
        // Resolving a promise cannot throw.
        self.release.call0(&JsValue::UNDEFINED).ok();
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").finish_non_exhaustive()
    }
}

/// Takes the lock back out of the queue when a waiting future is dropped.
struct Withdraw(AbortController);

impl Drop for Withdraw {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits for the lock. Dropping the future leaves the queue.
pub async fn acquire(name: &str) -> Result<Held, BrowserError> {
    let controller = AbortController::new().map_err(|error| BrowserError::thrown("wait for a lock", &error))?;
    let options = LockOptions::default();
    options.set_signal(&controller.signal());
    let withdraw = Withdraw(controller);
    let held = request(name, &options).await?;
    // Once granted, the signal has no effect any more.
    drop(withdraw);
    held.ok_or(BrowserError::Missing { what: "lock" })
}

/// Takes the lock if nobody has it.
pub async fn try_acquire(name: &str) -> Result<Option<Held>, BrowserError> {
    let options = LockOptions::default();
    options.set_if_available(true);
    request(name, &options).await
}

async fn request(name: &str, options: &LockOptions) -> Result<Option<Held>, BrowserError> {
    let locks = navigator::locks().ok_or(BrowserError::Missing { what: "Web Locks" })?;
    let (answer, granted) = oneshot::channel::<Result<Option<Held>, BrowserError>>();
    let answer = Rc::new(RefCell::new(Some(answer)));
    let grant = Rc::clone(&answer);
    let callback = Closure::once_into_js(move |lock: JsValue| -> JsValue {
        if lock.is_null() {
            send(&grant, Ok(None));
            return JsValue::UNDEFINED;
        }
        let mut resolve = None;
        let held_until = Promise::new(&mut |resolved, _rejected| resolve = Some(resolved));
        let release = resolve.expect("invariant: a promise runs its executor at once");
        // When nobody waits any more, the lock is released by dropping it right here.
        send(&grant, Ok(Some(Held { release })));
        held_until.into()
    });
    let ended = locks.request(name, options, &callback);
    spawn(async move {
        if let Err(error) = JsFuture::from(ended).await {
            send(&answer, Err(BrowserError::thrown("take a lock", &error)));
        }
    });
    granted.await.unwrap_or(Ok(None))
}

type Answer = Rc<RefCell<Option<oneshot::Sender<Result<Option<Held>, BrowserError>>>>>;

fn send(answer: &Answer, result: Result<Option<Held>, BrowserError>) {
    if let Some(sender) = answer.borrow_mut().take() {
        sender.send(result).ok();
    }
}
