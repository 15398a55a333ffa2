//! How a connection is let in.

use serde::Deserialize;

use super::outbox::Outbox;
use super::{Connection, RESERVED_AT_ONCE, Relay, Standing, Storage, too_many};
use crate::access::{self, Right};
use crate::history::History;
use crate::wire::{self, ConnectionId, Cursor, FromRelay, PROTOCOL, Proof, Refusal, ToRelay};

/// As much of a Hello as every version has.
#[derive(Deserialize)]
enum AnyHello {
    Hello { protocol: u32 },
}

impl<S: Storage> Relay<S> {
    /// Takes a stranger's first frame.
    pub(super) fn hello(&mut self, from: ConnectionId, frame: &[u8], out: &mut Outbox) -> Result<(), Refusal> {
        let hello = wire::decode(frame).map_err(|refusal| match wire::decode(frame) {
            Ok(AnyHello::Hello { protocol }) if protocol != PROTOCOL => Refusal::Version { relay: PROTOCOL },
            _ => refusal,
        })?;
        let ToRelay::Hello { protocol, proof, cursor } = hello else { return Err(Refusal::Denied) };
        if protocol != PROTOCOL {
            return Err(Refusal::Version { relay: PROTOCOL });
        }
        let standing = self.judge(from, &proof)?;
        let is_reader = |connection: &&Connection| connection.session.standing == Standing::Reader;
        let limit = self.limits.readers;
        if standing == Standing::Reader && self.connections.values().filter(is_reader).count() >= limit {
            return Err(too_many(limit));
        }
        let cursor_known = match cursor {
            Some(cursor) => self.knows(&cursor).map_err(|error| Refusal::storage(&error))?,
            None => false,
        };
        let others = self.connections.iter().filter(|(_, other)| other.session.is_let_in());
        let mut snapshots = self.contents.snapshots.iter().rev().map(|snapshot| snapshot.info);
        let welcome = FromRelay::Welcome {
            connection: from,
            head: self.contents.head,
            floor: self.floor(),
            snapshot: snapshots.next(),
            older: snapshots.next(),
            cursor_known,
            peers: others.map(|(id, _)| *id).collect(),
        };
        if let Some(connection) = self.connections.get_mut(&from) {
            connection.session.standing = standing;
        }
        out.send(from, &welcome);
        self.broadcast(from, &FromRelay::Joined { connection: from }, |other| other.session.is_let_in(), out);
        Ok(())
    }

    /// Checks a proof. The first writer begins the storage; each says how readers are known.
    fn judge(&mut self, from: ConnectionId, proof: &Proof) -> Result<Standing, Refusal> {
        let nonce = self.session(from).map(|session| session.nonce).unwrap_or_default();
        let right = access::verify(&self.notebook, self.contents.relay, &nonce, proof, self.contents.reader)?;
        let Right::Write { reader } = right else { return Ok(Standing::Reader) };
        if self.contents.reader == Some(reader) {
            return Ok(Standing::Writer);
        }
        let (relay, begins, reserved) = (self.contents.relay, !self.has_begun, self.next + RESERVED_AT_ONCE);
        self.storage
            .transaction(|storage| {
                if begins {
                    storage.begin(relay)?;
                    storage.set_next(reserved)?;
                }
                storage.set_reader(reader)
            })
            .map_err(|error| Refusal::storage(&error))?;
        if begins {
            self.contents.next = reserved;
            self.has_begun = true;
        }
        self.contents.reader = Some(reader);
        Ok(Standing::Writer)
    }

    /// Says whether a client stands in this relay's order, at a place from which it can go on. What led there must
    /// be the same: a storage that was set back to a copy of itself may have gone on another way.
    fn knows(&self, cursor: &Cursor) -> Result<bool, S::Error> {
        Ok(cursor.relay == self.contents.relay && self.history_at(cursor.seq)? == Some(cursor.history))
    }

    /// Returns what led to a position, from the floor to the head.
    pub(super) fn history_at(&self, seq: u64) -> Result<Option<History>, S::Error> {
        if seq < self.floor() || seq > self.contents.head {
            return Ok(None);
        }
        let snapshot = self.contents.snapshots.iter().find(|snapshot| snapshot.info.seq == seq);
        match snapshot {
            Some(snapshot) => Ok(Some(snapshot.info.history)),
            None if seq == 0 => Ok(Some(History::default())),
            None => self.storage.history_at(seq),
        }
    }

    /// Returns the position above which events are kept: two generations of snapshots are.
    pub(super) fn floor(&self) -> u64 {
        match self.contents.snapshots.as_slice() {
            [before, .., _newest] => before.info.seq,
            _ => 0,
        }
    }
}
