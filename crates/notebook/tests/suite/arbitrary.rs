//! Strategies: events over few names, so that they meet; kernels and people mixed at will.

use notebook::session::EndReason;
use notebook::source::{Character, Run};
use notebook::{
    Actor, CellId, CellKind, Content, DisplayId, Envelope, Event, EventId, ExecutionId, Json, OrderKey, Outcome,
    Output, PersonId, ReplicaId, SessionId, Source, StreamName,
};
use proptest::prelude::*;

fn cell() -> impl Strategy<Value = CellId> {
    "[a-c]".prop_map(|name| CellId::parse(&name).unwrap())
}

fn execution() -> impl Strategy<Value = ExecutionId> {
    "[p-s]".prop_map(|name| ExecutionId::parse(&name).unwrap())
}

fn session() -> impl Strategy<Value = SessionId> {
    "k[12]".prop_map(|name| SessionId::parse(&name).unwrap())
}

fn order() -> impl Strategy<Value = OrderKey> {
    (0_usize..4)
        .prop_map(|at| (0..at).fold(OrderKey::between(None, None), |key, _| OrderKey::between(Some(&key), None)))
}

fn kind() -> impl Strategy<Value = CellKind> {
    prop_oneof![Just(CellKind::Code), Just(CellKind::Markdown), Just(CellKind::Raw)]
}

fn output() -> impl Strategy<Value = Output> {
    let display_id = prop::option::of("[de]".prop_map(|id| DisplayId(id.as_str().into())));
    prop_oneof![
        "[xy]".prop_map(|ename| Output::Error { ename, evalue: String::new(), traceback: Vec::new() }),
        ("[xy]", display_id).prop_map(|(text, display_id)| Output::DisplayData {
            data: [("text/plain".to_owned(), Content::Inline(text.into()))].into(),
            metadata: Json::new(),
            display_id,
        }),
    ]
}

fn update() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        // No two replicas have the same number, so the first edit of one is always the same.
        (2_u64..5).prop_map(|client| {
            let text = client.to_string();
            let mut source = Source::empty(client);
            source.edit(&[notebook::source::Splice { from: 0, to: 0, insert: text }]).unwrap()
        }),
        prop::collection::vec(any::<u8>(), 0..8),
    ]
}

fn character() -> impl Strategy<Value = Character> {
    let clock = prop_oneof![0_u32..3, Just(u32::MAX)];
    (1_u32..5, clock).prop_map(|(client, clock)| Character { client, clock })
}

fn run() -> impl Strategy<Value = Run> {
    (character(), prop_oneof![0_u32..3, Just(u32::MAX)]).prop_map(|(first, len)| Run { first, len })
}

fn event() -> impl Strategy<Value = Event> {
    let outcome = prop_oneof![
        Just(Outcome::Ok),
        Just(Outcome::Error),
        Just(Outcome::Interrupted),
        Just(Outcome::Cancelled),
        Just(Outcome::Lost),
    ];
    let batch = prop::option::of("[g]".prop_map(|name| notebook::BatchId::parse(&name).unwrap()));
    let reason = prop_oneof![Just(EndReason::Crashed), Just(EndReason::TabClosed)];
    let tags = prop_oneof![Just("{}"), Just(r#"{"tags":["raises-exception"]}"#), Just(r#"{"tags":7}"#)];
    prop_oneof![
        // A cell's id is random, so no two begin with one id and different texts.
        3 => (cell(), kind(), order()).prop_map(|(cell, kind, order)| Event::CellInserted { source: cell.to_string(), cell, kind, order, metadata: Json::new() }),
        1 => "[a-c]".prop_map(|title| Event::NotebookTitled { title }),
        1 => cell().prop_map(|cell| Event::CellDeleted { cell }),
        1 => cell().prop_map(|cell| Event::CellRestored { cell }),
        1 => (cell(), order()).prop_map(|(cell, order)| Event::CellMoved { cell, order }),
        1 => (cell(), kind()).prop_map(|(cell, kind)| Event::CellKindChanged { cell, kind }),
        1 => (cell(), tags).prop_map(|(cell, tags)| Event::CellMetadataSet { cell, metadata: serde_json::from_str(tags).unwrap() }),
        2 => (cell(), update()).prop_map(|(cell, update)| Event::SourceEdited { cell, update }),
        2 => (cell(), prop::option::of(character()), cell()).prop_map(|(cell, at, new)| Event::CellSplit { cell, at, new }),
        2 => (cell(), cell(), update(), character(), any::<bool>(), prop::collection::vec(run(), 0..4)).prop_map(|(into, from, update, inserted, separated, moved)| Event::CellsMerged { into, from, update, inserted, separated, moved }),
        3 => (execution(), cell(), batch).prop_map(|(execution, cell, batch)| Event::ExecutionRequested { execution, cell, source: "1".into(), batch }),
        4 => (execution(), session()).prop_map(|(execution, session)| Event::ExecutionAssigned { execution, session }),
        4 => execution().prop_map(|execution| Event::ExecutionStarted { execution }),
        3 => (execution(), 0_u32..3, output()).prop_map(|(execution, index, output)| Event::OutputAdded { execution, index, output }),
        3 => (execution(), 0_u32..3).prop_map(|(execution, index)| Event::StreamAppended { execution, index, name: StreamName::Stdout, text: Content::Inline("t".to_owned()) }),
        2 => ("[de]", output()).prop_map(|(id, _)| Event::DisplayUpdated { display_id: DisplayId(id.as_str().into()), data: notebook::MimeBundle::default(), metadata: Json::new() }),
        1 => (execution(), 0_u32..3, any::<bool>()).prop_map(|(execution, index, wait)| Event::OutputsCleared { execution, index, wait }),
        2 => (execution(), outcome).prop_map(|(execution, outcome)| Event::ExecutionCompleted { execution, outcome }),
        1 => execution().prop_map(|execution| Event::ExecutionCancelled { execution }),
        1 => (execution(), cell(), prop::collection::vec(output(), 0..2)).prop_map(|(execution, cell, outputs)| Event::ExecutionImported { execution, cell, count: Some(7), outputs }),
        1 => cell().prop_map(|cell| Event::CellOutputsCleared { cell }),
        2 => session().prop_map(|session| Event::KernelSessionStarted { session }),
        1 => (session(), reason).prop_map(|(session, reason)| Event::KernelSessionEnded { session, reason }),
        1 => Just(Event::Unknown { kind: "Newer".to_owned(), bytes: vec![1] }),
    ]
}

/// Events of two replicas, each numbered from 1 without gaps, in one order.
pub(crate) fn envelopes() -> impl Strategy<Value = Vec<Envelope>> {
    let actor = prop_oneof![
        Just(Actor::Person(PersonId::parse("ada").unwrap())),
        session().prop_map(Actor::Kernel),
        session().prop_map(Actor::Kernel),
    ];
    prop::collection::vec((0_u64..2, actor, event(), any::<i64>()), 0..60).prop_map(|events| {
        let mut counters = [0; 2];
        events
            .into_iter()
            .map(|(replica, actor, event, at)| {
                let counter = &mut counters[usize::try_from(replica).unwrap()];
                *counter += 1;
                Envelope { id: EventId { replica: ReplicaId(replica), counter: *counter }, actor, at, event }
            })
            .collect()
    })
}
