//! A WebSocket of binary frames. Dropping it closes it, and nothing more is heard.
//!
//! A line may break without anybody being told. So the other end is asked for a word where it has said nothing for a
//! while: it answers `ping` with `pong`, both as text, as a sleeping relay does without waking.

use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;

use futures::channel::mpsc::{UnboundedSender, unbounded};
use futures::future::{Either, select};
use futures::{SinkExt as _, StreamExt as _};
use gloo_net::websocket::Message;
use gloo_net::websocket::futures::WebSocket;

use crate::timer;

/// After so long without a word the other end is asked for one.
const QUIET_MILLIS: u32 = 15_000;
/// So long it has for the answer, which may stand behind a large frame.
const ANSWER_MILLIS: u32 = 20_000;

/// What is heard of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A frame came.
    Frame(Vec<u8>),
    /// It is closed, or could not be opened. Said once, at the end.
    Closed,
}

/// A socket that is open or being opened.
pub struct Socket {
    frames: UnboundedSender<Vec<u8>>,
    dropped: Rc<Cell<bool>>,
}

impl Socket {
    /// Opens a socket and tells what is heard of it.
    pub fn open(address: &str, mut heard: impl FnMut(Event) + 'static) -> Self {
        let (frames, mut waiting) = unbounded::<Vec<u8>>();
        let dropped = Rc::new(Cell::new(false));
        let gone = Rc::clone(&dropped);
        match open(address) {
            Ok((raw, socket)) => {
                let (mut sink, mut stream) = socket.split();
                let asking = raw.clone();
                crate::spawn(async move {
                    while let Some(frame) = waiting.next().await {
                        let is_open = poll_fn(|context| sink.poll_ready_unpin(context)).await.is_ok();
                        // The sink makes a Blob of every frame, which the browser reads before it sends it.
                        if !is_open || raw.send_with_u8_array(&frame).is_err() {
                            break;
                        }
                    }
                    // Ends the reading below too.
                    if let Err(error) = sink.close().await {
                        log::debug!("the socket was closed already: {error}");
                    }
                });
                crate::spawn(async move {
                    let mut is_asked = false;
                    loop {
                        let wait = pin!(timer::after(if is_asked { ANSWER_MILLIS } else { QUIET_MILLIS }));
                        match select(stream.next(), wait).await {
                            Either::Left((Some(Ok(message)), _)) if !gone.get() => {
                                is_asked = false;
                                match message {
                                    Message::Bytes(frame) => heard(Event::Frame(frame)),
                                    Message::Text(text) if text == "pong" => {}
                                    Message::Text(_) => break,
                                }
                            }
                            Either::Right(_) if !is_asked && !gone.get() && asking.send_with_str("ping").is_ok() => {
                                is_asked = true;
                            }
                            Either::Left((Some(Err(error)), _)) => {
                                log::debug!("the socket ended: {error}");
                                break;
                            }
                            Either::Left(_) | Either::Right(_) => break,
                        }
                    }
                    if !gone.get() {
                        heard(Event::Closed);
                    }
                });
            }
            Err(error) => {
                log::warn!("no socket to the relay: {error}");
                crate::spawn(async move { heard(Event::Closed) });
            }
        }
        Self { frames, dropped }
    }

    /// Sends a frame; one that cannot be sent is lost with the socket.
    pub fn send(&self, frame: Vec<u8>) {
        if self.frames.unbounded_send(frame).is_err() {
            log::debug!("a frame was not sent: the socket is gone");
        }
    }
}

fn open(address: &str) -> Result<(web_sys::WebSocket, WebSocket), String> {
    let raw = web_sys::WebSocket::new(address).map_err(|error| format!("{error:?}"))?;
    let socket = WebSocket::try_from(raw.clone()).map_err(|error| error.to_string())?;
    Ok((raw, socket))
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.dropped.set(true);
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").finish_non_exhaustive()
    }
}
