//! What a relay wants sent and closed, and how a connection ends.

use std::sync::Arc;

use super::{Connection, Relay, Storage};
use crate::wire::{self, ConnectionId, FromRelay, Refusal};

/// What is to be done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A frame is to be sent. One that many get is shared.
    Send {
        /// To whom.
        to: ConnectionId,
        /// The frame.
        frame: Arc<[u8]>,
    },
    /// A connection is to be closed with [`Refusal::close_code`]. The relay has forgotten it.
    Close {
        /// Which.
        connection: ConnectionId,
        /// Why.
        refusal: Refusal,
    },
}

/// Gathers effects.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) effects: Vec<Effect>,
}

impl Outbox {
    pub(super) fn send(&mut self, to: ConnectionId, frame: &FromRelay) {
        self.effects.push(Effect::Send { to, frame: encode(frame) });
    }

    pub(super) fn refuse_and_close(&mut self, connection: ConnectionId, refusal: Refusal) {
        self.send(connection, &FromRelay::Refused(refusal.clone()));
        self.effects.push(Effect::Close { connection, refusal });
    }
}

fn encode(frame: &FromRelay) -> Arc<[u8]> {
    wire::encode(frame).into()
}

impl<S: Storage> Relay<S> {
    /// Sends a frame to all but one of those connections that it is meant for. Who was sent too much
    /// without a sign of life is closed.
    pub(super) fn broadcast(
        &mut self,
        but: ConnectionId,
        frame: &FromRelay,
        is_meant: impl Fn(&Connection) -> bool,
        out: &mut Outbox,
    ) {
        let mut encoded = None;
        let mut too_slow = vec![];
        for (id, connection) in &mut self.connections {
            if *id == but || !is_meant(connection) {
                continue;
            }
            let frame = encoded.get_or_insert_with(|| encode(frame));
            connection.unread += frame.len() as u64;
            if connection.unread > self.limits.unread_bytes {
                too_slow.push(*id);
            } else {
                out.effects.push(Effect::Send { to: *id, frame: Arc::clone(frame) });
            }
        }
        for connection in too_slow {
            self.refuse(connection, Refusal::TooSlow, out);
        }
    }

    /// Tells a connection what is not done, and ends it where the refusal or the relay's patience does.
    pub(super) fn refuse(&mut self, from: ConnectionId, refusal: Refusal, out: &mut Outbox) {
        let Some(connection) = self.connections.get_mut(&from) else { return };
        // After a failure nobody knows which parts are left.
        self.is_swept &= !matches!(refusal, Refusal::Storage { .. });
        connection.refusals += 1;
        if refusal.closes() || connection.refusals > self.limits.patience {
            out.refuse_and_close(from, refusal);
            self.remove(from, out);
            return;
        }
        out.send(from, &FromRelay::Refused(refusal.clone()));
        if refusal.holds_back() {
            connection.session.held_back = Some(refusal);
        }
    }

    /// Forgets a connection and what it left unfinished, and tells the others.
    pub(super) fn remove(&mut self, connection: ConnectionId, out: &mut Outbox) {
        let Some(Connection { session, .. }) = self.connections.remove(&connection) else { return };
        for upload in session.uploads() {
            // What cannot be dropped now is dropped before the next upload.
            let dropped = self.storage.transaction(|storage| storage.drop_parts(upload));
            self.is_swept &= dropped.is_ok();
        }
        if session.is_let_in() {
            let left = FromRelay::Left { connection };
            self.broadcast(connection, &left, |other| other.session.is_let_in(), out);
        }
    }
}
