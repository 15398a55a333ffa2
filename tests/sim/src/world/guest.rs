//! A guest: a device that changes the title, and is seen again when all come back. One comes after each copy of the
//! relay's storage; where the relay is set back to that copy, another one may come in its place, and then all that was
//! put there since. So the relay is as long again as it was and ends with the same event, and what led there is not
//! the same.

use notebook::{Actor, Envelope, Event, EventId, PersonId, ReplicaId};
use protocol::access::Access;
use protocol::relay::{Effect, MemoryStorage, Storage as _};
use protocol::seal::NONCE_LEN;
use protocol::wire::{self, PROTOCOL, SealedEvent, ToRelay};

use super::relay::RelayHost;
use crate::random::Random;

/// A copy of the relay's storage.
#[derive(Debug, Clone)]
pub(super) struct Backup {
    pub(super) storage: MemoryStorage,
    /// What the guest put there right after.
    guest: EventId,
}

impl RelayHost {
    /// Copies the storage. Then the guest comes, if the notebook is there.
    pub(super) fn back_up(&mut self, now: u64, random: &mut Random) -> Vec<Effect> {
        let storage = self.relay().storage().clone();
        let guest = titled(&self.access, random);
        self.backups.push(Backup { storage, guest: guest.id });
        if self.relay().head() == 0 {
            return Vec::new();
        }
        self.guests.push(guest.clone());
        self.visit(vec![guest], now)
    }

    /// Lets all guests come again, where the notebook is there: what was lost of theirs is put there anew.
    pub(super) fn guests_return(&mut self, now: u64) -> Vec<Effect> {
        let guests = std::mem::take(&mut self.guests);
        let Ok(there) = self.relay().storage().load();
        let is_there = there.is_some_and(|there| there.head > 0 || !there.snapshots.is_empty());
        if is_there { guests.into_iter().flat_map(|guest| self.visit(vec![guest], now)).collect() } else { Vec::new() }
    }

    /// Returns what is put on the copy by those who come first: another guest's event, all that came after the
    /// guest's, and that.
    pub(super) fn put_again(&mut self, backup: &Backup, random: &mut Random) -> Option<Vec<SealedEvent>> {
        let (Ok(then), Ok(now)) = (backup.storage.load(), self.relay().storage().load());
        let (then, now) = (then?, now?);
        let histories = [&backup.storage, self.relay().storage()].map(|storage| storage.history_at(then.head));
        let since = self.relay().storage().log().filter(|(seq, _)| *seq > then.head).map(|(_, event)| event.clone());
        let since: Vec<_> = since.collect();
        let (first, rest) = since.split_first()?;
        let goes_on = then.relay == now.relay && histories[0] == histories[1] && first.id == backup.guest;
        if !goes_on {
            return None;
        }
        let another = titled(&self.access, random);
        self.guests.push(another.clone());
        Some([&[another], rest, std::slice::from_ref(first)].concat())
    }

    /// Lets a device come that pushes this and goes again.
    pub(super) fn visit(&mut self, events: Vec<SealedEvent>, now: u64) -> Vec<Effect> {
        let nonce = [1; 16];
        let (connection, mut effects) = self.connect(nonce);
        let proof = self.access.prove(self.relay().id(), &[nonce, [0; 16]].concat());
        for frame in
            [ToRelay::Hello { protocol: PROTOCOL, proof, cursor: None }, ToRelay::Push { events, blobs: vec![] }]
        {
            effects.extend(self.receive(connection, &wire::encode(&frame), now));
        }
        effects.extend(self.disconnect(connection));
        effects
    }
}

/// Returns a well-sealed change of the title by a replica that was never seen.
pub(super) fn titled(access: &Access, random: &mut Random) -> SealedEvent {
    let id = EventId { replica: ReplicaId(random.number()), counter: 1 };
    let actor = Actor::Person(PersonId::from_entropy(random.bytes()));
    let envelope = Envelope { id, actor, at: 0, event: Event::NotebookTitled { title: format!("{id:?}") } };
    SealedEvent { id, sealed: access.sealer().seal_event([9; NONCE_LEN], &envelope) }
}
