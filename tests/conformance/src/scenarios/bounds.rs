//! What is too much, under small limits.

use protocol::wire::{FromRelay, Refusal, SealedEvent, ToRelay};

use crate::client::{Client, event, events, named, ordered, writer};
use crate::host::Host;
use crate::scenarios::small_limits;

pub(super) fn there_are_only_so_many_connections(host: &mut dyn Host) {
    let access = writer(60);
    let mut clients: Vec<_> = (0..4).map(|_| Client::let_in(host, &access).0).collect();
    let mut fifth = Client::unanswered(host, &access);
    assert_eq!(fifth.refused_and_closed(), Refusal::TooMany { limit: 4 });
    clients[0].send_bytes(b"nonsense");
    clients[0].refused_and_closed();
    let (_, welcome) = Client::let_in(host, &access);
    assert_eq!(welcome.peers.len(), 3);
    // Another notebook has its own.
    Client::let_in(host, &writer(61));
}

pub(super) fn strangers_keep_nobody_out(host: &mut dyn Host) {
    let access = writer(62);
    let (_a, _) = Client::let_in(host, &access);
    let mut oldest = Client::greeted(host, &access);
    let _second = Client::greeted(host, &access);
    let (_b, welcome) = Client::let_in(host, &access);
    assert_eq!(welcome.peers.len(), 1);
    assert_eq!(oldest.refused_and_closed(), Refusal::TooMany { limit: 2 });
}

pub(super) fn readers_keep_no_writer_out(host: &mut dyn Host) {
    let access = writer(66);
    let (_a, _) = Client::let_in(host, &access);
    let viewer = access.for_viewing();
    let _readers = [Client::let_in(host, &viewer), Client::let_in(host, &viewer)];
    let mut third = Client::greeted(host, &viewer);
    third.send(&third.hello(None));
    assert_eq!(third.refused_and_closed(), Refusal::TooMany { limit: 2 });
    let (_b, welcome) = Client::let_in(host, &access);
    assert_eq!(welcome.peers.len(), 3);
}

pub(super) fn readers_make_nobody_fall_behind(host: &mut dyn Host) {
    let access = writer(67);
    let mut a = Client::live(host, &access);
    let (mut viewer, _) = Client::let_in(host, &access.for_viewing());
    let said = ToRelay::Ephemeral { sealed: vec![7; 9_000] };
    (0..2).for_each(|_| viewer.send(&said));
    assert!(matches!(viewer.refused(), Refusal::TooFast { .. }));
    // Who may write may say as much.
    assert!(matches!(a.take(), FromRelay::Ephemeral { .. }));
    (0..9).for_each(|_| a.send(&said));
    a.nothing_else(0);
}

pub(super) fn a_full_log_says_so_and_goes_on(host: &mut dyn Host) {
    let access = writer(63);
    let limits = small_limits();
    let mut a = Client::live(host, &access);
    a.push_acknowledged(&[event(1, 1, 50_000)]);
    a.push_acknowledged(&[event(1, 2, 40_000)]);
    a.push(&[event(1, 3, 5_000), event(1, 4, 5_001)]);
    assert_eq!(a.refused(), Refusal::Full { limit: limits.log_bytes });
    // What was under way behind it is refused like it.
    a.push(&[event(1, 5, 10)]);
    assert_eq!(a.refused(), Refusal::Full { limit: limits.log_bytes });
    assert_eq!(a.push_acknowledged(&[event(1, 3, 5_000)]), 3, "what fits is taken");
    // Compaction makes room.
    for seq in [2, 3] {
        a.put_snapshot(seq, &[], b"state");
        assert_eq!(a.take(), FromRelay::SnapshotStored { seq });
    }
    assert_eq!(a.push_acknowledged(&[event(1, 4, 90_000)]), 4);
    // A replica takes room too.
    let replicas: Vec<_> = (2..=5).map(|replica| event(replica, 1, 1)).collect();
    a.push_acknowledged(&replicas);
    a.push(&[event(6, 1, 1)]);
    assert_eq!(a.refused(), Refusal::TooManyReplicas { limit: limits.replicas as u64 });
}

pub(super) fn blobs_and_snapshots_are_bounded(host: &mut dyn Host) {
    let access = writer(64);
    let mut a = Client::live(host, &access);
    a.put_blob("a", 0, 1, &[1; 1_000]);
    assert_eq!(a.take(), FromRelay::BlobStored { name: "a".into() });
    let no_room = |name: &str| FromRelay::BlobRefused { name: name.into(), limit: 2_000 };
    a.put_blob("b", 0, 3, &[1; 900]);
    a.put_blob("b", 1, 3, &[1; 101]);
    assert_eq!(a.take(), no_room("b"));
    a.put_blob("b", 2, 3, &[1; 10]);
    a.nothing_else(0);
    // What others have begun counts.
    a.put_blob("b", 0, 2, &[1; 900]);
    a.nothing_else(0);
    let mut b = Client::live(host, &access);
    b.put_blob("c", 0, 1, &[1; 101]);
    assert_eq!(b.take(), no_room("c"));
    a.send_bytes(b"nonsense");
    a.take();
    assert!(matches!(b.next_of_all(), FromRelay::Left { .. }));
    b.put_blob("c", 0, 1, &[1; 101]);
    assert_eq!(b.take(), FromRelay::BlobStored { name: "c".into() }, "what was begun went with its connection");

    b.push_acknowledged(&events(1, 1..=9));
    b.put_snapshot(1, &[], &[1; 1_000]);
    assert_eq!(b.take(), FromRelay::SnapshotStored { seq: 1 });
    b.put_snapshot(2, &[], &[1; 1_001]);
    assert_eq!(b.refused(), Refusal::Full { limit: 2_000 });
}

pub(super) fn a_flood_is_slowed_and_then_closed(host: &mut dyn Host) {
    let access = writer(65);
    let (mut a, _) = Client::let_in(host, &access);
    let mut b = Client::live(host, &access);
    for _ in 0..300 {
        a.send(&ToRelay::Ephemeral { sealed: vec![1] });
    }
    let mut slowed = 0;
    let end = loop {
        match a.next_or_end() {
            Ok(FromRelay::Refused(Refusal::TooFast { retry_millis })) => {
                assert!((1..=100).contains(&retry_millis), "ten per second: {retry_millis}");
                slowed += 1;
            }
            Ok(FromRelay::Joined { .. }) => {}
            Ok(other) => panic!("not {other:?}"),
            Err(code) => break code,
        }
    };
    assert!(slowed > small_limits().patience, "{slowed}");
    assert_eq!(end, Refusal::TooFast { retry_millis: 1 }.close_code());
    let mut passed = 0;
    while let FromRelay::Ephemeral { .. } = b.next_of_all() {
        passed += 1;
    }
    assert!((28..=70).contains(&passed), "{passed}");
    assert_eq!(b.push_acknowledged(&events(1, 1..=1)), 1, "others are as they were");
}

pub(super) fn what_was_slowed_is_no_gap(host: &mut dyn Host) {
    let access = writer(66);
    let mut a = Client::live(host, &access);
    let all = events(1, 1..=60);
    // Thirty at once, the greeting's answer and the pull among them: some of the last are refused, and
    // one that comes when there is room again is ahead of them.
    for event in &all[..40] {
        a.push(std::slice::from_ref(event));
    }
    let (mut stored, mut refused) = (0, 0);
    while stored + refused < 40 {
        match a.take() {
            FromRelay::Events { events, .. } => stored += events.len(),
            FromRelay::Refused(Refusal::TooFast { .. }) => refused += 1,
            other => panic!("not {other:?}"),
        }
    }
    assert!(refused > 0);
    host.wait(1_000);
    a.push(&all[50..51]);
    assert!(matches!(a.refused(), Refusal::TooFast { .. }), "no gap");
    a.push(&all[stored..]);
    assert_eq!(a.events(), (stored as u64, named(&all[stored..]), 60));
}

pub(super) fn who_does_not_read_is_closed_and_catches_up(host: &mut dyn Host) {
    let access = writer(67);
    let mut a = Client::live(host, &access);
    let mut b = Client::live(host, &access.for_viewing());
    // B is sent more than it may be without a word.
    for _ in 0..3 {
        for _ in 0..20 {
            a.send(&ToRelay::Ephemeral { sealed: vec![1; 60_000] });
        }
        host.wait(2_000);
    }
    let pushed: [SealedEvent; 1] = [event(1, 1, 10)];
    a.push_acknowledged(&pushed);
    let mut got = 0;
    while let Some(frame) = b.next_or_refusal(&Refusal::TooSlow) {
        assert!(matches!(frame, FromRelay::Ephemeral { .. }), "{frame:?}");
        got += 1;
    }
    assert_eq!(got, 3_000_000 / 60_040);
    let (mut b, welcome) = Client::let_in(host, &access.for_viewing());
    assert_eq!(welcome.head, 1);
    b.send(&ToRelay::Pull { after: 0 });
    assert_eq!(b.events(), (0, ordered(&pushed), 1));
}
