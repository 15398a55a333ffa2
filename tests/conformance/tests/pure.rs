//! The scenarios on the pure relay: awake all the time, and asleep after every frame.

use conformance::pure::PureHost;
use conformance::scenarios::{self, Scenario};
use protocol::relay::Limits;

#[track_caller]
fn play(scenarios: Vec<Scenario>, limits: Limits, sleeps: bool) {
    let failed = scenarios::failures(scenarios, &mut PureHost::new(limits, sleeps));
    assert!(failed.is_empty(), "failed: {failed:?}");
}

#[test]
fn the_pure_relay_does_what_every_relay_must() {
    play(scenarios::usual(), Limits::default(), false);
}

#[test]
fn the_pure_relay_is_bounded() {
    play(scenarios::bounded(), scenarios::small_limits(), false);
}

#[test]
fn a_relay_that_sleeps_after_every_frame_does_the_same() {
    play(scenarios::usual(), Limits::default(), true);
}
