//! The one way to start a future, so that there is one place to watch them.

/// Runs a future on this thread's event loop until it is done.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(future);
}
