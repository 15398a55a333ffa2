//! The total table: every status of an execution × every event about it.

use notebook::{Actor, Applied, Content, Event, Outcome, Output, StreamName};

use crate::notation::{Bench, cell, person, session};

const STATUSES: [(&str, &str); 4] = [
    ("pending", "+a; k1 up; run a"),
    ("assigned", "+a; k1 up; run a; k1 claim a"),
    ("executing", "+a; k1 up; run a; k1 claim a; k1 start a"),
    ("completed", "+a; k1 up; run a; k1 claim a; k1 start a; k1 ok a"),
];

type Row = (&'static str, fn(&Bench) -> Event, Actor, [bool; 4]);

#[test]
fn every_event_in_every_status() {
    let kernel = || Actor::Kernel(session("k1"));
    // Which statuses take the event, in the order of STATUSES.
    let table: [Row; 9] = [
        (
            "requested again",
            |b| Event::ExecutionRequested {
                execution: b.execution("a"),
                cell: cell("a"),
                source: "".into(),
                batch: None,
            },
            person(),
            [false; 4],
        ),
        (
            "assigned",
            |b| Event::ExecutionAssigned { execution: b.execution("a"), session: session("k1") },
            kernel(),
            [true, false, false, false],
        ),
        ("started", |b| Event::ExecutionStarted { execution: b.execution("a") }, kernel(), [false, true, false, false]),
        (
            "output",
            |b| Event::OutputAdded {
                execution: b.execution("a"),
                index: 0,
                output: Output::Error { ename: String::new(), evalue: String::new(), traceback: Vec::new() },
            },
            kernel(),
            [false, false, true, false],
        ),
        (
            "stream",
            |b| Event::StreamAppended {
                execution: b.execution("a"),
                index: 0,
                name: StreamName::Stdout,
                text: Content::Inline("x".to_owned()),
            },
            kernel(),
            [false, false, true, false],
        ),
        (
            "cleared",
            |b| Event::OutputsCleared { execution: b.execution("a"), index: 0, wait: false },
            kernel(),
            [false, false, true, false],
        ),
        (
            "completed",
            |b| Event::ExecutionCompleted { execution: b.execution("a"), outcome: Outcome::Ok },
            kernel(),
            [false, false, true, false],
        ),
        (
            "cancelled",
            |b| Event::ExecutionCancelled { execution: b.execution("a") },
            person(),
            [true, false, false, false],
        ),
        (
            "completed by a person",
            |b| Event::ExecutionCompleted { execution: b.execution("a"), outcome: Outcome::Ok },
            person(),
            [false; 4],
        ),
    ];
    for (name, event, actor, taken) in table {
        for ((status, words), expected) in STATUSES.into_iter().zip(taken) {
            let mut bench = Bench::new(words);
            let event = event(&bench);
            let applied = bench.push(actor.clone(), event);
            assert_eq!(matches!(applied, Applied::Changed(_)), expected, "{name} while {status}: {applied:?}");
        }
    }
}
