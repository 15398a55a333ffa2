//! The scenarios, each on notebooks of its own, and the limits under which they run.

mod access;
mod blobs;
mod bounds;
mod faults;
mod frames;
mod log;
mod presence;
mod uploads;

use std::panic::{AssertUnwindSafe, catch_unwind};

use protocol::relay::Limits;

use crate::host::Host;

/// One scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// What it shows.
    pub name: &'static str,
    /// Plays it; panics when the relay does something else.
    pub play: fn(&mut dyn Host),
}

macro_rules! scenarios {
    ($($file:ident: $($name:ident),+;)+) => {
        vec![$($(Scenario { name: stringify!($name), play: $file::$name }),+),+]
    };
}

/// Returns the scenarios that run under a relay's default limits.
pub fn usual() -> Vec<Scenario> {
    scenarios! {
        access: a_writer_comes_in_and_brings_the_notebook, a_reader_comes_in_after_a_writer,
            only_a_hello_lets_in, a_wrong_key_does_not_let_in, an_old_answer_does_not_let_in,
            another_version_is_told_so, a_reader_writes_nothing;
        log: everybody_gets_every_event_once_and_in_order, a_second_push_of_an_event_changes_nothing,
            a_gap_is_refused_and_what_was_before_it_is_kept, who_catches_up_is_sent_nothing_unasked,
            a_long_log_comes_in_pages, a_cursor_is_known_or_not, a_pull_from_beyond_the_head_is_refused;
        uploads: a_base_begins_an_empty_relay, a_base_may_replace_all_that_it_holds, two_generations_of_snapshots_are_kept,
            a_snapshot_must_be_newer_and_of_the_past, parts_come_in_order_and_may_begin_anew,
            an_upload_ends_with_its_connection, a_blob_is_kept_once, large_things_come_back_whole;
        blobs: a_blob_goes_when_nothing_points_at_it, it_is_told_which_blobs_are_missing,
            an_event_is_not_taken_without_its_blob;
        presence: ephemeral_frames_reach_everybody_else, who_comes_and_goes_is_told;
        frames: malformed_frames_close_their_connection_only, oversized_frames_are_refused;
        faults: a_restart_loses_nothing, a_long_history_is_known_after_a_restart,
            what_came_after_the_newest_snapshot_is_counted, a_push_that_was_cut_off_is_stored_once,
            a_wiped_relay_is_another_and_takes_a_base, a_relay_that_was_set_back_does_not_know_what_came_after,
            a_base_of_another_is_another_beginning, all_come_at_once_after_a_restart;
    }
}

/// Returns the scenarios that run under [`small_limits`].
pub fn bounded() -> Vec<Scenario> {
    scenarios! {
        bounds: there_are_only_so_many_connections, strangers_keep_nobody_out, readers_keep_no_writer_out, readers_make_nobody_fall_behind, a_full_log_says_so_and_goes_on,
            blobs_and_snapshots_are_bounded, a_flood_is_slowed_and_then_closed, what_was_slowed_is_no_gap,
            who_does_not_read_is_closed_and_catches_up;
        blobs: dropped_blobs_make_room;
    }
}

/// Plays scenarios on a host, and returns the names of those that panicked. Each has notebooks of its own, so
/// one that fails does not disturb the next.
pub fn failures(scenarios: Vec<Scenario>, host: &mut dyn Host) -> Vec<&'static str> {
    let mut failed = vec![];
    for Scenario { name, play } in scenarios {
        if catch_unwind(AssertUnwindSafe(|| play(host))).is_err() {
            failed.push(name);
        }
    }
    failed
}

/// Limits that a scenario reaches soon.
pub fn small_limits() -> Limits {
    Limits {
        connections: 4,
        readers: 2,
        strangers: 2,
        frames_per_second: 10,
        frames_at_once: 30,
        bytes_per_second: 1_000_000,
        bytes_at_once: 6_000_000,
        reader_bytes_per_second: 1_000,
        reader_bytes_at_once: 10_000,
        patience: 20,
        unread_bytes: 3_000_000,
        replicas: 5,
        log_bytes: 100_000,
        blob_bytes: 2_000,
        snapshot_bytes: 2_000,
    }
}
