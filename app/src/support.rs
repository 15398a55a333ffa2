//! Whether this browser has what the program cannot do without.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/script.js")]
extern "C" {
    #[wasm_bindgen(js_name = hasModuleWorkers)]
    fn has_module_workers() -> bool;
}

/// Returns what is missing, in words for a person.
///
/// Without WebAssembly this code does not run at all: the page itself says so then.
pub(crate) fn missing() -> Option<&'static str> {
    let global = js_sys::global();
    let lacks = |name: &str| !Reflect::has(&global, &name.into()).unwrap_or(false);
    if lacks("Worker") || !has_module_workers() {
        return Some("module workers");
    }
    [
        ("indexedDB", "IndexedDB"),
        ("DecompressionStream", "decompression streams"),
        ("BroadcastChannel", "broadcast channels"),
    ]
    .into_iter()
    .find(|(name, _)| lacks(name))
    .map(|(_, words)| words)
}
