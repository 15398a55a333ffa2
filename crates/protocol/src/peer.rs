//! What browsers say to each other and nobody keeps: who is here, where, and what is being typed.

use std::collections::BTreeMap;

use notebook::{CellId, PersonId, SessionId};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::inspect::{Answer, Question};
use crate::port::KernelState;
use crate::wire::{ConnectionId, MAX_EPHEMERAL_BYTES};

/// The longest name of a person, in characters.
pub const MAX_NAME: usize = 40;

/// Who says it, and as their how-manieth word: inside the seal, so that the relay cannot pass one off as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// The speaker's connection.
    pub connection: ConnectionId,
    /// Counts from 1.
    pub number: u64,
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// Who is here. Said on every change, and when somebody comes.
    Presence(Presence),
    /// Text of a cell that is not in the log yet: one yrs update.
    Typed {
        /// The cell.
        cell: CellId,
        /// The update (v1 encoding).
        #[serde(with = "serde_bytes")]
        update: Vec<u8>,
    },
    /// Asks the browser that hosts this session to interrupt it.
    Interrupt {
        /// The session.
        session: SessionId,
    },
    /// Asks the browser that hosts this session what its Python knows.
    Inspect {
        /// The session.
        session: SessionId,
        /// Unlike that of any other question.
        id: u64,
        /// What is asked.
        question: Question,
    },
    /// Answers a question that somebody here asked.
    Inspected {
        /// Which one.
        id: u64,
        /// What is known.
        answer: Answer,
    },
}

/// A browser that is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Whose it is.
    pub person: PersonId,
    /// What they call themselves; may be empty.
    pub name: String,
    /// Where they are, in the tab that was used last.
    pub place: Option<Location>,
    /// The kernel session that runs there, and how it is.
    pub kernel: Option<(SessionId, KernelState)>,
}

/// A place in a notebook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The cell.
    pub cell: CellId,
    /// The selection in its text, in UTF-16 code units: where it began and where the cursor is.
    pub selection: Option<(u32, u32)>,
}

impl Body {
    /// Says whether only those who may write can say it.
    pub fn needs_writer(&self) -> bool {
        match self {
            Self::Presence(presence) => presence.kernel.is_some(),
            Self::Typed { .. } | Self::Interrupt { .. } | Self::Inspect { .. } | Self::Inspected { .. } => true,
        }
    }
}

/// Encodes what is said.
pub fn encode(peer: Peer, body: &Body) -> Vec<u8> {
    codec::encode(&(peer, body))
}

/// Decodes what is said; `None` when it is not of this version, or out of bounds.
pub fn decode(bytes: &[u8]) -> Option<(Peer, Body)> {
    if bytes.len() > MAX_EPHEMERAL_BYTES {
        return None;
    }
    let (peer, mut body): (Peer, Body) = codec::decode(bytes).ok()?;
    if let Body::Presence(presence) = &mut body {
        presence.name = presence.name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    }
    Some((peer, body))
}

/// How long a kernel session may be without a host that can be heard before it is given up.
pub const GRACE_MILLIS: u64 = 6_000;

/// How often the browser that hosts a kernel says so while it has work.
pub const BEAT_MILLIS: u64 = 2_000;
/// How long it may say nothing: its line may be broken, or it may be asleep, and nobody is told.
pub const SILENCE_MILLIS: u64 = 8_000;
/// How often the others look while it has work.
const LOOK_MILLIS: u64 = 1_000;

/// The other browsers that are here, and which kernel sessions they host.
#[derive(Debug, Clone, Default)]
pub struct Peers {
    here: BTreeMap<ConnectionId, Presence>,
    /// Since when those are here who have not said who they are.
    silent: BTreeMap<ConnectionId, u64>,
    // Invariant: when each session was last heard of, or first looked for, in milliseconds from any fixed moment.
    heard: BTreeMap<SessionId, u64>,
    /// Of sessions that have work and a host: for how long it has said nothing, and when that was counted.
    silences: BTreeMap<SessionId, (u64, u64)>,
}

impl Peers {
    /// Takes in that a connection came.
    pub fn joined(&mut self, connection: ConnectionId, now: u64) {
        if !self.here.contains_key(&connection) {
            self.silent.insert(connection, now);
        }
    }

    /// Takes in that a connection is gone. Returns whether it had said who it is.
    pub fn left(&mut self, connection: ConnectionId, now: u64) -> bool {
        self.silent.remove(&connection);
        let gone = self.here.remove(&connection);
        if let Some((session, _)) = gone.as_ref().and_then(|presence| presence.kernel.as_ref()) {
            self.heard.insert(session.clone(), now);
        }
        gone.is_some()
    }

    /// Takes in who a connection is. Returns whether that is news.
    pub fn is(&mut self, connection: ConnectionId, presence: Presence, now: u64) -> bool {
        self.silent.remove(&connection);
        if let Some((session, _)) = &presence.kernel {
            self.silences.remove(session);
        }
        let is_news = self.here.get(&connection) != Some(&presence);
        if let Some(before) = self.here.insert(connection, presence)
            && let Some((session, _)) = before.kernel
        {
            self.heard.insert(session, now);
        }
        is_news
    }

    /// Returns who is here and has said so.
    pub fn presences(&self) -> impl Iterator<Item = (ConnectionId, &Presence)> {
        self.here.iter().map(|(connection, presence)| (*connection, presence))
    }

    /// Returns how a session is, as the browser says that hosts it.
    pub fn kernel(&self, session: &SessionId) -> Option<&KernelState> {
        let kernels = self.presences().filter_map(|(_, presence)| presence.kernel.as_ref());
        kernels.filter(|(hosted, _)| hosted == session).map(|(_, state)| state).next()
    }

    /// Returns in how many milliseconds from `now` to ask again; 0: nobody has hosted a session for too long, or its
    /// host has said nothing for too long though there is work. `None`: somebody hosts it.
    ///
    /// Only who is live may ask. The first question about a session begins its time: what came with the log may
    /// be ahead of what its host says, and who was away has heard nobody. Who has just come may be its host.
    pub fn abandoned_in(&mut self, session: &SessionId, has_work: bool, now: u64) -> Option<u64> {
        if self.kernel(session).is_some() {
            if !has_work {
                self.silences.remove(session);
                return None;
            }
            let (silence, counted) = self.silences.entry(session.clone()).or_insert((0, now));
            // While this browser sleeps or is busy it hears nobody: that time is not the host's.
            *silence += now.saturating_sub(*counted).min(2 * LOOK_MILLIS);
            *counted = now;
            return Some(SILENCE_MILLIS.saturating_sub(*silence).min(LOOK_MILLIS));
        }
        let heard = *self.heard.entry(session.clone()).or_insert(now);
        let heard = self.silent.values().copied().fold(heard, u64::max);
        Some((heard + GRACE_MILLIS).saturating_sub(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presence(session: &str) -> Presence {
        let kernel = Some((SessionId::parse(session).unwrap(), KernelState::Idle));
        Presence { person: PersonId::parse("ada").unwrap(), name: String::new(), place: None, kernel }
    }

    #[test]
    fn a_session_is_abandoned_when_nobody_has_hosted_it_for_a_while() {
        let (k1, k2) = (SessionId::parse("k1").unwrap(), SessionId::parse("k2").unwrap());
        let mut peers = Peers::default();
        assert_eq!(peers.abandoned_in(&k1, false, 1_000), Some(GRACE_MILLIS), "its host may still say so");
        peers.joined(ConnectionId(1), 1_000);
        peers.is(ConnectionId(1), presence("k1"), 2_000);
        assert_eq!(peers.abandoned_in(&k1, false, 90_000), None);
        assert!(peers.left(ConnectionId(1), 90_000));
        assert_eq!(peers.abandoned_in(&k1, false, 91_000), Some(GRACE_MILLIS - 1_000), "it may come back");
        assert_eq!(peers.abandoned_in(&k1, false, 99_000), Some(0));
        peers.is(ConnectionId(2), presence("k1"), 99_500);
        peers.is(ConnectionId(2), presence("k2"), 99_600);
        assert_eq!(
            (peers.abandoned_in(&k1, false, 99_600), peers.abandoned_in(&k2, false, 99_600)),
            (Some(GRACE_MILLIS), None)
        );
    }

    #[test]
    fn a_session_that_was_not_heard_of_yet_has_its_time() {
        let (k1, k2) = (SessionId::parse("k1").unwrap(), SessionId::parse("k2").unwrap());
        let mut peers = Peers::default();
        peers.joined(ConnectionId(1), 60_000);
        assert_eq!(peers.abandoned_in(&k1, false, 60_000), Some(GRACE_MILLIS), "this browser was away until now");
        peers.is(ConnectionId(1), presence("k1"), 60_050);
        assert_eq!(peers.abandoned_in(&k1, false, 90_000), None);
        assert_eq!(peers.abandoned_in(&k2, false, 90_000), Some(GRACE_MILLIS), "it began while its host was away");
        assert_eq!(peers.abandoned_in(&k2, false, 96_000), Some(0));
    }

    #[test]
    fn a_host_that_says_nothing_while_there_is_work_has_abandoned_it() {
        let k1 = SessionId::parse("k1").unwrap();
        let mut peers = Peers::default();
        peers.is(ConnectionId(1), presence("k1"), 1_000);
        let looks = |peers: &mut Peers, from: u64, has_work: bool| {
            let seconds = (0..30).map(|second| from + second * 1_000);
            seconds.clone().position(|now| peers.abandoned_in(&k1, has_work, now) == Some(0))
        };
        assert_eq!(looks(&mut peers, 10_000, false), None, "nobody waits for it");
        assert_eq!(looks(&mut peers, 60_000, true), Some(8));
        peers.is(ConnectionId(1), presence("k1"), 100_000);
        assert_eq!(looks(&mut peers, 100_000, true), Some(8), "it was heard again");
        peers.is(ConnectionId(1), presence("k1"), 200_000);
        assert_eq!(peers.abandoned_in(&k1, true, 200_000), Some(1_000));
        assert_eq!(peers.abandoned_in(&k1, true, 28_000_000), Some(1_000), "this browser was asleep");
    }

    #[test]
    fn whoever_has_just_come_may_be_the_host_that_was_away() {
        let k1 = SessionId::parse("k1").unwrap();
        let mut peers = Peers::default();
        peers.is(ConnectionId(1), presence("k1"), 1_000);
        peers.left(ConnectionId(1), 2_000);
        peers.joined(ConnectionId(2), 9_000);
        assert_eq!(peers.abandoned_in(&k1, false, 9_100), Some(GRACE_MILLIS - 100));
        peers.is(ConnectionId(2), presence("k1"), 9_200);
        assert_eq!(peers.abandoned_in(&k1, false, 99_000), None);
        let mut others = peers.clone();
        others.left(ConnectionId(2), 9_300);
        others.joined(ConnectionId(3), 20_000);
        others.is(ConnectionId(3), presence("k3"), 20_100);
        assert_eq!(others.abandoned_in(&k1, false, 20_200), Some(0), "it is somebody else");
    }

    #[test]
    fn only_writers_speak_of_what_changes_the_notebook() {
        assert!(Body::Presence(presence("k1")).needs_writer());
        assert!(!Body::Presence(Presence { kernel: None, ..presence("k1") }).needs_writer());
        assert!(Body::Interrupt { session: SessionId::parse("k1").unwrap() }.needs_writer());
    }

    #[test]
    fn the_longest_question_and_answer_fit_a_frame_once_sealed() {
        use crate::inspect::{MAX_CODE_BYTES, MAX_TEXT_BYTES, Text};
        let peer = Peer { connection: ConnectionId(u64::MAX), number: u64::MAX };
        let question = Question::new(&"x".repeat(2 * MAX_CODE_BYTES), u32::MAX);
        let asks = Body::Inspect { session: SessionId::from_entropy([9; 16]), id: u64::MAX, question };
        let answer = Answer::Found(Text::cut("x".repeat(2 * MAX_TEXT_BYTES)));
        for body in [asks, Body::Inspected { id: u64::MAX, answer }] {
            assert!(body.needs_writer());
            let bytes = encode(peer, &body);
            assert!(bytes.len() + crate::seal::OVERHEAD <= MAX_EPHEMERAL_BYTES);
            assert_eq!(decode(&bytes), Some((peer, body)));
        }
    }

    #[test]
    fn a_name_is_kept_short_and_printable() {
        let peer = Peer { connection: ConnectionId(1), number: 1 };
        let long = Presence { name: "\u{7}Ada ".repeat(40), ..presence("k1") };
        let Some((_, Body::Presence(heard))) = decode(&encode(peer, &Body::Presence(long))) else {
            panic!("it decodes")
        };
        assert_eq!(heard.name.chars().count(), MAX_NAME);
        assert!(heard.name.starts_with("Ada Ada"));
        assert_eq!(decode(b"nonsense"), None);
    }
}
