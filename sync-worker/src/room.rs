//! One notebook awake: its relay and its sockets.

use notebook::NotebookId;
use protocol::relay::{Limits, Relay};
use protocol::wire::{ConnectionId, Refusal, RelayId};
use wasm_bindgen::prelude::JsValue;
use worker::durable::State;
use worker::{Date, Env, Result, WebSocket};

use crate::entropy;
use crate::sockets::{self, Sockets};
use crate::sql::Database;
use crate::storage::SqlKeeper;

/// The variable that may hold limits, as JSON: those that it does not name are the usual ones.
const LIMITS: &str = "LIMITS";

/// A relay with its sockets.
#[derive(Debug)]
pub(crate) struct Room {
    relay: Relay<SqlKeeper>,
    sockets: Sockets,
}

impl Room {
    /// Opens a notebook's relay, and takes up the sockets that are open.
    pub(crate) fn open(notebook: NotebookId, state: &State, limits: Limits) -> Result<Self> {
        let storage = SqlKeeper::new(Database::of(state));
        let fresh = RelayId(u64::from_be_bytes(entropy::draw()));
        let relay = Relay::open(notebook.clone(), storage, limits, fresh);
        let relay = relay.map_err(|error| worker::Error::RustError(error.to_string()))?;
        let mut room = Self { relay, sockets: Sockets::new(notebook) };
        for socket in state.get_websockets() {
            if let Some((_, connection, session)) = sockets::attached_to(&socket) {
                room.sockets.take_up(connection, socket, session.clone());
                let effects = room.relay.resume(connection, session);
                room.sockets.perform(effects);
            }
        }
        Ok(room)
    }

    /// Takes a new socket.
    pub(crate) fn connect(&mut self, state: &State, socket: WebSocket) -> Result<()> {
        let (connection, effects) = self.relay.connect(entropy::draw());
        self.sockets.accept(state, connection, socket);
        self.sockets.attach(connection, self.relay.session(connection))?;
        self.sockets.perform(effects);
        Ok(())
    }

    /// Takes a frame.
    pub(crate) fn receive(&mut self, from: ConnectionId, frame: &[u8]) -> Result<()> {
        let effects = self.relay.receive(from, frame, Date::now().as_millis());
        self.sockets.attach(from, self.relay.session(from))?;
        self.sockets.perform(effects);
        Ok(())
    }

    /// Lets go of a socket that is gone.
    pub(crate) fn disconnect(&mut self, connection: ConnectionId) {
        self.sockets.forget(connection);
        let effects = self.relay.disconnect(connection);
        self.sockets.perform(effects);
    }
}

/// Reads the limits that this relay was set up with.
pub(crate) fn limits(env: &Env) -> Result<Limits> {
    // Not through `Env::var`: workerd gives null for a variable that its environment does not have.
    let text = js_sys::Reflect::get(env, &JsValue::from_str(LIMITS)).ok().and_then(|value| value.as_string());
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(Limits::default()) };
    serde_json::from_str(&text).map_err(|error| worker::Error::RustError(format!("{LIMITS} is not valid: {error}")))
}

/// Returns the refusal that stands for an object that cannot open its relay.
pub(crate) fn broken(error: &worker::Error) -> Refusal {
    Refusal::storage(error)
}
