//! Snapshots and blobs.

use notebook::ReplicaId;
use protocol::history::History;
use protocol::wire::{Cursor, FromRelay, MAX_BLOB_NAME, MAX_PARTS, MAX_PAYLOAD_BYTES, Refusal, SnapshotInfo, ToRelay};

use crate::client::{Client, event, events, history, ordered, writer};
use crate::host::Host;

fn part_of(seq: u64, part: u32, parts: u32, sealed: &[u8]) -> ToRelay {
    ToRelay::PutSnapshot { seq, replaces: None, part, parts, marks: vec![], blobs: None, sealed: sealed.to_vec() }
}

pub(super) fn a_base_begins_an_empty_relay(host: &mut dyn Host) {
    let access = writer(20);
    let mut a = Client::live(host, &access);
    a.put_snapshot(0, &[(1, 5), (2, 1)], b"base");
    assert_eq!(a.take(), FromRelay::SnapshotStored { seq: 0 });
    // What is in the base is known; what comes after it goes on.
    a.push(&events(1, 4..=5));
    assert_eq!(a.push_acknowledged(&events(1, 6..=6)), 1);
    assert_eq!(a.push_acknowledged(&events(2, 2..=2)), 2);

    a.put_snapshot(0, &[], b"another");
    assert_eq!(a.refused(), Refusal::Superseded);
    let (mut b, welcome) = Client::let_in(host, &access);
    assert_eq!((welcome.head, welcome.floor), (2, 0));
    let base = History::of_base(b"base");
    assert_eq!(welcome.snapshot, Some(SnapshotInfo { seq: 0, parts: 1, bytes: 4, history: base }));
    b.send(&ToRelay::PullSnapshot { seq: 0, part: 0 });
    assert_eq!(b.take(), FromRelay::SnapshotPart { seq: 0, part: 0, parts: 1, sealed: b"base".to_vec() });

    let late = writer(21);
    let mut c = Client::live(host, &late);
    c.push_acknowledged(&events(1, 1..=1));
    c.put_snapshot(0, &[], b"too late");
    assert_eq!(c.refused(), Refusal::Superseded, "the relay has events");
    c.send(&ToRelay::PullSnapshot { seq: 0, part: 0 });
    assert!(matches!(c.refused_and_closed(), Refusal::Malformed { .. }), "there is no snapshot");
}

pub(super) fn a_base_may_replace_all_that_it_holds(host: &mut dyn Host) {
    let access = writer(28);
    let mut a = Client::live(host, &access);
    let before = a.relay();
    a.replace(0, &[(1, 1)], b"too early");
    assert_eq!(a.refused(), Refusal::Superseded, "an empty relay has nothing to replace");
    a.push_acknowledged(&events(1, 1..=4));
    for (seq, sealed) in [(2, b"two"), (3, b"3rd")] {
        a.put_snapshot(seq, &[], sealed);
        assert_eq!(a.take(), FromRelay::SnapshotStored { seq });
    }
    a.put_blob("blob", 0, 1, b"large");
    assert_eq!(a.take(), FromRelay::BlobStored { name: "blob".to_owned() });
    for head in [3, 5] {
        a.replace(head, &[(1, 4)], b"all");
        assert_eq!(a.refused(), Refusal::Superseded, "the head is another: {head}");
    }
    let mut viewer = Client::live(host, &access.for_viewing());
    viewer.replace(4, &[(1, 4)], b"all");
    assert_eq!(viewer.refused(), Refusal::ReadOnly);
    let mut b = Client::live(host, &access);
    b.replace(4, &[(1, 3), (2, 9)], b"all");
    assert!(matches!(b.refused_and_closed(), Refusal::Malformed { .. }), "it lacks what it replaces");

    let mut b = Client::live(host, &access);
    let old = b.cursor(&events(1, 1..=4));
    b.replace(4, &[(1, 4), (2, 7)], b"all");
    for client in [&mut a, &mut b, &mut viewer] {
        assert_eq!(client.refused_and_closed(), Refusal::Replaced);
    }
    let check = |host: &mut dyn Host| {
        let (mut c, welcome) = Client::let_in_at(host, &access, Some(old));
        assert_ne!(c.relay(), before);
        assert_eq!((welcome.head, welcome.floor, welcome.cursor_known), (0, 0, false));
        let base = History::of_base(b"all");
        assert_eq!(welcome.snapshot, Some(SnapshotInfo { seq: 0, parts: 1, bytes: 3, history: base }));
        c.send(&ToRelay::PullSnapshot { seq: 0, part: 0 });
        assert_eq!(c.take(), FromRelay::SnapshotPart { seq: 0, part: 0, parts: 1, sealed: b"all".to_vec() });
        c.send(&ToRelay::PullBlob { name: "blob".to_owned(), part: 0 });
        assert!(matches!(c.take(), FromRelay::BlobPart { parts: 1, .. }), "blobs stay");
    };
    check(host);
    host.restart();
    check(host);
    // What is in the base is known, and the order goes on.
    let mut c = Client::live(host, &access);
    c.push(&events(2, 1..=7));
    assert_eq!(c.push_acknowledged(&events(2, 8..=8)), 1);
    assert_eq!(c.push_acknowledged(&events(1, 5..=5)), 2);
    host.restart();
    let (mut d, welcome) = Client::let_in(host, &access);
    assert_eq!(welcome.head, 2);
    d.send(&ToRelay::Pull { after: 0 });
    assert_eq!(d.events(), (0, ordered(&[events(2, 8..=8), events(1, 5..=5)].concat()), 2));
}

pub(super) fn two_generations_of_snapshots_are_kept(host: &mut dyn Host) {
    let access = writer(22);
    let mut a = Client::live(host, &access);
    let log = events(1, 1..=30);
    a.push_acknowledged(&log);
    let info = |seq: u64| {
        let events = log.iter().take(usize::try_from(seq).unwrap_or_default()).cloned().collect::<Vec<_>>();
        SnapshotInfo { seq, parts: 1, bytes: 8, history: history(History::default(), &events) }
    };
    for (seq, floor) in [(10, 0), (20, 10), (25, 20)] {
        a.put_snapshot(seq, &[], format!("up to {seq}").as_bytes());
        assert_eq!(a.take(), FromRelay::SnapshotStored { seq });
        let (_, welcome) = Client::let_in(host, &access);
        assert_eq!((welcome.head, welcome.floor), (30, floor));
        assert_eq!((welcome.snapshot, welcome.older), (Some(info(seq)), (floor > 0).then(|| info(floor))));
    }
    let newest = info(25);
    let (mut b, _) = Client::let_in(host, &access);
    b.send(&ToRelay::Pull { after: 19 });
    assert_eq!(b.refused(), Refusal::Compacted { snapshot: newest });
    b.send(&ToRelay::PullSnapshot { seq: 10, part: 0 });
    assert_eq!(b.refused(), Refusal::Compacted { snapshot: newest }, "the third generation is gone");
    for seq in [20, 25] {
        b.send(&ToRelay::PullSnapshot { seq, part: 0 });
        let sealed = format!("up to {seq}").into_bytes();
        assert_eq!(b.take(), FromRelay::SnapshotPart { seq, part: 0, parts: 1, sealed });
    }
    b.send(&ToRelay::Pull { after: 20 });
    assert_eq!(b.events(), (20, ordered(&events(1, 21..=30)), 30));
    // Dropped events are still known as such, and the order goes on.
    b.push(&events(1, 5..=6));
    assert_eq!(b.push_acknowledged(&events(1, 31..=31)), 31);

    // From the floor on, a position is known by what led there.
    for (seq, counter, known) in [
        (0, 0, false),
        (5, 5, false),
        (19, 19, false),
        (20, 20, true),
        (20, 19, false),
        (21, 21, true),
        (21, 22, false),
    ] {
        let cursor = Cursor { seq, ..b.cursor(&events(1, 1..=counter)) };
        let (_, welcome) = Client::let_in_at(host, &access, Some(cursor));
        assert_eq!((welcome.cursor_known, welcome.floor), (known, 20), "{cursor:?}");
    }
}

pub(super) fn a_snapshot_must_be_newer_and_of_the_past(host: &mut dyn Host) {
    let access = writer(23);
    let mut a = Client::live(host, &access);
    a.push_acknowledged(&events(1, 1..=5));
    a.put_snapshot(3, &[], b"three");
    assert_eq!(a.take(), FromRelay::SnapshotStored { seq: 3 });
    for seq in [0, 2, 3, 6, u64::MAX] {
        a.put_snapshot(seq, &[], b"x");
        assert_eq!(a.refused(), Refusal::Superseded, "{seq}");
    }
    // One that was overtaken while it was uploaded.
    let mut b = Client::live(host, &access);
    b.send(&part_of(4, 0, 2, b"fo"));
    b.nothing_else(5);
    a.put_snapshot(5, &[], b"five");
    assert_eq!(a.take(), FromRelay::SnapshotStored { seq: 5 });
    assert_eq!(b.take(), FromRelay::SnapshotStored { seq: 5 }, "who follows the log is told");
    b.send(&part_of(4, 1, 2, b"ur"));
    assert_eq!(b.refused(), Refusal::Superseded);
}

pub(super) fn parts_come_in_order_and_may_begin_anew(host: &mut dyn Host) {
    let access = writer(24);
    let mut a = Client::live(host, &access);
    a.push_acknowledged(&events(1, 1..=5));
    a.send(&part_of(5, 0, 3, b"old"));
    a.send(&part_of(5, 1, 3, b"old"));
    a.send(&part_of(4, 0, 3, b"one"));
    a.send(&part_of(4, 1, 3, b"two"));
    a.send(&part_of(4, 2, 3, b"three"));
    assert_eq!(a.take(), FromRelay::SnapshotStored { seq: 4 });
    for (part, sealed) in [(0, b"one".as_slice()), (1, b"two"), (2, b"three")] {
        a.send(&ToRelay::PullSnapshot { seq: 4, part });
        assert_eq!(a.take(), FromRelay::SnapshotPart { seq: 4, part, parts: 3, sealed: sealed.to_vec() });
    }
    let bad: [&[ToRelay]; 8] = [
        &[part_of(5, 1, 2, b"x")],
        &[part_of(5, 0, 3, b"x"), part_of(5, 2, 3, b"x")],
        &[part_of(5, 0, 3, b"x"), part_of(5, 1, 4, b"x")],
        &[part_of(5, 2, 2, b"x")],
        &[part_of(5, 0, 0, b"x")],
        &[part_of(5, 0, MAX_PARTS + 1, b"x")],
        &[part_of(5, u32::MAX, u32::MAX, b"x")],
        &[ToRelay::PullSnapshot { seq: 4, part: 3 }],
    ];
    for frames in bad {
        let (mut b, _) = Client::let_in(host, &access);
        for frame in frames {
            b.send(frame);
        }
        assert!(matches!(b.refused_and_closed(), Refusal::Malformed { .. }), "{frames:?}");
    }
}

pub(super) fn an_upload_ends_with_its_connection(host: &mut dyn Host) {
    let access = writer(25);
    let mut a = Client::live(host, &access);
    a.push_acknowledged(&events(1, 1..=5));
    let (mut b, _) = Client::let_in(host, &access);
    b.send(&part_of(5, 0, 2, b"x"));
    b.put_blob("half", 0, 2, b"x");
    drop(b);
    let (mut c, welcome) = Client::let_in(host, &access);
    assert_eq!(welcome.snapshot, None);
    c.send(&ToRelay::PullBlob { name: "half".into(), part: 0 });
    assert!(matches!(c.take(), FromRelay::BlobPart { sealed: None, parts: 0, .. }));
    c.send(&part_of(5, 1, 2, b"x"));
    assert!(matches!(c.refused_and_closed(), Refusal::Malformed { .. }), "it was another connection's");
}

pub(super) fn a_blob_is_kept_once(host: &mut dyn Host) {
    let access = writer(26);
    let stored = |name: &str| FromRelay::BlobStored { name: name.into() };
    let mut a = Client::live(host, &access);
    a.put_blob("ab12", 0, 2, b"one");
    a.put_blob("ab12", 1, 2, b"two");
    assert_eq!(a.take(), stored("ab12"));
    a.put_blob("ab12", 0, 5, b"other");
    assert_eq!(a.take(), stored("ab12"), "it is there");
    let mut viewer = Client::live(host, &access.for_viewing());
    for (part, sealed) in [(0, b"one"), (1, b"two")] {
        viewer.send(&ToRelay::PullBlob { name: "ab12".into(), part });
        let sealed = Some(sealed.to_vec());
        assert_eq!(viewer.take(), FromRelay::BlobPart { name: "ab12".into(), part, parts: 2, sealed });
    }
    viewer.send(&ToRelay::PullBlob { name: "none".into(), part: 0 });
    assert_eq!(viewer.take(), FromRelay::BlobPart { name: "none".into(), part: 0, parts: 0, sealed: None });
    // Two at once: the first that is whole is kept.
    let mut b = Client::live(host, &access);
    b.put_blob("cd34", 0, 2, b"b1");
    b.nothing_else(0);
    a.put_blob("cd34", 0, 1, b"a");
    assert_eq!(a.take(), stored("cd34"));
    b.put_blob("cd34", 1, 2, b"b2");
    assert_eq!(b.take(), stored("cd34"));
    b.send(&ToRelay::PullBlob { name: "cd34".into(), part: 0 });
    let sealed = Some(b"a".to_vec());
    assert_eq!(b.take(), FromRelay::BlobPart { name: "cd34".into(), part: 0, parts: 1, sealed });
    // An empty one is one too.
    b.put_blob("empty", 0, 1, b"");
    assert_eq!(b.take(), stored("empty"));

    for frame in [
        ToRelay::PutBlob { name: "x".into(), part: 1, parts: 2, sealed: vec![] },
        ToRelay::PutBlob { name: "x".repeat(MAX_BLOB_NAME + 1), part: 0, parts: 1, sealed: vec![] },
        ToRelay::PullBlob { name: "x".repeat(MAX_BLOB_NAME + 1), part: 0 },
        ToRelay::PullBlob { name: "ab12".into(), part: 2 },
    ] {
        let (mut c, _) = Client::let_in(host, &access);
        c.send(&frame);
        let refusal = c.refused_and_closed();
        assert!(matches!(refusal, Refusal::Malformed { .. } | Refusal::TooLarge { .. }), "{frame:?}: {refusal:?}");
    }
}

pub(super) fn large_things_come_back_whole(host: &mut dyn Host) {
    let access = writer(27);
    let mut a = Client::live(host, &access);
    let body = |part: u32| vec![u8::try_from(part).expect("few"); MAX_PAYLOAD_BYTES];
    for part in 0..6 {
        let marks = if part == 5 { vec![(ReplicaId(u64::MAX), u64::MAX)] } else { vec![] };
        a.send(&ToRelay::PutSnapshot {
            seq: 0,
            replaces: None,
            part,
            parts: 6,
            marks,
            blobs: None,
            sealed: body(part),
        });
    }
    assert_eq!(a.take(), FromRelay::SnapshotStored { seq: 0 });
    for part in 0..6 {
        a.put_blob("large", part, 6, &body(part));
    }
    assert_eq!(a.take(), FromRelay::BlobStored { name: "large".into() });
    let (mut b, welcome) = Client::let_in(host, &access);
    assert_eq!(welcome.snapshot.map(|snapshot| snapshot.bytes), Some(6 * MAX_PAYLOAD_BYTES as u64));
    for part in 0..6 {
        b.send(&ToRelay::PullSnapshot { seq: 0, part });
        assert_eq!(b.take(), FromRelay::SnapshotPart { seq: 0, part, parts: 6, sealed: body(part) });
        b.send(&ToRelay::PullBlob { name: "large".into(), part });
        let sealed = Some(body(part));
        assert_eq!(b.take(), FromRelay::BlobPart { name: "large".into(), part, parts: 6, sealed });
    }
    // The replica at its last number writes no more; others do.
    b.push(&[event(u64::MAX, u64::MAX, 1)]);
    b.send(&ToRelay::Pull { after: 0 });
    assert_eq!(b.events().2, 0);
    assert_eq!(b.push_acknowledged(&events(3, 1..=1)), 1);
}
