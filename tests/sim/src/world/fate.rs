//! What fate does: to browsers, to connections, to the relay, and in the name of nobody.

use protocol::access::{Access, Secret};
use protocol::history::History;
use protocol::relay::{Effect, MemoryStorage};
use protocol::wire::{self, Cursor, FromRelay, PROTOCOL, RelayId, ToRelay};

use super::World;
use super::guest::titled;
use crate::plan::{Act, Step};
use crate::random::Random;

const YEAR: i64 = 365 * 24 * 3_600_000;

impl World {
    pub(super) fn fate(&mut self, number: usize, step: Step) {
        let mut random = Random::new(step.choice);
        match step.act {
            Act::Clock => {
                let years = random.below(60).cast_signed() - 30;
                let clock = 1_700_000_000_000 + years * YEAR;
                self.browsers[number].clock = clock;
                self.browsers[number].machine.set_clock(clock);
            }
            Act::Cut => {
                if let Some(link) = self.browsers[number].link {
                    self.cut(link);
                }
            }
            Act::Part => self.part(number),
            Act::Heal => self.heal(number, random.chance(500)),
            Act::Dark => (0..self.browsers.len()).for_each(|number| self.part(number)),
            Act::Light => (0..self.browsers.len()).for_each(|number| self.heal(number, true)),
            Act::RelayRestart => self.restart_relay(None),
            Act::RelayCrash => self.relay.crash = Some(random.below(5).min(3)),
            Act::RelaySleep => {
                let effects = self.relay.sleep();
                self.route(effects);
            }
            Act::RelayBackup => {
                let effects = self.relay.back_up(self.now, &mut random);
                self.route(effects);
            }
            Act::RelaySetBack => {
                let backups = &self.relay.backups;
                if let Some(backup) = backups.get(random.index(backups.len())).cloned() {
                    self.oracle.counts.losses += 1;
                    self.relay.lossy = true;
                    let again = if random.chance(500) { self.relay.put_again(&backup, &mut random) } else { None };
                    self.restart_relay(Some(backup.storage));
                    let effects = again.map(|events| self.relay.visit(events, self.now));
                    self.route(effects.unwrap_or_default());
                }
            }
            Act::RelayWipe => {
                self.oracle.counts.losses += 1;
                self.relay.lossy = true;
                self.restart_relay(Some(MemoryStorage::default()));
            }
            Act::Damage | Act::Repeat => {
                let which = 1 + random.below(3);
                let link = self.browsers[number].link.and_then(|link| self.links.get_mut(&link));
                match (link, step.act) {
                    (Some(link), Act::Damage) => link.damage = which,
                    (Some(link), _) => link.repeat = which,
                    (None, _) => {}
                }
            }
            Act::Intrude => self.intrude(&mut random),
            _ => {}
        }
    }

    pub(super) fn part(&mut self, number: usize) {
        self.browsers[number].parted = true;
        if let Some(link) = self.browsers[number].link {
            self.cut(link);
        }
    }

    pub(super) fn heal(&mut self, number: usize, hears: bool) {
        self.browsers[number].parted = false;
        if hears {
            self.call(number, |machine, moment| machine.online(moment));
        }
    }

    /// Somebody without a right to it talks to the relay: nothing of the notebook may change.
    fn intrude(&mut self, random: &mut Random) {
        if self.relay.is_down(self.now) {
            return;
        }
        let before = (self.relay.relay().head(), self.relay.relay().storage().sealed().count());
        let (connection, effects) = self.relay.connect(random.bytes());
        let greeting = effects.iter().find_map(|effect| match effect {
            Effect::Send { frame, .. } => match wire::decode(frame) {
                Ok(FromRelay::Greeting { relay, nonce, .. }) => Some((relay, nonce)),
                _ => None,
            },
            Effect::Close { .. } => None,
        });
        self.route(effects);
        let Some((relay, nonce)) = greeting else { return };
        let hello = |access: &Access, protocol: u32, cursor: Option<Cursor>| {
            wire::encode(&ToRelay::Hello { protocol, proof: access.prove(relay, &nonce), cursor })
        };
        let viewer = self.relay.access.for_viewing();
        let stranger = Access::Writer(Secret::from_entropy([7; 32]));
        let frames = match random.below(6) {
            0 => vec![(0..random.below(200)).flat_map(|_| random.bytes()).collect()],
            1 => self.relay.recorded.clone(),
            // One who may only look on writes.
            2 => vec![hello(&viewer, PROTOCOL, None), wire::encode(&forged(&viewer, random))],
            3 => vec![hello(&stranger, PROTOCOL, None), wire::encode(&forged(&viewer, random))],
            4 => vec![hello(&self.relay.access.clone(), 99, None)],
            _ => {
                let cursor = Cursor { relay: RelayId(random.number()), seq: u64::MAX, history: History::default() };
                let snapshot = ToRelay::PutSnapshot {
                    seq: 0,
                    replaces: Some(before.0),
                    part: 0,
                    parts: 1,
                    marks: vec![],
                    blobs: None,
                    sealed: vec![1; 99],
                };
                vec![hello(&viewer, PROTOCOL, Some(cursor)), wire::encode(&snapshot)]
            }
        };
        for frame in frames {
            let effects = self.relay.receive(connection, &frame, self.now);
            self.route(effects);
        }
        let effects = self.relay.disconnect(connection);
        self.route(effects);
        let after = (self.relay.relay().head(), self.relay.relay().storage().sealed().count());
        if before != after {
            self.oracle.failures.push("an intruder changed what the relay holds".to_owned());
        }
    }
}

/// A push of a replica that nobody has: who may read has the key that seals.
fn forged(viewer: &Access, random: &mut Random) -> ToRelay {
    ToRelay::Push { events: vec![titled(viewer, random)], blobs: vec![] }
}

impl Act {
    /// Says whether it happens to something, and is not done in a tab.
    pub(super) fn is_of_fate(self) -> bool {
        matches!(
            self,
            Self::Clock
                | Self::Cut
                | Self::Part
                | Self::Heal
                | Self::Dark
                | Self::Light
                | Self::RelayRestart
                | Self::RelayCrash
                | Self::RelaySleep
                | Self::RelayBackup
                | Self::RelaySetBack
                | Self::RelayWipe
                | Self::Damage
                | Self::Repeat
                | Self::Intrude
        )
    }
}
