//! What pages and workers share of the browser: `navigator`, bound by hand where web-sys has it behind an unstable flag
//! or for one of the two only.

use js_sys::{Object, Promise};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, StorageManager};

#[wasm_bindgen]
extern "C" {
    type Navigator;
    #[wasm_bindgen(thread_local_v2, js_name = navigator)]
    static NAVIGATOR: Navigator;
    #[wasm_bindgen(method, structural, getter)]
    fn locks(this: &Navigator) -> Option<LockManager>;
    #[wasm_bindgen(method, structural, getter)]
    fn storage(this: &Navigator) -> Option<StorageManager>;
    #[wasm_bindgen(method, structural, getter, js_name = userAgent)]
    fn user_agent(this: &Navigator) -> Option<String>;

    /// Web Locks.
    pub(crate) type LockManager;
    #[wasm_bindgen(method, structural)]
    pub(crate) fn request(this: &LockManager, name: &str, options: &LockOptions, callback: &JsValue) -> Promise;

    /// How a lock is asked for.
    pub(crate) type LockOptions;
    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_signal(this: &LockOptions, signal: &AbortSignal);
    #[wasm_bindgen(method, setter, js_name = ifAvailable)]
    pub(crate) fn set_if_available(this: &LockOptions, if_available: bool);
}

impl Default for LockOptions {
    fn default() -> Self {
        Object::new().unchecked_into()
    }
}

pub(crate) fn locks() -> Option<LockManager> {
    NAVIGATOR.with(Navigator::locks)
}

pub(crate) fn storage() -> Option<StorageManager> {
    NAVIGATOR.with(Navigator::storage)
}

/// Returns what the browser calls itself.
pub(crate) fn user_agent() -> Option<String> {
    NAVIGATOR.with(Navigator::user_agent)
}
