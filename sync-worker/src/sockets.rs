//! The Durable Object's sockets: which connection each one is, and what outlives the object's sleep.

use std::collections::BTreeMap;
use std::sync::Arc;

use js_sys::{ArrayBuffer, Uint8Array};
use notebook::NotebookId;
use protocol::codec;
use protocol::relay::{Effect, Session};
use protocol::wire::{ConnectionId, Refusal};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use worker::durable::State;
use worker::{Result, WebSocket};

/// The longest reason that a WebSocket may be closed with, in bytes.
const MAX_CLOSE_REASON: usize = 123;

/// What is attached to a socket.
#[derive(Debug, Serialize, Deserialize)]
struct Attachment {
    notebook: NotebookId,
    connection: ConnectionId,
    session: Session,
}

/// A socket, and what was attached to it last.
#[derive(Debug)]
struct Attached {
    socket: WebSocket,
    session: Option<Session>,
}

/// The open sockets of one notebook.
#[derive(Debug)]
pub(crate) struct Sockets {
    notebook: NotebookId,
    open: BTreeMap<ConnectionId, Attached>,
}

impl Sockets {
    pub(crate) fn new(notebook: NotebookId) -> Self {
        Self { notebook, open: BTreeMap::new() }
    }

    /// Takes a socket that the object accepts and may sleep on.
    pub(crate) fn accept(&mut self, state: &State, connection: ConnectionId, socket: WebSocket) {
        state.accept_websocket_with_tags(&socket, &[&connection.0.to_string()]);
        self.open.insert(connection, Attached { socket, session: None });
    }

    /// Takes up a socket that was open before this object was awake.
    pub(crate) fn take_up(&mut self, connection: ConnectionId, socket: WebSocket, session: Session) {
        self.open.insert(connection, Attached { socket, session: Some(session) });
    }

    pub(crate) fn forget(&mut self, connection: ConnectionId) {
        self.open.remove(&connection);
    }

    /// Attaches what has changed of a connection.
    pub(crate) fn attach(&mut self, connection: ConnectionId, session: Option<&Session>) -> Result<()> {
        let (Some(attached), Some(session)) = (self.open.get_mut(&connection), session) else { return Ok(()) };
        if attached.session.as_ref() == Some(session) {
            return Ok(());
        }
        attached.session = Some(session.clone());
        let attachment = Attachment { notebook: self.notebook.clone(), connection, session: session.clone() };
        attached.socket.serialize_attachment(ByteBuf::from(codec::encode(&attachment)))
    }

    /// Sends and closes. A socket that is gone says so by itself.
    pub(crate) fn perform(&mut self, effects: Vec<Effect>) {
        // A frame for many is copied out of this memory once: sockets only read it.
        let mut copied: Option<(Arc<[u8]>, ArrayBuffer)> = None;
        for effect in effects {
            match effect {
                Effect::Send { to, frame } => {
                    let Some(Attached { socket, .. }) = self.open.get(&to) else { continue };
                    let copy = match &copied {
                        Some((same, copy)) if Arc::ptr_eq(same, &frame) => copy.clone(),
                        _ => Uint8Array::from(frame.as_ref()).buffer(),
                    };
                    drop(socket.as_ref().send_with_array_buffer(&copy));
                    copied = Some((frame, copy));
                }
                Effect::Close { connection, refusal } => {
                    if let Some(Attached { socket, .. }) = self.open.remove(&connection) {
                        close(&socket, &refusal);
                    }
                }
            }
        }
    }
}

/// Closes a socket with a refusal's code and words.
pub(crate) fn close(socket: &WebSocket, refusal: &Refusal) {
    let mut reason = refusal.to_string();
    reason.truncate(reason.floor_char_boundary(MAX_CLOSE_REASON));
    drop(socket.close(Some(refusal.close_code()), Some(reason)));
}

/// Returns which connection a socket of this object is.
pub(crate) fn connection_of(state: &State, socket: &WebSocket) -> Option<ConnectionId> {
    state.get_tags(socket).first()?.parse().ok().map(ConnectionId)
}

/// Returns what was attached to a socket: its notebook, connection and session.
pub(crate) fn attached_to(socket: &WebSocket) -> Option<(NotebookId, ConnectionId, Session)> {
    let bytes: ByteBuf = socket.deserialize_attachment().ok()??;
    let Attachment { notebook, connection, session } = codec::decode(&bytes).ok()?;
    Some((notebook, connection, session))
}
