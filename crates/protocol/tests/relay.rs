//! What holds of the pure relay whatever comes: it does not panic, everybody who is live sees one
//! order, and a storage that fails leaves nothing half done. The rules one by one are scenarios of
//! `tests/conformance`.

#[path = "relay/failing.rs"]
mod failing;

use std::collections::{BTreeMap, BTreeSet};

use notebook::{EventId, ReplicaId};
use proptest::prelude::*;
use protocol::access::{Access, Secret};
use protocol::relay::{Effect, Limits, MemoryStorage, Relay, Storage};
use protocol::wire::{self, ConnectionId, FromRelay, Refusal, RelayId, SealedEvent, ToRelay};

use failing::FailingStorage;

fn access() -> Access {
    Access::Writer(Secret::from_entropy([7; 32]))
}

fn open<S: Storage>(storage: S) -> Relay<S> {
    let opened = Relay::open(access().notebook(), storage, Limits::default(), RelayId(9));
    opened.unwrap_or_else(|error| panic!("{error}"))
}

fn frames(effects: &[Effect]) -> Vec<(ConnectionId, FromRelay)> {
    let decoded = effects.iter().filter_map(|effect| match effect {
        Effect::Send { to, frame } => Some((*to, wire::decode(frame).expect("the relay sends frames"))),
        Effect::Close { .. } => None,
    });
    decoded.collect()
}

/// Connects and lets in; returns what the Hello caused too.
fn let_in<S: Storage>(relay: &mut Relay<S>, access: &Access) -> (ConnectionId, Vec<Effect>) {
    let nonce = [5; 32];
    let (connection, _) = relay.connect(nonce);
    let proof = access.prove(relay.id(), &nonce);
    let hello = ToRelay::Hello { protocol: wire::PROTOCOL, proof, cursor: None };
    let effects = relay.receive(connection, &wire::encode(&hello), 0);
    (connection, effects)
}

fn sealed_event(replica: u64, counter: u64, size: usize) -> SealedEvent {
    SealedEvent { id: EventId { replica: ReplicaId(replica), counter }, sealed: vec![0; size] }
}

/// Any frame with small numbers, so that frames have to do with one another.
fn frame() -> impl Strategy<Value = ToRelay> {
    let event =
        (0_u64..3, 0_u64..6, 0_usize..9).prop_map(|(replica, counter, size)| sealed_event(replica, counter, size));
    let sealed = || prop::collection::vec(any::<u8>(), 0..9);
    prop_oneof![
        4 => (0_u64..8).prop_map(|after| ToRelay::Pull { after }),
        8 => prop::collection::vec(event, 0..5).prop_map(|events| ToRelay::Push { events, blobs: vec![] }),
        1 => sealed().prop_map(|sealed| ToRelay::Ephemeral { sealed }),
        4 => (0_u64..8, 0_u32..3, 0_u32..3, sealed()).prop_map(|(seq, part, parts, sealed)| {
            ToRelay::PutSnapshot { seq, replaces: None, part, parts, marks: vec![(ReplicaId(2), 3)], blobs: None, sealed }
        }),
        2 => (0_u64..8, 0_u64..6, sealed()).prop_map(|(head, counter, sealed)| {
            let marks = (0..3).map(|replica| (ReplicaId(replica), counter)).collect();
            ToRelay::PutSnapshot { seq: 0, replaces: Some(head), part: 0, parts: 1, marks, blobs: None, sealed }
        }),
        1 => (0_u64..8, 0_u32..3).prop_map(|(seq, part)| ToRelay::PullSnapshot { seq, part }),
        2 => ("[ab]", 0_u32..3, 0_u32..3, sealed())
            .prop_map(|(name, part, parts, sealed)| ToRelay::PutBlob { name, part, parts, sealed }),
        1 => ("[ab]", 0_u32..3).prop_map(|(name, part)| ToRelay::PullBlob { name, part }),
    ]
}

/// What a client that reads everything knows of the order.
#[derive(Default)]
struct Reader {
    at: u64,
    is_live: bool,
}

/// Plays frames from clients that come back when they are closed, and checks what each is sent.
fn play(frames_of: Vec<(usize, ToRelay)>) -> Relay<MemoryStorage> {
    let mut relay = open(MemoryStorage::default());
    let mut order: BTreeMap<u64, EventId> = BTreeMap::new();
    let mut readers: BTreeMap<ConnectionId, Reader> = BTreeMap::new();
    let mut clients = [ConnectionId(0); 3];
    for (client, frame) in frames_of {
        let is_here = readers.contains_key(&clients[client]);
        if !is_here {
            clients[client] = let_in(&mut relay, &access()).0;
            readers.insert(clients[client], Reader::default());
        }
        let from = clients[client];
        let life = relay.id();
        let effects = relay.receive(from, &wire::encode(&frame), 0);
        if relay.id() != life {
            // All is in the base now.
            order.clear();
            assert_eq!((relay.head(), relay.connections().count()), (0, 0));
        }
        for (to, frame) in frames(&effects) {
            let FromRelay::Events { after, events, head, .. } = frame else { continue };
            let reader = readers.get_mut(&to).expect("only those who are here are sent something");
            assert!(!reader.is_live || to == from || after == reader.at, "nothing is left out or sent twice");
            for (seq, event) in (after + 1..).zip(&events) {
                assert_eq!(*order.entry(seq).or_insert(event.id), event.id, "there is one order");
            }
            reader.at = after + events.len() as u64;
            reader.is_live = reader.at == head;
            if let Some(session) = relay.session(to) {
                assert_eq!(session.is_live(), reader.is_live);
            }
        }
        for effect in effects {
            if let Effect::Close { connection, .. } = effect {
                readers.remove(&connection);
            }
        }
    }
    let distinct: BTreeSet<_> = order.values().collect();
    assert_eq!(distinct.len(), order.len(), "no event has two places");
    for reader in readers.values().filter(|reader| reader.is_live) {
        assert_eq!(reader.at, relay.head());
    }
    relay
}

proptest! {
    #[test]
    fn any_bytes_are_answered_or_refused(bytes: Vec<u8>, let_in_first: bool) {
        let mut relay = open(MemoryStorage::default());
        let (other, _) = let_in(&mut relay, &access());
        let (from, _) = if let_in_first { let_in(&mut relay, &access()) } else { relay.connect([0; 32]) };
        let effects = relay.receive(from, &bytes, 0);
        let sent: usize = frames(&effects).iter().map(|(_, frame)| wire::encode(frame).len()).sum();
        prop_assert!(sent <= bytes.len() + 1_000);
        prop_assert!(relay.session(other).is_some());
    }

    #[test]
    fn a_frame_with_bytes_changed_is_answered_or_refused(
        frame in frame(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut relay = open(MemoryStorage::default());
        let (from, _) = let_in(&mut relay, &access());
        let mut bytes = wire::encode(&frame);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        relay.receive(from, &bytes, 0);
    }

    #[test]
    fn all_who_are_live_see_one_order(frames in prop::collection::vec((0_usize..3, frame()), 0..60)) {
        let relay = play(frames);
        // What is stored is what was in memory.
        let (head, connections) = (relay.head(), relay.connections().count());
        let log: Vec<_> = relay.storage().log().map(|(seq, event)| (seq, event.id)).collect();
        prop_assert!(log.iter().map(|(seq, _)| *seq).eq(head - log.len() as u64 + 1..=head));
        let mut again = open(relay.into_storage());
        prop_assert_eq!(again.head(), head);
        prop_assert!(connections <= 3);
        let (_, welcome) = let_in(&mut again, &access());
        prop_assert!(matches!(frames_of_welcome(&welcome), Some((h, _)) if h == head || head == 0));
    }

    #[test]
    fn a_storage_that_fails_leaves_nothing_half_done(
        frames in prop::collection::vec(frame(), 1..40),
        fails_at in 0_u32..40,
    ) {
        let mut relay = open(FailingStorage::default());
        let (mut from, _) = let_in(&mut relay, &access());
        relay.receive(from, &wire::encode(&ToRelay::Pull { after: 0 }), 0);
        let mut failed = false;
        for frame in frames {
            relay.storage_mut().fail_after(fails_at);
            let before = (relay.head(), relay.storage().load().unwrap());
            let effects = relay.receive(from, &wire::encode(&frame), 0);
            relay.storage_mut().repair();
            let refusal = effects.iter().find_map(|effect| match effect {
                Effect::Close { refusal, .. } => Some(refusal.clone()),
                Effect::Send { .. } => None,
            });
            if matches!(refusal, Some(Refusal::Storage { .. })) {
                failed = true;
                let stored = relay.storage().load().unwrap();
                prop_assert_eq!(relay.head(), before.0);
                prop_assert_eq!(stored.as_ref().map(|c| c.head), before.1.as_ref().map(|c| c.head));
                prop_assert_eq!(stored.map(|c| c.snapshots), before.1.map(|c| c.snapshots));
                prop_assert!(!frames_hold_events(&effects), "nobody is told of what is not stored");
            }
            if relay.session(from).is_none() {
                from = let_in(&mut relay, &access()).0;
            }
            // Memory and storage say the same.
            let contents = relay.storage().load().unwrap().unwrap();
            prop_assert_eq!(contents.head, relay.head());
        }
        prop_assert!(failed || fails_at > 0 || relay.head() == 0);
    }
}

fn frames_of_welcome(effects: &[Effect]) -> Option<(u64, u64)> {
    frames(effects).into_iter().find_map(|(_, frame)| match frame {
        FromRelay::Welcome { head, floor, .. } => Some((head, floor)),
        _ => None,
    })
}

fn frames_hold_events(effects: &[Effect]) -> bool {
    frames(effects).iter().any(|(_, frame)| matches!(frame, FromRelay::Events { events, .. } if !events.is_empty()))
}

#[test]
fn a_stranger_costs_no_storage() {
    let mut relay = open(MemoryStorage::default());
    let (stranger, _) = relay.connect([1; 32]);
    relay.receive(stranger, b"nonsense", 0);
    let (reader, _) = let_in(&mut relay, &access().for_viewing());
    assert!(relay.session(reader).is_none());
    assert_eq!(relay.storage().load(), Ok(None));
}

#[test]
fn a_connection_that_another_life_greeted_is_closed() {
    let mut relay = open(MemoryStorage::default());
    let (writer, _) = let_in(&mut relay, &access());
    let session = relay.session(writer).unwrap().clone();
    let Ok(mut other) = Relay::open(access().notebook(), MemoryStorage::default(), Limits::default(), RelayId(10));
    let effects = other.resume(writer, session);
    assert!(matches!(effects[..], [Effect::Send { .. }, Effect::Close { .. }]));
    assert_eq!(other.connections().count(), 0);
}

#[test]
fn a_broadcast_is_encoded_once() {
    let mut relay = open(MemoryStorage::default());
    let connections: Vec<_> = (0..20).map(|_| let_in(&mut relay, &access()).0).collect();
    for connection in &connections {
        relay.receive(*connection, &wire::encode(&ToRelay::Pull { after: 0 }), 0);
    }
    let push = ToRelay::Push { events: vec![sealed_event(1, 1, 10)], blobs: vec![] };
    let effects = relay.receive(connections[0], &wire::encode(&push), 0);
    let sent: Vec<_> = effects
        .iter()
        .map(|effect| match effect {
            Effect::Send { frame, .. } => std::sync::Arc::as_ptr(frame),
            Effect::Close { .. } => panic!("nobody is closed"),
        })
        .collect();
    assert_eq!(sent.len(), 20);
    assert!(sent[1..].windows(2).all(|pair| std::ptr::eq(pair[0], pair[1])), "all but the author share one");
}
