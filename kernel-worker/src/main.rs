//! The kernel worker: claims executions, runs them in Pyodide and tells what they put out.
//!
//! Rust owns the event loop, the claims and the batching. `frame/boot.js` does what only JavaScript
//! can (loading modules from bytes), `python/cathode_kernel` what only Python can. Nothing here knows
//! a notebook's state.

mod death;
mod host;
mod outbox;
mod report;
mod shared;
mod worker;

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};

use crate::host::Host;
use crate::worker::Worker;

fn main() {}

/// Takes over: boots Python through the host and serves the port it brings.
#[wasm_bindgen]
pub async fn start(host: JsValue) {
    let host: Host = host.unchecked_into();
    Worker::serve(host).await;
}
