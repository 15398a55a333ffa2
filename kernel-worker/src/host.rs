//! What `frame/boot.js` and Python offer to Rust.

use js_sys::{Function, Int32Array, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::MessagePort;

#[wasm_bindgen]
extern "C" {
    /// What the worker's script brings.
    #[derive(Debug, Clone)]
    pub(crate) type Host;

    /// The port to the store worker.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn port(this: &Host) -> MessagePort;
    /// The words shared with the frame's thread, where memory can be shared.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn shared(this: &Host) -> Option<Int32Array>;
    /// Boots Python; resolves to a [`Python`].
    #[wasm_bindgen(method)]
    pub(crate) fn boot(this: &Host, sink: &JsValue) -> Promise;
    /// Asks the frame's thread to tick.
    #[wasm_bindgen(method)]
    pub(crate) fn tick(this: &Host);
    /// Calls back in about one frame's time.
    #[wasm_bindgen(method)]
    pub(crate) fn later(this: &Host, callback: &Function);
    /// Sets what is called when the frame's thread says that somebody interrupted.
    #[wasm_bindgen(method, setter, js_name = "onInterrupt")]
    pub(crate) fn set_on_interrupt(this: &Host, callback: &Function);
    /// Tells the page that Python is up.
    #[wasm_bindgen(method)]
    pub(crate) fn ready(this: &Host);
    /// Tells the page that Python could not start.
    #[wasm_bindgen(method)]
    pub(crate) fn failed(this: &Host, reason: &str);
    /// Tells the page that Python is beyond use.
    #[wasm_bindgen(method)]
    pub(crate) fn died(this: &Host, reason: &str, out_of_memory: bool);

    /// Python, once it is up.
    #[derive(Debug, Clone)]
    pub(crate) type Python;

    /// Its version.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn version(this: &Python) -> String;
    #[wasm_bindgen(method, getter, js_name = "fromSnapshot")]
    pub(crate) fn from_snapshot(this: &Python) -> bool;
    #[wasm_bindgen(method, getter, js_name = "bootMillis")]
    pub(crate) fn boot_millis(this: &Python) -> f64;
    /// Runs a cell; resolves to its outcome, throws or rejects when Python itself broke.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn run(this: &Python, source: &str, count: u32) -> Result<Promise, JsValue>;
    /// Interrupts a cell that awaits.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn cancel(this: &Python) -> Result<(), JsValue>;
    /// Describes the name at a place in code, if anything is known about it.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn inspect(this: &Python, code: &str, cursor: u32) -> Result<Option<String>, JsValue>;
    /// Lets out what Python gathered.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn flush(this: &Python) -> Result<(), JsValue>;

    /// Milliseconds of a clock that never goes back.
    #[wasm_bindgen(js_namespace = performance)]
    pub(crate) fn now() -> f64;
}
