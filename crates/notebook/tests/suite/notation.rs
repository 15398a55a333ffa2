//! The notation of the tables: a notebook is built by words, one command or event each.
//!
//! `+a` adds code cell `a` at the end, `+a:text` with a source, `-a` deletes it, `^a` restores it, `a>b` moves it
//! after `b`; `run a`, `runall`, `stop` (withdraw what waits), `clear a`; `k1 up`, `k1 crash`, `k1 close`;
//! `k1 claim a`, `k1 start a`, `k1 print a text`, `k1 show a text`, `k1 clear a`, `k1 clearwait a`,
//! `k1 ok a`, `k1 fail a`, `restart`. A kernel's words speak of the cell's newest execution.

use notebook::session::EndReason;
use notebook::{
    Actor, Applied, CellId, CellKind, Command, Content, Context, Envelope, Event, EventId, Execution, ExecutionId,
    ExecutionStatus, Notebook, Outcome, Output, PersonId, Place, Rejection, ReplicaId, SessionId, StreamName, decide,
};

pub(crate) fn cell(name: &str) -> CellId {
    CellId::parse(name).unwrap()
}

pub(crate) fn session(name: &str) -> SessionId {
    SessionId::parse(name).unwrap()
}

pub(crate) fn person() -> Actor {
    Actor::Person(PersonId::parse("ada").unwrap())
}

/// A notebook with the log that made it.
#[derive(Default)]
pub(crate) struct Bench {
    pub(crate) notebook: Notebook,
    pub(crate) log: Vec<Envelope>,
    pub(crate) notes: Vec<String>,
    ids: u8,
}

impl Bench {
    pub(crate) fn new(words: &str) -> Self {
        let mut bench = Self::default();
        bench.play(words);
        bench
    }

    pub(crate) fn play(&mut self, words: &str) {
        for word in words.split(';').map(str::trim).filter(|word| !word.is_empty()) {
            self.word(word);
        }
    }

    pub(crate) fn push(&mut self, actor: Actor, event: Event) -> Applied {
        let counter = self.log.len() as u64 + 1;
        let at = i64::try_from(counter).unwrap() * 10;
        let envelope = Envelope { id: EventId { replica: ReplicaId(1), counter }, actor, at, event };
        let applied = self.notebook.apply(&envelope);
        self.log.push(envelope);
        if let Applied::Ignored(reason) = &applied {
            self.notes.push(format!("ignored: {reason}"));
        }
        applied
    }

    pub(crate) fn ask(&mut self, command: Command) -> Result<(), Rejection> {
        let ids = &mut self.ids;
        let mut entropy = || {
            *ids += 1;
            [*ids; 16]
        };
        let mut cx = Context { now: 0, actor: person(), entropy: &mut entropy };
        for event in decide(&self.notebook, command, &mut cx)? {
            self.push(person(), event);
        }
        Ok(())
    }

    pub(crate) fn execution(&self, name: &str) -> ExecutionId {
        self.notebook
            .executions_of(&cell(name))
            .next_back()
            .map_or_else(|| ExecutionId::parse("none").unwrap(), |execution| execution.id.clone())
    }

    fn word(&mut self, word: &str) {
        let parts: Vec<_> = word.split(' ').collect();
        let command = match parts[..] {
            ["runall"] => Command::RunAll,
            ["stop"] => Command::CancelPending,
            ["restart"] => Command::RestartKernel,
            ["run", name] => Command::RunCells { cells: vec![cell(name)] },
            ["clear", name] => Command::ClearOutputs { cell: cell(name) },
            [one] if one.starts_with('+') => {
                let (name, source) = one[1..].split_once(':').unwrap_or((&one[1..], &one[1..]));
                let kind = CellKind::Code;
                Command::InsertCell { cell: cell(name), kind, place: Place::Last, source: source.to_owned() }
            }
            [one] if one.starts_with('-') => Command::DeleteCell { cell: cell(&one[1..]) },
            [one] if one.starts_with('^') => Command::RestoreCell { cell: cell(&one[1..]) },
            [one] if one.contains('>') => {
                let (name, after) = one.split_once('>').unwrap();
                Command::MoveCell { cell: cell(name), place: Place::After(cell(after)) }
            }
            [kernel, ..] => {
                let event = self.kernel_word(kernel, &parts[1..]);
                self.push(Actor::Kernel(session(kernel)), event);
                return;
            }
            [] => return,
        };
        if let Err(rejection) = self.ask(command) {
            self.notes.push(format!("rejected: {rejection}"));
        }
    }

    fn kernel_word(&self, kernel: &str, parts: &[&str]) -> Event {
        let session = session(kernel);
        let execution = parts.get(1).map(|name| self.execution(name));
        let index = execution.as_ref().and_then(|id| self.notebook.execution(id)).map_or(0, |known| known.next_index);
        let text = parts.get(2).map(|text| (*text).to_owned()).unwrap_or_default();
        match (parts[0], execution) {
            ("up", None) => Event::KernelSessionStarted { session },
            ("crash", None) => Event::KernelSessionEnded { session, reason: EndReason::Crashed },
            ("close", None) => Event::KernelSessionEnded { session, reason: EndReason::TabClosed },
            ("claim", Some(execution)) => Event::ExecutionAssigned { execution, session },
            ("start", Some(execution)) => Event::ExecutionStarted { execution },
            ("print", Some(execution)) => {
                Event::StreamAppended { execution, index, name: StreamName::Stdout, text: Content::Inline(text) }
            }
            ("show", Some(execution)) => Event::OutputAdded {
                execution,
                index,
                output: Output::DisplayData {
                    data: [("text/plain".to_owned(), Content::Inline(text.into()))].into(),
                    metadata: notebook::Json::new(),
                    display_id: Some(notebook::DisplayId("d".into())),
                },
            },
            ("clear", Some(execution)) => Event::OutputsCleared { execution, index, wait: false },
            ("clearwait", Some(execution)) => Event::OutputsCleared { execution, index, wait: true },
            ("ok", Some(execution)) => Event::ExecutionCompleted { execution, outcome: Outcome::Ok },
            ("fail", Some(execution)) => Event::ExecutionCompleted { execution, outcome: Outcome::Error },
            other => unreachable!("not a word: {other:?}"),
        }
    }

    /// One line a cell: `a "source" executing #1 [outputs]`, then what was ignored or refused.
    pub(crate) fn describe(&self) -> String {
        let mut lines: Vec<_> = self.notebook.cells().map(|cell| self.describe_cell(cell)).collect();
        lines.extend(self.notes.iter().cloned());
        lines.join("\n")
    }

    fn describe_cell(&self, cell: &notebook::Cell) -> String {
        let mut parts = vec![cell.id.to_string(), format!("{:?}", cell.source.text())];
        parts.extend(self.notebook.current_execution(&cell.id).map(|execution| status(execution)));
        if let Some(shown) = self.notebook.shown_execution(&cell.id) {
            parts.extend(shown.count.map(|count| format!("#{count}")));
            let outputs: Vec<_> = shown.outputs.iter().map(|output| text(output)).collect();
            parts.push(format!("[{}]", outputs.join("|")));
        }
        parts.join(" ")
    }
}

fn status(execution: &Execution) -> String {
    match &execution.status {
        ExecutionStatus::Pending => "pending".to_owned(),
        ExecutionStatus::Assigned(by) => format!("assigned({by})"),
        ExecutionStatus::Executing(by) => format!("executing({by})"),
        ExecutionStatus::Completed(outcome) => format!("completed({outcome:?})"),
    }
}

fn text(output: &Output) -> String {
    match output {
        Output::Stream { name, text } => {
            format!("{}:{}", name.as_str(), text.iter().map(|part| inline(part).as_str()).collect::<String>())
        }
        Output::DisplayData { data, .. } | Output::ExecuteResult { data, .. } => {
            data.values().map(|value| inline(value).to_string()).collect()
        }
        Output::Error { ename, .. } => format!("error:{ename}"),
    }
}

fn inline<T>(content: &Content<T>) -> &T {
    match content {
        Content::Inline(value) => value,
        Content::Blob(blob) => unreachable!("no blobs in tables: {blob:?}"),
    }
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "expect! makes a value")]
pub(crate) fn check(words: &str, expected: expect_test::Expect) {
    let bench = Bench::new(words);
    expected.assert_eq(&bench.describe());
    let mut replayed = Notebook::new();
    for envelope in &bench.log {
        replayed.apply(envelope);
    }
    assert_eq!(replayed, bench.notebook, "replay equals incremental");
}
