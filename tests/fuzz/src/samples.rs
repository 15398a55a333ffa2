//! Inputs that make sense, to begin with: what is altered a little goes deeper than noise.

use notebook::{
    Actor, CellId, CellKind, Content, Envelope, Event, ExecutionId, Json, Notebook, OrderKey, PersonId, SessionId,
    Source, StreamName,
    source::{Character, Run, Splice},
};
use protocol::codec;
use protocol::history::History;
use protocol::inspect::{Answer, Question, Text};
use protocol::peer::{self, Body, Peer};
use protocol::snapshot::Snapshot;
use protocol::wire::{
    self, ConnectionId, Cursor, FromRelay, OrderedEvent, Refusal, RelayId, SealedEvent, SnapshotInfo, ToRelay,
};

use crate::{access, id};

/// Notebooks as Jupyter writes them.
const FILES: [&str; 2] = [
    r##"{"cells":[{"cell_type":"markdown","id":"a1","metadata":{"tags":["x"]},"source":["# Tides\n","text"],"attachments":{"a.png":{"image/png":"AAAA"}}},
{"cell_type":"code","execution_count":3,"id":"b2","metadata":{},"outputs":[
{"name":"stdout","output_type":"stream","text":["1\n","2\n"]},
{"data":{"text/plain":["3"],"application/json":{"a":[1,2.5,null]}},"execution_count":3,"metadata":{},"output_type":"execute_result"},
{"data":{"image/png":"AAAA"},"metadata":{"width":2},"output_type":"display_data"},
{"ename":"E","evalue":"no","output_type":"error","traceback":["E: no"]}],"source":"1\n2"},
{"cell_type":"raw","id":"c3","metadata":{},"source":""}],
"metadata":{"kernelspec":{"name":"python3","display_name":"Python 3"},"title":"T"},"nbformat":4,"nbformat_minor":5}"##,
    r#"{"cells":[{"cell_type":"code","metadata":{},"outputs":[],"source":[],"execution_count":null}],"metadata":{},"nbformat":4,"nbformat_minor":2}"#,
];

/// Returns inputs for every target.
pub fn samples() -> Vec<Vec<u8>> {
    let mut samples = vec![access().fragment().into_bytes(), access().for_viewing().fragment().into_bytes()];
    samples.extend(FILES.map(|file| file.as_bytes().to_vec()));
    let events = events();
    let mut notebook = Notebook::new();
    for (event, counter) in events.iter().zip(1..) {
        let id = notebook::EventId { counter, ..id() };
        let actor = Actor::Person(PersonId::from_entropy([1; 16]));
        let envelope = Envelope { id, actor, at: 5, event: event.clone() };
        notebook.apply(&envelope);
        samples.push(codec::encode_event(event));
        if let Event::SourceEdited { update, .. } = event {
            samples.push(update.clone());
        }
    }
    samples.push(Snapshot::of(&notebook).encode());
    let question = Question::new("print(", 6);
    let asked = Body::Inspect { session: SessionId::from_entropy([4; 16]), id: 7, question };
    let answered = Body::Inspected { id: 7, answer: Answer::Found(Text::cut("Prints.".to_owned())) };
    let speaker = Peer { connection: ConnectionId(1), number: 1 };
    samples.extend([asked, answered].map(|body| peer::encode(speaker, &body)));

    let sealed = vec![7; 60];
    let history = History::of_base(&sealed).then(id());
    let cursor = Cursor { relay: RelayId(1), seq: 3, history };
    let info = SnapshotInfo { seq: 2, parts: 1, bytes: 10, history };
    let to_relay = [
        ToRelay::Hello { protocol: 2, proof: access().prove(RelayId(1), &[3; 32]), cursor: Some(cursor) },
        ToRelay::Pull { after: 0 },
        ToRelay::Push {
            events: vec![SealedEvent { id: id(), sealed: sealed.clone() }; 3],
            blobs: vec!["ab".repeat(32)],
        },
        ToRelay::Ephemeral { sealed: sealed.clone() },
        ToRelay::PutSnapshot {
            seq: 0,
            replaces: Some(7),
            part: 0,
            parts: 1,
            marks: vec![(id().replica, 4)],
            blobs: Some(vec!["ab".repeat(32)]),
            sealed: sealed.clone(),
        },
        ToRelay::PullSnapshot { seq: 0, part: 0 },
        ToRelay::PutBlob { name: "ab".repeat(32), part: 0, parts: 2, sealed: sealed.clone() },
        ToRelay::FindBlobs { names: vec!["ab".repeat(32)] },
        ToRelay::PullBlob { name: "ab".repeat(32), part: 0 },
    ];
    let from_relay = [
        FromRelay::Greeting { protocol: 2, relay: RelayId(1), nonce: vec![3; 32] },
        FromRelay::Welcome {
            connection: ConnectionId(4),
            head: 3,
            floor: 0,
            older: Some(info),
            snapshot: Some(info),
            cursor_known: true,
            peers: vec![ConnectionId(1)],
        },
        FromRelay::Events {
            after: 0,
            events: vec![OrderedEvent { id: id(), sealed: Some(sealed.clone()) }],
            head: 1,
            tail: 5,
        },
        FromRelay::Ephemeral { from: ConnectionId(1), writer: true, sealed: sealed.clone() },
        FromRelay::Left { connection: ConnectionId(1) },
        FromRelay::SnapshotPart { seq: 2, part: 0, parts: 1, sealed: snapshot_part(&notebook) },
        FromRelay::SnapshotStored { seq: 0 },
        FromRelay::BlobPart { name: "ab".repeat(32), part: 0, parts: 1, sealed: Some(sealed) },
        FromRelay::BlobsMissing { names: vec!["ab".repeat(32)] },
        FromRelay::BlobRefused { name: "ab".repeat(32), limit: 1 << 30 },
        FromRelay::Refused(Refusal::Gap { replica: id().replica, counter: 9, expected: 4 }),
    ];
    let frames: Vec<Vec<u8>> = to_relay.iter().map(wire::encode).chain(from_relay.iter().map(wire::encode)).collect();
    // Conversations: each frame behind its length.
    for talk in [&frames[..to_relay.len()], &frames[to_relay.len()..]] {
        samples.push(talk.iter().flat_map(|frame| behind_length(frame)).collect());
    }
    samples.extend(frames);
    samples
}

fn snapshot_part(notebook: &Notebook) -> Vec<u8> {
    let purpose = protocol::seal::Purpose::Snapshot { seq: 2, part: 0, parts: 1 };
    access().sealer().seal([5; 24], &purpose, &Snapshot::of(notebook).encode())
}

fn behind_length(frame: &[u8]) -> Vec<u8> {
    let length = u16::try_from(frame.len()).expect("invariant: the samples are small");
    [&length.to_le_bytes(), frame].concat()
}

fn events() -> Vec<Event> {
    let cell = CellId::from_entropy([1; 16]);
    let execution = ExecutionId::from_entropy([2; 16]);
    let mut source = Source::seeded(40, "print(1)");
    let update = source
        .edit(&[Splice { from: 2, to: 4, insert: "é中".to_owned() }])
        .expect("invariant: the edit is within the text");
    let (new, split) = (CellId::from_entropy([3; 16]), Character { client: 1, clock: 5 });
    let merged = Source::empty(41)
        .edit(&[Splice { from: 0, to: 0, insert: "\n(1)".to_owned() }])
        .expect("invariant: a text begins somewhere");
    vec![
        Event::NotebookTitled { title: "Tides".to_owned() },
        Event::CellInserted {
            cell: cell.clone(),
            kind: CellKind::Code,
            order: OrderKey::between(None, None),
            source: "print(1)".to_owned(),
            metadata: Json::new(),
        },
        Event::SourceEdited { cell: cell.clone(), update },
        Event::CellSplit { cell: cell.clone(), at: Some(split), new: new.clone() },
        Event::CellsMerged {
            into: cell.clone(),
            from: new,
            update: merged,
            inserted: Character { client: 41, clock: 1 },
            separated: true,
            moved: vec![Run { first: split, len: 3 }],
        },
        Event::ExecutionRequested { execution: execution.clone(), cell, source: "1".into(), batch: None },
        Event::StreamAppended {
            execution,
            index: 0,
            name: StreamName::Stdout,
            text: Content::Inline("text".to_owned()),
        },
    ]
}
