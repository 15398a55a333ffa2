//! The report of a breakdown, to be copied.
//!
//! It is shown by JavaScript alone: when Rust has panicked, no signal and no closure of this thread
//! can be relied on.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/script.js")]
extern "C" {
    /// Shows a report; one that follows is added to the one on the page.
    #[wasm_bindgen(js_name = showReport)]
    pub(crate) fn show(text: &str);
}
