//! Connections: frames keep their order on each, and come late, twice, damaged or never.

use std::sync::Arc;

use protocol::wire::ConnectionId;

use super::{Due, World};
use crate::random::Random;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LinkId(pub(super) u64);

/// One connection, from the attempt on.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) browser: usize,
    pub(super) life: u64,
    /// The relay's name of it, while the relay has it.
    pub(super) connection: Option<ConnectionId>,
    /// What is on its way is lost.
    cut: bool,
    /// The browser is done with it.
    left: bool,
    /// When the last frame arrives, in each direction: no later one arrives before.
    last_up: u64,
    last_down: u64,
    random: Random,
    /// Milliseconds that every frame takes at least.
    slow: u64,
    pub(super) damage: u64,
    pub(super) repeat: u64,
}

impl Link {
    pub(super) fn is_whole(&self) -> bool {
        !self.cut && !self.left && self.connection.is_some()
    }

    fn delay(&mut self) -> u64 {
        let more = if self.random.chance(20) { self.random.within(0..=800) } else { self.random.within(0..=30) };
        self.slow + more
    }
}

impl World {
    /// A browser's tab opens a connection.
    pub(super) fn connect(&mut self, number: usize) {
        self.next_link += 1;
        let id = LinkId(self.next_link);
        let browser = &mut self.browsers[number];
        browser.link = Some(id);
        let mut random = Random::new(browser.random.number());
        let slow = [1, 5, 40, 150][random.index(4)];
        let wait = if browser.parted { random.within(5..=3_000) } else { slow + random.within(0..=20) };
        let link = Link {
            browser: number,
            life: browser.life,
            connection: None,
            cut: browser.parted,
            left: false,
            last_up: self.now,
            last_down: self.now,
            random,
            slow,
            damage: 0,
            repeat: 0,
        };
        let parted = browser.parted;
        self.links.insert(id, link);
        self.at(self.now + wait, if parted { Due::Gone(id) } else { Due::Open(id) });
    }

    /// A browser's tab is done with its connection; what it sent still arrives.
    pub(super) fn disconnect(&mut self, number: usize) {
        let Some(id) = self.browsers[number].link.take() else { return };
        if let Some(link) = self.links.get_mut(&id) {
            link.left = true;
            let at = (self.now + link.delay()).max(link.last_up);
            self.at(at, Due::Shut(id));
        }
    }

    pub(super) fn send_up(&mut self, number: usize, frame: Vec<u8>) {
        let Some(id) = self.browsers[number].link else { return };
        let Some(link) = self.links.get_mut(&id).filter(|link| !link.left) else { return };
        let at = (self.now + link.delay()).max(link.last_up);
        link.last_up = at;
        self.at(at, Due::Up(id, frame));
    }

    pub(super) fn send_down(&mut self, id: LinkId, frame: Arc<[u8]>) {
        let Some(link) = self.links.get_mut(&id) else { return };
        let at = (self.now + link.delay()).max(link.last_down);
        link.last_down = at;
        self.at(at, Due::Down(id, frame));
    }

    /// The relay ends a connection: what it sent arrives first.
    pub(super) fn end_down(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else { return };
        link.connection = None;
        let at = (self.now + link.delay()).max(link.last_down);
        self.at(at, Due::Gone(id));
    }

    /// Loses what is on its way. Each end learns of it when it learns of it.
    pub(super) fn cut(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(&id).filter(|link| !link.cut) else { return };
        link.cut = true;
        let (browser_learns, relay_learns) = (link.random.within(0..=5_000), link.random.within(0..=20_000));
        let number = link.browser;
        self.at(self.now + browser_learns, Due::Gone(id));
        self.at(self.now + relay_learns, Due::Shut(id));
        self.note_liveness(number);
    }

    pub(super) fn open_link(&mut self, id: LinkId) {
        let Some(link) = self.links.get(&id) else { return };
        if link.cut || link.left || self.relay.is_down(self.now) {
            return self.learn_gone(id);
        }
        let nonce = self.random.bytes();
        let (connection, effects) = self.relay.connect(nonce);
        if let Some(link) = self.links.get_mut(&id) {
            link.connection = Some(connection);
        }
        self.relay.links.insert(connection, id);
        self.route(effects);
    }

    pub(super) fn arrive_at_relay(&mut self, id: LinkId, frame: &[u8]) {
        let Some(link) = self.links.get_mut(&id).filter(|link| !link.cut) else { return };
        let Some(connection) = link.connection else { return };
        let mut times = 1;
        let mut damaged = None;
        if link.damage > 0 {
            link.damage = 0;
            damaged = Some(frame[..frame.len() / 2].to_vec());
        } else if link.repeat > 0 && is_repeatable(frame) {
            link.repeat = 0;
            times = 2;
        }
        let frame = damaged.as_deref().unwrap_or(frame);
        self.trace.add(id.0);
        self.trace.add_bytes(frame);
        for _ in 0..times {
            self.relay.record(frame);
            self.relay_receives(connection, frame);
        }
    }

    pub(super) fn arrive_at_browser(&mut self, id: LinkId, frame: &[u8]) {
        let Some(link) = self.links.get_mut(&id).filter(|link| !link.cut && !link.left) else { return };
        let number = link.browser;
        if self.browsers[number].link != Some(id) || self.browsers[number].life != link.life {
            return;
        }
        let mut times = 1;
        let mut damaged = None;
        match link.damage {
            0 if link.repeat > 1 => {
                link.repeat = 0;
                times = 2;
            }
            0 => {}
            1 => damaged = Some(b"<!doctype html><title>Please log in</title>".to_vec()),
            _ => damaged = Some(frame[..frame.len() / 2].to_vec()),
        }
        link.damage = 0;
        let frame = damaged.as_deref().unwrap_or(frame);
        self.trace.add(id.0);
        self.trace.add_bytes(frame);
        for _ in 0..times {
            if self.browsers[number].link == Some(id) {
                if self.story.is_some() {
                    let what = protocol::wire::decode::<protocol::wire::FromRelay>(frame);
                    self.tell(|| format!("{number} <- {}", brief(&what)));
                }
                self.receive(number, frame);
            }
        }
    }

    /// Hands a frame to a browser: only what the relay says could take away what is shown.
    fn receive(&mut self, number: usize, frame: &[u8]) {
        let shown = |world: &Self| Some(world.browsers[number].machine.state()?.visible().marks().collect::<Vec<_>>());
        let before = shown(self);
        self.call(number, |machine, moment| machine.received(frame, moment));
        if let (Some(before), Some(after)) = (before, self.browsers[number].machine.state()) {
            self.oracle.goes_on(number, &before, after.visible());
        }
    }

    pub(super) fn learn_gone(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else { return };
        if link.left {
            return;
        }
        link.left = true;
        let (number, life) = (link.browser, link.life);
        if self.browsers[number].link == Some(id) && self.browsers[number].life == life {
            self.browsers[number].link = None;
            self.tell(|| format!("{number} learns that its connection is gone"));
            self.call(number, |machine, moment| machine.closed(moment));
        }
        self.forget(id);
    }

    pub(super) fn learn_shut(&mut self, id: LinkId) {
        if let Some(connection) = self.links.get_mut(&id).and_then(|link| link.connection.take()) {
            self.relay.links.remove(&connection);
            let effects = self.relay.disconnect(connection);
            self.route(effects);
        }
        self.forget(id);
    }

    /// Forgets a connection that both ends are done with.
    fn forget(&mut self, id: LinkId) {
        if self.links.get(&id).is_some_and(|link| link.left && link.connection.is_none()) {
            self.links.remove(&id);
        }
    }
}

/// Says whether a relay takes a frame twice: it holds no connection's first word and no part of an upload.
fn is_repeatable(frame: &[u8]) -> bool {
    use protocol::wire::{ToRelay, decode};
    matches!(decode(frame), Ok(ToRelay::Pull { .. } | ToRelay::Push { .. } | ToRelay::Ephemeral { .. }))
}

/// Says what a frame is, without the bytes in it.
pub(super) fn brief(frame: &impl std::fmt::Debug) -> String {
    let mut depth = 0;
    let text = format!("{frame:?}").replace("EventId { replica: ReplicaId", "(").replace("OrderedEvent ", "");
    let mut brief = String::new();
    for (at, letter) in text.char_indices() {
        let opens_bytes = text[at..].starts_with('[') && text[at + 1..].starts_with(|next: char| next.is_ascii_digit());
        if opens_bytes || depth > 0 && letter == '[' {
            depth += 1;
        }
        if depth == 0 {
            brief.push(letter);
        }
        if depth > 0 && letter == ']' {
            depth -= 1;
        }
    }
    brief.chars().take(700).collect()
}
