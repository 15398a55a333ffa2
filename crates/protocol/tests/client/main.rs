//! The sync client and the relay, frame by frame, in situations that the simulation found.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;
mod joining;
mod large;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use desk::{Desk, Device, access, entropy, titled};
use notebook::{Envelope, Event, EventId, Notebook, PersonId, ReplicaId};
use protocol::client::{Client, Status, Step};
use protocol::codec;
use protocol::history::History;
use protocol::peer::{Body, Presence};
use protocol::relay::{Effect, Limits, MemoryStorage, Relay};
use protocol::wire::{self, ConnectionId, Cursor, Refusal, RelayId, SealedEvent, ToRelay};

fn notebook() -> Notebook {
    let mut notebook = Notebook::new();
    notebook.apply(&titled(1, 1));
    notebook
}

fn adoptions(device: &Device) -> usize {
    device.wanted.iter().filter(|step| matches!(step, Step::Adopt(..))).count()
}

#[test]
fn who_takes_a_snapshot_knows_what_led_to_it() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    for counter in 2..=4 {
        desk.push(first, titled(1, counter));
    }
    let state = desk.devices[first].state.confirmed().clone();
    let at = desk.devices[first].cursor;
    desk.with(first, |client| client.compact(&state, at));
    let second = desk.join(Notebook::new(), None);
    assert_eq!(desk.devices[second].client.status(), Status::Live);
    assert_eq!(desk.devices[second].cursor, desk.devices[first].cursor);
    assert_eq!(desk.devices[second].cursor.unwrap().seq, 3);
    assert_eq!(desk.devices[second].state.confirmed().title(), "1.4");
    desk.cut(second);
    desk.with(second, Client::woken);
    assert_eq!(adoptions(&desk.devices[second]), 1);
}

#[test]
fn who_cannot_open_the_newest_snapshot_takes_the_one_before_it() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    for counter in 2..=4 {
        desk.push(first, titled(1, counter));
    }
    let sealed = b"nonsense under a good key".to_vec();
    let nonsense =
        ToRelay::PutSnapshot { seq: 2, replaces: None, part: 0, parts: 1, marks: vec![], blobs: None, sealed };
    desk.relay.receive(desk.devices[first].line.unwrap(), &wire::encode(&nonsense), 0);
    let second = desk.join(Notebook::new(), None);
    assert_eq!(desk.devices[second].client.status(), Status::Live);
    assert_eq!(desk.devices[second].cursor, desk.devices[first].cursor);
    assert_eq!(desk.devices[second].state.confirmed().title(), "1.4");
    assert_eq!(desk.devices[second].client.unopened(), 1);
}

#[test]
fn the_base_is_a_position() {
    let mut desk = Desk::new(Limits::default());
    let (_, begun) = (desk.join(Notebook::new(), None), desk.relay.storage().clone());
    let first = desk.join(notebook(), None);
    assert_eq!((adoptions(&desk.devices[first]), desk.devices[first].cursor.unwrap().seq), (0, 0));
    desk.cut(first);
    desk.with(first, Client::woken);
    assert_eq!((adoptions(&desk.devices[first]), desk.devices[first].client.status()), (0, Status::Live));
    // A relay that was set back to before it, and filled by somebody else.
    desk.set_back(begun);
    let mut other = Notebook::new();
    other.apply(&titled(5, 1));
    desk.join(other, None);
    desk.with(first, Client::woken);
    assert_eq!((adoptions(&desk.devices[first]), desk.devices[first].state.confirmed().title()), (1, "5.1"));
}

#[test]
fn a_relay_that_was_set_back_and_is_as_long_again_is_noticed() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    let copy = desk.relay.storage().clone();
    desk.push(first, titled(2, 1));
    desk.push(first, titled(3, 1));
    desk.set_back(copy);
    // The last event is at its old place, behind another one than before.
    let second = desk.join(Notebook::new(), None);
    desk.push(second, titled(4, 1));
    desk.push(second, titled(3, 1));
    desk.with(first, Client::woken);
    assert_eq!(adoptions(&desk.devices[first]), 1);
    let states = [first, second].map(|number| desk.devices[number].state.confirmed().clone());
    assert_eq!(states[0], states[1]);
}

#[test]
fn a_position_that_was_kept_without_its_history_is_no_position() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    desk.push(first, titled(1, 2));
    let cursor = Cursor { history: History::default(), ..desk.devices[first].cursor.unwrap() };
    let second = desk.join(notebook(), Some(cursor));
    assert_eq!(adoptions(&desk.devices[second]), 1);
    assert_eq!(desk.devices[second].cursor, desk.devices[first].cursor);
}

#[test]
fn who_is_too_fast_on_the_way_comes_again() {
    // The greeting is answered; the base is one frame too many.
    let limits = Limits { frames_at_once: 1, frames_per_second: 1, ..Limits::default() };
    let mut desk = Desk::new(limits);
    let first = desk.join(notebook(), None);
    let waits = desk.devices[first].wanted.iter().any(|step| matches!(step, Step::Wake(_)));
    assert!(waits && desk.devices[first].line.is_none(), "{:?}", desk.devices[first].wanted);
    assert_eq!(desk.devices[first].client.status(), Status::Offline);
}

#[test]
fn who_is_here_is_said_again_after_a_pause() {
    let limits = Limits { frames_at_once: 4, frames_per_second: 1, ..Limits::default() };
    let mut desk = Desk::new(limits);
    let first = desk.join(notebook(), None);
    desk.now += 10_000;
    let second = desk.join(Notebook::new(), None);
    desk.now += 10_000;
    let statuses: Vec<_> = desk.devices.iter().map(|device| device.client.status()).collect();
    assert_eq!(statuses, [Status::Live, Status::Live]);
    let presence = |name: &str| {
        let person = PersonId::parse("ada").unwrap();
        Body::Presence(Presence { person, name: name.into(), place: None, kernel: None })
    };
    for counter in 2..=5 {
        desk.push(first, titled(1, counter));
    }
    desk.with(first, |client| client.say(&presence("refused")));
    desk.with(first, |client| client.say(&presence("held back")));
    desk.now += 10_000;
    desk.with(first, Client::woken);
    let names = desk.devices[second].wanted.iter().filter_map(|step| match step {
        Step::Heard(_, Body::Presence(presence)) => Some(presence.name.as_str()),
        _ => None,
    });
    assert_eq!(names.collect::<Vec<_>>(), ["held back"]);
}

fn watches(device: &mut Device) -> Vec<u32> {
    let watches =
        device.wanted.drain(..).filter_map(|step| if let Step::Watch(millis) = step { Some(millis) } else { None });
    watches.collect()
}

#[test]
fn a_relay_that_never_answers_is_taken_for_gone() {
    let mut client = Client::new(access(), None, [], true, entropy);
    assert_eq!(client.start(), [Step::Connect, Step::Status, Step::Watch(10_000)]);
    assert_eq!(client.status(), Status::Connecting);
    let steps = client.watched();
    assert!(matches!(steps.as_slice(), [Step::Disconnect, Step::Wake(_), Step::Status]), "{steps:?}");
    assert_eq!(client.status(), Status::Offline);
    assert_eq!(client.woken(), [Step::Connect, Step::Watch(10_000)], "the next attempt has its own time");
}

#[test]
fn a_line_that_broke_unnoticed_is_given_up_and_what_went_into_it_goes_again() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    assert_eq!(watches(&mut desk.devices[first]), [10_000], "one wait at a time");
    desk.with(first, Client::watched);
    assert!(watches(&mut desk.devices[first]).is_empty(), "nothing is to be answered");

    let device = &mut desk.devices[first];
    device.state.append(titled(1, 2));
    let into_nothing = device.client.append(titled(1, 2));
    assert!(matches!(into_nothing.last(), Some(Step::Watch(30_000..=30_020))), "{into_nothing:?}");
    desk.with(first, Client::watched);
    assert_eq!((desk.devices[first].client.status(), desk.relay.head()), (Status::Offline, 0));
    desk.with(first, Client::woken);
    assert_eq!((desk.devices[first].client.status(), desk.relay.head()), (Status::Live, 1));
}

#[test]
fn who_sends_much_over_a_slow_line_has_the_time_for_it() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    desk.with(first, Client::watched);
    let client = &mut desk.devices[first].client;
    client.append(titled(1, 2));
    let long = "x".repeat(160_000);
    client.append(Envelope { event: Event::NotebookTitled { title: long }, ..titled(1, 3) });
    let steps = client.watched();
    assert!(matches!(steps.as_slice(), [Step::Watch(9_000..=11_000)]), "{steps:?}");
    assert_eq!(client.watched().first(), Some(&Step::Disconnect));
}

#[test]
fn who_is_let_in_again_is_not_offline_any_more() {
    let mut client = Client::new(access(), None, [], true, entropy);
    client.start();
    client.closed();
    client.woken();
    let mut relay = Relay::open(access().notebook(), MemoryStorage::default(), Limits::default(), RelayId(1)).unwrap();
    let (connection, mut effects) = relay.connect([9; 32]);
    let mut statuses = Vec::new();
    while let Some(effect) = effects.pop() {
        let Effect::Send { frame, .. } = effect else { continue };
        for step in client.received(&frame) {
            if let Step::Send(frame) = step {
                effects.extend(relay.receive(connection, &frame, 0));
            }
        }
        statuses.push(client.status());
    }
    assert_eq!(statuses, [Status::Offline, Status::Connecting], "greeted, let in");
}

#[test]
fn who_took_in_the_whole_log_is_live_without_another_word() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    for counter in 2..=4 {
        desk.push(first, titled(1, counter));
    }
    let mut late = Client::new(access(), None, [], false, entropy);
    late.start();
    let (connection, effects) = desk.relay.connect([9; 32]);
    let mut frames: VecDeque<_> = effects.into_iter().filter_map(|effect| frame_to(connection, effect)).collect();
    let (mut sent, mut folds) = (Vec::new(), 0);
    while let Some(frame) = frames.pop_front() {
        for step in late.received(&frame) {
            match step {
                Step::Send(frame) => {
                    let effects = desk.relay.receive(connection, &frame, 0);
                    frames.extend(effects.into_iter().filter_map(|effect| frame_to(connection, effect)));
                    sent.push(wire::decode::<ToRelay>(&frame).unwrap());
                }
                Step::Fold => folds += 1,
                _ => {}
            }
        }
    }
    assert!(
        matches!(&sent[..], [ToRelay::Hello { .. }, ToRelay::PullSnapshot { .. }, ToRelay::Pull { .. }]),
        "{sent:?}"
    );
    assert_eq!(folds, 1);

    // What is pushed before that page is folded is sent here already.
    let event = Envelope { id: EventId { replica: ReplicaId(2), counter: 1 }, ..titled(1, 5) };
    let line = desk.devices[first].line.unwrap();
    let effects = desk.relay.receive(line, &wire::encode(&push_of(&event)), 0);
    for frame in effects.into_iter().filter_map(|effect| frame_to(connection, effect)) {
        assert_eq!(late.received(&frame), [], "it is folded with the rest");
    }
    let steps = late.fold();
    let [Step::Adopt(adoption), ..] = &steps[..] else { panic!("{steps:?}") };
    assert_eq!((adoption.cursor.seq, adoption.state.title()), (4, "1.5"));
    assert_eq!(late.adopted(vec![titled(3, 1)]).first().map(is_push), Some(true), "what only this device has");
    assert_eq!(late.status(), Status::Live);
}

/// Has a new device take in a log that somebody else wrote. Returns the device, and after which positions it asked.
fn take_in(log: impl Iterator<Item = Envelope>) -> (Client, Notebook, Vec<u64>) {
    let limits = Limits { frames_at_once: 10_000, ..Limits::default() };
    let mut desk = Desk::new(limits);
    let first = desk.join(notebook(), None);
    let line = desk.devices[first].line.unwrap();
    for event in log {
        desk.relay.receive(line, &wire::encode(&push_of(&event)), 0);
    }
    let mut late = Client::new(access(), None, [], false, entropy);
    let mut steps = VecDeque::from(late.start());
    let (connection, effects) = desk.relay.connect([9; 32]);
    let mut frames: VecDeque<_> = effects.into_iter().filter_map(|effect| frame_to(connection, effect)).collect();
    let (mut state, mut asked) = (Notebook::new(), Vec::new());
    // All that can be asked for is asked for before the next frame is taken in.
    loop {
        while let Some(step) = steps.pop_front() {
            match step {
                Step::Send(frame) => {
                    if let ToRelay::Pull { after } = wire::decode(&frame).unwrap() {
                        asked.push(after);
                    }
                    let effects = desk.relay.receive(connection, &frame, 0);
                    frames.extend(effects.into_iter().filter_map(|effect| frame_to(connection, effect)));
                }
                Step::Fold => steps.extend(late.fold()),
                Step::Adopt(adoption) => {
                    state = adoption.state;
                    steps.extend(late.adopted(Vec::new()));
                }
                _ => {}
            }
        }
        let Some(frame) = frames.pop_front() else { return (late, state, asked) };
        steps.extend(late.received(&frame));
    }
}

#[test]
fn several_pages_of_a_long_log_are_on_their_way_at_once() {
    let (late, state, asked) = take_in((2..=6_501).map(|counter| titled(1, counter)));
    assert_eq!((late.status(), state.title()), (Status::Live, "1.6501"));
    assert_eq!(asked, [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000], "each once, none beyond the end");
}

#[test]
fn pages_that_are_shorter_than_was_thought_are_asked_for_where_they_begin() {
    let grows = |counter| {
        let title = format!("{counter} {}", "x".repeat(if counter < 1_500 { 0 } else { 2_000 }));
        Envelope { event: Event::NotebookTitled { title }, ..titled(1, counter) }
    };
    let (late, state, asked) = take_in((2..=4_001).map(grows));
    assert_eq!(late.status(), Status::Live);
    assert!(state.title().starts_with("4001 "), "{:.9}", state.title());
    assert_eq!(asked[..4], [0, 1_000, 2_000, 3_000], "thought to be full");
    assert!((1_000..2_000).contains(&asked[4]) && asked[4..].is_sorted() && asked.len() < 20, "{asked:?}");
}

fn frame_to(connection: ConnectionId, effect: Effect) -> Option<Arc<[u8]>> {
    match effect {
        Effect::Send { to, frame } if to == connection => Some(frame),
        _ => None,
    }
}

fn push_of(event: &Envelope) -> ToRelay {
    let sealed = access().sealer().seal_event([3; 24], event);
    ToRelay::Push { events: vec![SealedEvent { id: event.id, sealed }], blobs: vec![] }
}

fn is_push(step: &Step) -> bool {
    matches!(step, Step::Send(frame) if matches!(wire::decode(frame), Ok(ToRelay::Push { .. })))
}

fn snapshots(desk: &Desk) -> Vec<usize> {
    let of = |device: &Device| device.wanted.iter().filter(|step| **step == Step::NeedSnapshot).count();
    desk.devices.iter().map(of).collect()
}

#[test]
fn who_makes_a_log_too_long_shortens_it_and_the_others_know() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    let others = [desk.join(Notebook::new(), None), desk.join(Notebook::new(), None)];
    for counter in 2..=8 {
        desk.push(first, titled(1, counter));
    }
    assert_eq!(snapshots(&desk), [1, 0, 0], "the seventh was too much");
    for counter in 1..=6 {
        desk.push(others[0], titled(2, counter));
    }
    assert_eq!(snapshots(&desk), [1, 0, 0], "six came after that one");
    desk.push(others[0], titled(2, 7));
    assert_eq!(snapshots(&desk), [1, 1, 0]);
}

#[test]
fn where_who_made_a_log_too_long_is_gone_another_shortens_it() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    let second = desk.join(Notebook::new(), None);
    let [from, to] = [first, second].map(|number| desk.devices[number].line.unwrap());
    for counter in 2..=11 {
        assert_eq!(snapshots(&desk), [0, 0], "{counter}");
        // It pushes, and never comes to putting a snapshot.
        let effects = desk.relay.receive(from, &wire::encode(&push_of(&titled(1, counter))), 0);
        for frame in effects.into_iter().filter_map(|effect| frame_to(to, effect)) {
            desk.with(second, |client| client.received(&frame));
        }
    }
    assert_eq!(snapshots(&desk), [0, 1]);
}

#[test]
fn large_events_make_a_log_too_long_whoever_wrote_them_and_whenever() {
    let large = |counter| Envelope { event: Event::NotebookTitled { title: "x".repeat(4_000) }, ..titled(1, counter) };
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    for counter in 2..=3 {
        desk.push(first, large(counter));
    }
    // What came before a connection counts as well.
    desk.cut(first);
    desk.with(first, Client::woken);
    assert_eq!(snapshots(&desk), [0]);
    desk.push(first, large(4));
    assert_eq!(snapshots(&desk), [1], "12 kB are too many");
    desk.push(first, large(5));
    assert_eq!(snapshots(&desk), [1], "it is short again");
}

/// Returns the title that each device shows.
fn titles(desk: &Desk) -> Vec<String> {
    desk.devices.iter().map(|device| device.state.visible().title().chars().take(9).collect()).collect()
}

#[test]
fn who_does_not_know_an_event_puts_no_snapshot_without_it() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    let newer = codec::decode_event(&codec::encode(&BTreeMap::from([("Newer", 1)])));
    desk.push(first, Envelope { event: newer, ..titled(1, 2) });
    let second = desk.join(Notebook::new(), None);
    for counter in 1..=30 {
        desk.push(second, titled(2, counter));
    }
    assert_eq!(snapshots(&desk), [0, 0]);
    assert_eq!(titles(&desk), ["2.30", "2.30"]);
}

#[test]
fn who_only_reads_is_not_taken_for_one_that_does_not() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    let second = desk.join_as(access().for_viewing(), Notebook::new(), None);
    let line = desk.devices[second].line;
    for counter in 2..=60 {
        let event = Event::NotebookTitled { title: "x".repeat(700_000) };
        desk.push(first, Envelope { event, ..titled(1, counter) });
        desk.now += 1_000;
    }
    assert_eq!(desk.devices[second].line, line);
    assert_eq!(titles(&desk), ["xxxxxxxxx", "xxxxxxxxx"]);
}

#[test]
fn who_is_turned_away_says_why_and_comes_again() {
    let mut desk = Desk::new(Limits { connections: 1, ..Limits::default() });
    let first = desk.join(notebook(), None);
    let second = desk.join(Notebook::new(), None);
    let client = |desk: &Desk| {
        let client = &desk.devices[second].client;
        (client.status(), client.turned_away().cloned())
    };
    assert_eq!(client(&desk), (Status::Offline, Some(Refusal::TooMany { limit: 1 })));
    desk.with(second, Client::woken);
    assert_eq!(client(&desk), (Status::Offline, Some(Refusal::TooMany { limit: 1 })));
    desk.cut(first);
    desk.with(second, Client::woken);
    assert_eq!(client(&desk), (Status::Live, None));
    desk.cut(second);
    assert_eq!(client(&desk), (Status::Offline, None), "nobody says why");
}

#[test]
fn a_page_too_many_says_so_and_still_hears_what_others_put_there() {
    let mut desk = Desk::new(Limits { replicas: 2, ..Limits::default() });
    let first = desk.join(notebook(), None);
    let second = desk.join(Notebook::new(), None);
    desk.push(first, titled(1, 2));
    desk.push(first, titled(2, 1));
    desk.push(second, titled(3, 1));
    let refusal = Refusal::TooManyReplicas { limit: 2 };
    assert_eq!(desk.devices[second].client.status(), Status::Refused(refusal.to_string()));
    desk.push(first, titled(1, 3));
    assert_eq!(desk.devices[second].state.confirmed().title(), "1.3");
}

#[test]
fn who_has_too_much_for_a_full_relay_still_hears_what_others_put_there() {
    let mut desk = Desk::new(Limits { log_bytes: 3_000, ..Limits::default() });
    let first = desk.join(notebook(), None);
    let second = desk.join(Notebook::new(), None);
    let large = Envelope { event: Event::NotebookTitled { title: "x".repeat(4_000) }, ..titled(1, 2) };
    desk.push(first, large);
    assert!(matches!(desk.devices[first].client.status(), Status::Refused(_)));
    desk.push(second, titled(2, 1));
    assert!(desk.devices.iter().all(|device| device.state.confirmed().title() == "2.1"));
    assert_eq!(desk.devices[first].client.unsent(), 1);
    // It is tried again, and is no more welcome.
    desk.with(first, Client::woken);
    assert!(matches!(desk.devices[first].client.status(), Status::Refused(_)));
    assert_eq!(desk.devices[second].client.status(), Status::Live);
}
