//! The order of events, and how it is caught up with.

use protocol::wire::{Cursor, MAX_BATCH, MAX_PAYLOAD_BYTES, Refusal, RelayId, ToRelay};

use crate::client::{Client, event, events, ordered, writer};
use crate::host::Host;

pub(super) fn everybody_gets_every_event_once_and_in_order(host: &mut dyn Host) {
    let access = writer(10);
    let (mut a, mut b) = (Client::live(host, &access), Client::live(host, &access));
    let mut viewer = Client::live(host, &access.for_viewing());
    let (of_a, of_b) = (events(1, 1..=3), events(2, 1..=2));
    assert_eq!(a.push_acknowledged(&of_a), 3);
    assert_eq!(b.events(), (0, ordered(&of_a), 3));
    assert_eq!(b.push_acknowledged(&of_b), 5);
    assert_eq!(a.events(), (3, ordered(&of_b), 5));
    assert_eq!((viewer.events(), viewer.events()), ((0, ordered(&of_a), 3), (3, ordered(&of_b), 5)));
    for client in [&mut a, &mut b] {
        client.nothing_else(5);
        client.send(&ToRelay::Pull { after: 0 });
        assert_eq!(client.events(), (0, ordered(&[of_a.clone(), of_b.clone()].concat()), 5));
    }
}

pub(super) fn a_second_push_of_an_event_changes_nothing(host: &mut dyn Host) {
    let access = writer(11);
    let (mut a, mut b) = (Client::live(host, &access), Client::live(host, &access));
    let all = events(1, 1..=4);
    a.push_acknowledged(&all[..2]);
    assert_eq!(b.events(), (0, ordered(&all[..2]), 2));
    a.push(&all[..2]);
    a.push(&all[1..2]);
    a.nothing_else(2);
    b.nothing_else(2);
    // Of a batch, what is new is taken.
    a.push(&[all[1].clone(), all[2].clone(), all[2].clone(), all[3].clone()]);
    let (after, acknowledged, head) = a.events();
    assert_eq!((after, acknowledged.len(), head), (2, 2, 4));
    assert_eq!(b.events(), (2, ordered(&all[2..]), 4));
    // Another connection may send the same again.
    b.push(&all);
    b.nothing_else(4);
    a.nothing_else(4);
}

pub(super) fn a_gap_is_refused_and_what_was_before_it_is_kept(host: &mut dyn Host) {
    let access = writer(12);
    let (mut a, mut b) = (Client::live(host, &access), Client::live(host, &access));
    let (kept, lost) = (event(1, 1, 10), event(1, 3, 10));
    a.push(&[kept.clone(), lost.clone(), event(2, 1, 10)]);
    assert_eq!(a.events().2, 1);
    assert_eq!(a.refused_and_closed(), Refusal::Gap { replica: lost.id.replica, counter: 3, expected: 2 });
    assert_eq!(b.events(), (0, ordered(&[kept]), 1));
    b.nothing_else(1);
    for counter in [2, 1 << 53, u64::MAX] {
        let mut c = Client::live(host, &access);
        c.push(&[event(7, counter, 10)]);
        assert!(matches!(c.refused_and_closed(), Refusal::Gap { expected: 1, .. }), "{counter}");
    }
    let mut d = Client::live(host, &access);
    d.push(&[event(7, 0, 10)]);
    assert!(matches!(d.refused_and_closed(), Refusal::Malformed { .. }), "they count from 1");
    let (_, welcome) = Client::let_in(host, &access);
    assert_eq!(welcome.head, 1);
}

pub(super) fn who_catches_up_is_sent_nothing_unasked(host: &mut dyn Host) {
    let access = writer(13);
    let mut a = Client::live(host, &access);
    let (mut b, _) = Client::let_in(host, &access);
    let (of_a, of_b) = (events(1, 1..=2), events(2, 1..=1));
    a.push_acknowledged(&of_a);
    // B's own event is not acknowledged either before B has pulled.
    b.push(&of_b);
    assert_eq!(a.events(), (2, ordered(&of_b), 3));
    b.send(&ToRelay::Pull { after: 1 });
    let rest = [of_a[1].clone(), of_b[0].clone()];
    assert_eq!(b.events(), (1, ordered(&rest), 3));
    let more = events(1, 3..=3);
    a.push_acknowledged(&more);
    assert_eq!(b.events(), (3, ordered(&more), 4), "from the answer that reached the head on it is live");
}

pub(super) fn a_long_log_comes_in_pages(host: &mut dyn Host) {
    let access = writer(14);
    let mut a = Client::live(host, &access);
    // By count.
    let many = u64::try_from(MAX_BATCH).expect("it is small");
    a.push_acknowledged(&events(1, 1..=many));
    a.push_acknowledged(&events(1, many + 1..=many + 7));
    let (mut b, welcome) = Client::let_in(host, &access);
    assert_eq!(welcome.head, many + 7);
    b.send(&ToRelay::Pull { after: 0 });
    let (after, page, head) = b.events();
    assert_eq!((after, page, head), (0, ordered(&events(1, 1..=many)), many + 7));
    b.send(&ToRelay::Pull { after: many });
    assert_eq!(b.events(), (many, ordered(&events(1, many + 1..=many + 7)), many + 7));
    // By size: two of these fit a page, three do not.
    let third = MAX_PAYLOAD_BYTES / 3 + 1;
    let large: Vec<_> = (1..=5).map(|counter| event(2, counter, third)).collect();
    for event in &large {
        a.push_acknowledged(std::slice::from_ref(event));
    }
    let (mut c, welcome) = Client::let_in(host, &access);
    let mut got = vec![];
    let mut after = many + 7;
    while after < welcome.head {
        c.send(&ToRelay::Pull { after });
        let (from, page, _) = c.events();
        assert_eq!(from, after);
        after += page.len() as u64;
        got.push(page);
    }
    assert_eq!(got.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(got.concat(), ordered(&large));
    // One that fills a frame.
    a.push_acknowledged(&[event(3, 1, MAX_PAYLOAD_BYTES)]);
    c.send(&ToRelay::Pull { after: welcome.head });
    loop {
        let (_, page, _) = c.events();
        if page.last().is_some_and(|last| last.id.replica.0 == 3) {
            break;
        }
    }
}

pub(super) fn a_cursor_is_known_or_not(host: &mut dyn Host) {
    let access = writer(15);
    let mut a = Client::live(host, &access);
    let log = events(1, 1..=3);
    a.push_acknowledged(&log);
    let relay = a.relay();
    let other = RelayId(relay.0 ^ 1);
    for (relay, seq, events, known) in [
        (relay, 3, &log[..], true),
        (relay, 1, &log[..1], true),
        (relay, 0, &[], true),
        (other, 3, &log, false),
        (other, 0, &[], false),
        (relay, 2, &[], false),
        (relay, 4, &log, false),
        (relay, u64::MAX, &log, false),
        (relay, 3, &log[..2], false),
        // The last event is the same, and another one came before it.
        (relay, 3, &[log[1].clone(), log[0].clone(), log[2].clone()], false),
    ] {
        let cursor = Cursor { relay, seq, ..a.cursor(events) };
        let (_, welcome) = Client::let_in_at(host, &access, Some(cursor));
        assert_eq!(welcome.cursor_known, known, "{cursor:?}");
    }
}

pub(super) fn a_pull_from_beyond_the_head_is_refused(host: &mut dyn Host) {
    let access = writer(16);
    for after in [1, 1 << 53, u64::MAX] {
        let (mut a, _) = Client::let_in(host, &access);
        a.send(&ToRelay::Pull { after });
        assert!(matches!(a.refused_and_closed(), Refusal::Malformed { .. }), "{after}");
    }
    let (mut a, _) = Client::let_in(host, &access);
    a.send(&ToRelay::Pull { after: 0 });
    assert_eq!(a.events(), (0, vec![], 0));
}
