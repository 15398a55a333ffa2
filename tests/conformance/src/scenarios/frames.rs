//! Frames that are none, or too large.

use protocol::wire::{self, FromRelay, MAX_BATCH, MAX_FRAME_BYTES, MAX_PAYLOAD_BYTES, Refusal, ToRelay};

use crate::client::{Client, event, events, ordered, writer};
use crate::host::Host;

/// Frames that are not of this protocol.
fn malformed() -> Vec<(&'static str, Vec<u8>)> {
    let push = wire::encode(&ToRelay::Push { events: events(1, 1..=3), blobs: vec![] });
    let text = |text: &str| [&[0x60 | u8::try_from(text.len()).expect("short")], text.as_bytes()].concat();
    let named = |name: &str, body: &[u8]| [&[0xa1], text(name).as_slice(), body].concat();
    let repeated = |byte: u8, times: usize| vec![byte; times];
    vec![
        ("nothing", vec![]),
        ("noise", (0..=255).rev().collect()),
        ("text", b"{\"Pull\":{\"after\":0}}".to_vec()),
        ("cut off", push[..push.len() - 1].to_vec()),
        ("cut in half", push[..push.len() / 2].to_vec()),
        ("something after it", [push.as_slice(), &[0]].concat()),
        ("two in one", [push.as_slice(), &push].concat()),
        ("an unknown kind", named("Erase", &named("all", &[0xf5]))),
        ("a frame of the other side", wire::encode(&FromRelay::SnapshotStored { seq: 1 })),
        ("a field missing", named("Pull", &[0xa0])),
        ("a field of another type", named("Pull", &named("after", &text("one")))),
        ("a field twice", named("Pull", &[&[0xa2], text("after").as_slice(), &[0], &text("after"), &[0]].concat())),
        ("a number below zero", named("Pull", &named("after", &[0x20]))),
        ("a number of 128 bits", {
            let large = [&[0xc2, 0x51], repeated(0xff, 17).as_slice()].concat();
            named("Pull", &named("after", &large))
        }),
        ("events of 4 GiB", named("Push", &named("events", &[0x9a, 0xff, 0xff, 0xff, 0xff]))),
        ("events of 2^64", named("Push", &named("events", &[&[0x9b], repeated(0xff, 8).as_slice()].concat()))),
        ("a body of 4 GiB", named("Ephemeral", &named("sealed", &[0x5a, 0xff, 0xff, 0xff, 0xff, 1, 2]))),
        ("a map without end", repeated(0xbf, 10_000)),
        ("10,000 arrays in one another", repeated(0x81, 10_000)),
        ("10,000 tags", repeated(0xc1, 10_000)),
        ("10,000 arrays for a field", named("Pull", &named("after", &repeated(0x81, 10_000)))),
        ("an unknown field of 10,000 arrays", named("Pull", &named("extra", &repeated(0x81, 10_000)))),
    ]
}

pub(super) fn malformed_frames_close_their_connection_only(host: &mut dyn Host) {
    let access = writer(40);
    let (mut a, mut b) = (Client::live(host, &access), Client::live(host, &access));
    for (what, frame) in malformed() {
        let (mut c, _) = Client::let_in(host, &access);
        c.send_bytes(&frame);
        let refusal = c.refused_and_closed();
        let Refusal::Malformed { reason } = &refusal else { panic!("{what}: {refusal:?}") };
        assert!(reason.chars().count() <= 100, "{what}: {reason}");

        let mut stranger = Client::greeted(host, &access);
        stranger.send_bytes(&frame);
        assert!(matches!(stranger.refused_and_closed(), Refusal::Malformed { .. }), "{what}");
    }
    let all = events(1, 1..=3);
    assert_eq!(a.push_acknowledged(&all), 3);
    assert_eq!(b.events(), (0, ordered(&all), 3), "others are as they were");
}

pub(super) fn oversized_frames_are_refused(host: &mut dyn Host) {
    let access = writer(41);
    let too_many = events(1, 1..=MAX_BATCH as u64 + 1);
    let too_large = vec![event(1, 1, MAX_PAYLOAD_BYTES), event(1, 2, 1)];
    let sealed = vec![0; MAX_PAYLOAD_BYTES + 1];
    for (what, code, frame) in [
        ("a batch", 4414, wire::encode(&ToRelay::Push { events: too_many, blobs: vec![] })),
        ("a payload", 4413, wire::encode(&ToRelay::Push { events: too_large, blobs: vec![] })),
        ("a part", 4413, wire::encode(&ToRelay::PutBlob { name: "a".into(), part: 0, parts: 1, sealed })),
        ("a frame", 4413, vec![0; MAX_FRAME_BYTES + 1]),
    ] {
        let (mut client, _) = Client::let_in(host, &access);
        client.send_bytes(&frame);
        assert_eq!(client.refused_and_closed().close_code(), code, "{what}");
    }
    let mut stranger = Client::greeted(host, &access);
    stranger.send_bytes(&vec![0; MAX_FRAME_BYTES + 1]);
    assert!(matches!(stranger.refused_and_closed(), Refusal::TooLarge { .. }));
    let (_, welcome) = Client::let_in(host, &access);
    assert_eq!(welcome.head, 0);
}
