//! Dedicated module workers.

use std::cell::RefCell;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, WorkerOptions, WorkerType};

use crate::error::BrowserError;
use crate::port::Port;

type ErrorHandler = Closure<dyn FnMut(ErrorEvent)>;

/// A worker that this thread started. Dropping the handle does not end it; [`Worker::terminate`] does.
#[derive(Debug)]
pub struct Worker {
    worker: web_sys::Worker,
    on_error: RefCell<Option<ErrorHandler>>,
}

impl Worker {
    /// Starts a module worker from an address relative to the page.
    ///
    /// It receives nothing before it has set its handler: wait for its first message.
    pub fn spawn(url: &str, name: &str) -> Result<Self, BrowserError> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(name);
        let worker = web_sys::Worker::new_with_options(url, &options)
            .map_err(|error| BrowserError::thrown("start a worker", &error))?;
        Ok(Self { worker, on_error: RefCell::new(None) })
    }

    /// Takes over a module worker that the page itself started.
    pub fn adopt(worker: web_sys::Worker) -> Self {
        Self { worker, on_error: RefCell::new(None) }
    }

    /// Returns the port to it.
    pub fn port<Out: Serialize, In: DeserializeOwned + 'static>(&self) -> Port<Out, In> {
        Port::over(self.worker.clone().unchecked_into(), false)
    }

    /// Is told when the worker fails to load or throws.
    pub fn on_error(&self, mut callback: impl FnMut(String) + 'static) {
        let handler: ErrorHandler = Closure::new(move |event: ErrorEvent| {
            // A worker whose file is missing sends a plain Event, without a message.
            let message = js_sys::Reflect::get(&event, &"message".into()).ok().and_then(|message| message.as_string());
            callback(
                message
                    .filter(|message| !message.is_empty())
                    .unwrap_or_else(|| "its file could not be loaded".to_owned()),
            );
        });
        self.worker.set_onerror(Some(handler.as_ref().unchecked_ref()));
        *self.on_error.borrow_mut() = Some(handler);
    }

    /// Ends it at once, whatever it does.
    pub fn terminate(&self) {
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}
