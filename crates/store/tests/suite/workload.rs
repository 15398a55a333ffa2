//! Notebooks being worked on: events that fit the state they meet, chosen by numbers.

use std::sync::Arc;

use notebook::output::MimeBundle;
use notebook::source::Splice;
use notebook::{
    Actor, CellId, CellKind, Command, Content, Context, DisplayId, EndReason, Envelope, Event, ExecutionId,
    ExecutionStatus, Json, Notebook, OrderKey, Outcome, Output, PersonId, SessionId, Source, StreamName, decide,
};
use store::Store;

/// Spreads a seed into numbers.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }

    pub(crate) fn entropy(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next().to_le_bytes());
        bytes[8..].copy_from_slice(&self.next().to_le_bytes());
        bytes
    }
}

pub(crate) fn person() -> Actor {
    Actor::Person(PersonId::from_entropy([7; 16]))
}

/// Applies an event as the store's own.
pub(crate) fn own(store: &mut Store, actor: Actor, event: Event) {
    let envelope = Envelope { id: store.next_event_id(), actor, at: 1_700_000_000_000, event };
    store.apply(envelope, None);
}

/// Has so many things happen to a notebook, as they may.
pub(crate) fn work(store: &mut Store, random: &mut Random, events: usize) {
    for _ in 0..events {
        let (actor, event) = event(random.next(), store.notebook());
        own(store, actor, event);
    }
}

/// Returns the state in a form that compares: a text by what it says, for yrs may encode one text in several ways.
pub(crate) fn state(notebook: &Notebook) -> Vec<String> {
    let changes = notebook.to_changes().into_iter().map(|change| match change {
        notebook::Change::SourceEdited { cell, .. } => {
            format!("{cell}: {:?}", notebook.cell(&cell).unwrap().source.text())
        }
        other => format!("{other:?}"),
    });
    changes.collect()
}

/// Reads a store's whole log, oldest first.
pub(crate) fn log(store: &Store) -> Vec<Envelope> {
    let mut entries = store.log_page(None, u32::MAX).unwrap();
    entries.reverse();
    assert!(entries.iter().zip(1..).all(|(entry, seq)| entry.seq == seq), "the log has no gaps");
    entries.into_iter().map(|entry| entry.envelope).collect()
}

pub(crate) fn replay(envelopes: &[Envelope]) -> Notebook {
    let mut notebook = Notebook::new();
    for envelope in envelopes {
        notebook.apply(envelope);
    }
    notebook
}

pub(crate) fn bundle(text: &str) -> MimeBundle {
    MimeBundle::from([("text/plain".to_owned(), Content::Inline(text.into()))])
}

pub(crate) fn insert(random: &mut Random, notebook: &Notebook, source: &str) -> Event {
    let last = notebook.cells().next_back().map(|cell| cell.order.clone());
    Event::CellInserted {
        cell: CellId::from_entropy(random.entropy()),
        kind: CellKind::Code,
        order: OrderKey::between(last.as_ref(), None),
        source: source.to_owned(),
        metadata: Json::new(),
    }
}

/// The five events of a run that prints, each with its author.
pub(crate) fn run(random: &mut Random, cell: &CellId, session: &SessionId) -> [(Actor, Event); 5] {
    let execution = ExecutionId::from_entropy(random.entropy());
    let kernel = Actor::Kernel(session.clone());
    let text = Content::Inline("42\n".to_owned());
    [
        (
            person(),
            Event::ExecutionRequested {
                execution: execution.clone(),
                cell: cell.clone(),
                source: "print(42)".into(),
                batch: None,
            },
        ),
        (kernel.clone(), Event::ExecutionAssigned { execution: execution.clone(), session: session.clone() }),
        (kernel.clone(), Event::ExecutionStarted { execution: execution.clone() }),
        (
            kernel.clone(),
            Event::StreamAppended { execution: execution.clone(), index: 0, name: StreamName::Stdout, text },
        ),
        (kernel, Event::ExecutionCompleted { execution, outcome: Outcome::Ok }),
    ]
}

fn pick<T>(random: &mut Random, items: Vec<T>) -> Option<T> {
    let at = random.below(items.len());
    items.into_iter().nth(at)
}

/// Returns an event that the state may or may not take, as a number chooses.
pub(crate) fn event(choice: u64, notebook: &Notebook) -> (Actor, Event) {
    let mut random = Random(choice);
    let random = &mut random;
    let kernel = notebook.active_session().cloned();
    // Most of the time there is something to run on and something that runs; then it goes on.
    if notebook.cell_count() == 0 {
        return (person(), insert(random, notebook, "x = 1"));
    }
    let Some(session) = kernel else {
        return (person(), Event::KernelSessionStarted { session: SessionId::from_entropy(random.entropy()) });
    };
    if random.below(3) > 0
        && let Some(event) = kernel_event(random, notebook, &session)
    {
        return (Actor::Kernel(session), event);
    }
    (person(), person_event(random, notebook, &session))
}

/// Splits a cell, or merges one into the first.
pub(crate) fn reshape(choice: u64, notebook: &Notebook) -> Option<(Actor, Event)> {
    let mut random = Random(choice);
    let cell = pick(&mut random, notebook.cells().map(|cell| cell.id.clone()).collect())?;
    let command = if random.below(2) == 0 {
        let at = notebook.cell(&cell)?.source.character_at(1);
        Command::SplitCell { cell, at, new: CellId::from_entropy(random.entropy()) }
    } else {
        Command::MergeCells { into: notebook.cells().next()?.id.clone(), from: cell, separated: true }
    };
    let mut entropy = || random.entropy();
    let mut cx = Context { now: 0, actor: person(), entropy: &mut entropy };
    Some((person(), decide(notebook, command, &mut cx).ok()?.pop()?))
}

fn person_event(random: &mut Random, notebook: &Notebook, session: &SessionId) -> Event {
    let all: Vec<CellId> = notebook.all_cells().map(|cell| cell.id.clone()).collect();
    let cell = pick(random, all).unwrap();
    let known = notebook.cell(&cell).unwrap();
    match random.below(22) {
        0 => Event::NotebookTitled { title: format!("title {}", random.below(100)) },
        1 => Event::NotebookMetadataSet { metadata: Json::from_iter([("n".to_owned(), random.below(9).into())]) },
        2 | 3 => {
            let source = ["", "a\nb", "print('ü😀')"][random.below(3)];
            insert(random, notebook, source)
        }
        4 => Event::CellDeleted { cell },
        5 => Event::CellRestored { cell },
        6 => Event::CellMoved { cell, order: OrderKey::between(None, Some(&known.order)) },
        7 => {
            Event::CellKindChanged { cell, kind: [CellKind::Code, CellKind::Markdown, CellKind::Raw][random.below(3)] }
        }
        8 => Event::CellMetadataSet { cell, metadata: Json::from_iter([("m".to_owned(), random.below(9).into())]) },
        9 | 10 => {
            let mut copy = Source::empty(2 + random.next() % (1 << 50));
            copy.merge(&known.source.state()).unwrap();
            let to = copy.len_utf16().min(1);
            let update = copy.edit(&[Splice { from: 0, to, insert: format!("{}é", random.below(99)) }]).unwrap();
            Event::SourceEdited { cell, update }
        }
        11 => Event::CellOutputsCleared { cell },
        12 => match pick(random, notebook.pending()) {
            Some(pending) => Event::ExecutionCancelled { execution: pending.id.clone() },
            None => Event::SourceEdited { cell, update: vec![255, 1] },
        },
        13 => Event::KernelSessionEnded { session: session.clone(), reason: EndReason::Crashed },
        14 => Event::KernelSessionStarted { session: SessionId::from_entropy(random.entropy()) },
        15 => Event::Unknown {
            kind: "TableInserted".into(),
            bytes: protocol_bytes(&serde_json::json!({ "TableInserted": { "rows": random.below(9) } })),
        },
        16 => {
            let update = Output::Stream {
                name: StreamName::Stdout,
                text: vec![Content::Inline("a".into()), Content::Inline("b".into())],
            };
            let execution = ExecutionId::from_entropy(random.entropy());
            Event::ExecutionImported { execution, cell, count: Some(3), outputs: vec![update, output(random)] }
        }
        _ => Event::ExecutionRequested {
            execution: ExecutionId::from_entropy(random.entropy()),
            cell,
            source: "x".into(),
            batch: None,
        },
    }
}

fn protocol_bytes(value: &serde_json::Value) -> Vec<u8> {
    protocol::codec::encode(value)
}

fn output(random: &mut Random) -> Output {
    let display_id = (random.below(2) == 0).then(|| DisplayId(["d", "e"][random.below(2)].into()));
    match random.below(3) {
        0 => Output::DisplayData { data: bundle("shown"), metadata: Json::new(), display_id },
        1 => Output::ExecuteResult { data: bundle("42"), metadata: Json::new(), display_id },
        _ => Output::Error { ename: "E".into(), evalue: "e".into(), traceback: vec!["\u{1b}[31mE".into()] },
    }
}

/// Returns what the kernel might say next, if it holds or could claim something.
fn kernel_event(random: &mut Random, notebook: &Notebook, session: &SessionId) -> Option<Event> {
    let Some(held) = notebook.claimed_by(session) else {
        let execution = notebook.pending().first()?.id.clone();
        return Some(Event::ExecutionAssigned { execution, session: session.clone() });
    };
    let execution = held.id.clone();
    if matches!(held.status, ExecutionStatus::Assigned(_)) {
        return Some(Event::ExecutionStarted { execution });
    }
    let index = held.next_index;
    Some(match random.below(9) {
        0 | 1 => Event::ExecutionCompleted { execution, outcome: [Outcome::Ok, Outcome::Error][random.below(2)] },
        2 => Event::OutputsCleared { execution, index, wait: random.below(2) == 0 },
        3 => {
            Event::DisplayUpdated { display_id: DisplayId("d".into()), data: bundle("updated"), metadata: Json::new() }
        }
        4 | 5 => Event::OutputAdded { execution, index, output: output(random) },
        _ => {
            let name = [StreamName::Stdout, StreamName::Stderr][usize::from(random.below(5) == 0)];
            // Now and then so much that segments fill up.
            let length = [3, 50, 30_000][random.below(3)];
            let text = if random.below(12) == 0 {
                Content::Blob(notebook::BlobRef { hash: Arc::from("ab".repeat(32)), size: 100_000 })
            } else {
                Content::Inline(char::from(b'a' + u8::try_from(random.below(26)).unwrap()).to_string().repeat(length))
            };
            Event::StreamAppended { execution, index, name, text }
        }
    })
}
