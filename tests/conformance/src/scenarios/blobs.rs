//! Blobs go when nothing points at them any more.

use protocol::wire::{FromRelay, MAX_BATCH, Refusal, ToRelay};

use crate::client::{Client, events, writer};
use crate::host::Host;

/// A snapshot that points at these blobs; `None`: it is not said at which.
fn put_snapshot(client: &mut Client, seq: u64, blobs: Option<&[&str]>) {
    let blobs = blobs.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    let sealed = b"state".to_vec();
    client.send(&ToRelay::PutSnapshot { seq, replaces: None, part: 0, parts: 1, marks: vec![], blobs, sealed });
    assert_eq!(client.take(), FromRelay::SnapshotStored { seq });
}

fn put_blob(client: &mut Client, name: &str) {
    client.put_blob(name, 0, 1, b"blob");
    assert_eq!(client.take(), FromRelay::BlobStored { name: name.into() });
}

/// Pushes the next events, which point at these blobs.
fn push(client: &mut Client, counters: std::ops::RangeInclusive<u64>, blobs: &[&str]) {
    let blobs = blobs.iter().map(|name| (*name).to_owned()).collect();
    client.send(&ToRelay::Push { events: events(1, counters), blobs });
}

/// Returns which of these are there.
fn there(client: &mut Client, names: &[&'static str]) -> Vec<&'static str> {
    let mut is_there = |name: &str| {
        client.send(&ToRelay::PullBlob { name: name.into(), part: 0 });
        matches!(client.take(), FromRelay::BlobPart { sealed: Some(_), .. })
    };
    names.iter().copied().filter(|name| is_there(name)).collect()
}

pub(super) fn a_blob_goes_when_nothing_points_at_it(host: &mut dyn Host) {
    const ALL: [&str; 3] = ["held", "named", "left"];
    let access = writer(29);
    let mut a = Client::live(host, &access);
    for name in ALL {
        put_blob(&mut a, name);
    }
    push(&mut a, 1..=5, &ALL);
    a.events();
    put_snapshot(&mut a, 3, Some(&["held"]));
    push(&mut a, 6..=10, &["named"]);
    a.events();
    put_snapshot(&mut a, 8, Some(&["held"]));
    assert_eq!(there(&mut a, &ALL), ALL, "events that are kept point at them");

    host.restart();

    let mut b = Client::live(host, &access);
    push(&mut b, 11..=15, &[]);
    b.events();
    // One that does not say what it points at may point at all of them.
    put_snapshot(&mut b, 11, None);
    put_snapshot(&mut b, 12, Some(&["held"]));
    assert_eq!(there(&mut b, &ALL), ALL);
    put_snapshot(&mut b, 13, Some(&["held", "named"]));
    assert_eq!(there(&mut b, &ALL), ["held", "named"]);
    put_snapshot(&mut b, 14, Some(&["named"]));
    assert_eq!(there(&mut b, &ALL), ["held", "named"], "who goes on from the older snapshot needs it");
    put_snapshot(&mut b, 15, Some(&["named"]));
    assert_eq!(there(&mut b, &ALL), ["named"]);
}

pub(super) fn it_is_told_which_blobs_are_missing(host: &mut dyn Host) {
    let access = writer(33);
    let mut a = Client::live(host, &access);
    put_blob(&mut a, "there");
    for names in [&["there", "not", "neither"][..], &["there"], &[]] {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        a.send(&ToRelay::FindBlobs { names: names.clone() });
        let missing = names.into_iter().filter(|name| name != "there").collect();
        assert_eq!(a.take(), FromRelay::BlobsMissing { names: missing });
    }
    a.send(&ToRelay::FindBlobs { names: vec![String::new(); MAX_BATCH + 1] });
    assert!(matches!(a.refused_and_closed(), Refusal::TooMuchAtOnce { .. }));
}

pub(super) fn an_event_is_not_taken_without_its_blob(host: &mut dyn Host) {
    let access = writer(32);
    let mut a = Client::live(host, &access);
    push(&mut a, 1..=2, &["x"]);
    let refusal = Refusal::NoBlob { name: "x".into() };
    assert_eq!(a.refused(), refusal);
    // What was under way behind it is refused like it.
    push(&mut a, 3..=3, &[]);
    assert_eq!(a.refused(), refusal);
    put_blob(&mut a, "x");
    push(&mut a, 1..=3, &["x"]);
    assert_eq!(a.events().2, 3);
    // Nothing is asked of events that are there.
    push(&mut a, 1..=3, &["y"]);
    a.nothing_else(3);
}

pub(super) fn dropped_blobs_make_room(host: &mut dyn Host) {
    let access = writer(68);
    let mut a = Client::live(host, &access);
    a.put_blob("a", 0, 1, &[1; 1_900]);
    assert_eq!(a.take(), FromRelay::BlobStored { name: "a".into() });
    a.put_blob("b", 0, 1, &[1; 1_900]);
    assert!(matches!(a.take(), FromRelay::BlobRefused { .. }));
    push(&mut a, 1..=5, &["a"]);
    a.events();
    for seq in [1, 5] {
        put_snapshot(&mut a, seq, Some(&[]));
    }
    push(&mut a, 6..=6, &[]);
    a.events();
    put_snapshot(&mut a, 6, Some(&[]));
    a.put_blob("b", 0, 1, &[1; 1_900]);
    assert_eq!(a.take(), FromRelay::BlobStored { name: "b".into() });
}
