//! The store worker: the event loop around one notebook's store, in a thread of its own.
//!
//! It performs what the library decides: it listens, posts, opens files and keeps time.

#[cfg(target_arch = "wasm32")]
mod shell;

/// Starts listening. There is nothing to do elsewhere than in a browser.
fn main() {
    #[cfg(target_arch = "wasm32")]
    shell::start();
}
