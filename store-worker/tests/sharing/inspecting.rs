//! Questions to Python, where it runs in another browser.

use protocol::inspect::{Answer, Question};
use protocol::port::{FromStore, ToStore};

use crate::world::{World, run, secret, shared};

fn ask(world: &mut World, browser: usize) {
    world.requests += 1;
    let message = ToStore::Inspect { request: world.requests, question: Question::new("len(", 4) };
    world.tell(browser, message);
}

/// What a browser was answered, in words.
fn answers(world: &World, browser: usize) -> Vec<String> {
    let answers = world.browsers[browser].ui.iter().filter_map(|message| match message {
        FromStore::Inspected { answer, .. } => Some(match answer {
            Answer::Found(text) => text.as_str().to_owned(),
            Answer::Nothing => "nothing".to_owned(),
            Answer::Refused(refusal) => format!("{refusal:?}"),
        }),
        _ => None,
    });
    answers.collect()
}

fn events(world: &World) -> Vec<u64> {
    world.browsers.iter().map(|browser| browser.leader.store().diagnostics().unwrap().events).collect()
}

#[test]
fn a_question_goes_to_the_kernel_of_another_browser_and_into_no_log() {
    let mut world = shared(3);
    world.ask(0, run(1));
    let before = (world.relay.head(), events(&world));
    for browser in [0, 1] {
        ask(&mut world, browser);
    }
    assert_eq!(answers(&world, 0), ["len( of 0"]);
    assert_eq!(answers(&world, 1), ["len( of 0"]);
    assert!(answers(&world, 2).is_empty(), "it did not ask");
    assert_eq!((world.relay.head(), events(&world)), before);
}

#[test]
fn who_cannot_be_answered_is_told_why() {
    let mut world = shared(2);
    let viewer = world.open(secret().for_viewing());
    ask(&mut world, 1);
    world.browsers[0].hangs = true;
    world.ask(0, run(1));
    for browser in [0, 1, viewer] {
        ask(&mut world, browser);
    }
    assert_eq!(answers(&world, 0), ["Busy"]);
    assert_eq!(answers(&world, 1), ["NotRunning", "Busy"]);
    assert_eq!(answers(&world, viewer), ["ViewOnly"]);
}

#[test]
fn a_question_is_given_up_when_the_browser_that_runs_python_leaves() {
    let mut world = shared(2);
    world.ask(0, run(1));
    world.browsers[0].muffled = true;
    ask(&mut world, 1);
    assert!(answers(&world, 1).is_empty());
    world.go_offline(0);
    assert_eq!(answers(&world, 1), ["Gone"]);
    ask(&mut world, 1);
    assert_eq!(answers(&world, 1), ["Gone", "Gone"]);
}

#[test]
fn a_question_is_given_up_when_this_browser_loses_its_connection() {
    let mut world = shared(2);
    world.ask(0, run(1));
    world.browsers[0].muffled = true;
    ask(&mut world, 1);
    world.go_offline(1);
    assert_eq!(answers(&world, 1), ["Gone"]);
}

#[test]
fn only_so_many_questions_wait_and_what_is_lost_makes_room_again() {
    let mut world = shared(2);
    world.ask(0, run(1));
    world.browsers[0].muffled = true;
    for _ in 0..33 {
        ask(&mut world, 1);
    }
    assert_eq!(answers(&world, 1), ["Busy"]);
    world.browsers[0].muffled = false;
    world.wait(10_000.0);
    ask(&mut world, 1);
    assert_eq!(answers(&world, 1).len(), 34, "each is answered once");
    assert_eq!(answers(&world, 1).last().unwrap(), "len( of 0");
}
