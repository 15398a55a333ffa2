//! Relays that are killed, and relays that lose everything.

use protocol::history::History;
use protocol::wire::{Cursor, FromRelay, ToRelay};

use crate::client::{Client, event, events, ordered, writer};
use crate::host::Host;

pub(super) fn a_restart_loses_nothing(host: &mut dyn Host) {
    let access = writer(50);
    let mut a = Client::live(host, &access);
    let log = events(1, 1..=20);
    a.push_acknowledged(&log);
    a.put_snapshot(5, &[], b"five");
    assert_eq!(a.take(), FromRelay::SnapshotStored { seq: 5 });
    a.put_snapshot(10, &[], b"ten");
    assert_eq!(a.take(), FromRelay::SnapshotStored { seq: 10 });
    a.put_blob("blob", 0, 1, b"large");
    assert_eq!(a.take(), FromRelay::BlobStored { name: "blob".into() });
    a.put_blob("half", 0, 2, b"half");
    a.nothing_else(20);
    let (_, before) = Client::let_in(host, &access);

    host.restart();

    let cursor = a.cursor(&log);
    let (mut viewer, welcome) = Client::let_in_at(host, &access.for_viewing(), Some(cursor));
    assert_eq!((welcome.head, welcome.floor, welcome.cursor_known), (20, 5, true));
    assert_eq!(welcome.snapshot.map(|snapshot| snapshot.seq), Some(10));
    assert_eq!(welcome.peers, []);
    assert!(welcome.connection > before.connection, "no name is used twice");
    viewer.send(&ToRelay::Pull { after: 5 });
    assert_eq!(viewer.events(), (5, ordered(&log[5..]), 20));
    for (name, sealed) in [("blob", Some(b"large".to_vec())), ("half", None)] {
        viewer.send(&ToRelay::PullBlob { name: name.into(), part: 0 });
        let parts = u32::from(sealed.is_some());
        assert_eq!(viewer.take(), FromRelay::BlobPart { name: name.into(), part: 0, parts, sealed });
    }
    let mut b = Client::live(host, &access);
    b.push(&events(1, 3..=20));
    b.nothing_else(20);
    assert_eq!(b.push_acknowledged(&events(1, 21..=21)), 21);
    b.put_blob("half", 0, 1, b"whole");
    assert_eq!(b.take(), FromRelay::BlobStored { name: "half".into() });
}

pub(super) fn what_came_after_the_newest_snapshot_is_counted(host: &mut dyn Host) {
    let access = writer(57);
    let mut a = Client::live(host, &access);
    let mut b = Client::live(host, &access);
    a.push(&events(1, 1..=20));
    assert_eq!([a.tail(), b.tail()], [200; 2], "who wrote it is told so too");
    // With the third one the first events are dropped.
    for (seq, tail) in [(5, 150), (12, 80), (18, 20)] {
        a.put_snapshot(seq, &[], b"snapshot");
        for client in [&mut a, &mut b] {
            assert_eq!(client.take(), FromRelay::SnapshotStored { seq });
        }
        assert_eq!(a.pull_tail(20), tail, "after {seq}");
    }
    b.push(&[event(2, 1, 1_000)]);
    assert_eq!([a.tail(), b.tail()], [1_020; 2]);

    host.restart();

    let mut c = Client::live(host, &access);
    assert_eq!(c.pull_tail(21), 1_020);
    c.put_snapshot(21, &[], b"snapshot");
    assert_eq!(c.take(), FromRelay::SnapshotStored { seq: 21 });
    assert_eq!(c.pull_tail(21), 0);
}

pub(super) fn a_push_that_was_cut_off_is_stored_once(host: &mut dyn Host) {
    let access = writer(51);
    for (next, round) in (1..).zip(0..5) {
        let mut a = Client::live(host, &access);
        let mut b = Client::live(host, &access);
        let pushed = event(1, next, 10 + round);
        a.push(std::slice::from_ref(&pushed));
        if round % 2 == 0 {
            // Stored, and seen by others, but the author never hears of it.
            assert_eq!(b.events().1, ordered(std::slice::from_ref(&pushed)));
        }
        host.restart();
        drop((a, b));

        let mut a = Client::live(host, &access);
        a.push(std::slice::from_ref(&pushed));
        a.send(&ToRelay::Pull { after: next - 1 });
        // Whether the first or the second push was kept: there is one.
        loop {
            let (after, events, head) = a.events();
            assert_eq!(head, next);
            if events.iter().any(|event| event.sealed.is_some()) {
                assert_eq!((after, events), (next - 1, ordered(&[pushed])));
                break;
            }
        }
    }
}

pub(super) fn a_wiped_relay_is_another_and_takes_a_base(host: &mut dyn Host) {
    let access = writer(52);
    let mut a = Client::live(host, &access);
    let log = events(1, 1..=3);
    a.push_acknowledged(&log);
    let cursor = a.cursor(&log);

    host.wipe();

    let mut early = Client::greeted(host, &access.for_viewing());
    assert_ne!(early.relay(), cursor.relay);
    let hello = early.hello(None);
    early.send(&hello);
    assert_eq!(early.refused_and_closed(), protocol::wire::Refusal::Unknown, "it does not know readers any more");
    let (mut b, welcome) = Client::let_in_at(host, &access, Some(cursor));
    assert_eq!((welcome.head, welcome.cursor_known), (0, false));
    b.put_snapshot(0, &[(1, 3)], b"all three");
    assert_eq!(b.take(), FromRelay::SnapshotStored { seq: 0 });
    b.send(&ToRelay::Pull { after: 0 });
    assert_eq!(b.events(), (0, vec![], 0));
    b.push(&log);
    assert_eq!(b.push_acknowledged(&events(1, 4..=4)), 1);
}

pub(super) fn a_relay_that_was_set_back_does_not_know_what_came_after(host: &mut dyn Host) {
    let access = writer(55);
    let mut a = Client::live(host, &access);
    a.push_acknowledged(&events(1, 1..=2));

    host.back_up();

    let last = event(3, 1, 10);
    let before = [events(1, 1..=2), events(1, 3..=3), vec![last.clone()]].concat();
    let mut a = Client::live(host, &access);
    a.push_acknowledged(&before[2..]);
    let (_, welcome) = Client::let_in_at(host, &access, Some(a.cursor(&before)));
    assert!(welcome.cursor_known);

    host.set_back();

    // It is as long again, and its last event is the same one; what came before it is another.
    let after = [events(1, 1..=2), events(2, 1..=1), vec![last]].concat();
    let mut b = Client::live(host, &access);
    assert_eq!(b.relay(), a.relay());
    b.push_acknowledged(&after[2..]);
    for (events, known) in [(&before[..], false), (&before[..3], false), (&before[..2], true), (&after, true)] {
        let (_, welcome) = Client::let_in_at(host, &access, Some(b.cursor(events)));
        assert_eq!((welcome.head, welcome.cursor_known), (4, known), "{events:?}");
    }
}

pub(super) fn a_base_of_another_is_another_beginning(host: &mut dyn Host) {
    let access = writer(56);
    let (a, _) = Client::let_in(host, &access);

    host.back_up();

    for bases in [[b"one".as_slice(), b"two"], [b"two", b"one"]] {
        let (mut b, _) = Client::let_in(host, &access);
        b.put_snapshot(0, &[(1, 5)], bases[0]);
        assert_eq!(b.take(), FromRelay::SnapshotStored { seq: 0 });
        assert_eq!(b.relay(), a.relay());
        b.send(&ToRelay::Pull { after: 0 });
        b.events();
        let log = events(1, 6..=6);
        b.push_acknowledged(&log);
        for (base, known) in [(bases[0], true), (bases[1], false)] {
            let begun = Cursor { history: History::of_base(base), ..b.cursor(&[]) };
            let further = begun.then(log[0].id);
            for cursor in [begun, further] {
                let (_, welcome) = Client::let_in_at(host, &access, Some(cursor));
                assert_eq!(welcome.cursor_known, known, "{cursor:?}");
            }
        }
        host.set_back();
    }
}

pub(super) fn all_come_at_once_after_a_restart(host: &mut dyn Host) {
    const CLIENTS: u64 = 200;
    let access = writer(53);
    let mut a = Client::live(host, &access);
    a.push_acknowledged(&events(1, 1..=100));
    host.restart();
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| Client::greeted(host, &access)).take(60).collect();
    for client in &mut clients {
        let hello = client.hello(None);
        client.send(&hello);
        client.send(&ToRelay::Pull { after: 0 });
    }
    for client in &mut clients {
        client.welcome();
        assert_eq!(client.events(), (0, ordered(&events(1, 1..=100)), 100));
    }
    // More than there may be strangers come in as others are let in.
    let more: Vec<_> = (60..CLIENTS).map(|_| Client::live(host, &access)).collect();
    assert_eq!(clients.len() + more.len(), 200);
    assert_eq!(clients[0].push_acknowledged(&events(2, 1..=1)), 101);
    for client in clients[1..].iter_mut().chain(&mut more.into_iter().collect::<Vec<_>>()) {
        assert_eq!(client.events(), (100, ordered(&events(2, 1..=1)), 101));
    }
}

pub(super) fn a_long_history_is_known_after_a_restart(host: &mut dyn Host) {
    let access = writer(54);
    let mut a = Client::live(host, &access);
    a.push_acknowledged(&events(1, 1..=1_000));
    a.push_acknowledged(&events(2, 1..=30));
    a.push_acknowledged(&events(1, 1_001..=1_010));

    host.restart();

    let (mut b, welcome) = Client::let_in(host, &access);
    assert_eq!((welcome.head, welcome.floor), (1_040, 0));
    b.push(&events(1, 990..=1_010));
    b.push(&events(2, 1..=30));
    b.nothing_else(1_040);
    assert_eq!(b.push_acknowledged(&events(2, 31..=31)), 1_041);
    for seq in [1_030, 1_041] {
        b.put_snapshot(seq, &[], b"state");
        assert_eq!(b.take(), FromRelay::SnapshotStored { seq });
    }

    host.restart();

    let (mut c, welcome) = Client::let_in(host, &access);
    assert_eq!((welcome.head, welcome.floor), (1_041, 1_030));
    c.push(&events(1, 1..=1_000));
    c.push(&events(2, 1..=31));
    c.nothing_else(1_041);
    assert_eq!(c.push_acknowledged(&events(1, 1_011..=1_011)), 1_042);
    let (_, welcome) = Client::let_in(host, &access.for_viewing());
    assert_eq!(welcome.head, 1_042);
}
