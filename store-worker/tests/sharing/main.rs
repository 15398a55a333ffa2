//! Leaders of several browsers and the relay between them, frame by frame.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod inspecting;
mod world;

use notebook::{Command, EndReason, Place, Rejection};
use protocol::access::{Access, Secret};
use protocol::peer::Location;
use protocol::port::{FromStore, KernelState, SyncState, TabMessage, ToStore};
use protocol::relay::{Limits, MemoryStorage, Relay};
use protocol::wire::RelayId;

use world::{Browser, World, cell, insert, run, secret, shared};

const LIVE: SyncState = SyncState::Live { unsent: 0, keeps_blobs: false };

#[test]
fn a_link_opens_the_same_notebook_and_what_one_does_the_others_see() {
    let mut world = shared(3);
    world.all_show("a");
    assert_eq!(world.sync(0), LIVE);
    assert_eq!(world.sync(2), LIVE);
    world.ask(1, insert(2, "b"));
    world.ask(2, Command::SetTitle { title: "Ebb".into() });
    world.ask(0, Command::MoveCell { cell: cell(2), place: Place::First });
    world.all_show("b; a");
    assert_eq!(world.browsers[0].copy.title(), "Ebb");
}

#[test]
fn a_run_in_one_browser_is_done_by_the_kernel_of_another() {
    let mut world = shared(3);
    world.ask(0, run(1));
    world.ask(2, insert(2, "b"));
    world.ask(2, run(2));
    world.all_show("a Ok of 0; b Ok of 0");
    assert_eq!(world.runs(), [2, 0, 0]);
    assert_eq!((world.kernel(1), world.kernel(2)), (KernelState::Idle, KernelState::Idle), "its state is everybody's");
}

#[test]
fn case_13_two_browsers_that_ask_at_once_get_one_kernel_and_one_run() {
    let mut world = shared(2);
    // Neither has heard of the other's request, and each starts a kernel.
    for number in 0..2 {
        world.requests += 1;
        let message = ToStore::Command { request: world.requests, command: run(1) };
        let effects = world.browsers[number].leader.on_ui(message);
        world.perform(number, effects);
    }
    world.settle();
    assert_eq!(
        world.runs().iter().sum::<u32>(),
        2,
        "{:?}: each request ran once, the second after the first",
        world.runs()
    );
    assert!(world.runs().contains(&0), "{:?}: by one kernel", world.runs());
}

#[test]
fn a_run_is_interrupted_from_another_browser() {
    let mut world = shared(2);
    world.browsers[0].hangs = true;
    world.ask(0, run(1));
    world.all_show("a runs of 0");
    assert_eq!(world.kernel(1), KernelState::Busy);
    world.tell(1, ToStore::Interrupt);
    assert_eq!(world.browsers[0].interrupts, 1);
}

#[test]
fn case_14_a_kernel_whose_browser_left_is_lost_and_the_next_run_starts_one() {
    let mut world = shared(2);
    world.browsers[0].hangs = true;
    world.ask(0, run(1));
    world.go_offline(0);
    world.wait(5_000.0);
    assert_eq!(world.text(1), "a runs of 0", "it may come back");
    world.wait(2_000.0);
    assert_eq!(world.text(1), "a Lost of 0");
    world.ask(1, run(1));
    assert_eq!(world.text(1), "a Ok of 1");
    world.go_online(0);
    world.all_show("a Ok of 1");
    assert!(matches!(world.kernel(0), KernelState::Idle | KernelState::Dead { .. }), "{:?}", world.kernel(0));
}

#[test]
fn case_14_a_host_that_falls_silent_without_leaving_is_given_up() {
    let mut world = shared(2);
    world.browsers[0].hangs = true;
    world.ask(0, run(1));
    for _ in 0..60 {
        world.wait(1_000.0);
    }
    assert_eq!(world.text(1), "a runs of 0", "it says that it is there");
    world.browsers[0].muffled = true;
    let lost = (1..=20).find(|_| {
        world.wait(1_000.0);
        world.text(1) != "a runs of 0"
    });
    assert!(matches!(lost, Some(8..=10)), "{lost:?}");
    assert_eq!(world.text(1), "a Lost of 0");
    world.ask(1, run(1));
    assert_eq!(world.text(1), "a Ok of 1");
}

#[test]
fn case_14_who_may_only_view_is_told_of_a_host_that_is_gone_and_of_its_return() {
    let mut world = shared(1);
    let viewer = world.open(secret().for_viewing());
    world.browsers[0].hangs = true;
    world.ask(0, run(1));
    assert_eq!(world.kernel(viewer), KernelState::Busy);
    let dead_within = |world: &mut World, seconds: u32| {
        (0..=seconds).any(|_| {
            world.wait(1_000.0);
            matches!(world.kernel(viewer), KernelState::Dead { .. })
        })
    };
    world.browsers[0].muffled = true;
    assert!(dead_within(&mut world, 10), "silent");
    world.browsers[0].muffled = false;
    world.wait(2_000.0);
    assert_eq!(world.kernel(viewer), KernelState::Busy);
    world.go_offline(0);
    assert!(dead_within(&mut world, 7), "gone");
    assert_eq!(world.text(viewer), "a runs of 0", "the log is for who may write");
    world.go_online(0);
    assert_eq!(world.kernel(viewer), KernelState::Busy);
}

#[test]
fn case_13_offline_both_run_and_one_result_is_shown() {
    let mut world = shared(2);
    world.ask(0, run(1));
    world.go_offline(1);
    world.ask(1, insert(2, "b"));
    world.ask(1, run(2));
    assert_eq!(world.text(1), "a Ok of 0; b Ok of 1", "alone it runs here");
    assert_eq!(world.sync(1), SyncState::Offline { unsent: 7, reason: None });
    world.ask(0, insert(3, "c"));
    world.go_online(1);
    world.all_show("a Ok of 0; b Ok of 1; c");
    assert_eq!(world.runs(), [1, 1]);
    world.ask(1, run(3));
    world.all_show("a Ok of 0; b Ok of 1; c Ok of 0");
}

#[test]
fn a_viewer_sees_everything_and_changes_nothing() {
    let mut world = shared(1);
    let viewer = world.open(secret().for_viewing());
    world.ask(0, run(1));
    world.all_show("a Ok of 0");
    world.ask(viewer, insert(2, "b"));
    world.ask(viewer, run(1));
    world.tell(viewer, ToStore::Interrupt);
    world.all_show("a Ok of 0");
    let refused = world.browsers[viewer]
        .ui
        .iter()
        .filter(|message| matches!(message, FromStore::Rejected { rejection: Rejection::ReadOnly, .. }));
    assert_eq!((refused.count(), world.browsers[0].interrupts), (2, 0));
}

#[test]
fn a_tab_that_may_write_lends_its_key_to_a_leader_that_may_only_view() {
    let mut world = shared(1);
    let viewer = world.open(secret().for_viewing());
    let join = |access| TabMessage::Join { tab: "second".into(), access };
    let insert = |request, number| TabMessage::Request {
        tab: "second".into(),
        message: ToStore::Command { request, command: insert(number, "b") },
    };
    world.tab(viewer, join(Access::Writer(Secret::from_entropy([9; 32]))));
    world.tab(viewer, insert(1, 2));
    world.all_show("a");
    world.tab(viewer, join(secret()));
    world.tab(viewer, insert(2, 3));
    world.all_show("a; b");
    assert_eq!(world.sync(viewer), LIVE);
}

#[test]
fn who_comes_before_the_notebook_waits_for_it() {
    let mut world = World::new();
    world.open(secret());
    world.ask(0, insert(1, "a"));
    let early = world.open(secret());
    assert_eq!(world.sync(early), SyncState::Absent);
    world.ask(early, insert(2, "b"));
    assert!(
        world.browsers[early]
            .ui
            .iter()
            .any(|message| { matches!(message, FromStore::Rejected { rejection: Rejection::NotHere, .. }) })
    );
    world.share();
    world.go_online(early);
    world.all_show("a");
}

#[test]
fn who_has_no_room_at_the_relay_still_sees_who_is_here() {
    let mut world = World::new();
    let limits = Limits { log_bytes: 3_000, ..Limits::default() };
    world.relay = Relay::open(secret().notebook(), MemoryStorage::default(), limits, RelayId(1)).unwrap();
    world.open(secret());
    world.share();
    world.open(secret());
    let others = |world: &World| {
        let mut told = world.browsers[0].ui.iter().filter_map(|message| match message {
            FromStore::Peers(peers) => Some(peers.len()),
            _ => None,
        });
        told.next_back()
    };
    assert_eq!(others(&world), Some(1));
    world.ask(0, insert(2, &"b".repeat(5_000)));
    assert!(matches!(world.sync(0), SyncState::Refused { .. }));
    world.wait(1_000.0);
    assert_eq!(others(&world), Some(1));
}

#[test]
fn case_22_a_relay_that_was_wiped_is_filled_again_and_nothing_is_lost() {
    let mut world = shared(2);
    world.go_offline(0);
    world.go_offline(1);
    world.ask(1, insert(2, "b"));
    world.relay = Relay::open(secret().notebook(), MemoryStorage::default(), Limits::default(), RelayId(2)).unwrap();
    world.go_online(1);
    world.ask(0, insert(3, "c"));
    world.go_online(0);
    world.all_show("a; b; c");
    world.ask(0, insert(4, "d"));
    world.all_show("a; b; c; d");
}

#[test]
fn case_22_a_relay_that_was_set_back_gets_again_what_it_lost() {
    let mut world = shared(2);
    let backup = world.relay.storage().clone();
    world.ask(0, insert(2, "b"));
    world.ask(1, insert(3, "c"));
    world.go_offline(0);
    world.go_offline(1);
    world.relay = Relay::open(secret().notebook(), backup, Limits::default(), RelayId(3)).unwrap();
    world.go_online(0);
    world.go_online(1);
    world.all_show("a; b; c");
    assert_eq!(world.sync(1), LIVE);
}

#[test]
fn typing_is_passed_on_before_it_is_kept() {
    let mut world = shared(2);
    let mut source = world.browsers[0].copy.cell(&cell(1)).unwrap().source.clone();
    let update = source.edit(&[notebook::source::Splice { from: 1, to: 1, insert: "!".into() }]).unwrap();
    let before = world.relay.head();
    world.tell(0, ToStore::Typed { cell: cell(1), update: update.clone() });
    let heard = FromStore::Typed { cell: cell(1), update };
    assert!(world.browsers[1].ui.contains(&heard));
    assert_eq!(world.relay.head(), before, "it is not kept");
}

#[test]
fn a_restart_from_another_browser_restarts_the_kernel_where_it_runs() {
    let mut world = shared(2);
    world.ask(0, run(1));
    let before = world.browsers[0].session.clone();
    world.ask(1, Command::RestartKernel);
    assert_ne!(world.browsers[0].session, before, "a new one");
    assert_eq!(world.browsers[1].session, None, "not here");
    let ended = world.browsers[1].copy.sessions()[0].ended;
    assert_eq!(ended, Some(EndReason::Restarted));
}

/// The selections that a browser was told of, each time that it was told of any.
fn told_places(browser: &Browser) -> Vec<Vec<Option<(u32, u32)>>> {
    let told = browser.ui.iter().filter_map(|message| match message {
        FromStore::Peers(peers) => Some(peers.iter().map(|(_, presence)| presence.place.as_ref()?.selection).collect()),
        _ => None,
    });
    told.collect()
}

#[test]
fn of_many_who_move_at_once_the_first_is_shown_at_once_and_all_soon_after() {
    let mut world = shared(3);
    // All has been told, and that is a while ago.
    world.wait(1_000.0);
    world.wait(1_000.0);
    world.browsers[0].ui.clear();
    for at in 0..10 {
        for browser in [1, 2] {
            let place = Location { cell: cell(1), selection: Some((at, at)) };
            world.tell(browser, ToStore::Here { name: String::new(), place: Some(place) });
        }
    }
    assert_eq!(told_places(&world.browsers[0]), [vec![Some((0, 0)), None]]);
    assert_eq!(world.browsers[0].tells, 1, "once for all that follow");
    world.wait(50.0);
    assert_eq!(told_places(&world.browsers[0])[1..], [vec![Some((9, 9)), Some((9, 9))]]);
}
