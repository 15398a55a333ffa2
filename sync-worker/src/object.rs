//! The Durable Object: it sleeps while nothing comes, and keeps its sockets meanwhile.

use std::cell::RefCell;

use notebook::NotebookId;
use protocol::wire::ConnectionId;
use worker::durable::State;
use worker::{
    DurableObject, Env, Error, Request, Response, Result, WebSocket, WebSocketIncomingMessage, WebSocketPair,
    WebSocketRequestResponsePair, durable_object,
};

use crate::room::{self, Room};
use crate::route::{self, Route};
use crate::sockets;

/// One notebook's relay. Its name is the notebook's id.
#[durable_object(websocket)]
pub struct Notebook {
    state: State,
    env: Env,
    /// Opened by the first event after each sleep.
    room: RefCell<Option<Room>>,
}

impl std::fmt::Debug for Notebook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notebook").field("room", &self.room).finish_non_exhaustive()
    }
}

impl Notebook {
    /// Does something with the room of this notebook; opens it first where it is asleep.
    fn within<T>(
        &self,
        notebook: impl FnOnce() -> Option<NotebookId>,
        act: impl FnOnce(&mut Room) -> Result<T>,
    ) -> Result<T> {
        let mut room = self.room.borrow_mut();
        if let Some(room) = room.as_mut() {
            return act(room);
        }
        let notebook = notebook().ok_or_else(|| Error::RustError("the socket belongs to no notebook".into()))?;
        act(room.insert(Room::open(notebook, &self.state, room::limits(&self.env)?)?))
    }

    /// Does something for a socket. One whose room cannot be opened is closed.
    fn for_socket(&self, socket: &WebSocket, act: impl FnOnce(ConnectionId, &mut Room) -> Result<()>) {
        let Some(connection) = sockets::connection_of(&self.state, socket) else { return };
        let notebook = || sockets::attached_to(socket).map(|(notebook, ..)| notebook);
        if let Err(error) = self.within(notebook, |room| act(connection, room)) {
            sockets::close(socket, &room::broken(&error));
        }
    }

    fn let_go(&self, socket: &WebSocket) {
        self.for_socket(socket, |connection, room| {
            room.disconnect(connection);
            Ok(())
        });
    }
}

impl DurableObject for Notebook {
    fn new(state: State, env: Env) -> Self {
        // Answered without waking the object.
        if let Ok(pair) = WebSocketRequestResponsePair::new("ping", "pong") {
            state.set_websocket_auto_response(&pair);
        }
        Self { state, env, room: RefCell::new(None) }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let Route::Sync(notebook) = Route::of(&request.path()) else {
            return route::refusal(404, "there is no notebook at this address");
        };
        let pair = WebSocketPair::new()?;
        match self.within(|| Some(notebook), |room| room.connect(&self.state, pair.server)) {
            Ok(()) => Response::from_websocket(pair.client),
            Err(error) => route::refusal(500, &error.to_string()),
        }
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        let frame = match message {
            WebSocketIncomingMessage::Binary(frame) => frame,
            // No frame is text: the relay says so.
            WebSocketIncomingMessage::String(text) => text.into_bytes(),
        };
        self.for_socket(&socket, |from, room| room.receive(from, &frame));
        Ok(())
    }

    async fn websocket_close(&self, socket: WebSocket, _code: usize, _reason: String, _clean: bool) -> Result<()> {
        self.let_go(&socket);
        // Answers the other end's close, where that was not done yet.
        drop(socket.close(Some(1000), Some("")));
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, _error: Error) -> Result<()> {
        self.let_go(&socket);
        Ok(())
    }
}
