//! What no frame holds: blobs, and events that travel as blobs.

use notebook::{
    BlobRef, CellId, CellKind, Content, Envelope, Event, ExecutionId, Json, Notebook, OrderKey, Output, ReplicaId,
    StreamName,
};
use protocol::client::{Client, Status, Step};
use protocol::codec;
use protocol::relay::{Limits, MemoryStorage};
use protocol::wire::{self, MAX_PAYLOAD_BYTES};

use crate::desk::{Desk, titled};
use crate::{frame_to, notebook, push_of, snapshots, titles};

/// A text that is so long that it is a blob.
fn printed(name: &str, size: usize) -> Event {
    Event::StreamAppended {
        execution: ExecutionId::from_entropy([1; 16]),
        index: 0,
        name: StreamName::Stdout,
        text: Content::Blob(BlobRef { hash: name.into(), size: size as u64 }),
    }
}

/// Events that bring a cell with so many outputs, each of them a blob: numbers 2 and 3 of a device.
fn outputs(count: u32) -> [Envelope; 2] {
    let (cell, execution) = (CellId::from_entropy([1; 16]), ExecutionId::from_entropy([1; 16]));
    let (order, source) = (OrderKey::between(None, None), String::new());
    let kind = CellKind::Code;
    let inserted = Event::CellInserted { cell: cell.clone(), kind, order, source, metadata: Json::new() };
    let blob = |number: u32| BlobRef { hash: format!("{number:064x}").into(), size: 700_000 };
    let output = |number| Output::Stream { name: StreamName::Stdout, text: vec![Content::Blob(blob(number))] };
    let outputs = (0..count).map(output).collect();
    let imported = Event::ExecutionImported { execution, cell, count: None, outputs };
    [Envelope { event: inserted, ..titled(1, 2) }, Envelope { event: imported, ..titled(1, 3) }]
}

/// A notebook with so many outputs, each of them a blob.
fn with_outputs(count: u32) -> Notebook {
    let mut state = notebook();
    for envelope in outputs(count) {
        state.apply(&envelope);
    }
    state
}

/// Answers all questions of a device for blobs with these bytes; returns how many they were.
fn give(desk: &mut Desk, number: usize, bytes: Option<&[u8]>) -> usize {
    let mut given = 0;
    while let Some(at) = desk.devices[number].wanted.iter().position(|step| matches!(step, Step::NeedBlob(_))) {
        let Step::NeedBlob(name) = desk.devices[number].wanted.remove(at) else { break };
        desk.with(number, |client| client.blob(&name, bytes));
        given += 1;
    }
    given
}

#[test]
fn a_blob_that_was_asked_for_too_fast_is_asked_for_again() {
    let limits = Limits { frames_at_once: 6, frames_per_second: 1, ..Limits::default() };
    let mut desk = Desk::new(limits);
    let first = desk.join(notebook(), None);
    let (name, bytes) = ("ab".repeat(32), vec![7; 3 * MAX_PAYLOAD_BYTES]);
    desk.push(first, Envelope { event: printed(&name, bytes.len()), ..titled(1, 2) });
    for _ in 0..3 {
        desk.now += 10_000;
        desk.with(first, Client::woken);
        desk.with(first, |client| client.blob(&name, Some(&bytes)));
    }
    let second = desk.join(Notebook::new(), None);
    desk.with(second, |client| client.fetch(&name));
    for _ in 0..10 {
        desk.now += 1_000;
        desk.with(second, Client::woken);
    }
    let got: Vec<_> = desk.devices[second].wanted.iter().filter(|step| matches!(step, Step::Blob(..))).collect();
    assert_eq!(got, [&Step::Blob(name, Some(bytes))]);
}

#[test]
fn a_notebook_whose_blobs_are_more_than_may_come_at_once_is_shared_bit_by_bit() {
    let limits = Limits { bytes_at_once: 2 << 20, bytes_per_second: 1 << 20, ..Limits::default() };
    let mut desk = Desk::new(limits);
    let first = desk.join(with_outputs(8), None);
    for _ in 0..30 {
        give(&mut desk, first, Some(&vec![7; 700_000]));
        desk.now += 1_000;
        desk.with(first, Client::woken);
    }
    assert!(desk.devices[first].line.is_some());
    assert_eq!(desk.devices[first].client.status(), Status::Live);
}

#[test]
fn a_blob_that_there_is_no_room_for_holds_up_nothing_else() {
    let mut desk = Desk::new(Limits { blob_bytes: 1_000_000, ..Limits::default() });
    let first = desk.join(with_outputs(2), None);
    assert_eq!(give(&mut desk, first, Some(&vec![7; 700_000])), 2);
    assert_eq!(desk.devices[first].client.status(), Status::Live);
    assert!(desk.devices[first].client.keeps_blobs());
    let second = desk.join(Notebook::new(), None);
    for (counter, bytes) in [(4, 2 * MAX_PAYLOAD_BYTES), (5, 1_000)] {
        let name = format!("{counter:064x}");
        desk.push(first, Envelope { event: printed(&name, bytes), ..titled(1, counter) });
        assert_eq!(give(&mut desk, first, Some(&vec![7; bytes])), 1);
    }
    desk.push(first, titled(1, 6));
    assert_eq!(titles(&desk), ["1.6", "1.6"]);
    assert_eq!(desk.devices[first].client.unsent(), 0);
    for counter in [0, 4, 5] {
        desk.with(second, |client| client.fetch(&format!("{counter:064x}")));
    }
    let got = desk.devices[second].wanted.iter().filter_map(|step| match step {
        Step::Blob(_, bytes) => Some(bytes.as_ref().map(Vec::len)),
        _ => None,
    });
    assert_eq!(got.collect::<Vec<_>>(), [Some(700_000), None, Some(1_000)]);

    // An event that is in a blob is not given up: it waits for room.
    let large = Event::NotebookTitled { title: "x".repeat(MAX_PAYLOAD_BYTES) };
    desk.push(first, Envelope { event: large, ..titled(1, 7) });
    assert!(matches!(desk.devices[first].client.status(), Status::Refused(_)));
    assert_eq!(desk.devices[first].client.unsent(), 1);
}

#[test]
fn an_event_that_there_is_no_room_for_is_tried_again_and_again() {
    let mut desk = Desk::new(Limits { blob_bytes: 1_000_000, ..Limits::default() });
    let first = desk.join(notebook(), None);
    // There is room for its first part.
    let large = Event::NotebookTitled { title: "x".repeat(3 * MAX_PAYLOAD_BYTES) };
    desk.push(first, Envelope { event: large, ..titled(1, 2) });
    for tries in 1..4 {
        let wakes = desk.devices[first].wanted.iter().filter(|step| **step == Step::Wake(60_000));
        assert_eq!(wakes.count(), tries);
        desk.with(first, Client::woken);
    }
}

#[test]
fn a_relay_that_was_filled_by_somebody_without_the_blobs_gets_them_from_who_has_them() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(with_outputs(3), None);
    assert_eq!(give(&mut desk, first, Some(b"text")), 3);
    let second = desk.join(Notebook::new(), None);
    desk.set_back(MemoryStorage::default());
    desk.with(second, Client::woken);
    assert_eq!(give(&mut desk, second, None), 3);
    desk.with(first, Client::woken);
    assert_eq!(give(&mut desk, first, Some(b"text")), 3);
    let name = format!("{:064x}", 1);
    desk.with(second, |client| client.fetch(&name));
    assert!(desk.devices[second].wanted.contains(&Step::Blob(name, Some(b"text".to_vec()))));
    // Nothing is offered to a relay that has them.
    desk.cut(first);
    desk.with(first, Client::woken);
    assert_eq!(give(&mut desk, first, Some(b"text")), 0);
}

#[test]
fn blobs_that_a_relay_lacks_are_put_bit_by_bit_and_in_as_many_visits_as_it_takes() {
    let mut desk = Desk::new(Limits { bytes_at_once: 2 << 20, bytes_per_second: 1 << 20, ..Limits::default() });
    let first = desk.join(with_outputs(1), None);
    give(&mut desk, first, Some(b"x"));
    let second = desk.join(Notebook::new(), None);
    let [_, imported] = outputs(8);
    let of = |execution| Envelope { event: execution, ..titled(1, 4) };
    let Event::ExecutionImported { cell, count, outputs, .. } = imported.event else { panic!("it is one") };
    let execution = ExecutionId::from_entropy([2; 16]);
    desk.push(first, of(Event::ExecutionImported { execution, cell, count, outputs }));
    let large = vec![7; 700_000];
    let wake = |desk: &mut Desk| {
        desk.now += 1_000;
        desk.with(first, Client::woken);
    };
    for _ in 0..30 {
        give(&mut desk, first, Some(&large));
        wake(&mut desk);
    }
    desk.set_back(MemoryStorage::default());
    desk.with(second, Client::woken);
    assert!(give(&mut desk, second, None) > 0);
    desk.with(first, Client::woken);
    for round in 0..30 {
        give(&mut desk, first, Some(&large));
        if round == 2 {
            desk.cut(first);
        }
        wake(&mut desk);
    }
    for number in 0..8 {
        let name = format!("{number:064x}");
        desk.with(second, |client| client.fetch(&name));
        assert!(desk.devices[second].wanted.contains(&Step::Blob(name, Some(large.clone()))), "{number}");
        desk.now += 1_000;
    }
}

#[test]
fn an_output_that_was_lost_and_is_made_again_reaches_the_others() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(with_outputs(1), None);
    assert_eq!(give(&mut desk, first, None), 1, "it is lost here too");
    let second = desk.join(Notebook::new(), None);
    let name = format!("{:064x}", 0);
    desk.push(first, Envelope { event: printed(&name, 4), ..titled(1, 4) });
    assert_eq!(give(&mut desk, first, Some(b"text")), 1);
    desk.with(second, |client| client.fetch(&name));
    assert!(desk.devices[second].wanted.contains(&Step::Blob(name, Some(b"text".to_vec()))));
}

#[test]
fn who_fetches_a_large_event_until_it_is_only_in_the_snapshot_takes_that() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    let second = desk.join(Notebook::new(), None);
    desk.devices[second].slow = Some(Vec::new());
    let large = Event::NotebookMetadataSet {
        metadata: Json::from_iter([("x".to_owned(), "x".repeat(3 * MAX_PAYLOAD_BYTES).into())]),
    };
    desk.push(first, Envelope { event: large, ..titled(1, 2) });
    for counter in 3..=30 {
        desk.push(first, titled(1, counter));
    }
    for frame in desk.devices[second].slow.take().unwrap() {
        desk.with(second, |client| client.received(&frame));
    }
    if desk.devices[second].line.is_none() {
        desk.with(second, Client::woken);
    }
    let [first, second] = [first, second].map(|number| desk.devices[number].state.visible());
    assert_eq!(first, second);
}

#[test]
fn a_base_that_many_wrote_has_room_for_how_far_each_came() {
    let mut state = notebook();
    for replica in 10..40_000 {
        state.set_mark(ReplicaId(u64::MAX - replica), 1_000);
    }
    let mut desk = Desk::new(Limits::default());
    let title = Event::NotebookTitled { title: "x".repeat(MAX_PAYLOAD_BYTES) };
    state.apply(&Envelope { event: title, ..titled(1, 2) });
    let first = desk.join(state, None);
    let second = desk.join(Notebook::new(), None);
    assert_eq!(desk.devices[second].state.visible(), desk.devices[first].state.visible());
}

#[test]
fn an_event_that_no_frame_holds_comes_in_its_place() {
    let large = |counter, of: &str| Envelope {
        event: Event::NotebookTitled { title: of.repeat(3 * MAX_PAYLOAD_BYTES) },
        ..titled(1, counter)
    };
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    let second = desk.join(Notebook::new(), None);
    for event in [large(2, "x"), titled(1, 3), large(4, "y"), large(5, "z"), titled(2, 1), large(6, "z")] {
        desk.push(first, event);
    }
    assert_eq!(titles(&desk), ["zzzzzzzzz", "zzzzzzzzz"]);
    let third = desk.join(Notebook::new(), None);
    assert_eq!(titles(&desk)[third], "zzzzzzzzz", "who comes later waits for it too");
    desk.cut(second);
    desk.push(first, large(7, "a"));
    desk.push(first, titled(1, 8));
    desk.with(second, Client::woken);
    assert_eq!(titles(&desk), ["1.8", "1.8", "1.8"]);
    let states: Vec<_> = desk.devices.iter().map(|device| device.state.visible().clone()).collect();
    assert!(states.iter().all(|state| state == &states[0]));
    assert!(desk.devices.iter().all(|device| device.client.unopened() == 0 && device.client.unsent() == 0));
}

#[test]
fn a_snapshot_holds_all_that_it_says_also_behind_an_event_that_was_waited_for() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    let second = desk.join(Notebook::new(), None);
    desk.devices[second].slow = Some(Vec::new());
    let large = Event::NotebookTitled { title: "x".repeat(MAX_PAYLOAD_BYTES) };
    desk.push(first, Envelope { event: large, ..titled(1, 2) });
    // Who wrote it all never comes to putting a snapshot.
    let [from, to] = [first, second].map(|number| desk.devices[number].line.unwrap());
    for counter in 3..=20 {
        let effects = desk.relay.receive(from, &wire::encode(&push_of(&titled(1, counter))), 0);
        for frame in effects.into_iter().filter_map(|effect| frame_to(to, effect)) {
            desk.with(second, |client| client.received(&frame));
        }
    }
    while let Some(slow) = desk.devices[second].slow.take().filter(|slow| !slow.is_empty()) {
        desk.devices[second].slow = Some(Vec::new());
        for frame in slow {
            desk.with(second, |client| client.received(&frame));
        }
    }
    assert_eq!(snapshots(&desk), [0, 1]);
    let third = desk.join(Notebook::new(), None);
    assert_eq!(desk.devices[third].state.visible(), desk.devices[second].state.visible());
    assert_eq!(titles(&desk)[third], "1.20");
}

#[test]
fn a_log_goes_on_behind_an_event_that_nobody_has() {
    #[derive(serde::Serialize)]
    enum Pointer {
        EventInBlob(BlobRef),
    }
    let nowhere = Pointer::EventInBlob(BlobRef { hash: "ab".repeat(32).into(), size: 900_000 });
    let event = codec::decode_event(&codec::encode(&nowhere));
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    let second = desk.join(Notebook::new(), None);
    desk.push(first, Envelope { event, ..titled(1, 2) });
    desk.push(first, titled(1, 3));
    let third = desk.join(Notebook::new(), None);
    assert_eq!(titles(&desk), ["1.3", "1.3", "1.3"]);
    assert_eq!([second, third].map(|number| desk.devices[number].client.unopened()), [1, 1]);
}

#[test]
fn a_blob_that_was_dropped_since_is_put_again() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    let second = desk.join(Notebook::new(), None);
    let name = "ab".repeat(32);
    desk.push(first, Envelope { event: printed(&name, 4), ..titled(1, 2) });
    assert_eq!(give(&mut desk, first, Some(b"text")), 1);
    // Nothing shows it, and the log is shortened twice.
    for counter in 3..=25 {
        desk.push(first, titled(1, counter));
    }
    desk.with(second, |client| client.fetch(&name));
    assert!(desk.devices[second].wanted.contains(&Step::Blob(name.clone(), None)));
    desk.push(first, Envelope { event: printed(&name, 4), ..titled(1, 26) });
    desk.push(first, titled(1, 27));
    desk.with(first, Client::woken);
    assert_eq!(give(&mut desk, first, Some(b"text")), 1);
    assert_eq!(titles(&desk), ["1.27", "1.27"]);
    desk.with(second, |client| client.fetch(&name));
    assert!(desk.devices[second].wanted.contains(&Step::Blob(name, Some(b"text".to_vec()))));
}

#[test]
fn an_event_may_point_at_more_blobs_than_a_frame_names() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    for envelope in outputs(14_000) {
        desk.push(first, envelope);
    }
    for _ in 0..20 {
        give(&mut desk, first, Some(b"x"));
        desk.now += 60_000;
        desk.with(first, Client::woken);
    }
    let second = desk.join(Notebook::new(), None);
    assert_eq!(desk.devices[second].state.visible().blobs().len(), 14_000);
}
