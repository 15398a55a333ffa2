//! What is done when the page has nothing better to do.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type Deadline;

    #[wasm_bindgen(method, getter, js_name = didTimeout)]
    fn did_timeout(this: &Deadline) -> bool;

    #[wasm_bindgen(method, js_name = timeRemaining)]
    fn time_remaining(this: &Deadline) -> f64;

    #[wasm_bindgen(catch, js_name = requestIdleCallback)]
    fn request_idle_callback(callback: &JsValue, options: &Object) -> Result<JsValue, JsValue>;
}

type Callback = Box<dyn FnOnce()>;

/// Callbacks that run one after another while the page is idle, each once.
///
/// They share one request to the browser: each may hold the page for milliseconds.
#[derive(Clone)]
pub struct Idle {
    limit_millis: u32,
    waiting: Rc<RefCell<VecDeque<Callback>>>,
}

impl Idle {
    /// Makes an empty queue whose callbacks run about `limit_millis` after they came, if the page was never idle.
    pub fn new(limit_millis: u32) -> Self {
        Self { limit_millis, waiting: Rc::default() }
    }

    /// Has `callback` run when the page is idle.
    pub fn push(&self, callback: impl FnOnce() + 'static) {
        let is_first = self.waiting.borrow().is_empty();
        self.waiting.borrow_mut().push_back(Box::new(callback));
        if is_first {
            self.request();
        }
    }

    fn request(&self) {
        let queue = self.clone();
        let handler = Closure::once_into_js(move |deadline: Deadline| {
            crate::spawn(queue.run(move || deadline.did_timeout() || deadline.time_remaining() > 0.0));
        });
        let options = Object::new();
        // A plain object takes any property; without it the browser would only wait longer.
        Reflect::set(&options, &"timeout".into(), &self.limit_millis.into()).ok();
        // Safari has no such function.
        if request_idle_callback(&handler, &options).is_err() {
            let queue = self.clone();
            crate::spawn(async move {
                crate::timer::after(queue.limit_millis).await;
                queue.run(|| true).await;
            });
        }
    }

    /// Runs a callback with what it sets off, and further ones while there is time.
    async fn run(self, has_time: impl Fn() -> bool) {
        loop {
            let Some(next) = self.waiting.borrow_mut().pop_front() else { return };
            next();
            let mut has_passed = false;
            poll_fn(|context| {
                if std::mem::replace(&mut has_passed, true) {
                    return Poll::Ready(());
                }
                context.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            if !has_time() {
                break;
            }
        }
        if !self.waiting.borrow().is_empty() {
            self.request();
        }
    }
}

impl fmt::Debug for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idle").finish_non_exhaustive()
    }
}
