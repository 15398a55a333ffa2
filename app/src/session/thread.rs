//! The store worker's thread: the one that the page began before this program ran, or a new one.

use browser::BrowserError;
use browser::worker::Worker;
use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, MessageEventInit};

/// Where `index.html` puts what it began.
const BEGUN: &str = "cathodeStore";

/// A store worker's thread, and what it said before anybody listened.
pub(super) struct Thread {
    pub(super) worker: Worker,
    pub(super) unheard: Option<Unheard>,
}

/// A message that came too early.
pub(super) struct Unheard {
    from: web_sys::Worker,
    message: JsValue,
}

impl Thread {
    /// Takes the one that the page began, which can be done once, or starts one.
    pub(super) fn take() -> Result<Self, BrowserError> {
        let Some((worker, said)) = take_begun() else {
            return Ok(Self { worker: Worker::spawn("./store-worker_loader.js", "store")?, unheard: None });
        };
        let unheard = (!said.is_null()).then(|| Unheard { from: worker.clone(), message: said });
        Ok(Self { worker: Worker::adopt(worker), unheard })
    }
}

impl Unheard {
    /// Lets whoever listens now hear it.
    pub(super) fn say(&self) {
        let init = MessageEventInit::new();
        init.set_data(&self.message);
        match MessageEvent::new_with_event_init_dict("message", &init) {
            Ok(event) => drop(self.from.dispatch_event(&event)),
            Err(error) => log::error!("the store worker's first word is lost: {error:?}"),
        }
    }
}

fn take_begun() -> Option<(web_sys::Worker, JsValue)> {
    let global = js_sys::global();
    let begun = Reflect::get(&global, &BEGUN.into()).ok().filter(JsValue::is_object)?;
    Reflect::delete_property(&global, &BEGUN.into()).ok();
    let worker = Reflect::get(&begun, &"worker".into()).ok()?.dyn_into().ok()?;
    Some((worker, Reflect::get(&begun, &"said".into()).unwrap_or(JsValue::NULL)))
}
