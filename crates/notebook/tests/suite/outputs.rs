//! Outputs: merging streams, clearing, updating displays, numbering.

use expect_test::expect;
use notebook::{Actor, Applied, Content, DisplayId, Event, Json, StreamName, apply::IgnoreReason};

use crate::notation::{Bench, check, session};

const RUN: &str = "+a; k1 up; run a; k1 claim a; k1 start a;";

#[track_caller]
fn outputs(words: &str, expected: expect_test::Expect) {
    check(&format!("{RUN} {words}"), expected);
}

#[test]
fn writes_to_one_stream_are_one_output() {
    outputs(
        "k1 print a x; k1 print a y; k1 show a z; k1 print a w",
        expect![[r#"a "a" executing(k1) #1 [stdout:xy|"z"|stdout:w]"#]],
    );
}

#[test]
fn clearing_empties_at_once_or_with_the_next_output() {
    outputs("k1 print a x; k1 clear a", expect![[r#"a "a" executing(k1) #1 []"#]]);
    outputs("k1 print a x; k1 clearwait a", expect![[r#"a "a" executing(k1) #1 [stdout:x]"#]]);
    outputs("k1 print a x; k1 clearwait a; k1 print a y", expect![[r#"a "a" executing(k1) #1 [stdout:y]"#]]);
    outputs("k1 print a x; k1 clearwait a; k1 ok a", expect![[r#"a "a" completed(Ok) #1 [stdout:x]"#]]);
}

#[test]
fn a_person_clears_what_a_cell_shows() {
    outputs("k1 print a x; k1 ok a; clear a", expect![[r#"a "a" completed(Ok)"#]]);
    outputs("k1 print a x; clear a; k1 print a y", expect![[r#"a "a" executing(k1) #1 [stdout:y]"#]]);
}

#[test]
fn a_repeated_or_skipped_number_is_ignored() {
    let mut bench = Bench::new(&format!("{RUN} k1 print a x"));
    let execution = bench.execution("a");
    for (index, expected) in [(0, Some(IgnoreReason::OutOfTurn)), (2, Some(IgnoreReason::OutOfTurn)), (1, None)] {
        let text = Content::Inline("y".to_owned());
        let event = Event::StreamAppended { execution: execution.clone(), index, name: StreamName::Stdout, text };
        let ignored = match bench.push(Actor::Kernel(session("k1")), event) {
            Applied::Ignored(reason) => Some(reason),
            Applied::Changed(_) => None,
        };
        assert_eq!(ignored, expected, "index {index}");
    }
}

#[test]
fn an_update_reaches_every_output_of_its_display_id() {
    let mut bench = Bench::new(&format!("{RUN} k1 show a old; k1 show a old; k1 print a x"));
    let data = [("text/plain".to_owned(), Content::Inline("new".into()))];
    let event = |id: &str| Event::DisplayUpdated {
        display_id: DisplayId(id.into()),
        data: data.clone().into(),
        metadata: Json::new(),
    };
    assert!(
        matches!(bench.push(Actor::Kernel(session("k1")), event("d")), Applied::Changed(changes) if changes.len() == 2)
    );
    assert_eq!(bench.push(Actor::Kernel(session("k1")), event("e")), Applied::Ignored(IgnoreReason::NoSuchDisplay));
    expect![[r#"
        a "a" executing(k1) #1 ["new"|"new"|stdout:x]
        ignored: no such display"#]]
    .assert_eq(&bench.describe());
}
