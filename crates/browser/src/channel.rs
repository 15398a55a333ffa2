//! A typed broadcast channel between the threads of one origin. A sender does not hear itself.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

use crate::error::BrowserError;
use crate::port::{from_array, to_array};

/// A channel that is open until it is dropped.
pub struct Channel<M> {
    inner: BroadcastChannel,
    _handler: Closure<dyn FnMut(MessageEvent)>,
    message: PhantomData<fn(M) -> M>,
}

impl<M: Serialize + DeserializeOwned + 'static> Channel<M> {
    /// Joins the channel of this name. What cannot be read is logged and dropped.
    pub fn open(name: &str, mut on_message: impl FnMut(M) + 'static) -> Result<Self, BrowserError> {
        let channel =
            BroadcastChannel::new(name).map_err(|error| BrowserError::thrown("open a broadcast channel", &error))?;
        let handler: Closure<dyn FnMut(MessageEvent)> =
            Closure::new(move |event: MessageEvent| match from_array(&event.data(), usize::MAX) {
                Ok((message, _bytes)) => on_message(message),
                Err(error) => log::error!("{error}"),
            });
        channel.set_onmessage(Some(handler.as_ref().unchecked_ref()));
        Ok(Self { inner: channel, _handler: handler, message: PhantomData })
    }

    /// Sends to every other end.
    pub fn send(&self, message: &M) -> Result<(), BrowserError> {
        self.inner
            .post_message(&to_array(message))
            .map_err(|error| BrowserError::thrown("post to a broadcast channel", &error))
    }
}

impl<M> Drop for Channel<M> {
    fn drop(&mut self) {
        self.inner.set_onmessage(None);
        self.inner.close();
    }
}

impl<M> fmt::Debug for Channel<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("name", &self.inner.name()).finish_non_exhaustive()
    }
}
