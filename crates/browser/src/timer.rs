//! Waiting: for a time, for the next task of the event loop.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use futures::channel::oneshot;
use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::{MessageChannel, MessageEvent, MessagePort};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, millis: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(handle: &JsValue);
}

/// A callback that runs later, unless this is dropped before.
pub struct Timeout {
    handle: JsValue,
    _callback: Closure<dyn FnMut()>,
}

impl Timeout {
    /// Runs `callback` in about `millis` milliseconds.
    pub fn new(millis: u32, callback: impl FnOnce() + 'static) -> Self {
        let callback: Closure<dyn FnMut()> = Closure::once(callback);
        let handle = set_timeout(callback.as_ref().unchecked_ref(), i32::try_from(millis).unwrap_or(i32::MAX));
        Self { handle, _callback: callback }
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        clear_timeout(&self.handle);
    }
}

impl fmt::Debug for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").finish_non_exhaustive()
    }
}

/// Waits about `millis` milliseconds.
pub async fn after(millis: u32) {
    let (done, waiting) = oneshot::channel();
    let _timeout = Timeout::new(millis, move || {
        done.send(()).ok();
    });
    waiting.await.ok();
}

thread_local! {
    static TASKS: Option<Tasks> = Tasks::new();
}

/// A channel to oneself: each message is one task of the event loop.
struct Tasks {
    to: MessagePort,
    waiting: Rc<RefCell<VecDeque<oneshot::Sender<()>>>>,
    _handler: Closure<dyn FnMut(MessageEvent)>,
}

impl Tasks {
    fn new() -> Option<Self> {
        let channel = MessageChannel::new().ok()?;
        let waiting: Rc<RefCell<VecDeque<oneshot::Sender<()>>>> = Rc::default();
        let next = Rc::clone(&waiting);
        let handler: Closure<dyn FnMut(MessageEvent)> = Closure::new(move |_event: MessageEvent| {
            let sender = next.borrow_mut().pop_front();
            // Nobody may be waiting any more.
            sender.map(|sender| sender.send(()).ok());
        });
        channel.port1().set_onmessage(Some(handler.as_ref().unchecked_ref()));
        Some(Self { to: channel.port2(), waiting, _handler: handler })
    }

    fn next(&self) -> Option<oneshot::Receiver<()>> {
        let (sender, receiver) = oneshot::channel();
        self.to.post_message(&JsValue::NULL).ok()?;
        self.waiting.borrow_mut().push_back(sender);
        Some(receiver)
    }
}

/// Lets every task that already waits in the event loop go first.
///
/// Timers are clamped to 4 ms when nested and throttled in hidden tabs; messages are neither.
pub async fn next_task() {
    match TASKS.with(|tasks| tasks.as_ref().and_then(Tasks::next)) {
        Some(waiting) => {
            waiting.await.ok();
        }
        None => after(0).await,
    }
}
