//! Typed message ports between threads.
//!
//! A message is one `Uint8Array` of `protocol::codec`, whose buffer is transferred;
//! with ports it is the array `[Uint8Array, port, …]`. What cannot be read is reported, never a panic.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use protocol::codec;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use web_sys::{MessageChannel, MessageEvent, MessagePort};

use crate::error::BrowserError;

#[wasm_bindgen]
extern "C" {
    /// Anything that posts and receives: a worker, a worker's own scope, a message port.
    #[derive(Debug, Clone)]
    pub(crate) type Endpoint;

    #[wasm_bindgen(method, structural, catch, js_name = postMessage)]
    fn post_message(this: &Endpoint, message: &JsValue, transfer: &Array) -> Result<(), JsValue>;

    #[wasm_bindgen(method, structural, setter, js_name = onmessage)]
    fn set_onmessage(this: &Endpoint, handler: Option<&js_sys::Function>);

    #[wasm_bindgen(method, structural, setter, js_name = onmessageerror)]
    fn set_onmessageerror(this: &Endpoint, handler: Option<&js_sys::Function>);
}

/// One end of a message channel, not yet typed; it can be sent along with a message.
#[derive(Debug, Clone)]
pub struct RawPort(MessagePort);

impl RawPort {
    /// Makes the two ends of a new channel.
    pub fn pair() -> Result<(Self, Self), BrowserError> {
        let channel = MessageChannel::new().map_err(|error| BrowserError::thrown("make a message channel", &error))?;
        Ok((Self(channel.port1()), Self(channel.port2())))
    }

    /// Returns the port for code that posts it by itself, such as the host of the kernel frame.
    pub fn as_js(&self) -> &MessagePort {
        &self.0
    }

    /// Gives the port its types. It receives from the first [`Port::listen`] on.
    pub fn typed<Out: Serialize, In: DeserializeOwned + 'static>(self) -> Port<Out, In> {
        Port::over(self.0.unchecked_into(), true)
    }

    /// Closes the port.
    pub fn close(self) {
        self.0.close();
    }
}

impl From<MessagePort> for RawPort {
    fn from(port: MessagePort) -> Self {
        Self(port)
    }
}

type Handler = Closure<dyn FnMut(MessageEvent)>;

struct Inner {
    endpoint: Endpoint,
    closes: bool,
    handlers: RefCell<Option<(Handler, Handler)>>,
}

impl Inner {
    fn detach(&self) {
        self.endpoint.set_onmessage(None);
        self.endpoint.set_onmessageerror(None);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // A port that only sent leaves the handler of another one on the same endpoint alone.
        if self.handlers.borrow().is_some() {
            self.detach();
        }
    }
}

/// A port that sends `Out` and receives `In`. Clones are the same port; the last one detaches it.
pub struct Port<Out, In> {
    inner: Rc<Inner>,
    types: PhantomData<fn(Out) -> In>,
}

impl<Out, In> Clone for Port<Out, In> {
    fn clone(&self) -> Self {
        Self { inner: Rc::clone(&self.inner), types: PhantomData }
    }
}

impl<Out, In> fmt::Debug for Port<Out, In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port").finish_non_exhaustive()
    }
}

impl<Out: Serialize, In: DeserializeOwned + 'static> Port<Out, In> {
    pub(crate) fn over(endpoint: Endpoint, closes: bool) -> Self {
        let inner = Inner { endpoint, closes, handlers: RefCell::new(None) };
        Self { inner: Rc::new(inner), types: PhantomData }
    }

    /// Returns the port of the dedicated worker that this code runs in, towards who started it.
    pub fn of_this_worker() -> Self {
        Self::over(js_sys::global().unchecked_into(), false)
    }

    /// Sends a message.
    pub fn send(&self, message: &Out) -> Result<(), BrowserError> {
        let bytes = to_array(message);
        let transfer = Array::of1(&bytes.buffer());
        self.inner
            .endpoint
            .post_message(&bytes, &transfer)
            .map_err(|error| BrowserError::thrown("post a message", &error))
    }

    /// Sends a message and gives these ports away with it.
    pub fn send_with(&self, message: &Out, ports: Vec<RawPort>) -> Result<(), BrowserError> {
        let bytes = to_array(message);
        let envelope = Array::of1(&bytes);
        let transfer = Array::of1(&bytes.buffer());
        for port in &ports {
            envelope.push(&port.0);
            transfer.push(&port.0);
        }
        self.inner
            .endpoint
            .post_message(&envelope, &transfer)
            .map_err(|error| BrowserError::thrown("post a message with ports", &error))
    }

    /// Receives from now on. What cannot be read is logged and dropped.
    pub fn listen(&self, on_message: impl FnMut(In, Vec<RawPort>) + 'static) {
        self.listen_with_errors(on_message, |error| log::error!("{error}"));
    }

    /// Receives from now on, and hands over what went wrong with what could not be read.
    pub fn listen_with_errors(
        &self,
        mut on_message: impl FnMut(In, Vec<RawPort>) + 'static,
        on_error: impl FnMut(BrowserError) + 'static,
    ) {
        self.listen_measured(usize::MAX, move |message, ports, _bytes| on_message(message, ports), on_error);
    }

    /// Receives from now on, with each message's size in bytes; one above `limit` is an error and is not read.
    ///
    /// For a port whose other end is not trusted.
    pub fn listen_measured(
        &self,
        limit: usize,
        mut on_message: impl FnMut(In, Vec<RawPort>, usize) + 'static,
        on_error: impl FnMut(BrowserError) + 'static,
    ) {
        let on_error = Rc::new(RefCell::new(on_error));
        let report = Rc::clone(&on_error);
        let message: Handler = Closure::new(move |event: MessageEvent| match read(&event.data(), limit) {
            Ok((message, ports, bytes)) => on_message(message, ports, bytes),
            Err(error) => (report.borrow_mut())(error),
        });
        let unreadable: Handler = Closure::new(move |_event: MessageEvent| {
            (on_error.borrow_mut())(BrowserError::Message {
                reason: "the browser could not deserialise it".to_owned(),
            });
        });
        self.inner.endpoint.set_onmessageerror(Some(unreadable.as_ref().unchecked_ref()));
        self.inner.endpoint.set_onmessage(Some(message.as_ref().unchecked_ref()));
        *self.inner.handlers.borrow_mut() = Some((message, unreadable));
    }

    /// Stops receiving; a message channel's end is closed for good.
    pub fn close(&self) {
        self.inner.detach();
        if self.inner.closes {
            self.inner.endpoint.unchecked_ref::<MessagePort>().close();
        }
    }
}

pub(crate) fn to_array<T: Serialize>(message: &T) -> Uint8Array {
    Uint8Array::from(codec::encode(message).as_slice())
}

fn unreadable(reason: impl Into<String>) -> BrowserError {
    BrowserError::Message { reason: reason.into() }
}

pub(crate) fn from_array<T: DeserializeOwned>(value: &JsValue, limit: usize) -> Result<(T, usize), BrowserError> {
    let bytes = value.dyn_ref::<Uint8Array>().ok_or_else(|| unreadable("it holds no bytes"))?;
    let length = bytes.byte_length() as usize;
    if length > limit {
        return Err(unreadable(format!("it has {length} bytes, more than {limit}")));
    }
    codec::decode(&bytes.to_vec()).map(|message| (message, length)).map_err(|error| unreadable(error.to_string()))
}

fn read<T: DeserializeOwned>(data: &JsValue, limit: usize) -> Result<(T, Vec<RawPort>, usize), BrowserError> {
    let Some(envelope) = data.dyn_ref::<Array>() else {
        let (message, bytes) = from_array(data, limit)?;
        return Ok((message, Vec::new(), bytes));
    };
    let (message, bytes) = from_array(&envelope.get(0), limit)?;
    let ports = envelope
        .iter()
        .skip(1)
        .map(|part| part.dyn_into::<MessagePort>().map(RawPort))
        .collect::<Result<_, _>>()
        .map_err(|part| unreadable(format!("{part:?} came where a port was expected")))?;
    Ok((message, ports, bytes))
}
