//! The clocks. Their readings are shown and measured, never used to decide what a notebook is.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type Performance;
    #[wasm_bindgen(thread_local_v2, js_name = performance)]
    static PERFORMANCE: Performance;
    #[wasm_bindgen(method, structural)]
    fn now(this: &Performance) -> f64;
}

/// Returns wall-clock milliseconds since 1970.
pub fn now_millis() -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds since 1970 fit an f64 without loss and an i64 with ease"
    )]
    let millis = js_sys::Date::now() as i64;
    millis
}

/// Returns milliseconds since this thread began; never goes back.
pub fn performance_now() -> f64 {
    PERFORMANCE.with(Performance::now)
}
